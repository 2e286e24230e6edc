// Softmax over the last dimension: output[i] = exp(beta * (input[i] - max)) / sum_j exp(beta * (input[j] - max)).
//
// int8: output int8 with scale 1/256 and zero point -128, or int16 with scale 1/65536 and zero point -32768. beta *
// (input - max) in Q5.26, exp in Q0.31, sum in Q12.19 (so at most 4096 entries of weight 1), 1 / sum by Newton's
// method: TFLite's fixed-point algorithm bit for bit. Source: TFLite kernels/internal/reference/softmax.h (Softmax),
// micro/kernels/softmax_common.cc (CalculateSoftmaxParams).
#pragma once
#include "device/fixed_point.h"
#include "device/float_math.h"
#include "device/kernel.h"
#include "device/stored_as.h"

namespace mote {

constexpr int32_t kSoftmaxCode = 25;

struct SoftmaxAttributes {
  float beta = 1.0f;
};

template <class V>
void visit(V& v, SoftmaxAttributes& a) {
  v.field(0, "beta", a.beta);
}

// False: a scalar, or an empty last dimension.
constexpr bool softmax_shape(const Shape& input, Shape& output) {
  output = input;
  return input.rank >= 1 && input.last() >= 1;
}
constexpr int64_t softmax_macs(const Shape&) {
  return 0;
}
constexpr int32_t softmax_scratch_bytes() {
  return 0;
}

constexpr uint32_t kSoftmaxOutputScaleBits = 0x3B800000u;  // 1/256
constexpr int32_t kSoftmaxMaxDepth = 4096;                 // of the int8 form: the sum has 12 integer bits

struct SoftmaxInt8 {
  int32_t rows, depth;
  int32_t multiplier;        // input difference -> Q5.26, with `left_shift`
  int32_t left_shift;        // 0 .. 31
  int32_t least_difference;  // below it the output is 0
};

struct SoftmaxFloat32 {
  int32_t rows, depth;
  float beta;
};

// exp(scale * beta * difference) in Q0.31. REQUIRES: least_difference <= difference <= 0.
inline int32_t softmax_exp(const SoftmaxInt8& p, int32_t difference) {
  const uint32_t shifted = static_cast<uint32_t>(difference) << p.left_shift;
  return exp_on_negative_values(saturating_rounding_doubling_high_mul(static_cast<int32_t>(shifted), p.multiplier));
}

template <class Output>
void softmax_row(const SoftmaxInt8& p, const int8_t* input, Output* output) {
  int32_t most = -128;
  for (int32_t i = 0; i < p.depth; ++i)
    if (input[i] > most) most = input[i];
  int32_t sum = 0;  // Q12.19
  for (int32_t i = 0; i < p.depth; ++i) {
    const int32_t difference = input[i] - most;
    if (difference >= p.least_difference)
      sum = wrapping_add(sum, rounding_divide_by_power_of_two(softmax_exp(p, difference), 12));
  }
  // sum = (1 + fraction) * 2^bits_over_unit; the largest entry alone gives 1.
  int32_t headroom = 0;
  while ((static_cast<uint32_t>(sum) << headroom & 0x80000000u) == 0) ++headroom;
  const int32_t fraction = static_cast<int32_t>((static_cast<uint32_t>(sum) << headroom) - 0x80000000u);
  const int32_t reciprocal = one_over_one_plus(fraction);
  const int32_t exponent = 12 - headroom + 31 - 8 * static_cast<int32_t>(sizeof(Output));
  for (int32_t i = 0; i < p.depth; ++i) {
    const int32_t difference = input[i] - most;
    int32_t value = 0;
    if (difference >= p.least_difference) {
      const int32_t share = saturating_rounding_doubling_high_mul(reciprocal, softmax_exp(p, difference));
      value = exponent <= 31 ? rounding_divide_by_power_of_two(share, exponent) : 0;
    }
    constexpr int32_t kLow = StoredAs<Output>::kLow, kHigh = StoredAs<Output>::kHigh;
    output[i] = static_cast<Output>(clamp(value + kLow, kLow, kHigh));
  }
}

// May run in place when both types are int8.
template <class Output>
void softmax_run(const SoftmaxInt8& p, const int8_t* input, Output* output) {
  for (int32_t r = 0; r < p.rows; ++r, input += p.depth, output += p.depth) softmax_row(p, input, output);
}

inline void softmax_run(const SoftmaxFloat32& p, const float* input, float* output) {
  for (int32_t r = 0; r < p.rows; ++r, input += p.depth, output += p.depth) {
    float most = input[0];
    for (int32_t i = 1; i < p.depth; ++i)
      if (input[i] > most) most = input[i];
    float sum = 0;
    for (int32_t i = 0; i < p.depth; ++i) sum += output[i] = exp_float((input[i] - most) * p.beta);
    for (int32_t i = 0; i < p.depth; ++i) output[i] = output[i] / sum;
  }
}

template <class Parameters>
Status softmax_sizes(const SoftmaxAttributes& a, const TensorInfo& input, const TensorInfo& output, Parameters& p) {
  if (!is_positive_finite(float_bits(a.beta))) return Status::unsupported_option;
  Shape shape;
  if (!softmax_shape(input.shape, shape) || shape != output.shape) return Status::unsupported_shape;
  p.depth = shape.last();
  p.rows = shape.elements() / p.depth;
  return Status::ok;
}

// min(beta * scale * 2^26, 2^31 - 1), which must be above 1 (PreprocessSoftmaxScaling).
inline bool softmax_multiplier(uint32_t beta, const TensorInfo& input, Multiplier& multiplier) {
  const NormalFloat a(beta), b(float_bits_at(input.quantization.scales));
  const uint64_t product = uint64_t{a.mantissa} * b.mantissa;  // 47 or 48 bits, of which 31 are kept
  const bool longer = product >> 47 != 0;
  uint32_t fixed = static_cast<uint32_t>(((product >> (longer ? 1 : 0)) + 0x8000) >> 16);
  int32_t shift = a.exponent + b.exponent + 26 + (longer ? 48 : 47);
  if (fixed >> 31 != 0) {
    fixed >>= 1;
    ++shift;
  }
  multiplier = shift > 31 ? Multiplier{INT32_MAX, 31} : Multiplier{static_cast<int32_t>(fixed), shift};
  return multiplier.shift >= 1;
}

// 31 in Q5.26 brought back to differences: what is below has no weight.
constexpr int32_t softmax_least_difference(int32_t left_shift) {
  return -static_cast<int32_t>((int64_t{31} << 26) >> left_shift);
}

// int16: within a thousandth of 2^-16, because some converters write 1/65535.
inline bool is_softmax_output(const TensorInfo& output) {
  const uint32_t scale = float_bits_at(output.quantization.scales);
  if (output.type == DType::int8) return output.quantization.zero_point == -128 && scale == kSoftmaxOutputScaleBits;
  constexpr uint32_t kLeast = 0x377FBE77u, kMost = 0x378020C4u;  // 2^-16 * 0.999 and 1.001, rounded inwards
  return output.quantization.zero_point == -32768 && scale >= kLeast && scale <= kMost;
}

inline Status softmax_setup(const SoftmaxAttributes& a, const TensorInfo& input, const TensorInfo& output,
                            SoftmaxInt8& p) {
  const Status sizes = softmax_sizes(a, input, output, p);
  if (sizes != Status::ok) return sizes;
  if (p.depth > kSoftmaxMaxDepth) return Status::unsupported_shape;
  if (input.type != DType::int8 || (output.type != DType::int8 && output.type != DType::int16))
    return Status::unsupported_type;
  if (!is_per_tensor(input) || !is_per_tensor(output) || !is_softmax_output(output)) return Status::bad_quantization;
  Multiplier multiplier = {0, 0};
  if (!softmax_multiplier(float_bits(a.beta), input, multiplier)) return Status::bad_quantization;
  p.multiplier = multiplier.multiplier;
  p.left_shift = multiplier.shift;
  p.least_difference = softmax_least_difference(p.left_shift);
  return Status::ok;
}

inline Status softmax_setup(const SoftmaxAttributes& a, const TensorInfo& input, const TensorInfo& output,
                            SoftmaxFloat32& p) {
  if (input.type != DType::float32 || output.type != DType::float32) return Status::unsupported_type;
  p.beta = a.beta;
  return softmax_sizes(a, input, output, p);
}

template <class Parameters>
Status prepare_softmax(PrepareContext& node) {
  if (node.input_count() != 1 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  SoftmaxAttributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  Parameters p;
  const Status status = softmax_setup(attributes, node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class Parameters, class T, class Output = T>
void invoke_softmax(const InvokeContext& node) {
  softmax_run(node.data<Parameters>(), node.input<T>(0), node.output<Output>(0));
}

constexpr Kernel softmax_int8 = {
    kSoftmaxCode, DType::int8, DType::int8, true, prepare_softmax<SoftmaxInt8>, invoke_softmax<SoftmaxInt8, int8_t>};
constexpr Kernel softmax_int8_int16 = {kSoftmaxCode,
                                       DType::int8,
                                       DType::int16,
                                       false,
                                       prepare_softmax<SoftmaxInt8>,
                                       invoke_softmax<SoftmaxInt8, int8_t, int16_t>};
constexpr Kernel softmax_float32 = {kSoftmaxCode,
                                    DType::float32,
                                    DType::float32,
                                    true,
                                    prepare_softmax<SoftmaxFloat32>,
                                    invoke_softmax<SoftmaxFloat32, float>};

}  // namespace mote

#include "ops/softmax/softmax_int16.h"
