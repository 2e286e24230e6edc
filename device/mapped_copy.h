// Copies whose output has, along each dimension by itself, elements of the input in an order of their own: repeated, or
// mirrored at the ends. Kernels from what each operator has:
//
//   struct MyCopy {
//     MappedDims dims;
//     int32_t source(int32_t dimension, int32_t i) const;  // which index of the input
//   };
//   void mapped_setup(const MyAttributes&, MyCopy& p);   // after `dims` is filled; what the attributes say is checked
#pragma once
#include "device/kernel.h"
#include "device/strided_copy.h"

namespace mote {

struct MappedDims {
  int32_t bytes;  // of an element
  int32_t rank;   // at least 1
  int32_t input[kMaxRank], output[kMaxRank];
};

template <class P>
void mapped_run(const P& p, const void* input, void* output) {
  const MappedDims& dims = p.dims;
  const int32_t last = dims.rank - 1;
  const auto* const from = static_cast<const uint8_t*>(input);
  auto* to = static_cast<uint8_t*>(output);
  int32_t index[kMaxRank] = {};
  for (;;) {
    int32_t row = 0;
    for (int32_t i = 0; i < last; ++i) row = (row + p.source(i, index[i])) * dims.input[i + 1];
    for (int32_t i = 0; i < dims.output[last]; ++i, to += dims.bytes)
      __builtin_memcpy(to, from + (row + p.source(last, i)) * dims.bytes, static_cast<size_t>(dims.bytes));
    int32_t i = last - 1;
    for (; i >= 0 && ++index[i] == dims.output[i]; --i) index[i] = 0;
    if (i < 0) return;
  }
}

template <class Attributes, class P>
Status mapped_checked_setup(const Attributes& a, const TensorInfo& input, const TensorInfo& output, P& p) {
  if (input.type != output.type) return Status::unsupported_type;
  Shape shape;
  if (input.shape.rank < 1 || !mapped_shape(a, input.shape, shape) || shape != output.shape || shape.elements() == 0)
    return Status::unsupported_shape;
  p.dims.bytes = element_bytes(input.type);
  p.dims.rank = shape.rank;
  for (int32_t i = 0; i < shape.rank; ++i) {
    p.dims.input[i] = input.shape[i];
    p.dims.output[i] = shape[i];
  }
  mapped_setup(a, p);
  return Status::ok;
}

template <class Attributes, class P>
Status prepare_mapped(PrepareContext& node) {
  if (node.input_count() != 2 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  Attributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  const TensorInfo input = node.input(0);
  Status status = read_attributes(node, 1, input.shape, attributes);
  P p = {};
  if (status == Status::ok) status = mapped_checked_setup(attributes, input, node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class P>
void invoke_mapped(const InvokeContext& node) {
  mapped_run(node.data<P>(), node.input<void>(0), node.output<void>(0));
}

template <class Attributes, class P>
constexpr Kernel mapped_kernel(int32_t code) {
  return Kernel{code, kAnyType, kAnyType, false, prepare_mapped<Attributes, P>, invoke_mapped<P>};
}

}  // namespace mote
