// Windows of a pool beside one another, all channels of them. Lanes lie along the channels.
#pragma once
#include "toolchain/base/simd/simd.h"
#include "toolchain/base/simd/vector.h"

namespace mote {
namespace {

// body(elements from the first window's place, elements from the first output, channel, lanes) for all channels of
// every window.
template <class Body>
MOTE_INLINE void for_each_window_vector(const PoolWindows& w, int32_t channels, const Body& body) {
  int64_t in = 0, out = 0;
  for (int32_t i = 0; i < w.count; ++i, in += w.step, out += channels)
    for_each_vector(
        channels, [&](int64_t c, int32_t lanes) __attribute__((always_inline)) { body(in + c, out + c, c, lanes); });
}

// What a window sees of the elements at x, of the channels from `channel` on: themselves, or what a line makes of them,
// to the same bit in a pool and in its reverse, which finds the greatest element by it.
struct PlainElements {
  MOTE_INLINE Vector operator()(const float* x, int64_t, int32_t lanes) const { return load_lanes(x, lanes); }
};
struct LineElements {
  const float *scale, *shift;
  Vector low, high;

  explicit LineElements(const ChannelLine& line)
      : scale(line.scale), shift(line.shift), low(broadcast(line.limits.low)), high(broadcast(line.limits.high)) {}
  MOTE_INLINE Vector operator()(const float* x, int64_t channel, int32_t lanes) const {
    const Vector z = load_lanes(scale + channel, lanes) * load_lanes(x, lanes) + load_lanes(shift + channel, lanes);
    return clamp_vector(z, low, high);
  }
};

// The elements of a window, counted from its first: each(step) calls step(element) in order. A few are worth a loop
// that the compiler unrolls.
struct AnyElements {
  const PoolWindow& w;

  template <class Step>
  MOTE_INLINE void each(const Step& step) const {
    int64_t at = 0;
    for (int32_t row = 0; row < w.rows; ++row, at += w.row_step)
      for (int32_t column = 0; column < w.columns; ++column, at += w.column_step) step(at);
  }
};
template <int32_t kCount>
struct FewElements {
  int64_t elements[kCount];

  MOTE_INLINE explicit FewElements(const PoolWindow& w) {
    int64_t* next = elements;
    AnyElements{w}.each([&](int64_t at) { *next++ = at; });
  }
  template <class Step>
  MOTE_INLINE void each(const Step& step) const {
#pragma GCC unroll 4
    for (int32_t i = 0; i < kCount; ++i) step(elements[i]);
  }
};

template <class Run>
MOTE_INLINE void with_elements(const PoolWindow& w, const Run& run) {
  if (w.count() == 2) return run(FewElements<2>(w));
  if (w.count() == 4) return run(FewElements<4>(w));
  run(AnyElements{w});
}
template <class Run>
MOTE_INLINE void with_elements(const PoolWindow& w, const ChannelLine* line, const Run& run) {
  with_elements(
      w, [&](const auto& elements) __attribute__((always_inline)) {
        if (line == nullptr)
          run(elements, PlainElements{});
        else
          run(elements, LineElements(*line));
      });
}

template <class Elements, class Seen>
MOTE_INLINE void max_of(const PoolWindows& w, const Elements& elements, const Seen& seen, int32_t channels,
                        const float* x, Clamp limits, float* y) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high);
  for_each_window_vector(
      w, channels, [&](int64_t in, int64_t out, int64_t channel, int32_t lanes) __attribute__((always_inline)) {
        Vector most = broadcast(-__builtin_inff());
        elements.each([&](int64_t at) __attribute__((always_inline)) {
          most = larger_or_nan(most, seen(x + in + at, channel, lanes));
        });
        store_lanes(y + out, lanes, clamp_vector(most, low, high));
      });
}

