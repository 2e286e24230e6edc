// An LSTM in quantization-aware training: forward computes what the int8 kernel does, with the integers of
// quantize/quantize.cpp and the functions of the kernel's own header, backward is that of the float LSTM at the numbers
// that came out. Products with weights are sums of integers in float, exact up to 2^24.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "ops/op_families.h"
#include "ops/time_major.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm_float.h"
#include "toolchain/base/quant_params.h"

namespace mote {

extern const OpDef unidirectional_sequence_lstm_def;

namespace {
namespace fake_quantize_lstm_op {

using LstmAttributes = UnidirectionalSequenceLstmAttributes;

// Behind the inputs of the LSTM: the ranges of its input and of its output.
constexpr size_t kRanges = 2;
constexpr float kQ15 = 1.0f / 32768;

const OpDef& kLstm = unidirectional_sequence_lstm_def;

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  if (inputs.size() < kRanges) return input_error("it lacks the ranges of its input and of its output");
  for (size_t i = inputs.size() - kRanges; i < inputs.size(); ++i) {
    MOTE_CHECK(expect_type(inputs, i, "range", {DType::float32}));
    if (inputs[i].shape != make_shape({2}))
      return input_error(
          fmt::format("a range has shape {}; expected two numbers, low and high", to_string(inputs[i].shape)));
  }
  if (!lstm_cell_scale(attributes.as<LstmAttributes>()))
    return input_error("its cell is not clipped, so that the scale of its int8 form is not known");
  return kLstm.infer(attributes, inputs.first(inputs.size() - kRanges));
}

// The weights of the gates, W then R, and the biases, as the int8 form has them.
struct Integers {
  float *weights, *recurrent;  // [gate, unit, input]
  int32_t* biases;             // [gate, unit]
};

// The grids, and the kernel that they make.
class Form {
 public:
  explicit Form(const FloatCall& call)
      : pass(call), input(grid(call, 2)), hidden(grid(call, 1)), cell_scale(*lstm_cell_scale(attributes(call))) {
    for (int32_t gate = 0; gate < kLstmGates; ++gate) {
      const int64_t units = pass.size.units;
      scales_[gate] = scale_of(call, kLstmWeights + gate, {call.inputs[at(kLstmBiases + gate)], at(units)});
      scales_[kLstmGates + gate] = scale_of(call, kLstmRecurrent + gate, {});
    }
    runs = lstm_setup(
               attributes(call), [&](int32_t i) { return info(call, i); }, output_info(call), kernel) == Status::ok;
  }

  int64_t weight_floats() const { return int64_t{kLstmGates} * pass.size.units * pass.size.inputs; }
  int64_t recurrent_floats() const { return int64_t{kLstmGates} * pass.size.units * pass.size.units; }
  int64_t bias_floats() const { return int64_t{kLstmGates} * pass.size.units; }

  // False: one of them is no number.
  bool quantize(const FloatCall& call, const Integers& to) const {
    bool numbers = true;
    for (int32_t gate = 0; gate < kLstmGates; ++gate) {
      const int64_t units = pass.size.units;
      const auto round = [&](int32_t first, int64_t columns, float scale, float* stored) {
        const float* weight = call.inputs[at(first + gate)];
        for (int64_t i = 0; i < units * columns; ++i) {
          numbers = numbers && std::isfinite(weight[i]);
          stored[i] = std::isfinite(weight[i]) ? round_weight(double{weight[i]}, double{scale}) : 0.0f;
        }
      };
      round(kLstmWeights, pass.size.inputs, scales_[gate], to.weights + units * pass.size.inputs * gate);
      round(kLstmRecurrent, units, scales_[kLstmGates + gate], to.recurrent + units * units * gate);
      const float *bias = call.inputs[at(kLstmBiases + gate)], unit = input.scale * scales_[gate];
      for (int64_t i = 0; i < units; ++i) {
        numbers = numbers && std::isfinite(bias[i]);
        const double steps = std::isfinite(bias[i]) ? std::round(bias[i] / double{unit}) : 0.0;
        to.biases[units * gate + i] = static_cast<int32_t>(std::clamp(steps, -0x1p31, 0x1p31 - 1));
      }
    }
    return numbers;
  }

