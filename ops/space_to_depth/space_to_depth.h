// Space to depth: squares of block_size x block_size places become the channels of one.
#pragma once
#include "device/depth_space.h"

namespace mote {

constexpr int32_t kSpaceToDepthCode = 26;

struct SpaceToDepthAttributes : BlockAttributes {};

// False: no image, or its height or width is no multiple of the block.
constexpr bool view_of(const SpaceToDepthAttributes& a, const Shape& input, StridedView& view) {
  const int32_t n = a.block_size;
  if (input.rank != 4 || n < 1 || input[1] % n != 0 || input[2] % n != 0) return false;
  const int32_t height = input[1] / n, width = input[2] / n;
  const int64_t depth = int64_t{input[3]} * n;
  if (depth > INT32_MAX || depth * n > INT32_MAX) return false;
  view.shape = Shape{4, {input[0], height, width, static_cast<int32_t>(depth * n)}};
  const int8_t order[] = {0, 1, 3, 2, 4, 5};
  permute(Shape{6, {input[0], height, n, width, n, input[3]}}, order, view);
  return true;
}

constexpr bool take_operands(SpaceToDepthAttributes&, const Shape&, const Integers*) {
  return true;
}

constexpr Kernel space_to_depth_any = view_kernel<SpaceToDepthAttributes>(kSpaceToDepthCode);

}  // namespace mote
