// Depth to space: the channels of a place become a square of block_size x block_size places.
#pragma once
#include "device/depth_space.h"

namespace mote {

constexpr int32_t kDepthToSpaceCode = 5;

struct DepthToSpaceAttributes : BlockAttributes {};

// False: no image, or its channels are not so many squares.
constexpr bool view_of(const DepthToSpaceAttributes& a, const Shape& input, StridedView& view) {
  const int32_t n = a.block_size;
  if (input.rank != 4 || n < 1 || n > 32767 || input[3] % (n * n) != 0) return false;
  const int32_t depth = input[3] / (n * n);
  const int64_t height = int64_t{input[1]} * n, width = int64_t{input[2]} * n;
  if (height > INT32_MAX || width > INT32_MAX) return false;
  view.shape = Shape{4, {input[0], static_cast<int32_t>(height), static_cast<int32_t>(width), depth}};
  const int8_t order[] = {0, 1, 3, 2, 4, 5};
  permute(Shape{6, {input[0], input[1], input[2], n, n, depth}}, order, view);
  return true;
}

constexpr bool take_operands(DepthToSpaceAttributes&, const Shape&, const Integers*) {
  return true;
}

constexpr Kernel depth_to_space_any = view_kernel<DepthToSpaceAttributes>(kDepthToSpaceCode);

}  // namespace mote
