// The table of one level. Included once by each file in this folder that is compiled for an instruction set
// (toolchain/base/stage.cmake): these files contract a * b + c into fused multiply-add where the level has one, which
// the rest of the program does not.
#pragma once
#include "toolchain/base/simd/channel_kernels.h"
#include "toolchain/base/simd/conv_kernels.h"
#include "toolchain/base/simd/dense_kernels.h"
#include "toolchain/base/simd/depthwise_kernels.h"
#include "toolchain/base/simd/optimizer_kernels.h"
#include "toolchain/base/simd/pool_kernels.h"
#include "toolchain/base/simd/row_kernels.h"
#include "toolchain/base/simd/transpose_kernels.h"

#define MOTE_SIMD_LEVEL(name)                                                                                      \
  {                                                                                                                \
    name, kLanes, kConvVectors *kLanes, dense_forward, dense_input_gradient, dense_weight_gradient, column_sums,   \
        conv_forward, conv_weight_gradient, depthwise_forward, depthwise_weight_gradient, max_pool, average_pool,  \
        max_pool_backward, average_pool_backward, moments, scale_shift, normal_sums, normal_backward, add_clamped, \
        clamp, clamp_backward, softmax, softmax_backward, error_loss, add, sum, dot, transpose, adam, sgd          \
  }
