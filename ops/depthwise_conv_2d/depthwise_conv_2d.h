// Depthwise convolution: every input channel is convolved with `multiplier` filters of its own,
// output[b][y][x][i * multiplier + m] = activation(bias[...] + sum_{ky,kx} input[b][y * stride - before + ky *
// dilation]
// [...][i] * weights[ky][kx][i * multiplier + m]), outside the image 0.
//
// Layouts: input [B, H, W, I], weights [1, KH, KW, O], bias [O] or absent, output [B, OH, OW, O], O = I * multiplier.
// int8: as conv_2d, scales along the last dimension of the weights. Source: TFLite
// kernels/internal/reference/integer_ops/depthwise_conv.h (DepthwiseConvPerChannel),
// kernels/internal/reference/depthwiseconv_float.h.
//
// int8 takes one channel at a time out of the image into a plane of its own, widened to int16, zero point subtracted,
// with a border of zeros: taps of neighbouring pixels are then neighbours in memory. The longer axis of the output (of
// equals, of the filter) runs along the rows of the plane, whichever it is in the image. A plane that would be large is
// cut into strips of rows.
#pragma once
#include "device/convolution.h"
#include "device/lanes.h"
#include "device/window.h"
#if defined(__ARM_FEATURE_DSP)
#include "ops/depthwise_conv_2d/depthwise_conv_2d_dsp.h"
#elif __ARM_ARCH_ISA_THUMB == 1
#include "ops/depthwise_conv_2d/depthwise_conv_2d_m0.h"
#endif

namespace mote {

constexpr int32_t kDepthwiseConv2DCode = 4;

struct DepthwiseConv2DAttributes {
  int8_t padding = 0;
  int32_t stride_w = 0, stride_h = 0;
  int32_t depth_multiplier = 0;  // 0, or what the shapes say
  Activation activation = Activation::none;
  int32_t dilation_w = 1, dilation_h = 1;
  WindowBorder border_h = {}, border_w = {};
};

template <class V>
void visit(V& v, DepthwiseConv2DAttributes& a) {
  v.field(0, "padding", a.padding);
  v.field(1, "stride_w", a.stride_w);
  v.field(2, "stride_h", a.stride_h);
  v.field(3, "depth_multiplier", a.depth_multiplier);
  v.field(4, "fused_activation_function", a.activation);
  v.field(5, "dilation_w_factor", a.dilation_w);
  v.field(6, "dilation_h_factor", a.dilation_h);
}

struct DepthwiseConv2DGeometry {
  WindowAxis y, x;
  int32_t batches, inputs, multiplier;

