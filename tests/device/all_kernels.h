// Every kernel of the device, as a resolver.
#pragma once
#include "device/interpreter.h"
#include "ops/abs/abs.h"
#include "ops/arg_max/arg_max.h"
#include "ops/arg_min/arg_min.h"
#include "ops/cast/cast.h"
#include "ops/dequantize/dequantize.h"
#include "ops/elu/elu.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/hard_swish/hard_swish.h"
#include "ops/l2_normalization/l2_normalization.h"
#include "ops/leaky_relu/leaky_relu.h"
#include "ops/log_softmax/log_softmax.h"
#include "ops/logistic/logistic.h"
#include "ops/maximum/maximum.h"
#include "ops/minimum/minimum.h"
#include "ops/mul/mul.h"
#include "ops/prelu/prelu.h"
#include "ops/quantize/quantize.h"
#include "ops/reduce_max/reduce_max.h"
#include "ops/relu/relu.h"
#include "ops/relu6/relu6.h"
#include "ops/reshape/reshape.h"
#include "ops/rsqrt/rsqrt.h"
#include "ops/softmax/softmax.h"
#include "ops/sqrt/sqrt.h"
#include "ops/square/square.h"
#include "ops/sub/sub.h"
#include "ops/sum/sum.h"
#include "ops/svdf/svdf.h"
#include "ops/tanh/tanh.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace mote::testing {

constexpr const Kernel* kAllKernels[] = {&fully_connected_int8,
                                         &fully_connected_float32,
                                         &softmax_int8,
                                         &softmax_int8_int16,
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
                                         &quantize_uint8_uint8,
                                         &quantize_int8_int16,
                                         &quantize_int16_int8,
                                         &quantize_int16_int16,
                                         &quantize_int8_int32,
                                         &quantize_int16_int32,
                                         &quantize_int32_int8,
                                         &quantize_int32_int16,
                                         &dequantize_int8_float32,
                                         &dequantize_uint8_float32,
                                         &dequantize_int16_float32,
                                         &logistic_int8,
                                         &logistic_float32,
                                         &tanh_int8,
                                         &tanh_float32,
                                         &leaky_relu_int8,
                                         &leaky_relu_float32,
                                         &elu_int8,
                                         &elu_float32,
                                         &hard_swish_int8,
                                         &hard_swish_float32,
                                         &abs_int8,
                                         &abs_float32,
                                         &rsqrt_int8,
                                         &rsqrt_float32,
                                         &sqrt_float32,
                                         &square_float32,
                                         &sub_int8,
                                         &sub_float32,
                                         &mul_int8,
                                         &mul_float32,
                                         &minimum_int8,
                                         &minimum_float32,
                                         &maximum_int8,
                                         &maximum_float32,
                                         &prelu_int8,
                                         &prelu_float32,
                                         &sum_int8,
                                         &sum_float32,
                                         &reduce_max_int8,
                                         &reduce_max_float32,
                                         &log_softmax_int8,
                                         &log_softmax_float32,
                                         &l2_normalization_int8,
                                         &l2_normalization_float32,
                                         &arg_max_int8,
                                         &arg_max_float32,
                                         &arg_min_int8,
                                         &arg_min_float32,
                                         &cast_any,
                                         &svdf_int8,
                                         &svdf_float32,
                                         &unidirectional_sequence_lstm_int8,
                                         &unidirectional_sequence_lstm_float32};

static inline Resolver all_kernels() {
  return resolve(kAllKernels);
}

}  // namespace mote::testing
