#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

#include <fmt/format.h>

#include "ops/op_families.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm_float.h"

namespace mote {

namespace {
namespace unidirectional_sequence_lstm_op {

using LstmAttributes = UnidirectionalSequenceLstmAttributes;

// TFLite's versioning: 1; those above are of hybrid models.
int32_t tflite_version(const Attributes&, std::span<const TensorType>, std::span<const TensorType>) {
  return 1;
}

Result<void> expect_options(const LstmAttributes& options) {
  if (options.activation != Activation::tanh)
    return input_error("its cell activation is not tanh, the only one that mote runs");
  if (options.proj_clip != 0) return input_error("it clips a projection, which mote lacks; mote runs plain LSTMs");
  if (options.diagonal_recurrent_tensors)
    return input_error("its recurrent weights are diagonals; mote runs full matrices");
  return {};
}

Result<void> expect_tensors(std::span<const TensorType> inputs) {
  if (inputs.size() <= kLstmCell || inputs.size() > kLstmInputs)
    return input_error(fmt::format("it has {} inputs, expected {}", inputs.size(), kLstmInputs));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool present = inputs[i].shape.rank >= 0, wanted = is_lstm_input(static_cast<int32_t>(i));
    if (present && !wanted)
      return input_error(fmt::format(
          "input {} is there: peepholes, projection and layer normalisation are not supported, plain LSTMs are", i));
    if (!present && wanted)
      return input_error(fmt::format("input {} is absent; mote runs LSTMs with all four gates and their biases", i));
  }
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8}));
  const LstmTypes types = inputs[0].dtype == DType::int8 ? lstm_types(LstmInt8{}) : lstm_types(LstmFloat32{});
  for (int32_t i = 1; i <= kLstmCell; ++i)
    if (is_lstm_input(i)) {
      const char* const what = i == kLstmHidden   ? "hidden state"
                               : i == kLstmCell   ? "cell state"
                               : i >= kLstmBiases ? "bias of a gate"
                                                  : "weights of a gate";
      MOTE_CHECK(expect_type(inputs, static_cast<size_t>(i), what, {types.of(i)}));
    }
  return {};
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  const auto options = attributes.as<LstmAttributes>();
  MOTE_CHECK(expect_tensors(inputs));
  MOTE_CHECK(expect_options(options));
  LstmSize size{};
  const auto shape_of = [&](int32_t i) { return inputs[static_cast<size_t>(i)].shape; };
  if (!lstm_size(options.time_major, shape_of, size))
    return input_error(fmt::format(
        "input {}, weights {}, recurrent weights {} and state {} do not belong together; expected [batch, steps, "
        "inputs] "
        "or, time major, [steps, batch, inputs], four times [units, inputs], [units, units] and biases [units], and "
        "states of batch * units",
        to_string(shape_of(0)), to_string(shape_of(kLstmWeights)), to_string(shape_of(kLstmRecurrent)),
        to_string(shape_of(kLstmHidden))));
  return std::vector{lstm_output(inputs[0].shape, size)};
}

OpCost cost(const Attributes&, std::span<const Shape> inputs, std::span<const Shape>) {
  const int64_t rows = int64_t{inputs[0][0]} * inputs[0][1], units = inputs[kLstmWeights][0];
  return {rows * units * (kLstmGates * (inputs[0][2] + units) + 3), 0};
}

std::string text_of(const LstmSize& s) {
  return fmt::format("{{{}, {}, {}, {}, {}}}", s.batches, s.steps, s.inputs, s.units, s.time_major);
}

std::string text_of(const Multiplier (&gates)[kLstmGates]) {
  return fmt::format("{{{}, {}, {}, {}}}", text_of(gates[0]), text_of(gates[1]), text_of(gates[2]), text_of(gates[3]));
}

std::string text_of(const LstmInt8& p) {
  return fmt::format("LstmInt8 p = {{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}}", text_of(p.size), text_of(p.weights),
                     text_of(p.recurrent), text_of(p.forgotten), text_of(p.added), text_of(p.hidden),
                     p.input_zero_point, p.hidden_zero_point, p.cell_factor, p.cell_shift, p.clip);
}

std::string text_of(const LstmFloat32& p) {
  return fmt::format("LstmFloat32 p = {{{}, {}}}", text_of(p.size), cpp_float(p.clip));
}

