// Fully connected of the compiled engine: weights as device/packed_dot.h has them, the input's zero point folded into
// the bias. The same bytes as fully_connected_run().
#pragma once
#include "device/packed_dot.h"
#include "ops/fully_connected/fully_connected.h"

namespace mote {

// What becomes of a sum. kUsual: REQUIRES what requantize_to_int8() does, for every output.
template <bool kPerChannel, bool kUsual>
int8_t fully_connected_output(const FullyConnectedInt8& p, ChannelScales channels, int32_t o, int32_t sum) {
  const int32_t multiplier = kPerChannel ? channels.multipliers[o] : p.multiplier;
  const int32_t shift = kPerChannel ? channels.shifts[o] : p.shift;
  if (kUsual) return static_cast<int8_t>(requantize_to_int8(sum, multiplier, shift, p.output_offset));
  return static_cast<int8_t>(clamp(wrapping_add(requantize(sum, multiplier, shift), p.output_offset), p.low, p.high));
}

// `bias` has p.outputs numbers; `channels` is used when kPerChannel. p.input_offset is not read. Not inlined, so that
// all calls share it and the loops have all registers.
template <bool kPerChannel, bool kUsual, class Dot = PackedDot>
__attribute__((noinline)) void fully_connected_packed_run(const FullyConnectedInt8& p, ChannelScales channels,
                                                          const int8_t* input, const int8_t* packed,
                                                          const int32_t* bias, int8_t* output) {
  const FullyConnectedInt8 q = p;  // that stores of the output cannot change
  const auto finish = [&q, channels, output](int32_t i, int32_t o, int32_t sum) {
    output[i] = fully_connected_output<kPerChannel, kUsual>(q, channels, o, sum);
  };
  const int32_t n = q.inputs, grouped = q.outputs & ~(kPackedRows - 1);
  int32_t first = 0;  // output of the batch
  for (int32_t b = 0; b < q.batches; ++b, input += n, first += q.outputs) {
    const int8_t* rows = packed;
    for (int32_t o = 0; o < grouped; o += kPackedRows, rows += kPackedRows * n) {
      int32_t sums[kPackedRows] = {bias[o], bias[o + 1], bias[o + 2], bias[o + 3]};
      packed_dot<Dot>(input, rows, n, sums);
      finish(first + o, o, sums[0]);
      finish(first + o + 1, o + 1, sums[1]);
      finish(first + o + 2, o + 2, sums[2]);
      finish(first + o + 3, o + 3, sums[3]);
    }
    for (int32_t o = grouped; o < q.outputs; ++o, rows += n)
      finish(first + o, o, wrapping_add(bias[o], Dot::row(input, rows, n)));
  }
}

}  // namespace mote
