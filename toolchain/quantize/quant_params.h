// Arithmetic of affine quantization: from real ranges to scale and zero point, and from reals to integers.
#pragma once
#include <cstdint>
#include <span>

namespace mote {

inline constexpr int32_t kInt8Min = -128, kInt8Max = 127;
inline constexpr int32_t kWeightMax = 127;  // weights use [-127, 127], so that negating one cannot overflow

struct ScaleZero {
  float scale = 1.0f;
  int32_t zero_point = 0;
};

// Asymmetric int8 for [low, high], widened to contain zero, with the zero point nudged to the integer that moves the
// range least, as TensorFlow Lite does (ChooseQuantizationParams in kernels/internal/quantization_util.h).
// A range of no extent (a tensor that is always zero) gets scale 1 and zero point 0.
ScaleZero asymmetric_int8(float low, float high);

// Symmetric scale for values of magnitude up to `largest`; 0 when `largest` is 0.
float symmetric_scale(float largest, int32_t quantized_max);

// round(value / scale) + zero_point, half away from zero, saturated to int8. The division is in float, as in TFLite's
// reference QUANTIZE, so that host and device agree on ties. NaN becomes the zero point.
int8_t quantize_int8(float value, float scale, int32_t zero_point);

// round(weight / scale), half away from zero, in [-kWeightMax, kWeightMax].
int8_t round_weight(double weight, double scale);

inline float dequantize(int32_t stored, float scale, int32_t zero_point) {
  return scale * static_cast<float>(stored - zero_point);
}

}  // namespace mote