  constexpr int32_t outputs() const { return inputs * multiplier; }
  // The plane's rows and columns: y and x of the image, or the other way round.
  constexpr bool turned() const { return y.output == x.output ? y.filter > x.filter : y.output > x.output; }
  constexpr const WindowAxis& rows() const { return turned() ? x : y; }
  constexpr const WindowAxis& columns() const { return turned() ? y : x; }
};

constexpr Shape depthwise_conv_2d_output(const DepthwiseConv2DGeometry& g) {
  Shape shape;
  shape.rank = 4;
  shape.dims[0] = g.batches;
  shape.dims[1] = g.y.output;
  shape.dims[2] = g.x.output;
  shape.dims[3] = g.outputs();
  return shape;
}

// Multiply-accumulates of one call, those with the padding included.
constexpr int64_t depthwise_conv_2d_macs(const DepthwiseConv2DGeometry& g) {
  return int64_t{g.batches} * g.y.output * g.x.output * g.outputs() * g.y.filter * g.x.filter;
}

// Elements that `outputs` outputs see along an axis.
constexpr int32_t window_span(const WindowAxis& axis, int32_t outputs) {
  return (outputs - 1) * axis.stride + (axis.filter - 1) * axis.dilation + 1;
}

// int16 elements of a row of the plane: a whole number of words, with at least one element behind the last tap.
constexpr int32_t depthwise_plane_pitch(const DepthwiseConv2DGeometry& g) {
  return (window_span(g.columns(), g.columns().output) + 2) & ~1;
}

// False: a shape of another rank, channels that do not come out even, or a window that does not fit (device/window.h).
constexpr bool depthwise_conv_2d_geometry(const DepthwiseConv2DAttributes& a, const Shape& input, const Shape& weights,
                                          DepthwiseConv2DGeometry& g) {
  if (input.rank != 4 || weights.rank != 4 || input[0] < 1 || input[3] < 1 || weights[0] != 1 || weights[3] < 1)
    return false;
  g.batches = input[0];
  g.inputs = input[3];
  g.multiplier = weights[3] / input[3];
  return g.outputs() == weights[3] && g.outputs() <= int32_t{UINT16_MAX} &&
         (a.depth_multiplier == 0 || a.depth_multiplier == g.multiplier) &&
         window_axis(input[1], weights[1], a.stride_h, a.dilation_h, a.padding, a.border_h, g.y) &&
         window_axis(input[2], weights[2], a.stride_w, a.dilation_w, a.padding, a.border_w, g.x) &&
         int64_t{g.columns().output} * g.columns().stride < (int32_t{1} << 24) &&
         int64_t{window_span(g.rows(), 1)} * depthwise_plane_pitch(g) < (int32_t{1} << 28);
}

// int16 elements of a row of taps: a whole number of words.
constexpr int32_t depthwise_taps_pitch(const DepthwiseConv2DGeometry& g) {
  return (g.columns().filter + 1) & ~1;
}

// Rows of the output that one strip gives: all, or what about 2 KiB of plane allow.
constexpr int32_t depthwise_strip_rows(const DepthwiseConv2DGeometry& g) {
  const int32_t budget = 1024 / depthwise_plane_pitch(g);  // rows of the plane
  const int32_t span = window_span(g.rows(), 1);
  const int32_t rows = budget <= span ? 1 : (budget - span) / g.rows().stride + 1;
  return rows < g.rows().output ? rows : g.rows().output;
}

// The taps of one filter, then the plane. The interpreter's table of scales comes on top.
constexpr int32_t depthwise_conv_2d_scratch_bytes(const DepthwiseConv2DGeometry& g) {
  return 2 * (g.rows().filter * depthwise_taps_pitch(g) +
              window_span(g.rows(), depthwise_strip_rows(g)) * depthwise_plane_pitch(g));
}

struct DepthwiseConv2DInt8 {
  DepthwiseConv2DGeometry g;
  int32_t input_offset;  // minus the input's zero point: -127 .. 128
  Int8Output output;
};

struct DepthwiseConv2DFloat32 {
  DepthwiseConv2DGeometry g;
  float low, high;
};

// How far apart neighbours along the plane's rows and columns are in an image of `channels` and width `width`.
struct DepthwiseSteps {
  int32_t row, column;
};
constexpr DepthwiseSteps depthwise_steps(const DepthwiseConv2DGeometry& g, int32_t width, int32_t channels) {
  return g.turned() ? DepthwiseSteps{channels, width * channels} : DepthwiseSteps{width * channels, channels};
}

constexpr int32_t kDepthwiseSums = 64;  // on the stack at a time

// A run's constants, so that the work on a channel is little more than its arithmetic.
struct DepthwisePlan {
  WindowAxis rows, columns;  // of the plane
  DepthwiseSteps input, taps, output;
  int32_t plane_pitch, taps_pitch;
  int32_t filled;        // elements of a row of the plane that lie in the image
  int32_t strip;         // rows of the output at a time
  int32_t rows_of_sums;  // of them, whose sums are on the stack at a time

  explicit DepthwisePlan(const DepthwiseConv2DGeometry& g)
      : rows(g.rows()),
        columns(g.columns()),
        input(depthwise_steps(g, g.x.input, g.inputs)),
        taps(depthwise_steps(g, g.x.filter, g.outputs())),
        output(depthwise_steps(g, g.x.output, g.outputs())),
        plane_pitch(depthwise_plane_pitch(g)),
        taps_pitch(depthwise_taps_pitch(g)),
        filled(window_span(columns, columns.output) - columns.before),
        strip(depthwise_strip_rows(g)),
        rows_of_sums(columns.output < kDepthwiseSums ? kDepthwiseSums / columns.output : 1) {
    if (filled > columns.input) filled = columns.input;
  }
};

// The inner primitives. This is the portable form; an ISA's form gives the same numbers, bit for bit. It may read the
// element behind the last tap of a row.
struct PortableDepthwise {
  // out[r * pitch + c] = input[r * step.row + c * step.column] + offset
  static void gather(const int8_t* input, DepthwiseSteps step, int32_t rows, int32_t columns, int32_t offset,
                     int16_t* out, int32_t pitch) {
    for (int32_t r = 0; r < rows; ++r, input += step.row, out += pitch)
      for (int32_t c = 0; c < columns; ++c) out[c] = static_cast<int16_t>(input[c * step.column] + offset);
  }

