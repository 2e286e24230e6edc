// exp, log, logistic, tanh, 1 / (1 + x) and 1 / sqrt(x) in fixed point, bit for bit those of gemmlowp
// (fixedpoint/fixedpoint.h), on which TFLite's reference softmax, logistic and tanh rest.
//
// Qm.n: an int32 with m integer bits stands for raw / 2^(31 - m). Products of Qa and Qb are Q(a + b), by the doubling
// high multiplication of requantize.h. Sums do not overflow in the ranges stated.
#pragma once
#include "device/bits.h"
#include "device/program_memory.h"
#include "device/requantize.h"

namespace mote {

// x * 2^exponent, saturating. 0 < exponent < 31.
inline int32_t saturating_shift_left(int32_t x, int32_t exponent) {
  const int32_t limit = static_cast<int32_t>((uint32_t{1} << (31 - exponent)) - 1);
  if (x > limit) return INT32_MAX;
  if (x < -limit) return INT32_MIN;
  return x * (int32_t{1} << exponent);
}

// exp(a) in Q0.31 for a in [-1/4, 0) in Q0.31: Taylor's series of fourth degree around -1/8.
inline int32_t exp_of_small_negative(int32_t a) {
  constexpr int32_t kExpOfMinusEighth = 1895147668;
  constexpr int32_t kThird = 715827883;
  const int32_t x = a + (int32_t{1} << 28);  // + 1/8
  const int32_t x2 = saturating_rounding_doubling_high_mul(x, x);
  const int32_t x3 = saturating_rounding_doubling_high_mul(x2, x);
  const int32_t x4 = saturating_rounding_doubling_high_mul(x2, x2);
  const int32_t x4_over_4 = rounding_divide_by_power_of_two(x4, 2);
  const int32_t rest = rounding_divide_by_power_of_two(
      saturating_rounding_doubling_high_mul(x4_over_4 + x3, kThird) + x2, 1);  // x^4/24 + x^3/6 + x^2/2
  return kExpOfMinusEighth + saturating_rounding_doubling_high_mul(kExpOfMinusEighth, x + rest);
}

// exp(-2^k) for k = -2 .. 4 in Q0.31.
MOTE_IN_FLASH("exp_factors")
constexpr int32_t kExpFactors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};

// exp(a) in Q0.31 for a <= 0 in Q5.26, or with fewer integer bits: the part below 1/4 by the series, every higher bit
// by a constant factor.
inline int32_t exp_on_negative_values(int32_t a, int32_t integer_bits = 5) {
  if (a == 0) return INT32_MAX;
  const int32_t quarter = int32_t{1} << (29 - integer_bits);
  const int32_t small = (a & (quarter - 1)) - quarter;
  int32_t result = exp_of_small_negative(small * (1 << integer_bits));
  const int32_t rest = small - a;
  for (int32_t k = 0; k < 2 + integer_bits; ++k)
    if ((rest & (quarter << k)) != 0)
      result = saturating_rounding_doubling_high_mul(result, MOTE_FLASH_ARRAY(kExpFactors)[k]);
  return result;
}

// 2 / (1 + a) in Q2.29 for a in [0, 1) in Q0.31: Newton-Raphson from 48/17 - 32/17 d, three times.
inline int32_t two_over_one_plus(int32_t a) {
  constexpr int32_t k48Over17 = 1515870810, k32Over17 = 1010580540;                         // Q2.29
  const int32_t half_denominator = static_cast<int32_t>((int64_t{a} + INT32_MAX + 1) / 2);  // (1 + a) / 2
  int32_t x = k48Over17 + saturating_rounding_doubling_high_mul(half_denominator, -k32Over17);
  for (int32_t i = 0; i < 3; ++i) {
    const int32_t product = saturating_rounding_doubling_high_mul(half_denominator, x);
    const int32_t error = (int32_t{1} << 29) - product;
    x += saturating_shift_left(saturating_rounding_doubling_high_mul(x, error), 2);
  }
  return x;
}

// 1 / (1 + a) in Q0.31 for a in [0, 1) in Q0.31.
inline int32_t one_over_one_plus(int32_t a) {
  return saturating_shift_left(two_over_one_plus(a), 1);
}

// 1 / (1 + exp(-a)) in Q0.31 for a in Q4.27.
inline int32_t logistic_q4(int32_t a) {
  if (a == 0) return int32_t{1} << 30;
  const int32_t positive = one_over_one_plus(exp_on_negative_values(a > 0 ? -a : a, 4));
  return a > 0 ? positive : INT32_MAX - positive;
}

