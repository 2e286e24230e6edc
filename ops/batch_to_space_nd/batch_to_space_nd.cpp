#include "ops/batch_to_space_nd/batch_to_space_nd.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace batch_to_space_nd_op {

std::vector<OpCase> cases() {
  return {space_batch_case("one", make_shape({1, 1, 1, 1}), {1, 1}, {0, 0, 0, 0}, 1),
          space_batch_case("image", make_shape({12, 2, 3, 3}), {2, 3}, {0, 0, 0, 0}, 2),
          space_batch_case("dilation", make_shape({4, 5, 4, 2}), {2, 2}, {2, 3, 2, 2}, 3),
          space_batch_case("signal", make_shape({8, 3, 3}), {4}, {4, 1}, 4),
          space_batch_case("far_off", make_shape({2, 4, 2, 2}), {2, 1}, {3, 4, 0, 1}, 5)};
}

OpCase random_case(Random& random) {
  const int32_t axes = 1 + static_cast<int32_t>(random.below(2));
  const auto small = [&] { return 1 + static_cast<int32_t>(random.below(3)); };
  Shape input;
  input.rank = axes + 2;
  input.dims[0] = small();
  input.dims[axes + 1] = small();
  std::vector<int32_t> block, crops;
  for (int32_t i = 0; i < axes; ++i) {
    block.push_back(small());
    input.dims[0] *= block.back();
    input.dims[1 + i] = 1 + random_dim(random) / 2;
    const int32_t whole = input.dims[1 + i] * block.back();
    crops.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(whole))));
    crops.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(whole - crops.back()))));
  }
  return space_batch_case("random", input, std::move(block), std::move(crops), static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"batch_to_space_nd_any", &batch_to_space_nd_any}};

constexpr OpDef kDef = {
    .name = "batch_to_space_nd",
    .tflite_name = "BATCH_TO_SPACE_ND",
    .tflite_code = 37,
    .tflite_options = 24,
    .tflite_version = space_batch_version,
    .default_attributes = default_attributes<SpaceBatchAttributes>,
    .visit = visit_attributes<SpaceBatchAttributes>,
    .read_constants = read_space_batch,
    .infer = infer_space_batch<false>,
    .cost = no_cost,
    .forward = space_batch_forward<false>,
    .backward = space_batch_backward<false>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/batch_to_space_nd/batch_to_space_nd.h",
    .kernels = kKernels,
    .emit = space_batch_emit<false>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace batch_to_space_nd_op
}  // namespace

extern const OpDef batch_to_space_nd_def;
const OpDef batch_to_space_nd_def = batch_to_space_nd_op::kDef;

}  // namespace mote
