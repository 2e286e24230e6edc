// Average over the part of each window that lies in the image. Integers: rounded to nearest, ties away from zero,
// without regard to the zero point, which input and output share. Source: TFLite
// kernels/internal/reference/integer_ops/pooling.h (AveragePool), kernels/internal/reference/pooling.h.
#pragma once
#include "device/pool.h"
#if defined(__ARM_FEATURE_MVE)
#include "ops/average_pool_2d/average_pool_2d_mve.h"
#endif

namespace mote {

constexpr int32_t kAveragePool2DCode = 1;

template <class T>
struct AveragePool2DOf {
  using Stored = T;
  PoolGeometry g;
  T low, high;

  T operator()(const PoolWindow& w, const T* first) const {
    const int32_t sum = fold(w, first, int32_t{0}, [](int32_t total, T x) { return wrapping_add(total, x); });
    return static_cast<T>(rounded(sum, w.count()));
  }
  static constexpr int32_t rounded(int32_t sum, int32_t count) {
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
  }
};

using AveragePool2DInt8 = AveragePool2DOf<int8_t>;
using AveragePool2DInt16 = AveragePool2DOf<int16_t>;

#if defined(__ARM_FEATURE_MVE)
inline void pool_window(const AveragePool2DInt8& p, const PoolWindow& w, const int8_t* first, int32_t channels,
                        int8_t* output) {
  if (w.columns > AverageMve::kMostColumns) return pool_each(p, w, first, channels, output);
  const int32_t window = w.count();
  for (int32_t c = 0; c < channels; c += 8) {
    const int32_t count = channels - c < 8 ? channels - c : 8;
    int32_t sums[8];
    AverageMve::sums(w, first + c, count, sums);
    for (int32_t i = 0; i < count; ++i) {
      const int32_t value = AveragePool2DInt8::rounded(sums[AverageMve::place(i)], window);
      output[c + i] = static_cast<int8_t>(clamp(value, p.low, p.high));
    }
  }
}
#endif

struct AveragePool2DFloat32 {
  using Stored = float;
  PoolGeometry g;
  float low, high;

  float operator()(const PoolWindow& w, const float* first) const {
    return fold(w, first, 0.0f, [](float total, float x) { return total + x; }) / static_cast<float>(w.count());
  }
};

constexpr Kernel average_pool_2d_int8 = pool_kernel<AveragePool2DInt8>(kAveragePool2DCode);
constexpr Kernel average_pool_2d_int16 = pool_kernel<AveragePool2DInt16>(kAveragePool2DCode);
constexpr Kernel average_pool_2d_float32 = pool_kernel<AveragePool2DFloat32>(kAveragePool2DCode);

}  // namespace mote
