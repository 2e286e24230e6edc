// The float form of an LSTM on the host, forward and backward through time. Host only.
#pragma once
#include "ops/op.h"

namespace mote {

void lstm_forward(const FloatCall& call);
void lstm_backward(const FloatCall& call);
int64_t lstm_workspace(const FloatCall& call);
int64_t lstm_saved(const FloatCall& call);

}  // namespace mote