  float scale(int32_t input_of_node) const {
    return scales_[input_of_node < kLstmRecurrent ? input_of_node - kLstmWeights
                                                  : kLstmGates + input_of_node - kLstmRecurrent];
  }

  LstmPass pass;
  ScaleZero input, hidden;
  float cell_scale;
  LstmInt8 kernel{};
  bool runs = false;  // otherwise the kernel refuses these scales, and so does export

 private:
  static size_t at(int64_t i) { return static_cast<size_t>(i); }
  static LstmAttributes attributes(const FloatCall& call) { return call.attributes->as<LstmAttributes>(); }
  // Of the range that is number `last` from the end.
  static ScaleZero grid(const FloatCall& call, size_t last) {
    const float* const range = call.inputs[call.inputs.size() - last];
    return asymmetric_int8(range[0], range[1]);
  }
  float scale_of(const FloatCall& call, int32_t weights, std::span<const float> bias) const {
    const Shape& shape = call.input_shapes[at(weights)];
    float scale = 0;
    weight_scales({call.inputs[at(weights)], at(shape.elements())}, ChannelLayout(shape, 0), bias, input.scale,
                  {&scale, 1});
    return scale;
  }

  TensorInfo info(const FloatCall& call, int32_t i) const {
    if (!is_lstm_input(i)) return {};
    const bool biases = i >= kLstmBiases && i < kLstmBiases + kLstmGates;
    const float* const scale = i == 0               ? &input.scale
                               : i == kLstmHidden   ? &hidden.scale
                               : i == kLstmCell     ? &cell_scale
                               : biases             ? nullptr
                               : i < kLstmRecurrent ? &scales_[i - kLstmWeights]
                                                    : &scales_[kLstmGates + i - kLstmRecurrent];
    const bool state = i == kLstmHidden || i == kLstmCell;  // which has room for more rows than the call
    const Shape shape = state ? make_shape({pass.size.batches, pass.size.units}) : call.input_shapes[at(i)];
    const int32_t zero_point = i == 0 ? input.zero_point : i == kLstmHidden ? hidden.zero_point : 0;
    return {lstm_types(LstmInt8{}).of(i), false, shape, nullptr, {scale, biases ? 0 : 1, zero_point, 0}};
  }
  TensorInfo output_info(const FloatCall& call) const {
    TensorInfo output = info(call, kLstmHidden);
    output.shape = call.output_shapes[0];
    return output;
  }

  float scales_[2 * kLstmGates] = {};
};

// Forward: the input's integers less their zero point, the weights', and of one step the hidden state's and the sums
// with it. Backward: the weights' real values, and what the float LSTM needs.
struct Memory {
  float* x;
  Integers integers;
  float *hidden, *sums, *rest;

