#include "ops/unpack/unpack.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace unpack_op {

// TFLite's versioning: 1 float, 2 int8, 4 int16.
int32_t tflite_version(const Attributes& a, std::span<const TensorType> inputs, std::span<const TensorType> outputs) {
  return inputs[0].dtype == DType::int16 ? 4 : version_2_for_int8(a, inputs, outputs);
}

OpCase make_case(const char* name, Shape input, int32_t axis, uint32_t seed, DType type = DType::int8) {
  OpCase result = move_case(name, input, {}, seed, type);
  result.attributes = Attributes::of(UnpackAttributes{input[resolved_axis(axis, input.rank)], axis});
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 3}), 0, 1),
          make_case("first", make_shape({3, 2, 2}), 0, 2),
          make_case("middle", make_shape({2, 3, 4}), 1, 3),
          make_case("last", make_shape({2, 5}), -1, 4),
          make_case("int16", make_shape({2, 3, 4}), 2, 5, DType::int16),
          make_case("int32", make_shape({2, 3, 4}), 2, 6, DType::int32)};
}

OpCase random_case(Random& random) {
  const Shape input = random_shape(random, 4);
  const int32_t axis = static_cast<int32_t>(random.below(static_cast<uint32_t>(2 * input.rank))) - input.rank;
  return make_case("random", input, axis, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"unpack_any", &unpack_any}};

constexpr OpDef kDef = {
    .name = "unpack",
    .tflite_name = "UNPACK",
    .tflite_code = 88,
    .tflite_options = 64,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<UnpackAttributes>,
    .visit = visit_attributes<UnpackAttributes>,
    .read_constants = nullptr,
    .infer = infer_split<UnpackAttributes>,
    .cost = no_cost,
    .forward = split_forward<UnpackAttributes>,
    .backward = split_backward<UnpackAttributes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/unpack/unpack.h",
    .kernels = kKernels,
    .emit = split_emit<UnpackAttributes>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace unpack_op
}  // namespace

extern const OpDef unpack_def;
const OpDef unpack_def = unpack_op::kDef;

}  // namespace mote
