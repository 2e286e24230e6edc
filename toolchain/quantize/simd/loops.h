// Int8Primitives of one level. Included once by each file in this folder that is compiled for an instruction set
// (toolchain/quantize/stage.cmake), with -fwrapv: sums that hostile data can overflow wrap.
#pragma once
#include "toolchain/quantize/simd/lanes.h"
#include "toolchain/quantize/simd/primitives.h"

namespace mote {
namespace {

constexpr int64_t kVectorBytes = kLanes * 4;

// Constants of a vector of outputs.
struct OutputConstants {
  Ints bias;
  Scale scale;

  OutputConstants(const PackedLayer& layer, int64_t vector) {
    const uint8_t* const at = layer.constants + vector * 4 * kVectorBytes;
    bias = load(at);
    scale = {load(at + kVectorBytes), load(at + 2 * kVectorBytes), load(at + 3 * kVectorBytes)};
  }
};

struct Finish {
  Ints zero_point, low, high;

  explicit Finish(const Int8Finish& f)
      : zero_point(broadcast(f.zero_point)), low(broadcast(f.low)), high(broadcast(f.high)) {}
  template <bool kDown>
  MOTE_INLINE Ints of(Ints sum, const Scale& scale) const {
    return clamp(requantize<kDown>(sum, scale) + zero_point, low, high);
  }
};

void widen(const int8_t* input, int64_t count, int32_t offset, uint8_t* out) {
  Stored* const __restrict stored = reinterpret_cast<Stored*>(out);
  for (int64_t i = 0; i < count; ++i) stored[i] = static_cast<Stored>(input[i] + offset);
}

// interleave() of two rows as far as whole vectors of 16 elements go: how far.
int64_t interleave_pairs(const int8_t* a, const int8_t* b, int64_t count, int16_t offset, uint8_t* out) {
  typedef int8_t Bytes __attribute__((vector_size(16)));
  typedef int8_t UnalignedBytes __attribute__((vector_size(16), aligned(1), may_alias));
  typedef int16_t Words __attribute__((vector_size(32)));
  typedef int16_t UnalignedWords __attribute__((vector_size(32), aligned(1), may_alias));
  int64_t i = 0;
  for (; i + 16 <= count; i += 16, out += 64) {
    const Bytes x = *reinterpret_cast<const UnalignedBytes*>(a + i);
    const Bytes y = *reinterpret_cast<const UnalignedBytes*>(b + i);
    const Bytes low = __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const Bytes high = __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    UnalignedWords* const to = reinterpret_cast<UnalignedWords*>(out);
    to[0] = __builtin_convertvector(low, Words) + offset;
    to[1] = __builtin_convertvector(high, Words) + offset;
  }
  return i;
}

void interleave(const int8_t* const* rows, int64_t count, int32_t offset, uint8_t* out) {
  constexpr int kBits = 8 * sizeof(Stored);
  uint32_t* const __restrict groups = reinterpret_cast<uint32_t*>(out);
  const auto element = [&](int row, int64_t i) {
    return (static_cast<uint32_t>(rows[row][i] + offset) & (0xFFFFFFFFu >> (32 - kBits))) << (row * kBits);
  };
  int64_t i = kGroup == 2 ? interleave_pairs(rows[0], rows[1], count, static_cast<int16_t>(offset), out) : 0;
  for (; i < count; ++i) {
    uint32_t group = 0;
#pragma GCC unroll 4
    for (int row = 0; row < kGroup; ++row) group |= element(row, i);
    groups[i] = group;
  }
}

// kPixels pixels x kVectors vectors of outputs from `vector` on; the first `count` pixels are written.
template <int kPixels, int kVectors>
struct Tile {
  const PackedLayer& layer;
  int64_t vector;
  const uint8_t* inputs[kPixels];
  int8_t* output;
  int64_t step;
  int32_t count;

  MOTE_INLINE void run() const {
    Ints sums[kPixels][kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const Ints bias = OutputConstants(layer, vector + v).bias;
#pragma GCC unroll 8
      for (int p = 0; p < kPixels; ++p) sums[p][v] = bias;
    }
    const int64_t stride = layer.groups * kVectorBytes;
    const uint8_t* weights = layer.weights + vector * stride;
    for (int32_t k = 0; k < layer.groups; ++k, weights += kVectorBytes) {
      const int64_t offset = layer.offsets[k];
      Ints w[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) w[v] = load(weights + v * stride);
#pragma GCC unroll 8
      for (int p = 0; p < kPixels; ++p) {
        const Ints x = broadcast(*reinterpret_cast<const UnalignedInt*>(inputs[p] + offset));
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[p][v] = dot(sums[p][v], x, w[v]);
      }
    }
    if (layer.finish.down)
      finish<true>(sums);
    else
      finish<false>(sums);
  }

