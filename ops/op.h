// The contract between an operator and every host stage. Stages ask operators; operators know no stage.
// One OpDef per folder in ops/, listed once in ops/ops.def; registry, tests, benches and the support table derive from
// that list.
#pragma once
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "device/convolution.h"
#include "device/status.h"
#include "device/tensor_view.h"
#include "device/wide_output.h"
#include "device/window.h"
#include "toolchain/base/random.h"
#include "toolchain/base/result.h"
#include "toolchain/base/tensor_type.h"

namespace mote {

// An operator's attributes by value: the trivially copyable struct that the operator's device header declares.
class Attributes {
 public:
  template <class T>
  static Attributes of(const T& value) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kBytes);
    Attributes attributes;
    std::memcpy(attributes.bytes_, &value, sizeof(T));
    return attributes;
  }
  template <class T>
  T as() const {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kBytes);
    T value;
    std::memcpy(static_cast<void*>(&value), bytes_, sizeof(T));
    return value;
  }

 private:
  static constexpr size_t kBytes = 128;
  alignas(8) unsigned char bytes_[kBytes] = {};
};

// Visits every attribute with its field number in the operator's TFLite options table: one function reads, writes,
// prints and compares. A device header declares `template <class V> void visit(V& v, T& attributes)` in these terms.
class AttributeVisitor {
 public:
  virtual ~AttributeVisitor() = default;
  virtual void field(int id, const char* name, bool& value) = 0;
  virtual void field(int id, const char* name, Activation& value) = 0;
  virtual void field(int id, const char* name, int8_t& value) = 0;  // other TFLite enums stored as one byte
  virtual void field(int id, const char* name, int32_t& value) = 0;
  virtual void field(int id, const char* name, float& value) = 0;
  virtual void field(int id, const char* name, Shape& value) = 0;  // vector of int32
  virtual void text(int, const char*) {}                           // a string, which no attribute holds
};

struct ChannelLine;  // toolchain/base/simd/simd.h

// One float call. Activations carry the batch in dimension 0, so a shard of a batch is an ordinary call. State is as at
// first: every call is the first inference after a reset. By run_forward() and run_backward(), unless rows come in
// parts.
struct FloatCall {
  const Attributes* attributes = nullptr;
  std::span<const Shape> input_shapes;
  std::span<const Shape> output_shapes;
  std::span<const float* const> inputs;            // nullptr = optional input absent
  std::span<float* const> outputs;                 // forward writes them; backward may read them
  std::span<const float* const> output_gradients;  // backward only
  // backward only: overwritten, not accumulated; nullptr = not wanted. In parts, those of inputs without a batch are
  // whole after the last call; observe_gradient may write them.
  std::span<float* const> input_gradients;
  float* workspace = nullptr;  // OpDef::float_workspace floats, aligned to 64 bytes
  // A step of training, forward or backward; otherwise what the deployed model computes.
  bool training = false;
  // OpDef::float_saved floats, aligned to 64 bytes: what forward leaves for backward and learn_statistics, and one part
  // for the next.
  float* saved = nullptr;
  uint64_t seed = 0;  // training: of what the operator draws; equal in forward and backward
  // Unless it is nullptr, what each number of input 0 passes before the operator sees it (OpDef::takes_line). The
  // gradient of input 0 is then that of what the line makes, without the line's own slope.
  const ChannelLine* line = nullptr;
  // A pass may see a batch in parts (OpDef::in_parts), one after the other: `row` rows were seen before this call,
  // which is the last or not. No part has more rows than the first.
  int32_t row = 0;
  bool last = true;
};

