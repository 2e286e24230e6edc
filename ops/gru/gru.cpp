// Backpropagation through time (Werbos 1990) over the equations in the header. Inside, all is time major, [steps,
// batch, ...]: the products with the inputs of all steps are one, and a step is a block.
#include "ops/gru/gru.h"

#include <fmt/format.h>

#include <algorithm>

#include "device/float_math.h"
#include "ops/op_families.h"
#include "ops/time_major.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

namespace {
namespace gru_op {

// What forward computes of every step: both gates [steps, batch, 2 * units]; the candidate, r h, and the hidden state
// after the step, each [steps, batch, units].
struct Steps {
  float *gates, *candidate, *reset, *hidden;
};

struct Pass {
  int32_t batch, steps, inputs, units;
  bool sequences;

  explicit Pass(const FloatCall& call)
      : batch(call.input_shapes[kGruX][0]),
        steps(call.input_shapes[kGruX][1]),
        inputs(call.input_shapes[kGruX][2]),
        units(call.input_shapes[kGruCandidateWeights][0]),
        sequences(call.attributes->as<GruAttributes>().return_sequences) {}

  int32_t rows() const { return steps * batch; }
  int64_t block() const { return int64_t{batch} * units; }  // floats of a step
  int64_t all() const { return block() * steps; }
  int64_t input_floats() const { return int64_t{rows()} * inputs; }
  int64_t step_floats() const { return 5 * all(); }
  DenseSize from_input(int32_t outputs) const { return {rows(), inputs, outputs}; }
  DenseSize from_hidden(int32_t of_steps, int32_t outputs) const { return {of_steps * batch, units, outputs}; }

