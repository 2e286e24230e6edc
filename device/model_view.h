// The parts of a TFLite model (schema v3) that the engine needs, read in place and validated on the way.
// Field numbers: tensorflow/compiler/mlir/lite/schema/schema.fbs. Errors: FlatBuffer::failed().
#pragma once
#include "device/flatbuffer.h"
#include "device/status.h"
#include "device/tensor_view.h"

namespace mote {

// What a node (schema: Operator) consists of.
struct NodePosition {
  Position inputs = 0;  // vectors of tensor indices, validated: every index exists, or is -1 among the inputs
  Position outputs = 0;
  Position options = 0;  // table, 0 = none
};

// What the engine reads of OperatorCode. Files of before 2020 have the code in the first field, one byte; newer ones in
// the fourth too, with 127 in the first when it does not fit there. The larger of the two is meant.
struct OperatorId {
  int32_t code = -1;  // TFLite's BuiltinOperator; 32 = custom; names: device/operator_names.h
  int32_t version = 0;
};

// What placing a tensor in memory needs to know.
struct TensorPlace {
  int32_t bytes = 0;
  Position data = 0;  // of the first byte of its constant data; 0 = it has none
  DType type = DType::float32;
  bool variable = false;
  bool handle = false;  // a variable that one operator writes (DType::resource)
};

class ModelView : public FlatBuffer {
 public:
  // The largest tensor, and the largest file. Keeps every sum of two sizes inside uint32.
  static constexpr int32_t kMaxBytes = 0x3FFFFFFF;

  ModelView(const void* data, uint32_t bytes) : FlatBuffer(data, bytes) {
    if (bytes < 8 || bytes > kMaxBytes || !has_identifier()) {
      fail();
      return;
    }
    model_ = root();
    if (i32_field(model_, kModelVersion, 0) != 3) fail();
    const Position subgraphs = vector_field(model_, kModelSubgraphs, 2);
    buffers_ = vector_field(model_, kModelBuffers, 2);
    if (failed() || length(subgraphs) == 0) {
      fail();
      return;
    }
    subgraph_ = table_at(subgraphs, 0);
    tensors_ = vector_field(subgraph_, kSubgraphTensors, 2);
    operators_ = vector_field(subgraph_, kSubgraphOperators, 2);
    codes_ = vector_field(model_, kModelOperatorCodes, 2);
  }

  // Another subgraph than the first, for looking at it. REQUIRES: i < subgraph_count().
  int32_t subgraph_count() { return length(vector_field(model_, kModelSubgraphs, 2)); }
  void enter(int32_t i) {
    subgraph_ = table_at(vector_field(model_, kModelSubgraphs, 2), i);
    tensors_ = vector_field(subgraph_, kSubgraphTensors, 2);
    operators_ = vector_field(subgraph_, kSubgraphOperators, 2);
    for (KnownPlace& known : known_) known = KnownPlace();  // they are of the subgraph before
  }

  int32_t tensor_count() const { return length(tensors_); }
  int32_t operator_count() const { return length(operators_); }

  // Indices of the graph's inputs and outputs; every one exists.
  Position graph_inputs() { return indices(field(subgraph_, kSubgraphInputs), 0); }
  Position graph_outputs() { return indices(field(subgraph_, kSubgraphOutputs), 0); }

  // REQUIRES: 0 <= i < operator_count().
  NodePosition node(int32_t i) {
    const Position table = open_operator(i);
    NodePosition node;
    node.inputs = indices(behind(table, node_layout_.at[0]), -1);
    node.outputs = indices(behind(table, node_layout_.at[1]), 0);
    node.options = table_behind(behind(table, node_layout_.at[2]));
    return node;
  }

  OperatorId operator_id(int32_t i) {
    constexpr uint32_t fields = table_fields(kCodeDeprecatedBuiltin | kByteField, kCodeBuiltin, kCodeVersion);
    OperatorId id;
    const Position table = open_operator(i);
    const int32_t index = i32_or(behind(table, node_layout_.at[3]), 0);
    if (index < 0 || index >= length(codes_)) {
      fail();
      return id;
    }
    const Position code = table_at(codes_, index);
    if (!open(code, fields, code_layout_)) return id;
    const int32_t old_code = static_cast<int8_t>(u8_or(behind(code, code_layout_.at[0]), 0));
    const int32_t new_code = i32_or(behind(code, code_layout_.at[1]), 0);
    id.code = old_code > new_code ? old_code : new_code;
    id.version = i32_or(behind(code, code_layout_.at[2]), 1);
    return id;
  }