  // sums[row * columns + column] = sum over the taps, wrapping; `plane`: what the first output's first tap reads.
  // `taps`: rows of plan.taps_pitch, an odd one with a zero behind it.
  static void block(const DepthwisePlan& plan, const int16_t* taps, const int16_t* plane, int32_t rows, int32_t columns,
                    int32_t* sums) {
    for (int32_t r = 0; r < rows; ++r) {
      for (int32_t c = 0; c < columns; ++c) {
        const int16_t* x = plane + r * plan.rows.stride * plan.plane_pitch + c * plan.columns.stride;
        const int16_t* w = taps;
        uint32_t sum = 0;
        for (int32_t ky = 0; ky < plan.rows.filter; ++ky) {
          for (int32_t kx = 0; kx < plan.columns.filter; ++kx)
            sum += static_cast<uint32_t>(int32_t{x[kx * plan.columns.dilation]} * w[kx]);
          x += plan.rows.dilation * plan.plane_pitch;
          w += plan.taps_pitch;
        }
        *sums++ = static_cast<int32_t>(sum);
      }
    }
  }
};

#if defined(__ARM_FEATURE_DSP)
using DepthwisePrimitives = DepthwiseDsp;
#elif __ARM_ARCH_ISA_THUMB == 1
using DepthwisePrimitives = DepthwiseM0<PortableDepthwise>;
#else
using DepthwisePrimitives = PortableDepthwise;
#endif

// Taps of one filter, widened.
inline void depthwise_taps(const DepthwisePlan& plan, const int8_t* weights, int16_t* taps) {
  const int32_t columns = plan.columns.filter, step = plan.taps.column, pad = plan.taps_pitch - columns;
  for (int32_t r = plan.rows.filter; r > 0; --r, weights += plan.taps.row, taps += pad) {
    const int8_t* w = weights;
    for (int32_t c = columns; c > 0; --c, w += step) *taps++ = *w;
    if (pad > 0) *taps = 0;
  }
}

// What output rows [first, first + rows) need of a plane.
struct DepthwiseStrip {
  int32_t input, rows;  // the first row in the image, and how many
  int32_t outside;      // rows of the plane before those
  int32_t stale;        // rows behind those in which an earlier strip has left something

