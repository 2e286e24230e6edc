#include "ops/batch_to_space_nd/batch_to_space_nd.h"

#include "ops/move_families.h"

namespace mote {

namespace {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  return infer_space_batch(attributes, inputs, false);
}
void forward(const FloatCall& call) {
  space_batch_forward(call, false);
}
void backward(const FloatCall& call) {
  space_batch_backward(call, false);
}
Result<std::string> emit(const EmitCall& call) {
  return space_batch_emit(call, false);
}

OpCase make_case(const char* name, Shape input, std::vector<int32_t> block, std::vector<int32_t> crops, uint32_t seed) {
  OpCase result = move_case(name, input, {std::move(block), crops}, seed);
  result.inputs[2] = make_shape({input.rank - 2, 2});
  result.attributes = Attributes::of(SpaceBatchAttributes{});
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 1, 1, 1}), {1, 1}, {0, 0, 0, 0}, 1),
          make_case("image", make_shape({12, 2, 3, 3}), {2, 3}, {0, 0, 0, 0}, 2),
          make_case("dilation", make_shape({4, 5, 4, 2}), {2, 2}, {2, 3, 2, 2}, 3),
          make_case("signal", make_shape({8, 3, 3}), {4}, {4, 1}, 4),
          make_case("far_off", make_shape({2, 4, 2, 2}), {2, 1}, {3, 4, 0, 1}, 5)};
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
  return make_case("random", input, std::move(block), std::move(crops), static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"batch_to_space_nd_any", &batch_to_space_nd_any}};

}  // namespace

extern const OpDef batch_to_space_nd_def;
const OpDef batch_to_space_nd_def = {
    .name = "batch_to_space_nd",
    .tflite_name = "BATCH_TO_SPACE_ND",
    .tflite_code = 37,
    .tflite_options = 24,
    .tflite_version = space_batch_version,
    .default_attributes = default_attributes<SpaceBatchAttributes>,
    .visit = visit_attributes<SpaceBatchAttributes>,
    .read_constants = read_space_batch,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/batch_to_space_nd/batch_to_space_nd.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace mote
