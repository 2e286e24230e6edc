// Transposed convolution: every input pixel adds its window of products to the output,
//   output[b][y * stride - before + ky][...][o] += input[b][y][...][i] * weights[o][ky][kx][i],
// then bias and activation. It is computed from the output's side, so that no sums have to be kept.
//
// Layouts: input 0 the output's shape; input 1 weights [O, KH, KW, I]; input 2 the data [B, H, W, I];
// input 3 bias [O] or absent; output [B, OH, OW, O], of a size whose convolution would give H x W. int8 scales as those
// of CONV_2D. Source: TFLite kernels/internal/reference/integer_ops/transpose_conv.h, reference/transpose_conv.h
// (float), micro/kernels/transpose_conv.cc.
#pragma once
#include "device/convolution.h"
#include "device/window.h"
#include "ops/fully_connected/offset_dot.h"

namespace mote {

constexpr int32_t kTransposeConvCode = 67;

struct TransposeConvAttributes {
  int8_t padding = 0;
  int32_t stride_w = 0, stride_h = 0;
  Activation activation = Activation::none;
  int32_t height = 0, width = 0;  // of the output; on the host taken from input 0
};

template <class V>
void visit(V& v, TransposeConvAttributes& a) {
  v.field(0, "padding", a.padding);
  v.field(1, "stride_w", a.stride_w);
  v.field(2, "stride_h", a.stride_h);
  v.field(3, "fused_activation_function", a.activation);
}

// y, x: the axes of the convolution that is transposed: its input is our output.
struct TransposeConvGeometry {
  WindowAxis y, x;
  int32_t batches, inputs, outputs;  // channels

  constexpr int32_t pixels() const { return y.input * x.input; }  // of an output image
};

// False: shapes of another rank or size than the weights and the output's size ask for.
constexpr bool transpose_conv_geometry(const TransposeConvAttributes& a, const Shape& input, const Shape& weights,
                                       TransposeConvGeometry& g) {
  if (input.rank != 4 || weights.rank != 4 || input.elements() == 0 || weights.elements() == 0) return false;
  g.batches = input[0];
  g.inputs = input[3];
  g.outputs = weights[0];
  return weights[3] == g.inputs && g.outputs <= int32_t{UINT16_MAX} &&
         window_axis(a.height, weights[1], a.stride_h, 1, a.padding, g.y) &&
         window_axis(a.width, weights[2], a.stride_w, 1, a.padding, g.x) && g.y.output == input[1] &&
         g.x.output == input[2] && int64_t{g.batches} * g.y.input <= INT32_MAX &&
         int64_t{g.batches} * g.y.input * g.x.input <= INT32_MAX &&
         int64_t{g.batches} * g.pixels() * g.outputs <= INT32_MAX;
}

constexpr Shape transpose_conv_output(const TransposeConvGeometry& g) {
  return Shape{4, {g.batches, g.y.input, g.x.input, g.outputs}};
}

// Of every input pixel with every weight, also where the product falls outside the output.
constexpr int64_t transpose_conv_macs(const TransposeConvGeometry& g) {
  return int64_t{g.batches} * g.y.output * g.x.output * g.y.filter * g.x.filter * g.inputs * g.outputs;
}

struct TransposeConvInt8 {
  TransposeConvGeometry g;
  int32_t input_offset;  // minus the input's zero point
  Int8Output output;
};

struct TransposeConvFloat32 {
  TransposeConvGeometry g;
  float low, high;
};

// Input places [first, last) whose windows cover the output's place `at`; that of place i does so with its tap
// at + before - i * stride.
constexpr TapRange places_over(const WindowAxis& axis, int32_t at) {
  const int32_t from = at + axis.before, last = from / axis.stride + 1, below = from - axis.filter;
  return TapRange{below < 0 ? 0 : below / axis.stride + 1, last < axis.output ? last : axis.output};
}

// The input pixels that add to one output pixel, and that pixel's place.
struct TransposeConvPlaces {
  TapRange rows, columns;
  int32_t y, x;

  constexpr TransposeConvPlaces(const TransposeConvGeometry& g, int32_t row, int32_t column)
      : rows(places_over(g.y, row)), columns(places_over(g.x, column)), y(row), x(column) {}
};

// visit(first channel of an input pixel, first weight of output channel 0 for it) for all `places` of one image, in the
// order of the input.
template <class Visit>
void for_each_contribution(const TransposeConvGeometry& g, const TransposeConvPlaces& places, const Visit& visit) {
  const TapRange rows = places.rows, columns = places.columns;
  const int32_t y = places.y, x = places.x;
  for (int32_t i = rows.first; i < rows.last; ++i) {
    const int32_t ky = y + g.y.before - i * g.y.stride;
    for (int32_t j = columns.first; j < columns.last; ++j) {
      const int32_t kx = x + g.x.before - j * g.x.stride;
      visit((i * g.x.output + j) * g.inputs, (ky * g.x.filter + kx) * g.inputs);
    }
  }
}

// `bias` may be nullptr.
inline void transpose_conv_run(const TransposeConvInt8& p, const LiveChannels& scales, const int8_t* input,
                               const int8_t* weights, const int32_t* bias, int8_t* output) {
  const TransposeConvGeometry& g = p.g;
  const int32_t row = g.y.filter * g.x.filter * g.inputs;
  fill_dead_channels(p.output, scales, bias, g.batches * g.pixels(), g.outputs, output);
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.output * g.x.output * g.inputs)
    for (int32_t y = 0; y < g.y.input; ++y)
      for (int32_t x = 0; x < g.x.input; ++x, output += g.outputs) {
        const TransposeConvPlaces places(g, y, x);
        for (int32_t k = 0; k < scales.live; ++k) {
          const int32_t o = scales.channels[k];
          int32_t sum = bias != nullptr ? bias[o] : 0;
          for_each_contribution(g, places, [&](int32_t pixel, int32_t tap) {
            int32_t part = 0;
            offset_dots(input + pixel, p.input_offset, weights + o * row + tap, g.inputs, 1, &part);
            sum = wrapping_add(sum, part);
          });
          output[o] = p.output.any(sum, scales.multipliers[k], scales.shifts[k]);
        }
      }
}

