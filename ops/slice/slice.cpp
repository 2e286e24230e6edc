#include "ops/slice/slice.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace slice_op {

constexpr char kRule[] = "`begin` and `size` (or -1) for every dimension of the input, inside it";

// TFLite's versioning: 1 float, 2 int8, 4 int16, 5 beyond 4 dimensions.
int32_t tflite_version(const Attributes& a, std::span<const TensorType> inputs, std::span<const TensorType> outputs) {
  if (inputs[0].shape.rank > 4) return 5;
  return inputs[0].dtype == DType::int16 ? 4 : version_2_for_int8(a, inputs, outputs);
}

OpCase make_case(const char* name, Shape input, std::vector<int32_t> begin, std::vector<int32_t> size, uint32_t seed,
                 DType type = DType::int8) {
  OpCase result = move_case(name, input, {std::move(begin), std::move(size)}, seed, type);
  result.attributes = Attributes::of(SliceAttributes{});
  return result;
}

std::vector<OpCase> cases() {
  const Shape image = make_shape({1, 4, 5, 3});
  return {make_case("one", make_shape({4}), {2}, {1}, 1),
          make_case("rows", image, {0, 1, 0, 0}, {1, 2, 5, 3}, 2),
          make_case("window", image, {0, 1, 2, 1}, {-1, 2, -1, 1}, 3),
          make_case("all", make_shape({2, 7}), {0, 0}, {2, -1}, 4),
          make_case("five", make_shape({2, 2, 3, 2, 3}), {1, 0, 1, 0, 1}, {1, 2, 2, 1, 2}, 5),
          make_case("int16", image, {0, 0, 1, 0}, {1, 4, 3, 2}, 6, DType::int16),
          make_case("int32", image, {0, 0, 1, 0}, {1, 4, 3, 2}, 7, DType::int32),
          make_case("bool", image, {0, 2, 1, 0}, {1, 2, 3, 2}, 8, DType::boolean)};
}

OpCase random_case(Random& random) {
  const Shape input = random_shape(random, 5);
  std::vector<int32_t> begin, size;
  for (int32_t i = 0; i < input.rank; ++i) {
    begin.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(input[i]))));
    const int32_t left = input[i] - begin.back();
    size.push_back(random.below(3) == 0 ? -1 : 1 + static_cast<int32_t>(random.below(static_cast<uint32_t>(left))));
  }
  return make_case("random", input, std::move(begin), std::move(size), static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"slice_any", &slice_any}};

constexpr OpDef kDef = {
    .name = "slice",
    .tflite_name = "SLICE",
    .tflite_code = 65,
    .tflite_options = 48,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<SliceAttributes>,
    .visit = visit_attributes<SliceAttributes>,
    .read_constants = read_operands<SliceAttributes, kRule>,
    .infer = infer_view<SliceAttributes, kRule>,
    .cost = no_cost,
    .forward = view_forward<SliceAttributes>,
    .backward = view_backward<SliceAttributes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/slice/slice.h",
    .kernels = kKernels,
    .emit = view_emit<SliceAttributes>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace slice_op
}  // namespace

extern const OpDef slice_def;
const OpDef slice_def = slice_op::kDef;

}  // namespace mote
