#include "toolchain/quantize/quant_params.h"

#include <algorithm>
#include <cmath>

namespace mote {
namespace {

// Below this extent scales would leave the range that int32 multipliers can express; such a tensor carries no
// information.
constexpr double kSmallestExtent = 1e-30;

}  // namespace

ScaleZero asymmetric_int8(float low_seen, float high_seen) {
  const double low = std::min(0.0f, low_seen), high = std::max(0.0f, high_seen);
  if (high - low < kSmallestExtent) return {};
  const double scale = (high - low) / (kInt8Max - kInt8Min);
  // Zero can be anchored at either end of the range. In exact arithmetic both agree; take the one with less rounding.
  const double from_low = kInt8Min - low / scale, from_high = kInt8Max - high / scale;
  const double error_low = -kInt8Min - low / scale, error_high = kInt8Max + high / scale;
  const double zero = error_low < error_high ? from_low : from_high;
  return {static_cast<float>(scale),
          static_cast<int32_t>(std::clamp(std::round(zero), double{kInt8Min}, double{kInt8Max}))};
}

float symmetric_scale(float largest, int32_t quantized_max) {
  return largest < kSmallestExtent ? 0.0f : largest / static_cast<float>(quantized_max);
}

int8_t round_weight(double weight, double scale) {
  return static_cast<int8_t>(std::clamp(std::round(weight / scale), -double{kWeightMax}, double{kWeightMax}));
}

int8_t quantize_int8(float value, float scale, int32_t zero_point) {
  const float steps = std::round(value / scale);
  if (std::isnan(steps)) return static_cast<int8_t>(zero_point);
  const float clamped = std::clamp(steps, -512.0f, 512.0f);  // wider than any int8 result, narrow enough for int32
  return static_cast<int8_t>(std::clamp(static_cast<int32_t>(clamped) + zero_point, kInt8Min, kInt8Max));
}

}  // namespace mote
