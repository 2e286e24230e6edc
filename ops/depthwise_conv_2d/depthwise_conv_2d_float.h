// Training and calibration of depthwise_conv_2d with the float micro-kernels.
#pragma once
#include "ops/op.h"

namespace mote::depthwise_conv_2d_float {

void forward(const FloatCall& call);
void backward(const FloatCall& call);
int64_t workspace_floats(const FloatCall& shapes_only);
int64_t saved_floats(const FloatCall& shapes_only);

}  // namespace mote::depthwise_conv_2d_float
