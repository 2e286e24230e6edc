#include "ops/dequantize/dequantize.h"

#include <fmt/format.h>

#include <algorithm>

#include "ops/op.h"

namespace mote {

namespace {
namespace dequantize_op {

// TFLite's versioning: 1 uint8, 2 int8, 3 int16.
int32_t tflite_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  return inputs[0].dtype == DType::uint8 ? 1 : inputs[0].dtype == DType::int16 ? 3 : 2;
}

Result<std::vector<Shape>> infer(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::int8, DType::uint8, DType::int16}));
  return std::vector{inputs[0].shape};
}

OpCost cost(const Attributes&, std::span<const Shape> inputs, std::span<const Shape>) {
  return {dequantize_macs(inputs[0]), dequantize_scratch_bytes()};
}

// Real values pass unchanged: the rounding is the integer kernel's.
void forward(const FloatCall& call) {
  std::copy_n(call.inputs[0], call.output_shapes[0].elements(), call.outputs[0]);
}

Result<std::string> emit(const EmitCall& call) {
  Dequantize p{};
  const Status status = dequantize_setup(tensor_info(call.input_types[0]), tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr Dequantize p = {{{}, {}, {}}};\n  dequantize_run(p, {}, {});\n", p.count,
                     cpp_float(p.scale), p.zero_point, call.inputs[0], call.outputs[0]);
}

OpCase make_case(const char* name, Shape shape, uint32_t seed, DType input_type = DType::int8) {
  OpCase result;
  result.name = name;
  result.inputs = {shape};
  result.seed = seed;
  result.low = -3;
  result.high = 5;
  result.input_type = input_type;
  result.output_type = DType::float32;
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 1}), 1), make_case("row", make_shape({1, 300}), 2),
          make_case("from_uint8", make_shape({1, 17}), 3, DType::uint8),
          make_case("from_int16", make_shape({1, 17}), 4, DType::int16)};
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

constexpr OpDef kDef = {
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
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .overlap = overlap_of_elements,
    .row_rule = rows_of_elements,
};

}  // namespace dequantize_op
}  // namespace

extern const OpDef dequantize_def;
const OpDef dequantize_def = dequantize_op::kDef;

}  // namespace mote
