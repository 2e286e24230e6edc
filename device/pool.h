// Windows that slide over each channel of an image [B, H, W, C] and give one number each: average and maximum.
#pragma once
#include "device/activation.h"
#include "device/kernel.h"
#include "device/stored_as.h"
#include "device/window.h"

namespace mote {

// TFLite's Pool2DOptions.
struct PoolAttributes {
  int8_t padding = 0;
  int32_t stride_w = 0, stride_h = 0;
  int32_t filter_w = 0, filter_h = 0;
  Activation activation = Activation::none;
  WindowBorder border_h = {}, border_w = {};  // every window has an element of the image
};

template <class V>
void visit(V& v, PoolAttributes& a) {
  v.field(0, "padding", a.padding);
  v.field(1, "stride_w", a.stride_w);
  v.field(2, "stride_h", a.stride_h);
  v.field(3, "filter_width", a.filter_w);
  v.field(4, "filter_height", a.filter_h);
  v.field(5, "fused_activation_function", a.activation);
}

struct PoolGeometry {
  WindowAxis y, x;
  int32_t batches, channels;
};

// False: not an image, or a window that does not fit (device/window.h).
constexpr bool pool_geometry(const PoolAttributes& a, const Shape& input, PoolGeometry& g) {
  if (input.rank != 4 || input[0] < 1 || input[3] < 1) return false;
  g.batches = input[0];
  g.channels = input[3];
  return window_axis(input[1], a.filter_h, a.stride_h, 1, a.padding, a.border_h, g.y) &&
         window_axis(input[2], a.filter_w, a.stride_w, 1, a.padding, a.border_w, g.x);
}

constexpr Shape pool_output(const PoolGeometry& g) {
  Shape shape;
  shape.rank = 4;
  shape.dims[0] = g.batches;
  shape.dims[1] = g.y.output;
  shape.dims[2] = g.x.output;
  shape.dims[3] = g.channels;
  return shape;
}

// The part of a window that lies in the image.
struct PoolWindow {
  int32_t first;          // elements from the start of all images, channel 0
  int32_t rows, columns;  // at least 1 each
  int32_t row_step;       // elements from the end of a row of the window to the next
  int32_t column_step;    // elements between neighbours: the channels

  constexpr int32_t count() const { return rows * columns; }
};

// step(total, element) over the window, `input` standing at its first element of one channel.
template <class Total, class T, class Step>
Total fold(const PoolWindow& w, const T* input, Total total, const Step& step) {
  for (int32_t row = 0; row < w.rows; ++row, input += w.row_step)
    for (int32_t column = 0; column < w.columns; ++column, input += w.column_step) total = step(total, *input);
  return total;
}

// body(window, first element of the output pixel) for every output pixel in order. Padding never leaves a window
// without an element.
template <class Body>
void for_each_window(const PoolGeometry& g, const Body& body) {
  int32_t output = 0;
  for (int32_t b = 0; b < g.batches; ++b) {
    for (int32_t y = 0; y < g.y.output; ++y) {
      for (int32_t x = 0; x < g.x.output; ++x, output += g.channels) {
        const int32_t origin_y = y * g.y.stride - g.y.before, origin_x = x * g.x.stride - g.x.before;
        const TapRange ys = taps_inside(g.y, origin_y), xs = taps_inside(g.x, origin_x);
        const int32_t columns = xs.last - xs.first;
        const int32_t first = ((b * g.y.input + origin_y + ys.first) * g.x.input + origin_x + xs.first) * g.channels;
        body(PoolWindow{first, ys.last - ys.first, columns, (g.x.input - columns) * g.channels, g.channels}, output);
      }
    }
  }
}

// Kernels of pools from what each of them has:
//
//   struct MyParameters {                                                  // fixed-width fields, no pointers
//     using Stored = int8_t;
//     PoolGeometry g;
//     Stored low, high;                                                    // activation range
//     Stored operator()(const PoolWindow& w, const Stored* first) const;   // one output, before the activation
//   };
//
// A pool whose core has instructions for some channels at a time has a pool_window() of its own, with the same bytes.
template <class Parameters>
void pool_each(const Parameters& p, const PoolWindow& w, const typename Parameters::Stored* first, int32_t channels,
               typename Parameters::Stored* output) {
  for (int32_t c = 0; c < channels; ++c) {
    const auto value = p(w, first + c);
    output[c] = value < p.low ? p.low : value > p.high ? p.high : value;
  }
}

// The outputs of all channels of a window, `first` its first element.
template <class Parameters>
void pool_window(const Parameters& p, const PoolWindow& w, const typename Parameters::Stored* first, int32_t channels,
                 typename Parameters::Stored* output) {
  pool_each(p, w, first, channels, output);
}

template <class Parameters>
void pool_run(const Parameters& p, const typename Parameters::Stored* input, typename Parameters::Stored* output) {
  for_each_window(
      p.g, [&](const PoolWindow& w, int32_t at) { pool_window(p, w, input + w.first, p.g.channels, output + at); });
}

// The stored numbers are used as they are, so both scales must be one, but for what rounding in a converter may leave.
template <class T>
Status pool_range(Activation activation, const TensorInfo& input, const TensorInfo& output, T& low, T& high) {
  constexpr uint32_t kUlps = 8;
  if (!is_per_tensor(input) || !is_per_tensor(output) ||
      input.quantization.zero_point != output.quantization.zero_point)
    return Status::bad_quantization;
  const uint32_t in = float_bits_at(input.quantization.scales), out = float_bits_at(output.quantization.scales);
  if (in - out + kUlps > 2 * kUlps) return Status::bad_quantization;
  const StoredRange<T> range = stored_activation_range<T>(activation, output);
  low = range.low;
  high = range.high;
  return Status::ok;
}

inline Status pool_range(Activation activation, const TensorInfo&, const TensorInfo&, float& low, float& high) {
  const FloatRange range = float_activation_range(activation);
  low = range.low;
  high = range.high;
  return Status::ok;
}

// All checks of one node.
template <class Parameters>
Status pool_setup(const PoolAttributes& a, const TensorInfo& input, const TensorInfo& output, Parameters& p) {
  constexpr DType kType = StoredAs<typename Parameters::Stored>::kType;
  if (input.type != kType || output.type != kType) return Status::unsupported_type;
  if (!is_clamping(a.activation)) return Status::unsupported_option;
  if (!pool_geometry(a, input.shape, p.g) ||
      !is_image(output.shape, p.g.batches, p.g.y.output, p.g.x.output, p.g.channels))
    return Status::unsupported_shape;
  return pool_range(a.activation, input, output, p.low, p.high);
}

template <class Parameters>
Status prepare_pool(PrepareContext& node) {
  if (node.input_count() != 1 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  PoolAttributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  Parameters p;
  const Status status = pool_setup(attributes, node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class Parameters>
void invoke_pool(const InvokeContext& node) {
  using Stored = typename Parameters::Stored;
  pool_run(node.data<Parameters>(), node.input<Stored>(0), node.output<Stored>(0));
}

template <class Parameters>
constexpr Kernel pool_kernel(int32_t code) {
  constexpr DType kType = StoredAs<typename Parameters::Stored>::kType;
  return Kernel{code, kType, kType, false, prepare_pool<Parameters>, invoke_pool<Parameters>};
}

}  // namespace mote
