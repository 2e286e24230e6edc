#include "ops/expand_dims/expand_dims.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace expand_dims_op {

constexpr char kRule[] = "at most 5 dimensions, and one number: where the new one is";

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_movable(inputs, 0));
  if (inputs[0].shape.rank == kMaxRank) return broken_rule(inputs[0], kRule);
  return std::vector{expanded_shape(attributes.as<ExpandDimsAttributes>(), inputs[0].shape)};
}

OpCase make_case(const char* name, Shape input, int32_t axis, uint32_t seed, DType type = DType::int8) {
  OpCase result = move_case(name, input, {{axis}}, seed, type);
  result.attributes = Attributes::of(ExpandDimsAttributes{});
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("channels", make_shape({1, 3, 4}), -1, 1), make_case("middle", make_shape({2, 5}), 1, 2),
          make_case("int16", make_shape({2, 5}), 2, 3, DType::int16)};
}

OpCase random_case(Random& random) {
  const Shape input = random_shape(random, 4);
  const int32_t ranks = input.rank + 1, axis = static_cast<int32_t>(random.below(static_cast<uint32_t>(2 * ranks)));
  return make_case("random", input, axis - ranks, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"expand_dims_any", &expand_dims_any}};

constexpr OpDef kDef = {
    .name = "expand_dims",
    .tflite_name = "EXPAND_DIMS",
    .tflite_code = 70,
    .tflite_options = 52,
    .tflite_version = version_1,
    .default_attributes = default_attributes<ExpandDimsAttributes>,
    .visit = visit_attributes<ExpandDimsAttributes>,
    .read_constants = read_operands<ExpandDimsAttributes, kRule>,
    .infer = infer,
    .cost = no_cost,
    .forward = reshape_forward,
    .backward = reshape_backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/expand_dims/expand_dims.h",
    .kernels = kKernels,
    .emit = reshape_emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace expand_dims_op
}  // namespace

extern const OpDef expand_dims_def;
const OpDef expand_dims_def = expand_dims_op::kDef;

}  // namespace mote
