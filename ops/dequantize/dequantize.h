// Dequantize: output = scale * (input - zero_point) in float; any shape, per tensor.
//
// TFLite multiplies in double and rounds to float. input - zero_point has at most 17 bits and scale 24, so the product
// is exact in double, and one float multiplication rounds it the same way. Source: TFLite
// kernels/internal/reference/dequantize.h (Dequantize).
#pragma once
#include "device/float_math.h"
#include "device/kernel.h"

namespace mote {

constexpr int32_t kDequantizeCode = 6;

struct DequantizeAttributes {};

template <class V>
void visit(V&, DequantizeAttributes&) {}

constexpr bool dequantize_shape(const Shape& input, Shape& output) {
  output = input;
  return true;
}
constexpr int64_t dequantize_macs(const Shape&) {
  return 0;
}
constexpr int32_t dequantize_scratch_bytes() {
  return 0;
}

struct Dequantize {
  int32_t count;
  float scale;
  int32_t zero_point;
};

template <class From>
void dequantize_run(const Dequantize& p, const From* input, float* output) {
  for (int32_t i = 0; i < p.count; ++i) output[i] = p.scale * static_cast<float>(input[i] - p.zero_point);
}

inline Status dequantize_setup(const TensorInfo& input, const TensorInfo& output, Dequantize& p) {
  if (output.type != DType::float32) return Status::unsupported_type;
  if (input.shape != output.shape) return Status::unsupported_shape;
  if (!is_per_tensor(input)) return Status::bad_quantization;
  p = Dequantize{input.shape.elements(), float_from_bits(float_bits_at(input.quantization.scales)),
                 input.quantization.zero_point};
  return Status::ok;
}

inline Status prepare_dequantize(PrepareContext& node) {
  if (node.input_count() != 1 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  Dequantize p;
  const Status status = dequantize_setup(node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class From>
void invoke_dequantize(const InvokeContext& node) {
  dequantize_run(node.data<Dequantize>(), node.input<From>(0), node.output<float>(0));
}

constexpr Kernel dequantize_int8_float32 = {kDequantizeCode, DType::int8,        DType::float32,
                                            false,           prepare_dequantize, invoke_dequantize<int8_t>};
constexpr Kernel dequantize_uint8_float32 = {kDequantizeCode, DType::uint8,       DType::float32,
                                             false,           prepare_dequantize, invoke_dequantize<uint8_t>};
constexpr Kernel dequantize_int16_float32 = {kDequantizeCode, DType::int16,       DType::float32,
                                             false,           prepare_dequantize, invoke_dequantize<int16_t>};

}  // namespace mote
