#include "ops/pack/pack.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace pack_op {

// TFLite's versioning: 1 float, 2 int8, 3 int16.
int32_t tflite_version(const Attributes& a, std::span<const TensorType> inputs, std::span<const TensorType> outputs) {
  return inputs[0].dtype == DType::int16 ? 3 : version_2_for_int8(a, inputs, outputs);
}

OpCase make_case(const char* name, Shape input, int32_t count, int32_t axis, uint32_t seed, DType type = DType::int8) {
  OpCase result = case_of(name, std::vector<Shape>(static_cast<size_t>(count), input), seed, -2, 3);
  result.attributes = Attributes::of(PackAttributes{count, axis});
  result.input_type = result.output_type = type;
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 3}), 1, 0, 1),
          make_case("first", make_shape({2, 3}), 3, 0, 2),
          make_case("middle", make_shape({2, 3, 2}), 2, 1, 3),
          make_case("last", make_shape({2, 5}), 4, -1, 4),
          make_case("int16", make_shape({2, 5}), 2, 1, 5, DType::int16),
          make_case("int32", make_shape({2, 5}), 2, 1, 6, DType::int32)};
}

OpCase random_case(Random& random) {
  const Shape input = random_shape(random, 3);
  const int32_t ranks = 2 * (input.rank + 1), axis = static_cast<int32_t>(random.below(static_cast<uint32_t>(ranks)));
  return make_case("random", input, 1 + static_cast<int32_t>(random.below(4)), axis - ranks / 2,
                   static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"pack_any", &pack_any}};

constexpr OpDef kDef = {
    .name = "pack",
    .tflite_name = "PACK",
    .tflite_code = 83,
    .tflite_options = 59,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<PackAttributes>,
    .visit = visit_attributes<PackAttributes>,
    .read_constants = nullptr,
    .infer = infer_join<PackAttributes>,
    .cost = no_cost,
    .forward = join_forward<PackAttributes>,
    .backward = join_backward<PackAttributes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/pack/pack.h",
    .kernels = kKernels,
    .emit = join_emit<PackAttributes>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace pack_op
}  // namespace

extern const OpDef pack_def;
const OpDef pack_def = pack_op::kDef;

}  // namespace mote
