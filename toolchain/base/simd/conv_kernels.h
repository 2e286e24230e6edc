// Direct convolutions: sums of pieces of the input, which stays where it is (Patches in simd.h). Lanes lie along the
// outputs.
#pragma once
#include <utility>

#include "toolchain/base/simd/simd.h"
#include "toolchain/base/simd/vector.h"

namespace mote {
namespace {

// Vectors of a block of packed weights, and the most pixels, or inputs, of a tile beside so many: their product is the
// number of sums, as many as registers hold.
constexpr int32_t kConvVectors = kRegisters == 32 ? 4 : 2;
constexpr int32_t conv_tile(int32_t vectors) {
  if (kRegisters == 32) return vectors == 1 ? 16 : vectors == 2 ? 12 : vectors == 3 ? 8 : 6;
  const int32_t sums = kLanes == 4 ? 8 : 12;  // without a fused multiply-add a product needs a register too
  return sums / vectors;
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

// Where the two halves of a tile of P pixels begin, in x and y: pixels [0, (P + 1) / 2) lie beside one another in a
// row, and so do the others, there or in the next row. `count` tiles follow one another, `columns` apart.
struct ConvTiles {
  const float* x[2];
  float* y[2];
  int32_t count, columns;
};
constexpr int first_half(int pixels) {
  return (pixels + 1) / 2;
}

// Steps between pixels, in bytes. Addresses can hold 1, 2, 4 or 8 times a register: with these the pixels of a half
// share a pointer. A loop has few registers for pointers, and little time to move them. The compiler must not see
// through it, or it would give each pixel a pointer of its own.
struct PixelSteps {
  int64_t odd[4];  // 1, 3, 5 and 7 steps

  explicit PixelSteps(int64_t step) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      odd[i] = (2 * i + 1) * step * int64_t{sizeof(float)};
      asm("" : "+r"(odd[i]));
    }
  }
  // Of the pixel that is `steps` < 8 from the one at `first`.
  MOTE_INLINE float element(const char* first, int steps) const {
    const int scale = steps % 4 == 0 ? 4 : steps % 2 == 0 ? 2 : 1;
    float value;
    memcpy(&value, first + (steps == 0 ? 0 : scale * odd[steps / scale / 2]), sizeof(value));
    return value;
  }
};

// Runs one after the other, each `pitch` floats behind the one before.
struct RunLine {
  int64_t first;
  int32_t count;
  int64_t pitch;
};

// Adds to the sums of P pixels those over the numbers of the runs, `length` of each, and answers where the weights
// behind theirs begin. One loop for all runs: one for each would begin anew every few turns.
template <int V, int P>
MOTE_INLINE const float* add_runs(const ConvTiles& tile, const PixelSteps& steps, RunLine runs, int64_t length,
                                  const float* w, Vector (&sums)[P][V]) {
  static_assert(first_half(P) <= 8);
  const char* half[2] = {reinterpret_cast<const char*>(tile.x[0] + runs.first),
                         reinterpret_cast<const char*>(tile.x[1] + runs.first)};
  const float* const end = w + runs.count * length * V * kLanes;
  for (int64_t left = length; w != end; w += V * kLanes) {
    Vector factors[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) factors[v] = load(w + v * kLanes);
#pragma GCC unroll 16
    for (int p = 0; p < P; ++p) {
      const Vector element = broadcast(steps.element(half[p / first_half(P)], p % first_half(P)));
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[p][v] += element * factors[v];
    }
    int64_t next = 1;
    if (--left == 0) {
      left = length;
      next = runs.pitch - length + 1;
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      half[i] += next * int64_t{sizeof(float)};
      asm("" : "+r"(half[i]));
    }
  }
  return end;
}

// Sums of P pixels over all runs; w[K][V * kLanes].
template <int V, int P>
MOTE_INLINE void conv_sums(const Patches& g, const ConvTiles& tile, const PixelSteps& steps, const float* w,
                           Vector (&sums)[P][V]) {
  const bool one_column = g.run_columns == 1;
  RunLine runs{g.run.first, one_column ? g.run_rows : g.run_columns, one_column ? g.run.row : g.run.column};
  for (int32_t line = 0; line < (one_column ? 1 : g.run_rows); ++line, runs.first += g.run.row)
    w = add_runs(tile, steps, runs, g.length, w, sums);
}

// Tiles by reference, so that members are read one by one: a copy of the whole for the call, right after its members
// were written, would wait until the stores before have left for the cache.
template <int V, int P>
[[gnu::noinline]] void conv_forward_tiles(const Patches& g, const ConvTiles& tiles, const float* w,
                                          const ConvBlock& block) {
  ConvTiles tile = tiles;
  const Vector low = broadcast(block.clamp.low), high = broadcast(block.clamp.high);
  const PixelSteps steps(g.from.column);
  Vector bias[V] = {};
  if (block.bias != nullptr) load_block(block.bias, block.lanes, bias);
  for (; tile.count > 0; --tile.count) {
    Vector sums[P][V];
#pragma GCC unroll 16
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[p][v] = bias[v];
    conv_sums<V, P>(g, tile, steps, w, sums);
#pragma GCC unroll 16
    for (int p = 0; p < P; ++p) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[p][v] = clamp_vector(sums[p][v], low, high);
      store_block(tile.y[p / first_half(P)] + p % first_half(P) * int64_t{g.to.column}, block.lanes, sums[p]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      tile.x[i] += int64_t{tile.columns} * g.from.column;
      tile.y[i] += int64_t{tile.columns} * g.to.column;
    }
  }
}

// The sums of L neighbouring numbers of a run, the first at x; `lanes` of the last vector of dy.
template <int V, int L, bool kWhole>
MOTE_INLINE void weight_gradient_tile(const Patches& g, int32_t lanes, const float* x, const float* dy, float* dw) {
  Vector sums[L][V];
#pragma GCC unroll 16
  for (int l = 0; l < L; ++l)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sums[l][v] = load(dw + (l * V + v) * kLanes);
  for (int32_t i = 0; i < g.rows; ++i) {
    const float *element = x + g.from.at(i, 0), *gradient = dy + g.to.at(i, 0);
    for (const float* const end = dy + g.to.at(i, g.columns); gradient != end;
         element += g.from.column, gradient += g.to.column) {
      Vector d[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v)
        d[v] = kWhole || v + 1 < V ? load(gradient + v * kLanes) : load_partial(gradient + v * kLanes, lanes);
#pragma GCC unroll 16
      for (int l = 0; l < L; ++l) {
        const Vector factor = broadcast(element[l]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sums[l][v] += factor * d[v];
      }
    }
  }
#pragma GCC unroll 16
  for (int l = 0; l < L; ++l)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) store(dw + (l * V + v) * kLanes, sums[l][v]);
}

template <int V, int L>
[[gnu::noinline]] void weight_gradient(const Patches& g, int32_t lanes, const float* x, const float* dy, float* dw) {
  if (lanes == kLanes)
    weight_gradient_tile<V, L, true>(g, lanes, x, dy, dw);
  else
    weight_gradient_tile<V, L, false>(g, lanes, x, dy, dw);
}

// Tiles of 1, 2, ... pixels or inputs.
template <int V, class = std::make_integer_sequence<int, conv_tile(V)>>
struct ConvForms;
template <int V, int... N>
struct ConvForms<V, std::integer_sequence<int, N...>> {
  static constexpr int32_t kMost = sizeof...(N);
  static constexpr void (*kForward[])(const Patches&, const ConvTiles&, const float*,
                                      const ConvBlock&) = {conv_forward_tiles<V, N + 1>...};
  static constexpr void (*kGradient[])(const Patches&, int32_t, const float*, const float*,
                                       float*) = {weight_gradient<V, N + 1>...};
};

// A row in tiles of at most `most` pixels, as equal as possible (see balanced): the first ones are one pixel wider.
struct RowTiles {
  int32_t count, columns, wider;

