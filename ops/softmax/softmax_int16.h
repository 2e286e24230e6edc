// Softmax of int16, zero points 0, output scale 1/32768: TFLite's algorithm with two tables of 513 entries, of exp on
// [-10, 0] and of 1 / (1 + x) on [0, 1], interpolated. Source: TFLite kernels/internal/reference/softmax.h
// (SoftmaxInt16), kernels/internal/common.h (LUTPopulateInt16, LUTLookup), micro/kernels/softmax_common.cc.
#pragma once
#include "device/program_memory.h"
#include "ops/softmax/softmax.h"

namespace mote {

// A function at 513 equally spaced places, in Q0.15, each lowered by half of what a straight line to the next is too
// high in the middle.
class SoftmaxTable {
 public:
  // At `x` of -32768 .. 32767 over the whole range. `entries`: MOTE_FLASH_ARRAY of a table's.
  template <class Entries>
  static int16_t look_up(const Entries& entries, int32_t x) {
    const int32_t i = 256 + (x >> 7), base = entries[i], slope = entries[i + 1] - base;
    return static_cast<int16_t>(base + ((slope * (x & 127) + 64) >> 7));
  }

  static constexpr int32_t kSteps = 512;
  int16_t entries[kSteps + 1] = {};

 protected:
  // Arguments in Q15.40: here, half a step and a step further. Rounded as floats are, which decides some ties.
  static constexpr int16_t entry(uint64_t here, uint64_t middle, uint64_t next) {
    const auto sample = static_cast<int32_t>((as_float(here) + kHalf) >> 40);
    const uint64_t ends = as_float(as_float(next) + (static_cast<uint64_t>(sample) << 40));
    const auto line = static_cast<int32_t>((ends + 2 * kHalf) >> 41);
    const int32_t error = line - static_cast<int32_t>((as_float(middle) + kHalf) >> 40);
    return saturated(sample - (error >= 0 ? (error + 1) / 2 : (error - 1) / 2));  // to nearest, ties away from zero
  }
  static constexpr int16_t saturated(int32_t x) { return static_cast<int16_t>(x > 32767 ? 32767 : x); }

 private:
  // To 24 bits, to nearest, ties to even.
  static constexpr uint64_t as_float(uint64_t x) {
    int32_t drop = 0;
    while (x >> drop >> 24 != 0) ++drop;
    if (drop == 0) return x;
    const uint64_t half = uint64_t{1} << (drop - 1), kept = x >> drop, rest = x & (2 * half - 1);
    return (kept + (rest > half || (rest == half && (kept & 1) != 0) ? 1 : 0)) << drop;
  }

  static constexpr uint64_t kHalf = uint64_t{1} << 39;
};

class SoftmaxExpTable : public SoftmaxTable {
 public:
  constexpr SoftmaxExpTable() {
    constexpr uint64_t kHalfStep = 0xFD831D66F5300159u;  // exp(-10/1024) in Q0.64
    uint64_t next = UINT64_MAX;
    entries[kSteps] = 32767;
    for (int32_t i = kSteps - 1; i >= 0; --i) {
      const uint64_t middle = times(next, kHalfStep), here = times(middle, kHalfStep);
      entries[i] = entry(here >> 9, middle >> 9, next >> 9);
      next = here;
    }
  }

 private:
  // In Q0.64.
  static constexpr uint64_t times(uint64_t a, uint64_t b) {
    return (a >> 32) * (b >> 32) + ((a >> 32) * (b & UINT32_MAX) >> 32) + ((a & UINT32_MAX) * (b >> 32) >> 32);
  }
};

class SoftmaxReciprocalTable : public SoftmaxTable {
 public:
  constexpr SoftmaxReciprocalTable() {
    for (int32_t i = 0; i < kSteps; ++i) entries[i] = entry(at(2 * i), at(2 * i + 1), at(2 * i + 2));
    entries[kSteps] = 16384;
  }

