// Reshape: the same elements in the same order under another shape; any type. Nothing is copied when the planner lets
// the output share the input's memory.
//
// The new shape is input 1 (constant int32) or, in older files, the option new_shape; one dimension may be -1 =
// whatever is left. Source: TFLite micro/kernels/reshape_common.cc.
#pragma once
#include "device/kernel.h"

namespace mote {

constexpr int32_t kReshapeCode = 22;

struct ReshapeAttributes {
  Shape new_shape;
};

template <class V>
void visit(V& v, ReshapeAttributes& a) {
  v.field(0, "new_shape", a.new_shape);
}

// Resolves -1. False: two of them, another negative, or the elements do not come out even.
constexpr bool reshape_shape(const Shape& input, const Shape& new_shape, Shape& output) {
  output = new_shape;
  int32_t open = -1;
  int64_t product = 1;
  for (int32_t i = 0; i < new_shape.rank; ++i) {
    const int32_t dim = new_shape[i];
    if (dim < -1 || (dim == -1 && open >= 0)) return false;
    if (dim == -1) {
      open = i;
    } else {
      product *= dim;
    }
    if (product > INT32_MAX) return false;
  }
  const int32_t elements = input.elements();
  if (open >= 0) {
    if (product == 0 || elements % product != 0) return false;
    output.dims[open] = static_cast<int32_t>(elements / product);
    return true;
  }
  return product == elements;
}

constexpr int64_t reshape_macs(const Shape&) {
  return 0;
}
constexpr int32_t reshape_scratch_bytes() {
  return 0;
}

struct Reshape {
  int32_t bytes;
};

inline void reshape_run(const Reshape& p, const void* input, void* output) {
  if (input != output) __builtin_memcpy(output, input, static_cast<size_t>(p.bytes));
}

inline Status reshape_setup(const TensorInfo& input, const TensorInfo& output, Reshape& p) {
  if (input.type != output.type) return Status::unsupported_type;
  p.bytes = input.shape.elements() * element_bytes(input.type);
  return output.shape.elements() == input.shape.elements() ? Status::ok : Status::unsupported_shape;
}

// The output's shape stands in the file; the operand and the option that led to it are not read again, as in TFLite
// Micro. (A converter that was not told the batch has the operand computed, from a SHAPE.)
inline Status prepare_reshape(PrepareContext& node) {
  if (node.input_count() > 2 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  Reshape p;
  const Status status = reshape_setup(node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

inline void invoke_reshape(const InvokeContext& node) {
  reshape_run(node.data<Reshape>(), node.input<void>(0), node.output<void>(0));
}

constexpr Kernel reshape_any = {kReshapeCode, kAnyType, kAnyType, true, prepare_reshape, invoke_reshape};

}  // namespace mote
