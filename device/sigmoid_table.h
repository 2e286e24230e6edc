// The logistic function and tanh from int16 to int16 by one table with interpolation, bit for bit those of TFLite
// (kernels/internal/reference/integer_ops/logistic.h and tanh.h).
#pragma once
#include "device/program_memory.h"
#include "device/requantize.h"
#include "device/tensor_view.h"

namespace mote {

// Entry i is 1 / (1 + exp(-i / 24)) in Q0.16, raised by half of what a straight line to the next entry falls short in
// the middle, so that the error of the interpolation goes both ways. tanh(x) = 2 logistic(2x) - 1 needs no other table.
class SigmoidTable {
 public:
  // In integers, because double has too few bits on AVR.
  constexpr SigmoidTable() {
    constexpr uint64_t kHalfStep = 0xFAB8CA671A524BE4u;  // exp(-1/48) in Q0.64
    uint64_t e = UINT64_MAX;
    for (int32_t i = 0; i < kLast; ++i) {
      const uint64_t half = times(e, kHalfStep), next = times(half, kHalfStep);
      const uint64_t here = logistic(e), middle = logistic(half), chord = (here + logistic(next)) / 2;
      entries[i] = static_cast<uint16_t>((here + (middle - chord) / 2 + (1 << 13)) >> 14);
      e = next;
    }
    entries[kLast] = 65535;
  }

  // The function at i + fraction / 2^bits, in Q0.(16 + bits). `entries`: MOTE_FLASH_ARRAY of the table's.
  // REQUIRES: i < kLast.
  template <class Entries>
  static uint32_t interpolate(const Entries& entries, uint32_t i, uint32_t fraction, uint32_t bits) {
    const uint32_t here = entries[static_cast<int32_t>(i)], next = entries[static_cast<int32_t>(i) + 1];
    return (here << bits) + fraction * (next - here);
  }

  static constexpr int32_t kLast = 255;
  uint16_t entries[kLast + 1] = {};

 private:
  // In Q0.64.
  static constexpr uint64_t times(uint64_t a, uint64_t b) {
    return (a >> 32) * (b >> 32) + ((a >> 32) * (b & UINT32_MAX) >> 32) + ((a & UINT32_MAX) * (b >> 32) >> 32);
  }
  // 65536 / (1 + e) in Q16.14.
  static constexpr uint64_t logistic(uint64_t e) { return (uint64_t{1} << 62) / ((uint64_t{1} << 32) + (e >> 32)); }
};

MOTE_IN_FLASH("sigmoid") constexpr SigmoidTable kSigmoidTable;

// In Q0.15 for x in Q19.12, times 3.
inline int16_t logistic_q15(int32_t three_x) {
  const uint32_t size = static_cast<uint32_t>(three_x < 0 ? -three_x : three_x), i = size >> 9;
  const uint32_t y = i >= static_cast<uint32_t>(SigmoidTable::kLast)
                         ? uint32_t{0x7FFF} << 10
                         : SigmoidTable::interpolate(MOTE_FLASH_ARRAY(kSigmoidTable.entries), i, size & 511, 9);
  return static_cast<int16_t>((three_x >= 0 ? y + 512 : (uint32_t{1} << 25) - y + 511) >> 10);
}

inline int16_t tanh_q15(int32_t three_x) {
  const uint32_t size = static_cast<uint32_t>(three_x < 0 ? -three_x : three_x), i = size >> 8;
  const int32_t y =
      static_cast<int32_t>(i >= static_cast<uint32_t>(SigmoidTable::kLast)
                               ? uint32_t{0xFFFF} << 8
                               : SigmoidTable::interpolate(MOTE_FLASH_ARRAY(kSigmoidTable.entries), i, size & 255, 8));
  constexpr int32_t kHalf = int32_t{1} << 23;
  return static_cast<int16_t>((three_x >= 0 ? y - kHalf + 128 : kHalf - y + 127) >> 8);
}

// How the operators LOGISTIC and TANH bring an int16 input to three_x: (x * multiplier + half) >> shift.
struct SigmoidInput {
  int32_t multiplier, shift;

  int32_t three_x(int16_t x) const {
    const int32_t half = shift > 0 ? int32_t{1} << (shift - 1) : 0;
    return (x * multiplier + half) >> shift;
  }
};

// Whether a scale is 2^-power to within a thousandth of its logarithm to base 2. REQUIRES: is_positive_finite(scale).
inline bool is_about_power_of_two(uint32_t scale, int32_t power) {
  constexpr uint32_t kDown = 0x2D69, kUp = 0x16B9;  // 2^-0.001 and 2^0.001 less 1, in bits of a float
  const uint32_t exact = static_cast<uint32_t>(127 - power) << 23;
  return scale >= exact - kDown && scale <= exact + kUp;
}

// The scale of the input times 3 * 2^12, cut off to 15 bits; exactly 3 * 2^k where the scale is about 2^(k - 12), k up
// to `most`. False: zero points that are not 0, a scale too large, or an output whose scale is not about 2^-15.
inline bool sigmoid_input_setup(const TensorInfo& input, const TensorInfo& output, int32_t most, SigmoidInput& p) {
  const uint32_t scale = float_bits_at(input.quantization.scales);
  if (input.quantization.zero_point != 0 || output.quantization.zero_point != 0 ||
      !is_about_power_of_two(float_bits_at(output.quantization.scales), 15))
    return false;
  p.shift = 0;
  for (int32_t k = 0; k <= most; ++k) {
    p.multiplier = int32_t{3} << k;
    if (is_about_power_of_two(scale, 12 - k)) return true;
  }
  Real real = real_from_float_bits(scale);
  real.mantissa *= 3;
  real.exponent += 12;
  if (bit_length(real.mantissa) + real.exponent > 15) return false;
  // Doubled as long as it stays within 32767, 31 times at most.
  const auto stays = [&](int32_t doubled) {
    const int32_t down = -(real.exponent + doubled);
    return down >= 48 || (down > 0 && real.mantissa <= uint64_t{32767} << down);
  };
  while (p.shift <= 30 && stays(p.shift + 1)) ++p.shift;
  const int32_t down = -(real.exponent + p.shift);
  p.multiplier = down < 64 ? static_cast<int32_t>(real.mantissa >> down) : 0;
  return p.multiplier > 0 && p.multiplier <= 32767;
}

}  // namespace mote
