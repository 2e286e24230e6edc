#include "ops/strided_slice/strided_slice.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace strided_slice_op {

constexpr char kRule[] =
    "`begin`, `end` and `strides` of one length, at most one entry for each dimension besides new ones, one ellipsis "
    "at "
    "most, no stride of 0, and single indices inside the dimension";

// TFLite's versioning: 1 float, 2 int8, 3 bool, 4 beyond 4 dimensions, 6 with new axes or an ellipsis, 8 with offset.
int32_t tflite_version(const Attributes& a, std::span<const TensorType> inputs, std::span<const TensorType> outputs) {
  const auto options = a.as<StridedSliceAttributes>();
  if (options.offset) return 8;
  if (options.ellipsis_mask != 0 || options.new_axis_mask != 0) return 6;
  if (inputs[0].shape.rank > 4) return 4;
  return inputs[0].dtype == DType::boolean ? 3 : version_2_for_int8(a, inputs, outputs);
}

struct Masks {
  int32_t begin = 0, end = 0, ellipsis = 0, new_axis = 0, shrink = 0;
  bool offset = false;
};

OpCase make_case(const char* name, Shape input, std::vector<std::vector<int32_t>> operands, Masks m, uint32_t seed,
                 DType type = DType::int8) {
  OpCase result = move_case(name, input, std::move(operands), seed, type);
  StridedSliceAttributes a;
  a.begin_mask = m.begin, a.end_mask = m.end, a.ellipsis_mask = m.ellipsis;
  a.new_axis_mask = m.new_axis, a.shrink_axis_mask = m.shrink, a.offset = m.offset;
  result.attributes = Attributes::of(a);
  return result;
}

std::vector<OpCase> cases() {
  const Shape image = make_shape({1, 5, 6, 3});
  const std::vector<std::vector<int32_t>> every_other = {{0, 1, 0, -2}, {1, 5, 6, 3}, {1, 2, 3, 1}};
  return {make_case("every_other", image, every_other, {}, 1),
          make_case("backwards", make_shape({4, 5}), {{-1, 3}, {0, -9}, {-1, -2}}, {.begin = 1, .end = 1}, 2),
          make_case("last_element", make_shape({2, 3, 4}), {{0, -1, 0}, {0, 0, 0}, {1, 1, 1}},
                    {.begin = 5, .end = 5, .shrink = 2}, 3),
          make_case("ellipsis", image, {{0, 1}, {0, 2}, {1, 1}}, {.ellipsis = 1}, 4),
          make_case("new_axis", make_shape({3, 4}), {{0, 0, 1}, {2, 0, 3}, {1, 1, 1}}, {.new_axis = 2}, 5),
          make_case("beyond", make_shape({5}), {{-9}, {9}, {2}}, {}, 6),
          make_case("offset", make_shape({7, 3}), {{2, 0}, {4, 2}, {2, 1}}, {.offset = true}, 7),
          make_case("int16", image, every_other, {.begin = 8}, 8, DType::int16),
          make_case("int32", image, every_other, {.end = 2}, 9, DType::int32),
          make_case("bool", image, every_other, {.begin = 2}, 10, DType::boolean)};
}

OpCase random_case(Random& random) {
  const Shape input = random_shape(random, 4);
  std::vector<int32_t> begin, end, strides;
  Masks masks;
  for (int32_t i = 0; i < input.rank; ++i) {
    const int32_t from = static_cast<int32_t>(random.below(static_cast<uint32_t>(input[i])));
    const int32_t to = from + 1 + static_cast<int32_t>(random.below(static_cast<uint32_t>(input[i] - from)));
    const int32_t stride = 1 + static_cast<int32_t>(random.below(3));
    const bool backwards = random.below(4) == 0, negative = random.below(4) == 0;
    begin.push_back((backwards ? to - 1 : from) - (negative ? input[i] : 0));
    end.push_back(backwards ? from - 1 - input[i] : to);
    strides.push_back(backwards ? -stride : stride);
    const int32_t bit = 1 << i;
    masks.shrink |= random.below(5) == 0 ? bit : 0;
    if ((masks.shrink & bit) != 0) strides.back() = 1;
    masks.begin |= random.below(5) == 0 && (masks.shrink & bit) == 0 ? bit : 0;
    masks.end |= random.below(5) == 0 ? bit : 0;
  }
  return make_case("random", input, {begin, end, strides}, masks, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"strided_slice_any", &strided_slice_any}};

constexpr OpDef kDef = {
    .name = "strided_slice",
    .tflite_name = "STRIDED_SLICE",
    .tflite_code = 45,
    .tflite_options = 32,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<StridedSliceAttributes>,
    .visit = visit_attributes<StridedSliceAttributes>,
    .read_constants = read_operands<StridedSliceAttributes, kRule>,
    .infer = infer_view<StridedSliceAttributes, kRule>,
    .cost = no_cost,
    .forward = view_forward<StridedSliceAttributes>,
    .backward = view_backward<StridedSliceAttributes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/strided_slice/strided_slice.h",
    .kernels = kKernels,
    .emit = view_emit<StridedSliceAttributes>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace strided_slice_op
}  // namespace

extern const OpDef strided_slice_def;
const OpDef strided_slice_def = strided_slice_op::kDef;

}  // namespace mote
