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

void SourceAxis::add(const AxisTaps& taps) {
  if (taps.count <= 0) return;
  count = std::max(count, taps.count);
  advance = taps.advance;
  if (taps.taps == 0) return;
  before = std::max(before, -taps.source);
  high = std::max(high, taps.source + (taps.taps - 1) * taps.source_step);
}

SourceAxis source_inputs(const WindowAxis& axis) {
  SourceAxis result{axis.input};
  result.add(forward_taps(axis));
  return result;
}

SourceAxis source_outputs(const WindowAxis& axis, const PhaseTaps& phases) {
  SourceAxis result{axis.output};
  for (int32_t phase = 0; phase < phases.count(); ++phase) result.add(phases[phase]);
  return result;
}

PhaseTaps::PhaseTaps(const WindowAxis& axis) : axis_(axis) {
  for (int32_t phase = 0; phase < std::min<int32_t>(kKept, axis.stride); ++phase)
    kept_[phase] = backward_taps(axis, phase);
}

// A whole image if it is small, else an even number where there is room: kernels take two rows at a time.
int32_t SourceImage::band_rows() const {
  constexpr int64_t kWhole = 8192, kPart = 4096;  // floats: of first-level caches of 32 KiB and more
  if (int64_t{y.span(y.count)} * pitch() <= kWhole) return y.count;
  const int64_t floats = y.span(1) == 1 ? kWhole : kPart;  // no row is copied twice, only weights are read again
  const int64_t room = (floats / pitch() - y.span(1)) / y.advance + 1;
  const auto fit = static_cast<int32_t>(std::clamp<int64_t>(room, 1, y.count));
  return fit - (fit > 1 ? fit % 2 : 0);
}

// Rows beside one another, with what is around them, are one piece.
void SourceImage::place(const float* image, int32_t top, int32_t from, int32_t to, float* memory) const {
  const int64_t row = int64_t{x.size} * channels, before = int64_t{x.before} * channels,
                behind = pitch() - before - row;
  const auto copy = [&](int32_t source, int64_t rows, float* at) {
    if (line == nullptr)
      std::copy_n(image + source * row, rows * row, at);
    else
      simd().scale_shift({rows * x.size, channels}, image + source * row, line->scale, line->shift, line->limits, at);
  };
  const int32_t begin = std::clamp(-top, from, to), end = std::clamp(y.size - top, begin, to);  // rows of the image
  std::fill_n(memory + int64_t{from} * pitch(), int64_t{begin - from} * pitch(), 0.0f);
  std::fill_n(memory + int64_t{end} * pitch(), int64_t{to - end} * pitch(), 0.0f);
  float* at = memory + int64_t{begin} * pitch();
  if (pitch() == row && end > begin) return copy(top + begin, end - begin, at);
  for (int32_t i = begin; i < end; ++i, at += pitch()) {
    std::fill_n(at, before, 0.0f);
    copy(top + i, 1, at + before);
    std::fill_n(at + before + row, behind, 0.0f);
  }
}

// Rows without a gap are one.
Patches patches_of(const PatchShape& s, const Band& band) {
  const int32_t channels = s.source.channels, row = s.source.pitch();
  const bool joined = s.joined && s.depth == channels && s.x.taps > 0 && (s.x.source_step == 1 || s.x.taps == 1);
  Patches patches;
  patches.rows = std::min(band.rows, s.y.count - band.first);  // phases may differ by a row
  patches.columns = s.x.count;
  patches.from = {0, s.y.advance * row, s.x.advance * channels};
  patches.to = {((s.y.first + band.first * s.y.step) * s.columns + s.x.first) * s.pitch, s.y.step * s.columns * s.pitch,
                s.x.step * s.pitch};
  patches.run_rows = s.y.taps;
  patches.run_columns = joined ? 1 : s.x.taps;
  patches.run = {(s.source.y.before + s.y.source) * row + (s.source.x.before + s.x.source) * channels,
                 s.y.source_step * row, s.x.source_step * channels};
  patches.length = joined ? s.x.taps * s.depth : s.depth;
  if (patches.from.row == patches.columns * patches.from.column &&
      patches.to.row == patches.columns * patches.to.column) {
    patches.columns *= std::max(patches.rows, 0);
    patches.rows = 1;
  }
  return patches;
}

void add_column_sums(const FloatCall& call, const Channels& size, const float* dz, float* memory, float* gradient) {
  simd().column_sums(size.rows, size.channels, dz, call.row == 0 ? gradient : memory);
  if (call.row > 0) simd().add(size.channels, memory, gradient);
}

}  // namespace mote