  template <bool kDown>
  MOTE_INLINE void finish(const Ints (&sums)[kPixels][kVectors]) const {
#if defined(MOTE_PACKS_FOUR)
    if constexpr (kDown && kPixels == 4 && kVectors <= 2) {
      if (count == kPixels && (vector + kVectors) * kLanes <= layer.outputs) return finish_whole(sums);
    }
#endif
    const Finish finish(layer.finish);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const Scale scale = OutputConstants(layer, vector + v).scale;
      const int64_t first = (vector + v) * kLanes;
#pragma GCC unroll 8
      for (int p = 0; p < kPixels; ++p)
        if (p < count)
          store_int8(output + p * step + first, finish.of<kDown>(sums[p][v], scale), layer.outputs - first);
    }
  }

#if defined(MOTE_PACKS_FOUR)
  // All pixels and lanes are written. Every shift is below -1.
  MOTE_INLINE void finish_whole(const Ints (&sums)[4][kVectors]) const {
    const FourFinish four(layer.finish);
    int8_t* const first = output + vector * kLanes;
    const Scale a = OutputConstants(layer, vector).scale;
    if constexpr (kVectors == 1) {
      store_four(first, step,
                 four.of(requantize<true>(sums[0][0], a), requantize<true>(sums[1][0], a),
                         requantize<true>(sums[2][0], a), requantize<true>(sums[3][0], a)));
    } else {
      const Scale b = OutputConstants(layer, vector + 1).scale;
#pragma GCC unroll 2
      for (int p = 0; p < 4; p += 2)
        store_two(first + p * step, first + (p + 1) * step,
                  four.of(requantize<true>(sums[p][0], a), requantize<true>(sums[p][1], b),
                          requantize<true>(sums[p + 1][0], a), requantize<true>(sums[p + 1][1], b)));
    }
  }
#endif
};

// kVectors vectors of outputs of every pixel.
template <int kPixels, int kVectors>
[[gnu::noinline]] void product_of(const PackedLayer& layer, const PixelGrid& grid, int64_t vector) {
  const int64_t pixels = int64_t{grid.rows} * grid.columns;
  Tile<kPixels, kVectors> tile{layer, vector, {}, grid.output, grid.output_step, 0};
  const uint8_t *row = grid.input, *input = row;
  int32_t x = 0;
  for (int64_t left = pixels; left > 0; left -= kPixels, tile.output += kPixels * grid.output_step) {
    tile.count = static_cast<int32_t>(left < kPixels ? left : kPixels);
    for (int p = 0; p < kPixels; ++p) {
      tile.inputs[p] = p < tile.count ? input : tile.inputs[p - 1];  // the last pixel again
      if (p >= tile.count) continue;
      input += grid.column_step;
      if (++x == grid.columns) x = 0, input = row += grid.row_step;
    }
    tile.run();
  }
}

template <int kVectors>
void product_vectors(const PackedLayer& layer, const PixelGrid& grid, int64_t vector) {
  constexpr int kPixels = kMostVectors == 2 ? 4 : kVectors == 4 ? 6 : 8;
  if (grid.rows * grid.columns == 1)
    product_of<1, kVectors>(layer, grid, vector);
  else
    product_of<kPixels, kVectors>(layer, grid, vector);
}

void product(const PackedLayer& layer, const PixelGrid& grid) {
  const int64_t vectors = (layer.outputs + kLanes - 1) / kLanes;
  int64_t vector = 0;
  for (; vectors - vector >= kMostVectors; vector += kMostVectors) product_vectors<kMostVectors>(layer, grid, vector);
  if (vectors - vector == 3) product_vectors<kMostVectors == 2 ? 1 : 3>(layer, grid, vector);
  if (vectors - vector == 2) product_vectors<kMostVectors == 2 ? 1 : 2>(layer, grid, vector);
  if (vectors - vector == 1) product_vectors<1>(layer, grid, vector);
}

// One vector of outputs of all pixels. kGroups: their number, or 0.
template <bool kDown, int kGroups>
MOTE_INLINE void depthwise_vector(const PackedLayer& layer, const PixelGrid& grid, int64_t vector, int64_t total) {
  const OutputConstants constants(layer, vector);
  const Finish finish(layer.finish);
  const int32_t groups = kGroups != 0 ? kGroups : layer.groups;
  const uint8_t* const weights = layer.weights + vector * groups * kVectorBytes;
  const uint8_t* input = grid.input + vector * kVectorBytes;
  const int64_t used = layer.outputs - vector * kLanes;
  int64_t at = vector * kLanes;
  int32_t x = 0;
#if defined(MOTE_PACKS_FOUR)
  const FourFinish four(layer.finish);
  for (; kDown && used >= kLanes && x + 4 <= grid.columns && at + 3 * grid.output_step + kLanes <= total; x += 4) {
    Ints sums[4] = {constants.bias, constants.bias, constants.bias, constants.bias};
#pragma GCC unroll 8
    for (int32_t k = 0; k < groups; ++k) {
      const Ints w = load(weights + k * kVectorBytes);
      const uint8_t* const in = input + layer.offsets[k];
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) sums[c] = dot(sums[c], load(in + c * grid.column_step), w);
    }
#pragma GCC unroll 4
    for (Ints& sum : sums) sum = requantize<true>(sum, constants.scale);
    store_four(grid.output + at, grid.output_step, four.of(sums[0], sums[1], sums[2], sums[3]));
    input += 4 * grid.column_step, at += 4 * grid.output_step;
  }
#endif
  for (; x < grid.columns; ++x, input += grid.column_step, at += grid.output_step) {
    Ints sum = constants.bias;
#pragma GCC unroll 8
    for (int32_t k = 0; k < groups; ++k)
      sum = dot(sum, load(input + layer.offsets[k]), load(weights + k * kVectorBytes));
    const int64_t left = total - at;
    store_int8(grid.output + at, finish.of<kDown>(sum, constants.scale), used < left ? used : left);
  }
}

