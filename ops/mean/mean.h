// Mean over some dimensions. Integers: sums in int32, wrapping, scaled by one multiplier in which the number of
// elements is already divided out. Source: TFLite kernels/internal/reference/reduce.h (Mean, QuantizedMeanOrSum).
#pragma once
#include "device/reduce.h"
#include "device/requantize.h"

namespace mote {

constexpr int32_t kMeanCode = 40;

template <class T>
struct MeanOf {
  using Stored = T;
  Reduction reduction;
  Multiplier multiplier;
  int32_t zero_sum;  // input zero point x elements
  int32_t output_zero_point;

  T operator()(const T* first) const {
    const int32_t sum =
        fold(reduction.reduced, first, int32_t{0}, [](int32_t total, T x) { return wrapping_add(total, x); });
    const int32_t scaled = requantize(wrapping_add(sum, -zero_sum), multiplier.multiplier, multiplier.shift);
    return static_cast<T>(clamp(wrapping_add(scaled, output_zero_point), StoredAs<T>::kLow, StoredAs<T>::kHigh));
  }
};
using MeanInt8 = MeanOf<int8_t>;
using MeanInt16 = MeanOf<int16_t>;

struct MeanFloat32 {
  using Stored = float;
  Reduction reduction;

  float operator()(const float* first) const {
    const float sum = fold(reduction.reduced, first, 0.0f, [](float total, float x) { return total + x; });
    return sum / static_cast<float>(reduction.reduced.elements());
  }
};

template <class T>
Status reduce_setup(const TensorInfo& input, const TensorInfo& output, MeanOf<T>& p) {
  const int32_t elements = p.reduction.reduced.elements();
  if (elements > int32_t{1} << (sizeof(T) == 1 ? 23 : 15))
    return Status::unsupported_shape;  // beyond it the sum could wrap
  if (!multiplier_of_ratio(float_bits_at(input.quantization.scales), float_bits_at(output.quantization.scales),
                           p.multiplier))
    return Status::bad_quantization;
  int32_t shift = bit_length(static_cast<uint64_t>(elements)) - 1;
  if (shift > 31 + p.multiplier.shift) shift = 31 + p.multiplier.shift;
  p.multiplier.multiplier =
      static_cast<int32_t>((static_cast<uint64_t>(p.multiplier.multiplier) << shift) / static_cast<uint32_t>(elements));
  p.multiplier.shift -= shift;
  p.zero_sum = input.quantization.zero_point * elements;
  p.output_zero_point = output.quantization.zero_point;
  return Status::ok;
}

inline Status reduce_setup(const TensorInfo&, const TensorInfo&, MeanFloat32&) {
  return Status::ok;
}

constexpr Kernel mean_int8 = reduce_kernel<MeanInt8>(kMeanCode);
constexpr Kernel mean_int16 = reduce_kernel<MeanInt16>(kMeanCode);
constexpr Kernel mean_float32 = reduce_kernel<MeanFloat32>(kMeanCode);

}  // namespace mote
