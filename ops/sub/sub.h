// Difference with a fused activation; shapes broadcast. Integers: device/scaled_sum.h.
#pragma once
#include "device/broadcast.h"
#include "device/scaled_sum.h"

namespace mote {

constexpr int32_t kSubCode = 41;

struct SubAttributes {
  Activation activation = Activation::none;
  bool pot_scale_int16 = true;  // what TFLite Micro's int16 form pays no heed to
};

template <class V>
void visit(V& v, SubAttributes& a) {
  v.field(0, "fused_activation_function", a.activation);
  v.field(1, "pot_scale_int16", a.pot_scale_int16);
}

struct SubInt8 {
  using Stored = int8_t;
  int32_t groups;
  ScaledSum sum;

  int8_t operator()(int8_t a, int8_t b) const { return scaled_sum(sum, a, b, -1); }
};

inline Status binary_setup(const SubAttributes& attributes, const TensorInfo& a, const TensorInfo& b,
                           const TensorInfo& output, SubInt8& p) {
  return scaled_sum_setup(attributes.activation, a, b, output, p.sum);
}

struct SubInt16 {
  using Stored = int16_t;
  int32_t groups;
  ScaledSumOf<int16_t> sum;

  int16_t operator()(int16_t a, int16_t b) const { return scaled_sum(sum, a, b, -1); }
};

inline Status binary_setup(const SubAttributes& attributes, const TensorInfo& a, const TensorInfo& b,
                           const TensorInfo& output, SubInt16& p) {
  return scaled_sum_setup(attributes.activation, a, b, output, p.sum);
}

struct SubFloat32 {
  using Stored = float;
  int32_t groups;
  float low, high;

  float operator()(float a, float b) const {
    const float y = a - b;
    return y < low ? low : y > high ? high : y;
  }
};

inline Status binary_setup(const SubAttributes& attributes, const TensorInfo&, const TensorInfo&, const TensorInfo&,
                           SubFloat32& p) {
  if (!is_clamping(attributes.activation)) return Status::unsupported_option;
  const FloatRange range = float_activation_range(attributes.activation);
  p.low = range.low;
  p.high = range.high;
  return Status::ok;
}

inline int32_t wrapping_sub(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}
using SubInt32 = BinaryInt32<wrapping_sub>;

constexpr Kernel sub_int8 = binary_kernel<SubAttributes, SubInt8>(kSubCode);
constexpr Kernel sub_int16 = binary_kernel<SubAttributes, SubInt16>(kSubCode);
constexpr Kernel sub_int32 = binary_kernel<SubAttributes, SubInt32>(kSubCode);
constexpr Kernel sub_float32 = binary_kernel<SubAttributes, SubFloat32>(kSubCode);

}  // namespace mote
