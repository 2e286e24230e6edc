// SVDF: a fully connected layer of rank-`rank` filters over features and time. Every call takes one frame; a state
// tensor, a variable, keeps the last `memory` projections of each filter.
//
//   state[b][f][0 .. memory-2] = state[b][f][1 ..],  state[b][f][memory-1] = sum_i input[b][i] * features[f][i]
//   output[b][u] = activation(bias[u] + sum of state[b][f][t] * times[f][t] over t and the filters f of unit u)
//
// Layouts: input [batches, inputs], features [filters, inputs], times [filters, memory], bias [units] or absent, state
// [batches, filters * memory], output [batches, units]; filters = units * rank. int8: features int8, times and state
// int16 or int8, bias int32; weights symmetric, per tensor. The projection is requantized to the state's scale, the sum
// to the output's; both ratios of scales are rounded to floats. The activation does not appear: it is in the output's
// range. Source: TFLite Micro's micro/kernels/svdf_common.cc.
#pragma once
#include "device/activation.h"
#include "device/kernel.h"
#include "device/requantize.h"
#include "ops/fully_connected/offset_dot.h"

namespace mote {

constexpr int32_t kSvdfCode = 27;

struct SvdfAttributes {
  int32_t rank = 1;
  Activation activation = Activation::none;
  bool asymmetric_quantize_inputs = false;  // concerns hybrid models only
};

template <class V>
void visit(V& v, SvdfAttributes& a) {
  v.field(0, "rank", a.rank);
  v.field(1, "fused_activation_function", a.activation);
  v.field(2, "asymmetric_quantize_inputs", a.asymmetric_quantize_inputs);
}

struct SvdfSize {
  int32_t batches, inputs, units, rank, memory;
};

// False: the shapes do not belong together.
constexpr bool svdf_size(const SvdfAttributes& a, const Shape& input, const Shape& features, const Shape& times,
                         const Shape& state, SvdfSize& size) {
  if (input.rank != 2 || features.rank != 2 || times.rank != 2 || state.rank != 2) return false;
  if (a.rank < 1 || features[0] < 1 || features[0] % a.rank != 0 || times[1] < 1) return false;
  size = SvdfSize{input[0], input[1], features[0] / a.rank, a.rank, times[1]};
  return features[1] == input[1] && times[0] == features[0] && state[0] == input[0] &&
         int64_t{state[1]} == int64_t{features[0]} * times[1];
}

constexpr int64_t svdf_macs(const Shape& input, const Shape& features, const Shape& times) {
  return int64_t{input[0]} * features[0] * (features[1] + times[1]);
}

struct SvdfInt8 {
  SvdfSize size;
  Multiplier projection, output;
  int32_t input_zero_point, state_zero_point, output_zero_point;
  int32_t wide;  // 1: times and state are int16
};

struct SvdfFloat32 {
  SvdfSize size;
  float low, high;
};

// Makes room for the newest projection of every filter.
template <class T>
void svdf_shift(T* state, int32_t count) {
  for (int32_t i = 0; i + 1 < count; ++i) state[i] = state[i + 1];
}

// One projection's sum in the state's integers.
template <class T>
T svdf_project(const SvdfInt8& p, int32_t sum) {
  constexpr int32_t kHigh = sizeof(T) == 2 ? 32767 : 127;
  const int32_t scaled = requantize(sum, p.projection.multiplier, p.projection.shift);
  return static_cast<T>(p.state_zero_point + clamp(scaled, -kHigh - 1, kHigh));
}

// The sum of (state - zero_point) * time over the memory, wrapping.
inline uint32_t svdf_remember(const int8_t* state, const int8_t* time, int32_t memory, int32_t zero_point) {
  int32_t sum = 0;
  offset_dots(state, -zero_point, time, memory, 1, &sum);
  return static_cast<uint32_t>(sum);
}
inline uint32_t svdf_remember(const int16_t* state, const int16_t* time, int32_t memory, int32_t zero_point) {
  uint32_t sum = 0;
  for (int32_t t = 0; t < memory; ++t)
    sum += static_cast<uint32_t>(int32_t{time[t]}) * static_cast<uint32_t>(state[t] - zero_point);
  return sum;
}

constexpr int32_t kSvdfProjections = 4;  // at a time

// T: int16_t or int8_t. `bias` may be nullptr.
template <class T>
void svdf_run(const SvdfInt8& p, const int8_t* input, const int8_t* features, const T* times, const int32_t* bias,
              T* state, int8_t* output) {
  const SvdfSize& size = p.size;
  const int32_t filters = size.units * size.rank;
  int32_t projections[kSvdfProjections];
  svdf_shift(state, size.batches * filters * size.memory);
  for (int32_t b = 0; b < size.batches; ++b, input += size.inputs) {
    for (int32_t unit = 0, filter = 0; unit < size.units; ++unit) {
      uint32_t sum = bias != nullptr ? static_cast<uint32_t>(bias[unit]) : 0;
      for (int32_t last = filter + size.rank; filter < last; ++filter, state += size.memory) {
        const int32_t at = filter % kSvdfProjections, left = filters - filter;
        if (at == 0)
          offset_dots(input, -p.input_zero_point, features + filter * size.inputs, size.inputs,
                      left < kSvdfProjections ? left : kSvdfProjections, projections);
        state[size.memory - 1] = svdf_project<T>(p, projections[at]);
        sum += svdf_remember(state, times + filter * size.memory, size.memory, p.state_zero_point);
      }
      const int32_t scaled = requantize(static_cast<int32_t>(sum), p.output.multiplier, p.output.shift);
      *output++ = static_cast<int8_t>(clamp(wrapping_add(scaled, p.output_zero_point), -128, 127));
    }
  }
}

inline void svdf_run(const SvdfFloat32& p, const float* input, const float* features, const float* times,
                     const float* bias, float* state, float* output) {
  const SvdfSize& size = p.size;
  const int32_t filters = size.units * size.rank;
  svdf_shift(state, size.batches * filters * size.memory);
  for (int32_t b = 0; b < size.batches; ++b, input += size.inputs) {
    for (int32_t unit = 0, filter = 0; unit < size.units; ++unit) {
      float y = bias != nullptr ? bias[unit] : 0.0f;
      for (int32_t last = filter + size.rank; filter < last; ++filter, state += size.memory) {
        float projection = 0, sum = 0;
        for (int32_t i = 0; i < size.inputs; ++i) projection += features[filter * size.inputs + i] * input[i];
        state[size.memory - 1] = projection;
        for (int32_t t = 0; t < size.memory; ++t) sum += times[filter * size.memory + t] * state[t];
        y += sum;
      }
      *output++ = y < p.low ? p.low : y > p.high ? p.high : y;
    }
  }
}

// What a node consists of. `bias` may be nullptr.
struct SvdfTensors {
  TensorInfo input, features, times, state, output;
  const TensorInfo* bias;
};

inline Status svdf_check(const SvdfAttributes& a, const SvdfTensors& t, SvdfSize& size) {
  if (!is_clamping(a.activation)) return Status::unsupported_option;
  if (!svdf_size(a, t.input.shape, t.features.shape, t.times.shape, t.state.shape, size) || t.output.shape.rank != 2 ||
      t.output.shape[0] != size.batches || t.output.shape[1] != size.units ||
      (t.bias != nullptr && t.bias->shape.elements() != size.units))
    return Status::unsupported_shape;
  return Status::ok;
}

// Of the float float(a * b) / c.
inline bool svdf_multiplier(const TensorInfo& a, const TensorInfo& b, const TensorInfo& c, Multiplier& out) {
  const auto scale = [](const TensorInfo& t) { return real_from_float_bits(float_bits_at(t.quantization.scales)); };
  const Real product = round_real(multiply(scale(a), scale(b)), false, kFloat);
  if (bit_length(product.mantissa) + product.exponent > 128) return false;  // infinity
  return quantize_multiplier(divide(product, scale(c), kFloat), out);
}

inline Status svdf_setup(const SvdfAttributes& a, const SvdfTensors& t, SvdfInt8& p) {
  if (t.input.type != DType::int8 || t.features.type != DType::int8 || t.output.type != DType::int8 ||
      (t.times.type != DType::int8 && t.times.type != DType::int16) || t.state.type != t.times.type ||
      (t.bias != nullptr && t.bias->type != DType::int32))
    return Status::unsupported_type;
  const Status status = svdf_check(a, t, p.size);
  if (status != Status::ok) return status;
  if (!is_per_tensor(t.input) || !is_per_tensor(t.features) || !is_per_tensor(t.times) || !is_per_tensor(t.state) ||
      !is_per_tensor(t.output) || t.features.quantization.zero_point != 0 || t.times.quantization.zero_point != 0 ||
      !svdf_multiplier(t.input, t.features, t.state, p.projection) ||
      !svdf_multiplier(t.state, t.times, t.output, p.output))
    return Status::bad_quantization;
  p.input_zero_point = t.input.quantization.zero_point;
  p.state_zero_point = t.state.quantization.zero_point;
  p.output_zero_point = t.output.quantization.zero_point;
  p.wide = t.state.type == DType::int16 ? 1 : 0;
  return Status::ok;
}

inline Status svdf_setup(const SvdfAttributes& a, const SvdfTensors& t, SvdfFloat32& p) {
  const TensorInfo* const all[] = {&t.input, &t.features, &t.times, &t.state, &t.output, t.bias};
  for (const TensorInfo* each : all)
    if (each != nullptr && each->type != DType::float32) return Status::unsupported_type;
  const Status status = svdf_check(a, t, p.size);
  if (status != Status::ok) return status;
  const FloatRange range = float_activation_range(a.activation);
  p.low = range.low;
  p.high = range.high;
  return Status::ok;
}

template <class Parameters>
Status prepare_svdf(PrepareContext& node) {
  if (node.input_count() != 5 || node.output_count() != 1) return Status::unsupported_shape;
  for (int32_t i = 0; i < 5; ++i)
    if (i != 3 && !node.has_input(i)) return Status::unsupported_shape;
  SvdfAttributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  TensorInfo bias;
  if (node.has_input(3)) bias = node.input(3);
  const SvdfTensors tensors = {node.input(0), node.input(1),  node.input(2),
                               node.input(4), node.output(0), node.has_input(3) ? &bias : nullptr};
  if (!tensors.state.variable) return Status::bad_model;
  Parameters p;
  const Status status = svdf_setup(attributes, tensors, p);
  if (status == Status::ok) node.keep(p);
  return status;
}

inline void invoke_svdf_float32(const InvokeContext& node) {
  svdf_run(node.data<SvdfFloat32>(), node.input<float>(0), node.input<float>(1), node.input<float>(2),
           node.input<float>(3), node.variable<float>(4), node.output<float>(0));
}

template <class T>
void invoke_svdf_with(const InvokeContext& node, const SvdfInt8& p) {
  svdf_run(p, node.input<int8_t>(0), node.input<int8_t>(1), node.input<T>(2), node.input<int32_t>(3),
           node.variable<T>(4), node.output<int8_t>(0));
}

inline void invoke_svdf_int8(const InvokeContext& node) {
  const SvdfInt8& p = node.data<SvdfInt8>();
  p.wide != 0 ? invoke_svdf_with<int16_t>(node, p) : invoke_svdf_with<int8_t>(node, p);
}

constexpr Kernel svdf_int8 = {kSvdfCode, DType::int8, DType::int8, false, prepare_svdf<SvdfInt8>, invoke_svdf_int8};
constexpr Kernel svdf_float32 = {kSvdfCode,          DType::float32, DType::float32, false, prepare_svdf<SvdfFloat32>,
                                 invoke_svdf_float32};

}  // namespace mote