  DepthwiseStrip(const DepthwisePlan& plan, int32_t first, int32_t count) {
    const int32_t begin = first * plan.rows.stride - plan.rows.before, span = window_span(plan.rows, count);
    outside = begin >= 0 ? 0 : -begin < span ? -begin : span;
    input = begin + outside;
    rows = plan.rows.input - input;
    if (rows > span - outside) rows = span - outside;
    if (rows < 0) rows = 0;
    stale = first == 0 ? 0 : span - outside - rows;
  }
};

// The plane of the channel that begins at `input`. Its border is zero already.
template <class Primitives>
void depthwise_plane(const DepthwisePlan& plan, const DepthwiseStrip& strip, const int8_t* input, int32_t offset,
                     int16_t* plane) {
  int16_t* out = plane + strip.outside * plan.plane_pitch + plan.columns.before;
  if (strip.rows > 0) {
    Primitives::gather(input + strip.input * plan.input.row, plan.input, strip.rows, plan.filled, offset, out,
                       plan.plane_pitch);
  }
  out += strip.rows * plan.plane_pitch;
  for (int32_t row = 0; row < strip.stale; ++row, out += plan.plane_pitch)
    for (int32_t c = 0; c < plan.filled; ++c) out[c] = 0;
}

// What to do with the sums of one channel.
struct DepthwiseFinish {
  Int8Output range;
  DepthwiseSteps step;  // of the output
  int32_t bias, multiplier, shift;
};

// Not inlined: on its own the loop keeps its constants in registers.
__attribute__((noinline)) inline void depthwise_finish(const DepthwiseFinish& finish, const int32_t* sums, int32_t rows,
                                                       int32_t columns, int8_t* output) {
  const int32_t bias = finish.bias, multiplier = finish.multiplier, shift = finish.shift;
  const int32_t zero = finish.range.zero_point, step = finish.step.column, next = finish.step.row - columns * step;
  const bool usual = finish.range.is_whole() && shift < 0;
  for (; rows > 0; --rows, output += next) {
    const int32_t* const end = sums + columns;
    if (usual && (columns & 1) != 0) {
      *output = static_cast<int8_t>(requantize_to_int8(wrapping_add(*sums++, bias), multiplier, shift, zero));
      output += step;
    }
    for (; usual && sums != end; sums += 2, output += 2 * step) {
      const int32_t a = wrapping_add(sums[0], bias), b = wrapping_add(sums[1], bias);
      output[0] = static_cast<int8_t>(requantize_to_int8(a, multiplier, shift, zero));
      output[step] = static_cast<int8_t>(requantize_to_int8(b, multiplier, shift, zero));
    }
    for (; sums != end; output += step) *output = finish.range.any(wrapping_add(*sums++, bias), multiplier, shift);
  }
}

// The outputs of one filter from `rows` rows of the plane; `output` is the first.
template <class Primitives>
__attribute__((always_inline)) inline void depthwise_filter(const DepthwisePlan& plan, const int16_t* taps,
                                                            const int16_t* plane, int32_t rows,
                                                            const DepthwiseFinish& finish, int8_t* output) {
  const int32_t columns = plan.columns.output;
  int32_t sums[kDepthwiseSums + 1];  // one more, for primitives that work in pairs
  for (; rows > 0; rows -= plan.rows_of_sums) {
    const int32_t count = rows < plan.rows_of_sums ? rows : plan.rows_of_sums;
    for (int32_t c = 0; c < columns; c += kDepthwiseSums) {
      const int32_t width = columns - c < kDepthwiseSums ? columns - c : kDepthwiseSums;
      Primitives::block(plan, taps, plane + c * plan.columns.stride, count, width, sums);
      depthwise_finish(finish, sums, count, width, output + c * plan.output.column);
    }
    plane += plan.rows_of_sums * plan.rows.stride * plan.plane_pitch;
    output += plan.rows_of_sums * plan.output.row;
  }
}

// Filters as the file has them.
struct PlainFilters {
  const int8_t* weights;
  // Of the live channel `index`, which is number `channel` of all.
  void taps(const DepthwisePlan& plan, int32_t /*index*/, int32_t channel, int16_t* out) const {
    depthwise_taps(plan, weights + channel, out);
  }
};

// `bias` may be nullptr; `scratch`: depthwise_conv_2d_scratch_bytes(), aligned to 4 bytes.
template <class Primitives, class Filters>
void depthwise_conv_2d_filters_run(const DepthwiseConv2DInt8& p, const LiveChannels& scales, const int8_t* input,
                                   const Filters& filters, const int32_t* bias, int8_t* output, void* scratch) {
  const DepthwiseConv2DGeometry& g = p.g;
  const DepthwisePlan plan(g);
  int16_t* const taps = static_cast<int16_t*>(scratch);
  int16_t* const plane = taps + plan.rows.filter * plan.taps_pitch;
  int8_t* const first_output = output;
  for (int32_t b = 0; b < g.batches; ++b) {
    for (int32_t first = 0; first < plan.rows.output; first += plan.strip) {
      const int32_t rows = plan.rows.output - first < plan.strip ? plan.rows.output - first : plan.strip;
      if (first == 0) __builtin_memset(scratch, 0, static_cast<size_t>(depthwise_conv_2d_scratch_bytes(g)));
      const DepthwiseStrip strip(plan, first, rows);
      int32_t in_plane = -1;
      for (int32_t i = 0; i < scales.live; ++i) {
        const int32_t o = scales.channels[i], channel = g.multiplier == 1 ? o : o / g.multiplier;
        if (channel != in_plane) depthwise_plane<Primitives>(plan, strip, input + channel, p.input_offset, plane);
        in_plane = channel;
        filters.taps(plan, i, o, taps);
        const DepthwiseFinish finish = {p.output, plan.output, bias != nullptr ? bias[o] : 0, scales.multipliers[i],
                                        scales.shifts[i]};
        depthwise_filter<Primitives>(plan, taps, plane, rows, finish, output + first * plan.output.row + o);
      }
    }
    input += g.y.input * g.x.input * g.inputs;
    output += g.y.output * g.x.output * g.outputs();
  }
  // Last, because the output may overlap the input.
  fill_dead_channels(p.output, scales, bias, g.batches * g.y.output * g.x.output, g.outputs(), first_output);
}

#if !defined(__OPTIMIZE_SIZE__)
// Whether a plane would cost more than it saves: one output of a channel, and few taps.
constexpr bool is_depthwise_pixel(const DepthwiseConv2DGeometry& g) {
  return g.y.output == 1 && g.x.output == 1 && g.y.filter * g.x.filter <= 64;
}

// REQUIRES: is_depthwise_pixel(). `bias` may be nullptr.
__attribute__((noinline)) inline void depthwise_conv_2d_pixel(const DepthwiseConv2DInt8& p, const LiveChannels& scales,
                                                              const int8_t* input, const int8_t* weights,
                                                              const int32_t* bias, int8_t* output) {
  const DepthwiseConv2DGeometry& g = p.g;
  const WindowAxis &y = g.rows(), &x = g.columns();
  const TapRange rows = taps_inside(y, -y.before), columns = taps_inside(x, -x.before);
  const DepthwiseSteps step = depthwise_steps(g, g.x.input, g.inputs);
  const DepthwiseSteps taps = depthwise_steps(g, g.x.filter, g.outputs());
  const int32_t offset = p.input_offset, count = columns.last - columns.first;
  const int32_t row_step = y.dilation * step.row, column_step = x.dilation * step.column;
  input += rows.first * row_step + columns.first * column_step - y.before * step.row - x.before * step.column;
  weights += rows.first * taps.row + columns.first * taps.column;
  for (int32_t i = 0; i < scales.live; ++i) {
    const int32_t o = scales.channels[i];
    const int8_t *in = input + (g.multiplier == 1 ? o : o / g.multiplier), *filter = weights + o;
    uint32_t sum = 0;
    for (int32_t r = rows.last - rows.first; r > 0; --r, in += row_step, filter += taps.row) {
      const int8_t *v = in, *w = filter;
      for (int32_t c = count; c > 0; --c, v += column_step, w += taps.column)
        sum += static_cast<uint32_t>((*v + offset) * *w);
    }
    const DepthwiseFinish finish = {
        p.output, {}, bias != nullptr ? bias[o] : 0, scales.multipliers[i], scales.shifts[i]};
    const int32_t total = static_cast<int32_t>(sum);
    depthwise_finish(finish, &total, 1, 1, output + o);
  }
}
#endif

template <class Primitives = DepthwisePrimitives>
void depthwise_conv_2d_run(const DepthwiseConv2DInt8& p, const LiveChannels& scales, const int8_t* input,
                           const int8_t* weights, const int32_t* bias, int8_t* output, void* scratch) {
#if !defined(__OPTIMIZE_SIZE__)
  if (p.g.batches == 1 && is_depthwise_pixel(p.g)) {
    depthwise_conv_2d_pixel(p, scales, input, weights, bias, output);
    return fill_dead_channels(p.output, scales, bias, 1, p.g.outputs(), output);
  }
#endif
  depthwise_conv_2d_filters_run<Primitives>(p, scales, input, PlainFilters{weights}, bias, output, scratch);
}

// One output of the float form; sums in the order of the reference.
inline float depthwise_conv_2d_sum(const DepthwiseConv2DGeometry& g, const float* input, const float* weights,
                                   int32_t y, int32_t x) {
  const int32_t origin_y = y * g.y.stride - g.y.before, origin_x = x * g.x.stride - g.x.before;
  const TapRange taps_y = taps_inside(g.y, origin_y), taps_x = taps_inside(g.x, origin_x);
  float sum = 0;
  for (int32_t ky = taps_y.first; ky < taps_y.last; ++ky) {
    for (int32_t kx = taps_x.first; kx < taps_x.last; ++kx) {
      const int32_t iy = origin_y + ky * g.y.dilation, ix = origin_x + kx * g.x.dilation;
      sum += input[(iy * g.x.input + ix) * g.inputs] * weights[(ky * g.x.filter + kx) * g.outputs()];
    }
  }
  return sum;
}

inline void depthwise_conv_2d_run(const DepthwiseConv2DFloat32& p, const float* input, const float* weights,
                                  const float* bias, float* output) {
  const DepthwiseConv2DGeometry& g = p.g;
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * g.x.input * g.inputs) {
    for (int32_t y = 0; y < g.y.output; ++y) {
      for (int32_t x = 0; x < g.x.output; ++x) {
        for (int32_t o = 0; o < g.outputs(); ++o) {
          float sum = depthwise_conv_2d_sum(g, input + o / g.multiplier, weights + o, y, x);
          if (bias != nullptr) sum += bias[o];
          *output++ = sum < p.low ? p.low : sum > p.high ? p.high : sum;
        }
      }
    }
  }
}

