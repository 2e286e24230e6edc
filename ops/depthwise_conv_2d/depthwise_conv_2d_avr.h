// The primitive of depthwise_conv_2d_flash.h for an AVR with multiplier.
#pragma once
#include <stdint.h>

namespace mote {

template <class Portable>
struct AvrDepthwiseWindow : Portable {
  AvrDepthwiseWindow(uint8_t height, uint8_t width, int16_t to_row, int16_t to_column)
      : Portable{height, width, to_row, to_column} {}

  int32_t sum(const int8_t* plane, const int8_t* taps) const {
    if (this->column_step != 1) return Portable::sum(plane, taps);
    int32_t total = 0;
    uint8_t left = this->rows, column, sign;
    int8_t x, w;
    const int16_t skip = static_cast<int16_t>(this->row_step - this->columns);
    __asm__ volatile(
        "1:\tmov %[column], %[columns]\n"
        "2:\tld %[x], %a[plane]+\n\tld %[w], %a[taps]+\n\tmuls %[x], %[w]\n\tsbc %[sign], %[sign]\n\t"  // carry: the
                                                                                                        // product's
                                                                                                        // sign
        "add %A[total], r0\n\tadc %B[total], r1\n\tadc %C[total], %[sign]\n\tadc %D[total], %[sign]\n\t"
        "dec %[column]\n\tbrne 2b\n\tadd %A[plane], %A[skip]\n\tadc %B[plane], %B[skip]\n\tdec %[left]\n\tbrne "
        "1b\n\tclr r1"
        : [total] "+r"(total), [left] "+r"(left), [column] "=&r"(column), [sign] "=&r"(sign), [x] "=&d"(x),
          [w] "=&d"(w), [plane] "+e"(plane), [taps] "+e"(taps)
        : [columns] "r"(this->columns), [skip] "r"(skip)
        : "memory");
    return total;
  }
};

}  // namespace mote
