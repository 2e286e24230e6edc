// Direct convolutions: sums of pieces of the input, which stays where it is (Patches in simd.h). Lanes lie along the
// outputs.
#pragma once
#include "toolchain/base/simd/simd.h"
#include "toolchain/base/simd/vector.h"

namespace mote {
namespace {

// Vectors of a block of packed weights, and pixels of a tile beside them: with their product the sums that registers
// hold, with the tile's pointers the general registers.
constexpr int32_t kConvVectors = kRegisters == 32 ? 4 : 2;
constexpr int32_t conv_tile(int32_t vectors) {
  return vectors == 1 ? 8 : kRegisters == 16 && kLanes == 4 ? 4 : 6;
}

// Outputs [first, first + count) of one block; the last vector has `lanes` of them.
struct ConvBlock {
  int32_t lanes;
  const float* bias;  // of its first output, or nullptr
  Clamp clamp;
};

template <int V>
MOTE_INLINE void load_block(const float* from, int32_t lanes, Vector (&vectors)[V]) {
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v)
    vectors[v] = v + 1 < V || lanes == kLanes ? load(from + v * kLanes) : load_partial(from + v * kLanes, lanes);
}
template <int V>
MOTE_INLINE void store_block(float* to, int32_t lanes, const Vector (&vectors)[V]) {
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    if (v + 1 < V || lanes == kLanes)
      store(to + v * kLanes, vectors[v]);
    else
      store_partial(to + v * kLanes, lanes, vectors[v]);
  }
}

// Sums of `P` pixels over all runs; w[K][V * kLanes].
template <int V, int P>
MOTE_INLINE void conv_sums(const Patches& g, const float* const (&pixel)[P], const float* w, Vector (&sums)[P][V]) {
  for (int32_t r = 0; r < g.runs; ++r) {
    const int64_t run = g.run[r], length = g.length;
    const float* x[P];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) x[p] = pixel[p] + run;
    for (int64_t k = 0; k < length; ++k, w += V * kLanes) {
      Vector factors[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) factors[v] = load(w + v * kLanes);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        const Vector element = broadcast(x[p][k]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sums[p][v] += element * factors[v];
      }
    }
  }
}

template <int V>
[[gnu::noinline]] void conv_forward_block(const Patches& g, const float* x, const float* w, const ConvBlock& block,
                                          float* y) {
  constexpr int P = conv_tile(V);
  const Vector low = broadcast(block.clamp.low), high = broadcast(block.clamp.high);
  Vector bias[V] = {};
  if (block.bias != nullptr) load_block(block.bias, block.lanes, bias);
  for (int32_t first = 0; first < g.pixels; first += P) {
    const int32_t last = g.pixels - 1;
    const float* pixel[P];
    Vector sums[P][V];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
      pixel[p] = x + g.from[first + p < last ? first + p : last];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[p][v] = bias[v];
    }
    conv_sums<V, P>(g, pixel, w, sums);
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
      if (first + p > last) break;
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[p][v] = clamp_vector(sums[p][v], low, high);
      store_block(y + g.to[first + p], block.lanes, sums[p]);
    }
  }
}

// body(first output, vectors, lanes of the last one) for each block of packed weights.
template <class Body>
MOTE_INLINE void for_each_conv_block(int32_t outputs, const Body& body) {
  for (int32_t first = 0; first < outputs; first += kConvVectors * kLanes) {
    const int32_t left = outputs - first;
    const int32_t vectors = left >= kConvVectors * kLanes ? kConvVectors : (left + kLanes - 1) / kLanes;
    const int32_t last = left - (vectors - 1) * kLanes;
    body(first, vectors, last < kLanes ? last : kLanes);
  }
}

void conv_forward(const Patches& g, int32_t outputs, const float* x, const float* packed, const float* bias,
                  Clamp limits, float* y) {
  using Forward = void (*)(const Patches&, const float*, const float*, const ConvBlock&, float*);
  constexpr Forward kForms[] = {conv_forward_block<1>, conv_forward_block<2>,
                                conv_forward_block < kConvVectors < 3 ? 2 : 3 >, conv_forward_block<kConvVectors>};
  for_each_conv_block(outputs, [&](int32_t first, int32_t vectors, int32_t lanes) {
    const ConvBlock block{lanes, bias != nullptr ? bias + first : nullptr, limits};
    kForms[vectors - 1](g, x, packed + int64_t{first} * g.size(), block, y + first);
  });
}

// Where a tile of the weight gradient stands: L neighbouring numbers of a run.
struct GradientTile {
  const int32_t *from, *to;  // of its first pixel
  int32_t pixels;
  int32_t lanes;  // of the last vector of dy
};

