// Quantize: float to integer, or integer to integer of other parameters; any shape, per tensor.
//
// From float: saturate(round(input / scale) + zero_point), ties away from zero, NaN gives the zero point.
// From integer: saturate(requantize(input - zero_point_in) + zero_point_out) with the multiplier scale_in / scale_out.
// Source: TFLite kernels/internal/reference/quantize.h (AffineQuantize), reference/requantize.h (Requantize). There a
// float beyond the range of int32 is undefined; here it saturates.
#pragma once
#include "device/float_math.h"
#include "device/kernel.h"
#include "device/requantize.h"
#include "device/stored_as.h"

namespace mote {

constexpr int32_t kQuantizeCode = 114;

struct QuantizeAttributes {};

template <class V>
void visit(V&, QuantizeAttributes&) {}

constexpr bool quantize_shape(const Shape& input, Shape& output) {
  output = input;
  return true;
}
constexpr int64_t quantize_macs(const Shape&) {
  return 0;
}
constexpr int32_t quantize_scratch_bytes() {
  return 0;
}

struct QuantizeFromFloat {
  int32_t count;
  float scale;
  int32_t zero_point;
};

struct QuantizeFromInteger {
  int32_t count;
  int32_t multiplier, shift;
  int32_t input_zero_point, output_zero_point;
};

template <class To>
void quantize_run(const QuantizeFromFloat& p, const float* input, To* output) {
  for (int32_t i = 0; i < p.count; ++i) {
    const int32_t stored = round_to_int32(input[i] / p.scale) + p.zero_point;
    output[i] = static_cast<To>(clamp(stored, StoredAs<To>::kLow, StoredAs<To>::kHigh));
  }
}

template <class From, class To>
void quantize_run(const QuantizeFromInteger& p, const From* input, To* output) {
  for (int32_t i = 0; i < p.count; ++i) {
    const int32_t scaled = requantize(input[i] - p.input_zero_point, p.multiplier, p.shift);
    const int32_t stored = wrapping_add(scaled, p.output_zero_point);
    output[i] = static_cast<To>(clamp(stored, StoredAs<To>::kLow, StoredAs<To>::kHigh));
  }
}

// With one scale and zero points that are 128 apart, uint8 becomes int8 or the other way by turning the sign bit.
constexpr bool quantize_is_turn(const QuantizeFromInteger& p, DType input, DType output) {
  const bool bytes =
      (input == DType::uint8 && output == DType::int8) || (input == DType::int8 && output == DType::uint8);
  const int32_t difference = output == DType::int8 ? 128 : -128;
  return bytes && p.multiplier == int32_t{1} << 30 && p.shift == 1 &&
         p.input_zero_point - p.output_zero_point == difference;
}

template <class From, class To>
void quantize_turn_run(int32_t count, const From* input, To* output) {
  uint32_t word;
  for (; count >= 4; count -= 4, input += 4, output += 4) {
    __builtin_memcpy(&word, input, sizeof word);
    word ^= 0x80808080u;
    __builtin_memcpy(output, &word, sizeof word);
  }
  for (; count > 0; --count) *output++ = static_cast<To>(*input++ ^ 0x80);
}

inline Status quantize_setup(const TensorInfo& input, const TensorInfo& output, QuantizeFromFloat& p) {
  if (input.type != DType::float32) return Status::unsupported_type;
  if (input.shape != output.shape) return Status::unsupported_shape;
  if (!is_per_tensor(output)) return Status::bad_quantization;
  p = QuantizeFromFloat{input.shape.elements(), float_from_bits(float_bits_at(output.quantization.scales)),
                        output.quantization.zero_point};
  return Status::ok;
}

inline Status quantize_setup(const TensorInfo& input, const TensorInfo& output, QuantizeFromInteger& p) {
  if (input.shape != output.shape) return Status::unsupported_shape;
  Multiplier multiplier = {0, 0};
  if (!is_per_tensor(input) || !is_per_tensor(output) ||
      !multiplier_of_ratio(float_bits_at(input.quantization.scales), float_bits_at(output.quantization.scales),
                           multiplier))
    return Status::bad_quantization;
  p = QuantizeFromInteger{input.shape.elements(), multiplier.multiplier, multiplier.shift,
                          input.quantization.zero_point, output.quantization.zero_point};
  return Status::ok;
}

template <class Parameters>
Status prepare_quantize(PrepareContext& node) {
  if (node.input_count() != 1 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  Parameters p;
  const Status status = quantize_setup(node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class Parameters, class From, class To>
void invoke_quantize(const InvokeContext& node) {
  quantize_run(node.data<Parameters>(), node.input<From>(0), node.output<To>(0));
}

template <class To>
constexpr Kernel quantize_from_float() {
  return Kernel{kQuantizeCode,
                DType::float32,
                StoredAs<To>::kType,
                false,  // a compiler may take floats and integers for different memory, and write early
                prepare_quantize<QuantizeFromFloat>,
                invoke_quantize<QuantizeFromFloat, float, To>};
}
template <class From, class To>
constexpr Kernel quantize_from_integer() {
  return Kernel{kQuantizeCode,
                StoredAs<From>::kType,
                StoredAs<To>::kType,
                sizeof(From) == sizeof(To),
                prepare_quantize<QuantizeFromInteger>,
                invoke_quantize<QuantizeFromInteger, From, To>};
}

constexpr Kernel quantize_float32_int8 = quantize_from_float<int8_t>();
constexpr Kernel quantize_float32_uint8 = quantize_from_float<uint8_t>();
constexpr Kernel quantize_float32_int16 = quantize_from_float<int16_t>();
constexpr Kernel quantize_int8_int8 = quantize_from_integer<int8_t, int8_t>();
constexpr Kernel quantize_int8_uint8 = quantize_from_integer<int8_t, uint8_t>();
constexpr Kernel quantize_uint8_int8 = quantize_from_integer<uint8_t, int8_t>();
constexpr Kernel quantize_uint8_uint8 = quantize_from_integer<uint8_t, uint8_t>();
constexpr Kernel quantize_int8_int16 = quantize_from_integer<int8_t, int16_t>();
constexpr Kernel quantize_int16_int8 = quantize_from_integer<int16_t, int8_t>();
constexpr Kernel quantize_int16_int16 = quantize_from_integer<int16_t, int16_t>();
constexpr Kernel quantize_int8_int32 = quantize_from_integer<int8_t, int32_t>();
constexpr Kernel quantize_int16_int32 = quantize_from_integer<int16_t, int32_t>();
constexpr Kernel quantize_int32_int8 = quantize_from_integer<int32_t, int8_t>();
constexpr Kernel quantize_int32_int16 = quantize_from_integer<int32_t, int16_t>();

}  // namespace mote
