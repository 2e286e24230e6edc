#include "ops/floor/floor.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const FloorFloat32& p) {
  return fmt::format("FloorFloat32 p = {{{}}}", p.count);
}

namespace {
namespace floor_op {

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(FloorAttributes{}), -5, 5);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(FloorAttributes{}), -5, 5);
}

constexpr DeviceKernel kKernels[] = {{"floor_float32", &floor_float32}};

constexpr OpDef kDef = {
    .name = "floor",
    .tflite_name = "FLOOR",
    .tflite_code = 8,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<FloorAttributes>,
    .visit = visit_attributes<FloorAttributes>,
    .read_constants = nullptr,
    .infer = infer_float_elementwise,
    .cost = no_cost,
    .forward = unary_forward<FloorAttributes, FloorFloat32>,
    .backward = nullptr,
    .not_trainable = "its slope is 0 wherever it has one",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/floor/floor.h",
    .kernels = kKernels,
    .emit = unary_emit_as<FloorAttributes, FloorFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace floor_op
}  // namespace

extern const OpDef floor_def;
const OpDef floor_def = floor_op::kDef;

}  // namespace mote