// What both types check of shapes and options. `bias` may be nullptr.
inline Status depthwise_conv_2d_sizes(const DepthwiseConv2DAttributes& a, const ConvolutionTensors& tensors,
                                      DepthwiseConv2DGeometry& g) {
  if (!is_clamping(a.activation)) return Status::unsupported_option;
  if (!depthwise_conv_2d_geometry(a, tensors.input.shape, tensors.weights.shape, g) ||
      !gives_image(tensors, g.batches, g.y.output, g.x.output, g.outputs()))
    return Status::unsupported_shape;
  return Status::ok;
}

inline Status depthwise_conv_2d_setup(const DepthwiseConv2DAttributes& a, const ConvolutionTensors& tensors,
                                      DepthwiseConv2DInt8& p) {
  const Status status = depthwise_conv_2d_sizes(a, tensors, p.g);
  return status == Status::ok ? finish_int8_setup(a.activation, tensors, 3, p) : status;
}

inline Status depthwise_conv_2d_setup(const DepthwiseConv2DAttributes& a, const ConvolutionTensors& tensors,
                                      DepthwiseConv2DFloat32& p) {
  const Status status = depthwise_conv_2d_sizes(a, tensors, p.g);
  return status == Status::ok ? finish_float32_setup(a.activation, tensors, p) : status;
}

