// One window of a pool, all channels of it. Lanes lie along the channels.
#pragma once
#include "toolchain/base/simd/simd.h"
#include "toolchain/base/simd/vector.h"

namespace mote {
namespace {

// step(element of the window, counted from its first) in order.
template <class Step>
MOTE_INLINE void for_each_element(const PoolWindow& w, const Step& step) {
  int64_t at = 0;
  for (int32_t row = 0; row < w.rows; ++row, at += w.row_step)
    for (int32_t column = 0; column < w.columns; ++column, at += w.column_step) step(at);
}

void max_pool(const PoolWindow& w, int32_t channels, const float* x, Clamp limits, float* y) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high);
  for_each_vector(
      channels, [&](int64_t c, int32_t lanes) __attribute__((always_inline)) {
        Vector most = load_lanes(x + c, lanes);
        for_each_element(
            w, [&](int64_t at) __attribute__((always_inline)) {
              const Vector element = load_lanes(x + at + c, lanes);
              most = element > most || element != element ? element : most;
            });
        store_lanes(y + c, lanes, clamp_vector(most, low, high));
      });
}

void average_pool(const PoolWindow& w, int32_t channels, const float* x, Clamp limits, float* y) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high);
  const Vector share = broadcast(1.0f / static_cast<float>(w.count()));
  for_each_vector(
      channels, [&](int64_t c, int32_t lanes) __attribute__((always_inline)) {
        Vector total{};
        for_each_element(
            w, [&](int64_t at) __attribute__((always_inline)) { total += load_lanes(x + at + c, lanes); });
        store_lanes(y + c, lanes, clamp_vector(total * share, low, high));
      });
}

void max_pool_backward(const PoolWindow& w, int32_t channels, const float* x, const float* y, const float* dy,
                       Clamp limits, float* dx) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high), zero{};
  for_each_vector(
      channels, [&](int64_t c, int32_t lanes) __attribute__((always_inline)) {
        const Vector most = load_lanes(y + c, lanes), gradient = load_lanes(dy + c, lanes);
        IntVector open = ~((most <= low) | (most >= high));  // lanes whose gradient has not found its element
        for_each_element(
            w, [&](int64_t at) __attribute__((always_inline)) {
              const IntVector found = open & (load_lanes(x + at + c, lanes) == most);
              store_lanes(dx + at + c, lanes, load_lanes(dx + at + c, lanes) + (found ? gradient : zero));
              open &= ~found;
            });
      });
}

void average_pool_backward(const PoolWindow& w, int32_t channels, const float* y, const float* dy, Clamp limits,
                           float* dx) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high), zero{};
  const Vector share = broadcast(1.0f / static_cast<float>(w.count()));
  for_each_vector(
      channels, [&](int64_t c, int32_t lanes) __attribute__((always_inline)) {
        const Vector value = load_lanes(y + c, lanes);
        const Vector gradient = ((value <= low) | (value >= high)) ? zero : load_lanes(dy + c, lanes) * share;
        for_each_element(
            w, [&](int64_t at) __attribute__((always_inline)) {
              store_lanes(dx + at + c, lanes, load_lanes(dx + at + c, lanes) + gradient);
            });
      });
}

}  // namespace
}  // namespace mote
