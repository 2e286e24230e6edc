// Elements of value 0 (stored: the output's zero point) around a tensor. Source: TFLite micro/kernels/pad_common.cc,
// kernels/internal/reference/pad.h.
//
// Input 1, a constant int32 [rank, 2], says how many go before and after along each dimension. Dimensions without any
// are one with the dimension before them.
#pragma once
#include "device/kernel.h"
#include "device/stored_as.h"
#include "device/strided_copy.h"

namespace mote {

constexpr int32_t kPadCode = 34;

struct PadAttributes {
  static constexpr int32_t kOperands = 1;
  int32_t before[kMaxRank] = {}, after[kMaxRank] = {};  // taken from input 1
};

template <class V>
void visit(V&, PadAttributes&) {}

constexpr bool take_operands(PadAttributes& a, const Shape& input, const Integers* operands) {
  if (operands[0].count != 2 * input.rank) return false;
  for (int32_t i = 0; i < input.rank; ++i) {
    a.before[i] = operands[0].values[2 * i];
    a.after[i] = operands[0].values[2 * i + 1];
  }
  return true;
}

// False: a negative number, or more elements than int32 counts.
constexpr bool pad_shape(const PadAttributes& a, const Shape& input, Shape& output) {
  output = input;
  int64_t elements = 1;
  for (int32_t i = 0; i < input.rank; ++i) {
    const int64_t size = int64_t{a.before[i]} + input[i] + a.after[i];
    if (a.before[i] < 0 || a.after[i] < 0 || size > INT32_MAX || (elements *= size) > INT32_MAX) return false;
    output.dims[i] = static_cast<int32_t>(size);
  }
  return true;
}

template <class T>
struct Pad {
  using Stored = T;
  int32_t rank;  // at least 1
  int32_t input[kMaxRank], before[kMaxRank], output[kMaxRank];
  T value;
};

// body(place in the input or -1, place in the output) for every row along the last dimension, in order.
template <class T, class Body>
void for_each_padded_row(const Pad<T>& p, const Body& body) {
  const int32_t outer = p.rank - 1;
  int32_t index[kMaxRank] = {}, at = 0;
  for (;;) {
    int32_t place = 0;
    for (int32_t i = 0; i < outer && place >= 0; ++i) {
      const int32_t inside = index[i] - p.before[i];
      place = inside < 0 || inside >= p.input[i] ? -1 : place * p.input[i] + inside;
    }
    body(place < 0 ? -1 : place * p.input[outer], at);
    at += p.output[outer];
    int32_t i = outer - 1;
    for (; i >= 0 && ++index[i] == p.output[i]; --i) index[i] = 0;
    if (i < 0) return;
  }
}

template <class T>
void pad_run(const Pad<T>& p, const T* input, T* output) {
  const int32_t outer = p.rank - 1, before = p.before[outer], count = p.input[outer];
  for_each_padded_row(p, [&](int32_t place, int32_t at) {
    const int32_t end = place < 0 ? 0 : before + count;
    for (int32_t i = 0; i < p.output[outer]; ++i)
      output[at + i] = i < before || i >= end ? p.value : input[place + i - before];
  });
}

template <class T>
Status pad_setup(const PadAttributes& a, const TensorInfo& input, const TensorInfo& output, Pad<T>& p) {
  if (input.type != StoredAs<T>::kType || output.type != StoredAs<T>::kType) return Status::unsupported_type;
  Shape shape;
  if (!pad_shape(a, input.shape, shape) || shape != output.shape || shape.elements() == 0)
    return Status::unsupported_shape;
  if (input.type != DType::float32 && !is_per_tensor(output)) return Status::bad_quantization;
  p.value = input.type == DType::float32 ? T{0} : static_cast<T>(output.quantization.zero_point);
  p.rank = 0;
  int32_t merged = 1;  // elements of the dimensions behind that have nothing around them
  for (int32_t i = shape.rank - 1; i >= 0; --i) {
    if (i > 0 && a.before[i] == 0 && a.after[i] == 0) {
      merged *= shape[i];
      continue;
    }
    for (int32_t k = p.rank; k > 0; --k) {
      p.input[k] = p.input[k - 1];
      p.before[k] = p.before[k - 1];
      p.output[k] = p.output[k - 1];
    }
    p.input[0] = input.shape[i] * merged;
    p.before[0] = a.before[i] * merged;
    p.output[0] = shape[i] * merged;
    merged = 1;
    ++p.rank;
  }
  if (p.rank == 0) p.rank = p.input[0] = p.output[0] = 1, p.before[0] = 0;  // a scalar
  return Status::ok;
}

// The paddings are input 1; input 2 may hold the value.
template <class T>
Status pad_node_setup(const PrepareContext& node, int32_t inputs, Pad<T>& p) {
  if (node.input_count() != inputs || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  PadAttributes attributes;
  const TensorInfo input = node.input(0);
  const Status status = read_attributes(node, 1, input.shape, attributes);
  return status == Status::ok ? pad_setup(attributes, input, node.output(0), p) : status;
}

template <class T>
Status prepare_pad(PrepareContext& node) {
  Pad<T> p = {};
  const Status status = pad_node_setup(node, 2, p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class T>
void invoke_pad(const InvokeContext& node) {
  pad_run(node.data<Pad<T>>(), node.input<T>(0), node.output<T>(0));
}

constexpr Kernel pad_int8 = {kPadCode, DType::int8, DType::int8, false, prepare_pad<int8_t>, invoke_pad<int8_t>};
constexpr Kernel pad_int16 = {kPadCode, DType::int16, DType::int16, false, prepare_pad<int16_t>, invoke_pad<int16_t>};
constexpr Kernel pad_float32 = {kPadCode, DType::float32, DType::float32, false, prepare_pad<float>, invoke_pad<float>};

}  // namespace mote
