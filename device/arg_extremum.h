// Index of the greatest or the smallest element along one dimension, the first of several. The dimension is gone from
// the output, which is int32. Source: TFLite kernels/internal/reference/arg_min_max.h.
#pragma once
#include "device/reduce.h"

namespace mote {

struct ArgAttributes {
  int8_t output_type = 0;  // TensorType
  int32_t axis = 0;        // not negative; taken from input 1
};

template <class V>
void visit(V& v, ArgAttributes& a) {
  v.field(0, "output_type", a.output_type);
}

struct Arg {
  int32_t outer, size, inner;  // elements before, along and after the dimension
};

// `kGreatest`: the greatest, else the smallest.
template <bool kGreatest, class T, class Index>
void arg_run(const Arg& p, const T* input, Index* output) {
  for (int32_t o = 0; o < p.outer; ++o, input += p.size * p.inner)
    for (int32_t i = 0; i < p.inner; ++i) {
      int32_t best = 0;
      for (int32_t k = 1; k < p.size; ++k) {
        const T x = input[k * p.inner + i], y = input[best * p.inner + i];
        if (kGreatest ? x > y : x < y) best = k;
      }
      *output++ = static_cast<Index>(best);
    }
}

inline Status arg_setup(const ArgAttributes& a, const TensorInfo& input, const TensorInfo& output, Arg& p) {
  if (output.type != DType::int32) return Status::unsupported_type;
  const ReduceAttributes reduced = {false, static_cast<uint8_t>(1 << a.axis)};
  if (input.shape.elements() == 0 || reduced_shape(reduced, input.shape) != output.shape)
    return Status::unsupported_shape;
  p = Arg{1, input.shape[a.axis], 1};
  for (int32_t i = 0; i < a.axis; ++i) p.outer *= input.shape[i];
  for (int32_t i = a.axis + 1; i < input.shape.rank; ++i) p.inner *= input.shape[i];
  return Status::ok;
}

// False: not a single axis within the rank.
inline bool single_axis(const int32_t* axes, int32_t count, int32_t rank, int32_t& axis) {
  uint8_t mask = 0;
  if (count != 1 || !resolve_axes(axes, count, rank, mask)) return false;
  axis = axes[0] < 0 ? axes[0] + rank : axes[0];
  return true;
}

inline Status prepare_arg(PrepareContext& node) {
  if (node.input_count() != 2 || node.output_count() != 1 || !node.has_input(0) || !node.has_input(1))
    return Status::unsupported_shape;
  ArgAttributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  const TensorInfo axes = node.input(1);
  if (axes.data == nullptr || axes.type != DType::int32 ||
      !single_axis(static_cast<const int32_t*>(axes.data), axes.shape.elements(), node.input(0).shape.rank,
                   attributes.axis))
    return Status::unsupported_option;
  Arg p;
  const Status status = arg_setup(attributes, node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <bool kGreatest, class T>
void invoke_arg(const InvokeContext& node) {
  arg_run<kGreatest>(node.data<Arg>(), node.input<T>(0), node.output<int32_t>(0));
}

template <bool kGreatest, class T>
constexpr Kernel arg_kernel(int32_t code) {
  return Kernel{code, StoredAs<T>::kType, DType::int32, false, prepare_arg, invoke_arg<kGreatest, T>};
}

}  // namespace mote