  int32_t index_at(Position indices, int32_t i) const { return i32_at(indices, i); }

  // REQUIRES, here and below: 0 <= i < tensor_count().
  DType type(int32_t i) {
    const KnownPlace* const known = find(i);
    return known != nullptr ? known->place.type : type_in(open_tensor(i));
  }

  // Whether the tensor keeps its value from one inference to the next.
  bool is_variable(int32_t i) { return is_variable_in(open_tensor(i)); }

  TensorPlace place(int32_t i) {
    const KnownPlace* const known = find(i);
    if (known != nullptr) return known->place;
    TensorInfo unused;
    return read_place(i, open_tensor(i), unused);
  }

  // Constant data is aligned to 4 bytes at least, because its length word is.
  TensorInfo tensor(int32_t i) {
    TensorInfo info;
    tensor(i, info);
    return info;
  }
  // The same. REQUIRES: `info` is as it was constructed.
  void tensor(int32_t i, TensorInfo& info) {
    const Position table = open_tensor(i);
    const TensorPlace place = read_place(i, table, info);
    if (tensor_layout_.at[3] != 0) read_quantization(table_behind(table + tensor_layout_.at[3]), info.quantization);
    info.variable = place.variable;
    if (place.data != 0) {
      info.data = data() + place.data;
    } else if (place.bytes == 0) {
      info.data = data();  // no elements: nothing is read from it, and it needs no place in the arena
    }
  }

  // The vector of bytes of a metadata entry, 0 when there is none of that name.
  Position metadata(const char* name) {
    const Position entries = vector_field(model_, kModelMetadata, 2);
    for (int32_t i = 0; i < length(entries); ++i) {
      const Position entry = table_at(entries, i);
      if (equals(vector_field(entry, kMetadataName, 0), name)) return buffer(i32_field(entry, kMetadataBuffer, 0));
    }
    return 0;
  }

 private:
  enum : uint32_t {
    kModelVersion = 0,
    kModelOperatorCodes = 1,
    kModelSubgraphs = 2,
    kModelBuffers = 4,
    kModelMetadata = 6,
    kCodeDeprecatedBuiltin = 0,
    kCodeVersion = 2,
    kCodeBuiltin = 3,
    kSubgraphTensors = 0,
    kSubgraphInputs = 1,
    kSubgraphOutputs = 2,
    kSubgraphOperators = 3,
    kTensorShape = 0,
    kTensorType = 1,
    kTensorBuffer = 2,
    kTensorQuantization = 4,
    kTensorIsVariable = 5,
    kOperatorCodeIndex = 0,
    kOperatorInputs = 1,
    kOperatorOutputs = 2,
    kOperatorOptions = 4,
    kQuantizationScale = 2,
    kQuantizationZeroPoint = 3,
    kQuantizationAxis = 6,
    kBufferData = 0,
    kMetadataName = 0,
    kMetadataBuffer = 1,
  };

  bool has_identifier() const { return data()[4] == 'T' && data()[5] == 'F' && data()[6] == 'L' && data()[7] == '3'; }

  Position buffer(int32_t index) {
    if (index < 0 || index >= length(buffers_)) return fail();
    const Position table = table_at(buffers_, index);
    return open(table, kBufferData, buffer_layout_) ? vector_behind(behind(table, buffer_layout_.at[0]), 0) : 0;
  }

  // An operator's table, described by node_layout_ also when it is broken.
  Position open_operator(int32_t i) {
    constexpr uint32_t fields = table_fields(kOperatorInputs, kOperatorOutputs, kOperatorOptions, kOperatorCodeIndex);
    const Position table = table_at(operators_, i);
    open(table, fields, node_layout_);
    return table;
  }

  // A vector of tensor indices, each at least `least`, that the field at `at` points at.
  Position indices(Position at, int32_t least) {
    const Position list = vector_behind(at, 2);
    const int32_t count = tensor_count();
    for (int32_t i = 0, n = length(list); i < n; ++i)
      if (i32_at(list, i) < least || i32_at(list, i) >= count) return fail();
    return list;
  }

