// The one rounding rule of all integer kernels, TFLite's reference one, and the way from float scales to its integers.
//
// requantize() equals MultiplyByQuantizedMultiplier of TFLite (kernels/internal/common.cc, without
// TFLITE_SINGLE_ROUNDING): gemmlowp's SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT. The multiplier comes
// from scales by the arithmetic of QuantizeMultiplier (kernels/internal/quantization_util.cc), done here in integers:
// its doubles would cost a core without an FPU thousands of instructions and kilobytes, and give the same bits.
// docs/numerics.md has the derivation.
#pragma once
#include <stdint.h>

#if defined(__ARM_FEATURE_DSP)
#include "device/requantize_dsp.h"
#endif

namespace mote {

// real = multiplier / 2^31 * 2^shift, multiplier 0 or in [2^30, 2^31), shift in [-31, 30].
struct Multiplier {
  int32_t multiplier;
  int32_t shift;
};

// round(a * b / 2^31), ties towards plus infinity, the product modulo 2^63.
#if defined(__AVR__)
// Not inlined: it is long. The compiler would shift 64 bits in a loop, so libgcc's product is taken as two halves.
__attribute__((noinline)) inline int32_t doubling_high_product(int32_t a, int32_t b) {
  register uint32_t low __asm__("r18") = static_cast<uint32_t>(b);
  register uint32_t high __asm__("r22") = static_cast<uint32_t>(a);
  __asm__(
      "%~call __mulsidi3\n\tsubi %D0, 0xc0\n\tsbci %A1, 0xff\n\tsbci %B1, 0xff\n\tsbci %C1, 0xff\n\tsbci %D1, 0xff\n\t"
      "lsl %D0\n\trol %A1\n\trol %B1\n\trol %C1\n\trol %D1"
      : "+r"(low), "+r"(high)
      :
      : "r0", "r26", "r27", "r30", "r31");
  return static_cast<int32_t>(high);
}
#else
inline int32_t doubling_high_product(int32_t a, int32_t b) {
  return static_cast<int32_t>((int64_t{a} * b + (int64_t{1} << 30)) >> 31);
}
#endif

// The same saturated: INT32_MAX for the one product that overflows.
// The reference adds 2^30 or 1 - 2^30 and truncates towards zero, which is the same number for both signs of a * b.
inline int32_t saturating_rounding_doubling_high_mul(int32_t a, int32_t b) {
  if (a == b && a == INT32_MIN) return INT32_MAX;
  return doubling_high_product(a, b);
}

// x / 2^count, rounded down. 0 <= count <= 31.
inline int32_t shift_right(int32_t x, int32_t count) {
#if defined(__AVR__)  // which shifts bit by bit, or whole bytes at once
  uint8_t bits = static_cast<uint8_t>(count);
  if (bits >= 16) x >>= 16, bits = static_cast<uint8_t>(bits - 16);
  if (bits >= 8) x >>= 8, bits = static_cast<uint8_t>(bits - 8);
  return x >> bits;
#else
  return x >> count;
#endif
}

// round(x / 2^exponent), ties away from zero. 0 <= exponent <= 31.
// The reference compares the remainder with half; with y = x - (x < 0) that is floor((floor(y / 2^(exponent-1)) + 1) /
// 2). REQUIRES: exponent 0, or INT32_MIN < x < INT32_MAX; INT32_MAX is fine above exponent 1. A doubling high product
// with a multiplier below 2^31 lies within +-(2^31 - 2).
inline int32_t rounding_divide_by_power_of_two(int32_t x, int32_t exponent) {
  if (exponent == 0) return x;
  const int32_t y = x + (x >> 31);
  return (shift_right(y, exponent - 1) + 1) >> 1;
}

// Sums that hostile data can overflow wrap, as they do in the reference on every machine it runs on.
inline int32_t wrapping_add(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

inline int32_t clamp(int32_t x, int32_t low, int32_t high) {
  return x < low ? low : x > high ? high : x;
}

// round(x * multiplier / 2^31), ties towards plus infinity, from halves: for cores whose products have 32 bits. With
// signed lower halves, x * multiplier = (high << 32) + (middle << 16) + lower product, and the bits that a floor by 16
// drops from the last decide nothing. Both products of the middle are at most 2^30 in size and never both extreme in
// one direction, so that their sum fits with what is added to it. REQUIRES: multiplier >= 0.
inline int32_t doubling_high_mul_of_halves(int32_t x, int32_t multiplier) {
  const int32_t x_low = static_cast<int16_t>(x), m_low = static_cast<int16_t>(multiplier);
  const int32_t x_high = (x >> 16) + (x_low < 0), m_high = (multiplier >> 16) + (m_low < 0);
  const int32_t middle = x_high * m_low + x_low * m_high + ((x_low * m_low) >> 16) + (int32_t{1} << 14);
  return static_cast<int32_t>(2 * static_cast<uint32_t>(x_high * m_high) + static_cast<uint32_t>(middle >> 15));
}

// The same, as the core does it best.
inline int32_t doubling_high_mul(int32_t x, int32_t multiplier) {
#if defined(__ARM_FEATURE_DSP)
  if (multiplier >= int32_t{1} << 30) return doubling_high_mul_dsp(x, multiplier);
#elif __ARM_ARCH_ISA_THUMB == 1
  return doubling_high_mul_of_halves(x, multiplier);
#endif
  return doubling_high_product(x, multiplier);
}

// x * multiplier / 2^31 * 2^shift with both roundings. REQUIRES: multiplier >= 0.
inline int32_t requantize(int32_t x, int32_t multiplier, int32_t shift) {
  const int32_t left = shift > 0 ? shift : 0;
  const int32_t shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << left);
  return rounding_divide_by_power_of_two(doubling_high_mul(shifted, multiplier), left - shift);
}

// The shift from which on requantize_wide() is not defined.
constexpr int32_t kWideShiftEnd = 8;

// x * multiplier / 2^31 * 2^shift for sums of 64 bits, with the multiplier rounded to 15 bits: TFLite's
// MultiplyByQuantizedMultiplier for int64_t. To nearest, ties towards plus infinity; wraps.
// REQUIRES: multiplier >= 0, shift < kWideShiftEnd.
inline int32_t requantize_wide(int64_t x, int32_t multiplier, int32_t shift) {
  const int32_t reduced = multiplier < 0x7FFF0000 ? (multiplier + (int32_t{1} << 15)) >> 16 : 0x7FFF;
  const int32_t down = 15 - shift;
  const uint64_t product = static_cast<uint64_t>(x) * static_cast<uint64_t>(reduced) + (uint64_t{1} << (down - 1));
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(static_cast<int64_t>(product) >> down)));
}