template <class Parameters>
Result<std::string> emit_as(const EmitCall& call, const char* constants) {
  const auto info = [&](int32_t i) { return tensor_info(call.input_types[static_cast<size_t>(i)]); };
  Parameters p{};
  const Status status = lstm_setup(call.attributes->as<LstmAttributes>(), info, tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  const auto& in = call.inputs;
  const auto four = [&](size_t i) { return fmt::format("{{{}, {}, {}, {}}}", in[i], in[i + 1], in[i + 2], in[i + 3]); };
  return fmt::format("  static constexpr {};\n  const {} c = {{{}, {}, {}}};\n  lstm_run(p, {}, c, {}, {}, {});\n",
                     text_of(p), constants, four(kLstmWeights), four(kLstmRecurrent), four(kLstmBiases), in[0],
                     in[kLstmHidden], in[kLstmCell], call.outputs[0]);
}

Result<std::string> emit(const EmitCall& call) {
  return call.input_types[0].dtype == DType::float32 ? emit_as<LstmFloat32>(call, "LstmConstants<float, float>")
                                                     : emit_as<LstmInt8>(call, "LstmConstants<int8_t, int32_t>");
}

TensorType stored(DType type, float scale, int32_t zero_point = 0) {
  return {type, {}, {{scale}, {zero_point}, 0}};
}

std::vector<TensorType> types_of(float cell_scale) {
  constexpr float kInput = 1.0f / 127, kWeights = 1.0f / 127;
  const TensorType hidden = stored(DType::int8, 1.0f / 127, -1);
  std::vector<TensorType> types(kLstmInputs);
  types[0] = stored(DType::int8, kInput, 2);
  for (int32_t gate = 0; gate < kLstmGates; ++gate) {
    types[static_cast<size_t>(kLstmWeights + gate)] = types[static_cast<size_t>(kLstmRecurrent + gate)] =
        stored(DType::int8, kWeights);
    types[static_cast<size_t>(kLstmBiases + gate)] = stored(DType::int32, kInput * kWeights);
  }
  types[kLstmHidden] = hidden;
  types[kLstmCell] = stored(DType::int16, cell_scale);
  types.push_back(hidden);
  return types;
}

struct Sizes {
  int32_t batches, steps, inputs, units;
};

OpCase make_case(const char* name, LstmAttributes a, Sizes s, float cell_scale = 1.0f / 2048) {
  a.activation = Activation::tanh;
  OpCase result;
  result.name = name;
  result.attributes = Attributes::of(a);
  result.inputs.assign(kLstmInputs, Shape{-1, {}});
  result.inputs[0] =
      a.time_major ? make_shape({s.steps, s.batches, s.inputs}) : make_shape({s.batches, s.steps, s.inputs});
  for (int32_t gate = 0; gate < kLstmGates; ++gate) {
    result.inputs[static_cast<size_t>(kLstmWeights + gate)] = make_shape({s.units, s.inputs});
    result.inputs[static_cast<size_t>(kLstmRecurrent + gate)] = make_shape({s.units, s.units});
    result.inputs[static_cast<size_t>(kLstmBiases + gate)] = make_shape({s.units});
  }
  result.inputs[kLstmHidden] = result.inputs[kLstmCell] = make_shape({s.batches, s.units});
  result.integer_types = types_of(cell_scale);
  return result;
}

std::vector<OpCase> cases() {
  LstmAttributes plain, time_major, clipped;
  time_major.time_major = true;
  clipped.cell_clip = 0.3f;
  return {make_case("one", plain, {1, 1, 1, 1}),
          make_case("sequence", plain, {1, 7, 5, 4}),
          make_case("batch", plain, {3, 4, 6, 3}),
          make_case("time_major", time_major, {2, 5, 3, 4}),
          make_case("clipped", clipped, {1, 6, 4, 5}),
          make_case("fine_cell", plain, {1, 4, 3, 3}, 1.0f / 32768),
          make_case("rows_of_an_image", plain, {1, 28, 28, 20})};
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  LstmAttributes attributes;
  attributes.time_major = random.below(2) == 1;
  attributes.cell_clip = random.below(3) == 0 ? 0.75f : 0.0f;
  const Sizes sizes{dim(), dim(), dim(), dim()};
  OpCase result = make_case("random", attributes, sizes, random.below(2) == 1 ? 1.0f / 2048 : 1.0f / 1024);
  result.seed = static_cast<uint32_t>(random.bits());
  return result;
}

constexpr DeviceKernel kKernels[] = {{"unidirectional_sequence_lstm_int8", &unidirectional_sequence_lstm_int8},
                                     {"unidirectional_sequence_lstm_float32", &unidirectional_sequence_lstm_float32}};

constexpr QuantRule quant_rule() {
  QuantRule rule{{InputRole::activation}, 0, OutputRule::free, 0, 0};
  for (int32_t i = 1; i < kLstmInputs; ++i) rule.inputs[i] = InputRole::weights;
  for (int32_t gate = 0; gate < kLstmGates; ++gate) rule.inputs[kLstmBiases + gate] = InputRole::bias;
  rule.inputs[kLstmHidden] = rule.inputs[kLstmCell] = InputRole::state;
  return rule;
}

// The hidden state is the output; the cell has 16 bits and a power of two as scale, which its clip gives.
std::optional<TensorType> state_type(const Attributes& attributes, size_t input, const TensorType& output) {
  if (input == kLstmHidden) return output;
  const std::optional<float> scale = lstm_cell_scale(attributes.as<LstmAttributes>());
  return scale ? std::optional(stored(DType::int16, *scale)) : std::nullopt;
}

// Without layer normalisation and projection only the last counts, that of the hidden state.
constexpr uint8_t kIntermediates[] = {kLstmHidden, kLstmHidden, kLstmHidden, kLstmHidden, kLstmHidden};

constexpr OpDef kDef = {
    .name = "unidirectional_sequence_lstm",
    .tflite_name = "UNIDIRECTIONAL_SEQUENCE_LSTM",
    .tflite_code = 44,
    .tflite_options = 71,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<LstmAttributes>,
    .visit = visit_attributes<LstmAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = cost,
    .forward = lstm_forward,
    .backward = lstm_backward,
    .not_trainable = nullptr,
    .float_workspace = lstm_workspace,
    .quant = quant_rule(),
    .int8_tolerance = 2,
    .in_place = false,
    .device_header = "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .state_type = state_type,
    .intermediates = kIntermediates,
    .float_saved = lstm_saved,
    .simulation = "fake_quantize_lstm",
};

}  // namespace unidirectional_sequence_lstm_op
}  // namespace

extern const OpDef unidirectional_sequence_lstm_def;
const OpDef unidirectional_sequence_lstm_def = unidirectional_sequence_lstm_op::kDef;

}  // namespace mote
