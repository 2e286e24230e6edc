// Inner primitive of depthwise_conv_2d_packed.h for Cortex-M with the DSP extension (M4, M7, M33 and up): four channels
// of an element and of its weights are a word each, widened in halves by SXTAB16 and SXTB16.
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include ops/depthwise_conv_2d/depthwise_conv_2d_packed.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct DepthwisePixelsDsp {
  // Adds the products of four channels. Inlined, so that the sums stay in registers.
  template <class Pixel>
  __attribute__((always_inline)) static void add(const Pixel& p, const int8_t* input, const int8_t* weights,
                                                 int32_t* sums) {
    const uint32_t offsets = (static_cast<uint32_t>(p.offset) & 0xFFFFu) * 0x10001u;
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    for (int32_t rows = p.rows; rows > 0; --rows, input += p.input_row, weights += p.weights_row) {
      const int8_t *x = input, *w = weights;
      for (int32_t columns = p.columns; columns > 0; --columns, x += p.input_column, w += p.channels) {
        // In one statement, because neighbouring loads cost one cycle each, and to fold in the rotation.
        using Word = int8_t[4];
        uint32_t x02, x13, w02, w13;
        __asm__(
            "ldr %1, %4\n\tldr %3, %5\n\tsxtab16 %0, %6, %1\n\tsxtab16 %1, %6, %1, ror #8\n\tsxtb16 %2, %3\n\t"
            "sxtb16 %3, %3, ror #8"
            : "=&r"(x02), "=&r"(x13), "=&r"(w02), "=&r"(w13)
            : "m"(*reinterpret_cast<const Word*>(x)), "m"(*reinterpret_cast<const Word*>(w)), "r"(offsets));
        s0 = __smlabb(static_cast<int32_t>(x02), static_cast<int32_t>(w02), s0);
        s1 = __smlabb(static_cast<int32_t>(x13), static_cast<int32_t>(w13), s1);
        s2 = __smlatt(static_cast<int32_t>(x02), static_cast<int32_t>(w02), s2);
        s3 = __smlatt(static_cast<int32_t>(x13), static_cast<int32_t>(w13), s3);
      }
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
  }
};

}  // namespace mote
