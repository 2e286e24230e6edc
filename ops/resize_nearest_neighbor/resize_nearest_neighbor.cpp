#include "ops/resize_nearest_neighbor/resize_nearest_neighbor.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace resize_nearest_neighbor_op {

using Values = ResizeNearestNeighborAttributes;

// TFLite's versioning: 1 float, 2 int8, 3 with one of the options, 4 int16.
int32_t tflite_version(const Attributes& attributes, std::span<const TensorType> inputs, std::span<const TensorType>) {
  const auto a = attributes.as<Values>();
  if (inputs[0].dtype == DType::int16) return 4;
  if (a.align_corners || a.half_pixel_centers) return 3;
  return inputs[0].dtype == DType::int8 ? 2 : 1;
}

ResizeNearestNeighbor float_resize(const FloatCall& call) {
  ResizeNearestNeighbor p{};
  resize_checked_setup(call.attributes->as<Values>(), float_info(call.input_shapes[0]),
                       float_info(call.output_shapes[0]), p);
  return p;
}

void forward(const FloatCall& call) {
  resize_run(float_resize(call), call.inputs[0], call.outputs[0]);
}

// dx = sum of dy over the pixels that repeat it.
void backward(const FloatCall& call) {
  float* dx = call.input_gradients[0];
  if (dx == nullptr) return;
  std::fill_n(dx, call.input_shapes[0].elements(), 0.0f);
  const ResizeNearestNeighbor p = float_resize(call);
  const int32_t channels = call.input_shapes[0][3];
  const float* dy = call.output_gradients[0];
  for (int32_t b = 0; b < p.batches; ++b, dx += p.y.input * p.x.input * channels)
    for (int32_t y = 0; y < p.y.output; ++y)
      for (int32_t x = 0; x < p.x.output; ++x, dy += channels) {
        float* const pixel = dx + (nearest(p.y, y) * p.x.input + nearest(p.x, x)) * channels;
        for (int32_t c = 0; c < channels; ++c) pixel[c] += dy[c];
      }
}

std::string cpp_nearest(const NearestAxis& axis) {
  return fmt::format("{{{}, {}, {}, {}, {}}}", axis.input, axis.output, cpp_float(axis.scale), cpp_float(axis.offset),
                     cpp_float(axis.up));
}

Result<std::string> emit(const EmitCall& call) {
  ResizeNearestNeighbor p{};
  const Status status = resize_checked_setup(call.attributes->as<Values>(), tensor_info(call.input_types[0]),
                                             tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr ResizeNearestNeighbor p = {{{}, {}, {}, {}}};\n  resize_run(p, {}, {});\n",
                     cpp_nearest(p.y), cpp_nearest(p.x), p.batches, p.run, call.inputs[0], call.outputs[0]);
}

std::vector<OpCase> cases() {
  return resize_cases<Values>({{false, false}, {true, false}, {false, true}, {true, true}});
}

OpCase random_case(Random& random) {
  return resize_random_case<Values>(random, random.below(2) == 0, random.below(2) == 0);
}

constexpr DeviceKernel kKernels[] = {{"resize_nearest_neighbor_any", &resize_nearest_neighbor_any}};

constexpr OpDef kDef = {
    .name = "resize_nearest_neighbor",
    .tflite_name = "RESIZE_NEAREST_NEIGHBOR",
    .tflite_code = 97,
    .tflite_options = 74,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<Values>,
    .visit = visit_attributes<Values>,
    .read_constants = read_operands<Values, kResizeRule>,
    .infer = infer_resize<Values>,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/resize_nearest_neighbor/resize_nearest_neighbor.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace resize_nearest_neighbor_op
}  // namespace

extern const OpDef resize_nearest_neighbor_def;
const OpDef resize_nearest_neighbor_def = resize_nearest_neighbor_op::kDef;

}  // namespace mote
