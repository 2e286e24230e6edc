// ReLU6: output = min(max(input, 0), 6), any shape.
//
// int8: requantized to the output's parameters and clamped at the stored values of 0 and 6, as full TFLite does
// (kernels/ activations.cc, QuantizedReluX). TFLite Micro clamps without requantizing, which is the same when input and
// output share their parameters, as converters make them.
#pragma once
#include "ops/relu/relu.h"

namespace mote {

constexpr int32_t kRelu6Code = 21;

struct Relu6Attributes {};

template <class V>
void visit(V&, Relu6Attributes&) {}

constexpr bool relu6_shape(const Shape& input, Shape& output) {
  return relu_shape(input, output);
}
constexpr int64_t relu6_macs(const Shape&) {
  return 0;
}
constexpr int32_t relu6_scratch_bytes() {
  return 0;
}

constexpr Kernel relu6_int8 = {kRelu6Code,
                               DType::int8,
                               DType::int8,
                               true,
                               prepare_relu<ReluInt8, Activation::relu6>,
                               invoke_relu<ReluInt8, int8_t>};
constexpr Kernel relu6_int16 = {kRelu6Code,
                                DType::int16,
                                DType::int16,
                                true,
                                prepare_relu<ReluInt16, Activation::relu6>,
                                invoke_relu<ReluInt16, int16_t>};
constexpr Kernel relu6_float32 = {kRelu6Code,
                                  DType::float32,
                                  DType::float32,
                                  true,
                                  prepare_relu<ReluFloat32, Activation::relu6>,
                                  invoke_relu<ReluFloat32, float>};

}  // namespace mote
