// Gated recurrent unit over a sequence (Cho et al. 2014; Keras' GRU with reset_after=False), which begins every example
// from a hidden state h of zeros. At each step, with input x:
//
//   z, r = logistic(Wg x + Ug h + bg) of the update and the reset gate,  c = tanh(Wc x + Uc (r h) + bc),
//   h = z h + (1 - z) c, which is the output of the step
//
// Layouts: input [batch, steps, inputs]; of the gates, update before reset, Wg [2 * units, inputs], Ug [2 * units,
// units], bg [2 * units]; of the candidate Wc [units, inputs], Uc [units, units], bc [units]; output [batch, units], of
// the last step, or [batch, steps, units]. TFLite has no such operator: it exists in training only, and a pass writes
// it out step by step. In this form, unlike that of Keras' reset_after=True, no product with h has a bias, so that all
// steps share their constants whatever the scale of h.
#pragma once
#include "device/types.h"

namespace mote {

struct GruAttributes {
  bool return_sequences = false;
};

template <class V>
void visit(V& v, GruAttributes& a) {
  v.field(0, "return_sequences", a.return_sequences);
}

enum GruInput {
  kGruX,
  kGruGateWeights,
  kGruGateRecurrent,
  kGruGateBias,
  kGruCandidateWeights,
  kGruCandidateRecurrent,
  kGruCandidateBias,
  kGruInputs
};

}  // namespace mote
