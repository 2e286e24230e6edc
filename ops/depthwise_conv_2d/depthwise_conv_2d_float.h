// Training and calibration of depthwise_conv_2d with the float micro-kernels.
#pragma once
#include "ops/op.h"

namespace mote {

void depthwise_conv_2d_forward(const FloatCall& call);
void depthwise_conv_2d_backward(const FloatCall& call);
int64_t depthwise_conv_2d_float_workspace(const FloatCall& shapes_only);
int64_t depthwise_conv_2d_float_saved(const FloatCall& shapes_only);

}  // namespace mote
