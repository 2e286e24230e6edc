// Batch normalization: y = activation(gamma * (x - mean) / sqrt(variance + epsilon) + beta), per index of the last
// dimension. It exists in training only; passes fold it into its neighbours.
#pragma once
#include "device/types.h"

namespace mote {

struct BatchNormAttributes {
  float momentum = 0.9f;  // running = momentum * running + (1 - momentum) * seen, as in Keras
  float epsilon = 1e-3f;
  Activation activation = Activation::none;
  bool frozen = false;  // training normalizes by the running statistics too, and leaves them as they are
};

template <class V>
void visit(V& v, BatchNormAttributes& a) {
  v.field(0, "momentum", a.momentum);
  v.field(1, "epsilon", a.epsilon);
  v.field(2, "activation", a.activation);
  v.field(3, "frozen", a.frozen);
}

}  // namespace mote
