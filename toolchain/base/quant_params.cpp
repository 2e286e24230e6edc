#include "toolchain/base/quant_params.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mote {
namespace {

// Below this extent scales would leave the range that int32 multipliers can express; such a tensor carries no
// information.
constexpr double kSmallestExtent = 1e-30;

// Largest magnitude of each group of channels, one group for each of `largest`.
void largest_weights(std::span<const float> weights, const ChannelLayout& layout, std::span<float> largest) {
  std::ranges::fill(largest, 0.0f);
  const float* weight = weights.data();
  for (int64_t outer = 0; outer < layout.outer; ++outer)
    for (int64_t channel = 0; channel < layout.channels; ++channel) {
      float& seen = largest[largest.size() == 1 ? 0 : static_cast<size_t>(channel)];
      for (int64_t i = 0; i < layout.inner; ++i) seen = std::max(seen, std::fabs(*weight++));
    }
}

}  // namespace

ChannelLayout::ChannelLayout(const Shape& shape, int32_t axis) {
  if (axis >= shape.rank) {
    inner = shape.elements();
    return;
  }
  channels = shape[axis];
  for (int32_t i = 0; i < axis; ++i) outer *= shape[i];
  for (int32_t i = axis + 1; i < shape.rank; ++i) inner *= shape[i];
}

void weight_scales(std::span<const float> weights, const ChannelLayout& layout, std::span<const float> bias,
                   float input_scale, std::span<float> scales, std::vector<RaisedScale>* raised) {
  largest_weights(weights, layout, scales);
  // The int32 accumulator holds the bias and up to 255 x 127 for every weight of a channel.
  const int64_t products =
      static_cast<int64_t>(weights.size()) / std::max<int64_t>(layout.channels, 1) * 255 * kWeightMax;
  const double room = static_cast<double>(std::max<int64_t>(std::numeric_limits<int32_t>::max() - products, 1 << 30));
  float largest_bias = 0;
  for (const float value : bias) largest_bias = std::max(largest_bias, std::fabs(value));
  for (size_t i = 0; i < scales.size(); ++i) {
    const float own_bias = scales.size() == 1 || bias.empty() ? largest_bias : std::fabs(bias[i]);
    const double least = double{own_bias} / (double{input_scale} * room);
    const float natural = symmetric_scale(scales[i], kWeightMax);
    scales[i] = natural;
    if (natural == 0) {  // all weights zero: any scale does for them, so choose one that gives the bias 20 bits
      scales[i] = own_bias > 0 ? static_cast<float>(double{own_bias} / (double{input_scale} * (1 << 20))) : 1.0f;
    } else if (natural < least) {
      scales[i] = std::nextafter(static_cast<float>(least), std::numeric_limits<float>::infinity());
      if (raised != nullptr) raised->push_back({own_bias, natural, scales[i]});
    }
  }
}

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

ScaleZero symmetric_int16(float low, float high) {
  const float scale = symmetric_scale(std::max(-low, high), kInt16Max);
  return {scale > 0 ? scale : 1.0f, 0};
}

int16_t quantize_int16(float value, float scale) {
  const float steps = std::round(value / scale);
  return std::isnan(steps) ? int16_t{0} : static_cast<int16_t>(std::clamp(steps, -32768.0f, 32767.0f));
}

float symmetric_scale(float largest, int32_t quantized_max) {
  return largest < kSmallestExtent ? 0.0f : largest / static_cast<float>(quantized_max);
}

int8_t quantize_int8(float value, float scale, int32_t zero_point) {
  const float steps = std::round(value / scale);
  if (std::isnan(steps)) return static_cast<int8_t>(zero_point);
  const float clamped = std::clamp(steps, -512.0f, 512.0f);  // wider than any int8 result, narrow enough for int32
  return static_cast<int8_t>(std::clamp(static_cast<int32_t>(clamped) + zero_point, kInt8Min, kInt8Max));
}

}  // namespace mote