template <bool kDown>
void depthwise_all(const PackedLayer& layer, const PixelGrid& grid, int64_t total) {
  const int64_t vectors = (layer.outputs + kLanes - 1) / kLanes;
  constexpr int kUsual = kGroup == 4 ? 3 : 6;  // groups of a 3 x 3 filter
  for (int64_t vector = 0; vector < vectors; ++vector) {
    if (layer.groups == kUsual)
      depthwise_vector<kDown, kUsual>(layer, grid, vector, total);
    else
      depthwise_vector<kDown, 0>(layer, grid, vector, total);
  }
}

void depthwise(const PackedLayer& layer, const PixelGrid& grid, int64_t total) {
  if (layer.finish.down)
    depthwise_all<true>(layer, grid, total);
  else
    depthwise_all<false>(layer, grid, total);
}

// kDown: also the smaller input's shift is below -1.
template <bool kDown>
void sum_all(const Int8Sum& p, const int8_t* larger, const int8_t* smaller, int64_t count, int8_t* output) {
  const Ints zero_larger = broadcast(p.zero_larger), zero_smaller = broadcast(p.zero_smaller);
  const Scale scale = scale_of(p.multiplier, p.shift), out = scale_of(p.output_multiplier, p.output_shift);
  const auto added = [&](const int8_t* a, const int8_t* b) __attribute__((always_inline)) {
    return ((load_int8(a) - zero_larger) << 19) + requantize<kDown>((load_int8(b) - zero_smaller) << 20, scale);
  };
  int64_t i = 0;
#if defined(MOTE_PACKS_FOUR)
  const FourFinish four(p.finish);
  const auto at = [&](int64_t k) __attribute__((always_inline)) {
    return requantize<true>(added(larger + k, smaller + k), out);
  };
  for (; i + 4 * kLanes <= count; i += 4 * kLanes)
    store_four(output + i, kLanes, four.of(at(i), at(i + kLanes), at(i + 2 * kLanes), at(i + 3 * kLanes)));
#endif
  const Finish finish(p.finish);
  for (; i + kLanes <= count; i += kLanes) store_int8(output + i, finish.of<true>(added(larger + i, smaller + i), out));
  if (i == count) return;
  int8_t a[kLanes] = {}, b[kLanes] = {}, last[kLanes];
  __builtin_memcpy(a, larger + i, static_cast<size_t>(count - i));
  __builtin_memcpy(b, smaller + i, static_cast<size_t>(count - i));
  store_int8(last, finish.of<true>(added(a, b), out));
  __builtin_memcpy(output + i, last, static_cast<size_t>(count - i));
}

void sum(const Int8Sum& p, const int8_t* larger, const int8_t* smaller, int64_t count, int8_t* output) {
  if (p.shift < -1)
    sum_all<true>(p, larger, smaller, count, output);
  else
    sum_all<false>(p, larger, smaller, count, output);
}

void accumulate(const int8_t* input, int32_t count, int32_t* __restrict totals) {
  for (int32_t i = 0; i < count; ++i) totals[i] += input[i];
}

constexpr Int8Primitives primitives_of_level(const char* name, const Int8Primitives* bytes = nullptr) {
  return {name, kLanes, kGroup, kOffset, widen, interleave, product, depthwise, sum, accumulate, bytes};
}

}  // namespace
}  // namespace mote
