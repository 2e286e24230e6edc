#include "ops/reduce_prod/reduce_prod.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const ReduceProdFloat32& p) {
  return fmt::format("ReduceProdFloat32 p = {{{}}}", text_of(p.reduction));
}

namespace {
namespace reduce_prod_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32}));
  return infer_reduce(attributes, inputs);
}

// A few factors: of many, a float has no room.
std::vector<OpCase> cases() {
  std::vector<OpCase> all = reduce_cases();
  for (OpCase& each : all) each.low = 0.5f, each.high = 1.5f;
  return all;
}

OpCase random_case(Random& random) {
  OpCase result = reduce_random_case(random);
  result.low = 0.5f, result.high = 1.5f;
  return result;
}

constexpr DeviceKernel kKernels[] = {{"reduce_prod_float32", &reduce_prod_float32}};

constexpr OpDef kDef = {
    .name = "reduce_prod",
    .tflite_name = "REDUCE_PROD",
    .tflite_code = 81,
    .tflite_options = 27,
    .tflite_version = version_1,
    .default_attributes = default_attributes<ReduceAttributes>,
    .visit = visit_attributes<ReduceAttributes>,
    .read_constants = read_reduce_axes,
    .infer = infer,
    .cost = no_cost,
    .forward = reduce_forward<ReduceProdFloat32>,
    .backward = nullptr,
    .not_trainable = "no layer makes it",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/reduce_prod/reduce_prod.h",
    .kernels = kKernels,
    .emit = reduce_emit_as<ReduceProdFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace reduce_prod_op
}  // namespace

extern const OpDef reduce_prod_def;
const OpDef reduce_prod_def = reduce_prod_op::kDef;

}  // namespace mote
