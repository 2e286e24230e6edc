#include "ops/space_to_batch_nd/space_to_batch_nd.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace space_to_batch_nd_op {

std::vector<OpCase> cases() {
  return {space_batch_case("one", make_shape({1, 1, 1, 1}), {1, 1}, {0, 0, 0, 0}, 1),
          space_batch_case("image", make_shape({2, 4, 6, 3}), {2, 3}, {0, 0, 0, 0}, 2),
          space_batch_case("dilation", make_shape({1, 5, 4, 2}), {2, 2}, {2, 3, 2, 2}, 3),
          space_batch_case("signal", make_shape({2, 7, 3}), {4}, {4, 1}, 4),
          space_batch_case("far_around", make_shape({1, 1, 2, 2}), {2, 1}, {3, 4, 0, 3}, 5)};
}

OpCase random_case(Random& random) {
  const int32_t axes = 1 + static_cast<int32_t>(random.below(2));
  const auto small = [&] { return 1 + static_cast<int32_t>(random.below(3)); };
  Shape input;
  input.rank = axes + 2;
  input.dims[0] = small();
  input.dims[axes + 1] = small();
  std::vector<int32_t> block, paddings;
  for (int32_t i = 0; i < axes; ++i) {
    const int32_t size = random_dim(random), before = small() - 1;
    block.push_back(small());
    input.dims[1 + i] = size;
    paddings.push_back(before);
    const int32_t rest = (before + size) % block.back();
    paddings.push_back((rest == 0 ? 0 : block.back() - rest) + block.back() * (small() - 1));
  }
  return space_batch_case("random", input, std::move(block), std::move(paddings), static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"space_to_batch_nd_any", &space_to_batch_nd_any}};

constexpr OpDef kDef = {
    .name = "space_to_batch_nd",
    .tflite_name = "SPACE_TO_BATCH_ND",
    .tflite_code = 38,
    .tflite_options = 25,
    .tflite_version = space_batch_version,
    .default_attributes = default_attributes<SpaceBatchAttributes>,
    .visit = visit_attributes<SpaceBatchAttributes>,
    .read_constants = read_space_batch,
    .infer = infer_space_batch<true>,
    .cost = no_cost,
    .forward = space_batch_forward<true>,
    .backward = space_batch_backward<true>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/space_to_batch_nd/space_to_batch_nd.h",
    .kernels = kKernels,
    .emit = space_batch_emit<true>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace space_to_batch_nd_op
}  // namespace

extern const OpDef space_to_batch_nd_def;
const OpDef space_to_batch_nd_def = space_to_batch_nd_op::kDef;

}  // namespace mote
