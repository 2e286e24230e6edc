// Depthwise convolution of the compiled engine, in three forms. The same bytes as depthwise_conv_2d_run().
//
// By planes: as there, with the filters of the live channels one behind the other, as the plane wants them.
//
// By pixels, for images so small that a plane would not pay: a pixel at a time, in order, of it four channels at a
// time, which are written when all that they need is read.
//
// Three by three (depthwise_conv_2d_nine.h): windows of that size in steps of one or two.
#pragma once
#include "device/packed_scale.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d_lanes.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d_nine.h"
#if defined(__ARM_FEATURE_DSP)
#include "ops/depthwise_conv_2d/depthwise_conv_2d_packed_dsp.h"
#endif

namespace mote {

// Rows of depthwise_taps_pitch() taps, an odd one with a zero behind it.
struct PackedFilters {
  const int8_t* weights;
  void taps(const DepthwisePlan& plan, int32_t index, int32_t /*channel*/, int16_t* out) const {
    const int32_t count = plan.rows.filter * plan.taps_pitch;  // even
    const int8_t* w = weights + index * count;
    for (const int8_t* const end = w + count; w != end; w += 2, out += 2) {
      const int16_t first = w[0], second = w[1];
      out[0] = first;
      out[1] = second;
    }
  }
};

// As depthwise_conv_2d_run(). Not inlined, so that all calls share it.
template <class Primitives = DepthwisePrimitives>
__attribute__((noinline)) void depthwise_conv_2d_packed_run(const DepthwiseConv2DInt8& p, const LiveChannels& scales,
                                                            const int8_t* input, const int8_t* weights,
                                                            const int32_t* bias, int8_t* output, void* scratch) {
  depthwise_conv_2d_filters_run<Primitives>(p, scales, input, PackedFilters{weights}, bias, output, scratch);
}

struct DepthwisePixels {
  DepthwiseConv2DGeometry g;  // multiplier 1, channels in fours
  int32_t offset;             // minus the input's zero point
  int32_t rounding;           // 2 * the output's zero point + 1
};

// The taps of one pixel that lie in the image.
struct DepthwisePixel {
  const int8_t *input, *weights;  // of the first
  int32_t rows, columns;
  int32_t input_row, input_column, weights_row;  // from one to the next
  int32_t channels, offset;
};

// The inner primitive. This is the portable form; an ISA's form gives the same sums, bit for bit.
struct PortableDepthwisePixels {
  // Adds the products of four channels.
  static void add(const DepthwisePixel& p, const int8_t* input, const int8_t* weights, int32_t* sums) {
    for (int32_t r = 0; r < p.rows; ++r, input += p.input_row, weights += p.weights_row) {
      for (int32_t c = 0; c < p.columns; ++c) {
        for (int32_t i = 0; i < 4; ++i)
          sums[i] = wrapping_add(sums[i], (input[c * p.input_column + i] + p.offset) * weights[c * p.channels + i]);
      }
    }
  }
};

#if defined(__ARM_FEATURE_DSP)
using DepthwisePixelPrimitives = DepthwisePixelsDsp;
#else
using DepthwisePixelPrimitives = PortableDepthwisePixels;
#endif

// All channels of one pixel.
template <class Primitives>
__attribute__((noinline)) void depthwise_pixel(const DepthwisePixel& pixel, const int32_t* scales, int32_t rounding,
                                               int8_t* output) {
  const DepthwisePixel p = pixel;  // that stores of the output cannot change
  for (int32_t c = 0; c < p.channels; c += kScaleOutputs, scales += kScaleWords, output += kScaleOutputs) {
    int32_t sums[kScaleOutputs] = {scales[0], scales[1], scales[2], scales[3]};
    Primitives::add(p, p.input + c, p.weights + c, sums);
    output[0] = packed_output(sums[0], scales + 4, rounding);
    output[1] = packed_output(sums[1], scales + 6, rounding);
    output[2] = packed_output(sums[2], scales + 8, rounding);
    output[3] = packed_output(sums[3], scales + 10, rounding);
  }
}

// `weights` as in the file; `scales`: device/packed_scale.h.
template <class Primitives = DepthwisePixelPrimitives>
__attribute__((noinline)) void depthwise_conv_2d_pixels_run(const DepthwisePixels& p, const int8_t* input,
                                                            const int8_t* weights, const int32_t* scales,
                                                            int8_t* output) {
  const DepthwiseConv2DGeometry& g = p.g;
  const int32_t n = g.inputs, row = g.x.input * n;
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * row) {
    for (int32_t y = 0, top = -g.y.before; y < g.y.output; ++y, top += g.y.stride) {
      const TapRange rows = taps_inside(g.y, top);
      for (int32_t x = 0, left = -g.x.before; x < g.x.output; ++x, left += g.x.stride, output += n) {
        const TapRange columns = taps_inside(g.x, left);
        const int32_t first_row = top + rows.first * g.y.dilation, first = left + columns.first * g.x.dilation;
        const DepthwisePixel pixel = {input + first_row * row + first * n,
                                      weights + (rows.first * g.x.filter + columns.first) * n,
                                      rows.last - rows.first,
                                      columns.last - columns.first,
                                      g.y.dilation * row,
                                      g.x.dilation * n,
                                      g.x.filter * n,
                                      n,
                                      p.offset};
        depthwise_pixel<Primitives>(pixel, scales, p.rounding, output);
      }
    }
  }
}

}  // namespace mote