using DepthwiseConv2DNode = ConvolutionNode<DepthwiseConv2DInt8>;

inline Status prepare_depthwise_conv_2d_int8(PrepareContext& node) {
  ConvolutionTensors tensors;
  DepthwiseConv2DAttributes attributes;
  DepthwiseConv2DNode kept;
  Status status = tensors.read(node, attributes);
  if (status == Status::ok) status = depthwise_conv_2d_setup(attributes, tensors, kept.p);
  if (status == Status::ok)
    keep_convolution(node, tensors, kept, kept.p.g.outputs(), depthwise_conv_2d_scratch_bytes(kept.p.g));
  return status;
}

inline Status prepare_depthwise_conv_2d_float32(PrepareContext& node) {
  ConvolutionTensors tensors;
  DepthwiseConv2DAttributes attributes;
  DepthwiseConv2DFloat32 p;
  Status status = tensors.read(node, attributes);
  if (status == Status::ok) status = depthwise_conv_2d_setup(attributes, tensors, p);
  if (status == Status::ok) node.keep(p);
  return status;
}

#if defined(__ARM_FEATURE_MVE)
// In depthwise_conv_2d_lanes.h.
inline bool depthwise_conv_2d_lanes_interpreted(const DepthwiseConv2DInt8& p, const LaneScales& scales,
                                                const int8_t* input, const int8_t* weights, const int32_t* bias,
                                                int8_t* output);
#endif

inline void invoke_depthwise_conv_2d_int8(const InvokeContext& node) {
  const DepthwiseConv2DNode& kept = node.data<DepthwiseConv2DNode>();
#if defined(__ARM_FEATURE_MVE)
  if (depthwise_conv_2d_lanes_interpreted(kept.p, LaneScales(node, kept.scales), node.input<int8_t>(0),
                                          node.input<int8_t>(1), node.input<int32_t>(2), node.output<int8_t>(0)))
    return;
#endif
  const int32_t outputs = kept.p.g.outputs();
  uint8_t* const scratch = static_cast<uint8_t*>(node.scratch());
  const int8_t* const weights = node.input<int8_t>(1);
  const ChannelWeights taps = {weights, kept.p.g.y.filter * kept.p.g.x.filter, outputs, 1};
  depthwise_conv_2d_run(kept.p, live_channels(node, kept.scales, outputs, scratch, taps), node.input<int8_t>(0),
                        weights, node.input<int32_t>(2), node.output<int8_t>(0),
                        scratch + live_channels_bytes(outputs));
}

inline void invoke_depthwise_conv_2d_float32(const InvokeContext& node) {
  depthwise_conv_2d_run(node.data<DepthwiseConv2DFloat32>(), node.input<float>(0), node.input<float>(1),
                        node.input<float>(2), node.output<float>(0));
}

constexpr Kernel depthwise_conv_2d_int8 = {
    kDepthwiseConv2DCode,         DType::int8, DType::int8, false, prepare_depthwise_conv_2d_int8,
    invoke_depthwise_conv_2d_int8};
constexpr Kernel depthwise_conv_2d_float32 = {kDepthwiseConv2DCode,
                                              DType::float32,
                                              DType::float32,
                                              false,
                                              prepare_depthwise_conv_2d_float32,
                                              invoke_depthwise_conv_2d_float32};

}  // namespace mote

#include "ops/depthwise_conv_2d/depthwise_conv_2d_int16.h"
#if defined(__ARM_FEATURE_MVE)
#include "ops/depthwise_conv_2d/depthwise_conv_2d_lanes.h"
#endif
