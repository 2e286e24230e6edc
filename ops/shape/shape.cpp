#include "ops/shape/shape.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace shape_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  const auto type = static_cast<DType>(attributes.as<ShapeAttributes>().out_type);
  if (type == DType::int64) return input_error("its output is int64; mote gives int32");
  if (inputs[0].shape.rank == 0) return input_error("its input is a scalar, which has no dimensions");
  return std::vector{make_shape({inputs[0].shape.rank})};
}

ShapeNumbers numbers_of(const Shape& shape) {
  TensorInfo output = float_info(make_shape({shape.rank}));
  output.type = DType::int32;
  ShapeNumbers p{};
  shape_setup(float_info(shape), output, p);
  return p;
}

void forward(const FloatCall& call) {
  shape_run(numbers_of(call.input_shapes[0]), call.outputs[0]);
}

Result<std::string> emit(const EmitCall& call) {
  ShapeNumbers p{};
  const Status status = shape_setup(tensor_info(call.input_types[0]), tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr ShapeNumbers p = {{{}, {{{}}}}};\n  shape_run(p, {});\n", p.count,
                     fmt::join(p.numbers, ", "), call.outputs[0]);
}

OpCase make_case(const char* name, Shape input, uint32_t seed) {
  OpCase result = case_of(name, {input}, seed, -1, 1);
  result.attributes = Attributes::of(ShapeAttributes{static_cast<int8_t>(DType::int32)});
  result.output_type = DType::int32;
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1}), 1), make_case("image", make_shape({1, 3, 4, 5}), 2)};
}

OpCase random_case(Random& random) {
  const Shape shape = random_shape(random, 4);
  return make_case("random", shape, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"shape_any", &shape_any}};

constexpr OpDef kDef = {
    .name = "shape",
    .tflite_name = "SHAPE",
    .tflite_code = 77,
    .tflite_options = 55,
    .tflite_version = version_1,
    .default_attributes = default_attributes<ShapeAttributes>,
    .visit = visit_attributes<ShapeAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = nullptr,
    .not_trainable = "a shape does not change with its input",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::number, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/shape/shape.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace shape_op
}  // namespace

extern const OpDef shape_def;
const OpDef shape_def = shape_op::kDef;

}  // namespace mote
