// The inner product of the compiled engine: one int8 input row with four packed rows of int8 weights at a time.
//
// Two weights of one column, a of an even row and b of the row after it, share 16 bits as 256 * b + a (a with its
// sign). One product with that number adds 256 * x * b + x * a; another with its low byte, read as signed, adds x * a.
// At the end b's sum is the difference divided by 256, exact as long as it fits 24 bits: kPackedBlock columns at a
// time.
//
// Layout, for rows in groups of four (r0 .. r3) and columns in chunks of four (c0 .. c3), 16 bytes a chunk:
//   (r0,r1)c0 (r0,r1)c2 | (r0,r1)c1 (r0,r1)c3 | (r2,r3)c0 (r2,r3)c2 | (r2,r3)c1 (r2,r3)c3
// which is the order that SXTB16 gives inputs in. Columns beyond the last chunk: (r0,r1) (r2,r3) each. Rows beyond the
// last group follow as they were. So packed weights take the bytes of plain ones. (b, a) = (-128, negative) has no
// 16-bit form: such weights cannot be packed.
#pragma once
#include "device/types.h"
#if defined(__ARM_FEATURE_DSP)
#include "device/packed_dot_dsp.h"
#endif

namespace mote {

constexpr int32_t kPackedRows = 4;
constexpr int32_t kPackedBlock = 512;  // |x| <= 128, |b| <= 127: 512 * 128 * 127 < 2^23

// This is the portable form; an ISA's form gives the same sums, bit for bit.
struct PortablePackedDot {
  // sums[r] += sum_i input[i] * weights[r][i] for the four rows of one group, wrapping. REQUIRES: n <= kPackedBlock.
  static void group(const int8_t* input, const int8_t* packed, int32_t n, int32_t* sums) {
    const int16_t* const pairs = reinterpret_cast<const int16_t*>(packed);
    pair(input, pairs, n, 0, sums);
    pair(input, pairs, n, 1, sums + 2);
  }

  static int32_t row(const int8_t* input, const int8_t* weights, int32_t n) {
    uint32_t sum = 0;
    for (int32_t i = 0; i < n; ++i) sum += static_cast<uint32_t>(input[i] * weights[i]);
    return static_cast<int32_t>(sum);
  }

 private:
  // Rows 2 * `which` and the one after it.
  static void pair(const int8_t* input, const int16_t* pairs, int32_t n, int32_t which, int32_t* sums) {
    uint32_t both = 0, even = 0;
    const auto add = [&both, &even](int32_t x, int32_t weights) {
      both += static_cast<uint32_t>(x * weights);
      even += static_cast<uint32_t>(x * static_cast<int8_t>(weights));
    };
    const int16_t* at = pairs + 4 * which;
    int32_t i = 0;
    for (; i + 4 <= n; i += 4, at += 8) {
      add(input[i], at[0]);
      add(input[i + 2], at[1]);
      add(input[i + 1], at[2]);
      add(input[i + 3], at[3]);
    }
    for (at += which - 4 * which; i < n; ++i, at += 2) add(input[i], *at);
    sums[0] = static_cast<int32_t>(static_cast<uint32_t>(sums[0]) + even);
    sums[1] = static_cast<int32_t>(static_cast<uint32_t>(sums[1]) +
                                   static_cast<uint32_t>(static_cast<int32_t>(both - even) >> 8));
  }
};

#if defined(__ARM_FEATURE_DSP)
using PackedDot = DspPackedDot;
#else
using PackedDot = PortablePackedDot;
#endif

// sums[r] += sum_i input[i] * weights[r][i] for the four rows of the group at `packed`, wrapping.
template <class Dot = PackedDot>
__attribute__((always_inline)) inline void packed_dot(const int8_t* input, const int8_t* packed, int32_t n,
                                                      int32_t* sums) {
  for (; n > 0; n -= kPackedBlock, input += kPackedBlock, packed += kPackedRows * kPackedBlock)
    Dot::group(input, packed, n < kPackedBlock ? n : kPackedBlock, sums);
}

}  // namespace mote
