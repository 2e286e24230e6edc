// Depthwise convolution of the compiled engine with windows of three by three in steps of one or two. The same bytes as
// depthwise_conv_2d_run().
//
// A strip of kNineRows rows of the image at a time, and two channels of it: they are taken out into planes of their
// own, widened to int16, the zero point subtracted, with a border of zeros. Two neighbours of a row are a word, and
// all rows of a strip lie together, so that every tap of a block of outputs is at a fixed distance from its first:
// word (column / 2, channel, row) of the planes is at (2 * (column / 2) + channel) * kNineRows + row.
// The longer axis of the output runs along the columns, whichever it is in the image, where one strip has all rows.
#pragma once
#include "device/packed_scale.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#if defined(__ARM_FEATURE_DSP)
#include "ops/depthwise_conv_2d/depthwise_conv_2d_nine_dsp.h"
#endif

namespace mote {

constexpr int32_t kNineRows = 8;  // of a strip

// Channels in twos, multiplier 1.
struct DepthwiseNine {
  DepthwiseConv2DGeometry g;
  int32_t offset;    // minus the input's zero point
  int32_t rounding;  // 2 * the output's zero point + 1
};

// Output rows of a strip.
constexpr int32_t depthwise_nine_rows(int32_t stride) {
  return (kNineRows - 3) / stride + 1;
}

struct DepthwiseNinePlan {
  WindowAxis rows, columns;
  DepthwiseSteps input, output;
  int32_t words;   // of a row of the plane
  int32_t filled;  // elements of it that lie in the image

  constexpr explicit DepthwiseNinePlan(const DepthwiseConv2DGeometry& g) : DepthwiseNinePlan(g, is_turned(g)) {}

  static constexpr bool is_turned(const DepthwiseConv2DGeometry& g) {
    return g.y.output > g.x.output && g.x.output <= depthwise_nine_rows(g.x.stride);
  }

 private:
  constexpr DepthwiseNinePlan(const DepthwiseConv2DGeometry& g, bool turned)
      : rows(turned ? g.x : g.y),
        columns(turned ? g.y : g.x),
        input(steps(turned, g.x.input * g.inputs, g.inputs)),
        output(steps(turned, g.x.output * g.inputs, g.inputs)),
        words((columns.output + 1) / 2 * columns.stride + 1),
        filled(window_span(columns, columns.output) - columns.before) {
    if (filled > columns.input) filled = columns.input;
  }
  static constexpr DepthwiseSteps steps(bool turned, int32_t row, int32_t pixel) {
    return turned ? DepthwiseSteps{pixel, row} : DepthwiseSteps{row, pixel};
  }
};

constexpr bool is_depthwise_nine(const DepthwiseConv2DGeometry& g) {
  return g.y.filter == 3 && g.x.filter == 3 && g.y.dilation == 1 && g.x.dilation == 1 && g.multiplier == 1 &&
         g.inputs % 2 == 0 && g.y.stride == g.x.stride && g.x.stride <= 2;
}

// REQUIRES: is_depthwise_nine(g).
constexpr int32_t depthwise_nine_scratch_bytes(const DepthwiseConv2DGeometry& g) {
  return 8 * kNineRows * DepthwiseNinePlan(g).words;
}

// What is taken out of an image for two channels: `rows` times `columns` pixels, the first of a row to column `before`
// of the planes.
struct DepthwiseNineStrip {
  const int8_t* input;
  int32_t row_step, step;  // in the image
  int32_t rows, columns, before, offset;
  int16_t* planes;  // of the first row
};

// What is to be done with a plane. The layout is depthwise_conv_2d_nine_dsp.h's too.
struct DepthwiseNineBlock {
  const int16_t* plane;
  const int8_t* taps;  // of each row w0 w1 w1 w2
  int8_t* output;
  int32_t start, multiplier, power, rounding;  // device/packed_scale.h
  int32_t step, row_step;                      // from one output to the next in a row, and from a row to the next
  int32_t columns, rows;                       // of outputs
};

// The inner primitives. This is the portable form; an ISA's form gives the same numbers, bit for bit.
struct PortableDepthwiseNine {
  static void take(const DepthwiseNineStrip& s) {
    for (int32_t r = 0; r < s.rows; ++r) {
      for (int32_t c = 0; c < s.columns; ++c) {
        const int32_t column = c + s.before;
        int16_t* const word = s.planes + 2 * (2 * kNineRows * (column / 2) + r) + column % 2;
        const int8_t* const pixel = s.input + r * s.row_step + c * s.step;
        word[0] = static_cast<int16_t>(pixel[0] + s.offset);
        word[2 * kNineRows] = static_cast<int16_t>(pixel[1] + s.offset);
      }
    }
  }

