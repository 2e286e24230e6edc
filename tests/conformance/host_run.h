// A model through the device interpreter, on the host.
#pragma once
#include <cstdint>
#include <vector>

#include "device/interpreter.h"
#include "toolchain/graph/graph.h"

namespace mote::conformance {

struct HostRun {
  Status status = Status::ok;
  std::vector<std::vector<uint8_t>> outputs;
  uint32_t arena_used = 0;
  bool guards_intact = false;  // the bytes around the arena are as before
  bool exact_arena = false;    // init accepts arena_used bytes and refuses one less
};

// Runs twice in one arena that held other bytes before, so that what invoke forgets to write shows. The kernels are
// those of all operators.
HostRun run_on_host(const std::vector<uint8_t>& model, const std::vector<std::vector<uint8_t>>& inputs,
                    int32_t invokes = 1);

// All outputs as one.
std::vector<uint8_t> in_a_row(const std::vector<std::vector<uint8_t>>& outputs);

}  // namespace mote::conformance
