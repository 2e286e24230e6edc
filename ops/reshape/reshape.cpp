#include "ops/reshape/reshape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "ops/move_families.h"

namespace mote {

namespace {
namespace reshape_op {

int32_t tflite_version(const Attributes&, std::span<const TensorType>, std::span<const TensorType>) {
  return 1;
}

// Older files, and those of most converters, give the shape as a second, constant input.
Result<void> read_constants(Attributes& attributes, std::span<const TensorType> inputs,
                            std::span<const std::span<const uint8_t>> constants) {
  if (inputs.size() < 2 || inputs[1].shape.rank < 0) return {};
  if (constants[1].empty() && inputs[1].shape.elements() > 0)
    return input_error("its shape (input 1) is computed while the model runs; mote needs a constant shape");
  MOTE_CHECK(expect_type(inputs, 1, "shape", {DType::int32}));
  const int32_t rank = inputs[1].shape.elements();
  if (rank > kMaxRank)
    return input_error(fmt::format("its new shape has {} dimensions; at most {} are possible", rank, kMaxRank));
  if (constants[1].size() != rank * sizeof(int32_t)) return input_error("its shape (input 1) is cut short");
  ReshapeAttributes value{};
  value.new_shape.rank = rank;
  if (rank > 0) std::memcpy(value.new_shape.dims, constants[1].data(), constants[1].size());
  attributes = Attributes::of(value);
  return {};
}

// One dimension of the new shape may be -1: what remains.
Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 2));
  const Shape wanted = attributes.as<ReshapeAttributes>().new_shape;
  Shape shape;
  if (!reshape_shape(inputs[0].shape, wanted, shape))
    return input_error(
        fmt::format("its new shape {} does not hold the {} elements of its input of shape {}; expected sizes of at "
                    "least 0, of which one may be -1",
                    to_string(wanted), inputs[0].shape.elements(), to_string(inputs[0].shape)));
  return std::vector{shape};
}

OpCost cost(const Attributes&, std::span<const Shape> inputs, std::span<const Shape>) {
  return {reshape_macs(inputs[0]), reshape_scratch_bytes()};
}

OpCase make_case(const char* name, Shape input, Shape output) {
  OpCase result;
  result.name = name;
  result.attributes = Attributes::of(ReshapeAttributes{output});
  result.inputs = {input};
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("flatten", make_shape({1, 4, 5}), make_shape({-1, 20})),
          make_case("unflatten", make_shape({1, 24}), make_shape({1, 2, 3, 4})),
          make_case("open_last", make_shape({2, 3, 5}), make_shape({6, -1}))};
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const int32_t a = dim(), b = dim(), c = dim();
  OpCase result = make_case("random", make_shape({a, b, c}), make_shape({c, -1, a}));
  result.seed = static_cast<uint32_t>(random.bits());
  return result;
}

constexpr DeviceKernel kKernels[] = {{"reshape_any", &reshape_any}};

constexpr OpDef kDef = {
    .name = "reshape",
    .tflite_name = "RESHAPE",
    .tflite_code = 22,
    .tflite_options = 17,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<ReshapeAttributes>,
    .visit = visit_attributes<ReshapeAttributes>,
    .read_constants = read_constants,
    .infer = infer,
    .cost = cost,
    .forward = reshape_forward,
    .backward = reshape_backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/reshape/reshape.h",
    .kernels = kKernels,
    .emit = reshape_emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace reshape_op
}  // namespace

extern const OpDef reshape_def;
const OpDef reshape_def = reshape_op::kDef;

}  // namespace mote
