#include "ops/relu6/relu6.h"

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
  return {relu6_macs(inputs[0]), relu6_scratch_bytes()};
}

constexpr Clamp kLimits = {0, 6};

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
    if (const Status status = relu_setup(Activation::relu6, input, output, p); status != Status::ok)
      return refused(status);
    parameters = fmt::format("ReluFloat32 p = {{{}, {}}}", p.count, cpp_float(p.high));
  } else {
    ReluInt8 p{};
    if (const Status status = relu_setup(Activation::relu6, input, output, p); status != Status::ok)
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
  result.low = -3.0f;
  result.high = 9.0f;
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

constexpr DeviceKernel kKernels[] = {{"relu6_int8", &relu6_int8}, {"relu6_float32", &relu6_float32}};

}  // namespace

extern const OpDef relu6_def;
const OpDef relu6_def = {
    .name = "relu6",
    .tflite_name = "RELU6",
    .tflite_code = 21,
    .tflite_options = 0,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<Relu6Attributes>,
    .visit = visit_attributes<Relu6Attributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise,
    .cost = cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    // Not free: TFLM's int8 kernel clamps the stored values and ignores that the output may have another scale.
    .quant = {{InputRole::activation}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/relu6/relu6.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace mote
