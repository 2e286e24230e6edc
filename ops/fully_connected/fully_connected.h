// Fully connected: output[b][o] = activation(sum_i input[b][i] * weights[o][i] + bias[o]).
//
// Layouts: input [batches, inputs] (leading dimensions flattened), weights [outputs, inputs], bias [outputs] or absent,
// output [batches, outputs]. int8: weights symmetric (zero point 0), per tensor or one scale per output; bias int32 in
// units of input scale x weights scale; accumulator int32, wrapping; then requantize() (device/requantize.h). Source:
// TFLite kernels/internal/reference/integer_ops/fully_connected.h (FullyConnected, FullyConnectedPerChannel),
// kernels/internal/reference/fully_connected.h (float), scales as in micro/kernels/fully_connected_common.cc.
#pragma once
#include "device/convolution.h"
#if defined(__ARM_FEATURE_MVE)
#include "ops/fully_connected/fully_connected_mve.h"
#elif defined(__ARM_FEATURE_DSP)
#include "ops/fully_connected/fully_connected_dsp.h"
#elif __ARM_ARCH_ISA_THUMB == 1
#include "ops/fully_connected/fully_connected_m0.h"
#endif

namespace mote {

constexpr int32_t kFullyConnectedCode = 9;

struct FullyConnectedAttributes {
  Activation activation = Activation::none;
  int8_t weights_format = 0;                // 0 = plain rows; the shuffled formats are for other machines
  bool keep_num_dims = false;               // output keeps the input's leading dimensions instead of flattening them
  bool asymmetric_quantize_inputs = false;  // concerns hybrid models only
};

template <class V>
void visit(V& v, FullyConnectedAttributes& a) {
  v.field(0, "fused_activation_function", a.activation);
  v.field(1, "weights_format", a.weights_format);
  v.field(2, "keep_num_dims", a.keep_num_dims);
  v.field(3, "asymmetric_quantize_inputs", a.asymmetric_quantize_inputs);
}

// False: the weights are not a matrix that divides the input, or keep_num_dims meets another last dimension.
constexpr bool fully_connected_shape(const FullyConnectedAttributes& a, const Shape& input, const Shape& weights,
                                     Shape& output) {
  if (weights.rank != 2 || weights[0] < 1 || weights[1] < 1 || input.elements() % weights[1] != 0) return false;
  output = Shape{};
  if (a.keep_num_dims) {
    if (input.rank < 1 || input.last() != weights[1]) return false;
    output = input;
    output.dims[output.rank - 1] = weights[0];
  } else {
    output.rank = 2;
    output.dims[0] = input.elements() / weights[1];
    output.dims[1] = weights[0];
  }
  return true;
}

// Multiply-accumulates of one call; a whole number of batches.
constexpr int64_t fully_connected_macs(const Shape& input, const Shape& weights) {
  return int64_t{input.elements()} * weights[0];
}

constexpr int32_t fully_connected_scratch_bytes() {
  return 0;
}

struct FullyConnectedInt8 {
  int32_t batches, inputs, outputs;
  int32_t multiplier;     // per tensor
  int16_t input_offset;   // minus the input's zero point: -127 .. 128
  int16_t output_offset;  // the output's zero point
  int8_t shift;           // per tensor
  int8_t low, high;       // activation range
  int8_t per_channel;     // 1: multipliers and shifts come from ChannelScales
};

// `outputs` multipliers and shifts.
struct ChannelScales {
  const int32_t* multipliers = nullptr;
  const int8_t* shifts = nullptr;
};

struct FullyConnectedFloat32 {
  int32_t batches, inputs, outputs;
  float low, high;
};

// The inner primitive: dot products of one input row with consecutive weight rows,
//   sums[r] = sum_i (input[i] + offset) * weights[r * n + i] for r < count, wrapping.
// This is the portable form; an ISA's form gives the same sums, bit for bit.
// Two rows at a time share the loads of the input. Not inlined, so that the loops have all registers.
struct PortableDot {
  __attribute__((noinline)) static void rows(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n,
                                             int32_t count, int32_t* sums) {
    for (; count >= 2; count -= 2, weights += 2 * n, sums += 2) two(input, offset, weights, n, sums);
    if (count > 0) {
      uint32_t sum = 0;
      for (int32_t i = 0; i < n; ++i) sum += static_cast<uint32_t>((input[i] + offset) * weights[i]);
      sums[0] = static_cast<int32_t>(sum);
    }
  }

