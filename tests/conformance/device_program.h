// One program for the emulated board that holds all cases: models, inputs, the bytes that the host's portable kernels
// gave, and the code that each operator emits.
#pragma once
#include <filesystem>
#include <span>

#include "ops/op.h"
#include "tests/conformance/case_model.h"

namespace mote::conformance {

// Writes cases.cpp and blob.bin into `folder`. The expected bytes are those of this host, whose kernels are the
// portable ones. `models` run in every packed form, `random_models` in that of `core` only: compiling the forms is most
// of the time.
Result<void> write_device_program(const std::filesystem::path& folder, std::span<const CaseModel> models,
                                  std::span<const CaseModel> random_models, PackedFor core);

struct DeviceTarget {
  const char* name;                // "cortex-m4"
  const char* machine;             // QEMU's
  const char* script;              // of the linker, in device/
  PackedFor packed;                // the form that is for this core
  std::vector<std::string> flags;  // of the compiler
  bool portable = false;           // runs the very kernels that this host runs, none of its own
};

// Compiles the program freestanding with `source` as include root, runs it, and gives what it printed.
Result<std::string> run_device_program(const std::filesystem::path& folder, const std::filesystem::path& source,
                                       const DeviceTarget& target);

}  // namespace mote::conformance
