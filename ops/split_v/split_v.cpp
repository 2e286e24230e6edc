#include "ops/split_v/split_v.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace split_v_op {

constexpr char kRule[] =
    "as many sizes as outputs, at most 16, of which one may be -1, and an axis that is a dimension";

OpCase make_case(const char* name, Shape input, std::vector<int32_t> sizes, int32_t axis, uint32_t seed,
                 DType type = DType::int8) {
  SplitVAttributes attributes;
  attributes.num_splits = static_cast<int32_t>(sizes.size());
  OpCase result = move_case(name, input, {std::move(sizes), {axis}}, seed, type);
  result.attributes = Attributes::of(attributes);
  return result;
}

// TFLite's versioning: 1 float, 2 int8.
int32_t tflite_version(const Attributes& a, std::span<const TensorType> inputs, std::span<const TensorType> outputs) {
  return version_2_for_int8(a, inputs, outputs);
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1, 3}), {1}, 0, 1),
          make_case("first", make_shape({4, 2, 2}), {1, 3}, 0, 2),
          make_case("middle", make_shape({2, 6, 2}), {2, 1, 3}, 1, 3),
          make_case("rest", make_shape({1, 2, 3, 8}), {2, -1, 1}, 3, 4),
          make_case("int16", make_shape({2, 6}), {4, 2}, 1, 5, DType::int16),
          make_case("int32", make_shape({2, 6}), {4, 2}, 1, 6, DType::int32)};
}

OpCase random_case(Random& random) {
  Shape input = random_shape(random, 4);
  const int32_t axis = static_cast<int32_t>(random.below(static_cast<uint32_t>(input.rank)));
  std::vector<int32_t> sizes(1 + random.below(4));
  for (int32_t& size : sizes) size = 1 + static_cast<int32_t>(random.below(3));
  input.dims[axis] = 0;
  for (int32_t size : sizes) input.dims[axis] += size;
  if (random.below(2) == 0) sizes[random.below(static_cast<uint32_t>(sizes.size()))] = -1;
  return make_case("random", input, std::move(sizes), axis, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"split_v_any", &split_v_any}};

constexpr OpDef kDef = {
    .name = "split_v",
    .tflite_name = "SPLIT_V",
    .tflite_code = 102,
    .tflite_options = 79,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<SplitVAttributes>,
    .visit = visit_attributes<SplitVAttributes>,
    .read_constants = read_operands<SplitVAttributes, kRule>,
    .infer = infer_split<SplitVAttributes>,
    .cost = no_cost,
    .forward = split_forward<SplitVAttributes>,
    .backward = split_backward<SplitVAttributes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/split_v/split_v.h",
    .kernels = kKernels,
    .emit = split_emit<SplitVAttributes>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace split_v_op
}  // namespace

extern const OpDef split_v_def;
const OpDef split_v_def = split_v_op::kDef;

}  // namespace mote