  Memory(const Form& form, float* memory) {
    static_assert(sizeof(int32_t) == sizeof(float) && alignof(int32_t) == alignof(float));
    const auto take = [&](int64_t floats) { return std::exchange(memory, memory + floats); };
    integers = {take(form.weight_floats()), take(form.recurrent_floats()),
                reinterpret_cast<int32_t*>(take(form.bias_floats()))};
    rest = memory;
    x = take(int64_t{form.pass.rows} * form.pass.size.inputs);
    hidden = take(form.pass.block);
    sums = take(kLstmGates * form.pass.block);
  }
};

int64_t workspace_floats(const FloatCall& call) {
  const LstmPass pass(call);
  const LstmSize& size = pass.size;
  const int64_t constants = int64_t{kLstmGates} * size.units * (size.inputs + size.units + 1);
  const int64_t forward = int64_t{pass.rows} * size.inputs + (1 + kLstmGates) * pass.block;
  return constants + std::max(forward, lstm_workspace(call));
}

void quantize_input(const FloatCall& call, const Form& form, float* x) {
  const LstmSize& size = form.pass.size;
  const int64_t n = int64_t{form.pass.rows} * size.inputs;
  if (size.time_major != 0)
    std::copy_n(call.inputs[0], n, x);
  else
    swap_outer(size.batches, size.steps, size.inputs, call.inputs[0], x);
  const auto [scale, zero_point] = form.input;
  for (int64_t i = 0; i < n; ++i) x[i] = static_cast<float>(quantize_int8(x[i], scale, zero_point) - zero_point);
}

// Step `t`, from the sums with its input in steps.gates and those with the hidden state, [batch, gate, unit].
void run_step(const FloatCall& call, const Form& form, const Memory& memory, const LstmSteps& steps, int32_t t) {
  const auto [batches, count, inputs, units, time_major] = form.pass.size;
  const LstmInt8& kernel = form.kernel;
  int64_t n = form.pass.block * t;
  for (int32_t batch = 0; batch < batches; ++batch) {
    const float* const from_hidden = memory.sums + int64_t{batch} * kLstmGates * units;
    float* const y = call.outputs[0] + int64_t{time_major != 0 ? t * batches + batch : batch * count + t} * units;
    float* const hidden = memory.hidden + int64_t{batch} * units;
    for (int32_t unit = 0; unit < units; ++unit, ++n) {
      int32_t sums[kLstmGates * kLstmBlock];
      for (int32_t gate = 0; gate < kLstmGates; ++gate) {
        const int32_t place = gate * units + unit;
        const int32_t sum = wrapping_add(static_cast<int32_t>(steps.gates[gate][n]), memory.integers.biases[place]);
        sums[gate * kLstmBlock] = lstm_sum(kernel, gate, sum, t > 0 ? static_cast<int32_t>(from_hidden[place]) : 0);
      }
      const LstmGates gates = lstm_gates(sums);
      const float before = t > 0 ? steps.cells[n - form.pass.block] : 0.0f;
      const int32_t cell = lstm_cell(kernel, gates, static_cast<int32_t>(before / form.cell_scale));
      const int32_t stored = lstm_hidden(kernel, gates, cell), zero = form.hidden.zero_point;
      const int32_t clamped = std::clamp(stored, kInt8Min, kInt8Max);
      hidden[unit] = static_cast<float>(clamped - zero);
      y[unit] = dequantize(stored, form.hidden.scale, zero);
      steps.hidden[n] = dequantize(clamped, form.hidden.scale, zero);
      steps.cells[n] = static_cast<float>(cell) * form.cell_scale;
      steps.gates[kInputGate][n] = static_cast<float>(gates.input) * kQ15;
      steps.gates[kForgetGate][n] = static_cast<float>(gates.forget) * kQ15;
      steps.gates[kCellGate][n] = static_cast<float>(gates.candidate) * kQ15;
      steps.gates[kOutputGate][n] = static_cast<float>(gates.output) * kQ15;
    }
  }
}

void forward(const FloatCall& call) {
  const Form form(call);
  const Memory memory(form, call.workspace);
  const LstmPass& pass = form.pass;
  if (!form.quantize(call, memory.integers) || !form.runs) {  // training that diverged
    std::fill_n(call.saved, pass.step_floats(), 0.0f);
    std::fill_n(call.outputs[0], pass.all(), __builtin_nanf(""));
    return;
  }
  const LstmSteps steps = pass.steps_at(call.saved);
  quantize_input(call, form, memory.x);
  for (int32_t gate = 0; gate < kLstmGates; ++gate)
    simd().dense_forward(pass.from_input(), memory.x,
                         memory.integers.weights + int64_t{gate} * pass.size.units * pass.size.inputs, nullptr, {},
                         steps.gates[gate]);
  const DenseSize from_hidden = {pass.size.batches, pass.size.units, kLstmGates * pass.size.units};
  for (int32_t t = 0; t < pass.size.steps; ++t) {
    if (t > 0) simd().dense_forward(from_hidden, memory.hidden, memory.integers.recurrent, nullptr, {}, memory.sums);
    run_step(call, form, memory, steps, t);
  }
}

int64_t saved_floats(const FloatCall& call) {
  return LstmPass(call).step_floats();
}

// Of the float LSTM with the real values of the weights' integers, and a cell that the int8 form's last number clips.
void backward(const FloatCall& call) {
  const Form form(call);
  const Memory memory(form, call.workspace);
  form.quantize(call, memory.integers);
  std::array<const float*, kLstmInputs> inputs{};
  std::copy_n(call.inputs.begin(), std::min<size_t>(kLstmInputs, call.inputs.size() - kRanges), inputs.begin());
  for (int32_t gate = 0; gate < kLstmGates; ++gate) {
    const auto real = [&](int32_t first, int64_t columns, float* stored) {
      const int64_t n = form.pass.size.units * columns;
      float* const weights = stored + n * gate;
      for (int64_t i = 0; i < n; ++i) weights[i] *= form.scale(first + gate);
      inputs[static_cast<size_t>(first + gate)] = weights;
    };
    real(kLstmWeights, form.pass.size.inputs, memory.integers.weights);
    real(kLstmRecurrent, form.pass.size.units, memory.integers.recurrent);
  }
  auto clipped = call.attributes->as<LstmAttributes>();
  clipped.cell_clip = static_cast<float>(form.kernel.clip) * form.cell_scale;
  const Attributes attributes = Attributes::of(clipped);
  FloatCall real = call;
  real.attributes = &attributes;
  real.inputs = inputs;
  real.workspace = memory.rest;
  // Half a step beyond the last number is still rounded to it, not clipped.
  const auto [scale, zero_point] = form.hidden;
  lstm_backward_within(real, (static_cast<float>(kInt8Min - zero_point) - 0.5f) * scale,
                       (static_cast<float>(kInt8Max - zero_point) + 0.5f) * scale);
  for (size_t i = call.input_gradients.size() - kRanges; i < call.input_gradients.size(); ++i)
    if (call.input_gradients[i] != nullptr) std::fill_n(call.input_gradients[i], kRanges, 0.0f);
}

// Training has the batch in front.
OpCase with_ranges(OpCase item) {
  item.inputs.insert(item.inputs.end(), kRanges, make_shape({2}));
  item.integer_types.clear();
  auto attributes = item.attributes.as<LstmAttributes>();
  if (attributes.cell_clip == 0) attributes.cell_clip = 8;
  attributes.time_major = false;
  for (const int32_t state : {kLstmHidden, kLstmCell})
    item.inputs[static_cast<size_t>(state)].dims[0] = item.inputs[0][0];
  item.attributes = Attributes::of(attributes);
  return item;
}

std::vector<OpCase> cases() {
  std::vector<OpCase> result;
  for (OpCase& item : kLstm.cases()) result.push_back(with_ranges(std::move(item)));
  return result;
}

OpCase random_case(Random& random) {
  return with_ranges(kLstm.random_case(random));
}

constexpr QuantRule quant_rule() {
  QuantRule rule{{InputRole::activation}, 0, OutputRule::free, 0, 0};
  for (int32_t i = 1; i < kLstmInputs; ++i) rule.inputs[i] = InputRole::weights;
  for (int32_t gate = 0; gate < kLstmGates; ++gate) rule.inputs[kLstmBiases + gate] = InputRole::bias;
  rule.inputs[kLstmHidden] = rule.inputs[kLstmCell] = InputRole::state;
  rule.inputs[kLstmInputs] = rule.inputs[kLstmInputs + 1] = InputRole::number;
  return rule;
}

constexpr OpDef kDef = {
    .name = "fake_quantize_lstm",
    .tflite_name = "FAKE_QUANTIZE_LSTM",
    .tflite_code = kTrainingOnly,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<LstmAttributes>,
    .visit = visit_attributes<LstmAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = workspace_floats,
    .quant = quant_rule(),
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = nullptr,
    .kernels = {},
    .emit = nullptr,
    .cases = cases,
    .random_case = random_case,
    .float_saved = saved_floats,
    .straight_through = true,
};

}  // namespace fake_quantize_lstm_op
}  // namespace

extern const OpDef fake_quantize_lstm_def;
const OpDef fake_quantize_lstm_def = fake_quantize_lstm_op::kDef;

}  // namespace mote