template <class Elements, class Seen>
MOTE_INLINE void mean_of(const PoolWindows& w, const Elements& elements, const Seen& seen, int32_t channels,
                         const float* x, Clamp limits, float* y) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high);
  const Vector share = broadcast(1.0f / static_cast<float>(w.window.count()));
  for_each_window_vector(
      w, channels, [&](int64_t in, int64_t out, int64_t channel, int32_t lanes) __attribute__((always_inline)) {
        Vector total{};
        elements.each([&](int64_t at) __attribute__((always_inline)) { total += seen(x + in + at, channel, lanes); });
        store_lanes(y + out, lanes, clamp_vector(total * share, low, high));
      });
}

void max_pool(const PoolWindows& w, int32_t channels, const float* x, const ChannelLine* line, Clamp limits, float* y) {
  with_elements(
      w.window, line, [&](const auto& elements, const auto& seen) __attribute__((always_inline)) {
        max_of(w, elements, seen, channels, x, limits, y);
      });
}

void average_pool(const PoolWindows& w, int32_t channels, const float* x, const ChannelLine* line, Clamp limits,
                  float* y) {
  with_elements(
      w.window, line, [&](const auto& elements, const auto& seen) __attribute__((always_inline)) {
        mean_of(w, elements, seen, channels, x, limits, y);
      });
}

// dx += gradient, or = where nothing else can be added.
template <bool kDisjoint>
MOTE_INLINE void add_lanes(float* dx, int32_t lanes, Vector gradient) {
  store_lanes(dx, lanes, kDisjoint ? gradient : load_lanes(dx, lanes) + gradient);
}

template <bool kDisjoint, class Elements, class Seen>
MOTE_INLINE void max_gradient(const PoolWindows& w, const Elements& elements, const Seen& seen, int32_t channels,
                              const float* x, const float* y, const float* dy, Clamp limits, float* dx) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high), zero{};
  for_each_window_vector(
      w, channels, [&](int64_t in, int64_t out, int64_t channel, int32_t lanes) __attribute__((always_inline)) {
        const Vector most = load_lanes(y + out, lanes);
        Vector gradient = ((most <= low) | (most >= high)) ? zero : load_lanes(dy + out, lanes);
        elements.each([&](int64_t at) __attribute__((always_inline)) {
          const Vector element = seen(x + in + at, channel, lanes);
          add_lanes<kDisjoint>(dx + in + at, lanes, element == most ? gradient : zero);
          gradient = element == most ? zero : gradient;  // it has found its element
        });
      });
}

template <bool kDisjoint, class Elements>
MOTE_INLINE void mean_gradient(const PoolWindows& w, const Elements& elements, int32_t channels, const float* y,
                               const float* dy, Clamp limits, float* dx) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high), zero{};
  const Vector share = broadcast(1.0f / static_cast<float>(w.window.count()));
  for_each_window_vector(
      w, channels, [&](int64_t in, int64_t out, int64_t, int32_t lanes) __attribute__((always_inline)) {
        const Vector value = load_lanes(y + out, lanes);
        const Vector gradient = ((value <= low) | (value >= high)) ? zero : load_lanes(dy + out, lanes) * share;
        elements.each([&](int64_t at)
                          __attribute__((always_inline)) { add_lanes<kDisjoint>(dx + in + at, lanes, gradient); });
      });
}

void max_pool_backward(const PoolWindows& w, int32_t channels, const float* x, const ChannelLine* line, const float* y,
                       const float* dy, Clamp limits, float* dx) {
  with_elements(
      w.window, line, [&](const auto& elements, const auto& seen) __attribute__((always_inline)) {
        if (w.disjoint)
          max_gradient<true>(w, elements, seen, channels, x, y, dy, limits, dx);
        else
          max_gradient<false>(w, elements, seen, channels, x, y, dy, limits, dx);
      });
}

void average_pool_backward(const PoolWindows& w, int32_t channels, const float* y, const float* dy, Clamp limits,
                           float* dx) {
  with_elements(
      w.window, [&](const auto& elements) __attribute__((always_inline)) {
        if (w.disjoint)
          mean_gradient<true>(w, elements, channels, y, dy, limits, dx);
        else
          mean_gradient<false>(w, elements, channels, y, dy, limits, dx);
      });
}

}  // namespace
}  // namespace mote
