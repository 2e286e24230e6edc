// Fake quantization of a layer's weights and bias: the real values of the integers that the deployed model will have,
// with scales that follow the weights in each step. The gradient goes straight through. It exists in training only;
// graph/passes/fake_quantization.cpp puts it in and takes it out.
#pragma once
#include "device/types.h"

namespace mote {

struct FakeQuantizeWeightsAttributes {
  int32_t axis = 0;          // of the output channels
  bool per_channel = false;  // a scale for each of them
};

template <class V>
void visit(V& v, FakeQuantizeWeightsAttributes& a) {
  v.field(0, "axis", a.axis);
  v.field(1, "per_channel", a.per_channel);
}

}  // namespace mote
