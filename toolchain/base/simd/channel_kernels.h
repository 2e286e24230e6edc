// Sums over the rows of channels, and what batch normalisation makes of them. Lanes lie along the channels.
#pragma once
#include "toolchain/base/simd/simd.h"
#include "toolchain/base/simd/vector.h"

namespace mote {
namespace {

template <int N>
struct Count {
  static constexpr int kValue = N;
};

// More channels than a group has are passed row by row, so that memory is read in order.
MOTE_INLINE bool is_wide(int64_t channels) {
  return channels > 4 * kLanes;
}

// body(Count<V>, first channel, lanes) for groups of V whole vectors, V = 4, 2, 1, and a partial one.
template <class Body>
MOTE_INLINE void for_channel_groups(int64_t channels, const Body& body) {
  int64_t c = 0;
  for (; c + 4 * kLanes <= channels; c += 4 * kLanes) body(Count<4>{}, c, kLanes);
  for (; c + 2 * kLanes <= channels; c += 2 * kLanes) body(Count<2>{}, c, kLanes);
  for (; c + kLanes <= channels; c += kLanes) body(Count<1>{}, c, kLanes);
  if (c < channels) body(Count<1>{}, c, static_cast<int32_t>(channels - c));
}

// sums[n][c] += what term(at, channel, lanes, v, terms) sets, for `R` rows from `row` on.
template <int R, int N, class Term>
MOTE_INLINE void add_rows(int64_t row, int64_t channels, float* const (&sums)[N], const Term& term) {
  for_channel_groups(
      channels, [&](auto count, int64_t first, int32_t lanes) __attribute__((always_inline)) {
#pragma GCC unroll 4
        for (int v = 0; v < decltype(count)::kValue; ++v) {
          const int64_t channel = first + v * kLanes;
          Vector terms[R][N];
#pragma GCC unroll 4
          for (int r = 0; r < R; ++r) term((row + r) * channels + channel, channel, lanes, v, terms[r]);
#pragma GCC unroll 2
          for (int n = 0; n < N; ++n) {
            Vector total = load_lanes(sums[n] + channel, lanes);
#pragma GCC unroll 4
            for (int r = 0; r < R; ++r) total += terms[r][n];
            store_lanes(sums[n] + channel, lanes, total);
          }
        }
      });
}

template <int N, class Term>
MOTE_INLINE void wide_channel_sums(const Channels& size, float* const (&sums)[N], const Term& term) {
  for (float* each : sums)
    for (int32_t c = 0; c < size.channels; ++c) each[c] = 0;
  int64_t row = 0;
  for (; row + 4 <= size.rows; row += 4) add_rows<4>(row, size.channels, sums, term);
  for (; row < size.rows; ++row) add_rows<1>(row, size.channels, sums, term);
}

// sums[n][c] = sum over the rows of the n-th of what term(at, channel, lanes, v, terms) sets, at = row * channels +
// channel, the v-th vector of a group. Four chains of additions, along the rows where a group has less than four
// vectors.
template <int N, class Term>
MOTE_INLINE void channel_sums(const Channels& size, float* const (&sums)[N], const Term& term) {
  const int64_t rows = size.rows, channels = size.channels;
  if (is_wide(channels)) return wide_channel_sums(size, sums, term);
  for_channel_groups(
      channels, [&](auto count, int64_t first, int32_t lanes) __attribute__((always_inline)) {
        constexpr int V = decltype(count)::kValue, R = 4 / V;
        Vector totals[R][V][N] = {};
        const auto add_row = [&](int64_t row, Vector(&to)[V][N]) __attribute__((always_inline)) {
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) {
            Vector terms[N];
            const int64_t channel = first + v * kLanes;
            term(row * channels + channel, channel, lanes, v, terms);
#pragma GCC unroll 2
            for (int n = 0; n < N; ++n) to[v][n] += terms[n];
          }
        };
        int64_t row = 0;
        for (; row + R <= rows; row += R)
#pragma GCC unroll 4
          for (int r = 0; r < R; ++r) add_row(row + r, totals[r]);
        for (; row < rows; ++row) add_row(row, totals[0]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v)
#pragma GCC unroll 2
          for (int n = 0; n < N; ++n) {
            Vector total = totals[0][v][n];
#pragma GCC unroll 4
            for (int r = 1; r < R; ++r) total += totals[r][v][n];
            store_lanes(sums[n] + first + v * kLanes, lanes, total);
          }
      });
}

void column_sums(int64_t rows, int64_t columns, const float* x, float* sums) {
  float* const to[1] = {sums};
  channel_sums<1>(
      {rows, static_cast<int32_t>(columns)},
      to, [&](int64_t at, int64_t, int32_t lanes, int, Vector(&terms)[1]) __attribute__((always_inline)) {
        terms[0] = load_lanes(x + at, lanes);
      });
}

// Of the distances from the first row, so that a mean far from zero costs no digits.
void moments(const Channels& size, const float* x, float* mean, float* variance) {
  float* const to[2] = {mean, variance};
  channel_sums<2>(
      size,
      to, [&](int64_t at, int64_t channel, int32_t lanes, int v, Vector(&terms)[2]) __attribute__((always_inline)) {
        fetch_ahead(x + at, v);
        terms[0] = load_lanes(x + at, lanes) - load_lanes(x + channel, lanes);
        terms[1] = terms[0] * terms[0];
      });
  const Vector share = broadcast(1.0f / static_cast<float>(size.rows));
  for_each_vector(size.channels, [&](int64_t c, int32_t lanes) {
    const Vector distance = load_lanes(mean + c, lanes) * share, zero{};
    const Vector spread = load_lanes(variance + c, lanes) * share - distance * distance;
    store_lanes(mean + c, lanes, load_lanes(x + c, lanes) + distance);
    store_lanes(variance + c, lanes, spread < zero ? zero : spread);
  });
}

// dy where the clamp that gave y let a change through. As "not clamped" so that the gradient of a NaN stays visible.
MOTE_INLINE Vector passed_gradient(Vector y, Vector dy, Vector low, Vector high) {
  return ((y <= low) | (y >= high)) ? Vector{} : dy;
}

void normal_sums(const Channels& size, const float* x, const float* dy, Clamp limits, const float* line, float* sums,
                 float* products) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high);
  const float *const scale = line, *const shift = scale + size.channels, *const mean = shift + size.channels;
  float* const to[2] = {sums, products};
  channel_sums<2>(
      size,
      to, [&](int64_t at, int64_t channel, int32_t lanes, int v, Vector(&terms)[2]) __attribute__((always_inline)) {
        fetch_ahead(x + at, v);
        fetch_ahead(dy + at, v);
        const Vector element = load_lanes(x + at, lanes);
        const Vector z = load_lanes(scale + channel, lanes) * element + load_lanes(shift + channel, lanes);
        terms[0] = passed_gradient(z, load_lanes(dy + at, lanes), low, high);
        terms[1] = terms[0] * (element - load_lanes(mean + channel, lanes));
      });
}

