#include "ops/depthwise_conv_2d/depthwise_conv_2d_float.h"

#include <algorithm>

#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "ops/image_patches.h"
#include "ops/op_families.h"

namespace mote::depthwise_conv_2d_float {

namespace {

DepthwiseConv2DGeometry geometry_of(const FloatCall& call) {
  DepthwiseConv2DGeometry g{};
  depthwise_conv_2d_geometry(call.attributes->as<DepthwiseConv2DAttributes>(), call.input_shapes[0],
                             call.input_shapes[1], g);
  return g;
}

// The float work of one call. Channels with several filters go by plain loops, all others by the micro-kernels.
struct Work {
  explicit Work(const FloatCall& call)
      : g(geometry_of(call)),
        limits(limits_of(call.attributes->as<DepthwiseConv2DAttributes>().activation)),
        y_phases(g.y),
        x_phases(g.x),
        gradient_image{source_outputs(g.y, y_phases), source_outputs(g.x, x_phases), g.inputs},
        line(call.line) {}

  PatchShape forward() const {
    const SourceImage source{source_inputs(g.y), source_inputs(g.x), g.inputs, line};
    return {source, forward_taps(g.y), forward_taps(g.x), g.inputs, g.x.output, g.inputs, false};
  }
  PatchShape backward(const AxisTaps& y, const AxisTaps& x) const {
    return {gradient_image, y, x, g.inputs, g.x.input, g.inputs, false};
  }
  int64_t turned_floats(const PatchShape& shape) const { return whole_lines(int64_t{shape.taps()} * g.inputs); }
  int64_t input_elements() const { return int64_t{g.y.input} * g.x.input * g.inputs; }
  int64_t output_elements() const { return int64_t{g.y.output} * g.x.output * g.outputs(); }
  int64_t weights() const { return int64_t{g.y.filter} * g.x.filter * g.outputs(); }
  int32_t channels() const { return g.outputs(); }
  bool clips() const { return limits.low != Clamp{}.low || limits.high != Clamp{}.high; }

