#include "ops/resize_bilinear/resize_bilinear.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace resize_bilinear_op {

using Values = ResizeBilinearAttributes;

// TFLite's versioning: 1 float, 2 int8, 3 with half-pixel centers.
int32_t tflite_version(const Attributes& attributes, std::span<const TensorType> inputs, std::span<const TensorType>) {
  if (attributes.as<Values>().half_pixel_centers) return 3;
  return inputs[0].dtype == DType::int8 ? 2 : 1;
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_TRY(const auto shapes, infer_resize<Values>(attributes, inputs));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8}));
  const auto a = attributes.as<Values>();
  if (a.align_corners && a.half_pixel_centers)
    return input_error("it has align_corners and half_pixel_centers, which exclude each other");
  return shapes;
}

ResizeBilinearFloat32 float_resize(const FloatCall& call) {
  ResizeBilinearFloat32 p{};
  resize_checked_setup(call.attributes->as<Values>(), float_info(call.input_shapes[0]),
                       float_info(call.output_shapes[0]), p);
  return p;
}

void forward(const FloatCall& call) {
  resize_run(float_resize(call), call.inputs[0], call.outputs[0]);
}

// dx = sum of dy times the weight that each of the four pixels had.
void backward(const FloatCall& call) {
  float* const dx = call.input_gradients[0];
  if (dx == nullptr) return;
  std::fill_n(dx, call.input_shapes[0].elements(), 0.0f);
  const ResizeBilinearFloat32 p = float_resize(call);
  const float* dy = call.output_gradients[0];
  using Place = Between<float>;
  for_each_place(p, [&](int32_t image, const Place& y, const Place& x) {
    const auto add = [&](int32_t row, int32_t column, float weight) {
      float* const pixel = dx + image + (row * p.x.input + column) * p.channels;
      for (int32_t c = 0; c < p.channels; ++c) pixel[c] += dy[c] * weight;
    };
    add(y.lower, x.lower, (1 - y.weight) * (1 - x.weight));
    add(y.lower, x.upper, (1 - y.weight) * x.weight);
    add(y.upper, x.lower, y.weight * (1 - x.weight));
    add(y.upper, x.upper, y.weight * x.weight);
    dy += p.channels;
  });
}

std::string text_of(const BilinearAxisInt8& a) {
  return fmt::format("{{{}, {}, {}, {}}}", a.input, a.output, a.scale, a.start);
}
std::string text_of(const BilinearAxisFloat32& a) {
  return fmt::format("{{{}, {}, {}, {}}}", a.input, a.output, cpp_float(a.scale), cpp_float(a.shift));
}

template <class Parameters>
Result<std::string> emit_as(const char* name, const EmitCall& call) {
  Parameters p{};
  const Status status = resize_checked_setup(call.attributes->as<Values>(), tensor_info(call.input_types[0]),
                                             tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr {} p = {{{}, {}, {}, {}}};\n  resize_run(p, {}, {});\n", name, text_of(p.y),
                     text_of(p.x), p.batches, p.channels, call.inputs[0], call.outputs[0]);
}

Result<std::string> emit(const EmitCall& call) {
  return call.input_types[0].dtype == DType::float32 ? emit_as<ResizeBilinearFloat32>("ResizeBilinearFloat32", call)
                                                     : emit_as<ResizeBilinearInt8>("ResizeBilinearInt8", call);
}

std::vector<OpCase> cases() {
  return resize_cases<Values>({{false, false}, {true, false}, {false, true}});
}

OpCase random_case(Random& random) {
  const uint32_t option = random.below(3);
  return resize_random_case<Values>(random, option == 1, option == 2);
}

constexpr DeviceKernel kKernels[] = {{"resize_bilinear_int8", &resize_bilinear_int8},
                                     {"resize_bilinear_float32", &resize_bilinear_float32}};

constexpr OpDef kDef = {
    .name = "resize_bilinear",
    .tflite_name = "RESIZE_BILINEAR",
    .tflite_code = 23,
    .tflite_options = 15,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<Values>,
    .visit = visit_attributes<Values>,
    .read_constants = read_operands<Values, kResizeRule>,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 2,
    .in_place = false,
    .device_header = "ops/resize_bilinear/resize_bilinear.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace resize_bilinear_op
}  // namespace

extern const OpDef resize_bilinear_def;
const OpDef resize_bilinear_def = resize_bilinear_op::kDef;

}  // namespace mote