 private:
  static void two(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n, int32_t* sums) {
    const int8_t* const second = weights + n;
    uint32_t sum0 = 0, sum1 = 0;
    for (int32_t i = 0; i < n; ++i) {
      const int32_t x = input[i] + offset;
      sum0 += static_cast<uint32_t>(x * weights[i]);
      sum1 += static_cast<uint32_t>(x * second[i]);
    }
    sums[0] = static_cast<int32_t>(sum0);
    sums[1] = static_cast<int32_t>(sum1);
  }
};

// For cores with many registers (RISC-V, AArch64): eight rows at a time. After a relu many inputs are 0, which skips
// their products.
struct BlockedDot {
  static void rows(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n, int32_t count,
                   int32_t* sums) {
    for (; count >= 8; count -= 8, weights += 8 * n, sums += 8) eight(input, offset, weights, n, sums);
    PortableDot::rows(input, offset, weights, n, count, sums);
  }

 private:
  __attribute__((noinline)) static void eight(const int8_t* input, int32_t offset, const int8_t* row0, int32_t n,
                                              int32_t* sums) {
    const int8_t *row1 = row0 + n, *row2 = row1 + n, *row3 = row2 + n, *row4 = row3 + n, *row5 = row4 + n,
                 *row6 = row5 + n, *row7 = row6 + n;
    uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
    const auto step = [&](int32_t i) __attribute__((always_inline)) {
      const int32_t x = input[i] + offset;
      if (x == 0) return;
      s0 += static_cast<uint32_t>(x * row0[i]), s1 += static_cast<uint32_t>(x * row1[i]);
      s2 += static_cast<uint32_t>(x * row2[i]), s3 += static_cast<uint32_t>(x * row3[i]);
      s4 += static_cast<uint32_t>(x * row4[i]), s5 += static_cast<uint32_t>(x * row5[i]);
      s6 += static_cast<uint32_t>(x * row6[i]), s7 += static_cast<uint32_t>(x * row7[i]);
    };
    for (; n >= 4; n -= 4, input += 4) {
      step(0), step(1), step(2), step(3);
      row0 += 4, row1 += 4, row2 += 4, row3 += 4, row4 += 4, row5 += 4, row6 += 4, row7 += 4;
    }
    for (int32_t i = 0; i < n; ++i) step(i);
    const uint32_t totals[8] = {s0, s1, s2, s3, s4, s5, s6, s7};
    for (int32_t r = 0; r < 8; ++r) sums[r] = static_cast<int32_t>(totals[r]);
  }
};

#if defined(__ARM_FEATURE_MVE)
using FullyConnectedDot = FullyConnectedMveDot;
#elif defined(__ARM_FEATURE_DSP)
using FullyConnectedDot = FullyConnectedDspDot;
#elif __ARM_ARCH_ISA_THUMB == 1
using FullyConnectedDot = FullyConnectedM0Dot<PortableDot>;
#elif defined(__riscv) || defined(__aarch64__)
using FullyConnectedDot = BlockedDot;
#else
using FullyConnectedDot = PortableDot;
#endif

// Requantizes one sum, whatever the multiplier.
__attribute__((noinline)) inline int8_t fully_connected_any(const FullyConnectedInt8& p, int32_t sum,
                                                            int32_t multiplier, int32_t shift) {
  return static_cast<int8_t>(clamp(wrapping_add(requantize(sum, multiplier, shift), p.output_offset), p.low, p.high));
}

// Adds the bias and requantizes `count` outputs. All pointers stand at the first of them; `bias` may be nullptr.
// Not inlined: on its own the loops keep their constants in registers.
__attribute__((noinline)) inline void fully_connected_finish(const FullyConnectedInt8& p, ChannelScales channels,
                                                             const int32_t* bias, int32_t count, const int32_t* sums,
                                                             int8_t* output) {
#if defined(__ARM_FEATURE_MVE)
  if (p.per_channel)
    fully_connected_finish_mve<true>(p, channels, bias, count, sums, output);
  else
    fully_connected_finish_mve<false>(p, channels, bias, count, sums, output);
#else
  const int32_t zero = p.output_offset, multiplier = p.multiplier, shift = p.shift, step = p.per_channel;
  const bool whole = p.low == -128 && p.high == 127;
  const bool usual = whole && step == 0 && shift < 0 && multiplier != 0 && bias != nullptr;
  const int32_t* const end = sums + count;
  for (; usual && sums != end; ++output)
    *output = static_cast<int8_t>(requantize_to_int8(wrapping_add(*sums++, *bias++), multiplier, shift, zero));
  for (; sums != end; channels.multipliers += step, channels.shifts += step) {
    int32_t sum = *sums++;
    if (bias != nullptr) sum = wrapping_add(sum, *bias++);
    const int32_t scale = *channels.multipliers, exponent = *channels.shifts;
    *output++ = whole && exponent < 0 && scale != 0
                    ? static_cast<int8_t>(requantize_to_int8(sum, scale, exponent, zero))
                    : fully_connected_any(p, sum, scale, exponent);
  }
#endif
}

// `bias` may be nullptr; `channels` is used when p.per_channel.
template <class Dot = FullyConnectedDot>
void fully_connected_run(const FullyConnectedInt8& p, ChannelScales channels, const int8_t* input,
                         const int8_t* weights, const int32_t* bias, int8_t* output) {
  if (p.per_channel == 0) channels = {&p.multiplier, &p.shift};
  constexpr int32_t kChunk = 32;  // outputs whose sums are on the stack at a time
  int32_t sums[kChunk];
  for (int32_t b = 0; b < p.batches; ++b, input += p.inputs, output += p.outputs) {
    const int8_t* rows = weights;
    for (int32_t first = 0; first < p.outputs; first += kChunk, rows += kChunk * p.inputs) {
      const int32_t count = p.outputs - first < kChunk ? p.outputs - first : kChunk;
      Dot::rows(input, p.input_offset, rows, p.inputs, count, sums);
      const int32_t* const chunk_bias = bias != nullptr ? bias + first : nullptr;
      const int32_t scales = p.per_channel != 0 ? first : 0;
      fully_connected_finish(p, {channels.multipliers + scales, channels.shifts + scales}, chunk_bias, count, sums,
                             output + first);
    }
  }
}

// Sums in the order of the input, as the reference does; never contracted into fused multiply-adds (-ffp-contract=off).
inline void fully_connected_run(const FullyConnectedFloat32& p, const float* input, const float* weights,
                                const float* bias, float* output) {
  for (int32_t b = 0; b < p.batches; ++b, input += p.inputs) {
    const float* row = weights;
    for (int32_t o = 0; o < p.outputs; ++o, row += p.inputs) {
      float sum = 0;
      for (int32_t i = 0; i < p.inputs; ++i) sum += input[i] * row[i];
      if (bias != nullptr) sum += bias[o];
      *output++ = sum < p.low ? p.low : sum > p.high ? p.high : sum;
    }
  }
}

// What both types check of shapes and options. The leading dimensions of the output do not matter, only their product.
template <class Parameters>
Status fully_connected_sizes(const FullyConnectedAttributes& a, const ConvolutionTensors& tensors, Parameters& p) {
  if (!is_clamping(a.activation) || a.weights_format != 0) return Status::unsupported_option;
  const Shape &weights = tensors.weights.shape, &output = tensors.output.shape;
  if (weights.rank != 2 || weights[0] < 1 || weights[1] < 1) return Status::unsupported_shape;
  const int32_t elements = tensors.input.shape.elements();
  p.inputs = weights[1];
  p.outputs = weights[0];
  p.batches = elements / p.inputs;
  const bool fits = elements % p.inputs == 0 && output.last() == p.outputs &&
                    output.elements() / p.outputs == p.batches &&
                    (!tensors.has_bias || tensors.bias.shape.elements() == p.outputs);
  return fits ? Status::ok : Status::unsupported_shape;
}

// Multiplier of output `o`, or of all outputs when the weights have one scale. False: bad scales.
inline bool fully_connected_multiplier(const TensorInfo& input, const TensorInfo& weights, const TensorInfo& output,
                                       int32_t o, Multiplier& multiplier) {
  const Quantization& q = weights.quantization;
  const uint32_t scale = float_bits_at(q.scales + o);
  if (scale >= 0x7F800000u) return false;  // negative, infinite or NaN; 0 is a dead channel
  const uint32_t in = float_bits_at(input.quantization.scales), out = float_bits_at(output.quantization.scales);
  return q.count == 1 ? multiplier_per_tensor(in, scale, out, multiplier)
                      : multiplier_per_channel(in, scale, out, multiplier);
}

inline Status fully_connected_setup(const FullyConnectedAttributes& a, const ConvolutionTensors& tensors,
                                    FullyConnectedInt8& p) {
  Multiplier multiplier = {0, 0};
  Status status = fully_connected_sizes(a, tensors, p);
  if (status == Status::ok) status = tensors.check_int8(0, multiplier_per_tensor, multiplier);
  if (status != Status::ok) return status;
  p.per_channel = tensors.weights.quantization.count > 1;
  const Int8Output range = int8_output(a.activation, tensors.output);
  p.multiplier = multiplier.multiplier;
  p.shift = static_cast<int8_t>(multiplier.shift);
  p.input_offset = static_cast<int16_t>(-tensors.input.quantization.zero_point);
  p.output_offset = range.zero_point;
  p.low = range.low;
  p.high = range.high;
  return Status::ok;
}

inline Status fully_connected_setup(const FullyConnectedAttributes& a, const ConvolutionTensors& tensors,
                                    FullyConnectedFloat32& p) {
  const Status status = fully_connected_sizes(a, tensors, p);
  return status == Status::ok ? finish_float32_setup(a.activation, tensors, p) : status;
}

template <class Parameters>
Status prepare_fully_connected(PrepareContext& node) {
  ConvolutionTensors tensors;
  FullyConnectedAttributes attributes;
  Parameters p;
  Status status = tensors.read(node, attributes);
  if (status == Status::ok) status = fully_connected_setup(attributes, tensors, p);
  if (status != Status::ok) return status;
  node.keep(p);
  return fully_connected_keep_channels(node, p, tensors.input, tensors.weights, tensors.output);
}

template <class Parameters>
Status fully_connected_keep_channels(PrepareContext& node, const Parameters& p, const TensorInfo& input,
                                     const TensorInfo& weights, const TensorInfo& output) {
  if (!p.per_channel) return Status::ok;
  int32_t* multipliers = node.keep_array<int32_t>(p.outputs);
  int8_t* shifts = node.keep_array<int8_t>(p.outputs);
  if (shifts == nullptr) return Status::ok;
  const ChannelMultiplier multiplier_of(float_bits_at(input.quantization.scales),
                                        float_bits_at(output.quantization.scales));
  for (int32_t o = 0; o < p.outputs; ++o) {
    Multiplier multiplier = {0, 0};
    multiplier_of.of(float_bits_at(weights.quantization.scales + o), multiplier);
    multipliers[o] = multiplier.multiplier;
    shifts[o] = static_cast<int8_t>(multiplier.shift);
  }
  return Status::ok;
}
inline Status fully_connected_keep_channels(PrepareContext&, const FullyConnectedFloat32&, const TensorInfo&,
                                            const TensorInfo&, const TensorInfo&) {
  return Status::ok;
}

// What fully_connected_keep_channels() kept behind the parameters.
template <class Parameters>
ChannelScales kept_channels(const Parameters& p) {
  const int32_t* multipliers = reinterpret_cast<const int32_t*>(&p + 1);
  return {multipliers, reinterpret_cast<const int8_t*>(multipliers + p.outputs)};
}

inline void invoke_fully_connected_int8(const InvokeContext& node) {
  const FullyConnectedInt8& p = node.data<FullyConnectedInt8>();
  fully_connected_run(p, kept_channels(p), node.input<int8_t>(0), node.input<int8_t>(1), node.input<int32_t>(2),
                      node.output<int8_t>(0));
}

inline void invoke_fully_connected_float32(const InvokeContext& node) {
  fully_connected_run(node.data<FullyConnectedFloat32>(), node.input<float>(0), node.input<float>(1),
                      node.input<float>(2), node.output<float>(0));
}

constexpr Kernel fully_connected_int8 = {
    kFullyConnectedCode,        DType::int8, DType::int8, false, prepare_fully_connected<FullyConnectedInt8>,
    invoke_fully_connected_int8};
constexpr Kernel fully_connected_float32 = {kFullyConnectedCode,
                                            DType::float32,
                                            DType::float32,
                                            false,
                                            prepare_fully_connected<FullyConnectedFloat32>,
                                            invoke_fully_connected_float32};

}  // namespace mote

#include "ops/fully_connected/fully_connected_int16.h"