// The same as requantize() for most multipliers, without a choice to make. REQUIRES: multiplier >= 2^30, shift < 0.
inline int32_t requantize_down(int32_t x, int32_t multiplier, int32_t shift) {
#if defined(__ARM_FEATURE_DSP)
  const int32_t high = doubling_high_mul_dsp(x, multiplier);
#else
  const int32_t high = doubling_high_mul(x, multiplier);
#endif
  const int32_t y = high + (high >> 31);
  return ((y >> (-shift - 1)) + 1) >> 1;
}

// That plus a zero point, within the range of int8. REQUIRES: as above, -128 <= zero_point <= 127.
inline int32_t requantize_to_int8(int32_t x, int32_t multiplier, int32_t shift, int32_t zero_point) {
#if defined(__ARM_FEATURE_DSP)
  const int32_t high = doubling_high_mul_dsp(x, multiplier);
  return half_to_int8_dsp(((high + (high >> 31)) >> (-shift - 1)) + (2 * zero_point + 1));
#else
  return clamp(requantize_down(x, multiplier, shift) + zero_point, -128, 127);
#endif
}

// A non-negative number m * 2^exponent.
struct Real {
  uint64_t mantissa;
  int32_t exponent;
};

inline int32_t bit_length(uint64_t m) {
  uint32_t part = static_cast<uint32_t>(m >> 32);
  int32_t n = part != 0 ? 32 : 0;
  if (part == 0) part = static_cast<uint32_t>(m);
  for (; part > 0xFF; part >>= 8) n += 8;
  for (; part != 0; part >>= 1) ++n;
  return n;
}

