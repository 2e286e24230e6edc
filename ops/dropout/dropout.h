// Dropout: while training, each number is zero with probability `rate`, and 1 / (1 - rate) times itself otherwise. It
// exists in training only; the deployed model has nothing in its place.
#pragma once

namespace mote {

struct DropoutAttributes {
  float rate = 0.5f;
};

template <class V>
void visit(V& v, DropoutAttributes& a) {
  v.field(0, "rate", a.rate);
}

}  // namespace mote
