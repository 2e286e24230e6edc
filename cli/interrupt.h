// Ctrl-C as a wish that a verb looks at, so that it ends with everything in order.
#pragma once
#include <csignal>

namespace mote {

// While it lives, the first SIGINT, SIGTERM or SIGHUP is remembered; a second one ends the program.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  static bool interrupted();

 private:
  struct sigaction before_[3];
};

}  // namespace mote
