// Arithmetic of affine quantization: from real ranges to scale and zero point, and from reals to integers.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/base/tensor_type.h"

namespace mote {

inline constexpr int32_t kInt8Min = -128, kInt8Max = 127;
inline constexpr int32_t kInt16Max = 32767;
inline constexpr int32_t kWeightMax = 127;  // weights use [-127, 127], so that negating one cannot overflow

struct ScaleZero {
  float scale = 1.0f;
  int32_t zero_point = 0;
};

// Asymmetric int8 for [low, high], widened to contain zero, with the zero point nudged to the integer that moves the
// range least, as TensorFlow Lite does (ChooseQuantizationParams in kernels/internal/quantization_util.h).
// A range of no extent (a tensor that is always zero) gets scale 1 and zero point 0.
ScaleZero asymmetric_int8(float low, float high);

// Symmetric int16, zero point 0, in [-32767, 32767].
ScaleZero symmetric_int16(float low, float high);

// Symmetric scale for values of magnitude up to `largest`; 0 when `largest` is 0.
float symmetric_scale(float largest, int32_t quantized_max);

// round(value / scale) + zero_point, half away from zero, saturated to int8. The division is in float, as in TFLite's
// reference QUANTIZE, so that host and device agree on ties. NaN becomes the zero point.
int8_t quantize_int8(float value, float scale, int32_t zero_point);

// round(value / scale), half away from zero, saturated to int16. NaN becomes 0.
int16_t quantize_int16(float value, float scale);

// round(weight / scale), half away from zero, in [-kWeightMax, kWeightMax].
inline int8_t round_weight(double weight, double scale) {
  const double steps = std::clamp(weight / scale, -double{kWeightMax}, double{kWeightMax});
  return static_cast<int8_t>(steps + (steps < 0 ? -0.5 : 0.5));
}

// Weights as [outer][channels][inner] around their channel axis; one channel when they have no such axis.
struct ChannelLayout {
  int64_t outer = 1, channels = 1, inner = 1;
  ChannelLayout(const Shape& shape, int32_t axis);
  int64_t channel_of(int64_t element) const { return element / inner % channels; }
};

// A scale that the bias makes larger than the weights need.
struct RaisedScale {
  float bias = 0, from = 0, to = 0;
};

// One scale for all weights, or one for each channel, as scales.size() says: largest magnitude / 127, but so large that
// the bias in units of `input_scale` times it fits in an int32 accumulator with the products. `bias` may be empty.
void weight_scales(std::span<const float> weights, const ChannelLayout& layout, std::span<const float> bias,
                   float input_scale, std::span<float> scales, std::vector<RaisedScale>* raised = nullptr);

inline float dequantize(int32_t stored, float scale, int32_t zero_point) {
  return scale * static_cast<float>(stored - zero_point);
}

}  // namespace mote
