// Rounding the weights shifts the mean of a layer's outputs; the bias can take the shift back.
#pragma once
#include "toolchain/base/result.h"
#include "toolchain/graph/graph.h"
#include "toolchain/quantize/quantize.h"

namespace mote {

// `graph` with biases under which each layer of `quantized` (made from `graph`, which has the same nodes with weights)
// has the mean that it has in `graph`, before its activation, on at most 512 examples spread evenly over `data`
// (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.2, with
// observed means). Layers are corrected in order, each seeing the rounded weights of those before it. Layers without a
// bias stay.
Result<Graph> correct_biases(const Graph& graph, const Graph& quantized, const CalibrationData& data);

}  // namespace mote