template <int V, int L, bool kWhole>
MOTE_INLINE void weight_gradient_tile(const GradientTile& t, const float* x, const float* dy, float* dw) {
  Vector sums[L][V];
#pragma GCC unroll 8
  for (int l = 0; l < L; ++l)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sums[l][v] = load(dw + (l * V + v) * kLanes);
  for (int64_t p = 0; p < t.pixels; ++p) {
    const float *element = x + t.from[p], *gradient = dy + t.to[p];
    Vector d[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v)
      d[v] = kWhole || v + 1 < V ? load(gradient + v * kLanes) : load_partial(gradient + v * kLanes, t.lanes);
#pragma GCC unroll 8
    for (int l = 0; l < L; ++l) {
      const Vector factor = broadcast(element[l]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[l][v] += factor * d[v];
    }
  }
#pragma GCC unroll 8
  for (int l = 0; l < L; ++l)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) store(dw + (l * V + v) * kLanes, sums[l][v]);
}

template <int V, int L>
[[gnu::noinline]] void weight_gradient(const GradientTile& t, const float* x, const float* dy, float* dw) {
  if (t.lanes == kLanes)
    weight_gradient_tile<V, L, true>(t, x, dy, dw);
  else
    weight_gradient_tile<V, L, false>(t, x, dy, dw);
}

using WeightGradient = void (*)(const GradientTile&, const float*, const float*, float*);
template <int V>
constexpr WeightGradient weight_gradient_of(int32_t length) {
  constexpr int kMost = conv_tile(V);
  constexpr WeightGradient kForms[] = {weight_gradient<V, 1>, weight_gradient<V, 2>, weight_gradient<V, 3>,
                                       weight_gradient<V, 4>, weight_gradient < V,   kMost < 5 ? 4 : 5 >,
                                       weight_gradient < V,   kMost < 6 ? 4 : 6 >,   weight_gradient < V,
                                       kMost < 8 ? 4 : 7 >,   weight_gradient < V,   kMost < 8 ? 4 : 8 > };
  return kForms[length - 1];
}

// Pixels whose part of x and dy stays in the first-level cache while all tiles pass over them.
constexpr int32_t kGradientPixels = 48;

template <int V>
void weight_gradient_block(const Patches& g, GradientTile t, const float* x, const float* dy, float* dw) {
  for (int32_t r = 0; r < g.runs; ++r)
    for (int32_t k = 0, taken = 0; k < g.length; k += taken, dw += taken * V * kLanes) {
      const int32_t tiles = (g.length - k + conv_tile(V) - 1) / conv_tile(V);
      taken = (g.length - k + tiles - 1) / tiles;
      weight_gradient_of<V>(taken)(t, x + g.run[r] + k, dy, dw);
    }
}

void conv_weight_gradient(const Patches& g, int32_t outputs, const float* x, const float* dy, float* packed) {
  using Block = void (*)(const Patches&, GradientTile, const float*, const float*, float*);
  constexpr Block kForms[] = {weight_gradient_block<1>, weight_gradient_block<2>,
                              weight_gradient_block < kConvVectors < 3 ? 2 : 3 >, weight_gradient_block<kConvVectors>};
  for (int32_t p = 0; p < g.pixels; p += kGradientPixels) {
    GradientTile tile{g.from + p, g.to + p, g.pixels - p < kGradientPixels ? g.pixels - p : kGradientPixels, 0};
    for_each_conv_block(outputs, [&](int32_t first, int32_t vectors, int32_t lanes) {
      tile.lanes = lanes;
      kForms[vectors - 1](g, tile, x, dy + first, packed + int64_t{first} * g.size());
    });
  }
}

// The taps of a depthwise convolution of which the weights stay in registers: of 3x3 all, of others some after the
// other.
template <int T>
struct Taps {
  static constexpr int kCount = T;
  int64_t at[T == 0 ? 1 : T];

  explicit Taps(const int32_t* run) {
#pragma GCC unroll 9
    for (int t = 0; t < T; ++t) at[t] = run[t];
  }
  // place(t) is where tap t of the pixel at `from` lies.
  MOTE_INLINE auto places(const float* from) const {
    return [this, from](int t) __attribute__((always_inline)) { return from + at[t]; };
  }
};

// Of three rows of three neighbours, `pitch` and `step` apart: few enough numbers to stay in registers.
struct GridTaps {
  static constexpr int kCount = 9;
  int64_t first, pitch, step;

  explicit GridTaps(const int32_t* run) : first(run[0]), pitch(run[3] - run[0]), step(run[1] - run[0]) {}
  static bool fits(const int32_t* run) {
    const GridTaps grid(run);
    for (int t = 0; t < kCount; ++t)
      if (run[t] != grid.first + t / 3 * grid.pitch + t % 3 * grid.step) return false;
    return true;
  }
  // The compiler must not see through the rows: it would give each tap a number of its own, and has no register for it.
  MOTE_INLINE auto places(const float* from) const {
    const float *top = from + first, *middle = top + pitch, *bottom = middle + pitch;
    asm("" : "+r"(top), "+r"(middle), "+r"(bottom));
    return [top, middle, bottom, this](int t) __attribute__((always_inline)) {
      return (t < 3 ? top : t < 6 ? middle : bottom) + t % 3 * step;
    };
  }
};