enum class InputRole : uint8_t {
  activation,  // per tensor, asymmetric; its parameters come from whoever produces it
  weights,     // symmetric, zero point 0; per tensor or per channel along `channel_axis`
  bias,        // int32, scale = scale of input 0 x scale of the weights
  constant,    // int32, not quantized (a shape, axes)
  number,      // stored as the number itself, whatever its type
  state,       // a variable, which the operator reads and writes; it begins at zero
  index,       // int32, chooses elements: constant, or computed while the model runs
  statistic,   // a float constant that training moves after each step by what it saw (OpDef::learn_statistics)
};
enum class OutputRule : uint8_t {
  free,           // from calibration
  same_as_input,  // the parameters of the first activation
  joined,         // from calibration; the inputs may have them too, and are requantized where they have not
  fixed,          // fixed_scale and fixed_zero_point
  boundary,       // quantize / dequantize: converts between float and integer
  number,         // stored as the number itself (an index), not quantized
};
struct QuantRule {
  InputRole inputs[26] = {};  // of the inputs, by number; activations where nothing is said
  int32_t channel_axis = 0;   // of the weights
  OutputRule output = OutputRule::free;
  float fixed_scale = 0;  // int8
  int32_t fixed_zero_point = 0;
  uint32_t learned = 0;  // bit i: input i, though quantized as an activation, is a parameter that training changes
};

struct OpCost {
  int64_t macs = 0;           // multiply-accumulates for one inference
  int64_t scratch_bytes = 0;  // of the int8 kernel, in the arena, besides its inputs and outputs
};

// A device kernel that this operator offers, by the symbol that firmware names in its resolver.
struct DeviceKernel {
  const char* symbol;  // e.g. "fully_connected_int8", declared in OpDef::device_header
  const Kernel* kernel;
};

// What emitted code may name: C++ expressions for the buffers of one call.
struct EmitCall {
  const Attributes* attributes = nullptr;
  std::span<const TensorType> input_types;
  std::span<const TensorType> output_types;
  std::span<const std::string> inputs;   // expression of type const T*, or "nullptr"
  std::span<const std::string> outputs;  // expression of type T*
  std::string scratch;                   // expression of type void*
  // By rows (OpDef::row_rule): the call is one of many, for `rows` rows at most. The types are those of the whole, the
  // expressions point to the first row that is seen and to the first that is made, and `y`, a WindowAxis in scope that
  // is no constant, is the window on these. 0 = the call does all.
  int32_t rows = 0;
};

// For whose inner loops constants are packed. Every core runs every form, with the same result.
enum class PackedFor : uint8_t {
  plain,    // cores that multiply one pair at a time, and those that the compiler vectorises for
  arm_dsp,  // Cortex-M with the DSP extension: device/packed_dot.h
  arm_mve,  // Cortex-M with Helium: device/lanes.h
  avr,      // constants in program memory: device/flash_rows.h; there is no other form on an AVR
};
constexpr PackedFor kPackedForms[] = {PackedFor::plain, PackedFor::arm_dsp, PackedFor::arm_mve, PackedFor::avr};

// What emit_packed is given besides: the constants themselves, and a place for those that it makes of them.
struct PackedCall {
  EmitCall call;  // its constant inputs have no expression
  PackedFor core = PackedFor::arm_dsp;
  std::span<const std::span<const uint8_t>> constants;  // bytes of each constant input, little endian; else empty
  // Keeps an array in flash, aligned to kAlignment, and gives an expression of type const T* for it. Equal arrays of
  // one type are kept once.
  std::function<std::string(const char* name, DType, std::vector<uint8_t>)> keep;
};

// One conformance case: float inputs are drawn from `seed` in [low, high]; weights and biases count as inputs.
struct OpCase {
  std::string name;
  Attributes attributes;
  std::vector<Shape> inputs;  // rank -1 = optional input absent
  uint32_t seed = 1;
  float low = -1.0f, high = 1.0f;
  bool per_channel = false;        // quantize weights per channel
  DType input_type = DType::int8;  // of input 0 and output 0 in the integer form; float32 for a quantize's input
  DType output_type = DType::int8;
  std::vector<std::vector<int32_t>> constants;  // of every input of role `constant`, by input
  uint32_t constant_operands = 0;               // bit i: input i, though an activation, is a constant of the model
  // The integer form's types of every input, then of the output, where the rule does not give them (shapes aside).
  std::vector<TensorType> integer_types;
};

