// What the firmware of one model needs to know of it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "device/kernel.h"
#include "features/feature.h"
#include "toolchain/base/result.h"
#include "toolchain/compile/firmware.h"
#include "toolchain/graph/graph.h"

namespace mote {

struct KernelUse {
  std::string symbol;  // "fully_connected_int8"
  std::string header;  // "ops/fully_connected/fully_connected.h"
  const Kernel* kernel = nullptr;
};

struct ModelFacts {
  std::vector<KernelUse> kernels;  // in order of first use
  int64_t arena_bytes = 0;         // what Interpreter::arena_used() reports after init with exactly these kernels
  std::vector<FirmwareOperator> operators;
  size_t input_count = 0, output_count = 0;
  int64_t input_bytes = 0;
  int64_t output_bytes = 0;
  FeaturePtr features;  // empty: none
  // Of input 0, when there are features. int16 inputs take the block's int8 numbers.
  int32_t wide_inputs = 0;  // elements of an int16 input; 0 = it is int8
  float input_scale = 0;
  int32_t input_zero_point = 0;
  std::string decision;  // C code of what its thresholds make of its output; empty: it has none
};

// The kernel of node `index`. Errors: input, naming the operator and its place, when mote has none for it.
Result<KernelUse> choose_kernel(const std::string& name, const Graph& graph, size_t index);

// Reads and validates the model, chooses its kernels and runs the interpreter's init on this machine.
Result<ModelFacts> model_facts(const std::string& name, const std::vector<uint8_t>& model);

}  // namespace mote
