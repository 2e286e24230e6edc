// Depthwise convolution for cores with a vector unit, whose lanes are channels: a pixel at a time, in order, of it
// eight channels at a time, which are written when all that they need is read. The input's zero point is folded into
// the starts of the sums, and stands outside of the image. The same bytes as depthwise_conv_2d_run(). One filter for
// each channel.
//
// Weights lie in groups of eight channels (what fills up the last are zeros), tap by tap. None is -128: then the
// products of two taps fit 16 bits.
#pragma once
#include "device/lanes.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#if defined(__ARM_FEATURE_MVE)
#include "ops/depthwise_conv_2d/depthwise_conv_2d_mve.h"
#endif

namespace mote {

struct DepthwiseLanes {
  DepthwiseConv2DGeometry g;  // multiplier 1
  int8_t border;              // what stands outside the image: the input's zero point
  Int8Output output;
};

constexpr int32_t depthwise_lanes_weights(int32_t channels, int32_t taps) {
  return (channels + kLanes - 1) / kLanes * kLanes * taps;
}
// Where in those weights one stands.
constexpr int32_t depthwise_lanes_place(int32_t channel, int32_t tap, int32_t taps) {
  return (channel / kLanes * taps + tap) * kLanes + channel % kLanes;
}

// A window. Taps are in the image if their row and their column is.
struct DepthwiseWindow {
  const int8_t *input, *weights;  // of the first tap, in the image or not
  int32_t filter_rows, filter_columns;
  TapRange rows, columns;         // in the image
  int32_t input_row, input_step;  // from one row of taps to the next, from one column of taps to the next
  int32_t border;
};

// The inner primitives. This is the portable form; an ISA's form gives the same bytes.
struct PortableDepthwiseLanes {
  static bool has_least(const int8_t* weights, int32_t count) {
    for (; count > 0; --count)
      if (*weights++ == -128) return true;
    return false;
  }
  // Brings the weights of `count` channels, tap by tap `step` apart, into the order above, and the offset of the inputs
  // into the starts of the table. REQUIRES: at most 256 taps.
  static void pack(const int8_t* weights, int32_t step, int32_t taps, int32_t count, int32_t offset, int8_t* packed,
                   int32_t* table) {
    for (int32_t c = 0; c < count; ++c) {
      int32_t& start = table[lane_place(c)];
      for (int32_t tap = 0; tap < taps; ++tap) {
        const int8_t w = weights[tap * step + c];
        packed[depthwise_lanes_place(c, tap, taps)] = w;
        start = wrapping_add(start, offset * w);
      }
    }
  }
  // The outputs of `count` channels.
  template <bool kUsual>
  static void pixel(const DepthwiseWindow& window, const Int8Output& range, const int32_t* table, int32_t count,
                    int8_t* output) {
    const DepthwiseWindow w = window;  // that stores of the output cannot change
    const int32_t taps = w.filter_rows * w.filter_columns;
    for (int32_t c = 0; c < count; ++c) {
      int32_t sum = 0;
      for (int32_t tap = 0; tap < taps; ++tap) {
        const int32_t ky = tap / w.filter_columns, kx = tap % w.filter_columns;
        const bool inside = ky >= w.rows.first && ky < w.rows.last && kx >= w.columns.first && kx < w.columns.last;
        sum += (inside ? w.input[ky * w.input_row + kx * w.input_step + c] : w.border) *
               w.weights[depthwise_lanes_place(c, tap, taps)];
      }
      PortableLanes::finish<kUsual>(range, table + lane_place(c), &sum, 1, output + c);
    }
  }
};

#if defined(__ARM_FEATURE_MVE)
using DepthwiseLanesPrimitives = DepthwiseMve;
#else
using DepthwiseLanesPrimitives = PortableDepthwiseLanes;
#endif

// `count` channels from those at which the pointers stand. Not inlined, so that all calls share it.
template <bool kUsual, class Primitives = DepthwiseLanesPrimitives>
__attribute__((noinline)) void depthwise_conv_2d_lanes_run(const DepthwiseLanes& p, int32_t count, const int8_t* input,
                                                           const int8_t* weights, const int32_t* table,
                                                           int8_t* output) {
  const DepthwiseConv2DGeometry& g = p.g;
  const int32_t n = g.inputs, row = g.x.input * n;
  DepthwiseWindow window = {};
  window.weights = weights;
  window.border = p.border;
  const bool turned = g.x.filter == 1;  // the taps of a column as if they were a row's
  window.filter_rows = turned ? 1 : g.y.filter;
  window.filter_columns = turned ? g.y.filter : g.x.filter;
  window.input_row = g.y.dilation * row;
  window.input_step = turned ? window.input_row : g.x.dilation * n;
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * row) {
    for (int32_t y = 0, top = -g.y.before; y < g.y.output; ++y, top += g.y.stride) {
      const TapRange rows = taps_inside(g.y, top);
      for (int32_t x = 0, left = -g.x.before; x < g.x.output; ++x, left += g.x.stride, output += n) {
        const TapRange columns = taps_inside(g.x, left);
        window.rows = turned ? columns : rows;
        window.columns = turned ? rows : columns;
        if (window.rows.first > window.rows.last || window.columns.first > window.columns.last)
          window.rows = window.columns = {0, 0};  // in front of the image
        window.input = input + (top * row + left * n);
        Primitives::template pixel<kUsual>(window, p.output, table, count, output);
      }
    }
  }
}

// As the interpreter has it: table and weights are made anew at each inference, for some channels at a time. False, and
// nothing done: a weight is -128, a channel has several filters, or a filter has more taps than usual.
inline bool depthwise_conv_2d_lanes_interpreted(const DepthwiseConv2DInt8& p, const LaneScales& scales,
                                                const int8_t* input, const int8_t* weights, const int32_t* bias,
                                                int8_t* output) {
  constexpr int32_t kMostTaps = 25;
  const int32_t n = p.g.inputs, taps = p.g.y.filter * p.g.x.filter;
  if (p.g.multiplier != 1 || taps > kMostTaps || DepthwiseLanesPrimitives::has_least(weights, taps * n)) return false;
  const DepthwiseLanes lanes = {p.g, static_cast<int8_t>(-p.input_offset), p.output};
  int32_t table[lane_table_words(kLaneChunk)];
  int8_t packed[depthwise_lanes_weights(kLaneChunk, 16)];
  const int32_t fit = static_cast<int32_t>(sizeof packed) / (kLanes * taps) * kLanes;
  const int32_t most = fit < kLaneChunk ? fit : kLaneChunk;
  static_assert(depthwise_lanes_weights(kLanes, kMostTaps) <= sizeof packed, "the most taps fit");
  for (int32_t o = 0, count = 0; o < n; o += count) {
    count = n - o < most ? n - o : most;
    const bool usual = Lanes::fill(scales, o, count, bias, table);
    DepthwiseLanesPrimitives::pack(weights + o, n, taps, count, p.input_offset, packed, table);
    const auto run = usual ? depthwise_conv_2d_lanes_run<true> : depthwise_conv_2d_lanes_run<false>;
    run(lanes, count, input + o, packed, table, output + o);
  }
  return true;
}

}  // namespace mote
