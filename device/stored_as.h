// What the C++ types of tensor elements are called in a file, and the limits of the integers.
#pragma once
#include "device/types.h"

namespace mote {

template <class T>
struct StoredAs;
template <>
struct StoredAs<float> {
  static constexpr DType kType = DType::float32;
};
template <>
struct StoredAs<int8_t> {
  static constexpr DType kType = DType::int8;
  static constexpr int32_t kLow = -128, kHigh = 127;
};
template <>
struct StoredAs<uint8_t> {
  static constexpr DType kType = DType::uint8;
  static constexpr int32_t kLow = 0, kHigh = 255;
};
template <>
struct StoredAs<int16_t> {
  static constexpr DType kType = DType::int16;
  static constexpr int32_t kLow = -32768, kHigh = 32767;
};
template <>
struct StoredAs<int32_t> {
  static constexpr DType kType = DType::int32;
  static constexpr int32_t kLow = INT32_MIN, kHigh = INT32_MAX;
};

}  // namespace mote