// REQUIRES: bits of a float that is not negative and finite.
inline Real real_from_float_bits(uint32_t bits) {
  const uint32_t fraction = bits & 0x7FFFFF;
  const int32_t exponent = static_cast<int32_t>(bits >> 23);
  return exponent == 0 ? Real{fraction, -149} : Real{fraction | 0x800000, exponent - 150};
}

// IEEE 754 formats as rounding targets.
struct RealFormat {
  int32_t bits;            // of the mantissa
  int32_t least_exponent;  // of its last bit
};
constexpr RealFormat kFloat = {24, -149};
constexpr RealFormat kDouble = {53, -1074};

// Round to nearest, ties to even; `sticky`: the number is a little larger than `value`, by less than its last bit.
inline Real round_real(Real value, bool sticky, RealFormat format) {
  int32_t drop = bit_length(value.mantissa) - format.bits;
  if (drop < format.least_exponent - value.exponent) drop = format.least_exponent - value.exponent;
  if (drop <= 0) return value;
  if (drop > 63) return Real{0, 0};
  const uint64_t dropped = value.mantissa & ((uint64_t{1} << drop) - 1);
  const uint64_t half = uint64_t{1} << (drop - 1);
  uint64_t kept = value.mantissa >> drop;
  if (dropped > half || (dropped == half && (sticky || (kept & 1) != 0))) ++kept;
  return Real{kept, value.exponent + drop};
}

// Exact. REQUIRES: mantissas of at most 32 bits.
inline Real multiply(Real a, Real b) {
  return Real{a.mantissa * b.mantissa, a.exponent + b.exponent};
}

// a / b rounded to `format`. REQUIRES: a.mantissa below 2^53, b.mantissa not 0 and of at most 31 bits.
inline Real divide(Real a, Real b, RealFormat format) {
  if (a.mantissa == 0) return Real{0, 0};
  const uint32_t divisor = static_cast<uint32_t>(b.mantissa);
  uint64_t quotient = 0;
  uint32_t remainder = 0;
  int32_t next = bit_length(a.mantissa);  // numerator bits still to bring down; negative: zeros after the point
  while (next > 0 || (quotient >> (format.bits + 1)) == 0) {
    --next;
    remainder = (remainder << 1) | (next >= 0 ? static_cast<uint32_t>(a.mantissa >> next) & 1 : 0);
    quotient <<= 1;
    if (remainder >= divisor) {
      remainder -= divisor;
      quotient |= 1;
    }
  }
  return round_real(Real{quotient, a.exponent - b.exponent + next}, remainder != 0, format);
}

// The square root of a float, rounded to a float. REQUIRES: a mantissa of at most 24 bits.
inline Real square_root_of_float(Real a) {
  if (a.mantissa == 0) return Real{0, 0};
  while (a.mantissa >> 50 == 0 || (a.exponent & 1) != 0) {
    a.mantissa <<= 1;
    --a.exponent;
  }
  uint64_t root = 0;
  for (uint64_t bit = uint64_t{1} << 25; bit != 0; bit >>= 1)
    if ((root | bit) * (root | bit) <= a.mantissa) root |= bit;
  return round_real(Real{root, a.exponent / 2}, root * root != a.mantissa, kFloat);
}

// REQUIRES: rounded to kFloat, not too large for one.
inline uint32_t float_bits_of(Real a) {
  if (a.mantissa == 0) return 0;
  while (a.mantissa < 0x800000 && a.exponent > -149) {
    a.mantissa <<= 1;
    --a.exponent;
  }
  if (a.mantissa < 0x800000) return static_cast<uint32_t>(a.mantissa);
  for (; a.mantissa > 0xFFFFFF; a.mantissa >>= 1) ++a.exponent;
  return static_cast<uint32_t>(a.exponent + 150) << 23 | (static_cast<uint32_t>(a.mantissa) & 0x7FFFFF);
}

