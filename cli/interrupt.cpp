#include "cli/interrupt.h"

namespace mote {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
volatile std::sig_atomic_t pending_interrupt = 0;

}  // namespace

InterruptGuard::InterruptGuard() {
  pending_interrupt = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { pending_interrupt = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (int i = 0; i < 3; ++i) {
    sigaction(kSignals[i], &action, &before_[i]);
    const bool nohup = kSignals[i] == SIGHUP && before_[i].sa_handler == SIG_IGN;
    if (nohup) sigaction(SIGHUP, &before_[i], nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  for (int i = 0; i < 3; ++i) sigaction(kSignals[i], &before_[i], nullptr);
}

bool InterruptGuard::interrupted() {
  return pending_interrupt != 0;
}

}  // namespace mote
