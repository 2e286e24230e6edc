// Depthwise convolution of the compiled engine with weights in program memory (device/flash_rows.h): the filters of one
// input channel are rows, their taps in the order of the plane, and what one output sees of the channel is a patch. The
// same bytes as depthwise_conv_2d_run(), and the same order: strip by strip, in it channel by channel, of which all is
// read before any is written.
#pragma once
#include "device/flash_rows.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"

namespace mote {

struct DepthwiseFlash {
  DepthwiseConv2DGeometry g;
  int32_t border;  // what stands outside the image: the input's zero point
  FlashRows rows;  // of one channel: n taps, g.multiplier outputs
};

// What one output sees of a channel.
struct DepthwiseView {
  TapRange rows, columns;  // the taps inside the image
  const int8_t* first;     // of those
  int32_t row_step;
  int16_t column_step;
};

inline void depthwise_flash_patch(const DepthwisePlan& plan, const DepthwiseView& view, int8_t border, int8_t* patch) {
  const int8_t* row = view.first;
  const int16_t height = plan.rows.filter, width = plan.columns.filter;
  const int16_t first = static_cast<int16_t>(view.columns.first), last = static_cast<int16_t>(view.columns.last);
  for (int16_t ky = 0; ky < height; ++ky) {
    const bool inside = ky >= view.rows.first && ky < view.rows.last;
    const int8_t* input = row;
    for (int16_t kx = 0; kx < width; ++kx) {
      const bool read = inside && kx >= first && kx < last;
      *patch++ = read ? *input : border;
      if (read) input += view.column_step;
    }
    if (inside) row += view.row_step;
  }
}

// A part of the work: `count` rows of the plane's output from `first` on, of one channel, which `input` and `output`
// begin with.
struct DepthwiseStrip {
  int32_t first, count;
  const int8_t* input;
  int8_t* output;
};

// `patch`: memory for one, and behind it for what the strip sees of the image.
template <class Dot>
void depthwise_flash_strip(const DepthwiseFlash& p, const DepthwisePlan& plan, const DepthwiseStrip& strip,
                           FlashAddress weights, FlashAddress records, int8_t* patch) {
  const int32_t top = strip.first * plan.rows.stride - plan.rows.before,
                end = top + window_span(plan.rows, strip.count);
  const int32_t low = top < 0 ? 0 : top, high = end < plan.rows.input ? end : plan.rows.input;
  int8_t* const plane = patch + p.rows.n;
  int8_t* to = plane;
  for (int32_t row = low; row < high; ++row) {
    const int8_t* from = strip.input + row * plan.input.row;
    for (int32_t c = plan.filled; c > 0; --c, from += plan.input.column) *to++ = *from;
  }
  for (int32_t r = 0, y = top; r < strip.count; ++r, y += plan.rows.stride) {
    const TapRange rows = taps_inside(plan.rows, y);
    int8_t* output = strip.output + (strip.first + r) * plan.output.row;
    const int8_t* const row = plane + (y + rows.first * plan.rows.dilation - low) * plan.filled;
    for (int32_t c = 0, x = -plan.columns.before; c < plan.columns.output; ++c, x += plan.columns.stride) {
      const TapRange columns = taps_inside(plan.columns, x);
      const DepthwiseView view = {rows, columns, row + x + columns.first * plan.columns.dilation,
                                  plan.rows.dilation * plan.filled, plan.columns.dilation};
      depthwise_flash_patch(plan, view, static_cast<int8_t>(p.border), patch);
      flash_rows_run<Dot>(p.rows, weights, records, patch, output);
      output += plan.output.column;
    }
  }
}

// `scratch`: depthwise_conv_2d_scratch_bytes().
template <class Dot = FlashDot>
void depthwise_conv_2d_flash_run(const DepthwiseFlash& p, FlashAddress weights, FlashAddress records,
                                 const int8_t* input, int8_t* output, void* scratch) {
  const DepthwiseConv2DGeometry& g = p.g;
  const DepthwisePlan plan(g);
  const uint16_t weights_step = static_cast<uint16_t>(p.rows.n * p.rows.outputs);
  const uint16_t records_step = static_cast<uint16_t>(kFlashRecordBytes * g.multiplier);
  for (int32_t b = 0; b < g.batches; ++b) {
    for (int32_t first = 0; first < plan.rows.output; first += plan.strip) {
      const int32_t count = plan.rows.output - first < plan.strip ? plan.rows.output - first : plan.strip;
      FlashAddress w = weights, r = records;
      for (int32_t c = 0; c < g.inputs; ++c, w += weights_step, r += records_step) {
        const DepthwiseStrip strip = {first, count, input + c, output + c * g.multiplier};
        depthwise_flash_strip<Dot>(p, plan, strip, w, r, static_cast<int8_t*>(scratch));
      }
    }
    input += g.y.input * g.x.input * g.inputs;
    output += g.y.output * g.x.output * g.outputs();
  }
}

}  // namespace mote
