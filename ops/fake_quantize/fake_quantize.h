// Fake quantization of an activation: the real values of the int8 numbers that the deployed model will have there, with
// the rounding of its kernels, while training runs in float. The gradient goes straight through, but for values that
// are clipped. It exists in training only; graph/passes/fake_quantization.cpp puts it in and takes it out.
#pragma once
#include "device/types.h"

namespace mote {

// How the integer kernel that makes the values rounds.
enum class FakeRounding : int32_t {
  real = 0,         // round(x / scale) + zero point, ties away from zero: quantize, and any kernel whose ties are rare
  accumulator = 1,  // requantize() of an int32 accumulator, x in units of input 2
  // The same, of a sum of `count` int8 numbers of the range in input 2, which below zero is worth `negative` as much:
  // mean, relu, leaky_relu.
  sum = 2,
  stored = 3,   // ties away from zero in stored numbers, zero point and all: average_pool_2d
  product = 4,  // requantize() of the product of an int8 number of the range in input 2 and one of that in input 5: mul
  hard_swish = 5,  // what that kernel makes of the int8 numbers, of the range in input 2, that input 5 holds
};

struct FakeQuantizeAttributes {
  float momentum = 1.0f;                   // the range widens by 1 - momentum of what a batch exceeds it by; 1 = never
  float margin = 0.0f;                     // what a batch needs of the range: what it has, and this share more
  float least = -3.4e38f, most = 3.4e38f;  // the range stays within
  int32_t rounding = 0;                    // FakeRounding
  int32_t count = 1;
  float negative = 1;
};

template <class V>
void visit(V& v, FakeQuantizeAttributes& a) {
  v.field(0, "momentum", a.momentum);
  v.field(1, "margin", a.margin);
  v.field(2, "least", a.least);
  v.field(3, "most", a.most);
  v.field(4, "rounding", a.rounding);
  v.field(5, "count", a.count);
  v.field(6, "negative", a.negative);
}

}  // namespace mote
