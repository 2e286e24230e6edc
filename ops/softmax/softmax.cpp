#include "ops/softmax/softmax.h"

#include <fmt/format.h>

#include "ops/op.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

namespace {
namespace softmax_op {

// TFLite's versioning: 1 float, 2 int8, 3 int16.
int32_t tflite_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  return inputs[0].dtype == DType::int8 ? 2 : inputs[0].dtype == DType::int16 ? 3 : 1;
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8, DType::int16}));
  const float beta = attributes.as<SoftmaxAttributes>().beta;
  if (!(beta > 0 && beta <= 1e6f)) return input_error(fmt::format("beta is {}, expected a number above 0", beta));
  Shape output;
  if (!softmax_shape(inputs[0].shape, output))
    return input_error(fmt::format("its input has shape {}; expected at least one number in the last dimension",
                                   to_string(inputs[0].shape)));
  return std::vector{output};
}

OpCost cost(const Attributes&, std::span<const Shape> inputs, std::span<const Shape>) {
  return {softmax_macs(inputs[0]), softmax_scratch_bytes()};
}

int64_t rows(const FloatCall& call) {
  return call.output_shapes[0].elements() / call.output_shapes[0].last();
}

// y_i = exp(beta x_i) / sum_j exp(beta x_j) over the last axis
void forward(const FloatCall& call) {
  const float beta = call.attributes->as<SoftmaxAttributes>().beta;
  simd().softmax(rows(call), call.output_shapes[0].last(), call.inputs[0], beta, call.outputs[0]);
}

// dx = beta y (dy - sum_j dy_j y_j)
void backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  const float beta = call.attributes->as<SoftmaxAttributes>().beta;
  simd().softmax_backward(rows(call), call.output_shapes[0].last(), call.outputs[0], call.output_gradients[0], beta,
                          call.input_gradients[0]);
}

Result<std::string> emit(const EmitCall& call) {
  const auto options = call.attributes->as<SoftmaxAttributes>();
  const TensorInfo input = tensor_info(call.input_types[0]), output = tensor_info(call.output_types[0]);
  std::string parameters;
  if (input.type == DType::float32) {
    SoftmaxFloat32 p{};
    if (const Status status = softmax_setup(options, input, output, p); status != Status::ok) return refused(status);
    parameters = fmt::format("SoftmaxFloat32 p = {{{}, {}, {}}}", p.rows, p.depth, cpp_float(p.beta));
  } else if (input.type == DType::int16) {
    SoftmaxInt16 p{};
    if (const Status status = softmax_setup(options, input, output, p); status != Status::ok) return refused(status);
    parameters =
        fmt::format("SoftmaxInt16 p = {{{}, {}, {{{}, {}}}}}", p.rows, p.depth, p.scale.multiplier, p.scale.shift);
  } else {
    SoftmaxInt8 p{};
    if (const Status status = softmax_setup(options, input, output, p); status != Status::ok) return refused(status);
    parameters = fmt::format("SoftmaxInt8 p = {{{}, {}, {}, {}, {}}}", p.rows, p.depth, p.multiplier, p.left_shift,
                             p.least_difference);
  }
  return fmt::format("  static constexpr {};\n  softmax_run(p, {}, {});\n", parameters, call.inputs[0],
                     call.outputs[0]);
}

OpCase make_case(const char* name, Shape shape, uint32_t seed, float range, float beta) {
  OpCase result;
  result.name = name;
  result.attributes = Attributes::of(SoftmaxAttributes{beta});
  result.inputs = {shape};
  result.seed = seed;
  result.low = -range;
  result.high = range;
  return result;
}

OpCase int16_case() {
  OpCase result = make_case("int8_to_int16", make_shape({3, 12}), 7, 4, 1);
  result.output_type = DType::int16;
  result.integer_types = {{DType::int8, {}, {{1.0f / 31}, {-3}, 0}}, {DType::int16, {}, {{1.0f / 65536}, {-32768}, 0}}};
  return result;
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = {make_case("one_class", make_shape({1, 1}), 1, 1, 1),
                             make_case("three_classes", make_shape({1, 3}), 2, 4, 1),
                             make_case("rows", make_shape({4, 10}), 3, 8, 1),
                             make_case("saturates", make_shape({1, 12}), 4, 60, 1),
                             make_case("beta", make_shape({2, 5}), 5, 3, 0.5f),
                             make_case("many", make_shape({1, 300}), 6, 5, 1),
                             int16_case()};
  for (size_t i : {0, 1, 2, 3, 4, 5}) all.push_back(as_int16(all[i]));
  return all;
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const int32_t rows = dim(), columns = dim();
  const float range = static_cast<float>(random.uniform(0.5, 20));
  const OpCase result =
      make_case("random", make_shape({rows, columns}), static_cast<uint32_t>(random.bits()), range, 1);
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr DeviceKernel kKernels[] = {{"softmax_int8", &softmax_int8},
                                     {"softmax_int16", &softmax_int16},
                                     {"softmax_int8_int16", &softmax_int8_int16},
                                     {"softmax_float32", &softmax_float32}};

constexpr OpDef kDef = {
    .name = "softmax",
    .tflite_name = "SOFTMAX",
    .tflite_code = 25,
    .tflite_options = 9,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<SoftmaxAttributes>,
    .visit = visit_attributes<SoftmaxAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::fixed, 1.0f / 256, -128},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/softmax/softmax.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace softmax_op
}  // namespace

extern const OpDef softmax_def;
const OpDef softmax_def = softmax_op::kDef;

}  // namespace mote
