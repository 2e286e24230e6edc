// From readings to decisions in one C call: what stands around a compiled model that has a feature block.
#pragma once
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/compile/model_facts.h"
#include "toolchain/compile/sources.h"
#include "toolchain/tflite/metadata.h"

namespace mote {

// Adds <name>_feed.h and <name>_feed.cpp for a model whose int8 input is what its feature block gives, whose one output
// is int8, and whose thresholds are as many as its outputs (an auto-encoder's output as long as its input); for any
// other model, nothing. `file` is what messages call the model.
Result<void> add_application(const std::string& name, const std::string& file, const std::vector<uint8_t>& model,
                             const ModelFacts& facts, const Graph& graph, const ModelMetadata& metadata,
                             SourceFiles& files);

}  // namespace mote
