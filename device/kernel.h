// The contract between the interpreter and an operator's kernel, and all that a new operator has to fill in:
//
//   inline Status prepare_my_op(PrepareContext& node);    // at init: validates everything, keeps what invoke needs
//   inline void invoke_my_op(const InvokeContext& node);  // at every inference: trusts prepare, checks nothing
//   constexpr Kernel my_op_int8 = {code, DType::int8, DType::int8, in_place, prepare_my_op, invoke_my_op};
//
// The file may be hostile: whatever invoke relies on (types, shapes, which tensors are constant, quantization, options)
// prepare has checked. A Kernel is a constant with internal linkage, so a header that defines one can be included
// anywhere, and only the kernels that a resolver names are linked.
#pragma once
#include "device/arena.h"
#include "device/attribute_reader.h"
#include "device/model_view.h"
#include "device/status.h"
#include "device/tensor_view.h"

namespace mote {

class PrepareContext;
class InvokeContext;

// Wildcard for Kernel::input_type and output_type.
constexpr DType kAnyType = static_cast<DType>(255);

struct Kernel {
  int32_t code;       // TFLite's BuiltinOperator
  DType input_type;   // of input 0; together with output_type chooses among the kernels of one operator
  DType output_type;  // of output 0
  bool in_place;      // output 0 may start at the very address of input 0 when it needs no more bytes
  Status (*prepare)(PrepareContext&);
  void (*invoke)(const InvokeContext&);

  constexpr bool takes(DType input, DType output) const {
    return (input_type == kAnyType || input_type == input) && (output_type == kAnyType || output_type == output);
  }
};

// One node of the graph while its operator prepares.
class PrepareContext {
 public:
  PrepareContext(ModelView& model, const NodePosition& node, ArenaAllocator& allocator)
      : model_(model), node_(node), allocator_(allocator) {}

  int32_t input_count() const { return model_.length(node_.inputs); }
  int32_t output_count() const { return model_.length(node_.outputs); }
  bool has_input(int32_t i) const { return i < input_count() && model_.index_at(node_.inputs, i) >= 0; }

  // REQUIRES: has_input(i).
  TensorInfo input(int32_t i) const { return model_.tensor(model_.index_at(node_.inputs, i)); }
  // REQUIRES: i < output_count().
  TensorInfo output(int32_t i) const { return model_.tensor(model_.index_at(node_.outputs, i)); }
  // The same into one that is as it was constructed, which saves copies.
  void read_input(int32_t i, TensorInfo& info) const { model_.tensor(model_.index_at(node_.inputs, i), info); }
  void read_output(int32_t i, TensorInfo& info) const { model_.tensor(model_.index_at(node_.outputs, i), info); }

  // The whole file, for an operator whose inputs do not say all.
  ModelView& model() const { return model_; }
  const NodePosition& position() const { return node_; }

  // Of input 0 and output 0, which choose the kernel.
  DType input_type() const { return model_.type(model_.index_at(node_.inputs, 0)); }
  DType output_type() const { return model_.type(model_.index_at(node_.outputs, 0)); }

  // Where a part of the file starts, for InvokeContext::at(); op data keeps no pointers.
  uint32_t position_of(const void* part) const {
    return static_cast<uint32_t>(static_cast<const uint8_t*>(part) - model_.data());
  }

  // The operator's options table, through its visit(); fields that the file leaves out keep their value.
  // False: a field has a value that its type cannot hold (the file is broken).
  template <class Attributes>
  bool read(Attributes& attributes) const {
    AttributeReader reader(model_, node_.options);
    visit(reader, attributes);
    return !model_.failed();
  }

  // Copies `data` into the arena, where InvokeContext::data<T>() finds it. Fixed-width fields only, no pointers, so
  // that host and board need the same bytes. Call it once, if at all, and not before everything was validated.
  template <class T>
  void keep(const T& data) {
    static_assert(alignof(T) <= 4, "op data is aligned to 4 bytes");
    uint8_t* place = allocator_.allocate(sizeof(T), 4);
    data_ = allocator_.used() - static_cast<uint32_t>(sizeof(T));
    if (place != nullptr) __builtin_memcpy(place, &data, sizeof(T));
  }

  // `count` elements directly after what keep() stored (in order of the calls), for tables whose length the model
  // decides; nullptr when the arena is too small: then skip filling it.
  template <class T>
  T* keep_array(int32_t count) {
    return reinterpret_cast<T*>(allocator_.allocate(sizeof(T) * static_cast<uint32_t>(count), alignof(T)));
  }

  // Memory that only this node's invoke uses, kAlignment-aligned, found by InvokeContext::scratch(). Call it at most
  // once.
  void request_scratch(int32_t bytes) { scratch_ = bytes; }

  uint32_t kept() const { return data_; }
  int32_t scratch_bytes() const { return scratch_; }

 private:
  ModelView& model_;
  const NodePosition& node_;
  ArenaAllocator& allocator_;
  uint32_t data_ = 0;
  int32_t scratch_ = 0;
};

// One node of the graph while it runs. Tensors are found through one word each: >= 0 an arena offset, otherwise the
// complement of a position in the file.
class InvokeContext {
 public:
  InvokeContext(const uint8_t* model, uint8_t* arena, const int32_t* tensors, const NodeRecord& node)
      : model_(model), arena_(arena), tensors_(tensors), node_(node) {}

  // nullptr: the optional input is absent.
  template <class T>
  const T* input(int32_t i) const {
    const int32_t* list = reinterpret_cast<const int32_t*>(model_ + node_.inputs);
    if (i >= list[0] || list[1 + i] < 0) return nullptr;
    const int32_t word = tensors_[list[1 + i]];
    return reinterpret_cast<const T*>(word < 0 ? model_ + static_cast<uint32_t>(~word) : arena_ + word);
  }
  // An input that is a variable, for changing it. REQUIRES: prepare has seen that it is one.
  template <class T>
  T* variable(int32_t i) const {
    return const_cast<T*>(input<T>(i));
  }
  template <class T>
  T* output(int32_t i) const {
    const int32_t* list = reinterpret_cast<const int32_t*>(model_ + node_.outputs);
    return reinterpret_cast<T*>(arena_ + tensors_[list[1 + i]]);
  }
  template <class T>
  const T& data() const {
    return *reinterpret_cast<const T*>(arena_ + node_.data);
  }
  // Where data() lies in the arena, and what lies at such a place, perhaps another node's.
  int32_t data_offset() const { return static_cast<int32_t>(node_.data); }
  template <class T>
  T* kept(int32_t offset) const {
    return reinterpret_cast<T*>(arena_ + offset);
  }
  void* scratch() const { return arena_ + node_.scratch; }
  template <class T>
  const T* at(uint32_t position) const {
    return reinterpret_cast<const T*>(model_ + position);
  }

 private:
  const uint8_t* model_;
  uint8_t* arena_;
  const int32_t* tensors_;
  const NodeRecord& node_;
};

}  // namespace mote
