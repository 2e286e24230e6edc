// A template to copy: docs/adding-an-operator.md. So that all in it is real, it computes TFLite's LEAKY_RELU:
// output = input where input >= 0, else alpha * input; any shape.
//
// int8: each side of zero requantized with its own multiplier, then moved to the output's zero point and saturated.
// Source: TFLite kernels/internal/reference/leaky_relu.h (QuantizeLeakyRelu); scales as in
// micro/kernels/leaky_relu_common.cc.
#pragma once
#include "device/kernel.h"
#include "device/requantize.h"

namespace mote {

constexpr int32_t kMyOpCode = 98;

struct MyOpAttributes {
  float alpha = 0;
};

// Field numbers of the operator's options table in TFLite's schema.
template <class V>
void visit(V& v, MyOpAttributes& a) {
  v.field(0, "alpha", a.alpha);
}

constexpr bool my_op_shape(const Shape& input, Shape& output) {
  output = input;
  return true;
}
constexpr int64_t my_op_macs(const Shape&) {
  return 0;
}
constexpr int32_t my_op_scratch_bytes() {
  return 0;
}

// What prepare computes once and the kernel needs; fixed-width fields, no pointers.
struct MyOpInt8 {
  int32_t count;
  Multiplier positive, negative;
  int32_t input_zero_point, output_zero_point;
};

struct MyOpFloat32 {
  int32_t count;
  float alpha;
};

// May run in place.
inline void my_op_run(const MyOpInt8& p, const int8_t* input, int8_t* output) {
  for (int32_t i = 0; i < p.count; ++i) {
    const int32_t x = input[i] - p.input_zero_point;
    const Multiplier& side = x >= 0 ? p.positive : p.negative;
    const int32_t scaled = requantize(x, side.multiplier, side.shift);
    output[i] = static_cast<int8_t>(clamp(wrapping_add(scaled, p.output_zero_point), -128, 127));
  }
}

inline void my_op_run(const MyOpFloat32& p, const float* input, float* output) {
  for (int32_t i = 0; i < p.count; ++i) output[i] = input[i] >= 0 ? input[i] : p.alpha * input[i];
}

// Checks everything that the kernel relies on: the file may be hostile.
inline Status my_op_setup(const MyOpAttributes& a, const TensorInfo& input, const TensorInfo& output, MyOpInt8& p) {
  if (input.type != DType::int8 || output.type != DType::int8) return Status::unsupported_type;
  if (input.shape != output.shape) return Status::unsupported_shape;
  if (!is_positive_finite(float_bits(a.alpha))) return Status::unsupported_option;
  if (!is_per_tensor(input) || !is_per_tensor(output)) return Status::bad_quantization;
  const uint32_t in = float_bits_at(input.quantization.scales), out = float_bits_at(output.quantization.scales);
  if (!multiplier_of_ratio(in, out, p.positive) || !multiplier_per_channel(in, float_bits(a.alpha), out, p.negative))
    return Status::bad_quantization;
  p.count = input.shape.elements();
  p.input_zero_point = input.quantization.zero_point;
  p.output_zero_point = output.quantization.zero_point;
  return Status::ok;
}

inline Status my_op_setup(const MyOpAttributes& a, const TensorInfo& input, const TensorInfo& output, MyOpFloat32& p) {
  if (input.type != DType::float32 || output.type != DType::float32) return Status::unsupported_type;
  if (input.shape != output.shape) return Status::unsupported_shape;
  if (!is_positive_finite(float_bits(a.alpha))) return Status::unsupported_option;
  p = MyOpFloat32{input.shape.elements(), a.alpha};
  return Status::ok;
}

template <class Parameters>
Status prepare_my_op(PrepareContext& node) {
  if (node.input_count() != 1 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  MyOpAttributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  Parameters p;
  const Status status = my_op_setup(attributes, node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class Parameters, class T>
void invoke_my_op(const InvokeContext& node) {
  my_op_run(node.data<Parameters>(), node.input<T>(0), node.output<T>(0));
}

constexpr Kernel my_op_int8 = {
    kMyOpCode, DType::int8, DType::int8, true, prepare_my_op<MyOpInt8>, invoke_my_op<MyOpInt8, int8_t>};
constexpr Kernel my_op_float32 = {
    kMyOpCode, DType::float32, DType::float32, true, prepare_my_op<MyOpFloat32>, invoke_my_op<MyOpFloat32, float>};

}  // namespace mote
