// Every kernel of the device, as a resolver.
#pragma once
#include "device/interpreter.h"
#include "ops/dequantize/dequantize.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/quantize/quantize.h"
#include "ops/relu/relu.h"
#include "ops/relu6/relu6.h"
#include "ops/reshape/reshape.h"
#include "ops/softmax/softmax.h"

namespace mote::testing {

constexpr const Kernel* kAllKernels[] = {&fully_connected_int8,
                                         &fully_connected_float32,
                                         &softmax_int8,
                                         &softmax_float32,
                                         &relu_int8,
                                         &relu_float32,
                                         &relu6_int8,
                                         &relu6_float32,
                                         &reshape_any,
                                         &quantize_float32_int8,
                                         &quantize_float32_uint8,
                                         &quantize_float32_int16,
                                         &quantize_int8_int8,
                                         &quantize_int8_uint8,
                                         &quantize_uint8_int8,
                                         &dequantize_int8_float32,
                                         &dequantize_uint8_float32,
                                         &dequantize_int16_float32};

static inline Resolver all_kernels() {
  return resolve(kAllKernels);
}

}  // namespace mote::testing