// The same case, whose integer form has int16 activations.
inline OpCase as_int16(OpCase item) {
  item.name += "_int16";
  item.input_type = item.output_type = DType::int16;
  return item;
}

// Where output 0 may overlap an input 0 that nothing reads later.
struct Overlap {
  int64_t lead;      // bytes by which it starts before the input, at least; 0 or more
  int32_t step = 1;  // the bytes by which it really does are a multiple
};

// How an operator makes some rows of its output [1, H, W, C] at a time.
struct RowRule {
  WindowAxis y;               // which rows of its activations [1, H, W, C] a row sees
  int64_t scratch_bytes = 0;  // of such a call
  bool alone = false;  // rows are made one by one, each as if it were the image: `emit` is given types of one row
};

struct OpDef {
  const char* name;         // the folder: "fully_connected"
  const char* tflite_name;  // "FULLY_CONNECTED"
  int32_t tflite_code;      // BuiltinOperator
  int32_t tflite_options;   // BuiltinOptions union member; 0 = the operator has no options table
  int32_t (*tflite_version)(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType> outputs);
  Attributes (*default_attributes)();
  void (*visit)(AttributeVisitor&, Attributes&);

  // Takes into the attributes what some files give as a constant input instead of an option (reshape's shape tensor).
  // take_constants() of graph/graph.h calls it; constants[i] is empty when input i is not constant.
  // nullptr = nothing to take.
  Result<void> (*read_constants)(Attributes&, std::span<const TensorType> inputs,
                                 std::span<const std::span<const uint8_t>> constants);

  // Output shapes, or which input is wrong and what was expected. An absent optional input has a shape of rank -1.
  Result<std::vector<Shape>> (*infer)(const Attributes&, std::span<const TensorType> inputs);
  OpCost (*cost)(const Attributes&, std::span<const Shape> inputs, std::span<const Shape> outputs);

  void (*forward)(const FloatCall&);
  void (*backward)(const FloatCall&);                        // nullptr when not trainable
  const char* not_trainable;                                 // why, when backward is nullptr
  int64_t (*float_workspace)(const FloatCall& shapes_only);  // floats that forward and backward need; nullptr = none

  QuantRule quant;
  int32_t int8_tolerance;  // steps between the integer kernel's output and the float output rounded to a step, at most
  bool in_place;           // output 0 may share the memory of input 0

  const char* device_header;  // "ops/fully_connected/fully_connected.h"
  std::span<const DeviceKernel> kernels;
  // C++14 statements that do one call with constant parameters, using only device_header. They may declare names, so
  // the caller gives each call a scope of its own. Empty when there is nothing to do (a reshape in place). Fails when
  // the operator has no kernel for these types, shapes or parameters (a validated graph's integer form has).
  Result<std::string> (*emit)(const EmitCall&);
  // Both nullptr: the operator means something only together with others; tests/converted has models with it.
  std::vector<OpCase> (*cases)();
  OpCase (*random_case)(Random&);  // tiny: every free dimension in 1..9, attributes drawn too

  // The same call, bit for bit, with its constants rewritten for the compiled engine: zero points folded into the bias,
  // weights in the order in which the core's loop in packed_header reads them. nullopt: this node has no such form, use
  // emit.
  const char* packed_header = nullptr;
  Result<std::optional<std::string>> (*emit_packed)(const PackedCall&) = nullptr;

  // The stored form of state input `input`, given the quantized output's type; nullopt: it has no known range. nullptr:
  // none of them has.
  std::optional<TensorType> (*state_type)(const Attributes&, size_t input, const TensorType& output) = nullptr;
  // Inputs whose parameters a file repeats in its list of intermediate tensors: LiteRT looks them up there.
  std::span<const uint8_t> intermediates = {};

