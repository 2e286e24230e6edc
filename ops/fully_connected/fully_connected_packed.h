// Fully connected of the compiled engine: weights as device/packed_dot.h has them, the input's zero point folded into
// the bias. The same bytes as fully_connected_run().
#pragma once
#include "device/packed_dot.h"
#include "ops/fully_connected/fully_connected.h"

namespace mote {

// `bias` has p.outputs numbers; `channels` is used when kPerChannel. p.input_offset is not read.
template <bool kPerChannel, class Dot = PackedDot>
void fully_connected_packed_run(const FullyConnectedInt8& p, ChannelScales channels, const int8_t* input,
                                const int8_t* packed, const int32_t* bias, int8_t* output) {
  constexpr int32_t kChunk = 16;  // outputs whose sums are on the stack at a time; whole groups of rows
  int32_t sums[kChunk];
  for (int32_t b = 0; b < p.batches; ++b, input += p.inputs, output += p.outputs) {
    for (int32_t first = 0; first < p.outputs; first += kChunk) {
      const int32_t count = p.outputs - first < kChunk ? p.outputs - first : kChunk;
      for (int32_t i = 0; i < count; ++i) sums[i] = bias[first + i];
      packed_dot<Dot>(input, packed + first * p.inputs, p.inputs, count, sums);
      const ChannelScales chunk = {channels.multipliers + (kPerChannel ? first : 0),
                                   channels.shifts + (kPerChannel ? first : 0)};
      fully_connected_finish<kPerChannel>(p, chunk, nullptr, count, sums, output + first);
    }
  }
}

}  // namespace mote