inline void transpose_conv_run(const TransposeConvFloat32& p, const float* input, const float* weights,
                               const float* bias, float* output) {
  const TransposeConvGeometry& g = p.g;
  const int32_t row = g.y.filter * g.x.filter * g.inputs;
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.output * g.x.output * g.inputs)
    for (int32_t y = 0; y < g.y.input; ++y)
      for (int32_t x = 0; x < g.x.input; ++x)
        for (int32_t o = 0; o < g.outputs; ++o) {
          float sum = 0;
          for_each_contribution(g, TransposeConvPlaces(g, y, x), [&](int32_t pixel, int32_t tap) {
            const float *const a = input + pixel, *const w = weights + o * row + tap;
            for (int32_t i = 0; i < g.inputs; ++i) sum += a[i] * w[i];
          });
          if (bias != nullptr) sum += bias[o];
          *output++ = sum < p.low ? p.low : sum > p.high ? p.high : sum;
        }
}

// What both types check of shapes and options.
inline Status transpose_conv_sizes(const TransposeConvAttributes& a, const ConvolutionTensors& tensors,
                                   TransposeConvGeometry& g) {
  if (!is_clamping(a.activation)) return Status::unsupported_option;
  if (!transpose_conv_geometry(a, tensors.input.shape, tensors.weights.shape, g) ||
      transpose_conv_output(g) != tensors.output.shape ||
      (tensors.has_bias && tensors.bias.shape.elements() != g.outputs))
    return Status::unsupported_shape;
  return Status::ok;
}

inline Status transpose_conv_setup(const TransposeConvAttributes& a, const ConvolutionTensors& tensors,
                                   TransposeConvInt8& p) {
  const Status status = transpose_conv_sizes(a, tensors, p.g);
  return status == Status::ok ? finish_int8_setup(a.activation, tensors, 0, p) : status;
}

inline Status transpose_conv_setup(const TransposeConvAttributes& a, const ConvolutionTensors& tensors,
                                   TransposeConvFloat32& p) {
  const Status status = transpose_conv_sizes(a, tensors, p.g);
  return status == Status::ok ? finish_float32_setup(a.activation, tensors, p) : status;
}

// The output's size stands in the file; input 0, which led to it, is not read again, as in TFLite Micro.
inline Status read_transpose_conv(const PrepareContext& node, ConvolutionTensors& tensors,
                                  TransposeConvAttributes& attributes) {
  if (node.input_count() > 4 || node.output_count() != 1 || !node.has_input(1) || !node.has_input(2))
    return Status::unsupported_shape;
  tensors.weights = node.input(1);
  tensors.input = node.input(2);
  tensors.output = node.output(0);
  tensors.has_bias = node.has_input(3);
  if (tensors.has_bias) tensors.bias = node.input(3);
  if (!node.read(attributes)) return Status::bad_model;
  attributes.height = tensors.output.shape[1];
  attributes.width = tensors.output.shape[2];
  return Status::ok;
}

using TransposeConvNode = ConvolutionNode<TransposeConvInt8>;

inline Status prepare_transpose_conv_int8(PrepareContext& node) {
  ConvolutionTensors tensors;
  TransposeConvAttributes attributes;
  TransposeConvNode kept;
  Status status = read_transpose_conv(node, tensors, attributes);
  if (status == Status::ok) status = transpose_conv_setup(attributes, tensors, kept.p);
  if (status == Status::ok) keep_convolution(node, tensors, kept, kept.p.g.outputs, 0);
  return status;
}

inline Status prepare_transpose_conv_float32(PrepareContext& node) {
  ConvolutionTensors tensors;
  TransposeConvAttributes attributes;
  TransposeConvFloat32 p;
  Status status = read_transpose_conv(node, tensors, attributes);
  if (status == Status::ok) status = transpose_conv_setup(attributes, tensors, p);
  if (status == Status::ok) node.keep(p);
  return status;
}

inline void invoke_transpose_conv_int8(const InvokeContext& node) {
  const TransposeConvNode& kept = node.data<TransposeConvNode>();
  const LiveChannels scales = live_channels(node, kept.scales, kept.p.g.outputs, node.scratch());
  transpose_conv_run(kept.p, scales, node.input<int8_t>(2), node.input<int8_t>(1), node.input<int32_t>(3),
                     node.output<int8_t>(0));
}

inline void invoke_transpose_conv_float32(const InvokeContext& node) {
  transpose_conv_run(node.data<TransposeConvFloat32>(), node.input<float>(2), node.input<float>(1),
                     node.input<float>(3), node.output<float>(0));
}

// Input 0 is the int32 shape.
constexpr Kernel transpose_conv_int8 = {
    kTransposeConvCode, DType::int32, DType::int8, false, prepare_transpose_conv_int8, invoke_transpose_conv_int8};
constexpr Kernel transpose_conv_float32 = {
    kTransposeConvCode,           DType::int32, DType::float32, false, prepare_transpose_conv_float32,
    invoke_transpose_conv_float32};

}  // namespace mote
