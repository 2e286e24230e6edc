#include "ops/depth_to_space/depth_to_space.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace depth_to_space_op {

constexpr char kRule[] = "an image whose channels are a multiple of block_size x block_size";

OpCase make_case(const char* name, Shape input, int32_t block, uint32_t seed) {
  OpCase result = move_case(name, input, {}, seed);
  DepthToSpaceAttributes attributes;
  attributes.block_size = block;
  result.attributes = Attributes::of(attributes);
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 1, 1, 4}), 2, 1), make_case("image", make_shape({2, 3, 2, 12}), 2, 2),
          make_case("three", make_shape({1, 2, 3, 9}), 3, 3)};
}

OpCase random_case(Random& random) {
  const int32_t n = 1 + static_cast<int32_t>(random.below(3));
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(4)); };
  return make_case("random", make_shape({dim(), dim(), dim(), dim() * n * n}), n, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"depth_to_space_any", &depth_to_space_any}};

constexpr OpDef kDef = {
    .name = "depth_to_space",
    .tflite_name = "DEPTH_TO_SPACE",
    .tflite_code = 5,
    .tflite_options = 94,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<DepthToSpaceAttributes>,
    .visit = visit_attributes<DepthToSpaceAttributes>,
    .read_constants = nullptr,
    .infer = infer_view<DepthToSpaceAttributes, kRule>,
    .cost = no_cost,
    .forward = view_forward<DepthToSpaceAttributes>,
    .backward = view_backward<DepthToSpaceAttributes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/depth_to_space/depth_to_space.h",
    .kernels = kKernels,
    .emit = view_emit<DepthToSpaceAttributes>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace depth_to_space_op
}  // namespace

extern const OpDef depth_to_space_def;
const OpDef depth_to_space_def = depth_to_space_op::kDef;

}  // namespace mote
