#include "ops/squeeze/squeeze.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace squeeze_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  MOTE_CHECK(expect_movable(inputs, 0));
  const auto a = attributes.as<SqueezeAttributes>();
  Shape shape;
  if (!squeeze_shape(a, inputs[0].shape, shape))
    return broken_rule(inputs[0], "the numbers of dimensions of 1, or none for all of them");
  return std::vector{shape};
}

OpCase make_case(const char* name, Shape input, Shape dims, uint32_t seed) {
  OpCase result = move_case(name, input, {}, seed);
  result.attributes = Attributes::of(SqueezeAttributes{dims});
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("all", make_shape({3, 1, 4, 1}), Shape{}, 1),
          make_case("some", make_shape({1, 1, 5, 1, 2}), make_shape({1, -2}), 2)};
}

OpCase random_case(Random& random) {
  Shape input = random_shape(random, 4), dims;
  for (int32_t i = 0; i < input.rank; ++i) {
    if (random.below(2) == 0) continue;
    input.dims[i] = 1;
    dims.dims[dims.rank++] = random.below(2) == 0 ? i : i - input.rank;
  }
  return make_case("random", input, dims, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"squeeze_any", &squeeze_any}};

constexpr OpDef kDef = {
    .name = "squeeze",
    .tflite_name = "SQUEEZE",
    .tflite_code = 43,
    .tflite_options = 30,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<SqueezeAttributes>,
    .visit = visit_attributes<SqueezeAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = reshape_forward,
    .backward = reshape_backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/squeeze/squeeze.h",
    .kernels = kKernels,
    .emit = reshape_emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace squeeze_op
}  // namespace

extern const OpDef squeeze_def;
const OpDef squeeze_def = squeeze_op::kDef;

}  // namespace mote
