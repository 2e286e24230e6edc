#include "ops/relu6/relu6.h"

#include <fmt/format.h>

#include "ops/op_families.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

namespace {
namespace relu6_op {

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
  return relu_emit(Activation::relu6, call);
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
    {"relu6_int8", &relu6_int8}, {"relu6_int16", &relu6_int16}, {"relu6_float32", &relu6_float32}};

constexpr OpDef kDef = {
    .name = "relu6",
    .tflite_name = "RELU6",
    .tflite_code = 21,
    .tflite_options = 0,
    .tflite_version = version_3_for_int16,
    .default_attributes = default_attributes<Relu6Attributes>,
    .visit = visit_attributes<Relu6Attributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise_of<DType::float32, DType::int8, DType::int16>,
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

}  // namespace relu6_op
}  // namespace

extern const OpDef relu6_def;
const OpDef relu6_def = relu6_op::kDef;

}  // namespace mote
