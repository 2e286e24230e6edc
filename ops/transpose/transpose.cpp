#include "ops/transpose/transpose.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace transpose_op {

constexpr char kRule[] = "every dimension of the input once";

// TFLite's versioning: 1 float, 2 int8, 4 of 6 dimensions.
int32_t tflite_version(const Attributes& a, std::span<const TensorType> inputs, std::span<const TensorType> outputs) {
  return inputs[0].shape.rank > 5 ? 4 : version_2_for_int8(a, inputs, outputs);
}

OpCase make_case(const char* name, Shape input, std::vector<int32_t> order, uint32_t seed, DType type = DType::int8) {
  OpCase result = move_case(name, input, {std::move(order)}, seed, type);
  result.attributes = Attributes::of(TransposeAttributes{});
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("matrix", make_shape({3, 5}), {1, 0}, 1),
          make_case("channels_first", make_shape({1, 3, 4, 5}), {0, 3, 1, 2}, 2),
          make_case("channels_last", make_shape({1, 5, 3, 4}), {0, 2, 3, 1}, 3),
          make_case("runs", make_shape({2, 3, 1, 6}), {1, 0, 2, 3}, 4),
          make_case("same", make_shape({2, 7}), {0, 1}, 5),
          make_case("five", make_shape({2, 1, 3, 2, 3}), {4, 2, 0, 3, 1}, 6),
          make_case("int16", make_shape({2, 3, 4}), {2, 1, 0}, 7, DType::int16)};
}

OpCase random_case(Random& random) {
  const Shape input = random_shape(random, 5);
  std::vector<int32_t> order;
  for (int32_t i = 0; i < input.rank; ++i)
    order.insert(order.begin() + static_cast<int32_t>(random.below(static_cast<uint32_t>(i + 1))), i);
  return make_case("random", input, std::move(order), static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"transpose_any", &transpose_any}};

constexpr OpDef kDef = {
    .name = "transpose",
    .tflite_name = "TRANSPOSE",
    .tflite_code = 39,
    .tflite_options = 26,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<TransposeAttributes>,
    .visit = visit_attributes<TransposeAttributes>,
    .read_constants = read_operands<TransposeAttributes, kRule>,
    .infer = infer_view<TransposeAttributes, kRule>,
    .cost = no_cost,
    .forward = view_forward<TransposeAttributes>,
    .backward = view_backward<TransposeAttributes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/transpose/transpose.h",
    .kernels = kKernels,
    .emit = view_emit<TransposeAttributes>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace transpose_op
}  // namespace

extern const OpDef transpose_def;
const OpDef transpose_def = transpose_op::kDef;

}  // namespace mote
