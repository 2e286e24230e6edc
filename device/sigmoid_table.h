// The logistic function and tanh from int16 to int16 by one table with interpolation, bit for bit those of TFLite
// (kernels/internal/reference/integer_ops/logistic.h and tanh.h).
#pragma once
#include <stdint.h>

namespace mote {

// Entry i is 1 / (1 + exp(-i / 24)) in Q0.16, raised by half of what a straight line to the next entry falls short in
// the middle, so that the error of the interpolation goes both ways. tanh(x) = 2 logistic(2x) - 1 needs no other table.
class SigmoidTable {
 public:
  // long double: on AVR, double has too few bits.
  constexpr SigmoidTable() {
    constexpr long double kHalfStep = 0.97938218133124016325L;  // exp(-1/48)
    long double e = 1;
    for (int32_t i = 0; i < kLast; ++i, e *= kHalfStep * kHalfStep) {
      const long double here = 65536 / (1 + e), middle = 65536 / (1 + e * kHalfStep);
      const long double next = 65536 / (1 + e * kHalfStep * kHalfStep);
      entries_[i] = static_cast<uint16_t>(here + (middle - (here + next) / 2) / 2 + 0.5L);
    }
    entries_[kLast] = 65535;
  }

  // The function at i + fraction / 2^bits, in Q0.(16 + bits). REQUIRES: i < kLast.
  constexpr uint32_t interpolate(uint32_t i, uint32_t fraction, uint32_t bits) const {
    return (uint32_t{entries_[i]} << bits) + fraction * (uint32_t{entries_[i + 1]} - entries_[i]);
  }

  static constexpr int32_t kLast = 255;

 private:
  uint16_t entries_[kLast + 1] = {};
};

constexpr SigmoidTable kSigmoidTable;

// In Q0.15 for x in Q19.12, times 3.
inline int16_t logistic_int16(int32_t three_x) {
  const uint32_t size = static_cast<uint32_t>(three_x < 0 ? -three_x : three_x), i = size >> 9;
  const uint32_t y = i >= static_cast<uint32_t>(SigmoidTable::kLast) ? uint32_t{0x7FFF} << 10
                                                                     : kSigmoidTable.interpolate(i, size & 511, 9);
  return static_cast<int16_t>((three_x >= 0 ? y + 512 : (uint32_t{1} << 25) - y + 511) >> 10);
}

inline int16_t tanh_int16(int32_t three_x) {
  const uint32_t size = static_cast<uint32_t>(three_x < 0 ? -three_x : three_x), i = size >> 8;
  const int32_t y = static_cast<int32_t>(i >= static_cast<uint32_t>(SigmoidTable::kLast)
                                             ? uint32_t{0xFFFF} << 8
                                             : kSigmoidTable.interpolate(i, size & 255, 8));
  constexpr int32_t kHalf = int32_t{1} << 23;
  return static_cast<int16_t>((three_x >= 0 ? y - kHalf + 128 : kHalf - y + 127) >> 8);
}

}  // namespace mote