  template <int32_t kStride>
  static void outputs(const DepthwiseNineBlock& b) {
    const int32_t scale[] = {b.multiplier, b.power};
    for (int32_t y = 0; y < b.rows; ++y) {
      for (int32_t x = 0; x < b.columns; ++x) {
        uint32_t sum = static_cast<uint32_t>(b.start);
        for (int32_t r = 0; r < 3; ++r) {
          const int8_t* const w = b.taps + 4 * r;
          const int32_t taps[] = {w[0], w[1], w[3]};
          for (int32_t k = 0; k < 3; ++k) {
            const int32_t column = kStride * x + k;
            const int32_t at = 2 * (2 * kNineRows * (column / 2) + kStride * y + r) + column % 2;
            sum += static_cast<uint32_t>(b.plane[at] * taps[k]);
          }
        }
        b.output[y * b.row_step + x * b.step] = packed_output(static_cast<int32_t>(sum), scale, b.rounding);
      }
    }
  }
};

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) && !defined(__PIC__)  // else too few registers are free
using DepthwiseNinePrimitives = DepthwiseNineDsp;
#else
using DepthwiseNinePrimitives = PortableDepthwiseNine;
#endif

// `weights`: as DepthwiseNineBlock has them, channel by channel; `table`: device/packed_scale.h; `scratch`:
// depthwise_nine_scratch_bytes(), aligned to 4 bytes. Not inlined, so that all calls share it.
template <int32_t kStride, class Primitives = DepthwiseNinePrimitives>
__attribute__((noinline)) void depthwise_conv_2d_nine_run(const DepthwiseNine& p, const int8_t* input,
                                                          const int8_t* weights, const int32_t* table, int8_t* output,
                                                          void* scratch) {
  const DepthwiseConv2DGeometry& g = p.g;
  const DepthwiseNinePlan plan(g);
  const int32_t strip = depthwise_nine_rows(kStride), before = plan.columns.before;
  int16_t* const planes = static_cast<int16_t*>(scratch);
  for (int32_t b = 0; b < g.batches; ++b) {
    for (int32_t first = 0; first < plan.rows.output; first += strip) {
      const int32_t rows = plan.rows.output - first < strip ? plan.rows.output - first : strip;
      const int32_t top = first * kStride - plan.rows.before, outside = top < 0 ? -top : 0;
      const int32_t span = window_span(plan.rows, rows),
                    end = top + span > plan.rows.input ? plan.rows.input - top : span;
      __builtin_memset(scratch, 0, static_cast<size_t>(8 * kNineRows * plan.words));
      DepthwiseNineStrip taken = {input + (top + outside) * plan.input.row,
                                  plan.input.row,
                                  plan.input.column,
                                  end - outside,
                                  plan.filled,
                                  before,
                                  p.offset,
                                  planes + 2 * outside};
      DepthwiseNineBlock block = {planes,
                                  weights,
                                  output + first * plan.output.row,
                                  0,
                                  0,
                                  0,
                                  p.rounding,
                                  plan.output.column,
                                  plan.output.row,
                                  plan.columns.output,
                                  rows};
      for (int32_t c = 0; c < g.inputs; ++c, ++block.output, block.taps += 12) {
        const int32_t* const scales = table + c / kScaleOutputs * kScaleWords;
        const int32_t i = c % kScaleOutputs;
        if (c % 2 == 0) Primitives::take(taken), taken.input += 2;
        block.plane = planes + c % 2 * 2 * kNineRows;
        block.start = scales[i];
        block.multiplier = scales[kScaleOutputs + 2 * i];
        block.power = scales[kScaleOutputs + 2 * i + 1];
        Primitives::template outputs<kStride>(block);
      }
    }
    input += g.y.input * g.x.input * g.inputs;
    output += g.y.output * g.x.output * g.inputs;
  }
}

}  // namespace mote
