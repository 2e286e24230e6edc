// The host half of RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR.
#include "ops/move_families.h"

namespace mote {

Result<std::vector<Shape>> infer_resize_to(const ResizeAttributes& a, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_movable(inputs, 0));
  Shape output;
  if (!resize_shape(a, inputs[0].shape, output))
    return input_error(
        fmt::format("an input of shape {} cannot become {} high and {} wide; expected [batch, height, width, "
                    "channels] and sizes from 1 to {}",
                    to_string(inputs[0].shape), a.size[0], a.size[1], kLongestResize));
  return std::vector{output};
}

std::vector<OpCase> resize_cases_of(bool align_corners, bool half_pixel_centers) {
  struct Sizes {
    const char* name;
    Shape input;
    std::vector<int32_t> output;
  };
  const Sizes sizes[] = {
      {"one", make_shape({1, 1, 1, 1}), {1, 1}},          {"one_pixel", make_shape({1, 1, 1, 3}), {4, 5}},
      {"to_one_pixel", make_shape({1, 4, 5, 2}), {1, 1}}, {"twice", make_shape({2, 3, 4, 3}), {6, 8}},
      {"half", make_shape({1, 8, 6, 2}), {4, 3}},         {"odd", make_shape({1, 5, 7, 3}), {8, 4}}};
  std::vector<OpCase> cases;
  uint32_t seed = 1;
  for (const Sizes& each : sizes) {
    cases.push_back(move_case(each.name, each.input, {each.output}, seed++));
    if (align_corners) cases.back().name += "_align_corners";
    if (half_pixel_centers) cases.back().name += "_half_pixel_centers";
  }
  return cases;
}

OpCase resize_random_sizes(Random& random) {
  const auto small = [&] { return 1 + static_cast<int32_t>(random.below(3)); };
  const Shape input = make_shape({small(), random_dim(random), random_dim(random), small()});
  return move_case("random", input, {{random_dim(random), random_dim(random)}}, static_cast<uint32_t>(random.bits()));
}

}  // namespace mote
