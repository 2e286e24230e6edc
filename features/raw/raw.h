// Feature block "raw": sensor counts, standardised per channel, straight into the model's int8 input.
//   output = saturate(round((count - mean) / (deviation * input_scale)) + zero_point)
#pragma once
#include <stdint.h>

#include "device/program_memory.h"
#include "device/requantize.h"

namespace mote {

constexpr int32_t kRawFractionBits = 8;  // of RawChannel::offset

struct RawChannel {
  int32_t offset;      // mean in 1/256 counts: |count * 256 - offset| <= 3 * 2^23
  int32_t multiplier;  // 1 / (deviation * input_scale * 256), as requantize() takes it; shift at most 6
  int32_t shift;
};

// input, output: readings x channels, channels interleaved. `parameters`: RawChannel by index.
template <class Parameters>
inline void raw_int8(const int16_t* input, int32_t readings, int32_t channels, const Parameters& parameters,
                     int32_t zero_point, int8_t* output) {
  for (int32_t i = 0; i < readings; ++i) {
    for (int32_t c = 0; c < channels; ++c) {
      const RawChannel& channel = parameters[c];
      const int32_t distance = int32_t{*input++} * (int32_t{1} << kRawFractionBits) - channel.offset;
      *output++ =
          static_cast<int8_t>(clamp(requantize(distance, channel.multiplier, channel.shift) + zero_point, -128, 127));
    }
  }
}

}  // namespace mote
