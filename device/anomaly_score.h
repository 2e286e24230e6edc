// How far an auto-encoder's output is from its input.
#pragma once
#include <stdint.h>

namespace mote {

// The real number that a stored int8 stands for is scale * (stored - zero_point).
struct Int8Scale {
  float scale;
  int32_t zero_point;
};

// Mean over `count` elements of the squared difference between input and output, as real numbers. The engine may
// overwrite its input: `input` is a copy made before the inference. Sums in the order of the elements.
inline float anomaly_score(const int8_t* input, Int8Scale input_scale, const int8_t* output, Int8Scale output_scale,
                           int32_t count) {
  float sum = 0;
  for (int32_t i = 0; i < count; ++i) {
    const float given = input_scale.scale * static_cast<float>(input[i] - input_scale.zero_point);
    const float returned = output_scale.scale * static_cast<float>(output[i] - output_scale.zero_point);
    sum += (given - returned) * (given - returned);
  }
  return sum / static_cast<float>(count);
}

}  // namespace mote
