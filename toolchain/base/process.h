// Running another program.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

struct ProcessOutput {
  int exit_status = 0;     // 128 + signal number when a signal ended it
  bool timed_out = false;  // killed, with its whole process group, after `timeout_seconds`
  std::string output;      // standard output
  std::string errors;      // standard error
};

// Runs arguments[0] (looked up in PATH) without a shell. An error only when it cannot be started.
Result<ProcessOutput> run_process(const std::vector<std::string>& arguments, double timeout_seconds,
                                  const std::filesystem::path& folder = {});

// Full path of a program in PATH.
std::optional<std::filesystem::path> find_program(const std::string& name);

}  // namespace mote