// QuantizeMultiplier. False: the number is 2^30 or more, which requantize() cannot apply.
inline bool quantize_multiplier(Real real, Multiplier& out) {
  out = Multiplier{0, 0};
  if (real.mantissa == 0) return true;
  const int32_t length = bit_length(real.mantissa);
  int32_t shift = real.exponent + length;
  uint64_t fixed =
      length > 31 ? (real.mantissa + (uint64_t{1} << (length - 32))) >> (length - 31) : real.mantissa << (31 - length);
  if (fixed >> 31 != 0) {
    fixed >>= 1;
    ++shift;
  }
  if (shift < -31) return true;  // flushed to zero, as the reference does
  out.multiplier = static_cast<int32_t>(fixed);
  out.shift = shift;
  return shift <= 30;
}

// A number above 0 as mantissa * 2^exponent, 2^23 <= mantissa < 2^24.
struct NormalFloat {
  uint32_t mantissa;
  int32_t exponent;

  // REQUIRES: 0 < m <= 2^24.
  NormalFloat(uint32_t m, int32_t e) : mantissa(m), exponent(e) {
    for (; mantissa < 0x800000; mantissa <<= 1) --exponent;
    if (mantissa > 0xFFFFFF) mantissa >>= 1, ++exponent;
  }
  // REQUIRES: bits of a float that is positive and finite.
  explicit NormalFloat(uint32_t bits)
      : NormalFloat(bits > 0x7FFFFF ? (bits & 0x7FFFFF) | 0x800000 : bits,
                    bits > 0x7FFFFF ? static_cast<int32_t>(bits >> 23) - 150 : -149) {}
};

constexpr uint32_t kFloatOne = 0x3F800000;

// QuantizeMultiplier of doubles input * weights / output, many of them with the same input and output.
// TFLite rounds the quotient to the 53 bits of a double, ties to even, then to 31 bits, ties away from zero. That lifts
// a fraction of 1/2 - 2^-23 of the last bit or more. The weights times 64 bits of input / output give 31 bits and a
// fraction that is at most 2^-31 too small. A multiple of 1 / output, it follows from that exactly.
class ChannelMultiplier {
 public:
  ChannelMultiplier(NormalFloat input, NormalFloat output)
      : output_(output.mantissa), exponent_(input.exponent - output.exponent + 24) {
    uint32_t rest = input.mantissa;
    if (rest < output_) rest <<= 1, --exponent_;
    rest <<= 7;
    for (int32_t i = 0; i < 8; ++i) {  // eight bits at a time
      const uint32_t digit = rest / output_;
      rest = (rest - digit * output_) << 8;
      high_ = high_ << 8 | low_ >> 24;
      low_ = low_ << 8 | digit;
    }
  }
  // REQUIRES: bits of floats that are positive and finite.
  ChannelMultiplier(uint32_t input, uint32_t output) : ChannelMultiplier(NormalFloat(input), NormalFloat(output)) {}

  // False: 2^30 or more, which requantize() cannot apply. REQUIRES: bits of a float that is not negative, and finite.
  bool of(uint32_t weights, Multiplier& out) const {
    out = Multiplier{0, 0};
    if (__builtin_expect(weights == 0, false)) return true;
    const NormalFloat w(weights);
    const uint32_t scale = w.mantissa << 8;
    const uint64_t product = uint64_t{scale} * high_ + (uint64_t{scale} * low_ >> 32);
    uint32_t fixed = static_cast<uint32_t>(product >> 32), fraction = static_cast<uint32_t>(product);
    int32_t shift = exponent_ + w.exponent;
    if (fixed >> 31 != 0) {
      fraction = fraction >> 1 | fixed << 31;
      fixed >>= 1;
      ++shift;
    }
    const uint32_t numerator = static_cast<uint32_t>((uint64_t{fraction} * output_ + UINT32_MAX) >> 32);
    if (2 * numerator >= output_ - (output_ >> 22)) ++fixed;
    if (fixed >> 31 != 0) {
      fixed >>= 1;
      ++shift;
    }
    if (__builtin_expect(shift >= -31, true))
      out = Multiplier{static_cast<int32_t>(fixed), shift};  // else 0, as TFLite
    return shift <= 30;
  }

 private:
  uint32_t high_ = 0, low_ = 0;  // input / output, of which one is doubled where that gives 1 to 2, times 2^63
  uint32_t output_;
  int32_t exponent_;
};