  // float_saved: floats of FloatCall::saved; nullptr = none. learn_statistics, after a step of training: moves the
  // inputs of role `statistic`. `shards` holds this node's call on each shard of the batch, in order, after its
  // forward; statistics[i] is the memory of input i, nullptr for other roles.
  int64_t (*float_saved)(const FloatCall& shapes_only) = nullptr;
  void (*learn_statistics)(std::span<const FloatCall> shards, std::span<float* const> statistics) = nullptr;
  bool straight_through = false;  // forward is a staircase; backward is the derivative of the line along it
  // The training operator that takes this one's place in quantization-aware training, for kernels that round within
  // (a recurrence): it has the same attributes, reads what this one reads and then two ranges (low, high), of the first
  // activation and of the output, quantizes what it reads, and gives the kernel's output in real numbers, before it is
  // clamped to int8. nullptr: fake quantization before and behind the operator does it.
  const char* simulation = nullptr;
  // The operator may see a batch in parts although it has parameters or saves something. Those that have neither may
  // too: each of their rows depends on no other.
  bool in_parts = false;
  // forward is one cheap pass over the elements, and backward does not read the outputs: training may make them again
  // instead of keeping them.
  bool repeatable = false;
  // In place of forward, for a consumer that takes_line: what forward makes of the numbers of each channel of input 0.
  ChannelLine (*line)(const FloatCall&) = nullptr;
  bool takes_line = false;  // forward and backward heed FloatCall::line
  // Where each row depends on all: what must have seen all parts before forward sees the first, and before backward.
  void (*observe)(const FloatCall&) = nullptr;
  void (*observe_gradient)(const FloatCall&) = nullptr;

  // nullopt: nowhere for these types and attributes; nullptr: nowhere, but for what in_place says. Every kernel that
  // emit, and emit_packed for this core, call must keep to it: no byte is written before it was read for the last time.
  std::optional<Overlap> (*overlap)(const Attributes&, std::span<const TensorType> inputs, const TensorType& output,
                                    PackedFor core) = nullptr;

  // Of calls for `rows` rows at most; nullopt, or nullptr for all: emit and emit_packed make the whole output only.
  std::optional<RowRule> (*row_rule)(const Attributes&, std::span<const TensorType> inputs, const TensorType& output,
                                     int32_t rows) = nullptr;
};

// All rows at once, observe() included.
inline void run_forward(const OpDef& op, const FloatCall& call) {
  if (op.observe != nullptr) op.observe(call);
  op.forward(call);
}
inline void run_backward(const OpDef& op, const FloatCall& call) {
  if (op.observe_gradient != nullptr) op.observe_gradient(call);
  op.backward(call);
}

// row_rule of operators that make an element of the output from elements at the same place.
std::optional<RowRule> rows_of_elements(const Attributes&, std::span<const TensorType> inputs, const TensorType& output,
                                        int32_t rows);

// For kernels that slide a window over the rows of images [B, H, W, C], what all of them promise: they write output
// rows in order, and while they write a pixel of one, they read no more what only rows before that of the pixel before
// see. So they are free to work on one whole output row at a time, or on two neighbouring pixels, reading their inputs
// as often and in what order they like. `y`: the window on the height.
Overlap overlap_of_rows(const WindowAxis& y, const TensorType& input, const TensorType& output);
// For kernels that read and write one element after the other, if C++ lets memory of the one type be used as the other.
std::optional<Overlap> overlap_of_elements(const Attributes&, std::span<const TensorType> inputs,
                                           const TensorType& output, PackedFor);

// The two attribute functions of OpDef from the device header's struct and its visit().
template <class T>
Attributes default_attributes() {
  return Attributes::of(T{});
}
template <class T>
void visit_attributes(AttributeVisitor& visitor, Attributes& attributes) {
  T value = attributes.as<T>();
  visit(visitor, value);
  attributes = Attributes::of(value);
}

