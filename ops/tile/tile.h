// Repeats a tensor along each dimension as often as input 1, a constant int32, says. Source: TFLite kernels/tile.cc.
#pragma once
#include "device/mapped_copy.h"

namespace mote {

constexpr int32_t kTileCode = 69;

struct TileAttributes {
  static constexpr int32_t kOperands = 1;
  int32_t times[kMaxRank] = {};  // taken from input 1
};

template <class V>
void visit(V&, TileAttributes&) {}

constexpr bool take_operands(TileAttributes& a, const Shape& input, const Integers* operands) {
  if (operands[0].count != input.rank) return false;
  for (int32_t i = 0; i < input.rank; ++i) a.times[i] = operands[0].values[i];
  return true;
}

// False: a number below 1, or more elements than int32 counts.
constexpr bool mapped_shape(const TileAttributes& a, const Shape& input, Shape& output) {
  output = input;
  int64_t elements = 1;
  for (int32_t i = 0; i < input.rank; ++i) {
    const int64_t size = int64_t{input[i]} * a.times[i];
    if (a.times[i] < 1 || size > INT32_MAX || (elements *= size) > INT32_MAX) return false;
    output.dims[i] = static_cast<int32_t>(size);
  }
  return true;
}

struct TileCopy {
  MappedDims dims;

  int32_t source(int32_t dimension, int32_t i) const { return i % dims.input[dimension]; }
};

inline void mapped_setup(const TileAttributes&, TileCopy&) {}

constexpr Kernel tile_any = mapped_kernel<TileAttributes, TileCopy>(kTileCode);

}  // namespace mote