  DepthwiseConv2DGeometry g;
  Clamp limits;
  PhaseTaps y_phases, x_phases;
  SourceImage gradient_image;
  const ChannelLine* line;  // of the inputs
};

// Calls visit(first input channel, first output channel, first tap) for each output pixel and each tap inside the
// image.
template <class Visit>
void for_each_tap(const DepthwiseConv2DGeometry& g, const Visit& visit) {
  int64_t out = 0;
  for (int32_t b = 0; b < g.batches; ++b)
    for (int32_t y = 0; y < g.y.output; ++y)
      for (int32_t x = 0; x < g.x.output; ++x, out += g.outputs()) {
        const int32_t origin_y = y * g.y.stride - g.y.before, origin_x = x * g.x.stride - g.x.before;
        const TapRange ys = taps_inside(g.y, origin_y), xs = taps_inside(g.x, origin_x);
        for (int32_t ky = ys.first; ky < ys.last; ++ky)
          for (int32_t kx = xs.first; kx < xs.last; ++kx) {
            const int64_t row = int64_t{b} * g.y.input + origin_y + ky * g.y.dilation;
            visit((row * g.x.input + origin_x + kx * g.x.dilation) * g.inputs, out,
                  (int64_t{ky} * g.x.filter + kx) * g.outputs());
          }
      }
}

// Number c of a pixel, after the line that it passes.
float passed(const FloatCall& call, int64_t pixel, int32_t c) {
  const float x = call.inputs[0][pixel + c];
  if (call.line == nullptr) return x;
  const float z = call.line->scale[c] * x + call.line->shift[c];
  return z < call.line->limits.low ? call.line->limits.low : z > call.line->limits.high ? call.line->limits.high : z;
}

// Both for channels with several filters.
void plain_forward(const DepthwiseConv2DGeometry& g, const FloatCall& call, Clamp limits) {
  const float *w = call.inputs[1], *bias = call.inputs.size() > 2 ? call.inputs[2] : nullptr;
  float* y = call.outputs[0];
  const int64_t elements = call.output_shapes[0].elements();
  for (int64_t at = 0; at < elements; at += g.outputs())
    for (int32_t o = 0; o < g.outputs(); ++o) y[at + o] = bias != nullptr ? bias[o] : 0;
  for_each_tap(g, [&](int64_t in, int64_t out, int64_t tap) {
    for (int32_t o = 0; o < g.outputs(); ++o) y[out + o] += passed(call, in, o / g.multiplier) * w[tap + o];
  });
  simd().clamp(elements, y, limits, y);
}
void plain_backward(const DepthwiseConv2DGeometry& g, const FloatCall& call, const float* dz, float* dx, float* dw) {
  const float* w = call.inputs[1];
  if (dx != nullptr) std::fill_n(dx, call.input_shapes[0].elements(), 0.0f);
  for_each_tap(g, [&](int64_t in, int64_t out, int64_t tap) {
    for (int32_t o = 0; dw != nullptr && o < g.outputs(); ++o)
      dw[tap + o] += dz[out + o] * passed(call, in, o / g.multiplier);
    for (int32_t o = 0; dx != nullptr && o < g.outputs(); ++o) dx[in + o / g.multiplier] += dz[out + o] * w[tap + o];
  });
}

// `turned`: weights of all phases of the gradient of the inputs, saved by the first part for the others.
void turn_weights(const Work& work, const float* w, float* turned) {
  const int32_t channels = work.g.inputs;
  for_each_phase(work, [&](const PatchShape& shape, int64_t first) {
    for_each_patch_tap(shape, work.g.x.filter, [&](int32_t place, int32_t tap) {
      std::copy_n(w + int64_t{tap} * channels, channels, turned + first + int64_t{place} * channels);
    });
  });
}

void weight_gradient(const Work& work, const ConvWorkspace& places, const float* x, const float* dz, float* dw) {
  const PatchShape shape = work.forward();
  for (int32_t b = 0; b < work.g.batches; ++b)
    shape.source.for_each_band(x + b * work.input_elements(), places.band, [&](const Band& band) {
      simd().depthwise_weight_gradient(patches_of(shape, band), band.source, dz + b * work.output_elements(), dw);
    });
}

void input_gradient(const Work& work, const float* turned, const ConvWorkspace& places, const float* dz, float* dx) {
  for (int32_t b = 0; b < work.g.batches; ++b)
    work.gradient_image.for_each_band(dz + b * work.output_elements(), places.band, [&](const Band& band) {
      for_each_phase(work, [&](const PatchShape& shape, int64_t first) {
        simd().depthwise_forward(patches_of(shape, band), band.source, turned + first, nullptr, Clamp{},
                                 dx + b * work.input_elements());
      });
    });
}

}  // namespace

void forward(const FloatCall& call) {
  const Work work(call);
  if (work.g.multiplier != 1) return plain_forward(work.g, call, work.limits);
  const ConvWorkspace places(work, call.workspace);
  const PatchShape shape = work.forward();
  const float* const bias = call.inputs.size() > 2 ? call.inputs[2] : nullptr;
  for (int32_t b = 0; b < work.g.batches; ++b)
    shape.source.for_each_band(call.inputs[0] + b * work.input_elements(), places.band, [&](const Band& band) {
      simd().depthwise_forward(patches_of(shape, band), band.source, call.inputs[1], bias, work.limits,
                               call.outputs[0] + b * work.output_elements());
    });
}

// With dz = dy where the activation is not clipped, else 0:  dx[i] = sum of dz w,  dw = sum of dz x,  db = sum of dz.
void backward(const FloatCall& call) {
  const Work work(call);
  const ConvWorkspace places(work, call.workspace);
  const int64_t elements = call.output_shapes[0].elements();
  const float* dz = call.output_gradients[0];
  if (work.clips()) {
    simd().clamp_backward(elements, call.outputs[0], dz, work.limits, places.clipped);
    dz = places.clipped;
  }
  if (call.input_gradients.size() > 2 && call.input_gradients[2])
    add_column_sums(call, {elements / work.g.outputs(), work.g.outputs()}, dz, places.bias, call.input_gradients[2]);
  float *const dx = call.input_gradients[0], *const dw = call.input_gradients[1];
  if (dw != nullptr && call.row == 0) std::fill_n(dw, work.weights(), 0.0f);
  if (work.g.multiplier != 1) return plain_backward(work.g, call, dz, dx, dw);
  if (dw != nullptr) weight_gradient(work, places, call.inputs[0], dz, dw);
  if (dx == nullptr) return;
  if (call.row == 0) turn_weights(work, call.inputs[1], call.saved);
  input_gradient(work, call.saved, places, dz, dx);
}

int64_t workspace_floats(const FloatCall& call) {
  return ConvWorkspace(Work(call), nullptr).size;
}

int64_t saved_floats(const FloatCall& call) {
  return turned_floats(Work(call));
}

}  // namespace mote::depthwise_conv_2d_float
