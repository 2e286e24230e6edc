#include "ops/space_to_depth/space_to_depth.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace space_to_depth_op {

constexpr char kRule[] = "an image whose height and width are multiples of block_size";

OpCase make_case(const char* name, Shape input, int32_t block, uint32_t seed) {
  OpCase result = move_case(name, input, {}, seed);
  SpaceToDepthAttributes attributes;
  attributes.block_size = block;
  result.attributes = Attributes::of(attributes);
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 2, 2, 1}), 2, 1), make_case("image", make_shape({2, 6, 4, 3}), 2, 2),
          make_case("three", make_shape({1, 6, 3, 1}), 3, 3)};
}

OpCase random_case(Random& random) {
  const int32_t n = 1 + static_cast<int32_t>(random.below(3));
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(4)); };
  return make_case("random", make_shape({dim(), dim() * n, dim() * n, dim()}), n, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"space_to_depth_any", &space_to_depth_any}};

constexpr OpDef kDef = {
    .name = "space_to_depth",
    .tflite_name = "SPACE_TO_DEPTH",
    .tflite_code = 26,
    .tflite_options = 19,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<SpaceToDepthAttributes>,
    .visit = visit_attributes<SpaceToDepthAttributes>,
    .read_constants = nullptr,
    .infer = infer_view<SpaceToDepthAttributes, kRule>,
    .cost = no_cost,
    .forward = view_forward<SpaceToDepthAttributes>,
    .backward = view_backward<SpaceToDepthAttributes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/space_to_depth/space_to_depth.h",
    .kernels = kKernels,
    .emit = view_emit<SpaceToDepthAttributes>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace space_to_depth_op
}  // namespace

extern const OpDef space_to_depth_def;
const OpDef space_to_depth_def = space_to_depth_op::kDef;

}  // namespace mote
