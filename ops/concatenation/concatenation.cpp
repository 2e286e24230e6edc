#include "ops/concatenation/concatenation.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace concatenation_op {

// TFLite's versioning: 1 float, 2 int8, 3 int16.
int32_t tflite_version(const Attributes& a, std::span<const TensorType> inputs, std::span<const TensorType> outputs) {
  return inputs[0].dtype == DType::int16 ? 3 : version_2_for_int8(a, inputs, outputs);
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  const auto a = attributes.as<ConcatenationAttributes>();
  if (!is_supported(a))
    return input_error(fmt::format("its fused activation is number {}; mote runs none (0)", a.fused_activation));
  return infer_join<ConcatenationAttributes>(attributes, inputs);
}

Result<std::string> emit(const EmitCall& call) {
  const TensorInfo output = tensor_info(call.output_types[0]);
  if (output.type != DType::int8) return join_emit<ConcatenationAttributes>(call);
  const std::vector<TensorInfo> inputs = tensor_infos(call.input_types);
  MOTE_TRY(const HostParts p, host_parts<ConcatenationAttributes>(*call.attributes, output, inputs));
  std::string scales;
  for (size_t i = 0; i < inputs.size(); ++i) {
    QuantizeFromInteger q{};
    const Status status = requantize_part(inputs[i], output, p.stretches[i], q);
    if (status != Status::ok) return refused(status);
    scales += fmt::format("{{{}, {}, {}, {}, {}}}, ", q.count, q.multiplier, q.shift, q.input_zero_point,
                          q.output_zero_point);
  }
  return fmt::format(
      "{}  static constexpr QuantizeFromInteger q[] = {{{}}};\n  concatenate_int8(p, stretches, q, part, {});\n",
      text_of(p, "const int8_t", call.inputs), scales, call.outputs[0]);
}

OpCase make_case(const char* name, std::vector<Shape> inputs, int32_t axis, uint32_t seed, DType type = DType::int8) {
  OpCase result = case_of(name, std::move(inputs), seed, -2, 3);
  result.attributes = Attributes::of(ConcatenationAttributes{axis, 0});
  result.input_type = result.output_type = type;
  return result;
}

std::vector<OpCase> cases() {
  const std::vector<Shape> images = {make_shape({1, 3, 4, 2}), make_shape({1, 3, 4, 5})};
  return {make_case("one", {make_shape({1, 3})}, 1, 1),
          make_case("channels", images, -1, 2),
          make_case("rows", {make_shape({1, 2, 5}), make_shape({1, 1, 5}), make_shape({1, 3, 5})}, 1, 3),
          make_case("first", {make_shape({2, 3}), make_shape({4, 3})}, 0, 4),
          make_case("int16", images, 3, 5, DType::int16),
          make_case("int32", images, 3, 6, DType::int32),
          make_case("bool", images, 3, 7, DType::boolean)};
}

OpCase random_case(Random& random) {
  const Shape first = random_shape(random, 4);
  const int32_t axis = static_cast<int32_t>(random.below(static_cast<uint32_t>(first.rank)));
  std::vector<Shape> inputs(1 + random.below(4), first);
  for (Shape& shape : inputs) shape.dims[axis] = 1 + random_dim(random) / 2;
  return make_case("random", std::move(inputs), random.below(2) == 0 ? axis : axis - first.rank,
                   static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"concatenation_int8", &concatenation_int8},
                                     {"concatenation_any", &concatenation_any}};

constexpr OpDef kDef = {
    .name = "concatenation",
    .tflite_name = "CONCATENATION",
    .tflite_code = 2,
    .tflite_options = 10,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<ConcatenationAttributes>,
    .visit = visit_attributes<ConcatenationAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = join_forward<ConcatenationAttributes>,
    .backward = join_backward<ConcatenationAttributes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{}, 0, OutputRule::joined, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/concatenation/concatenation.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace concatenation_op
}  // namespace

extern const OpDef concatenation_def;
const OpDef concatenation_def = concatenation_op::kDef;

}  // namespace mote
