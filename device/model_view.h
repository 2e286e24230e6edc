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
    const Position subgraphs = vector_field(model_, kModelSubgraphs, 4);
    buffers_ = vector_field(model_, kModelBuffers, 4);
    if (failed() || length(subgraphs) == 0) {
      fail();
      return;
    }
    subgraph_ = table_at(subgraphs, 0);
    tensors_ = vector_field(subgraph_, kSubgraphTensors, 4);
    operators_ = vector_field(subgraph_, kSubgraphOperators, 4);
  }

  int32_t tensor_count() const { return length(tensors_); }
  int32_t operator_count() const { return length(operators_); }

  // Indices of the graph's inputs and outputs; every one exists.
  Position graph_inputs() { return indices(subgraph_, kSubgraphInputs, 0); }
  Position graph_outputs() { return indices(subgraph_, kSubgraphOutputs, 0); }

  // REQUIRES: 0 <= i < operator_count().
  NodePosition node(int32_t i) {
    NodePosition node;
    const Position table = table_at(operators_, i);
    node.inputs = indices(table, kOperatorInputs, -1);
    node.outputs = indices(table, kOperatorOutputs, 0);
    node.options = table_field(table, kOperatorOptions);
    return node;
  }

  OperatorId operator_id(int32_t i) {
    OperatorId id;
    const int32_t index = i32_field(table_at(operators_, i), kOperatorCodeIndex, 0);
    const Position codes = vector_field(model_, kModelOperatorCodes, 4);
    if (index < 0 || index >= length(codes)) {
      fail();
      return id;
    }
    const Position code = table_at(codes, index);
    const int32_t old_code = static_cast<int8_t>(u8_field(code, kCodeDeprecatedBuiltin, 0));
    const int32_t new_code = i32_field(code, kCodeBuiltin, 0);
    id.code = old_code > new_code ? old_code : new_code;
    id.version = i32_field(code, kCodeVersion, 1);
    return id;
  }

  int32_t index_at(Position indices, int32_t i) const { return i32_at(indices, i); }

  int32_t tensor_bytes(int32_t i) {
    TensorInfo info;
    return read_shape(table_at(tensors_, i), info);
  }

  // Whether the tensor keeps its value from one inference to the next.
  bool is_variable(int32_t i) { return u8_field(table_at(tensors_, i), kTensorIsVariable, 0) != 0; }

  // REQUIRES: 0 <= i < tensor_count(). Constant data is aligned to 4 bytes at least, because its length word is.
  TensorInfo tensor(int32_t i) {
    TensorInfo info;
    const Position table = table_at(tensors_, i);
    const int32_t bytes = read_shape(table, info);
    read_quantization(table_field(table, kTensorQuantization), info.quantization);
    const Position data = buffer(i32_field(table, kTensorBuffer, 0));
    info.variable = is_variable(i);
    if (data != 0 && length(data) != 0) {
      if (length(data) != bytes || info.variable) fail();
      info.data = this->data() + data + 4;
    } else if (bytes == 0) {
      info.data = this->data();  // no elements: nothing is read from it, and it needs no place in the arena
    }
    return info;
  }

  // The vector of bytes of a metadata entry, 0 when there is none of that name.
  Position metadata(const char* name) {
    const Position entries = vector_field(model_, kModelMetadata, 4);
    for (int32_t i = 0; i < length(entries); ++i) {
      const Position entry = table_at(entries, i);
      if (equals(vector_field(entry, kMetadataName, 1), name)) return buffer(i32_field(entry, kMetadataBuffer, 0));
    }
    return 0;
  }

 private:
  enum : int32_t {
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
    return vector_field(table_at(buffers_, index), kBufferData, 1);
  }

  // A vector of tensor indices, each at least `least`.
  Position indices(Position table, int32_t id, int32_t least) {
    const Position list = vector_field(table, id, 4);
    for (int32_t i = 0; i < length(list); ++i)
      if (i32_at(list, i) < least || i32_at(list, i) >= tensor_count()) return fail();
    return list;
  }

  // Type and shape; returns the tensor's bytes. Types without a fixed size and too many bytes fail.
  int32_t read_shape(Position table, TensorInfo& info) {
    info.type = static_cast<DType>(u8_field(table, kTensorType, 0));
    const Position dims = vector_field(table, kTensorShape, 4);
    const int32_t element = element_bytes(info.type);
    if (element == 0) fail(Status::unsupported_type);
    if (length(dims) > kMaxRank) {
      fail(Status::unsupported_shape);
      return 0;
    }
    info.shape.rank = length(dims);
    int64_t bytes = element;
    for (int32_t i = 0; i < info.shape.rank; ++i) {
      const int32_t dim = i32_at(dims, i);
      if (dim < 0 || (bytes *= dim) > kMaxBytes) {
        fail(Status::unsupported_shape);
        info.shape.rank = 0;
        return 0;
      }
      info.shape.dims[i] = dim;
    }
    return static_cast<int32_t>(bytes);
  }

  void read_quantization(Position table, Quantization& q) {
    const Position scales = vector_field(table, kQuantizationScale, 4);
    if (length(scales) == 0) return;
    q.scales = reinterpret_cast<const float*>(data() + scales + 4);
    q.count = length(scales);
    q.axis = i32_field(table, kQuantizationAxis, 0);
    // Zero points are 64-bit in the file. One may stand for all channels.
    const Position zero_points = vector_field(table, kQuantizationZeroPoint, 8);
    for (int32_t i = 0; i < length(zero_points); ++i) {
      const int32_t low = i32_at(zero_points, 2 * i);
      const bool fits = i32_at(zero_points, 2 * i + 1) == (low < 0 ? -1 : 0);
      if (!fits || (i > 0 && low != q.zero_point)) fail(Status::bad_quantization);
      q.zero_point = low;
    }
  }

  bool equals(Position text, const char* name) const {
    const int32_t n = length(text);
    int32_t i = 0;
    while (i < n && name[i] != 0 && data()[text + 4 + static_cast<uint32_t>(i)] == static_cast<uint8_t>(name[i])) ++i;
    return text != 0 && i == n && name[i] == 0;
  }

  Position model_ = 0, buffers_ = 0, subgraph_ = 0, tensors_ = 0, operators_ = 0;
};

}  // namespace mote
