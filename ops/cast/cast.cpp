#include "ops/cast/cast.h"

#include "ops/op_families.h"

namespace mote {

namespace {
namespace cast_op {

// TFLite's versioning: 1, 3 with int8.
int32_t tflite_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType> outputs) {
  return inputs[0].dtype == DType::int8 || outputs[0].dtype == DType::int8 ? 3 : 1;
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  const auto to = static_cast<DType>(attributes.as<CastAttributes>().out_data_type);
  if (!can_cast(inputs[0].dtype) || !can_cast(to))
    return input_error(fmt::format("it casts {} to {}; mote casts between float32, int32, int16, int8, uint8 and bool",
                                   to_string(inputs[0].dtype), to_string(to)));
  return std::vector{inputs[0].shape};
}

void forward(const FloatCall& call) {
  const auto to = static_cast<DType>(call.attributes->as<CastAttributes>().out_data_type);
  for (int32_t i = 0; i < call.output_shapes[0].elements(); ++i) {
    const float x = call.inputs[0][i];
    call.outputs[0][i] = to == DType::float32   ? x
                         : to == DType::boolean ? (x != 0 ? 1.0f : 0.0f)
                                                : static_cast<float>(truncate_to_int32(x));
  }
}

Result<std::string> emit(const EmitCall& call) {
  Cast p{};
  const Status status = cast_setup(tensor_info(call.input_types[0]), tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr Cast p = {{{}, {}, {}, {{}}}};\n  cast_run(p, {}, {});\n", p.count, p.from,
                     p.to, call.inputs[0], call.outputs[0]);
}

OpCase make_case(const char* name, Shape shape, DType from, DType to, float low, float high, uint32_t seed) {
  OpCase result = case_of(name, {shape}, seed, low, high);
  result.attributes = Attributes::of(CastAttributes{static_cast<int8_t>(from), static_cast<int8_t>(to)});
  result.input_type = from;
  result.output_type = to;
  return result;
}

std::vector<OpCase> cases() {
  const Shape shape = make_shape({1, 13});
  return {make_case("float32_to_int32", shape, DType::float32, DType::int32, -1000, 1000, 1),
          make_case("float32_to_int8", shape, DType::float32, DType::int8, -128, 127, 2),
          make_case("int8_to_float32", shape, DType::int8, DType::float32, -128, 127, 3),
          make_case("int32_to_int16", shape, DType::int32, DType::int16, -30000, 30000, 4),
          make_case("boolean_to_float32", shape, DType::boolean, DType::float32, 0, 1, 5),
          make_case("uint8_to_int32", shape, DType::uint8, DType::int32, 0, 255, 6),
          make_case("int16_to_boolean", shape, DType::int16, DType::boolean, -2, 2, 7)};
}

OpCase random_case(Random& random) {
  constexpr DType kTypes[] = {DType::float32, DType::int32, DType::int16, DType::int8};
  const DType from = kTypes[random.below(4)], to = kTypes[random.below(4)];
  const Shape shape = make_shape({random_dim(random), random_dim(random)});
  return make_case("random", shape, from, to, -128, 127, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"cast_any", &cast_any}};

constexpr OpDef kDef = {
    .name = "cast",
    .tflite_name = "CAST",
    .tflite_code = 53,
    .tflite_options = 37,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<CastAttributes>,
    .visit = visit_attributes<CastAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = nullptr,
    .not_trainable = "training graphs are float throughout",
    .float_workspace = nullptr,
    .quant = {{InputRole::number}, 0, OutputRule::number, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/cast/cast.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace cast_op
}  // namespace

extern const OpDef cast_def;
const OpDef cast_def = cast_op::kDef;

}  // namespace mote
