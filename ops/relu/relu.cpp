#include "ops/relu/relu.h"

#include <fmt/format.h>

#include "ops/op_families.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

namespace {
namespace relu_op {

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
  return relu_emit(Activation::relu, call);
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
  std::vector<OpCase> all = {make_case("one", make_shape({1, 1}), 1), make_case("row", make_shape({1, 37}), 2),
                             make_case("image", make_shape({1, 3, 4, 5}), 3)};
  for (size_t i : {1, 2}) all.push_back(as_int16(all[i]));
  return all;
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const int32_t rows = dim(), columns = dim();
  const OpCase result = make_case("random", make_shape({rows, columns}), static_cast<uint32_t>(random.bits()));
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr DeviceKernel kKernels[] = {
    {"relu_int8", &relu_int8}, {"relu_int16", &relu_int16}, {"relu_float32", &relu_float32}};

constexpr OpDef kDef = {
    .name = "relu",
    .tflite_name = "RELU",
    .tflite_code = 19,
    .tflite_options = 0,
    .tflite_version = version_3_for_int16,
    .default_attributes = default_attributes<ReluAttributes>,
    .visit = visit_attributes<ReluAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise_of<DType::float32, DType::int8, DType::int16>,
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

}  // namespace relu_op
}  // namespace

extern const OpDef relu_def;
const OpDef relu_def = relu_op::kDef;

}  // namespace mote
