// LSTM over a sequence, whose hidden and cell state (variables) last from one call to the next. At each step, with
// input x and hidden state h, for every unit:
//
//   f, i, o = logistic(W x + b + R h) of the forget, input and output gates,  g = tanh(W x + b + R h) of the cell gate
//   cell = clip(f cell + i g),  h = o tanh(cell), which is the output of the step
//
// Layouts: input [batches, steps, inputs], or [steps, batches, inputs] when time_major, weights W [units, inputs], R
// [units, units], biases [units], both states batches * units numbers, output as the input with units last. No
// peepholes, projection or layer normalisation, and no gate left out.
// int8: weights symmetric, per tensor; biases int32; the gates' sums int16 in Q3.12, their values in Q0.15; the cell
// int16 with a power of two as scale; the hidden state int8, quantized as the output. Source: TFLite Micro's
// micro/kernels/lstm_eval.h and lstm_eval_common.cc.
#pragma once
#include "device/bits.h"
#include "device/float_math.h"
#include "device/kernel.h"
#include "device/requantize.h"
#include "device/sigmoid_table.h"
#include "ops/fully_connected/offset_dot.h"

namespace mote {

constexpr int32_t kUnidirectionalSequenceLstmCode = 44;

struct UnidirectionalSequenceLstmAttributes {
  Activation activation = Activation::none;
  float cell_clip = 0;  // 0: none
  float proj_clip = 0;
  bool time_major = false;
  bool asymmetric_quantize_inputs = false;  // concerns hybrid models only
  bool diagonal_recurrent_tensors = false;
};

template <class V>
void visit(V& v, UnidirectionalSequenceLstmAttributes& a) {
  v.field(0, "fused_activation_function", a.activation);
  v.field(1, "cell_clip", a.cell_clip);
  v.field(2, "proj_clip", a.proj_clip);
  v.field(3, "time_major", a.time_major);
  v.field(4, "asymmetric_quantize_inputs", a.asymmetric_quantize_inputs);
  v.field(5, "diagonal_recurrent_tensors", a.diagonal_recurrent_tensors);
}

// The gates in the order of the file's inputs.
constexpr int32_t kInputGate = 0, kForgetGate = 1, kCellGate = 2, kOutputGate = 3, kLstmGates = 4;

// Places among the node's inputs; the first of kLstmGates.
constexpr int32_t kLstmWeights = 1, kLstmRecurrent = 5, kLstmBiases = 12, kLstmHidden = 18, kLstmCell = 19;
constexpr int32_t kLstmInputs = 24;

// Of those, the ones that this operator takes; the others have to be absent.
constexpr bool is_lstm_input(int32_t i) {
  return i < kLstmRecurrent + kLstmGates || (i >= kLstmBiases && i < kLstmBiases + kLstmGates) || i == kLstmHidden ||
         i == kLstmCell;
}

struct LstmSize {
  int32_t batches, steps, inputs, units;
  int32_t time_major;
};

// `shape_of(i)` gives the shape of input i. False: the shapes do not belong together.
template <class ShapeOf>
bool lstm_size(bool time_major, const ShapeOf& shape_of, LstmSize& size) {
  const Shape input = shape_of(0), weights = shape_of(kLstmWeights);
  if (input.rank != 3 || weights.rank != 2 || weights[0] < 1) return false;
  size = LstmSize{input[time_major ? 1 : 0], input[time_major ? 0 : 1], input[2], weights[0], time_major ? 1 : 0};
  for (int32_t gate = 0; gate < kLstmGates; ++gate) {
    const Shape w = shape_of(kLstmWeights + gate), r = shape_of(kLstmRecurrent + gate);
    if (w.rank != 2 || w[0] != size.units || w[1] != size.inputs || r.rank != 2 || r[0] != size.units ||
        r[1] != size.units || shape_of(kLstmBiases + gate).elements() != size.units)
      return false;
  }
  const int64_t state = int64_t{size.batches} * size.units;
  return shape_of(kLstmHidden).elements() == state && shape_of(kLstmCell).elements() == state;
}

inline Shape lstm_output(const Shape& input, const LstmSize& size) {
  Shape output = input;
  output.dims[2] = size.units;
  return output;
}

struct LstmInt8 {
  LstmSize size;
  Multiplier weights[kLstmGates], recurrent[kLstmGates];
  Multiplier forgotten, added, hidden;
  int32_t input_zero_point, hidden_zero_point;
  int32_t cell_factor, cell_shift;  // cell * factor, shifted right with rounding, is 3 times the cell in Q19.12
  int32_t clip;                     // of the cell; 0 = none
};

struct LstmFloat32 {
  LstmSize size;
  float clip;  // 0 = none
};

// The constants of a call, by gate.
template <class Weight, class Bias>
struct LstmConstants {
  const Weight* weights[kLstmGates];
  const Weight* recurrent[kLstmGates];
  const Bias* biases[kLstmGates];
};

// What a gate of one unit sums, in Q3.12, from W x + b and R h.
inline int32_t lstm_sum(const LstmInt8& p, int32_t gate, int32_t from_input, int32_t from_hidden) {
  const Multiplier a = p.weights[gate], b = p.recurrent[gate];
  return saturate_int16(saturate_int16(requantize(from_input, a.multiplier, a.shift)) +
                        saturate_int16(requantize(from_hidden, b.multiplier, b.shift)));
}

constexpr int32_t kLstmBlock = 4;  // units whose sums are made at a time

// What `count` units of a gate, from `unit` on, sum: W x + b + R h in Q3.12.
inline void lstm_sums(const LstmInt8& p, const LstmConstants<int8_t, int32_t>& c, int32_t gate, int32_t unit,
                      int32_t count, const int8_t* x, const int8_t* h, int32_t* sums) {
  const LstmSize& size = p.size;
  int32_t from_hidden[kLstmBlock];
  offset_dots(x, -p.input_zero_point, c.weights[gate] + unit * size.inputs, size.inputs, count, sums);
  offset_dots(h, -p.hidden_zero_point, c.recurrent[gate] + unit * size.units, size.units, count, from_hidden);
  for (int32_t i = 0; i < count; ++i)
    sums[i] = lstm_sum(p, gate, wrapping_add(sums[i], c.biases[gate][unit + i]), from_hidden[i]);
}

inline float lstm_sum(const LstmFloat32& p, const LstmConstants<float, float>& c, int32_t gate, int32_t unit,
                      const float* x, const float* h) {
  const float* const w = c.weights[gate] + unit * p.size.inputs;
  const float* const r = c.recurrent[gate] + unit * p.size.units;
  float from_input = 0, from_hidden = 0;
  for (int32_t i = 0; i < p.size.inputs; ++i) from_input += x[i] * w[i];
  for (int32_t i = 0; i < p.size.units; ++i) from_hidden += h[i] * r[i];
  return from_input + c.biases[gate][unit] + from_hidden;
}

// Of one unit, after their functions, in Q0.15.
struct LstmGates {
  int32_t input, forget, candidate, output;
};

// From the gates' sums, which are kLstmBlock apart.
inline LstmGates lstm_gates(const int32_t* sums) {
  const auto sum = [sums](int32_t gate) { return sums[gate * kLstmBlock]; };
  const int32_t forget = logistic_q15(3 * sum(kForgetGate)), input = logistic_q15(3 * sum(kInputGate));
  const int32_t candidate = tanh_q15(3 * sum(kCellGate)), output = logistic_q15(3 * sum(kOutputGate));
  return {input, forget, candidate, output};
}

// The cell after a step, from that before it.
inline int32_t lstm_cell(const LstmInt8& p, const LstmGates& gates, int32_t cell) {
  const auto scaled = [](int32_t value, Multiplier m) { return requantize(value, m.multiplier, m.shift); };
  const int32_t value = saturate_int16(saturate_int16(scaled(gates.forget * cell, p.forgotten)) +
                                       saturate_int16(scaled(gates.input * gates.candidate, p.added)));
  return p.clip > 0 ? clamp(value, -p.clip, p.clip) : value;
}

// The hidden value as it is stored, but for the limits of int8.
inline int32_t lstm_hidden(const LstmInt8& p, const LstmGates& gates, int32_t cell) {
  const int32_t round = p.cell_shift > 0 ? int32_t{1} << (p.cell_shift - 1) : 0;
  const int32_t activated = tanh_q15((cell * p.cell_factor + round) >> p.cell_shift);
  return wrapping_add(requantize(activated * gates.output, p.hidden.multiplier, p.hidden.shift), p.hidden_zero_point);
}

// One unit, from the sums of its gates: renews its cell and gives its hidden value.
inline int8_t lstm_unit(const LstmInt8& p, const int32_t* sums, int16_t& cell) {
  const LstmGates gates = lstm_gates(sums);
  cell = static_cast<int16_t>(lstm_cell(p, gates, cell));
  return static_cast<int8_t>(clamp(lstm_hidden(p, gates, cell), -128, 127));
}

// All units of a step; `x` and `h` are whole rows.
inline void lstm_step(const LstmInt8& p, const LstmConstants<int8_t, int32_t>& c, const int8_t* x, const int8_t* h,
                      int16_t* cells, int8_t* y) {
  int32_t sums[kLstmGates * kLstmBlock];
  for (int32_t unit = 0; unit < p.size.units; unit += kLstmBlock) {
    const int32_t left = p.size.units - unit, count = left < kLstmBlock ? left : kLstmBlock;
    for (int32_t gate = 0; gate < kLstmGates; ++gate)
      lstm_sums(p, c, gate, unit, count, x, h, sums + gate * kLstmBlock);
    for (int32_t i = 0; i < count; ++i) y[unit + i] = lstm_unit(p, sums + i, cells[unit + i]);
  }
}

inline float lstm_unit(const LstmFloat32& p, const LstmConstants<float, float>& c, int32_t unit, const float* x,
                       const float* h, float& cell) {
  const auto sum = [&](int32_t gate) { return lstm_sum(p, c, gate, unit, x, h); };
  const float kept = logistic_float(sum(kForgetGate)) * cell;
  float value = kept + logistic_float(sum(kInputGate)) * tanh_float(sum(kCellGate));
  if (p.clip > 0) value = value < -p.clip ? -p.clip : value > p.clip ? p.clip : value;
  cell = value;
  return tanh_float(value) * logistic_float(sum(kOutputGate));
}

inline void lstm_step(const LstmFloat32& p, const LstmConstants<float, float>& c, const float* x, const float* h,
                      float* cells, float* y) {
  for (int32_t unit = 0; unit < p.size.units; ++unit) y[unit] = lstm_unit(p, c, unit, x, h, cells[unit]);
}

// A step writes its output first, because every unit still needs the hidden state of the step before.
template <class Parameters, class Value, class Bias, class Cell>
void lstm_run(const Parameters& p, const Value* input, const LstmConstants<Value, Bias>& constants, Value* hidden,
              Cell* cells, Value* output) {
  const LstmSize& size = p.size;
  for (int32_t batch = 0; batch < size.batches; ++batch, hidden += size.units, cells += size.units) {
    for (int32_t step = 0; step < size.steps; ++step) {
      const int32_t row = size.time_major != 0 ? step * size.batches + batch : batch * size.steps + step;
      Value* const y = output + row * size.units;
      lstm_step(p, constants, input + row * size.inputs, hidden, cells, y);
      for (int32_t unit = 0; unit < size.units; ++unit) hidden[unit] = y[unit];
    }
  }
}

constexpr Status lstm_check_options(const UnidirectionalSequenceLstmAttributes& a) {
  return a.activation == Activation::tanh && a.proj_clip == 0 && !a.diagonal_recurrent_tensors
             ? Status::ok
             : Status::unsupported_option;
}

// The power of two that the scale is. False: it is none.
inline bool exact_log2(uint32_t scale, int32_t& power) {
  power = static_cast<int32_t>(scale >> 23) - 127;
  return (scale & 0x7FFFFF) == 0;
}

// The cell's scale and clip. False: the scale is no power of two from 2^-31 to 2^2.
inline bool lstm_cell_setup(const TensorInfo& cell, float clip, LstmInt8& p) {
  int32_t power = 0;
  if (!is_per_tensor(cell) || !exact_log2(float_bits_at(cell.quantization.scales), power)) return false;
  if (power < -31 || power > 2) return false;
  const int32_t left = power + 12;
  p.cell_factor = left < 0 ? 3 : 3 * (int32_t{1} << left);
  p.cell_shift = left < 0 ? -left : 0;
  p.clip = 0;
  if (!(clip > 0)) return true;
  const Real steps = real_from_float_bits(float_bits(clip));
  const int32_t exponent = steps.exponent - power;  // towards zero, at most 32767
  if (bit_length(steps.mantissa) + exponent > 15)
    p.clip = 32767;
  else if (exponent > -32)
    p.clip = exponent >= 0 ? static_cast<int32_t>(steps.mantissa << exponent)
                           : static_cast<int32_t>(steps.mantissa >> -exponent);
  return true;
}

inline bool lstm_gate(const TensorInfo& rows, const TensorInfo& weights, Multiplier& out) {
  constexpr uint32_t kGateScale = 0x39800000u;  // 2^-12
  return is_per_tensor(weights) && weights.quantization.zero_point == 0 &&
         multiplier_per_tensor(float_bits_at(rows.quantization.scales), float_bits_at(weights.quantization.scales),
                               kGateScale, out);
}

// `info_of(i)` gives input i, for those of is_lstm_input().
template <class InfoOf>
Status lstm_scales(const UnidirectionalSequenceLstmAttributes& a, const InfoOf& info_of, const TensorInfo& output,
                   LstmInt8& p) {
  const TensorInfo input = info_of(0), hidden = info_of(kLstmHidden), cell = info_of(kLstmCell);
  if (!is_per_tensor(input) || !is_per_tensor(hidden) || !is_per_tensor(output) || !same_quantization(hidden, output) ||
      !lstm_cell_setup(cell, a.cell_clip, p))
    return Status::bad_quantization;
  for (int32_t gate = 0; gate < kLstmGates; ++gate)
    if (!lstm_gate(input, info_of(kLstmWeights + gate), p.weights[gate]) ||
        !lstm_gate(hidden, info_of(kLstmRecurrent + gate), p.recurrent[gate]))
      return Status::bad_quantization;
  constexpr uint32_t kUnit = 0x38000000u;  // 2^-15
  const uint32_t cell_scale = float_bits_at(cell.quantization.scales);
  if (!multiplier_per_channel(kUnit, cell_scale, cell_scale, p.forgotten) ||
      !multiplier_per_channel(kUnit, kUnit, cell_scale, p.added) ||
      !multiplier_per_channel(kUnit, kUnit, float_bits_at(hidden.quantization.scales), p.hidden))
    return Status::bad_quantization;
  p.input_zero_point = input.quantization.zero_point;
  p.hidden_zero_point = hidden.quantization.zero_point;
  return Status::ok;
}

template <class InfoOf>
Status lstm_scales(const UnidirectionalSequenceLstmAttributes& a, const InfoOf&, const TensorInfo&, LstmFloat32& p) {
  p.clip = a.cell_clip;
  return Status::ok;
}

struct LstmTypes {
  DType activation, weights, bias, cell;
  constexpr DType of(int32_t input) const {
    return input == 0 || input == kLstmHidden ? activation
           : input == kLstmCell               ? cell
           : input >= kLstmBiases             ? bias
                                              : weights;
  }
};
constexpr LstmTypes lstm_types(const LstmInt8&) {
  return {DType::int8, DType::int8, DType::int32, DType::int16};
}
constexpr LstmTypes lstm_types(const LstmFloat32&) {
  return {DType::float32, DType::float32, DType::float32, DType::float32};
}

template <class InfoOf, class Parameters>
Status lstm_setup(const UnidirectionalSequenceLstmAttributes& a, const InfoOf& info_of, const TensorInfo& output,
                  Parameters& p) {
  const LstmTypes types = lstm_types(p);
  for (int32_t i = 0; i <= kLstmCell; ++i)
    if (is_lstm_input(i) && info_of(i).type != types.of(i)) return Status::unsupported_type;
  if (output.type != types.activation) return Status::unsupported_type;
  const Status options = lstm_check_options(a);
  if (options != Status::ok) return options;
  if (!lstm_size(
          a.time_major, [&](int32_t i) { return info_of(i).shape; }, p.size) ||
      output.shape != lstm_output(info_of(0).shape, p.size))
    return Status::unsupported_shape;
  return lstm_scales(a, info_of, output, p);
}

template <class Parameters>
Status prepare_lstm(PrepareContext& node) {
  if (node.output_count() != 1 || node.input_count() <= kLstmCell) return Status::unsupported_shape;
  for (int32_t i = 0; i < node.input_count(); ++i)
    if (node.has_input(i) != (i < kLstmInputs && is_lstm_input(i))) return Status::unsupported_option;
  UnidirectionalSequenceLstmAttributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  if (!node.input(kLstmHidden).variable || !node.input(kLstmCell).variable) return Status::bad_model;
  Parameters p;
  const Status status = lstm_setup(
      attributes, [&](int32_t i) { return node.input(i); }, node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class Parameters, class Value, class Bias, class Cell>
void invoke_lstm(const InvokeContext& node) {
  LstmConstants<Value, Bias> constants;
  for (int32_t gate = 0; gate < kLstmGates; ++gate) {
    constants.weights[gate] = node.input<Value>(kLstmWeights + gate);
    constants.recurrent[gate] = node.input<Value>(kLstmRecurrent + gate);
    constants.biases[gate] = node.input<Bias>(kLstmBiases + gate);
  }
  lstm_run(node.data<Parameters>(), node.input<Value>(0), constants, node.variable<Value>(kLstmHidden),
           node.variable<Cell>(kLstmCell), node.output<Value>(0));
}

constexpr Kernel unidirectional_sequence_lstm_int8 = {kUnidirectionalSequenceLstmCode,
                                                      DType::int8,
                                                      DType::int8,
                                                      false,
                                                      prepare_lstm<LstmInt8>,
                                                      invoke_lstm<LstmInt8, int8_t, int32_t, int16_t>};
constexpr Kernel unidirectional_sequence_lstm_float32 = {kUnidirectionalSequenceLstmCode,
                                                         DType::float32,
                                                         DType::float32,
                                                         false,
                                                         prepare_lstm<LstmFloat32>,
                                                         invoke_lstm<LstmFloat32, float, float, float>};

}  // namespace mote
