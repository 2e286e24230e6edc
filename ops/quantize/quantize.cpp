#include "ops/quantize/quantize.h"

#include <fmt/format.h>

#include <algorithm>

#include "ops/op.h"

namespace mote {

namespace {
namespace quantize_op {

// TFLite's versioning: 1, 2 with an int16 output.
int32_t tflite_version(const Attributes&, std::span<const TensorType>, std::span<const TensorType> outputs) {
  return outputs[0].dtype == DType::int16 ? 2 : 1;
}

Result<std::vector<Shape>> infer(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8, DType::uint8, DType::int16, DType::int32}));
  return std::vector{inputs[0].shape};
}

OpCost cost(const Attributes&, std::span<const Shape> inputs, std::span<const Shape>) {
  return {quantize_macs(inputs[0]), quantize_scratch_bytes()};
}

// Real values pass unchanged: the rounding is the integer kernel's.
void forward(const FloatCall& call) {
  std::copy_n(call.inputs[0], call.output_shapes[0].elements(), call.outputs[0]);
}

Result<std::string> emit(const EmitCall& call) {
  const TensorInfo input = tensor_info(call.input_types[0]), output = tensor_info(call.output_types[0]);
  std::string parameters;
  if (input.type == DType::float32) {
    QuantizeFromFloat p{};
    if (const Status status = quantize_setup(input, output, p); status != Status::ok) return refused(status);
    parameters = fmt::format("QuantizeFromFloat p = {{{}, {}, {}}}", p.count, cpp_float(p.scale), p.zero_point);
  } else {
    QuantizeFromInteger p{};
    if (const Status status = quantize_setup(input, output, p); status != Status::ok) return refused(status);
    if (quantize_is_turn(p, input.type, output.type))
      return fmt::format("  quantize_turn_run({}, {}, {});\n", p.count, call.inputs[0], call.outputs[0]);
    parameters = fmt::format("QuantizeFromInteger p = {{{}, {}, {}, {}, {}}}", p.count, p.multiplier, p.shift,
                             p.input_zero_point, p.output_zero_point);
  }
  return fmt::format("  static constexpr {};\n  quantize_run(p, {}, {});\n", parameters, call.inputs[0],
                     call.outputs[0]);
}

OpCase make_case(const char* name, Shape shape, uint32_t seed, DType input_type, DType output_type = DType::int8) {
  OpCase result;
  result.name = name;
  result.inputs = {shape};
  result.seed = seed;
  result.low = -3;
  result.high = 5;
  result.input_type = input_type;
  result.output_type = output_type;
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 1}), 1, DType::float32),
          make_case("row", make_shape({1, 300}), 2, DType::float32),
          make_case("to_uint8", make_shape({1, 17}), 4, DType::float32, DType::uint8),
          make_case("to_int16", make_shape({1, 17}), 5, DType::float32, DType::int16),
          make_case("requantize", make_shape({2, 33}), 3, DType::int8),
          make_case("int8_to_uint8", make_shape({1, 33}), 6, DType::int8, DType::uint8),
          make_case("uint8_to_int8", make_shape({1, 33}), 7, DType::uint8),
          make_case("uint8_to_uint8", make_shape({1, 17}), 8, DType::uint8, DType::uint8),
          make_case("int8_to_int16", make_shape({1, 17}), 9, DType::int8, DType::int16),
          make_case("int16_to_int8", make_shape({1, 17}), 10, DType::int16, DType::int8),
          make_case("int16_to_int16", make_shape({1, 17}), 11, DType::int16, DType::int16),
          make_case("int8_to_int32", make_shape({1, 17}), 12, DType::int8, DType::int32),
          make_case("int16_to_int32", make_shape({1, 17}), 13, DType::int16, DType::int32),
          make_case("int32_to_int8", make_shape({1, 17}), 14, DType::int32),
          make_case("int32_to_int16", make_shape({1, 17}), 15, DType::int32, DType::int16)};
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const int32_t rows = dim(), columns = dim();
  const DType type = random.below(2) == 0 ? DType::float32 : DType::int8;
  return make_case("random", make_shape({rows, columns}), static_cast<uint32_t>(random.bits()), type);
}

constexpr DeviceKernel kKernels[] = {
    {"quantize_float32_int8", &quantize_float32_int8},   {"quantize_float32_uint8", &quantize_float32_uint8},
    {"quantize_float32_int16", &quantize_float32_int16}, {"quantize_int8_int8", &quantize_int8_int8},
    {"quantize_int8_uint8", &quantize_int8_uint8},       {"quantize_uint8_int8", &quantize_uint8_int8},
    {"quantize_uint8_uint8", &quantize_uint8_uint8},     {"quantize_int8_int16", &quantize_int8_int16},
    {"quantize_int16_int8", &quantize_int16_int8},       {"quantize_int16_int16", &quantize_int16_int16},
    {"quantize_int8_int32", &quantize_int8_int32},       {"quantize_int16_int32", &quantize_int16_int32},
    {"quantize_int32_int8", &quantize_int32_int8},       {"quantize_int32_int16", &quantize_int32_int16},
};

constexpr OpDef kDef = {
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
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .overlap = overlap_of_elements,
    .row_rule = rows_of_elements,
};

}  // namespace quantize_op
}  // namespace

extern const OpDef quantize_def;
const OpDef quantize_def = quantize_op::kDef;

}  // namespace mote
