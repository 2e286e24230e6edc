// ReLU: output = max(input, 0), any shape.
//
// int8: requantized to the output's scale and zero point, then clamped at the stored value of 0.
// Source: TFLite micro/kernels/activations.h (ReluQuantized), micro/kernels/activations_common.cc
// (CalculateReluOpData).
#pragma once
#include "device/activation.h"
#include "device/kernel.h"
#include "device/requantize.h"

namespace mote {

constexpr int32_t kReluCode = 19;

struct ReluAttributes {};

template <class V>
void visit(V&, ReluAttributes&) {}

constexpr bool relu_shape(const Shape& input, Shape& output) {
  output = input;
  return true;
}
constexpr int64_t relu_macs(const Shape&) {
  return 0;
}
constexpr int32_t relu_scratch_bytes() {
  return 0;
}

// Also of relu6: the activations that clamp.
struct ReluInt8 {
  int32_t count;
  int32_t multiplier;
  int8_t shift;
  int8_t input_zero_point, output_zero_point;
  int8_t low, high;
  int8_t unused[3];
};

struct ReluInt16 {
  int32_t count;
  int32_t multiplier, shift;
  int16_t input_zero_point, output_zero_point;
  int16_t low, high;
};

struct ReluFloat32 {
  int32_t count;
  float high;  // infinity: no upper bound
};

// May run in place.
template <class Parameters, class T>
void relu_run_integers(const Parameters& p, const T* input, T* output) {
  const int32_t multiplier = p.multiplier, shift = p.shift, input_zero = p.input_zero_point;
  const int32_t output_zero = p.output_zero_point, low = p.low, high = p.high;
  for (int32_t i = 0, n = p.count; i < n; ++i) {
    const int32_t scaled = requantize(input[i] - input_zero, multiplier, shift);
    output[i] = static_cast<T>(clamp(wrapping_add(scaled, output_zero), low, high));
  }
}

inline void relu_run(const ReluInt8& p, const int8_t* input, int8_t* output) {
  relu_run_integers(p, input, output);
}
inline void relu_run(const ReluInt16& p, const int16_t* input, int16_t* output) {
  relu_run_integers(p, input, output);
}

inline void relu_run(const ReluFloat32& p, const float* input, float* output) {
  for (int32_t i = 0; i < p.count; ++i) {
    const float x = input[i];
    output[i] = x > p.high ? p.high : x < 0.0f ? 0.0f : x;
  }
}

inline Status relu_multiplier(DType type, const TensorInfo& input, const TensorInfo& output, Multiplier& multiplier) {
  if (input.type != type || output.type != type) return Status::unsupported_type;
  if (input.shape != output.shape) return Status::unsupported_shape;
  const bool good = is_per_tensor(input) && is_per_tensor(output) &&
                    multiplier_of_ratio(float_bits_at(input.quantization.scales),
                                        float_bits_at(output.quantization.scales), multiplier);
  return good ? Status::ok : Status::bad_quantization;
}

inline Status relu_setup(Activation activation, const TensorInfo& input, const TensorInfo& output, ReluInt16& p) {
  Multiplier multiplier = {0, 0};
  const Status status = relu_multiplier(DType::int16, input, output, multiplier);
  if (status != Status::ok) return status;
  const StoredRange<int16_t> range = stored_activation_range<int16_t>(activation, output);
  p = ReluInt16{input.shape.elements(),
                multiplier.multiplier,
                multiplier.shift,
                static_cast<int16_t>(input.quantization.zero_point),
                static_cast<int16_t>(output.quantization.zero_point),
                range.low,
                range.high};
  return Status::ok;
}

inline Status relu_setup(Activation activation, const TensorInfo& input, const TensorInfo& output, ReluInt8& p) {
  Multiplier multiplier = {0, 0};
  const Status status = relu_multiplier(DType::int8, input, output, multiplier);
  if (status != Status::ok) return status;
  const Int8Range range = int8_activation_range(activation, output);
  p = ReluInt8{input.shape.elements(),
               multiplier.multiplier,
               static_cast<int8_t>(multiplier.shift),
               static_cast<int8_t>(input.quantization.zero_point),
               static_cast<int8_t>(output.quantization.zero_point),
               range.low,
               range.high,
               {}};
  return Status::ok;
}

inline Status relu_setup(Activation activation, const TensorInfo& input, const TensorInfo& output, ReluFloat32& p) {
  if (input.type != DType::float32 || output.type != DType::float32) return Status::unsupported_type;
  if (input.shape != output.shape) return Status::unsupported_shape;
  p = ReluFloat32{input.shape.elements(), float_activation_range(activation).high};
  return Status::ok;
}

template <class Parameters, Activation kActivation>
Status prepare_relu(PrepareContext& node) {
  if (node.input_count() != 1 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  Parameters p;
  const Status status = relu_setup(kActivation, node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class Parameters, class T>
void invoke_relu(const InvokeContext& node) {
  relu_run(node.data<Parameters>(), node.input<T>(0), node.output<T>(0));
}

constexpr Kernel relu_int8 = {
    kReluCode, DType::int8, DType::int8, true, prepare_relu<ReluInt8, Activation::relu>, invoke_relu<ReluInt8, int8_t>};
constexpr Kernel relu_int16 = {kReluCode,
                               DType::int16,
                               DType::int16,
                               true,
                               prepare_relu<ReluInt16, Activation::relu>,
                               invoke_relu<ReluInt16, int16_t>};
constexpr Kernel relu_float32 = {kReluCode,
                                 DType::float32,
                                 DType::float32,
                                 true,
                                 prepare_relu<ReluFloat32, Activation::relu>,
                                 invoke_relu<ReluFloat32, float>};

}  // namespace mote
