// Reductions over a set of dimensions: the axes of TFLite's SUM, MEAN, REDUCE_MAX and their kin.
//
// Neighbouring dimensions of one kind, kept or reduced, are merged, so that at most three groups of each are left.
#pragma once
#include "device/kernel.h"
#include "device/stored_as.h"

namespace mote {

// Options of TFLite's ReducerOptions table, and the axes, which are a constant input.
struct ReduceAttributes {
  bool keep_dims = false;
  uint8_t axes = 0;  // bit i: dimension i is reduced; taken from input 1
};

template <class V>
void visit(V& v, ReduceAttributes& a) {
  v.field(0, "keep_dims", a.keep_dims);
}

// Negative axes count from the end; repeated ones count once. False: an axis outside the rank.
constexpr bool resolve_axes(const int32_t* axes, int32_t count, int32_t rank, uint8_t& mask) {
  mask = 0;
  for (int32_t i = 0; i < count; ++i) {
    if (axes[i] < -rank || axes[i] >= rank) return false;
    mask = static_cast<uint8_t>(mask | 1 << (axes[i] < 0 ? axes[i] + rank : axes[i]));
  }
  return true;
}

constexpr Shape reduced_shape(const ReduceAttributes& a, const Shape& input) {
  Shape output;
  for (int32_t i = 0; i < input.rank; ++i) {
    const bool reduced = (a.axes >> i & 1) != 0;
    if (!reduced || a.keep_dims) output.dims[output.rank++] = reduced ? 1 : input[i];
  }
  return output;
}

// Groups of dimensions, outermost first, with their strides in elements of the input; unused ones have size 1.
struct ReduceGroups {
  int32_t size[3];
  int32_t stride[3];

  constexpr int32_t elements() const { return size[0] * size[1] * size[2]; }
};

struct Reduction {
  ReduceGroups kept, reduced;
};

constexpr Reduction make_reduction(const Shape& input, uint8_t axes) {
  Reduction result = {{{1, 1, 1}, {0, 0, 0}}, {{1, 1, 1}, {0, 0, 0}}};
  int32_t stride = 1, kept = 3, reduced = 3;  // the next free group lies before these
  int last = -1;
  for (int32_t i = input.rank - 1; i >= 0; --i) {
    if (input[i] == 1) continue;
    const int kind = axes >> i & 1;
    ReduceGroups& groups = kind != 0 ? result.reduced : result.kept;
    int32_t& first = kind != 0 ? reduced : kept;
    if (kind != last) groups.stride[--first] = stride;
    groups.size[first] *= input[i];
    stride *= input[i];
    last = kind;
  }
  return result;
}

// step(total, element) over the reduced elements of one output, in the order of the input. `input` stands at the first
// of them.
template <class Total, class T, class Step>
Total fold(const ReduceGroups& reduced, const T* input, Total total, const Step& step) {
  for (int32_t i = 0; i < reduced.size[0]; ++i)
    for (int32_t j = 0; j < reduced.size[1]; ++j) {
      const T* x = input + i * reduced.stride[0] + j * reduced.stride[1];
      for (int32_t k = 0; k < reduced.size[2]; ++k, x += reduced.stride[2]) total = step(total, *x);
    }
  return total;
}

// visit(first of the elements that this output reduces), for every output in order.
template <class T, class Visit>
void for_each_output(const ReduceGroups& kept, const T* input, const Visit& visit) {
  for (int32_t i = 0; i < kept.size[0]; ++i)
    for (int32_t j = 0; j < kept.size[1]; ++j) {
      const T* x = input + i * kept.stride[0] + j * kept.stride[1];
      for (int32_t k = 0; k < kept.size[2]; ++k, x += kept.stride[2]) visit(x);
    }
}

// Kernels of reductions from what each of them has:
//
//   struct MyParameters {                              // fixed-width fields, no pointers
//     using Stored = int8_t;
//     Reduction reduction;
//     ...
//     Stored operator()(const Stored* first) const;    // one output from the first of its elements
//   };
//   Status reduce_setup(const TensorInfo& input, const TensorInfo& output, MyParameters& p);  // checks quantization
//
// All checks of one node.
template <class Parameters>
Status reduce_checked_setup(const ReduceAttributes& a, const TensorInfo& input, const TensorInfo& output,
                            Parameters& p) {
  constexpr DType kType = StoredAs<typename Parameters::Stored>::kType;
  if (input.type != kType || output.type != kType) return Status::unsupported_type;
  // An empty input would leave nothing to start from (a greatest element, a mean).
  if (input.shape.elements() == 0 || reduced_shape(a, input.shape) != output.shape) return Status::unsupported_shape;
  if (kType != DType::float32 && (!is_per_tensor(input) || !is_per_tensor(output))) return Status::bad_quantization;
  p.reduction = make_reduction(input.shape, a.axes);
  return reduce_setup(input, output, p);
}

template <class Parameters>
void reduce_run(const Parameters& p, const typename Parameters::Stored* input, typename Parameters::Stored* output) {
  using Stored = typename Parameters::Stored;
  for_each_output(p.reduction.kept, input, [&](const Stored* first) { *output++ = p(first); });
}

// The constant int32 axes in input 1. False: computed while the model runs, of another type, or outside the rank.
inline bool read_axes(const PrepareContext& node, int32_t rank, uint8_t& mask) {
  const TensorInfo axes = node.input(1);
  return axes.data != nullptr && axes.type == DType::int32 &&
         resolve_axes(static_cast<const int32_t*>(axes.data), axes.shape.elements(), rank, mask);
}

template <class Parameters>
Status prepare_reduce(PrepareContext& node) {
  if (node.input_count() != 2 || node.output_count() != 1 || !node.has_input(0) || !node.has_input(1))
    return Status::unsupported_shape;
  ReduceAttributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  const TensorInfo input = node.input(0);
  if (!read_axes(node, input.shape.rank, attributes.axes)) return Status::unsupported_option;
  Parameters p;
  const Status status = reduce_checked_setup(attributes, input, node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class Parameters>
void invoke_reduce(const InvokeContext& node) {
  using Stored = typename Parameters::Stored;
  reduce_run(node.data<Parameters>(), node.input<Stored>(0), node.output<Stored>(0));
}

template <class Parameters>
constexpr Kernel reduce_kernel(int32_t code) {
  constexpr DType kType = StoredAs<typename Parameters::Stored>::kType;
  return Kernel{code, kType, kType, false, prepare_reduce<Parameters>, invoke_reduce<Parameters>};
}

}  // namespace mote
