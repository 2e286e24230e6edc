// Slices along one axis of the input, chosen by int32 indices (input 1), which may be computed while the model runs.
// The first batch_dims dimensions of both go together. Any type: slices are copied as bytes. Source: TFLite
// micro/kernels/gather.cc.
#pragma once
#include "device/kernel.h"

namespace mote {

constexpr int32_t kGatherCode = 36;

struct GatherAttributes {
  int32_t axis = 0;
  int32_t batch_dims = 0;  // negative ones count from the rank of the indices
};

template <class V>
void visit(V& v, GatherAttributes& a) {
  v.field(0, "axis", a.axis);
  v.field(1, "batch_dims", a.batch_dims);
}

struct Gather {
  int32_t batches, outer;  // outer: of the dimensions between batch_dims and the axis
  int32_t size;            // of the axis
  int32_t count;           // indices of a batch
  int32_t run;             // bytes of a slice
};

// An index beyond the axis takes the nearest slice: invoke has no way to refuse, and reads nothing outside.
inline void gather_run(const Gather& p, const void* input, const int32_t* indices, void* output) {
  const uint8_t* from = static_cast<const uint8_t*>(input);
  uint8_t* to = static_cast<uint8_t*>(output);
  for (int32_t b = 0; b < p.batches; ++b, indices += p.count)
    for (int32_t o = 0; o < p.outer; ++o, from += p.size * p.run)
      for (int32_t i = 0; i < p.count; ++i, to += p.run) {
        const int32_t index = indices[i] < 0 ? 0 : indices[i] >= p.size ? p.size - 1 : indices[i];
        __builtin_memcpy(to, from + index * p.run, static_cast<size_t>(p.run));
      }
}

// False: an axis or batch_dims outside the ranks, batches that differ, or a result beyond kMaxRank or int32.
constexpr bool gather_shape(const GatherAttributes& a, const Shape& input, const Shape& indices, Shape& output,
                            Gather& p) {
  const int32_t axis = a.axis < 0 ? a.axis + input.rank : a.axis;
  const int32_t batch_dims = a.batch_dims < 0 ? a.batch_dims + indices.rank : a.batch_dims;
  if (axis < 0 || axis >= input.rank || batch_dims < 0 || batch_dims > axis || batch_dims > indices.rank) return false;
  if (input.elements() == 0 || input.rank + indices.rank - 1 - batch_dims > kMaxRank) return false;
  output = Shape{};
  p = Gather{1, 1, input[axis], 1, 1};
  for (int32_t i = 0; i < axis; ++i) {
    if (i < batch_dims && input[i] != indices[i]) return false;
    (i < batch_dims ? p.batches : p.outer) *= input[i];
    output.dims[output.rank++] = input[i];
  }
  for (int32_t i = batch_dims; i < indices.rank; ++i) {
    p.count *= indices[i];
    output.dims[output.rank++] = indices[i];
  }
  for (int32_t i = axis + 1; i < input.rank; ++i) {
    p.run *= input[i];
    output.dims[output.rank++] = input[i];
  }
  return int64_t{p.batches} * p.outer * p.run <= INT32_MAX &&
         int64_t{p.batches} * p.outer * p.run * p.count <= INT32_MAX;
}

constexpr bool all_within(const int32_t* indices, int32_t count, int32_t size) {
  for (int32_t i = 0; i < count; ++i)
    if (indices[i] < 0 || indices[i] >= size) return false;
  return true;
}

// Constant indices are checked here.
inline Status gather_setup(const GatherAttributes& a, const TensorInfo& input, const TensorInfo& indices,
                           const TensorInfo& output, Gather& p) {
  const int32_t size = element_bytes(input.type);
  if (input.type != output.type || size == 0 || indices.type != DType::int32) return Status::unsupported_type;
  Shape shape;
  if (!gather_shape(a, input.shape, indices.shape, shape, p) || shape != output.shape) return Status::unsupported_shape;
  if (indices.data != nullptr &&
      !all_within(static_cast<const int32_t*>(indices.data), indices.shape.elements(), p.size))
    return Status::unsupported_option;
  p.run *= size;
  return Status::ok;
}

inline Status prepare_gather(PrepareContext& node) {
  if (node.input_count() != 2 || node.output_count() != 1 || !node.has_input(0) || !node.has_input(1))
    return Status::unsupported_shape;
  GatherAttributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  Gather p;
  const Status status = gather_setup(attributes, node.input(0), node.input(1), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

inline void invoke_gather(const InvokeContext& node) {
  gather_run(node.data<Gather>(), node.input<void>(0), node.input<int32_t>(1), node.output<void>(0));
}

constexpr Kernel gather_any = {kGatherCode, kAnyType, kAnyType, false, prepare_gather, invoke_gather};

}  // namespace mote
