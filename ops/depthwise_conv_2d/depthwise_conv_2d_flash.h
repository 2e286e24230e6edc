// Depthwise convolution of the compiled engine with weights in program memory. The same bytes as
// depthwise_conv_2d_run(), and the same order: strip by strip, in it channel by channel, of which all is read before
// any is written. What a strip sees of a channel is copied into a plane of bytes with a border of the input's zero
// point, which is folded into what the sums begin with; then one filter after the other is fetched.
//
// Layout of the weights: filter by filter, its taps in the order of the plane. Of each a record of kFlashRecordBytes as
// in device/flash_rows.h.
#pragma once
#include "device/flash_rows.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#if defined(__AVR__)
#include "ops/depthwise_conv_2d/depthwise_conv_2d_avr.h"
#endif

namespace mote {

struct DepthwiseFlash {
  DepthwiseConv2DGeometry g;
  int32_t border;  // what stands outside the image: the input's zero point
  Int8Output output;
};

// The inner primitive: the sum of products of what one output sees of a plane, `row_step` bytes from row to row and
// `column_step` from tap to tap. This is the portable form; an ISA's form gives the same sum, bit for bit.
struct PortableDepthwiseWindow {
  uint8_t rows, columns;
  int16_t row_step, column_step;

  int32_t sum(const int8_t* plane, const int8_t* taps) const {
    int32_t total = 0;
    for (uint8_t r = 0; r < rows; ++r, plane += row_step) {
      const int8_t* x = plane;
      for (uint8_t c = 0; c < columns; ++c, x += column_step) total += int32_t{*x} * *taps++;
    }
    return total;
  }
};

#if defined(__AVR__)
using FlashDepthwiseWindow = AvrDepthwiseWindow<PortableDepthwiseWindow>;
#else
using FlashDepthwiseWindow = PortableDepthwiseWindow;
#endif

// What output rows of the plane, `count` from `first` on, see of the channel that begins at `input`.
inline void depthwise_flash_plane(const DepthwisePlan& plan, const int8_t* input, int8_t border, int32_t first,
                                  int32_t count, int8_t* plane) {
  int32_t row = first * plan.rows.stride - plan.rows.before;
  for (int32_t left = window_span(plan.rows, count); left > 0; --left, ++row) {
    const bool inside = row >= 0 && row < plan.rows.input;
    const int8_t* from = input + (inside ? row : 0) * plan.input.row;
    const int16_t begin = plan.columns.before, end = inside ? static_cast<int16_t>(begin + plan.filled) : begin;
    const int16_t pitch = static_cast<int16_t>(plan.plane_pitch);
    for (int16_t c = 0; c < pitch; ++c) {
      const bool read = c >= begin && c < end;
      *plane++ = read ? *from : border;
      if (read) from += plan.input.column;
    }
  }
}

// The outputs of one filter, whose record and taps lie in program memory; `output` is the first of the strip.
template <class Window>
void depthwise_flash_filter(const DepthwiseFlash& p, const DepthwisePlan& plan, const Window& window, int32_t rows,
                            FlashAddress record, const int8_t* taps, const int8_t* plane, int8_t* output) {
  const int32_t start = fetch<int32_t>(record), multiplier = fetch<int32_t>(record + 4);
  const int8_t shift = fetch<int8_t>(record + 8);
  for (int32_t r = 0; r < rows; ++r, plane += plan.rows.stride * plan.plane_pitch, output += plan.output.row) {
    const int8_t* x = plane;
    int8_t* out = output;
    for (int32_t c = plan.columns.output; c > 0; --c, x += plan.columns.stride, out += plan.output.column)
      *out = p.output.any(wrapping_add(start, window.sum(x, taps)), multiplier, shift);
  }
}

// `scratch`: depthwise_conv_2d_scratch_bytes().
template <class Window = FlashDepthwiseWindow>
void depthwise_conv_2d_flash_run(const DepthwiseFlash& p, FlashAddress weights, FlashAddress records,
                                 const int8_t* input, int8_t* output, void* scratch) {
  const DepthwiseConv2DGeometry& g = p.g;
  const DepthwisePlan plan(g);
  const Window window = {static_cast<uint8_t>(plan.rows.filter), static_cast<uint8_t>(plan.columns.filter),
                         static_cast<int16_t>(plan.rows.dilation * plan.plane_pitch), plan.columns.dilation};
  const uint16_t size = static_cast<uint16_t>(window.rows * window.columns);
  int8_t *const taps = static_cast<int8_t*>(scratch), *const plane = taps + size;
  for (int32_t b = 0; b < g.batches; ++b) {
    for (int32_t first = 0; first < plan.rows.output; first += plan.strip) {
      const int32_t count = plan.rows.output - first < plan.strip ? plan.rows.output - first : plan.strip;
      int8_t* const strip = output + first * plan.output.row;
      FlashAddress w = weights, record = records;
      for (int32_t o = 0; o < g.outputs(); ++o, w += size, record += kFlashRecordBytes) {
        if (o % g.multiplier == 0)
          depthwise_flash_plane(plan, input + o / g.multiplier, static_cast<int8_t>(p.border), first, count, plane);
        fetch_bytes(w, taps, size);
        depthwise_flash_filter(p, plan, window, count, record, taps, plane, strip + o);
      }
    }
    input += g.y.input * g.x.input * g.inputs;
    output += g.y.output * g.x.output * g.outputs();
  }
}

}  // namespace mote