// double(input) * double(weights) / double(output): per channel. REQUIRES: as ChannelMultiplier.
inline bool multiplier_per_channel(uint32_t input, uint32_t weights, uint32_t output, Multiplier& out) {
  return ChannelMultiplier(input, output).of(weights, out);
}

// double(input) / double(output): quantize (integer to integer), relu and others of one input.
inline bool multiplier_of_ratio(uint32_t input, uint32_t output, Multiplier& out) {
  return multiplier_per_channel(input, kFloatOne, output, out);
}

// The same of two numbers. REQUIRES: mantissas of at most 24 bits, b not 0.
inline bool multiplier_of_quotient(Real a, Real b, Multiplier& out) {
  out = Multiplier{0, 0};
  if (a.mantissa == 0) return true;
  const NormalFloat input(static_cast<uint32_t>(a.mantissa), a.exponent);
  const NormalFloat output(static_cast<uint32_t>(b.mantissa), b.exponent);
  return ChannelMultiplier(input, output).of(kFloatOne, out);
}

// double(float(input * weights)) / double(output): fully connected, per tensor. False also when the float is infinity.
// REQUIRES: as ChannelMultiplier.
inline bool multiplier_per_tensor(uint32_t input, uint32_t weights, uint32_t output, Multiplier& out) {
  out = Multiplier{0, 0};
  if (weights == 0) return true;
  const NormalFloat a(input), b(weights);
  const uint64_t product = uint64_t{a.mantissa} * b.mantissa;
  const int32_t exponent = a.exponent + b.exponent;
  int32_t drop = product >> 47 != 0 ? 24 : 23;
  if (drop < -149 - exponent) drop = -149 - exponent;
  if (drop > 48) return true;  // float 0
  // To nearest, ties to even.
  const uint64_t below_half = (uint64_t{1} << (drop - 1)) - 1;
  const uint32_t rounded = static_cast<uint32_t>((product + below_half + (product >> drop & 1)) >> drop);
  if (rounded == 0) return true;
  const NormalFloat scale(rounded, exponent + drop);
  return scale.exponent <= 104 && ChannelMultiplier(scale, NormalFloat(output)).of(kFloatOne, out);
}

// To the nearest integer, ties away from zero, at most 2^30. REQUIRES: rounded to kFloat.
inline int32_t round_to_integer(Real ratio) {
  if (ratio.mantissa == 0) return 0;
  const int32_t length = bit_length(ratio.mantissa) + ratio.exponent;
  if (length > 30) return int32_t{1} << 30;
  if (length < 0) return 0;
  if (ratio.exponent >= 0) return static_cast<int32_t>(ratio.mantissa << ratio.exponent);
  return static_cast<int32_t>((ratio.mantissa + (uint64_t{1} << (-ratio.exponent - 1))) >> -ratio.exponent);
}

// round(float(value / scale)), at most 2^30: how many steps a constant is from the zero point.
// REQUIRES: bits of floats that are positive and finite.
inline int32_t steps_of(uint32_t value, uint32_t scale) {
  const NormalFloat a(value), b(scale);
  uint32_t quotient = 0, remainder = a.mantissa;  // of 25 bits behind the first, which can be 0
  for (int32_t i = 0; i < 26; ++i) {
    quotient <<= 1;
    if (remainder >= b.mantissa) {
      remainder -= b.mantissa;
      quotient |= 1;
    }
    remainder <<= 1;
  }
  // To the 24 bits of a float, to nearest, ties to even; then to an integer, ties away from zero.
  const int32_t drop = quotient >> 25 != 0 ? 2 : 1;
  const uint32_t half = uint32_t{1} << (drop - 1), tail = quotient & (2 * half - 1);
  quotient >>= drop;
  if (tail > half || (tail == half && (remainder != 0 || (quotient & 1) != 0))) ++quotient;
  const int32_t shift = 25 - drop - a.exponent + b.exponent;
  if (shift > 25) return 0;
  if (shift <= 0) return shift < -6 ? int32_t{1} << 30 : static_cast<int32_t>(quotient) << -shift;
  return static_cast<int32_t>((quotient + (uint32_t{1} << (shift - 1))) >> shift);
}

}  // namespace mote
