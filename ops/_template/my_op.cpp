#include "ops/_template/my_op.h"

#include <fmt/format.h>

#include "ops/op_families.h"

namespace mote {

namespace {
namespace my_op_op {

// TFLite's versioning (tools/versioning/op_version.cc): 1 float, 2 int8.
int32_t tflite_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  return inputs[0].dtype == DType::int8 ? 2 : 1;
}

OpCost cost(const Attributes&, std::span<const Shape> inputs, std::span<const Shape>) {
  return {my_op_macs(inputs[0]), my_op_scratch_bytes()};
}

float slope(const FloatCall& call, float x) {
  return x >= 0 ? 1.0f : call.attributes->as<MyOpAttributes>().alpha;
}

void forward(const FloatCall& call) {
  for (int32_t i = 0; i < call.output_shapes[0].elements(); ++i)
    call.outputs[0][i] = slope(call, call.inputs[0][i]) * call.inputs[0][i];
}

// dx = dy * slope(x)
void backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  for (int32_t i = 0; i < call.output_shapes[0].elements(); ++i)
    call.input_gradients[0][i] = slope(call, call.inputs[0][i]) * call.output_gradients[0][i];
}

Result<std::string> emit(const EmitCall& call) {
  const auto options = call.attributes->as<MyOpAttributes>();
  const TensorInfo input = tensor_info(call.input_types[0]), output = tensor_info(call.output_types[0]);
  std::string parameters;
  if (input.type == DType::float32) {
    MyOpFloat32 p{};
    if (const Status status = my_op_setup(options, input, output, p); status != Status::ok) return refused(status);
    parameters = fmt::format("MyOpFloat32 p = {{{}, {}}}", p.count, cpp_float(p.alpha));
  } else {
    MyOpInt8 p{};
    if (const Status status = my_op_setup(options, input, output, p); status != Status::ok) return refused(status);
    parameters = fmt::format("MyOpInt8 p = {{{}, {}, {}, {}, {}}}", p.count, text_of(p.positive), text_of(p.negative),
                             p.input_zero_point, p.output_zero_point);
  }
  return fmt::format("  static const {};\n  my_op_run(p, {}, {});\n", parameters, call.inputs[0], call.outputs[0]);
}

OpCase make_case(const char* name, Shape shape, float alpha, uint32_t seed) {
  OpCase result;
  result.name = name;
  result.attributes = Attributes::of(MyOpAttributes{alpha});
  result.inputs = {shape};
  result.seed = seed;
  return result;
}

// Sizes and options at the edges: one element, odd sizes, every option at least once.
std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 1}), 0.1f, 1), make_case("odd", make_shape({1, 37}), 0.3f, 2),
          make_case("image", make_shape({1, 3, 4, 5}), 0.01f, 3)};
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const int32_t rows = dim(), columns = dim();
  const float alpha = static_cast<float>(random.uniform(0.01, 0.9));
  return make_case("random", make_shape({rows, columns}), alpha, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"my_op_int8", &my_op_int8}, {"my_op_float32", &my_op_float32}};

// Every field is written out: what the operator lacks is stated, not forgotten.
constexpr OpDef kDef = {
    .name = "my_op",
    .tflite_name = "LEAKY_RELU",
    .tflite_code = 98,
    .tflite_options = 75,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<MyOpAttributes>,
    .visit = visit_attributes<MyOpAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise,
    .cost = cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/_template/my_op.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace my_op_op
}  // namespace

extern const OpDef my_op_def;
const OpDef my_op_def = my_op_op::kDef;

}  // namespace mote
