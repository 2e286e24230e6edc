// Progress for people. Library code reports through this interface and never prints; the command decides where it
// goes.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace mote {

struct ProgressEvent {
  std::string stage;   // "train"
  int64_t done = 0;
  int64_t total = 0;   // 0 = unknown
  std::string detail;  // "loss 0.213  accuracy 93.1 %"
};

// Called from the thread that runs the stage. An empty function is allowed: nobody listens.
using Progress = std::function<void(const ProgressEvent&)>;

}  // namespace mote
