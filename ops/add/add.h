// Sum of two inputs whose shapes broadcast, with a fused activation. Integers: device/scaled_sum.h. Source: TFLite
// kernels/internal/reference/add.h, micro/kernels/add_common.cc.
#pragma once
#include "device/activation.h"
#include "device/broadcast.h"
#include "device/scaled_sum.h"
#if defined(__ARM_FEATURE_MVE)
#include "ops/add/add_mve.h"
#endif

namespace mote {

constexpr int32_t kAddCode = 0;

struct AddAttributes {
  Activation activation = Activation::none;
  bool pot_scale_int16 = true;  // what TFLite Micro's int16 form pays no heed to
};

template <class V>
void visit(V& v, AddAttributes& a) {
  v.field(0, "fused_activation_function", a.activation);
  v.field(1, "pot_scale_int16", a.pot_scale_int16);
}

struct AddInt8 {
  using Stored = int8_t;
  int32_t groups;
  ScaledSum sum;

  int8_t operator()(int8_t a, int8_t b) const { return scaled_sum(sum, a, b, 1); }
};

struct AddInt16 {
  using Stored = int16_t;
  int32_t groups;
  ScaledSumOf<int16_t> sum;

  int16_t operator()(int16_t a, int16_t b) const { return scaled_sum(sum, a, b, 1); }
};

struct AddFloat32 {
  using Stored = float;
  int32_t groups;
  float low, high;

  float operator()(float a, float b) const {
    const float sum = a + b;
    return sum < low ? low : sum > high ? high : sum;
  }
};

// The usual sum, of two tensors of one shape and unlike scales. The larger scale is half of the common one, exactly, so
// that `larger` needs no rounding. Not inlined: on its own the loop keeps its constants in registers.
__attribute__((noinline)) inline void add_usual(const ScaledSum& p, const int8_t* larger, int32_t zero_larger,
                                                const int8_t* smaller, int32_t zero_smaller, const Multiplier& scale,
                                                int32_t count, int8_t* output) {
#if defined(__ARM_FEATURE_MVE)
  add_usual_mve(p, larger, zero_larger, smaller, zero_smaller, scale, count, output);
#else
  const int32_t multiplier = scale.multiplier, shift = scale.shift, zero = p.zero_output, low = p.low, high = p.high;
  const Multiplier out = p.output;
  for (const int8_t* const end = larger + count; larger != end;) {
    const int32_t x = (*larger++ - zero_larger) * (int32_t{1} << (kScaledSumShift - 1));
    const int32_t y = (*smaller++ - zero_smaller) * (int32_t{1} << kScaledSumShift);
    const int32_t sum = requantize_down(x + requantize_down(y, multiplier, shift), out.multiplier, out.shift);
    *output++ = static_cast<int8_t>(clamp(sum + zero, low, high));
  }
#endif
}

// Chosen before the form for all operators of two inputs.
inline void binary_run(const AddInt8& p, const StepGroup* groups, const int8_t* a, const int8_t* b, int8_t* output) {
  const ScaledSum& sum = p.sum;
  const bool flat = p.groups == 1 && groups[0].step_a == 1 && groups[0].step_b == 1 && sum.output.shift < 0;
  if (flat && sum.a.shift == 0 && sum.b.shift < 0) {
    add_usual(sum, a, sum.zero_a, b, sum.zero_b, sum.b, groups[0].size, output);
  } else if (flat && sum.b.shift == 0 && sum.a.shift < 0) {
    add_usual(sum, b, sum.zero_b, a, sum.zero_a, sum.a, groups[0].size, output);
  } else {
    binary_run<AddInt8>(p, groups, a, b, output);
  }
}

inline Status binary_setup(const AddAttributes& attributes, const TensorInfo& a, const TensorInfo& b,
                           const TensorInfo& output, AddInt8& p) {
  return scaled_sum_setup(attributes.activation, a, b, output, p.sum);
}

inline Status binary_setup(const AddAttributes& attributes, const TensorInfo& a, const TensorInfo& b,
                           const TensorInfo& output, AddInt16& p) {
  return scaled_sum_setup(attributes.activation, a, b, output, p.sum);
}

inline Status binary_setup(const AddAttributes& attributes, const TensorInfo&, const TensorInfo&, const TensorInfo&,
                           AddFloat32& p) {
  if (!is_clamping(attributes.activation)) return Status::unsupported_option;
  const FloatRange range = float_activation_range(attributes.activation);
  p.low = range.low;
  p.high = range.high;
  return Status::ok;
}

using AddInt32 = BinaryInt32<wrapping_add>;

constexpr Kernel add_int8 = binary_kernel<AddAttributes, AddInt8>(kAddCode);
constexpr Kernel add_int16 = binary_kernel<AddAttributes, AddInt16>(kAddCode);
constexpr Kernel add_int32 = binary_kernel<AddAttributes, AddInt32>(kAddCode);
constexpr Kernel add_float32 = binary_kernel<AddAttributes, AddFloat32>(kAddCode);

}  // namespace mote
