#include "tests/conformance/stored_values.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace mote::conformance {
namespace {

template <class T>
void append(std::vector<uint8_t>& bytes, double value) {
  const T stored = static_cast<T>(value);
  const auto* raw = reinterpret_cast<const uint8_t*>(&stored);
  bytes.insert(bytes.end(), raw, raw + sizeof(T));
}

}  // namespace

IntegerRange range_of(DType type) {
  switch (type) {
    case DType::int8:
      return {-128, 127};
    case DType::uint8:
      return {0, 255};
    case DType::int16:
      return {-32768, 32767};
    case DType::boolean:
      return {0, 1};
    default:
      return {-2147483648.0, 2147483647.0};
  }
}

size_t channel_of(const TensorType& type, size_t i) {
  if (!type.quant.per_channel()) return 0;
  size_t inner = 1;
  for (int32_t d = type.quant.axis + 1; d < type.shape.rank; ++d) inner *= static_cast<size_t>(type.shape[d]);
  return i / inner % type.quant.scales.size();
}

std::vector<uint8_t> to_stored(const TensorType& type, const std::vector<float>& values) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < values.size(); ++i) {
    if (type.dtype == DType::float32) {
      append<float>(bytes, values[i]);
      continue;
    }
    const IntegerRange range = range_of(type.dtype);
    double q = values[i];
    if (type.quant.quantized()) {
      const size_t channel = channel_of(type, i);
      q = q / type.quant.scales[channel];
      q = std::round(q) + type.quant.zero_points[channel];
    }
    const double stored = std::clamp(std::round(q), range.low, range.high);
    switch (type.dtype) {
      case DType::int8:
        append<int8_t>(bytes, stored);
        break;
      case DType::uint8:
      case DType::boolean:
        append<uint8_t>(bytes, stored);
        break;
      case DType::int16:
        append<int16_t>(bytes, stored);
        break;
      case DType::int64:
        append<int64_t>(bytes, stored);
        break;
      default:
        append<int32_t>(bytes, stored);
        break;
    }
  }
  return bytes;
}

std::vector<float> to_real(const TensorType& type, std::span<const uint8_t> bytes) {
  const size_t size = static_cast<size_t>(element_bytes(type.dtype));
  std::vector<float> values(bytes.size() / size);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint8_t* at = bytes.data() + i * size;
    if (type.dtype == DType::float32) {
      std::memcpy(&values[i], at, size);
      continue;
    }
    int32_t stored = 0;
    switch (type.dtype) {
      case DType::int8:
        stored = static_cast<int8_t>(*at);
        break;
      case DType::uint8:
      case DType::boolean:
        stored = *at;
        break;
      case DType::int16:
        stored = static_cast<int16_t>(at[0] | at[1] << 8);
        break;
      case DType::int64:  // within what to_stored() gives
        std::memcpy(&stored, at, sizeof stored);
        break;
      default:
        std::memcpy(&stored, at, size);
        break;
    }
    if (!type.quant.quantized()) {
      values[i] = static_cast<float>(stored);
      continue;
    }
    const size_t channel = channel_of(type, i);
    values[i] =
        static_cast<float>(double{type.quant.scales[channel]} * (double{1} * stored - type.quant.zero_points[channel]));
  }
  return values;
}

}  // namespace mote::conformance
