#include "ops/tile/tile.h"

#include "ops/mapped_family.h"

namespace mote {

static std::string text_of(const TileCopy& p) {
  return fmt::format("TileCopy p = {{{}}}", text_of(p.dims));
}

namespace {
namespace tile_op {

constexpr char kRule[] = "one number of at least 1 for each of its dimensions";

std::vector<OpCase> cases() {
  const auto make = [](const char* name, Shape input, std::vector<int32_t> times, uint32_t seed, DType type) {
    OpCase result = move_case(name, input, {std::move(times)}, seed, type);
    result.attributes = Attributes::of(TileAttributes{});
    return result;
  };
  return {make("row", make_shape({5}), {3}, 1, DType::int8),
          make("image", make_shape({1, 3, 2, 4}), {1, 2, 3, 1}, 2, DType::int8),
          make("once", make_shape({2, 3}), {1, 1}, 3, DType::int8),
          make("int32", make_shape({2, 3, 2}), {2, 1, 2}, 4, DType::int32)};
}

OpCase random_case(Random& random) {
  Shape input;
  input.rank = 1 + static_cast<int32_t>(random.below(4));
  std::vector<int32_t> times;
  for (int32_t i = 0; i < input.rank; ++i) {
    input.dims[i] = 1 + static_cast<int32_t>(random.below(4));
    times.push_back(1 + static_cast<int32_t>(random.below(3)));
  }
  OpCase result = move_case("random", input, {std::move(times)}, static_cast<uint32_t>(random.bits()), DType::int8);
  result.attributes = Attributes::of(TileAttributes{});
  return result;
}

constexpr DeviceKernel kKernels[] = {{"tile_any", &tile_any}};

constexpr OpDef kDef = {
    .name = "tile",
    .tflite_name = "TILE",
    .tflite_code = 69,
    .tflite_options = 51,
    .tflite_version = version_1,
    .default_attributes = default_attributes<TileAttributes>,
    .visit = visit_attributes<TileAttributes>,
    .read_constants = read_operands<TileAttributes, kRule>,
    .infer = infer_mapped<TileAttributes, kRule>,
    .cost = no_cost,
    .forward = mapped_forward<TileAttributes, TileCopy>,
    .backward = mapped_backward<TileAttributes, TileCopy>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/tile/tile.h",
    .kernels = kKernels,
    .emit = mapped_emit<TileAttributes, TileCopy>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace tile_op
}  // namespace

extern const OpDef tile_def;
const OpDef tile_def = tile_op::kDef;

}  // namespace mote
