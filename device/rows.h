// Kernels of operators on the rows of the last dimension, each row by itself, from what each of them has:
//
//   struct MyParameters {                                  // fixed-width fields, no pointers
//     using Stored = int8_t;                               // or float
//     int32_t rows, depth;                                 // filled here; depth >= 1
//     ...
//     void row(const Stored* input, Stored* output) const;  // may run in place
//   };
//   Status rows_setup(const MyAttributes&, const TensorInfo& input, const TensorInfo& output, MyParameters& p);
//                                                          // checks options and quantization; not types and shapes
#pragma once
#include "device/kernel.h"
#include "device/stored_as.h"

namespace mote {

// All checks of one node.
template <class Attributes, class Parameters>
Status rows_checked_setup(const Attributes& a, const TensorInfo& input, const TensorInfo& output, Parameters& p) {
  constexpr DType kType = StoredAs<typename Parameters::Stored>::kType;
  if (input.type != kType || output.type != kType) return Status::unsupported_type;
  if (input.shape != output.shape || input.shape.rank < 1 || input.shape.last() < 1) return Status::unsupported_shape;
  if (kType != DType::float32 && (!is_per_tensor(input) || !is_per_tensor(output))) return Status::bad_quantization;
  p.depth = input.shape.last();
  p.rows = input.shape.elements() / p.depth;
  return rows_setup(a, input, output, p);
}

template <class Parameters>
void rows_run(const Parameters& p, const typename Parameters::Stored* input, typename Parameters::Stored* output) {
  for (int32_t r = 0; r < p.rows; ++r, input += p.depth, output += p.depth) p.row(input, output);
}

template <class Attributes, class Parameters>
Status prepare_rows(PrepareContext& node) {
  if (node.input_count() != 1 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  Attributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  Parameters p;
  const Status status = rows_checked_setup(attributes, node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class Parameters>
void invoke_rows(const InvokeContext& node) {
  using Stored = typename Parameters::Stored;
  rows_run(node.data<Parameters>(), node.input<Stored>(0), node.output<Stored>(0));
}

template <class Attributes, class Parameters>
constexpr Kernel rows_kernel(int32_t code) {
  constexpr DType kType = StoredAs<typename Parameters::Stored>::kType;
  return Kernel{code, kType, kType, true, prepare_rows<Attributes, Parameters>, invoke_rows<Parameters>};
}

}  // namespace mote
