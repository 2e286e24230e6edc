// Operators whose output is a view of their input: along each dimension of the output, its elements lie at even steps
// in the input. Any type: elements are copied as bytes.
#pragma once
#include "device/kernel.h"
#include "device/step_groups.h"

namespace mote {

// A constant input of int32 numbers.
struct Integers {
  const int32_t* values;
  int32_t count;
};

struct StridedView {
  Shape shape;                   // of the output
  Shape sizes;                   // its elements in order, as dimensions that step evenly
  int32_t steps[kMaxRank] = {};  // along `sizes`, in elements of the input
  int32_t offset = 0;            // of the first element in the input
};

// Steps of a tensor whose elements lie in a row.
constexpr void steps_in_a_row(const Shape& shape, int32_t* steps) {
  int32_t step = 1;
  for (int32_t i = shape.rank - 1; i >= 0; --i) {
    steps[i] = step;
    step *= shape[i];
  }
}

struct StridedCopy {
  int32_t run;    // bytes copied at once
  int32_t from;   // offset in the input, bytes
  int32_t count;  // of groups of runs, which follow in the arena; a: input, b: output, in bytes
};

inline StridedCopy plan_copy(const StridedView& view, int32_t element_bytes, StepGroups& groups) {
  StridedCopy p = {element_bytes, view.offset * element_bytes, 0};
  int32_t to = element_bytes;
  groups = StepGroups{};
  for (int32_t i = view.sizes.rank - 1; i >= 0; --i) {
    const int32_t from = view.steps[i] * element_bytes;
    if (groups.count == 0 && from == p.run) {
      p.run *= view.sizes[i];
    } else {
      groups.add({view.sizes[i], from, to});
    }
    to *= view.sizes[i];
  }
  groups.finish(view.sizes.elements() == 0);
  p.count = groups.count;
  return p;
}

template <int32_t kBytes>
void copy_elements(const StepGroup* groups, int32_t count, const uint8_t* input, uint8_t* output) {
  for_each_step(groups, count, input, output,
                [](const uint8_t& from, uint8_t& to) { __builtin_memcpy(&to, &from, kBytes); });
}

inline void strided_copy(const StridedCopy& p, const StepGroup* groups, const void* input, void* output) {
  const uint8_t* const first = static_cast<const uint8_t*>(input) + p.from;
  uint8_t* const to = static_cast<uint8_t*>(output);
  if (p.run == 1) return copy_elements<1>(groups, p.count, first, to);
  if (p.run == 4) return copy_elements<4>(groups, p.count, first, to);
  for_each_step(groups, p.count, first, to,
                [&](const uint8_t& x, uint8_t& y) { __builtin_memcpy(&y, &x, static_cast<size_t>(p.run)); });
}

// The constant input `i`. False: it is computed while the model runs, or of another type.
inline bool constant_integers(const PrepareContext& node, int32_t i, Integers& integers) {
  if (!node.has_input(i)) return false;
  const TensorInfo tensor = node.input(i);
  integers = {static_cast<const int32_t*>(tensor.data), tensor.shape.elements()};
  return tensor.data != nullptr && tensor.type == DType::int32;
}

// Kernels from what each operator has:
//
//   struct MyAttributes {
//     static constexpr int32_t kOperands = 1;   // inputs after the first, all of them constant integers
//     ...
//   };
//   bool take_operands(MyAttributes&, const Shape& input, const Integers* operands);  // false: they do not fit the
//   input bool view_of(const MyAttributes&, const Shape& input, StridedView&);        // false: they do not go together
//
template <class Attributes>
Status view_setup(const Attributes& attributes, const TensorInfo& input, const TensorInfo& output, StridedCopy& p,
                  StepGroups& groups) {
  if (input.type != output.type || element_bytes(input.type) == 0) return Status::unsupported_type;
  StridedView view;
  if (!view_of(attributes, input.shape, view) || view.shape != output.shape) return Status::unsupported_shape;
  p = plan_copy(view, element_bytes(input.type), groups);
  return Status::ok;
}

// The options, and what the constant inputs from number `first` on say.
template <class Attributes>
Status read_attributes(const PrepareContext& node, int32_t first, const Shape& input, Attributes& attributes) {
  if (!node.read(attributes)) return Status::bad_model;
  Integers operands[Attributes::kOperands + 1];
  for (int32_t i = 0; i < Attributes::kOperands; ++i)
    if (!constant_integers(node, first + i, operands[i])) return Status::unsupported_option;
  return take_operands(attributes, input, operands) ? Status::ok : Status::unsupported_option;
}

template <class Attributes>
Status prepare_view(PrepareContext& node) {
  if (node.input_count() != 1 + Attributes::kOperands || node.output_count() != 1 || !node.has_input(0))
    return Status::unsupported_shape;
  Attributes attributes;
  const TensorInfo input = node.input(0);
  Status status = read_attributes(node, 1, input.shape, attributes);
  if (status != Status::ok) return status;
  StridedCopy p;
  StepGroups groups;
  status = view_setup(attributes, input, node.output(0), p, groups);
  if (status != Status::ok) return status;
  node.keep(p);
  StepGroup* kept = node.keep_array<StepGroup>(p.count);
  for (int32_t g = 0; kept != nullptr && g < p.count; ++g) kept[g] = groups.groups[g];
  return Status::ok;
}

inline void invoke_view(const InvokeContext& node) {
  const StridedCopy& p = node.data<StridedCopy>();
  strided_copy(p, reinterpret_cast<const StepGroup*>(&p + 1), node.input<void>(0), node.output<void>(0));
}

template <class Attributes>
constexpr Kernel view_kernel(int32_t code) {
  return Kernel{code, kAnyType, kAnyType, false, prepare_view<Attributes>, invoke_view};
}

}  // namespace mote
