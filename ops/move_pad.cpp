// The host half of PAD and PADV2.
#include <algorithm>

#include "ops/move_families.h"
#include "ops/padv2/padv2.h"

namespace mote {

int32_t pad_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  if (inputs[0].dtype == DType::int16) return 4;
  if (inputs[0].shape.rank > 4) return 3;
  return inputs[0].dtype == DType::int8 ? 2 : 1;
}

Result<void> read_paddings(Attributes& attributes, std::span<const TensorType> inputs,
                           std::span<const std::span<const uint8_t>> constants) {
  static constexpr char kRule[] = "two numbers for each of its dimensions, what goes before and after";
  return read_operands_from<PadAttributes, kRule>(1, 0, attributes, inputs.first(std::min<size_t>(inputs.size(), 2)),
                                                  constants);
}

Result<std::vector<Shape>> infer_pad(const Attributes& attributes, std::span<const TensorType> inputs) {
  if (inputs.size() == 3) {
    MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8}));
    MOTE_CHECK(expect_type(inputs, 2, "value", {inputs[0].dtype}));
    if (inputs[2].shape.rank < 0 || inputs[2].shape.elements() != 1)
      return input_error(
          fmt::format("its value (input 2) has shape {}; expected one number", to_string(inputs[2].shape)));
  }
  const auto a = attributes.as<PadAttributes>();
  Shape output;
  if (!pad_shape(a, inputs[0].shape, output) || output.elements() == 0)
    return input_error(fmt::format(
        "its paddings before [{}] and after [{}] of an input of shape {} leave nothing, are negative, or too large",
        fmt::join(a.before, ", "), fmt::join(a.after, ", "), to_string(inputs[0].shape)));
  return std::vector{output};
}

namespace {

Pad<float> float_pad(const FloatCall& call) {
  Pad<float> p{};
  pad_setup(call.attributes->as<PadAttributes>(), float_info(call.input_shapes[0]), float_info(call.output_shapes[0]),
            p);
  if (call.inputs.size() == 3) p.value = *call.inputs[2];
  return p;
}

template <class T>
Result<std::string> emit_as(const char* type, const EmitCall& call) {
  Pad<T> p{};
  const TensorInfo output = tensor_info(call.output_types[0]);
  const bool has_value = call.inputs.size() == 3;
  Status status = pad_setup(call.attributes->as<PadAttributes>(), tensor_info(call.input_types[0]), output, p);
  if (status == Status::ok && has_value) status = check_pad_value(tensor_info(call.input_types[2]), output);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr Pad<{}> p = {{{}, {{{}}}, {{{}}}, {{{}}}, {}}};\n  {}(p, {}{}, {});\n", type,
                     p.rank, fmt::join(p.input, ", "), fmt::join(p.before, ", "), fmt::join(p.output, ", "),
                     cpp_number(p.value), has_value ? "padv2_run" : "pad_run", call.inputs[0],
                     has_value ? ", " + call.inputs[2] : "", call.outputs[0]);
}

OpCase make_case(const char* name, Shape input, std::vector<int32_t> paddings, uint32_t seed) {
  OpCase result = case_of(name, {input, make_shape({input.rank, 2})}, seed, -1, 3);
  result.constants = {{}, std::move(paddings)};
  result.attributes = Attributes::of(PadAttributes{});
  return result;
}

}  // namespace

void pad_forward(const FloatCall& call) {
  pad_run(float_pad(call), call.inputs[0], call.outputs[0]);
}

// What is not the input is the value.
void pad_backward(const FloatCall& call) {
  float* const dx = call.input_gradients[0];
  float* const dvalue = call.input_gradients.size() == 3 ? call.input_gradients[2] : nullptr;
  const float* const dy = call.output_gradients[0];
  const Pad<float> p = float_pad(call);
  const int32_t last = p.rank - 1, before = p.before[last], count = p.input[last];
  double sum = 0;
  for_each_padded_row(p, [&](int32_t place, int32_t at) {
    if (place >= 0 && dx != nullptr) std::copy_n(dy + at + before, count, dx + place);
    for (int32_t i = 0; i < p.output[last]; ++i)
      if (place < 0 || i < before || i >= before + count) sum += dy[at + i];
  });
  if (dvalue != nullptr) *dvalue = static_cast<float>(sum);
}

Result<std::string> pad_emit(const EmitCall& call) {
  switch (call.input_types[0].dtype) {
    case DType::float32:
      return emit_as<float>("float", call);
    case DType::int16:
      return emit_as<int16_t>("int16_t", call);
    default:
      return emit_as<int8_t>("int8_t", call);
  }
}

std::vector<OpCase> pad_cases() {
  return {make_case("one", make_shape({1}), {1, 2}, 1),
          make_case("image", make_shape({1, 4, 3, 5}), {0, 0, 1, 2, 3, 0, 0, 0}, 2),
          make_case("channels", make_shape({2, 3, 2}), {0, 0, 0, 0, 1, 3}, 3),
          make_case("everywhere", make_shape({2, 2, 3, 2}), {1, 0, 0, 1, 2, 1, 1, 1}, 4),
          make_case("nothing", make_shape({2, 5}), {0, 0, 0, 0}, 5)};
}

// Elements are copied in order, each to a place that is ever further ahead.
std::optional<Overlap> overlap_of_pad(const Attributes& attributes, std::span<const TensorType> inputs,
                                      const TensorType& output, PackedFor) {
  const auto a = attributes.as<PadAttributes>();
  int64_t last = 0;  // where the last one goes
  for (int32_t i = 0; i < output.shape.rank; ++i) last = last * output.shape[i] + a.before[i] + inputs[0].shape[i] - 1;
  return Overlap{(last + 1 - inputs[0].shape.elements()) * element_bytes(output.dtype)};
}

OpCase pad_random_case(Random& random) {
  Shape input;
  input.rank = 1 + static_cast<int32_t>(random.below(4));
  std::vector<int32_t> paddings;
  for (int32_t i = 0; i < input.rank; ++i) {
    input.dims[i] = input.rank > 2 ? 1 + random_dim(random) / 2 : random_dim(random);
    const bool around = random.below(2) == 0;
    for (int k = 0; k < 2; ++k) paddings.push_back(around ? static_cast<int32_t>(random.below(4)) : 0);
  }
  return make_case("random", input, std::move(paddings), static_cast<uint32_t>(random.bits()));
}

}  // namespace mote
