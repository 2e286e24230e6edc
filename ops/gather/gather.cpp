#include "ops/gather/gather.h"

#include <cmath>

#include "ops/move_families.h"

namespace mote {

namespace {
namespace gather_op {

// TFLite's versioning: 1 float, 2 int8, 4 int16, 5 with batch_dims.
int32_t tflite_version(const Attributes& attributes, std::span<const TensorType> inputs, std::span<const TensorType>) {
  if (attributes.as<GatherAttributes>().batch_dims != 0) return 5;
  return inputs[0].dtype == DType::int16 ? 4 : inputs[0].dtype == DType::int8 ? 2 : 1;
}

Result<Gather> plan(const GatherAttributes& a, std::span<const TensorType> inputs, Shape& output) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_movable(inputs, 0));
  MOTE_CHECK(expect_type(inputs, 1, "indices", {DType::int32}));
  Gather p{};
  if (!gather_shape(a, inputs[0].shape, inputs[1].shape, output, p))
    return input_error(
        fmt::format("axis {} and batch_dims {} do not go with its input of shape {} and indices of shape {}; expected "
                    "an axis of the input, at least batch_dims equal dimensions in front of it, and a result of at "
                    "most {} dimensions",
                    a.axis, a.batch_dims, to_string(inputs[0].shape), to_string(inputs[1].shape), kMaxRank));
  return p;
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  Shape output;
  MOTE_CHECK(plan(attributes.as<GatherAttributes>(), inputs, output));
  return std::vector{output};
}

// Takes nothing: constant indices stay where they are, but must lie within the axis.
Result<void> check_constants(Attributes& attributes, std::span<const TensorType> inputs,
                             std::span<const std::span<const uint8_t>> constants) {
  Shape output;
  const auto p = plan(attributes.as<GatherAttributes>(), inputs, output);
  if (!p.ok() || constants[1].empty()) return {};  // infer says what is wrong
  MOTE_TRY(const std::vector<int32_t> indices, constant_operand(inputs, constants, 1));
  for (const int32_t index : indices)
    if (!all_within(&index, 1, p->size))
      return input_error(
          fmt::format("its indices (input 1) ask for number {}; expected 0 to {}, as its input has "
                      "shape {}",
                      index, p->size - 1, to_string(inputs[0].shape)));
  return {};
}

Gather float_gather(const FloatCall& call) {
  Gather p{};
  Shape output;
  gather_shape(call.attributes->as<GatherAttributes>(), call.input_shapes[0], call.input_shapes[1], output, p);
  return p;
}

std::vector<int32_t> whole_numbers(const float* values, int32_t count) {
  std::vector<int32_t> numbers;
  for (int32_t i = 0; i < count; ++i) numbers.push_back(static_cast<int32_t>(std::lround(values[i])));
  return numbers;
}

void forward(const FloatCall& call) {
  Gather p = float_gather(call);
  p.run *= static_cast<int32_t>(sizeof(float));
  const std::vector<int32_t> indices = whole_numbers(call.inputs[1], call.input_shapes[1].elements());
  gather_run(p, call.inputs[0], indices.data(), call.outputs[0]);
}

// dx = sum of dy over where it was taken; an index has no slope.
void backward(const FloatCall& call) {
  float* const dx = call.input_gradients[0];
  if (call.input_gradients[1] != nullptr) std::fill_n(call.input_gradients[1], call.input_shapes[1].elements(), 0.0f);
  if (dx == nullptr) return;
  std::fill_n(dx, call.input_shapes[0].elements(), 0.0f);
  const Gather p = float_gather(call);
  const std::vector<int32_t> indices = whole_numbers(call.inputs[1], call.input_shapes[1].elements());
  const float* dy = call.output_gradients[0];
  for (int32_t block = 0; block < p.batches * p.outer; ++block)
    for (int32_t i = 0; i < p.count; ++i)
      for (int32_t k = 0; k < p.run; ++k) {
        const int32_t index = std::clamp(indices[static_cast<size_t>(block / p.outer * p.count + i)], 0, p.size - 1);
        dx[(block * p.size + index) * p.run + k] += *dy++;
      }
}

Result<std::string> emit(const EmitCall& call) {
  Gather p{};
  const Status status = gather_setup(call.attributes->as<GatherAttributes>(), tensor_info(call.input_types[0]),
                                     tensor_info(call.input_types[1]), tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr Gather p = {{{}, {}, {}, {}, {}}};\n  gather_run(p, {}, {}, {});\n", p.batches,
                     p.outer, p.size, p.count, p.run, call.inputs[0], call.inputs[1], call.outputs[0]);
}

OpCase make_case(const char* name, GatherAttributes attributes, Shape input, Shape indices, std::vector<int32_t> values,
                 uint32_t seed, uint32_t constant_operands) {
  OpCase result = case_of(name, {input, indices}, seed, -2, 3);
  result.attributes = Attributes::of(attributes);
  result.constants = {{}, std::move(values)};
  result.constant_operands = constant_operands;
  return result;
}

std::vector<OpCase> cases() {
  constexpr uint32_t kRunTime = 0, kConstantIndices = 2, kTable = 1;
  return {
      make_case("one", {0, 0}, make_shape({1}), make_shape({1}), {0}, 1, kConstantIndices),
      make_case("channels", {-1, 0}, make_shape({1, 2, 3, 4}), make_shape({3}), {3, 0, 3}, 2, kConstantIndices),
      make_case("scalar", {1, 0}, make_shape({2, 5, 3}), make_shape({}), {4}, 3, kConstantIndices),
      make_case("batches", {1, 1}, make_shape({2, 4, 3}), make_shape({2, 3}), {0, 3, 1, 2, 2, 0}, 4, kRunTime),
      make_case("batches_from_the_end", {2, -1}, make_shape({2, 3, 4}), make_shape({2, 2}), {0, 3, 1, 2}, 5, kRunTime),
      make_case("embedding", {0, 0}, make_shape({7, 5}), make_shape({1, 4}), {6, 0, 3, 3}, 6, kTable),
      make_case("rows", {0, 0}, make_shape({6, 3, 2}), make_shape({2, 2}), {5, 1, 0, 2}, 7, kRunTime)};
}

OpCase random_case(Random& random) {
  Shape input = random_shape(random, 4), indices = random_shape(random, 2);
  GatherAttributes a;
  a.axis = static_cast<int32_t>(random.below(static_cast<uint32_t>(input.rank)));
  a.batch_dims = static_cast<int32_t>(random.below(static_cast<uint32_t>(std::min(a.axis, indices.rank)) + 1));
  for (int32_t i = 0; i < a.batch_dims; ++i) indices.dims[i] = input[i];
  std::vector<int32_t> values(static_cast<size_t>(indices.elements()));
  for (int32_t& value : values) value = static_cast<int32_t>(random.below(static_cast<uint32_t>(input[a.axis])));
  if (random.below(2) == 0) a.axis -= input.rank;
  return make_case("random", a, input, indices, std::move(values), static_cast<uint32_t>(random.bits()),
                   random.below(2) == 0 ? 2 : 0);
}

constexpr DeviceKernel kKernels[] = {{"gather_any", &gather_any}};

constexpr OpDef kDef = {
    .name = "gather",
    .tflite_name = "GATHER",
    .tflite_code = 36,
    .tflite_options = 23,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<GatherAttributes>,
    .visit = visit_attributes<GatherAttributes>,
    .read_constants = check_constants,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::index}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/gather/gather.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace gather_op
}  // namespace

extern const OpDef gather_def;
const OpDef gather_def = gather_op::kDef;

}  // namespace mote