// tanh(a) in Q0.31 for a in Q4.27: (1 - exp(-2 a)) / (1 + exp(-2 a)). Read as Q5.26, the same bits are 2 a.
inline int32_t tanh_q4(int32_t a) {
  if (a == 0) return 0;
  const int32_t ratio = two_over_one_plus(exp_on_negative_values(a < 0 ? a : -a)) - (int32_t{1} << 29);
  const int32_t magnitude = saturating_shift_left(ratio, 2);
  return a < 0 ? -magnitude : magnitude;
}

// As saturating_shift_left, also by 0.
inline int32_t saturating_scale_up(int32_t x, int32_t exponent) {
  return exponent == 0 ? x : saturating_shift_left(x, exponent);
}

// ln x in Q5.26 for x >= 1 in Q12.19: x = 2^n r with r around 2^(-1/4), ln r by a rational approximation. Source:
// TFLite kernels/internal/common.h (log_x_for_x_greater_than_or_equal_to_1_impl).
inline int32_t log_of_q12(int32_t x) {
  constexpr int32_t kLn2 = 1488522236, kRootRootHalf = 1805811301, kRootHalf = 1518500250;
  constexpr int32_t kAlphaN = 117049297, kAlphaD = 127690142, kAlphaI = 1057819769, kAlphaF = 638450708;
  constexpr int32_t kQuarterQ6 = int32_t{1} << 23;
  const auto times = [](int32_t a, int32_t b) { return saturating_rounding_doubling_high_mul(a, b); };
  // Two candidates for n, a quarter up and a quarter down; the greater exponent has the smaller r.
  const int32_t zeros_a = leading_zeros(static_cast<uint32_t>(x));
  const int32_t r_a = saturating_shift_left(times(saturating_scale_up(x, zeros_a - 1), kRootHalf), 1);
  const int32_t power_a = saturating_shift_left(12 - zeros_a, 25) + kQuarterQ6;
  const int32_t zeros_b = leading_zeros(static_cast<uint32_t>(times(x, kRootHalf))) - 1;
  const int32_t r_b = saturating_scale_up(x, zeros_b);
  const int32_t power_b = saturating_shift_left(12 - zeros_b, 25) - kQuarterQ6;
  const int32_t r = r_a < r_b ? r_a : r_b, power = power_a > power_b ? power_a : power_b;

  const int32_t p = static_cast<int32_t>((int64_t{r} + kRootRootHalf + 1) / 2);
  const int32_t q = 2 * (r - kRootRootHalf);
  const int32_t square = times(q, q);
  const int32_t numerator = times(q, r) + times(times(q, square), kAlphaN);
  const int32_t denominator_less_1 = times(p, kAlphaI + q + times(kAlphaD, square)) + times(kAlphaF, q);
  const int32_t ln_r = times(rounding_divide_by_power_of_two(numerator, 6), one_over_one_plus(denominator_less_1));
  return saturating_shift_left(times(power, kLn2) + ln_r, 1);
}

// 1 / sqrt(x) as multiplier / 2^31 * 2^shift, shift <= 0; 1 for x <= 1. Five Newton steps from 1 in Q3.28. Source:
// TFLite kernels/internal/common.h (GetInvSqrtQuantizedMultiplierExp).
inline Multiplier inverse_square_root(int32_t x) {
  if (x <= 1) return Multiplier{INT32_MAX, 0};
  int32_t right_shift = 11;
  for (; x >= int32_t{1} << 29; x /= 4) ++right_shift;
  const int32_t pairs = (leading_zeros(static_cast<uint32_t>(x)) - 1) / 2 - 1;
  right_shift -= pairs;
  x = static_cast<int32_t>(static_cast<uint32_t>(x) << (2 * pairs));
  constexpr int32_t kHalfThree = int32_t{3} << 27, kHalfSqrt2 = 1518500250;
  const int32_t half = rounding_divide_by_power_of_two(x >> 1, 1);
  int32_t y = int32_t{1} << 28;
  for (int32_t i = 0; i < 5; ++i) {
    const int32_t square = saturating_rounding_doubling_high_mul(y, y);
    const int32_t cube = saturating_shift_left(saturating_rounding_doubling_high_mul(square, y), 6);
    y = saturating_shift_left(
        saturating_rounding_doubling_high_mul(kHalfThree, y) - saturating_rounding_doubling_high_mul(half, cube), 3);
  }
  y = saturating_rounding_doubling_high_mul(y, kHalfSqrt2);
  return right_shift < 0 ? Multiplier{y * (int32_t{1} << -right_shift), 0} : Multiplier{y, -right_shift};
}

}  // namespace mote
