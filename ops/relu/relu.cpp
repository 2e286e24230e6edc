#include "ops/relu/relu.h"

#include <fmt/format.h>

#include "ops/op.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

namespace {

// TFLite's versioning: 1 float, 2 int8.
int32_t tflite_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  return inputs[0].dtype == DType::int8 ? 2 : 1;
}

OpCost cost(const Attributes&, std::span<const Shape> inputs, std::span<const Shape>) {
  return {relu_macs(inputs[0]), relu_scratch_bytes()};
}

constexpr Clamp kLimits = {0, __builtin_inff()};

void forward(const FloatCall& call) {
  simd().clamp(call.output_shapes[0].elements(), call.inputs[0], kLimits, call.outputs[0]);
}

void backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  simd().clamp_backward(call.output_shapes[0].elements(), call.outputs[0], call.output_gradients[0], kLimits,
                        call.input_gradients[0]);
}

Result<std::string> emit(const EmitCall& call) {
  const TensorInfo input = tensor_info(call.input_types[0]), output = tensor_info(call.output_types[0]);
  std::string parameters;
  if (input.type == DType::float32) {
    ReluFloat32 p{};
    if (const Status status = relu_setup(Activation::relu, input, output, p); status != Status::ok)
      return refused(status);
    parameters = fmt::format("ReluFloat32 p = {{{}, {}}}", p.count, cpp_float(p.high));
  } else {
    ReluInt8 p{};
    if (const Status status = relu_setup(Activation::relu, input, output, p); status != Status::ok)
      return refused(status);
    parameters = fmt::format("ReluInt8 p = {{{}, {}, {}, {}, {}, {}, {}, {{}}}}", p.count, p.multiplier, p.shift,
                             p.input_zero_point, p.output_zero_point, p.low, p.high);
  }
  return fmt::format("  static constexpr {};\n  relu_run(p, {}, {});\n", parameters, call.inputs[0], call.outputs[0]);
}

OpCase make_case(const char* name, Shape shape, uint32_t seed) {
  OpCase result;
  result.name = name;
  result.inputs = {shape};
  result.seed = seed;
  result.low = -1.0f;
  result.high = 1.0f;
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 1}), 1), make_case("row", make_shape({1, 37}), 2),
          make_case("image", make_shape({1, 3, 4, 5}), 3)};
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const int32_t rows = dim(), columns = dim();
  return make_case("random", make_shape({rows, columns}), static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"relu_int8", &relu_int8}, {"relu_float32", &relu_float32}};

}  // namespace

extern const OpDef relu_def;
const OpDef relu_def = {
    .name = "relu",
    .tflite_name = "RELU",
    .tflite_code = 19,
    .tflite_options = 0,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<ReluAttributes>,
    .visit = visit_attributes<ReluAttributes>,
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
    .device_header = "ops/relu/relu.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace mote
