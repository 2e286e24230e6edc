#include "ops/reshape/reshape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "ops/op.h"

namespace mote {

namespace {

int32_t tflite_version(const Attributes&, std::span<const TensorType>, std::span<const TensorType>) { return 1; }

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
  Shape shape = attributes.as<ReshapeAttributes>().new_shape;
  const int64_t elements = inputs[0].shape.elements();
  int64_t known = 1;
  int32_t* open = nullptr;
  for (int32_t i = 0; i < shape.rank; ++i) {
    const int32_t dim = shape[i];
    if (dim < -1 || (dim == -1 && open != nullptr))
      return input_error(fmt::format("its new shape is {}: expected sizes of at least 0 and at most one -1", to_string(shape)));
    if (dim == -1) open = &shape.dims[i];
    else known *= dim;
    if (known > INT32_MAX) break;
  }
  if (open != nullptr && known > 0 && elements % known == 0) {
    *open = static_cast<int32_t>(elements / known);
    known = elements;
  }
  if (known != elements)
    return input_error(fmt::format("its new shape {} does not hold the {} elements of its input of shape {}", to_string(shape),
                                   elements, to_string(inputs[0].shape)));
  return std::vector{shape};
}

OpCost cost(const Attributes&, std::span<const Shape>, std::span<const Shape>) { return {}; }

void forward(const FloatCall& call) {
  std::copy_n(call.inputs[0], call.output_shapes[0].elements(), call.outputs[0]);
}

void backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  std::copy_n(call.output_gradients[0], call.output_shapes[0].elements(), call.input_gradients[0]);
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

}  // namespace

extern const OpDef reshape_def;
const OpDef reshape_def = {
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
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/reshape/reshape.h",
    .kernels = kKernels,
    .emit = nullptr,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace mote
