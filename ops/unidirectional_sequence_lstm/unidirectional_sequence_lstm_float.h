// The float form of an LSTM on the host, forward and backward through time. Host only.
#pragma once
#include <optional>

#include "ops/op.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

void lstm_forward(const FloatCall& call);
void lstm_backward(const FloatCall& call);
int64_t lstm_workspace(const FloatCall& call);
int64_t lstm_saved(const FloatCall& call);

// The scale of the int8 form's cell, a power of two; none when nothing clips the cell.
std::optional<float> lstm_cell_scale(const UnidirectionalSequenceLstmAttributes& attributes);

// For fake_quantize_lstm, whose forward gives other numbers.

// What forward computes of every step: the gates after their functions, the cell and the hidden state, each [steps,
// batches, units].
struct LstmSteps {
  float* gates[kLstmGates];
  float *cells, *hidden;
};

struct LstmPass {
  LstmSize size{};
  int32_t rows = 0;   // steps * batches
  int64_t block = 0;  // batches * units, floats of a step
  float clip = 0;

  explicit LstmPass(const FloatCall& call);
  int64_t all() const { return block * size.steps; }
  int64_t input_floats() const { return size.time_major != 0 ? 0 : int64_t{rows} * size.inputs; }
  int64_t step_floats() const { return (kLstmGates + 2) * all(); }
  DenseSize from_input() const { return {rows, size.inputs, size.units}; }
  DenseSize from_hidden(int32_t steps) const { return {steps * size.batches, size.units, size.units}; }
  LstmSteps steps_at(float* memory) const;
};

// lstm_backward() from the steps in call.saved. The loss has no gradient by a hidden value outside [low, high].
void lstm_backward_within(const FloatCall& call, float low, float high);

}  // namespace mote
