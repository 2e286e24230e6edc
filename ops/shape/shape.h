// The dimensions of the input, as int32 numbers. Source: TFLite micro/kernels/shape.cc.
#pragma once
#include "device/kernel.h"

namespace mote {

constexpr int32_t kShapeCode = 77;

struct ShapeAttributes {
  int8_t out_type = 0;  // TensorType; the output tensor's own decides
};

template <class V>
void visit(V& v, ShapeAttributes& a) {
  v.field(0, "out_type", a.out_type);
}

struct ShapeNumbers {
  int32_t count;
  int32_t numbers[kMaxRank];
};

template <class T>
void shape_run(const ShapeNumbers& p, T* output) {
  for (int32_t i = 0; i < p.count; ++i) output[i] = static_cast<T>(p.numbers[i]);
}

inline Status shape_setup(const TensorInfo& input, const TensorInfo& output, ShapeNumbers& p) {
  if (output.type != DType::int32) return Status::unsupported_type;
  if (input.shape.rank == 0 || output.shape.rank != 1 || output.shape[0] != input.shape.rank)
    return Status::unsupported_shape;
  p = ShapeNumbers{input.shape.rank, {}};
  for (int32_t i = 0; i < p.count; ++i) p.numbers[i] = input.shape[i];
  return Status::ok;
}

inline Status prepare_shape(PrepareContext& node) {
  if (node.input_count() != 1 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  ShapeNumbers p;
  const Status status = shape_setup(node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

inline void invoke_shape(const InvokeContext& node) {
  shape_run(node.data<ShapeNumbers>(), node.output<int32_t>(0));
}

constexpr Kernel shape_any = {kShapeCode, kAnyType, DType::int32, false, prepare_shape, invoke_shape};

}  // namespace mote
