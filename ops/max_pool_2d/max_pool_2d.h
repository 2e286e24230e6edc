// Greatest element of the part of each window that lies in the image. Source: TFLite
// kernels/internal/reference/integer_ops/pooling.h (MaxPool), kernels/internal/reference/pooling.h.
#pragma once
#include "device/pool.h"
#if defined(__ARM_FEATURE_MVE)
#include "ops/max_pool_2d/max_pool_2d_mve.h"
#endif

namespace mote {

constexpr int32_t kMaxPool2DCode = 17;

template <class T>
struct MaxPool2D {
  using Stored = T;
  PoolGeometry g;
  T low, high;

  T operator()(const PoolWindow& w, const T* first) const {
    return fold(w, first, *first, [](T most, T x) { return x > most ? x : most; });
  }
};

#if defined(__ARM_FEATURE_MVE)
inline void pool_window(const MaxPool2D<int8_t>& p, const PoolWindow& w, const int8_t* first, int32_t channels,
                        int8_t* output) {
  max_pool_mve(w, p.low, p.high, first, channels, output);
}
#endif

constexpr Kernel max_pool_2d_int8 = pool_kernel<MaxPool2D<int8_t>>(kMaxPool2DCode);
constexpr Kernel max_pool_2d_int16 = pool_kernel<MaxPool2D<int16_t>>(kMaxPool2DCode);
constexpr Kernel max_pool_2d_float32 = pool_kernel<MaxPool2D<float>>(kMaxPool2DCode);

}  // namespace mote