  Steps steps_at(float* memory) const { return {memory, memory + 2 * all(), memory + 3 * all(), memory + 4 * all()}; }
};

// Of step `t`.
float* gates_at(const Pass& pass, const Steps& steps, int32_t t) {
  return steps.gates + 2 * pass.block() * t;
}

// From the sums of the gates, at `gates`, to their values and to r h of step `t`.
void open_gates(const Pass& pass, const Steps& steps, int32_t t) {
  const int32_t units = pass.units;
  float* gates = gates_at(pass, steps, t);
  for (int64_t i = 0; i < 2 * pass.block(); ++i) gates[i] = logistic_float(gates[i]);
  float* reset = steps.reset + pass.block() * t;
  if (t == 0) {
    std::fill_n(reset, pass.block(), 0.0f);
    return;
  }
  const float* before = steps.hidden + pass.block() * (t - 1);
  for (int32_t row = 0; row < pass.batch; ++row, gates += 2 * units, reset += units, before += units)
    for (int32_t u = 0; u < units; ++u) reset[u] = gates[units + u] * before[u];
}

// From the sums of the candidate to its values and to the hidden state of step `t`.
void renew(const Pass& pass, const Steps& steps, int32_t t) {
  const int32_t units = pass.units;
  const float* gates = gates_at(pass, steps, t);
  float* candidate = steps.candidate + pass.block() * t;
  float* hidden = steps.hidden + pass.block() * t;
  for (int64_t i = 0; i < pass.block(); ++i) candidate[i] = tanh_float(candidate[i]);
  for (int32_t row = 0; row < pass.batch; ++row, gates += 2 * units, candidate += units, hidden += units)
    for (int32_t u = 0; u < units; ++u) {
      const float before = t > 0 ? (hidden - pass.block())[u] : 0.0f;
      hidden[u] = candidate[u] + gates[u] * (before - candidate[u]);
    }
}

// Everything from time-major input `x` into `steps`. `part`: two blocks.
void run_steps(const FloatCall& call, const Pass& pass, const float* x, const Steps& steps, float* part) {
  const auto& in = call.inputs;
  const int32_t units = pass.units;
  const int64_t block = pass.block();
  simd().dense_forward(pass.from_input(2 * units), x, in[kGruGateWeights], in[kGruGateBias], {}, steps.gates);
  simd().dense_forward(pass.from_input(units), x, in[kGruCandidateWeights], in[kGruCandidateBias], {}, steps.candidate);
  for (int32_t t = 0; t < pass.steps; ++t) {
    if (t > 0) {
      const float* const before = steps.hidden + block * (t - 1);
      simd().dense_forward(pass.from_hidden(1, 2 * units), before, in[kGruGateRecurrent], nullptr, {}, part);
      simd().add(2 * block, part, gates_at(pass, steps, t));
    }
    open_gates(pass, steps, t);
    if (t > 0) {
      const float* const reset = steps.reset + block * t;
      simd().dense_forward(pass.from_hidden(1, units), reset, in[kGruCandidateRecurrent], nullptr, {}, part);
      simd().add(block, part, steps.candidate + block * t);
    }
    renew(pass, steps, t);
  }
}

// A row of a step.
struct Row {
  const float *gates, *candidate;              // values
  const float* before;                         // hidden state of the step before; nullptr at the first
  float *hidden, *gate_sums, *candidate_sums;  // gradients
};

Row row_of(const Pass& pass, const Steps& steps, const Steps& gradients, int32_t t, int32_t row, float* hidden) {
  const int64_t at = pass.block() * t + int64_t{row} * pass.units;
  return {steps.gates + 2 * at,
          steps.candidate + at,
          t > 0 ? steps.hidden + at - pass.block() : nullptr,
          hidden + int64_t{row} * pass.units,
          gradients.gates + 2 * at,
          gradients.candidate + at};
}

// From the gradient of the hidden state after the step to those of the sums of candidate and update gate, and to what
// of it z h passes on to the state before.
void differentiate_state(const Row& row, int32_t units) {
  for (int32_t u = 0; u < units; ++u) {
    const float update = row.gates[u], candidate = row.candidate[u], d = row.hidden[u];
    const float before = row.before != nullptr ? row.before[u] : 0.0f;
    row.candidate_sums[u] = d * (1 - update) * (1 - candidate * candidate);
    row.gate_sums[u] = d * (before - candidate) * update * (1 - update);
    row.hidden[u] = d * update;
  }
}

// From the gradient of r h to that of the sum of the reset gate and of the state before.
void differentiate_reset(const Row& row, int32_t units, const float* products) {
  for (int32_t u = 0; u < units; ++u) {
    const float reset = row.gates[units + u];
    const float before = row.before != nullptr ? row.before[u] : 0.0f;
    row.gate_sums[units + u] = products[u] * before * reset * (1 - reset);
    row.hidden[u] += products[u] * reset;
  }
}

// Gradients of all sums, last step first. `dy`: of the outputs, time major, or of the last one. `state`: 2 blocks.
void differentiate_steps(const FloatCall& call, const Pass& pass, const Steps& steps, const float* dy,
                         const Steps& gradients, float* state) {
  const int32_t units = pass.units;
  const int64_t block = pass.block();
  float *const hidden = state, *const part = state + block;
  std::fill_n(state, 2 * block, 0.0f);
  for (int32_t t = pass.steps - 1; t >= 0; --t) {
    if (pass.sequences || t == pass.steps - 1) simd().add(block, pass.sequences ? dy + block * t : dy, hidden);
    const auto row = [&](int32_t i) { return row_of(pass, steps, gradients, t, i, hidden); };
    for (int32_t i = 0; i < pass.batch; ++i) differentiate_state(row(i), units);
    if (t > 0)
      simd().dense_input_gradient(pass.from_hidden(1, units), gradients.candidate + block * t,
                                  call.inputs[kGruCandidateRecurrent], part);
    for (int32_t i = 0; i < pass.batch; ++i) differentiate_reset(row(i), units, part + int64_t{i} * units);
    if (t == 0) return;
    simd().dense_input_gradient(pass.from_hidden(1, 2 * units), gates_at(pass, gradients, t),
                                call.inputs[kGruGateRecurrent], part);
    simd().add(block, part, hidden);
  }
}

// Of one product with the inputs, and one with the state: `sums` are the gradients of what both add up to, `outputs`
// columns, and `state` is what the recurrent weights saw, a step behind `sums`.
struct Products {
  size_t weights, recurrent, bias;
  int32_t outputs;
  const float *sums, *state;
};

void parameter_gradients(const FloatCall& call, const Pass& pass, const Products& p, const float* x) {
  if (float* const dw = call.input_gradients[p.weights])
    simd().dense_weight_gradient(pass.from_input(p.outputs), p.sums, x, dw);
  if (float* const db = call.input_gradients[p.bias]) simd().column_sums(pass.rows(), p.outputs, p.sums, db);
  float* const du = call.input_gradients[p.recurrent];
  if (du == nullptr) return;
  std::fill_n(du, int64_t{p.outputs} * pass.units, 0.0f);  // of a single step
  if (pass.steps > 1)
    simd().dense_weight_gradient(pass.from_hidden(pass.steps - 1, p.outputs), p.sums + int64_t{pass.batch} * p.outputs,
                                 p.state, du);
}

// `parts`: twice the input.
void input_gradient(const FloatCall& call, const Pass& pass, const Steps& gradients, float* parts) {
  float* const dx = call.input_gradients[kGruX];
  if (dx == nullptr) return;
  float *const sum = parts, *const part = parts + pass.input_floats();
  simd().dense_input_gradient(pass.from_input(2 * pass.units), gradients.gates, call.inputs[kGruGateWeights], sum);
  simd().dense_input_gradient(pass.from_input(pass.units), gradients.candidate, call.inputs[kGruCandidateWeights],
                              part);
  simd().add(pass.input_floats(), part, sum);
  swap_outer(pass.steps, pass.batch, pass.inputs, sum, dx);
}

int64_t saved_floats(const FloatCall& call) {
  return Pass(call).step_floats();
}

// The input time major, what forward saves in training, the gradients of the sums (in a Steps), dy time major, and two
// blocks or two inputs. Forward uses the first two and two blocks.
int64_t workspace_floats(const FloatCall& call) {
  const Pass pass(call);
  return pass.input_floats() + 2 * pass.step_floats() + pass.all() + 2 * std::max(pass.block(), pass.input_floats());
}

void forward(const FloatCall& call) {
  const Pass pass(call);
  float *const x = call.workspace, *const memory = x + pass.input_floats();
  swap_outer(pass.batch, pass.steps, pass.inputs, call.inputs[kGruX], x);
  const Steps steps = pass.steps_at(call.training ? call.saved : memory);
  run_steps(call, pass, x, steps, memory + pass.step_floats());
  if (pass.sequences)
    swap_outer(pass.steps, pass.batch, pass.units, steps.hidden, call.outputs[0]);
  else
    std::copy_n(steps.hidden + pass.block() * (pass.steps - 1), pass.block(), call.outputs[0]);
}

void backward(const FloatCall& call) {
  const Pass pass(call);
  float *const x = call.workspace, *memory = x + pass.input_floats();
  swap_outer(pass.batch, pass.steps, pass.inputs, call.inputs[kGruX], x);
  const Steps steps = pass.steps_at(call.training ? call.saved : memory);
  memory += pass.step_floats();
  if (!call.training) run_steps(call, pass, x, steps, memory);
  const Steps gradients = pass.steps_at(memory);
  memory += pass.step_floats();
  const float* dy = call.output_gradients[0];
  if (pass.sequences) {
    swap_outer(pass.batch, pass.steps, pass.units, dy, memory);
    dy = memory;
  }
  memory += pass.all();
  differentiate_steps(call, pass, steps, dy, gradients, memory);
  parameter_gradients(
      call, pass, {kGruGateWeights, kGruGateRecurrent, kGruGateBias, 2 * pass.units, gradients.gates, steps.hidden}, x);
  parameter_gradients(call, pass,
                      {kGruCandidateWeights, kGruCandidateRecurrent, kGruCandidateBias, pass.units, gradients.candidate,
                       steps.reset + pass.block()},
                      x);
  input_gradient(call, pass, gradients, memory);
}

std::vector<Shape> input_shapes(int32_t batch, int32_t steps, int32_t inputs, int32_t units) {
  return {make_shape({batch, steps, inputs}),
          make_shape({2 * units, inputs}),
          make_shape({2 * units, units}),
          make_shape({2 * units}),
          make_shape({units, inputs}),
          make_shape({units, units}),
          make_shape({units})};
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  constexpr const char* kNames[] = {"input",
                                    "weights of the gates",
                                    "recurrent weights of the gates",
                                    "bias of the gates",
                                    "weights of the candidate",
                                    "recurrent weights of the candidate",
                                    "bias of the candidate"};
  MOTE_CHECK(expect_inputs(inputs, kGruInputs, kGruInputs));
  for (size_t i = 0; i < kGruInputs; ++i) MOTE_CHECK(expect_type(inputs, i, kNames[i], {DType::float32}));
  const Shape &x = inputs[kGruX].shape, &weights = inputs[kGruCandidateWeights].shape;
  if (x.rank != 3 || x[1] < 1 || x[2] < 1)
    return input_error(fmt::format("its input has shape {}; expected [batch, steps, inputs]", to_string(x)));
  if (weights.rank != 2 || weights[0] < 1)
    return input_error(fmt::format("the {} have shape {}; expected [units, inputs]", kNames[kGruCandidateWeights],
                                   to_string(weights)));
  const std::vector<Shape> expected = input_shapes(x[0], x[1], x[2], weights[0]);
  for (size_t i = 1; i < kGruInputs; ++i)
    if (inputs[i].shape != expected[i])
      return input_error(fmt::format("the {} (input {}) have shape {}; expected {} for {} units and {} inputs",
                                     kNames[i], i, to_string(inputs[i].shape), to_string(expected[i]), weights[0],
                                     x[2]));
  return std::vector{attributes.as<GruAttributes>().return_sequences ? make_shape({x[0], x[1], weights[0]})
                                                                     : make_shape({x[0], weights[0]})};
}

// Three products with the input and with the state at each step; none with the state at the first.
OpCost cost(const Attributes&, std::span<const Shape> inputs, std::span<const Shape>) {
  const Shape& x = inputs[kGruX];
  const int64_t batch = x[0], steps = x[1], units = inputs[kGruCandidateWeights][0];
  return {3 * batch * units * (steps * x[2] + (steps - 1) * units), 0};
}

OpCase make_case(const char* name, int32_t batch, int32_t steps, int32_t inputs, int32_t units, bool sequences) {
  OpCase result;
  result.name = name;
  result.attributes = Attributes::of(GruAttributes{sequences});
  result.inputs = input_shapes(batch, steps, inputs, units);
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", 1, 1, 1, 1, false),       make_case("one_step", 3, 1, 2, 4, true),
          make_case("last", 2, 5, 3, 4, false),      make_case("sequences", 2, 5, 3, 4, true),
          make_case("wide_input", 3, 3, 9, 2, true), make_case("rows_of_an_image", 1, 28, 28, 20, false)};
}

OpCase random_case(Random& random) {
  const int32_t batch = random_dim(random), steps = random_dim(random), inputs = random_dim(random);
  OpCase result = make_case("random", batch, steps, inputs, random_dim(random), random.below(2) == 1);
  result.seed = static_cast<uint32_t>(random.bits());
  return result;
}

constexpr OpDef kDef = {
    .name = "gru",
    .tflite_name = "GRU",
    .tflite_code = kTrainingOnly,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<GruAttributes>,
    .visit = visit_attributes<GruAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = workspace_floats,
    .quant = {{InputRole::activation, InputRole::weights, InputRole::weights, InputRole::bias, InputRole::weights,
               InputRole::weights, InputRole::bias},
              0,
              OutputRule::free,
              0,
              0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = nullptr,
    .kernels = {},
    .emit = nullptr,
    .cases = cases,
    .random_case = random_case,
    .float_saved = saved_floats,
};

}  // namespace gru_op
}  // namespace

extern const OpDef gru_def;
const OpDef gru_def = gru_op::kDef;

}  // namespace mote
