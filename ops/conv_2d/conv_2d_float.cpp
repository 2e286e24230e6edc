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
  bool clips() const { return limits.low != Clamp{}.low || limits.high != Clamp{}.high; }

  Conv2DGeometry g;
  Clamp limits;
  int32_t outputs;
  int64_t weights;  // of a group
};

// The workspace: phases of the inputs, tables, packed weights, a padded image, dz.
struct Places {
  Places(const Work& work, float* memory) {
    const PatchShape forward = work.forward();
    int64_t table_floats = 0, packed_floats = 0, count = 0;
    for_each_phase(work.g.y, work.g.x, [&](const AxisTaps& y, const AxisTaps& x) {
      const PatchShape shape = work.backward(y, x);
      table_floats += shape.table_floats();
      packed_floats += work.turned_floats(shape);
      ++count;
    });
    WorkspaceParts parts(memory);
    phases = reinterpret_cast<Phase*>(parts.take(count * static_cast<int64_t>(sizeof(Phase) / sizeof(float))));
    tables = parts.take(std::max(table_floats, forward.table_floats()));
    packed = parts.take(std::max(packed_floats, work.packed_floats()));
    image = parts.take(std::max(forward.source.padded(), work.gradient_image().padded()));
    clipped = parts.take(work.clips() ? work.g.batches * work.output_elements() : 0);
    size = parts.size();
  }

  Phase* phases;
  float *tables, *packed, *image, *clipped;
  int64_t size;
};

// w[O][K] in the order of the kernel, or dw from it.
template <class Visit>
void for_each_weight(const Work& work, float* packed, const Visit& visit) {
  const int32_t k = work.g.patch();
  PackedWeights(simd(), work.outputs, k)
      .for_each_block(packed, [&](int32_t first, int32_t n, float* to, int32_t width) {
        for (int32_t o = 0; o < n; ++o)
          for (int32_t i = 0; i < k; ++i) visit(to[i * width + o], int64_t{first + o} * k + i);
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

void weight_gradient(const Work& work, const Places& places, const float* x, const float* dz, float* dw) {
  const PatchShape shape = work.forward();
  const Patches patches = patches_of(shape, places.tables);
  shape.source.clear(places.image);
  for (int32_t group = 0; group < work.g.groups(); ++group) {
    std::fill_n(places.packed, work.packed_floats(), 0.0f);
    for (int32_t b = 0; b < work.g.batches; ++b)
      simd().conv_weight_gradient(
          patches, work.outputs, shape.source.place(x + b * work.input_elements(), places.image) + group * work.g.depth,
          dz + b * work.output_elements() + group * work.outputs, places.packed);
    for_each_weight(work, places.packed, [&](float packed, int64_t at) { dw[group * work.weights + at] = packed; });
  }
}

// Phases with their weights for one group; how many there are.
size_t prepare_phases(const Work& work, const Places& places, const float* w) {
  size_t count = 0;
  float *tables = places.tables, *packed = places.packed;
  for_each_phase(work.g.y, work.g.x, [&](const AxisTaps& y, const AxisTaps& x) {
    const PatchShape shape = work.backward(y, x);
    pack_turned(work, shape, w, packed);
    places.phases[count++] = {patches_of(shape, tables), packed};
    tables += shape.table_floats();
    packed += work.turned_floats(shape);
  });
  return count;
}

void input_gradient(const Work& work, const Places& places, const float* w, const float* dz, float* dx) {
  const PaddedImage source = work.gradient_image();
  source.clear(places.image);
  for (int32_t group = 0; group < work.g.groups(); ++group) {
    const std::span phases(places.phases, prepare_phases(work, places, w + group * work.weights));
    for (int32_t b = 0; b < work.g.batches; ++b) {
      const float* const image = source.place(dz + b * work.output_elements(), places.image) + group * work.outputs;
      for (const Phase& phase : phases)
        simd().conv_forward(phase.patches, work.g.depth, image, phase.weights, nullptr, Clamp{},
                            dx + b * work.input_elements() + group * work.g.depth);
    }
  }
}

}  // namespace

void conv_2d_forward(const FloatCall& call) {
  const Work work(call);
  const Places places(work, call.workspace);
  const PatchShape shape = work.forward();
  const Patches patches = patches_of(shape, places.tables);
  const float* bias = call.inputs.size() > 2 ? call.inputs[2] : nullptr;
  shape.source.clear(places.image);
  for (int32_t group = 0; group < work.g.groups(); ++group) {
    const float* const w = call.inputs[1] + group * work.weights;
    std::fill_n(places.packed, work.packed_floats(), 0.0f);
    for_each_weight(work, places.packed, [&](float& packed, int64_t at) { packed = w[at]; });
    for (int32_t b = 0; b < work.g.batches; ++b)
      simd().conv_forward(
          patches, work.outputs,
          shape.source.place(call.inputs[0] + b * work.input_elements(), places.image) + group * work.g.depth,
          places.packed, bias != nullptr ? bias + group * work.outputs : nullptr, work.limits,
          call.outputs[0] + b * work.output_elements() + group * work.outputs);
  }
}

// With dz = dy where the activation is not clipped, else 0: dw = sums of dz x, dx = sums of dz w, db = sums of dz.
void conv_2d_backward(const FloatCall& call) {
  const Work work(call);
  const Places places(work, call.workspace);
  const float* dz = call.output_gradients[0];
  const int64_t rows = int64_t{work.g.batches} * work.g.pixels();
  if (work.clips()) {
    simd().clamp_backward(rows * work.g.outputs, call.outputs[0], dz, work.limits, places.clipped);
    dz = places.clipped;
  }
  const auto wanted = [&](size_t i) { return call.input_gradients.size() > i ? call.input_gradients[i] : nullptr; };
  if (wanted(2) != nullptr) simd().column_sums(rows, work.g.outputs, dz, wanted(2));
  if (wanted(1) != nullptr) weight_gradient(work, places, call.inputs[0], dz, wanted(1));
  if (wanted(0) != nullptr) input_gradient(work, places, call.inputs[1], dz, wanted(0));
}

int64_t conv_2d_float_workspace(const FloatCall& call) {
  const Work work(call);
  return Places(work, nullptr).size;
}

}  // namespace mote
