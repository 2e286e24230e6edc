#include "ops/image_patches.h"

#include <algorithm>
#include <numeric>

namespace mote {

AxisTaps forward_taps(const WindowAxis& axis) {
  return {0, 1, axis.output, axis.stride, axis.filter, -axis.before, axis.dilation, 0, 1};
}

// Input i is read by tap k of output o where o * stride + k * dilation = i + before. With i + before = phase +
// j * stride these are the taps whose k * dilation leaves `phase` when divided by stride, and o = j - (k * dilation -
// phase) / stride: the last tap reads the first output.
AxisTaps backward_taps(const WindowAxis& axis, int32_t phase) {
  const int32_t stride = axis.stride, dilation = axis.dilation, common = std::gcd(stride, dilation);
  const int32_t tap_step = stride / common;
  const int32_t j = axis.before > phase ? (axis.before - phase + stride - 1) / stride : 0;
  AxisTaps result{};
  result.first = phase + j * stride - axis.before;
  result.step = stride;
  result.count = result.first < axis.input ? (axis.input - 1 - result.first) / stride + 1 : 0;
  result.advance = 1;
  int32_t tap = 0;
  while (tap < tap_step && tap * dilation % stride != phase) ++tap;
  if (tap == tap_step || tap >= axis.filter) return result;
  result.taps = (axis.filter - 1 - tap) / tap_step + 1;
  result.tap = tap + (result.taps - 1) * tap_step;
  result.tap_step = -tap_step;
  result.source = j - (result.tap * dilation - phase) / stride;
  result.source_step = dilation / common;
  return result;
}

namespace {

void widen(PaddedAxis& axis, const AxisTaps& taps) {
  if (taps.taps == 0 || taps.count == 0) return;
  const int32_t last = taps.source + (taps.taps - 1) * taps.source_step + (taps.count - 1) * taps.advance;
  const int32_t behind = std::max(axis.total - axis.before, last + 1);
  axis.before = std::max(axis.before, -taps.source);
  axis.total = axis.before + behind;
}

}  // namespace

PaddedAxis padded_inputs(const WindowAxis& axis) {
  PaddedAxis result{axis.input, 0, axis.input};
  widen(result, forward_taps(axis));
  return result;
}

PaddedAxis padded_outputs(const WindowAxis& axis) {
  PaddedAxis result{axis.output, 0, axis.output};
  for (int32_t phase = 0; phase < axis.stride; ++phase) widen(result, backward_taps(axis, phase));
  return result;
}

int64_t PaddedImage::padded() const {
  const bool plain = y.total == y.size && x.total == x.size;
  return plain ? 0 : int64_t{y.total} * x.total * channels;
}

void PaddedImage::clear(float* memory) const {
  if (padded() == 0) return;
  const int64_t pitch = int64_t{x.total} * channels, image = int64_t{x.size} * channels;
  const int64_t first = y.before * pitch + int64_t{x.before} * channels;
  std::fill_n(memory, first, 0.0f);
  float* behind = memory + first + image;  // a row of the image
  for (int32_t i = 1; i < y.size; ++i, behind += pitch) std::fill_n(behind, pitch - image, 0.0f);
  std::fill(behind, memory + padded(), 0.0f);
}

const float* PaddedImage::place(const float* image, float* memory) const {
  if (padded() == 0) return image;
  const int64_t row = int64_t{x.size} * channels, pitch = int64_t{x.total} * channels;
  float* to = memory + y.before * pitch + int64_t{x.before} * channels;
  for (int32_t i = 0; i < y.size; ++i) std::copy_n(image + i * row, row, to + i * pitch);
  return memory;
}

Patches patches_of(const PatchShape& s, float* memory) {
  auto* const from = reinterpret_cast<int32_t*>(memory);
  int32_t *const to = from + s.pixels(), *const run = to + s.pixels();
  const int32_t channels = s.source.channels, row = s.source.x.total * channels;
  for (int32_t y = 0, p = 0; y < s.y.count; ++y)
    for (int32_t x = 0; x < s.x.count; ++x, ++p) {
      from[p] = y * s.y.advance * row + x * s.x.advance * channels;
      to[p] = ((s.y.first + y * s.y.step) * s.columns + s.x.first + x * s.x.step) * s.pitch;
    }
  const bool joined = s.joined && s.depth == channels && s.x.taps > 0 && (s.x.source_step == 1 || s.x.taps == 1);
  const int32_t per_row = joined ? 1 : s.x.taps;
  for (int32_t y = 0, r = 0; y < s.y.taps; ++y)
    for (int32_t x = 0; x < per_row; ++x, ++r)
      run[r] = (s.source.y.before + s.y.source + y * s.y.source_step) * row +
               (s.source.x.before + s.x.source + x * s.x.source_step) * channels;
  return {s.pixels(), from, to, s.y.taps * per_row, joined ? s.x.taps * s.depth : s.depth, run};
}

void add_column_sums(const FloatCall& call, const Channels& size, const float* dz, float* memory, float* gradient) {
  simd().column_sums(size.rows, size.channels, dz, call.row == 0 ? gradient : memory);
  if (call.row > 0) simd().add(size.channels, memory, gradient);
}

}  // namespace mote
