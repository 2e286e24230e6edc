// Backpropagation through time (Werbos 1990) over the equations in the device header. Inside, all is time major,
// [steps, batches, ...]: the products with the inputs of all steps are one, and a step is a block.
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm_float.h"

#include <algorithm>
#include <cmath>

#include "device/float_math.h"
#include "ops/time_major.h"

namespace mote {

LstmPass::LstmPass(const FloatCall& call) {
  const auto options = call.attributes->as<UnidirectionalSequenceLstmAttributes>();
  lstm_size(
      options.time_major, [&](int32_t i) { return call.input_shapes[static_cast<size_t>(i)]; }, size);
  rows = size.steps * size.batches;
  block = int64_t{size.batches} * size.units;
  clip = options.cell_clip;
}

LstmSteps LstmPass::steps_at(float* memory) const {
  LstmSteps steps{};
  for (float*& gate : steps.gates) gate = memory, memory += all();
  steps.cells = memory;
  steps.hidden = memory + all();
  return steps;
}

namespace {

// Outside, hidden values are clipped.
struct Limits {
  float low = -__builtin_inff(), high = __builtin_inff();
};

const float* weights(const FloatCall& call, int32_t first, int32_t gate) {
  return call.inputs[static_cast<size_t>(first + gate)];
}

// The input, time major; `memory` holds it when the call's is not.
const float* time_major_input(const FloatCall& call, const LstmPass& pass, float* memory) {
  if (pass.size.time_major != 0) return call.inputs[0];
  swap_outer(pass.size.batches, pass.size.steps, pass.size.inputs, call.inputs[0], memory);
  return memory;
}

// From the gates' sums in `steps` to their values, and on to the cell and the hidden state of step `t`.
void activate(const LstmPass& pass, const LstmSteps& steps, int32_t t) {
  const int64_t first = pass.block * t;
  for (int64_t n = first; n < first + pass.block; ++n) {
    float &input = steps.gates[kInputGate][n], &forget = steps.gates[kForgetGate][n];
    float &candidate = steps.gates[kCellGate][n], &output = steps.gates[kOutputGate][n];
    input = logistic_float(input), forget = logistic_float(forget), output = logistic_float(output);
    candidate = tanh_float(candidate);
    float cell = (t > 0 ? forget * steps.cells[n - pass.block] : 0.0f) + input * candidate;
    if (pass.clip > 0) cell = std::clamp(cell, -pass.clip, pass.clip);
    steps.cells[n] = cell;
    steps.hidden[n] = tanh_float(cell) * output;
  }
}

// Everything from time-major input `x` into `steps`. `part`: a block.
void run_steps(const FloatCall& call, const LstmPass& pass, const float* x, const LstmSteps& steps, float* part) {
  for (int32_t gate = 0; gate < kLstmGates; ++gate)
    simd().dense_forward(pass.from_input(), x, weights(call, kLstmWeights, gate), weights(call, kLstmBiases, gate), {},
                         steps.gates[gate]);
  for (int32_t t = 0; t < pass.size.steps; ++t) {
    for (int32_t gate = 0; gate < kLstmGates && t > 0; ++gate) {
      simd().dense_forward(pass.from_hidden(1), steps.hidden + pass.block * (t - 1),
                           weights(call, kLstmRecurrent, gate), nullptr, {}, part);
      simd().add(pass.block, part, steps.gates[gate] + pass.block * t);
    }
    activate(pass, steps, t);
  }
}

// Gradients of the gates' sums of step `t`. `hidden`: of the loss by this step's hidden state; `cells`: by its cell
// through later steps, and on return by the cell before it.
void differentiate(const LstmPass& pass, const LstmSteps& steps, Limits limits, int32_t t, const float* hidden,
                   float* cells, const LstmSteps& gradients) {
  const int64_t first = pass.block * t;
  for (int64_t i = 0; i < pass.block; ++i) {
    const int64_t n = first + i;
    const float input = steps.gates[kInputGate][n], forget = steps.gates[kForgetGate][n];
    const float candidate = steps.gates[kCellGate][n], output = steps.gates[kOutputGate][n];
    const float cell = steps.cells[n], before = t > 0 ? steps.cells[n - pass.block] : 0.0f;
    const float bent = tanh_float(cell);
    const float made = bent * output, dhidden = made < limits.low || made > limits.high ? 0.0f : hidden[i];
    const bool clipped = pass.clip > 0 && (cell <= -pass.clip || cell >= pass.clip);
    const float dcell = clipped ? 0.0f : cells[i] + dhidden * output * (1 - bent * bent);
    gradients.gates[kOutputGate][n] = dhidden * bent * output * (1 - output);
    gradients.gates[kInputGate][n] = dcell * candidate * input * (1 - input);
    gradients.gates[kForgetGate][n] = dcell * before * forget * (1 - forget);
    gradients.gates[kCellGate][n] = dcell * input * (1 - candidate * candidate);
    cells[i] = dcell * forget;
  }
}

// All steps, last first. `state`: 3 blocks.
void differentiate_steps(const FloatCall& call, const LstmPass& pass, const LstmSteps& steps, Limits limits,
                         const float* dy, const LstmSteps& gradients, float* state) {
  float *const hidden = state, *const cells = hidden + pass.block, *const part = cells + pass.block;
  std::fill_n(state, 3 * pass.block, 0.0f);
  for (int32_t t = pass.size.steps - 1; t >= 0; --t) {
    simd().add(pass.block, dy + pass.block * t, hidden);
    differentiate(pass, steps, limits, t, hidden, cells, gradients);
    for (int32_t gate = 0; gate < kLstmGates && t > 0; ++gate) {
      simd().dense_input_gradient(pass.from_hidden(1), gradients.gates[gate] + pass.block * t,
                                  weights(call, kLstmRecurrent, gate), gate == 0 ? hidden : part);
      if (gate > 0) simd().add(pass.block, part, hidden);
    }
  }
}

void parameter_gradients(const FloatCall& call, const LstmPass& pass, const LstmSteps& steps,
                         const LstmSteps& gradients, const float* x) {
  for (int32_t gate = 0; gate < kLstmGates; ++gate) {
    const auto wanted = [&](int32_t first) { return call.input_gradients[static_cast<size_t>(first + gate)]; };
    const float* const sums = gradients.gates[gate];
    if (float* const dw = wanted(kLstmWeights)) simd().dense_weight_gradient(pass.from_input(), sums, x, dw);
    if (float* const db = wanted(kLstmBiases)) simd().column_sums(pass.rows, pass.size.units, sums, db);
    float* const dr = wanted(kLstmRecurrent);
    if (dr == nullptr) continue;
    std::fill_n(dr, int64_t{pass.size.units} * pass.size.units, 0.0f);  // of a single step
    if (pass.size.steps > 1)
      simd().dense_weight_gradient(pass.from_hidden(pass.size.steps - 1), sums + pass.block, steps.hidden, dr);
  }
}

// `parts`: rows * inputs floats twice.
void input_gradient(const FloatCall& call, const LstmPass& pass, const LstmSteps& gradients, float* parts) {
  float* const dx = call.input_gradients[0];
  if (dx == nullptr) return;
  const int64_t n = int64_t{pass.rows} * pass.size.inputs;
  float *const sum = pass.size.time_major != 0 ? dx : parts, *const part = parts + n;
  for (int32_t gate = 0; gate < kLstmGates; ++gate) {
    simd().dense_input_gradient(pass.from_input(), gradients.gates[gate], weights(call, kLstmWeights, gate),
                                gate == 0 ? sum : part);
    if (gate > 0) simd().add(n, part, sum);
  }
  if (sum != dx) swap_outer(pass.size.steps, pass.size.batches, pass.size.inputs, sum, dx);
}

void backward(const FloatCall& call, Limits limits) {
  const LstmPass pass(call);
  float* memory = call.workspace;
  const float* const x = time_major_input(call, pass, memory);
  memory += pass.input_floats();
  const LstmSteps steps = pass.steps_at(call.training ? call.saved : memory);
  memory += pass.step_floats();
  if (!call.training) run_steps(call, pass, x, steps, memory);
  const LstmSteps gradients = pass.steps_at(memory);
  memory += pass.step_floats();
  const float* dy = call.output_gradients[0];
  if (pass.size.time_major == 0) {
    swap_outer(pass.size.batches, pass.size.steps, pass.size.units, dy, memory);
    dy = memory;
  }
  memory += pass.all();
  differentiate_steps(call, pass, steps, limits, dy, gradients, memory);
  parameter_gradients(call, pass, steps, gradients, x);
  input_gradient(call, pass, gradients, memory);
}

}  // namespace

int64_t lstm_saved(const FloatCall& call) {
  return LstmPass(call).step_floats();
}

// The input time major, what forward saves in training, the gradients of the gates (in an LstmSteps), dy time major,
// and three blocks or two inputs. Forward uses the first two and one block.
int64_t lstm_workspace(const FloatCall& call) {
  const LstmPass pass(call);
  const int64_t last = std::max(3 * pass.block, 2 * int64_t{pass.rows} * pass.size.inputs);
  return pass.input_floats() + 2 * pass.step_floats() + pass.all() + last;
}

void lstm_forward(const FloatCall& call) {
  const LstmPass pass(call);
  const float* const x = time_major_input(call, pass, call.workspace);
  float* const memory = call.workspace + pass.input_floats();
  const LstmSteps steps = pass.steps_at(call.training ? call.saved : memory);
  run_steps(call, pass, x, steps, memory + pass.step_floats());
  if (pass.size.time_major != 0)
    std::copy_n(steps.hidden, pass.all(), call.outputs[0]);
  else
    swap_outer(pass.size.steps, pass.size.batches, pass.size.units, steps.hidden, call.outputs[0]);
}

void lstm_backward(const FloatCall& call) {
  backward(call, {});
}

void lstm_backward_within(const FloatCall& call, float low, float high) {
  FloatCall saved = call;
  saved.training = true;
  backward(saved, {low, high});
}

std::optional<float> lstm_cell_scale(const UnidirectionalSequenceLstmAttributes& attributes) {
  const float clip = attributes.cell_clip;
  if (!(clip > 0) || clip > 65536) return std::nullopt;
  return std::exp2(std::ceil(std::log2(clip)) - 15);
}

}  // namespace mote