 private:
  // 1 / (1 + half_steps / 1024) in Q15.40.
  static constexpr uint64_t at(int32_t half_steps) {
    constexpr uint64_t kNumerator = uint64_t{1} << 63;
    const auto divisor = static_cast<uint64_t>(1024 + half_steps);
    return (kNumerator / divisor << 2) + (kNumerator % divisor << 2) / divisor;
  }
};

MOTE_IN_FLASH("softmax_exp") constexpr SoftmaxExpTable kSoftmaxExpTable;
MOTE_IN_FLASH("softmax_reciprocal") constexpr SoftmaxReciprocalTable kSoftmaxReciprocalTable;

struct SoftmaxInt16 {
  int32_t rows, depth;
  Multiplier scale;  // of differences, so that -65535 is -10
};

inline int16_t softmax_exp(const SoftmaxInt16& p, int32_t difference) {
  const int32_t scaled = requantize(difference, p.scale.multiplier, p.scale.shift);
  return SoftmaxTable::look_up(MOTE_FLASH_ARRAY(kSoftmaxExpTable.entries),
                               clamp(wrapping_add(scaled, 32767), -32768, 32767));
}

inline void softmax_row(const SoftmaxInt16& p, const int16_t* input, int16_t* output) {
  int32_t most = -32768;
  for (int32_t i = 0; i < p.depth; ++i)
    if (input[i] > most) most = input[i];
  uint32_t sum = 0;  // Q16.15
  for (int32_t i = 0; i < p.depth; ++i) {
    output[i] = softmax_exp(p, int32_t{input[i]} - most);
    sum += static_cast<uint32_t>(output[i]);
  }
  // sum = (1 + fraction) * 2^(31 - zeros)
  int32_t zeros = 0;
  while ((sum << zeros & 0x80000000u) == 0) ++zeros;
  const int32_t shifted = static_cast<int32_t>(((uint64_t{sum} << (zeros - 1)) + (1 << 13)) >> 14);
  const int32_t reciprocal = SoftmaxTable::look_up(MOTE_FLASH_ARRAY(kSoftmaxReciprocalTable.entries),
                                                   clamp(shifted - (int32_t{3} << 15), -32768, 32767));
  const int32_t down = 31 - zeros;
  for (int32_t i = 0; i < p.depth; ++i) {
    const int64_t share = (int64_t{output[i]} * reciprocal + (int64_t{1} << (down - 1))) >> down;
    output[i] = static_cast<int16_t>(clamp(static_cast<int32_t>(share), 0, 32767));
  }
}

// May run in place.
inline void softmax_run(const SoftmaxInt16& p, const int16_t* input, int16_t* output) {
  for (int32_t r = 0; r < p.rows; ++r, input += p.depth, output += p.depth) softmax_row(p, input, output);
}

// beta * scale / (10.0 / 65535.0) as doubles. False: too large.
inline bool softmax_int16_multiplier(uint32_t beta, uint32_t scale, Multiplier& multiplier) {
  constexpr Real kDivisor = {5629585434869780, -65};  // the double 10.0 / 65535.0
  const Real product = multiply(real_from_float_bits(beta), real_from_float_bits(scale));
  uint64_t quotient = 0, remainder = 0;
  int32_t next = bit_length(product.mantissa);  // bits still to bring down; negative: zeros after the point
  while (next > 0 || quotient >> (kDouble.bits + 1) == 0) {
    --next;
    remainder = remainder << 1 | (next >= 0 ? product.mantissa >> next & 1 : 0);
    quotient <<= 1;
    if (remainder < kDivisor.mantissa) continue;
    remainder -= kDivisor.mantissa;
    quotient |= 1;
  }
  const Real value = {quotient, product.exponent - kDivisor.exponent + next};
  return quantize_multiplier(round_real(value, remainder != 0, kDouble), multiplier);
}

inline Status softmax_setup(const SoftmaxAttributes& a, const TensorInfo& input, const TensorInfo& output,
                            SoftmaxInt16& p) {
  const Status sizes = softmax_sizes(a, input, output, p);
  if (sizes != Status::ok) return sizes;
  if (p.depth > int32_t{1} << 15) return Status::unsupported_shape;  // the sum has 16 integer bits
  if (input.type != DType::int16 || output.type != DType::int16) return Status::unsupported_type;
  constexpr uint32_t kLeast = 0x37FFBE77u, kMost = 0x380020C4u;  // 2^-15 * 0.999 and 1.001, rounded inwards
  if (!is_per_tensor(input) || !is_per_tensor(output)) return Status::bad_quantization;
  const uint32_t scale = float_bits_at(output.quantization.scales);
  const bool good = input.quantization.zero_point == 0 && output.quantization.zero_point == 0 && scale >= kLeast &&
                    scale <= kMost &&
                    softmax_int16_multiplier(float_bits(a.beta), float_bits_at(input.quantization.scales), p.scale);
  return good ? Status::ok : Status::bad_quantization;
}

constexpr Kernel softmax_int16 = {kSoftmaxCode,
                                  DType::int16,
                                  DType::int16,
                                  true,
                                  prepare_softmax<SoftmaxInt16>,
                                  invoke_softmax<SoftmaxInt16, int16_t>};

}  // namespace mote
