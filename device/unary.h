// Kernels of element-wise operators of one input from what each of them has:
//
//   struct MyParameters {                          // fixed-width fields, no pointers
//     using Stored = int8_t;                       // or int16_t, float
//     static constexpr int32_t kTabulateAbove = 256;  // so many elements and more are looked up; kNeverTabulate
//     int32_t count;                               // filled here
//     ...
//     Stored operator()(Stored x) const;           // one element
//   };
//   Status unary_setup(const MyAttributes&, const TensorInfo& input, const TensorInfo& output, MyParameters& p);
//                                                  // checks options and quantization; not types and shapes
//
// A costly int8 function of many elements is computed once for all 256 values, at init, and looked up from then on: the
// same bytes, since the table is filled by the function itself.
#pragma once
#include "device/kernel.h"
#include "device/stored_as.h"

namespace mote {

constexpr int32_t kTableEntries = 256;
constexpr int32_t kNeverTabulate = INT32_MAX;

template <class Parameters>
constexpr bool is_tabulated(const Parameters& p) {
  return p.count > Parameters::kTabulateAbove;
}

// table[x + 128] = p(x)
template <class Parameters>
void fill_table(const Parameters& p, int8_t* table) {
  for (int32_t x = -128; x < 128; ++x) table[x + 128] = static_cast<int8_t>(p(static_cast<int8_t>(x)));
}

// May run in place, as the other form.
inline void table_run(int32_t count, const int8_t* table, const int8_t* input, int8_t* output) {
  for (int32_t i = 0; i < count; ++i) output[i] = table[input[i] + 128];
}

template <class Parameters>
void unary_run(const Parameters& p, const typename Parameters::Stored* input, typename Parameters::Stored* output) {
  for (int32_t i = 0; i < p.count; ++i) output[i] = p(input[i]);
}

// All checks of one node.
template <class Attributes, class Parameters>
Status unary_checked_setup(const Attributes& a, const TensorInfo& input, const TensorInfo& output, Parameters& p) {
  using Stored = typename Parameters::Stored;
  if (input.type != StoredAs<Stored>::kType || output.type != StoredAs<Stored>::kType) return Status::unsupported_type;
  if (input.shape != output.shape) return Status::unsupported_shape;
  if (input.type != DType::float32 && (!is_per_tensor(input) || !is_per_tensor(output)))
    return Status::bad_quantization;
  p.count = input.shape.elements();
  return unary_setup(a, input, output, p);
}

template <class Parameters>
void keep_table(PrepareContext& node, const Parameters& p, const int8_t*) {
  int8_t* table = is_tabulated(p) ? node.keep_array<int8_t>(kTableEntries) : nullptr;
  if (table != nullptr) fill_table(p, table);
}
template <class Parameters, class Stored>
void keep_table(PrepareContext&, const Parameters&, const Stored*) {}

template <class Attributes, class Parameters>
Status prepare_unary(PrepareContext& node) {
  if (node.input_count() != 1 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  Attributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  Parameters p;
  const Status status = unary_checked_setup(attributes, node.input(0), node.output(0), p);
  if (status != Status::ok) return status;
  node.keep(p);
  keep_table(node, p, static_cast<const typename Parameters::Stored*>(nullptr));
  return Status::ok;
}

template <class Parameters>
void unary_invoke(const Parameters& p, const int8_t* input, int8_t* output) {
  if (is_tabulated(p))
    table_run(p.count, reinterpret_cast<const int8_t*>(&p + 1), input, output);
  else
    unary_run(p, input, output);
}
template <class Parameters, class Stored>
void unary_invoke(const Parameters& p, const Stored* input, Stored* output) {
  unary_run(p, input, output);
}

template <class Parameters>
void invoke_unary(const InvokeContext& node) {
  using Stored = typename Parameters::Stored;
  unary_invoke(node.data<Parameters>(), node.input<Stored>(0), node.output<Stored>(0));
}

template <class Attributes, class Parameters>
constexpr Kernel unary_kernel(int32_t code) {
  constexpr DType kType = StoredAs<typename Parameters::Stored>::kType;
  return Kernel{code, kType, kType, true, prepare_unary<Attributes, Parameters>, invoke_unary<Parameters>};
}

}  // namespace mote