  RowTiles(int32_t pixels, int32_t most)
      : count((pixels + most - 1) / most), columns(pixels / count), wider(pixels % count) {}
  int32_t widest() const { return columns + (wider > 0 ? 1 : 0); }
};

// Of `rows` = 1 or 2 rows from row i on.
template <int V>
void conv_forward_rows(const Patches& g, int32_t i, int32_t rows, const RowTiles& tiles, const float* x, const float* w,
                       const ConvBlock& block, float* y) {
  const auto run = [&](int32_t j, int32_t width, int32_t count) {
    const int32_t row = i + rows - 1, column = rows == 2 ? j : j + first_half(width);
    const ConvTiles places{
        {x + g.from.at(i, j), x + g.from.at(row, column)}, {y + g.to.at(i, j), y + g.to.at(row, column)}, count, width};
    ConvForms<V>::kForward[rows * width - 1](g, places, w, block);
  };
  if (tiles.wider > 0) run(0, tiles.columns + 1, tiles.wider);
  run(tiles.wider * (tiles.columns + 1), tiles.columns, tiles.count - tiles.wider);
}

// Two rows at a time where the tiles are then larger.
template <int V>
void conv_forward_block(const Patches& g, const float* x, const float* w, const ConvBlock& block, float* y) {
  constexpr int32_t kMost = ConvForms<V>::kMost;
  const RowTiles alone(g.columns, kMost), paired(g.columns, kMost / 2);
  int32_t i = 0;
  if (2 * paired.widest() > alone.widest())
    for (; i + 2 <= g.rows; i += 2) conv_forward_rows<V>(g, i, 2, paired, x, w, block, y);
  for (; i < g.rows; ++i) conv_forward_rows<V>(g, i, 1, alone, x, w, block, y);
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
  if (g.columns == 0) return;
  using Forward = void (*)(const Patches&, const float*, const float*, const ConvBlock&, float*);
  constexpr Forward kForms[] = {conv_forward_block<1>, conv_forward_block<2>,
                                conv_forward_block < kConvVectors < 3 ? 2 : 3 >, conv_forward_block<kConvVectors>};
  for_each_conv_block(outputs, [&](int32_t first, int32_t vectors, int32_t lanes) {
    const ConvBlock block{lanes, bias != nullptr ? bias + first : nullptr, limits};
    kForms[vectors - 1](g, x, packed + int64_t{first} * g.size(), block, y + first);
  });
}

// body(piece) for pieces of the image whose part of x and y stays in the first-level cache.
template <class Body>
MOTE_INLINE void for_each_piece(const Patches& g, const Body& body) {
  constexpr int32_t kPixels = 48;
  const int32_t rows = g.columns < kPixels ? kPixels / (g.columns > 0 ? g.columns : 1) : 1;
  Patches piece = g;
  for (int32_t i = 0; i < g.rows; i += piece.rows) {
    piece.rows = g.rows - i < rows ? g.rows - i : rows;
    for (int32_t j = 0; j < g.columns; j += piece.columns) {
      piece.columns = static_cast<int32_t>(balanced(g.columns - j, kPixels));
      piece.from.first = static_cast<int32_t>(g.from.at(i, j));
      piece.to.first = static_cast<int32_t>(g.to.at(i, j));
      body(piece);
    }
  }
}

template <int V>
void weight_gradient_block(const Patches& g, int32_t lanes, const float* x, const float* dy, float* dw) {
  using Forms = ConvForms<V>;
  for (int32_t a = 0; a < g.run_rows; ++a)
    for (int32_t b = 0; b < g.run_columns; ++b)
      for (int64_t k = 0, taken = 0; k < g.length; k += taken, dw += taken * V * kLanes) {
        taken = balanced(g.length - k, Forms::kMost);
        Forms::kGradient[taken - 1](g, lanes, x + g.run.at(a, b) + k, dy, dw);
      }
}

void conv_weight_gradient(const Patches& g, int32_t outputs, const float* x, const float* dy, float* packed) {
  using Block = void (*)(const Patches&, int32_t, const float*, const float*, float*);
  constexpr Block kForms[] = {weight_gradient_block<1>, weight_gradient_block<2>,
                              weight_gradient_block < kConvVectors < 3 ? 2 : 3 >, weight_gradient_block<kConvVectors>};
  for_each_piece(g, [&](const Patches& piece) {
    for_each_conv_block(outputs, [&](int32_t first, int32_t vectors, int32_t lanes) {
      kForms[vectors - 1](piece, lanes, x, dy + first, packed + int64_t{first} * g.size());
    });
  });
}

}  // namespace
}  // namespace mote