  // The tensor's table, described by tensor_layout_ also when it is broken.
  Position open_tensor(int32_t i) {
    constexpr uint32_t fields = table_fields(kTensorShape, kTensorType | kByteField, kTensorBuffer, kTensorQuantization,
                                             kTensorIsVariable | kByteField);
    const Position table = table_at(tensors_, i);
    open(table, fields, tensor_layout_);
    return table;
  }
  uint8_t byte_in(Position table, uint16_t offset) const { return offset != 0 ? data()[table + offset] : 0; }
  DType type_in(Position table) const { return static_cast<DType>(byte_in(table, tensor_layout_.at[1])); }
  bool is_variable_in(Position table) const {
    return byte_in(table, tensor_layout_.at[4]) != 0 || type_in(table) == DType::resource;
  }

  // Also type and shape. Constant data must have the tensor's size.
  TensorPlace read_place(int32_t i, Position table, TensorInfo& info) {
    TensorPlace place;
    info.type = place.type = type_in(table);
    place.bytes = read_shape(vector_behind(behind(table, tensor_layout_.at[0]), 2), info);
    const Position data = buffer(i32_or(behind(table, tensor_layout_.at[2]), 0));
    place.variable = is_variable_in(table);
    place.handle = info.type == DType::resource;
    if (length(data) != 0) {
      if (length(data) != place.bytes || place.variable) fail();
      place.data = data + 4;
    }
    oldest_ = oldest_ == kKnownPlaces - 1 ? 0 : oldest_ + 1;
    known_[oldest_] = KnownPlace{i, place};
    return place;
  }

  // Of the tensors that were read last: preparing a node asks for them again and again.
  struct KnownPlace {
    int32_t tensor = -1;
    TensorPlace place;
  };
  const KnownPlace* find(int32_t i) const {
    for (const KnownPlace& known : known_)
      if (known.tensor == i) return &known;
    return nullptr;
  }

  // Returns the tensor's bytes. Types without a fixed size and too many bytes fail.
  int32_t read_shape(Position dims, TensorInfo& info) {
    const int32_t rank = length(dims);
    int32_t bytes = element_bytes(info.type);
    if (bytes == 0) fail(Status::unsupported_type);
    bool fits = rank <= kMaxRank;
    for (int32_t i = 0; fits && i < rank; ++i) {
      const int32_t dim = i32_at(dims, i);
      const int64_t product = int64_t{bytes} * dim;
      fits = dim >= 0 && product <= kMaxBytes;
      bytes = static_cast<int32_t>(product);
      info.shape.dims[i] = dim;
    }
    if (!fits) {
      fail(Status::unsupported_shape);
      return 0;
    }
    info.shape.rank = rank;
    return bytes;
  }

  void read_quantization(Position table, Quantization& q) {
    constexpr uint32_t fields = table_fields(kQuantizationScale, kQuantizationZeroPoint, kQuantizationAxis);
    if (!open(table, fields, quantization_layout_)) return;
    const Position scales = vector_behind(behind(table, quantization_layout_.at[0]), 2);
    if (length(scales) == 0) return;
    q.scales = reinterpret_cast<const float*>(data() + scales + 4);
    q.count = length(scales);
    q.axis = i32_or(behind(table, quantization_layout_.at[2]), 0);
    // Zero points are 64-bit in the file. One may stand for all channels.
    const Position zero_points = vector_behind(behind(table, quantization_layout_.at[1]), 3);
    const int32_t count = length(zero_points);
    if (count == 0) return;
    q.zero_point = i32_at(zero_points, 0);
    const int32_t high = q.zero_point < 0 ? -1 : 0;
    for (int32_t i = 0; i < count; ++i)
      if (i32_at(zero_points, 2 * i) != q.zero_point || i32_at(zero_points, 2 * i + 1) != high)
        fail(Status::bad_quantization);
  }

  bool equals(Position text, const char* name) const {
    const int32_t n = length(text);
    int32_t i = 0;
    while (i < n && name[i] != 0 && data()[text + 4 + static_cast<uint32_t>(i)] == static_cast<uint8_t>(name[i])) ++i;
    return text != 0 && i == n && name[i] == 0;
  }

  Position model_ = 0, buffers_ = 0, subgraph_ = 0, tensors_ = 0, operators_ = 0, codes_ = 0;
  LayoutOf<5> tensor_layout_;
  LayoutOf<3> quantization_layout_;
  LayoutOf<1> buffer_layout_;
  LayoutOf<4> node_layout_;
  LayoutOf<3> code_layout_;
  static constexpr int32_t kKnownPlaces = 3;
  KnownPlace known_[kKnownPlaces];
  int32_t oldest_ = 0;
};

}  // namespace mote
