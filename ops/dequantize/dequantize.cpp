#include "ops/dequantize/dequantize.h"

#include <algorithm>

#include "ops/op.h"

namespace mote {

namespace {

// TFLite's versioning: 1 uint8, 2 int8.
int32_t tflite_version(const Attributes&, std::span<const TensorType>, std::span<const TensorType>) { return 2; }

Result<std::vector<Shape>> infer(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::int8, DType::uint8, DType::int16}));
  return std::vector{inputs[0].shape};
}

OpCost cost(const Attributes&, std::span<const Shape>, std::span<const Shape>) { return {}; }

// Real values pass unchanged: the rounding is the integer kernel's.
void forward(const FloatCall& call) {
  std::copy_n(call.inputs[0], call.output_shapes[0].elements(), call.outputs[0]);
}

OpCase make_case(const char* name, Shape shape, uint32_t seed) {
  OpCase result;
  result.name = name;
  result.inputs = {shape};
  result.seed = seed;
  result.low = -3;
  result.high = 5;
  result.output_type = DType::float32;
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 1}), 1), make_case("row", make_shape({1, 300}), 2)};
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const int32_t rows = dim(), columns = dim();
  return make_case("random", make_shape({rows, columns}), static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {
    {"dequantize_int8_float32", &dequantize_int8_float32},
    {"dequantize_uint8_float32", &dequantize_uint8_float32},
    {"dequantize_int16_float32", &dequantize_int16_float32},
};

}  // namespace

extern const OpDef dequantize_def;
const OpDef dequantize_def = {
    .name = "dequantize",
    .tflite_name = "DEQUANTIZE",
    .tflite_code = 6,
    .tflite_options = 38,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<DequantizeAttributes>,
    .visit = visit_attributes<DequantizeAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = cost,
    .forward = forward,
    .backward = nullptr,
    .not_trainable = "it stands only in integer graphs; training graphs are float",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::boundary, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/dequantize/dequantize.h",
    .kernels = kKernels,
    .emit = nullptr,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace mote
