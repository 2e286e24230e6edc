#include "ops/quantize/quantize.h"

#include <algorithm>

#include "ops/op.h"

namespace mote {

namespace {

int32_t tflite_version(const Attributes&, std::span<const TensorType>, std::span<const TensorType>) { return 1; }

Result<std::vector<Shape>> infer(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8, DType::uint8}));
  return std::vector{inputs[0].shape};
}

OpCost cost(const Attributes&, std::span<const Shape>, std::span<const Shape>) { return {}; }

// Real values pass unchanged: the rounding is the integer kernel's.
void forward(const FloatCall& call) {
  std::copy_n(call.inputs[0], call.output_shapes[0].elements(), call.outputs[0]);
}

OpCase make_case(const char* name, Shape shape, uint32_t seed, DType input_type) {
  OpCase result;
  result.name = name;
  result.inputs = {shape};
  result.seed = seed;
  result.low = -3;
  result.high = 5;
  result.input_type = input_type;
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 1}), 1, DType::float32), make_case("row", make_shape({1, 300}), 2, DType::float32),
          make_case("requantize", make_shape({2, 33}), 3, DType::int8)};
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const int32_t rows = dim(), columns = dim();
  const DType type = random.below(2) == 0 ? DType::float32 : DType::int8;
  return make_case("random", make_shape({rows, columns}), static_cast<uint32_t>(random.bits()), type);
}

constexpr DeviceKernel kKernels[] = {
    {"quantize_float32_int8", &quantize_float32_int8},
    {"quantize_float32_uint8", &quantize_float32_uint8},
    {"quantize_float32_int16", &quantize_float32_int16},
    {"quantize_int8_int8", &quantize_int8_int8},
    {"quantize_int8_uint8", &quantize_int8_uint8},
    {"quantize_uint8_int8", &quantize_uint8_int8},
};

}  // namespace

extern const OpDef quantize_def;
const OpDef quantize_def = {
    .name = "quantize",
    .tflite_name = "QUANTIZE",
    .tflite_code = 114,
    .tflite_options = 89,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<QuantizeAttributes>,
    .visit = visit_attributes<QuantizeAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = cost,
    .forward = forward,
    .backward = nullptr,
    .not_trainable = "it stands only in integer graphs; training graphs are float",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::boundary, 0, 0},
    .int8_tolerance = 1,
    .in_place = false,
    .device_header = "ops/quantize/quantize.h",
    .kernels = kKernels,
    .emit = nullptr,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace mote
