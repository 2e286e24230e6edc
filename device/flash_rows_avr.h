// The primitives of device/flash_rows.h for an AVR with multiplier: products in r1:r0, sums of 24 bits.
#pragma once
#include "device/program_memory.h"

namespace mote {

#if defined(__AVR_HAVE_ELPM__)
#define MOTE_FETCH_NEXT "elpm"
#else
#define MOTE_FETCH_NEXT "lpm"
#endif

// One input as u in %[x], and its product with the next weight added to a sum, whose fourth byte stays 0.
#define MOTE_NEXT_INPUT "ld %[x], %a[input]+\n\tsubi %[x], 128\n\t"
#define MOTE_ADD_PRODUCT(sum)                                                                                      \
  MOTE_FETCH_NEXT " %[w], Z+\n\tmul %[x], %[w]\n\tadd %A" sum ", r0\n\tadc %B" sum ", r1\n\tadc %C" sum ", %D" sum \
                  "\n\t"
#define MOTE_COLUMN \
  MOTE_NEXT_INPUT MOTE_ADD_PRODUCT("[s0]") MOTE_ADD_PRODUCT("[s1]") MOTE_ADD_PRODUCT("[s2]") MOTE_ADD_PRODUCT("[s3]")

struct AvrFlashDot {
  __attribute__((noinline)) static void four(const int8_t* input, FlashAddress weights, uint16_t n, uint32_t* sums) {
    begin(weights);
    uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    uint16_t z = static_cast<uint16_t>(weights);
    uint8_t pairs = static_cast<uint8_t>(n >> 1), x, w;
    if (pairs != 0)
      __asm__ volatile("1:\t" MOTE_COLUMN MOTE_COLUMN "dec %[pairs]\n\tbrne 1b\n\tclr r1"
                       : [x] "=&d"(x), [w] "=&r"(w), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3),
                         [pairs] "+r"(pairs), [input] "+e"(input), "+z"(z)
                       :
                       : "memory");
    if ((n & 1) != 0)
      __asm__ volatile(
          MOTE_COLUMN "clr r1"
          : [x] "=&d"(x), [w] "=&r"(w), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [input] "+e"(input),
            "+z"(z)
          :
          : "memory");
    sums[0] += s0;
    sums[1] += s1;
    sums[2] += s2;
    sums[3] += s3;
  }

  __attribute__((noinline)) static uint32_t one(const int8_t* input, FlashAddress weights, uint16_t n) {
    begin(weights);
    uint32_t sum = 0;
    uint16_t z = static_cast<uint16_t>(weights);
    uint8_t left = static_cast<uint8_t>(n), x, w;  // 0 stands for 256
    __asm__ volatile("1:\t" MOTE_NEXT_INPUT MOTE_ADD_PRODUCT("[sum]") "dec %[left]\n\tbrne 1b\n\tclr r1"
                     : [x] "=&d"(x), [w] "=&r"(w), [sum] "+r"(sum), [left] "+r"(left), [input] "+e"(input), "+z"(z)
                     :
                     : "memory");
    return sum;
  }

 private:
  // The part of an address that Z does not take goes to RAMPZ, which counts on with it.
  static void begin(FlashAddress weights) {
#if defined(__AVR_HAVE_ELPM__)
    __asm__ volatile("out %1, %C0" : : "r"(weights), "I"(0x3b));
#else
    (void)weights;
#endif
  }
};

}  // namespace mote