// body(taps, first tap) for groups of taps; one of none where there are none, whose sums are zeros.
template <class Body>
MOTE_INLINE void for_each_taps(const Patches& g, const Body& body) {
  int32_t r = 0;
  for (; r + 9 <= g.runs; r += 9) {
    if (GridTaps::fits(g.run + r))
      body(GridTaps(g.run + r), r);
    else
      body(Taps<9>(g.run + r), r);
  }
  for (; r + 5 <= g.runs; r += 5) body(Taps<5>(g.run + r), r);
  if (r + 4 == g.runs) body(Taps<4>(g.run + r), r);
  if (r + 3 == g.runs) body(Taps<3>(g.run + r), r);
  if (r + 2 == g.runs) body(Taps<2>(g.run + r), r);
  if (r + 1 == g.runs) body(Taps<1>(g.run + r), r);
  if (g.runs == 0) body(Taps<0>(g.run), 0);
}

// Pixels [first, last) of Patches.
struct PixelRange {
  int32_t first, last;
};

// y += or, in the first group of taps, = bias + ..., and in the last one clamped.
struct DepthwiseSums {
  const float *w, *bias;
  bool begins;
  Clamp limits;
};

// Three taps make a sum, and sums do not wait for one another. What the pixels are made of is passed by value: any
// store of a vector could change what a reference leads to, and loads are what this loop has too many of.
template <class Taps>
[[gnu::noinline]] void depthwise_taps(const Patches g, PixelRange pixels, const Taps taps, const DepthwiseSums sums,
                                      const float* x, float* y) {
  constexpr int T = Taps::kCount;
  const Vector low = broadcast(sums.limits.low), high = broadcast(sums.limits.high);
  for_each_vector(
      g.length, [&](int64_t c, int32_t lanes) __attribute__((always_inline)) {
        Vector w[T == 0 ? 1 : T];
#pragma GCC unroll 9
        for (int t = 0; t < T; ++t) w[t] = load_lanes(sums.w + t * int64_t{g.length} + c, lanes);
        const Vector start = sums.bias != nullptr ? load_lanes(sums.bias + c, lanes) : Vector{};
        for (int32_t p = pixels.first; p < pixels.last; ++p) {
          const auto place = taps.places(x + g.from[p] + c);
          float* const to = y + g.to[p] + c;
          Vector total = sums.begins ? start : load_lanes(to, lanes);
#pragma GCC unroll 3
          for (int first = 0; first < T; first += 3) {
            Vector sum = w[first] * load_lanes(place(first), lanes);
            if (first + 1 < T) sum += w[first + 1] * load_lanes(place(first + 1), lanes);
            if (first + 2 < T) sum += w[first + 2] * load_lanes(place(first + 2), lanes);
            total += sum;
          }
          store_lanes(to, lanes, clamp_vector(total, low, high));
        }
      });
}

// body(pixels) for pieces of the image that stay in the first-level cache.
template <class Body>
MOTE_INLINE void for_each_piece(const Patches& g, const Body& body) {
  for (int32_t p = 0; p < g.pixels; p += kGradientPixels)
    body(PixelRange{p, g.pixels - p < kGradientPixels ? g.pixels : p + kGradientPixels});
}

void depthwise_forward(const Patches& g, const float* x, const float* w, const float* bias, Clamp limits, float* y) {
  for_each_piece(g, [&](PixelRange pixels) {
    for_each_taps(g, [&]<class Taps>(const Taps& taps, int32_t r) {
      const bool ends = r + Taps::kCount == g.runs;
      depthwise_taps(g, pixels, taps, {w + int64_t{r} * g.length, bias, r == 0, ends ? limits : Clamp{}}, x, y);
    });
  });
}

template <class Taps>
[[gnu::noinline]] void depthwise_gradient_taps(const Patches g, PixelRange pixels, const Taps taps, const float* x,
                                               const float* dy, float* dw) {
  constexpr int T = Taps::kCount;
  for_each_vector(
      g.length, [&](int64_t c, int32_t lanes) __attribute__((always_inline)) {
        Vector sums[T == 0 ? 1 : T];
#pragma GCC unroll 9
        for (int t = 0; t < T; ++t) sums[t] = load_lanes(dw + t * int64_t{g.length} + c, lanes);
        for (int32_t p = pixels.first; p < pixels.last; ++p) {
          const Vector gradient = load_lanes(dy + g.to[p] + c, lanes);
          const auto place = taps.places(x + g.from[p] + c);
#pragma GCC unroll 9
          for (int t = 0; t < T; ++t) sums[t] += gradient * load_lanes(place(t), lanes);
        }
#pragma GCC unroll 9
        for (int t = 0; t < T; ++t) store_lanes(dw + t * int64_t{g.length} + c, lanes, sums[t]);
      });
}

void depthwise_weight_gradient(const Patches& g, const float* x, const float* dy, float* dw) {
  for_each_piece(g, [&](PixelRange pixels) {
    for_each_taps(g, [&](const auto& taps, int32_t r) {
      depthwise_gradient_taps(g, pixels, taps, x, dy, dw + int64_t{r} * g.length);
    });
  });
}

}  // namespace
}  // namespace mote
