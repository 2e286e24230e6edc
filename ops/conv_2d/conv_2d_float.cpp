#include "ops/conv_2d/conv_2d_float.h"

#include <algorithm>

#include "ops/conv_2d/conv_2d.h"
#include "ops/image_patches.h"
#include "ops/op_families.h"

namespace mote::conv_2d_float {

namespace {

// Filters of one element that step by one see pixels, not images: all are one image.
Conv2DGeometry flattened(Conv2DGeometry g) {
  for (const WindowAxis& axis : {g.y, g.x})
    if (axis.filter != 1 || axis.stride != 1 || axis.before != 0 || axis.output != axis.input) return g;
  g.y.input = g.y.output = g.batches * g.y.input;
  g.batches = 1;
  return g;
}

Conv2DGeometry geometry_of(const FloatCall& call) {
  Conv2DGeometry g{};
  conv_2d_geometry(call.attributes->as<Conv2DAttributes>(), call.input_shapes[0], call.input_shapes[1], g);
  return flattened(g);
}

// The float work of one call. Letters: O = outputs of a group, D = input channels of a group, K = patch.
struct Work {
  explicit Work(const FloatCall& call)
      : g(geometry_of(call)),
        limits(limits_of(call.attributes->as<Conv2DAttributes>().activation)),
        outputs(g.outputs / g.groups()),
        weights(int64_t{outputs} * g.patch()),
        y_phases(g.y),
        x_phases(g.x),
        gradient_image{source_outputs(g.y, y_phases), source_outputs(g.x, x_phases), g.outputs},
        line(call.line) {}

  PatchShape forward() const {
    const SourceImage source{source_inputs(g.y), source_inputs(g.x), g.inputs, line};
    return {source, forward_taps(g.y), forward_taps(g.x), g.depth, g.x.output, g.outputs, true};
  }
  PatchShape backward(const AxisTaps& y, const AxisTaps& x) const {
    return {gradient_image, y, x, outputs, g.x.input, g.inputs, true};
  }
  int64_t packed_floats() const { return PackedWeights(simd(), outputs, g.patch()).size(); }
  int64_t turned_floats(const PatchShape& shape) const {
    return whole_lines(PackedWeights(simd(), g.depth, shape.taps() * outputs).size());
  }
  int64_t input_elements() const { return int64_t{g.y.input} * g.x.input * g.inputs; }
  int64_t output_elements() const { return int64_t{g.pixels()} * g.outputs; }
  int32_t channels() const { return g.outputs; }
  bool clips() const { return limits.low != Clamp{}.low || limits.high != Clamp{}.high; }

  Conv2DGeometry g;
  Clamp limits;
  int32_t outputs;
  int64_t weights;  // of a group
  PhaseTaps y_phases, x_phases;
  SourceImage gradient_image;
  const ChannelLine* line;  // of the inputs
};

// What the first part of a pass saves for the others: of each group the packed weights (forward) or their gradient
// (backward), and the weights of all phases of the gradient of the inputs.
struct Saved {
  Saved(const Work& work, float* memory) : turned_floats(mote::turned_floats(work)) {
    MemoryPlaces places(memory);
    packed = places.take(work.g.groups() * work.packed_floats());
    turned = places.take(work.g.groups() * turned_floats);
    size = places.size();
  }

