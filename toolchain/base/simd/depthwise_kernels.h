// Depthwise convolutions. Lanes lie along the channels; a run of the patch is a tap of all channels.
#pragma once
#include "toolchain/base/simd/conv_kernels.h"

namespace mote {
namespace {

// The taps of which the weights stay in registers: of 3x3 all, of others some after the other.
template <int T>
struct Taps {
  static constexpr int kCount = T;
  int64_t at[T == 0 ? 1 : T];

  Taps(const Patches& g, int32_t first) {
#pragma GCC unroll 9
    for (int t = 0; t < T; ++t) at[t] = g.run.at((first + t) / g.run_columns, (first + t) % g.run_columns);
  }
  // place(t) is where tap t of the pixel at `from` lies.
  MOTE_INLINE auto places(const float* from) const {
    return [this, from](int t) __attribute__((always_inline)) { return from + at[t]; };
  }
};

// Three rows of three: few enough numbers to stay in registers.
struct GridTaps {
  static constexpr int kCount = 9;
  int64_t first, pitch, step;

  GridTaps(const Patches& g, int32_t tap)
      : first(g.run.at(tap / 3, 0)), pitch(g.run.row), step(g.run.column) {}
  // The compiler must not see through the rows: it would give each tap a number of its own, and has no register for it.
  MOTE_INLINE auto places(const float* from) const {
    const float *top = from + first, *middle = top + pitch, *bottom = middle + pitch;
    asm("" : "+r"(top), "+r"(middle), "+r"(bottom));
    return [top, middle, bottom, this](int t) __attribute__((always_inline)) {
      return (t < 3 ? top : t < 6 ? middle : bottom) + t % 3 * step;
    };
  }
};

template <class Taps>
struct Kind {};

// body(Kind<Taps>, first tap) for groups of taps; one of none where there are none, whose sums are zeros.
template <class Body>
MOTE_INLINE void for_each_taps(const Patches& g, const Body& body) {
  const int32_t runs = g.runs();
  int32_t r = 0;
  for (; r + 9 <= runs; r += 9) {
    if (g.run_columns == 3)
      body(Kind<GridTaps>{}, r);
    else
      body(Kind<Taps<9>>{}, r);
  }
  for (; r + 5 <= runs; r += 5) body(Kind<Taps<5>>{}, r);
  if (r + 4 == runs) body(Kind<Taps<4>>{}, r);
  if (r + 3 == runs) body(Kind<Taps<3>>{}, r);
  if (r + 2 == runs) body(Kind<Taps<2>>{}, r);
  if (r + 1 == runs) body(Kind<Taps<1>>{}, r);
  if (runs == 0) body(Kind<Taps<0>>{}, 0);
}

// y += or, in the first group of taps, = bias + ..., and in the last one clamped.
struct DepthwiseSums {
  const float *w, *bias;
  bool begins;
  Clamp limits;
};

// Where pixels are: copies, because any store of a vector could change what a reference leads to, and loads are what
// these loops have too many of.
struct PixelPlaces {
  int64_t rows, columns, from_first, from_row, from_column, to_first, to_row, to_column;

  explicit PixelPlaces(const Patches& g)
      : rows(g.rows),
        columns(g.columns),
        from_first(g.from.first),
        from_row(g.from.row),
        from_column(g.from.column),
        to_first(g.to.first),
        to_row(g.to.row),
        to_column(g.to.column) {}

  // body(from, to) for each pixel.
  template <class From, class To, class Body>
  MOTE_INLINE void for_each(From* x, To* y, const Body& body) const {
    x += from_first;
    y += to_first;
    for (int64_t i = 0; i < rows; ++i, x += from_row, y += to_row) {
      From* from = x;
      To* to = y;
      for (int64_t j = 0; j < columns; ++j, from += from_column, to += to_column) body(from, to);
    }
  }
};

// Three taps make a sum, and sums do not wait for one another.
template <class Taps>
[[gnu::noinline]] void depthwise_taps(const Patches& g, int32_t tap, const DepthwiseSums& sums, const float* x,
                                      float* y) {
  constexpr int T = Taps::kCount;
  const PixelPlaces pixels(g);
  const Taps taps(g, tap);
  const bool begins = sums.begins;
  const Vector low = broadcast(sums.limits.low), high = broadcast(sums.limits.high);
  for_each_vector(
      g.length, [&](int64_t c, int32_t lanes) __attribute__((always_inline)) {
        Vector w[T == 0 ? 1 : T];
#pragma GCC unroll 9
        for (int t = 0; t < T; ++t) w[t] = load_lanes(sums.w + t * int64_t{g.length} + c, lanes);
        const Vector start = sums.bias != nullptr ? load_lanes(sums.bias + c, lanes) : Vector{};
        pixels.for_each(
            x + c, y + c, [&](const float* from, float* to) __attribute__((always_inline)) {
              const auto place = taps.places(from);
              Vector total = begins ? start : load_lanes(to, lanes);
#pragma GCC unroll 3
              for (int first = 0; first < T; first += 3) {
                Vector sum = w[first] * load_lanes(place(first), lanes);
                if (first + 1 < T) sum += w[first + 1] * load_lanes(place(first + 1), lanes);
                if (first + 2 < T) sum += w[first + 2] * load_lanes(place(first + 2), lanes);
                total += sum;
              }
              store_lanes(to, lanes, clamp_vector(total, low, high));
            });
      });
}

void depthwise_forward(const Patches& g, const float* x, const float* w, const float* bias, Clamp limits, float* y) {
  for_each_piece(g, [&](const Patches& piece) {
    for_each_taps(g, [&]<class Taps>(Kind<Taps>, int32_t r) {
      const bool ends = r + Taps::kCount == g.runs();
      depthwise_taps<Taps>(piece, r, {w + int64_t{r} * g.length, bias, r == 0, ends ? limits : Clamp{}}, x, y);
    });
  });
}

template <class Taps>
[[gnu::noinline]] void depthwise_gradient_taps(const Patches& g, int32_t tap, const float* x, const float* dy,
                                               float* dw) {
  constexpr int T = Taps::kCount;
  const PixelPlaces pixels(g);
  const Taps taps(g, tap);
  for_each_vector(
      g.length, [&](int64_t c, int32_t lanes) __attribute__((always_inline)) {
        Vector sums[T == 0 ? 1 : T];
#pragma GCC unroll 9
        for (int t = 0; t < T; ++t) sums[t] = load_lanes(dw + t * int64_t{g.length} + c, lanes);
        pixels.for_each(
            x + c, dy + c, [&](const float* from, const float* gradient) __attribute__((always_inline)) {
              const Vector d = load_lanes(gradient, lanes);
              const auto place = taps.places(from);
#pragma GCC unroll 9
              for (int t = 0; t < T; ++t) sums[t] += d * load_lanes(place(t), lanes);
            });
#pragma GCC unroll 9
        for (int t = 0; t < T; ++t) store_lanes(dw + t * int64_t{g.length} + c, lanes, sums[t]);
      });
}

void depthwise_weight_gradient(const Patches& g, const float* x, const float* dy, float* dw) {
  for_each_piece(g, [&](const Patches& piece) {
    for_each_taps(g, [&]<class Taps>(Kind<Taps>, int32_t r) {
      depthwise_gradient_taps<Taps>(piece, r, x, dy, dw + int64_t{r} * g.length);
    });
  });
}

}  // namespace
}  // namespace mote