InputRole input_role(const OpDef& op, size_t input);
// The operators that have cases.
std::vector<const OpDef*> ops_with_cases();
// The first input that is an activation or a number.
size_t data_input(const OpDef& op);
// It has kernels for other types than float32.
bool runs_integers(const OpDef& op);

// For infer functions. Between `least` and `most` inputs, of which the first `least` are present.
Result<void> expect_inputs(std::span<const TensorType> inputs, size_t least, size_t most);
// Input `index` ("weights") has one of these types.
Result<void> expect_type(std::span<const TensorType> inputs, size_t index, const char* what,
                         std::initializer_list<DType> allowed);

// Input, weights and an optional bias, all float32, or int8 with an int32 bias.
Result<void> expect_weighted(std::span<const TensorType> inputs);
// Or int16 with int8 weights and a bias of int64 or int32.
Result<void> expect_weighted_or_int16(std::span<const TensorType> inputs);
// Why a window does not fit on the axis of an image; `what` is "height" or "width".
Result<WindowAxis> infer_window(const char* what, int32_t input, int32_t filter, int32_t stride, int32_t dilation,
                                int8_t padding, WindowBorder border = {});
// The fused activation is one of those that clamp.
Result<void> expect_clamping(Activation activation);

// For emit functions. What the device's setup functions take; points into `type`, which must outlive it.
TensorInfo tensor_info(const TensorType& type);
// The device's setup refused: an input error with the status in words.
Error refused(Status status);
// The C type of an element as it is stored: "int8_t"; "uint16_t" for float16, which C lacks.
const char* c_type(DType type);
// C++ text that gives the same float again: "0.5f", "__builtin_inff()".
std::string cpp_float(float value);

// For emit_packed functions, on int8 weights [rows, columns] and an int32 bias of `rows` (or empty: zeros), as bytes.
// The rows in the order of device/packed_dot.h; nullopt when a pair of weights does not fit its 16 bits.
std::optional<std::vector<uint8_t>> pack_rows(std::span<const uint8_t> weights, int32_t rows, int32_t columns);
// bias[r] + offset * (sum of row r), wrapping: with it a dot product needs no offset on its inputs.
std::vector<uint8_t> fold_offset(std::span<const uint8_t> bias, std::span<const uint8_t> weights, int32_t rows,
                                 int32_t columns, int32_t offset);
// What a convolution's setup takes.
ConvolutionTensors convolution_tensors(const EmitCall& call);
// Initialisers of a window's axis and of an output's zero point and range.
std::string cpp_output(const Int8Output& output);
std::string cpp_output(const Int16Output& output);
std::string cpp_axis(const WindowAxis& axis);
// Of the window on the height of the images of a call, and how parameters that hold it are declared.
std::string cpp_rows(const EmitCall& call, const WindowAxis& y);
const char* cpp_parameters(const EmitCall& call);
// A constant `scales` of type LiveChannels, from scales that check_int8() accepts.
std::string cpp_live_channels(const TensorType& input, const TensorType& weights, const TensorType& output,
                              int32_t outputs);

// One float32 or int8 activation in, the same shape out.
Result<std::vector<Shape>> infer_elementwise(const Attributes&, std::span<const TensorType> inputs);

// The header that a packed form is in: packed_header, for an AVR ops/<op>/<op>_flash.h.
std::string packed_header(const OpDef& op, PackedFor core);

// All operators of .tflite files, in the order of ops/ops.def.
std::span<const OpDef* const> all_ops();
// Those of ops/training_ops.def: they exist while a model is trained, and passes take them out before it is quantized
// or written. They have no .tflite form, no kernels and no emit.
std::span<const OpDef* const> training_ops();
constexpr int32_t kTrainingOnly = -1;           // their tflite_code
const OpDef* find_op(const std::string& name);  // of both lists; nullptr when there is none
const OpDef* find_op_by_code(int32_t tflite_code);

}  // namespace mote