  int64_t turned_floats, size;
  float *packed, *turned;
};

void pack(const Work& work, const float* w, float* packed) {
  const int32_t k = work.g.patch();
  PackedWeights(simd(), work.outputs, k)
      .for_each_block(packed, [&](int32_t first, int32_t n, float* to, int32_t width) {
        if (n < width) std::fill_n(to, int64_t{width} * k, 0.0f);
        simd().transpose(n, k, w + int64_t{first} * k, k, to, width);
      });
}
void unpack(const Work& work, float* packed, float* w) {
  const int32_t k = work.g.patch();
  PackedWeights(simd(), work.outputs, k)
      .for_each_block(packed, [&](int32_t first, int32_t n, const float* from, int32_t width) {
        simd().transpose(k, n, from, width, w + int64_t{first} * k, k);
      });
}

// For the gradient of the inputs: D rows of the taps of a phase, each of all outputs.
void pack_turned(const Work& work, const PatchShape& shape, const float* w, float* packed) {
  const PackedWeights layout(simd(), work.g.depth, shape.taps() * work.outputs);
  layout.for_each_block(packed, [&](int32_t first, int32_t n, float* to, int32_t width) {
    for_each_patch_tap(shape, work.g.x.filter, [&](int32_t place, int32_t tap) {
      for (int32_t o = 0; o < work.outputs; ++o) {
        const float* const from = w + int64_t{o} * work.g.patch() + tap * work.g.depth + first;
        float* const row = to + (int64_t{place} * work.outputs + o) * width;
        std::copy_n(from, n, row);
        std::fill(row + n, row + width, 0.0f);
      }
    });
  });
}

void start_forward(const Work& work, const Saved& saved, const float* w) {
  for (int32_t group = 0; group < work.g.groups(); ++group)
    pack(work, w + group * work.weights, saved.packed + group * work.packed_floats());
}

void start_backward(const Work& work, const Saved& saved, const float* w) {
  std::fill_n(saved.packed, work.g.groups() * work.packed_floats(), 0.0f);
  for_each_phase(work, [&](const PatchShape& shape, int64_t first) {
    for (int32_t group = 0; group < work.g.groups(); ++group)
      pack_turned(work, shape, w + group * work.weights, saved.turned + group * saved.turned_floats + first);
  });
}

void weight_gradient(const Work& work, const Saved& saved, const ConvWorkspace& places, const float* x,
                     const float* dz) {
  const PatchShape shape = work.forward();
  for (int32_t b = 0; b < work.g.batches; ++b)
    shape.source.for_each_band(x + b * work.input_elements(), places.band, [&](const Band& band) {
      const Patches patches = patches_of(shape, band);
      for (int32_t group = 0; group < work.g.groups(); ++group)
        simd().conv_weight_gradient(patches, work.outputs, band.source + group * work.g.depth,
                                    dz + b * work.output_elements() + group * work.outputs,
                                    saved.packed + group * work.packed_floats());
    });
}

void input_gradient(const Work& work, const Saved& saved, const ConvWorkspace& places, const float* dz, float* dx) {
  for (int32_t b = 0; b < work.g.batches; ++b)
    work.gradient_image.for_each_band(dz + b * work.output_elements(), places.band, [&](const Band& band) {
      for_each_phase(work, [&](const PatchShape& shape, int64_t first) {
        const Patches patches = patches_of(shape, band);
        for (int32_t group = 0; group < work.g.groups(); ++group)
          simd().conv_forward(patches, work.g.depth, band.source + group * work.outputs,
                              saved.turned + group * saved.turned_floats + first, nullptr, Clamp{},
                              dx + b * work.input_elements() + group * work.g.depth);
      });
    });
}

}  // namespace

void forward(const FloatCall& call) {
  const Work work(call);
  const Saved saved(work, call.saved);
  const ConvWorkspace places(work, call.workspace);
  if (call.row == 0) start_forward(work, saved, call.inputs[1]);
  const PatchShape shape = work.forward();
  const float* const bias = call.inputs.size() > 2 ? call.inputs[2] : nullptr;
  for (int32_t b = 0; b < work.g.batches; ++b)
    shape.source.for_each_band(call.inputs[0] + b * work.input_elements(), places.band, [&](const Band& band) {
      const Patches patches = patches_of(shape, band);
      for (int32_t group = 0; group < work.g.groups(); ++group)
        simd().conv_forward(patches, work.outputs, band.source + group * work.g.depth,
                            saved.packed + group * work.packed_floats(),
                            bias != nullptr ? bias + group * work.outputs : nullptr, work.limits,
                            call.outputs[0] + b * work.output_elements() + group * work.outputs);
    });
}

// With dz = dy where the activation is not clipped, else 0: dw = sums of dz x, dx = sums of dz w, db = sums of dz.
void backward(const FloatCall& call) {
  const Work work(call);
  const Saved saved(work, call.saved);
  const ConvWorkspace places(work, call.workspace);
  const float* dz = call.output_gradients[0];
  const int64_t rows = int64_t{work.g.batches} * work.g.pixels();
  if (work.clips()) {
    simd().clamp_backward(rows * work.g.outputs, call.outputs[0], dz, work.limits, places.clipped);
    dz = places.clipped;
  }
  if (call.row == 0) start_backward(work, saved, call.inputs[1]);
  const auto wanted = [&](size_t i) { return call.input_gradients.size() > i ? call.input_gradients[i] : nullptr; };
  if (wanted(2) != nullptr) add_column_sums(call, {rows, work.g.outputs}, dz, places.bias, wanted(2));
  if (wanted(1) != nullptr) weight_gradient(work, saved, places, call.inputs[0], dz);
  if (wanted(0) != nullptr) input_gradient(work, saved, places, dz, wanted(0));
  for (int32_t group = 0; wanted(1) != nullptr && call.last && group < work.g.groups(); ++group)
    unpack(work, saved.packed + group * work.packed_floats(), wanted(1) + group * work.weights);
}

int64_t workspace_floats(const FloatCall& call) {
  return ConvWorkspace(Work(call), nullptr).size;
}

int64_t saved_floats(const FloatCall& call) {
  return Saved(Work(call), nullptr).size;
}

}  // namespace mote::conv_2d_float
