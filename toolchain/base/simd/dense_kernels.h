// Matrix products of a dense layer. B = batch, I = inputs, O = outputs (simd.h).
#pragma once
#include "toolchain/base/simd/simd.h"
#include "toolchain/base/simd/vector.h"

namespace mote {
namespace {

// Forward: each output is a dot product of two contiguous rows, so neither matrix is packed or transposed.
// A tile is R batch rows x 4 outputs, accumulated in lanes along I and summed across lanes at the end.
struct ForwardTile {
  int32_t inputs;
  const float* w[4];  // rows of the weights; the last one is repeated where outputs are not a multiple of 4
  Quad bias;
  Clamp clamp;
  int32_t outputs;  // stride of y
  int32_t stored;   // 1..4 outputs of the tile that exist
};

template <int R>
MOTE_INLINE void forward_tile(const ForwardTile& tile, const float* x, float* y) {
  const int64_t inputs = tile.inputs;
  Vector sums[R][4] = {};
  const auto step = [&](int64_t i, int32_t lanes) __attribute__((always_inline)) {
    const Vector w[4] = {load_lanes(tile.w[0] + i, lanes), load_lanes(tile.w[1] + i, lanes),
                         load_lanes(tile.w[2] + i, lanes), load_lanes(tile.w[3] + i, lanes)};
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vector row = load_lanes(x + r * inputs + i, lanes);
#pragma GCC unroll 4
      for (int o = 0; o < 4; ++o) sums[r][o] += row * w[o];
    }
  };
  for_each_vector(inputs, step);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    Quad out = lane_sums(sums[r][0], sums[r][1], sums[r][2], sums[r][3]) + tile.bias;
    out = out < tile.clamp.low ? tile.clamp.low - Quad{} : out;
    out = out > tile.clamp.high ? tile.clamp.high - Quad{} : out;
    float* to = y + int64_t{r} * tile.outputs;
    if (tile.stored == 4)
      *reinterpret_cast<UnalignedQuad*>(to) = out;
    else
      for (int32_t o = 0; o < tile.stored; ++o) to[o] = out[o];
  }
}

// Rows of x that stay in the first-level cache while all weights pass by once.
constexpr int64_t kForwardBlockFloats = 10240;
constexpr int64_t kForwardRows = kRegisters == 32 ? 6
                                 : kLanes == 8    ? 3
                                                  : 2;  // with 4 outputs, as many sums as registers hold

void forward_rows(const ForwardTile& tile, int64_t rows, const float* x, float* y) {
  for (int64_t left = rows, taken = 0; left > 0; left -= taken, x += taken * tile.inputs, y += taken * tile.outputs) {
    taken = balanced(left, kForwardRows);
    switch (taken) {
      case 1:
        forward_tile<1>(tile, x, y);
        break;
      case 2:
        forward_tile<2>(tile, x, y);
        break;
      case 3:
        forward_tile < kForwardRows<3 ? 1 : 3>(tile, x, y);
        break;
      case 4:
        forward_tile < kForwardRows<6 ? 1 : 4>(tile, x, y);
        break;
      case 5:
        forward_tile < kForwardRows<6 ? 1 : 5>(tile, x, y);
        break;
      default:
        forward_tile < kForwardRows<6 ? 1 : 6>(tile, x, y);
        break;
    }
  }
}

void dense_forward(const DenseSize& size, const float* x, const float* w, const float* bias, Clamp clamp, float* y) {
  const int64_t inputs = size.inputs, outputs = size.outputs;
  int64_t block = kForwardBlockFloats / (inputs > 0 ? inputs : 1);
  if (block < kForwardRows) block = kForwardRows;
  for (int64_t first = 0; first < size.batch; first += block) {
    const int64_t rows = first + block < size.batch ? block : size.batch - first;
    for (int64_t o = 0; o < outputs; o += 4) {
      ForwardTile tile{size.inputs, {},           {},
                       clamp,       size.outputs, static_cast<int32_t>(outputs - o < 4 ? outputs - o : 4)};
      for (int32_t j = 0; j < 4; ++j) {
        const int64_t row = o + (j < tile.stored ? j : tile.stored - 1);
        tile.w[j] = w + row * inputs;
        tile.bias[j] = bias != nullptr ? bias[row] : 0.0f;
      }
      forward_rows(tile, rows, x + first * inputs, y + first * outputs + o);
    }
  }
}

// c[M x N] = sum over k of a(m, k) b[K x N], with a(m, k) at a[m * a_row + k * a_column]: both gradients, with lanes
// along N. A tile is 4 rows x V vectors; the row of b is loaded, the elements of a are broadcast.
struct Product {
  int64_t m, n, k;
  const float* a;
  int64_t a_row, a_column;
  const float* b;
  float* c;
};

template <int V, bool kWhole>
MOTE_INLINE void product_tile(const Product& p, int64_t row, int64_t column, int32_t last_lanes) {
  const float* a[4];
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) a[r] = p.a + (row + r < p.m ? row + r : p.m - 1) * p.a_row;
  const float* b = p.b + column;
  Vector sums[4][V] = {};
  for (int64_t k = 0; k < p.k; ++k) {
    Vector bs[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const float* from = b + v * kLanes;
      bs[v] = kWhole || v + 1 < V ? load(from) : load_partial(from, last_lanes);
    }
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      const Vector factor = broadcast(*a[r]);
      a[r] += p.a_column;
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sums[r][v] += factor * bs[v];
    }
    b += p.n;
  }
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) {
    if (row + r >= p.m) break;
    float* c = p.c + (row + r) * p.n + column;
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      if (kWhole || v + 1 < V)
        store(c + v * kLanes, sums[r][v]);
      else
        store_partial(c + v * kLanes, last_lanes, sums[r][v]);
    }
  }
}

// One column of tiles, V vectors wide; the last vector may be partial.
template <int V>
[[gnu::noinline]] void product_column(const Product& p, int64_t column, int32_t last_lanes) {
  if (last_lanes == kLanes)
    for (int64_t row = 0; row < p.m; row += 4) product_tile<V, true>(p, row, column, last_lanes);
  else
    for (int64_t row = 0; row < p.m; row += 4) product_tile<V, false>(p, row, column, last_lanes);
}

void product(const Product& p) {
  constexpr int64_t kWidest = kLanes == 4 && kRegisters == 16 ? 2 : kRegisters == 16 ? 3 : 6;  // vectors of a tile
  using Column = void (*)(const Product&, int64_t, int32_t);
  constexpr Column kColumns[] = {product_column<1>,
                                 product_column<2>,
                                 product_column < kWidest < 3 ? 2 : 3 >,
                                 product_column < kWidest < 6 ? 2 : 4 >
                                 , product_column < kWidest < 6 ? 2 : 5 >, product_column < kWidest < 6 ? 2 : 6 > };
  const int64_t vectors = (p.n + kLanes - 1) / kLanes;
  for (int64_t vector = 0, width = 0; vector < vectors; vector += width) {
    width = balanced(vectors - vector, kWidest);
    const int64_t last = p.n - (vector + width - 1) * kLanes;
    kColumns[width - 1](p, vector * kLanes, static_cast<int32_t>(last < kLanes ? last : kLanes));
  }
}

void dense_input_gradient(const DenseSize& size, const float* dy, const float* w, float* dx) {
  product({size.batch, size.inputs, size.outputs, dy, size.outputs, 1, w, dx});
}

void dense_weight_gradient(const DenseSize& size, const float* dy, const float* x, float* dw) {
  product({size.outputs, size.inputs, size.batch, dy, 1, size.outputs, x, dw});
}

}  // namespace
}  // namespace mote
