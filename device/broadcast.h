// Element-wise operators of two inputs whose shapes broadcast as NumPy's: aligned at the last dimension; a dimension of
// 1, or one that is not there, repeats.
#pragma once
#include "device/kernel.h"
#include "device/step_groups.h"
#include "device/stored_as.h"

namespace mote {

// False: two dimensions differ and neither is 1.
constexpr bool broadcast_shape(const Shape& a, const Shape& b, Shape& output) {
  output = Shape{};
  output.rank = a.rank > b.rank ? a.rank : b.rank;
  for (int32_t i = 0; i < output.rank; ++i) {
    const int32_t in_a = i - (output.rank - a.rank), in_b = i - (output.rank - b.rank);
    const int32_t dim_a = in_a < 0 ? 1 : a[in_a], dim_b = in_b < 0 ? 1 : b[in_b];
    if (dim_a != dim_b && dim_a != 1 && dim_b != 1) return false;
    output.dims[i] = dim_a == 1 ? dim_b : dim_a;
  }
  return true;
}

// How both inputs step along the output. REQUIRES: broadcast_shape(a, b, output).
inline StepGroups broadcast_groups(const Shape& a, const Shape& b, const Shape& output) {
  StepGroups result;
  int32_t stride_a = 1, stride_b = 1;
  for (int32_t i = output.rank - 1; i >= 0; --i) {
    const int32_t in_a = i - (output.rank - a.rank), in_b = i - (output.rank - b.rank);
    const int32_t dim_a = in_a < 0 ? 1 : a[in_a], dim_b = in_b < 0 ? 1 : b[in_b];
    result.add({output[i], dim_a == 1 ? 0 : stride_a, dim_b == 1 ? 0 : stride_b});
    stride_a *= dim_a;
    stride_b *= dim_b;
  }
  result.finish(output.elements() == 0);
  return result;
}

// Kernels of operators of two inputs from what each of them has:
//
//   struct MyParameters {                                        // fixed-width fields, no pointers
//     using Stored = int8_t;
//     int32_t groups;                                            // how many follow it in the arena
//     ...
//     Stored operator()(Stored a, Stored b) const;               // one element
//   };
//   Status binary_setup(const MyAttributes&, const TensorInfo& a, const TensorInfo& b, const TensorInfo& output,
//                       MyParameters& p);                        // checks options and quantization; not types and
//                       shapes
//
// Of plain int32 numbers (kFunction wraps): shapes and indices.
template <int32_t (*kFunction)(int32_t, int32_t)>
struct BinaryInt32 {
  using Stored = int32_t;
  int32_t groups;

  int32_t operator()(int32_t a, int32_t b) const { return kFunction(a, b); }
};

template <class Attributes, int32_t (*kFunction)(int32_t, int32_t)>
Status binary_setup(const Attributes& attributes, const TensorInfo&, const TensorInfo&, const TensorInfo&,
                    BinaryInt32<kFunction>&) {
  return attributes.activation == Activation::none ? Status::ok : Status::unsupported_option;
}

// All checks of one node.
template <class Attributes, class Parameters>
Status binary_checked_setup(const Attributes& attributes, const TensorInfo& a, const TensorInfo& b,
                            const TensorInfo& output, Parameters& p, StepGroups& broadcast) {
  constexpr DType kType = StoredAs<typename Parameters::Stored>::kType;
  if (a.type != kType || b.type != kType || output.type != kType) return Status::unsupported_type;
  Shape shape;
  if (!broadcast_shape(a.shape, b.shape, shape) || shape != output.shape) return Status::unsupported_shape;
  if (kType != DType::float32 && kType != DType::int32 &&
      (!is_per_tensor(a) || !is_per_tensor(b) || !is_per_tensor(output)))
    return Status::bad_quantization;
  broadcast = broadcast_groups(a.shape, b.shape, shape);
  p.groups = broadcast.count;
  return binary_setup(attributes, a, b, output, p);
}

template <class Attributes, class Parameters>
Status prepare_binary(PrepareContext& node) {
  if (node.input_count() != 2 || node.output_count() != 1 || !node.has_input(0) || !node.has_input(1))
    return Status::unsupported_shape;
  Attributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  Parameters p;
  StepGroups broadcast;
  const Status status = binary_checked_setup(attributes, node.input(0), node.input(1), node.output(0), p, broadcast);
  if (status != Status::ok) return status;
  node.keep(p);
  StepGroup* groups = node.keep_array<StepGroup>(broadcast.count);
  for (int32_t g = 0; groups != nullptr && g < broadcast.count; ++g) groups[g] = broadcast.groups[g];
  return Status::ok;
}

// The output may be an input whose elements are as many.
template <class Parameters>
void binary_run(const Parameters& p, const StepGroup* groups, const typename Parameters::Stored* a,
                const typename Parameters::Stored* b, typename Parameters::Stored* output) {
  using Stored = typename Parameters::Stored;
  for_each_step(groups, p.groups, a, b, [&](const Stored& x, const Stored& y) { *output++ = p(x, y); });
}

template <class Parameters>
void invoke_binary(const InvokeContext& node) {
  using Stored = typename Parameters::Stored;
  const Parameters& p = node.data<Parameters>();
  binary_run(p, reinterpret_cast<const StepGroup*>(&p + 1), node.input<Stored>(0), node.input<Stored>(1),
             node.output<Stored>(0));
}

template <class Attributes, class Parameters>
constexpr Kernel binary_kernel(int32_t code) {
  constexpr DType kType = StoredAs<typename Parameters::Stored>::kType;
  return Kernel{code, kType, kType, true, prepare_binary<Attributes, Parameters>, invoke_binary<Parameters>};
}

}  // namespace mote