// change(at, lanes, fetched, v) for every vector of every row, where fetched = before(channel, lanes, count) is what
// belongs to the channels of a group of `count`.
template <class Before, class Change>
MOTE_INLINE void for_channel_rows(const Channels& size, const Before& before, const Change& change) {
  const int64_t channels = size.channels;
  if (is_wide(channels)) {
    for (int64_t at = 0; at < size.rows * channels; at += channels)
      for_each_vector(
          channels, [&](int64_t c, int32_t lanes)
                        __attribute__((always_inline)) { change(at + c, lanes, before(c, lanes, Count<1>{}), 0); });
    return;
  }
  for_channel_groups(
      channels, [&](auto count, int64_t first, int32_t lanes) __attribute__((always_inline)) {
        constexpr int V = decltype(count)::kValue;
        const auto fetched = before(first, lanes, count);
        for (int64_t row = 0; row < size.rows; ++row)
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) change(row * channels + first + v * kLanes, lanes, fetched, v);
      });
}

// N numbers of each channel, `pitch` apart.
template <int N, int V>
struct Factors {
  Vector of[V][N];
};
template <int N, int V>
MOTE_INLINE Factors<N, V> fetch_factors(const float* const (&from)[N], int64_t first, int32_t lanes) {
  Factors<N, V> factors;
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v)
#pragma GCC unroll 5
    for (int n = 0; n < N; ++n) factors.of[v][n] = load_lanes(from[n] + first + v * kLanes, lanes);
  return factors;
}

void scale_shift(const Channels& size, const float* x, const float* scale, const float* shift, Clamp limits, float* y) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high);
  const float* const from[2] = {scale, shift};
  for_channel_rows(
      size,
      [&](int64_t first, int32_t lanes, auto count)
          __attribute__((always_inline)) { return fetch_factors<2, decltype(count)::kValue>(from, first, lanes); },
      [&](int64_t at, int32_t lanes, const auto& factors, int v) __attribute__((always_inline)) {
        fetch_ahead(x + at, v);
        const Vector z = factors.of[v][0] * load_lanes(x + at, lanes) + factors.of[v][1];
        store_lanes(y + at, lanes, clamp_vector(z, low, high));
      });
}

void normal_backward(const Channels& size, const float* x, const float* dy, Clamp limits, const float* line,
                     const float* factors, float* dx) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high);
  const int64_t channels = size.channels;
  const float* const from[5] = {line, line + channels, factors, factors + channels, factors + 2 * channels};
  for_channel_rows(
      size,
      [&](int64_t first, int32_t lanes, auto count)
          __attribute__((always_inline)) { return fetch_factors<5, decltype(count)::kValue>(from, first, lanes); },
      [&](int64_t at, int32_t lanes, const auto& f, int v) __attribute__((always_inline)) {
        fetch_ahead(x + at, v);
        fetch_ahead(dy + at, v);
        const Vector element = load_lanes(x + at, lanes);
        const Vector z = f.of[v][0] * element + f.of[v][1];
        const Vector dz = passed_gradient(z, load_lanes(dy + at, lanes), low, high);
        store_lanes(dx + at, lanes, f.of[v][2] * dz + (f.of[v][3] * element + f.of[v][4]));
      });
}

}  // namespace
}  // namespace mote
