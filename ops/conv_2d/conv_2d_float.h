// Training and calibration of conv_2d: direct convolution with the float micro-kernels.
#pragma once
#include "ops/op.h"

namespace mote {

void conv_2d_forward(const FloatCall& call);
void conv_2d_backward(const FloatCall& call);
int64_t conv_2d_float_workspace(const FloatCall& shapes_only);
int64_t conv_2d_float_saved(const FloatCall& shapes_only);

}  // namespace mote
