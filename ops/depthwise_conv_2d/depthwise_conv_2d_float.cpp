#include "ops/depthwise_conv_2d/depthwise_conv_2d_float.h"

#include <algorithm>

#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "ops/image_patches.h"

namespace mote {

namespace {

// The float work of one call. Channels with several filters go by plain loops, all others by the micro-kernels.
struct Work {
  explicit Work(const FloatCall& call) {
    const auto attributes = call.attributes->as<DepthwiseConv2DAttributes>();
    depthwise_conv_2d_geometry(attributes, call.input_shapes[0], call.input_shapes[1], g);
    const FloatRange range = float_activation_range(attributes.activation);
    limits = {range.low, range.high};
  }
  PatchShape forward() const {
    const PaddedImage source{padded_inputs(g.y), padded_inputs(g.x), g.inputs};
    return {source, forward_taps(g.y), forward_taps(g.x), g.inputs, g.x.output, g.inputs, false};
  }
  PaddedImage gradient_image() const { return {padded_outputs(g.y), padded_outputs(g.x), g.inputs}; }
  PatchShape backward(const AxisTaps& y, const AxisTaps& x) const {
    return {gradient_image(), y, x, g.inputs, g.x.input, g.inputs, false};
  }
  int64_t turned_floats(const PatchShape& shape) const { return whole_lines(int64_t{shape.taps()} * g.inputs); }
  int64_t input_elements() const { return int64_t{g.y.input} * g.x.input * g.inputs; }
  int64_t output_elements() const { return int64_t{g.y.output} * g.x.output * g.outputs(); }
  int64_t weights() const { return int64_t{g.y.filter} * g.x.filter * g.outputs(); }
  int32_t channels() const { return g.outputs(); }
  bool clips() const { return limits.low != Clamp{}.low || limits.high != Clamp{}.high; }

  DepthwiseConv2DGeometry g{};
  Clamp limits;
};

// What the first part of a pass saves for the others: where pixels see the inputs, and phases of the gradient of the
// inputs with their weights.
struct Saved {
  Saved(const Work& work, float* memory) {
    const PhaseSizes sizes = phase_sizes(work);
    phase_count = sizes.count;
    MemoryPlaces places(memory);
    forward = places.take_objects<Patches>(1);
    phases = places.take_objects<Phase>(phase_count);
    turned = places.take(sizes.turned);
    tables = places.take(work.forward().table_floats() + sizes.tables);
    size = places.size();
  }

  Patches* forward;
  Phase* phases;
  float *turned, *tables;
  int64_t phase_count, size;
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

// Both for channels with several filters.
void plain_forward(const DepthwiseConv2DGeometry& g, const FloatCall& call, Clamp limits) {
  const float *x = call.inputs[0], *w = call.inputs[1], *bias = call.inputs.size() > 2 ? call.inputs[2] : nullptr;
  float* y = call.outputs[0];
  const int64_t elements = call.output_shapes[0].elements();
  for (int64_t at = 0; at < elements; at += g.outputs())
    for (int32_t o = 0; o < g.outputs(); ++o) y[at + o] = bias != nullptr ? bias[o] : 0;
  for_each_tap(g, [&](int64_t in, int64_t out, int64_t tap) {
    for (int32_t o = 0; o < g.outputs(); ++o) y[out + o] += x[in + o / g.multiplier] * w[tap + o];
  });
  simd().clamp(elements, y, limits, y);
}
void plain_backward(const DepthwiseConv2DGeometry& g, const FloatCall& call, const float* dz, float* dx, float* dw) {
  const float *x = call.inputs[0], *w = call.inputs[1];
  if (dx != nullptr) std::fill_n(dx, call.input_shapes[0].elements(), 0.0f);
  for_each_tap(g, [&](int64_t in, int64_t out, int64_t tap) {
    for (int32_t o = 0; dw != nullptr && o < g.outputs(); ++o) dw[tap + o] += dz[out + o] * x[in + o / g.multiplier];
    for (int32_t o = 0; dx != nullptr && o < g.outputs(); ++o) dx[in + o / g.multiplier] += dz[out + o] * w[tap + o];
  });
}

void start_backward(const Work& work, const Saved& saved, const float* w) {
  const PatchShape forward = work.forward();
  const int32_t channels = work.g.inputs;
  *saved.forward = patches_of(forward, saved.tables);
  make_phases(work, saved.tables + forward.table_floats(), saved.turned, saved.phases,
              [&](const PatchShape& shape, float* turned) {
                for_each_patch_tap(shape, work.g.x.filter, [&](int32_t place, int32_t tap) {
                  std::copy_n(w + int64_t{tap} * channels, channels, turned + int64_t{place} * channels);
                });
              });
}

void weight_gradient(const Work& work, const Saved& saved, const ConvWorkspace& places, const float* x, const float* dz,
                     float* dw) {
  const PaddedImage source = work.forward().source;
  source.clear(places.image);
  for (int32_t b = 0; b < work.g.batches; ++b)
    simd().depthwise_weight_gradient(*saved.forward, source.place(x + b * work.input_elements(), places.image),
                                     dz + b * work.output_elements(), dw);
}

void input_gradient(const Work& work, const Saved& saved, const ConvWorkspace& places, const float* dz, float* dx) {
  const PaddedImage source = work.gradient_image();
  source.clear(places.image);
  for (int32_t b = 0; b < work.g.batches; ++b) {
    const float* const image = source.place(dz + b * work.output_elements(), places.image);
    for (const Phase& phase : std::span(saved.phases, static_cast<size_t>(saved.phase_count)))
      simd().depthwise_forward(phase.patches, image, phase.weights, nullptr, Clamp{}, dx + b * work.input_elements());
  }
}

}  // namespace

void depthwise_conv_2d_forward(const FloatCall& call) {
  const Work work(call);
  if (work.g.multiplier != 1) return plain_forward(work.g, call, work.limits);
  const Saved saved(work, call.saved);
  const ConvWorkspace places(work, call.workspace);
  const PatchShape shape = work.forward();
  if (call.row == 0) *saved.forward = patches_of(shape, saved.tables);
  shape.source.clear(places.image);
  for (int32_t b = 0; b < work.g.batches; ++b)
    simd().depthwise_forward(
        *saved.forward, shape.source.place(call.inputs[0] + b * work.input_elements(), places.image), call.inputs[1],
        call.inputs.size() > 2 ? call.inputs[2] : nullptr, work.limits, call.outputs[0] + b * work.output_elements());
}

// With dz = dy where the activation is not clipped, else 0:  dx[i] = sum of dz w,  dw = sum of dz x,  db = sum of dz.
void depthwise_conv_2d_backward(const FloatCall& call) {
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
  const Saved saved(work, call.saved);
  if (call.row == 0) start_backward(work, saved, call.inputs[1]);
  if (dw != nullptr) weight_gradient(work, saved, places, call.inputs[0], dz, dw);
  if (dx != nullptr) input_gradient(work, saved, places, dz, dx);
}

int64_t depthwise_conv_2d_float_workspace(const FloatCall& call) {
  return ConvWorkspace(Work(call), nullptr).size;
}

int64_t depthwise_conv_2d_float_saved(const FloatCall& call) {
  return Saved(Work(call), nullptr).size;
}

}  // namespace mote
