// Dot products of one int8 vector with rows of weights in program memory: what the compiled engine runs on an AVR,
// where an unsigned product of two bytes is added to a sum in the fewest instructions. With u = x + 128 and v = w +
// 128,
//   sum(x * w) = sum(u * v) - 128 * sum(x) - 128 * sum(v),
// of which the last is folded into what a sum begins with, as is the zero point of x.
//
// Layout of the weights: v, of four rows a column at a time (r0 r1 r2 r3)c0 (r0 r1 r2 r3)c1 ...; rows behind the last
// group of four one by one. Of each output a record of kFlashRecordBytes: int32 what its sum begins with, int32
// multiplier, int8 shift, for requantize(); multiplier 0: a dead channel, which gives the zero point.
#pragma once
#include "device/convolution.h"
#include "device/program_memory.h"
#if defined(__AVR__)
#include "device/flash_rows_avr.h"
#endif

namespace mote {

constexpr uint8_t kFlashGroup = 4, kFlashRecordBytes = 9;
constexpr int32_t kFlashBlock = 256;  // columns at a time: 256 * 255 * 255 < 2^24

// The inner primitives. This is the portable form; an ISA's form gives the same sums, bit for bit.
struct PortableFlashDot {
  // sums[r] += sum_i (input[i] + 128) * v[i][r] for the rows of a group. REQUIRES: 0 < n <= kFlashBlock.
  static void four(const int8_t* input, FlashAddress weights, uint16_t n, uint32_t* sums) {
    for (uint16_t i = 0; i < n; ++i) {
      const uint8_t u = static_cast<uint8_t>(input[i] + 128);
      for (uint8_t r = 0; r < kFlashGroup; ++r) sums[r] += static_cast<uint32_t>(u) * fetch_byte(weights++);
    }
  }
  // The sum of one row.
  static uint32_t one(const int8_t* input, FlashAddress weights, uint16_t n) {
    uint32_t sum = 0;
    for (uint16_t i = 0; i < n; ++i)
      sum += static_cast<uint32_t>(static_cast<uint8_t>(input[i] + 128)) * fetch_byte(weights++);
    return sum;
  }
};

#if defined(__AVR__)
using FlashDot = AvrFlashDot;
#else
using FlashDot = PortableFlashDot;
#endif

inline uint16_t flash_block(uint16_t left) {
  return left < kFlashBlock ? left : static_cast<uint16_t>(kFlashBlock);
}

// The output of a sum, by its record.
inline int8_t flash_output(const Int8Output& range, FlashAddress record, uint32_t sum) {
  const int32_t total = static_cast<int32_t>(sum + fetch<uint32_t>(record));
  return range.any(total, fetch<int32_t>(record + 4), fetch<int8_t>(record + 8));
}

struct FlashRows {
  Int8Output range;
  uint16_t n, outputs;
};

// All outputs of one vector of n elements, which they must not overlap. Not inlined, so that all calls share it.
template <class Dot = FlashDot>
__attribute__((noinline)) void flash_rows_run(const FlashRows& p, FlashAddress weights, FlashAddress records,
                                              const int8_t* input, int8_t* output) {
  uint32_t inputs = 0;  // their sum
  for (uint16_t i = 0; i < p.n; ++i) inputs += static_cast<uint32_t>(int32_t{input[i]});
  const uint32_t start = 0u - (inputs << 7);
  uint16_t rows = p.outputs;
  for (; rows >= kFlashGroup; rows = static_cast<uint16_t>(rows - kFlashGroup)) {
    uint32_t sums[kFlashGroup] = {start, start, start, start};
    const int8_t* x = input;
    for (uint16_t left = p.n, block; left > 0; left = static_cast<uint16_t>(left - block), x += block) {
      block = flash_block(left);
      Dot::four(x, weights, block, sums);
      weights += kFlashGroup * block;
    }
    for (uint8_t r = 0; r < kFlashGroup; ++r, records += kFlashRecordBytes)
      *output++ = flash_output(p.range, records, sums[r]);
  }
  for (; rows > 0; --rows, records += kFlashRecordBytes) {
    uint32_t sum = start;
    const int8_t* x = input;
    for (uint16_t left = p.n, block; left > 0; left = static_cast<uint16_t>(left - block), x += block) {
      block = flash_block(left);
      sum += Dot::one(x, weights, block);
      weights += block;
    }
    *output++ = flash_output(p.range, records, sum);
  }
}

}  // namespace mote
