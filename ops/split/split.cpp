#include "ops/split/split.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace split_op {

constexpr char kRule[] = "an axis that is a dimension of it";

Result<void> read_constants(Attributes& attributes, std::span<const TensorType> inputs,
                            std::span<const std::span<const uint8_t>> constants) {
  return read_operands_from<SplitAttributes, kRule>(0, 1, attributes, inputs, constants);
}

// TFLite's versioning: 1 float, 2 int8, 3 int32, 4 int16.
int32_t tflite_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  const DType type = inputs[1].dtype;
  return type == DType::int16 ? 4 : type == DType::int32 ? 3 : type == DType::int8 ? 2 : 1;
}

OpCase make_case(const char* name, Shape input, int32_t count, int32_t axis, uint32_t seed, DType type = DType::int8) {
  OpCase result = case_of(name, {make_shape({1}), input}, seed, -2, 3);
  result.constants = {{axis}, {}};
  result.attributes = Attributes::of(SplitAttributes{count, 0});
  result.input_type = result.output_type = type;
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 3}), 1, 0, 1),
          make_case("first", make_shape({4, 2, 2}), 2, 0, 2),
          make_case("middle", make_shape({2, 6, 2}), 3, 1, 3),
          make_case("last", make_shape({1, 2, 3, 8}), 2, -1, 4),
          make_case("int16", make_shape({2, 6}), 3, 1, 5, DType::int16),
          make_case("int32", make_shape({2, 6}), 3, 1, 6, DType::int32)};
}

OpCase random_case(Random& random) {
  Shape input = random_shape(random, 4);
  const int32_t axis = static_cast<int32_t>(random.below(static_cast<uint32_t>(2 * input.rank))) - input.rank;
  const int32_t count = 1 + static_cast<int32_t>(random.below(4));
  input.dims[resolved_axis(axis, input.rank)] = count * (1 + static_cast<int32_t>(random.below(3)));
  return make_case("random", input, count, axis, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"split_any", &split_any}};

constexpr OpDef kDef = {
    .name = "split",
    .tflite_name = "SPLIT",
    .tflite_code = 49,
    .tflite_options = 35,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<SplitAttributes>,
    .visit = visit_attributes<SplitAttributes>,
    .read_constants = read_constants,
    .infer = infer_split<SplitAttributes>,
    .cost = no_cost,
    .forward = split_forward<SplitAttributes>,
    .backward = split_backward<SplitAttributes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::constant, InputRole::activation}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/split/split.h",
    .kernels = kKernels,
    .emit = split_emit<SplitAttributes>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace split_op
}  // namespace

extern const OpDef split_def;
const OpDef split_def = split_op::kDef;

}  // namespace mote
