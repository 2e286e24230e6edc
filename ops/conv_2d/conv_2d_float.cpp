#include "ops/conv_2d/conv_2d_float.h"

#include <algorithm>

#include "ops/conv_2d/conv_2d.h"
#include "ops/image_patches.h"

namespace mote {

namespace {

// Filters of one element that step by one see pixels, not images: all are one row.
Conv2DGeometry flattened(Conv2DGeometry g) {
  for (const WindowAxis& axis : {g.y, g.x})
    if (axis.filter != 1 || axis.stride != 1 || axis.before != 0 || axis.output != axis.input) return g;
  g.x.input = g.x.output = g.batches * g.y.input * g.x.input;
  g.y.input = g.y.output = g.batches = 1;
  return g;
}

// The float work of one call. Letters: O = outputs of a group, D = input channels of a group, K = patch.
struct Work {
  explicit Work(const FloatCall& call) {
    Conv2DGeometry checked{};
    conv_2d_geometry(call.attributes->as<Conv2DAttributes>(), call.input_shapes[0], call.input_shapes[1], checked);
    g = flattened(checked);
    const FloatRange range = float_activation_range(call.attributes->as<Conv2DAttributes>().activation);
    limits = {range.low, range.high};
    outputs = g.outputs / g.groups();
    weights = int64_t{outputs} * g.patch();
  }

  PatchShape forward() const {
    const PaddedImage source{padded_inputs(g.y), padded_inputs(g.x), g.inputs};
    return {source, forward_taps(g.y), forward_taps(g.x), g.depth, g.x.output, g.outputs, true};
  }
  PaddedImage gradient_image() const { return {padded_outputs(g.y), padded_outputs(g.x), g.outputs}; }
  PatchShape backward(const AxisTaps& y, const AxisTaps& x) const {
    return {gradient_image(), y, x, outputs, g.x.input, g.inputs, true};
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
};

// What the first part of a pass saves for the others: where pixels see the inputs, the packed weights (forward) or
// their gradient (backward) of each group, and phases of the gradient of the inputs with the weights of the first
// group.
struct Saved {
  Saved(const Work& work, float* memory) {
    const PhaseSizes sizes = phase_sizes(work);
    phase_count = sizes.count;
    turned_floats = sizes.turned;
    MemoryPlaces places(memory);
    forward = places.take_objects<Patches>(1);
    phases = places.take_objects<Phase>(phase_count);
    packed = places.take(work.g.groups() * work.packed_floats());
    turned = places.take(work.g.groups() * turned_floats);
    tables = places.take(work.forward().table_floats() +
                         sizes.tables);  // last: their size follows from the rows of the first part
    size = places.size();
  }

  Patches* forward;
  Phase* phases;
  float *packed, *turned, *tables;
  int64_t phase_count, turned_floats, size;
};

// visit(packed, w) for each weight of a group, w[O][K] in the order of the kernel.
template <class Weights, class Visit>
void for_each_weight(const Work& work, float* packed, Weights* w, const Visit& visit) {
  const int32_t k = work.g.patch();
  PackedWeights(simd(), work.outputs, k)
      .for_each_block(packed, [&](int32_t first, int32_t n, float* to, int32_t width) {
        for (int32_t o = 0; o < n; ++o)
          for (int32_t i = 0; i < k; ++i) visit(to[i * width + o], w[int64_t{first + o} * k + i]);
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
  *saved.forward = patches_of(work.forward(), saved.tables);
  std::fill_n(saved.packed, work.g.groups() * work.packed_floats(), 0.0f);
  for (int32_t group = 0; group < work.g.groups(); ++group)
    for_each_weight(work, saved.packed + group * work.packed_floats(), w + group * work.weights,
                    [](float& packed, float weight) { packed = weight; });
}

void start_backward(const Work& work, const Saved& saved, const float* w) {
  const PatchShape forward = work.forward();
  *saved.forward = patches_of(forward, saved.tables);
  std::fill_n(saved.packed, work.g.groups() * work.packed_floats(), 0.0f);
  make_phases(work, saved.tables + forward.table_floats(), saved.turned, saved.phases,
              [&](const PatchShape& shape, float* turned) {
                for (int32_t group = 0; group < work.g.groups(); ++group)
                  pack_turned(work, shape, w + group * work.weights, turned + group * saved.turned_floats);
              });
}

void weight_gradient(const Work& work, const Saved& saved, const ConvWorkspace& places, const float* x,
                     const float* dz) {
  const PaddedImage source = work.forward().source;
  const Patches patches = first_pixels(*saved.forward, work.g.pixels());
  source.clear(places.image);
  for (int32_t b = 0; b < work.g.batches; ++b) {
    const float* const image = source.place(x + b * work.input_elements(), places.image);
    for (int32_t group = 0; group < work.g.groups(); ++group)
      simd().conv_weight_gradient(patches, work.outputs, image + group * work.g.depth,
                                  dz + b * work.output_elements() + group * work.outputs,
                                  saved.packed + group * work.packed_floats());
  }
}

void input_gradient(const Work& work, const Saved& saved, const ConvWorkspace& places, const float* dz, float* dx) {
  const PaddedImage source = work.gradient_image();
  const int32_t pixels = work.g.y.input * work.g.x.input;
  source.clear(places.image);
  for (int32_t b = 0; b < work.g.batches; ++b) {
    const float* const image = source.place(dz + b * work.output_elements(), places.image);
    for (int32_t group = 0; group < work.g.groups(); ++group)
      for (const Phase& phase : std::span(saved.phases, static_cast<size_t>(saved.phase_count)))
        simd().conv_forward(first_pixels(phase.patches, pixels), work.g.depth, image + group * work.outputs,
                            phase.weights + group * saved.turned_floats, nullptr, Clamp{},
                            dx + b * work.input_elements() + group * work.g.depth);
  }
}

}  // namespace

void conv_2d_forward(const FloatCall& call) {
  const Work work(call);
  const Saved saved(work, call.saved);
  const ConvWorkspace places(work, call.workspace);
  if (call.row == 0) start_forward(work, saved, call.inputs[1]);
  const PaddedImage source = work.forward().source;
  const Patches patches = first_pixels(*saved.forward, work.g.pixels());
  const float* const bias = call.inputs.size() > 2 ? call.inputs[2] : nullptr;
  source.clear(places.image);
  for (int32_t b = 0; b < work.g.batches; ++b) {
    const float* const image = source.place(call.inputs[0] + b * work.input_elements(), places.image);
    for (int32_t group = 0; group < work.g.groups(); ++group)
      simd().conv_forward(patches, work.outputs, image + group * work.g.depth,
                          saved.packed + group * work.packed_floats(),
                          bias != nullptr ? bias + group * work.outputs : nullptr, work.limits,
                          call.outputs[0] + b * work.output_elements() + group * work.outputs);
  }
}

// With dz = dy where the activation is not clipped, else 0: dw = sums of dz x, dx = sums of dz w, db = sums of dz.
void conv_2d_backward(const FloatCall& call) {
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
    for_each_weight(work, saved.packed + group * work.packed_floats(), wanted(1) + group * work.weights,
                    [](float packed, float& gradient) { gradient = packed; });
}

int64_t conv_2d_float_workspace(const FloatCall& call) {
  return ConvWorkspace(Work(call), nullptr).size;
}

int64_t conv_2d_float_saved(const FloatCall& call) {
  return Saved(Work(call), nullptr).size;
}

}  // namespace mote
