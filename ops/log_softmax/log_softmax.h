// Log softmax over the last dimension: output[i] = input[i] - max - log(sum_j exp(input[j] - max)).
//
// int8: output scale 1/16, zero point 127. Differences in Q5.26, exp in Q0.31, sum in Q12.19, its logarithm in Q5.26
// (device/fixed_point.h), the result rounded to 1/16. Source: TFLite kernels/internal/reference/log_softmax.h
// (LogSoftmaxQuantized), scales as in kernels/internal/quantization_util.cc (PreprocessLogSoftmaxScalingExp).
#pragma once
#include "device/rows.h"
#include "ops/softmax/softmax.h"

namespace mote {

constexpr int32_t kLogSoftmaxCode = 50;

struct LogSoftmaxAttributes {};

template <class V>
void visit(V&, LogSoftmaxAttributes&) {}

struct LogSoftmaxInt8 {
  using Stored = int8_t;
  int32_t rows, depth;
  Multiplier to_q5;          // input difference -> Q5.26; shift 1 .. 30
  Multiplier from_q5;        // the other way; shift <= 0
  int32_t least_difference;  // below it the exponential is 0

  int32_t difference_q5(int32_t difference) const { return requantize(difference, to_q5.multiplier, to_q5.shift); }

  // ln of the sum of exponentials, in Q5.26.
  int32_t log_sum(const int8_t* input, int32_t most) const {
    int32_t sum = 0;  // Q12.19
    for (int32_t i = 0; i < depth; ++i) {
      const int32_t difference = input[i] - most;
      if (difference >= least_difference)
        sum = wrapping_add(sum, rounding_divide_by_power_of_two(exp_on_negative_values(difference_q5(difference)), 12));
    }
    return log_of_q12(sum);
  }

  void row(const int8_t* input, int8_t* output) const {
    int32_t most = -128;
    for (int32_t i = 0; i < depth; ++i)
      if (input[i] > most) most = input[i];
    const int32_t log = log_sum(input, most);
    const int32_t lowest = requantize(log + INT32_MIN, from_q5.multiplier, from_q5.shift);
    const int32_t bound = lowest > least_difference - 1 ? lowest : least_difference - 1;
    for (int32_t i = 0; i < depth; ++i) {
      const int32_t difference = input[i] - most;
      const int32_t value =
          difference > bound ? rounding_divide_by_power_of_two(wrapping_add(difference_q5(difference), -log), 22) + 127
                             : -128;
      output[i] = static_cast<int8_t>(clamp(value, -128, 127));
    }
  }
};

struct LogSoftmaxFloat32 {
  using Stored = float;
  int32_t rows, depth;

  void row(const float* input, float* output) const {
    float most = input[0], sum = 0;
    for (int32_t i = 1; i < depth; ++i)
      if (input[i] > most) most = input[i];
    for (int32_t i = 0; i < depth; ++i) sum += exp_float(input[i] - most);
    const float log = log_float(sum);
    for (int32_t i = 0; i < depth; ++i) output[i] = input[i] - most - log;
  }
};

// The sum has 12 integer bits.
inline Status rows_setup(const LogSoftmaxAttributes&, const TensorInfo& input, const TensorInfo& output,
                         LogSoftmaxInt8& p) {
  constexpr uint32_t kScale = 0x3D800000u, kOne = 0x3F800000u;  // 1/16, 1.0f
  if (p.depth > kSoftmaxMaxDepth) return Status::unsupported_shape;
  if (float_bits_at(output.quantization.scales) != kScale || output.quantization.zero_point != 127 ||
      !softmax_multiplier(kOne, input, p.to_q5) || p.to_q5.shift > 30)
    return Status::bad_quantization;
  const Real one = {uint64_t{1} << (31 - p.to_q5.shift), 0};
  const Real inverse = divide(one, Real{static_cast<uint64_t>(p.to_q5.multiplier), 0}, kDouble);
  if (!quantize_multiplier(inverse, p.from_q5) || p.from_q5.shift > 0) return Status::bad_quantization;
  p.least_difference = softmax_least_difference(p.to_q5.shift);
  return Status::ok;
}

inline Status rows_setup(const LogSoftmaxAttributes&, const TensorInfo&, const TensorInfo&, LogSoftmaxFloat32&) {
  return Status::ok;
}

constexpr Kernel log_softmax_int8 = rows_kernel<LogSoftmaxAttributes, LogSoftmaxInt8>(kLogSoftmaxCode);
constexpr Kernel log_softmax_float32 = rows_kernel<LogSoftmaxAttributes, LogSoftmaxFloat32>(kLogSoftmaxCode);

}  // namespace mote
