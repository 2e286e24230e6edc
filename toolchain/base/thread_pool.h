// A fixed set of worker threads for loops whose results must not depend on how many there are.
#pragma once
#include <functional>
#include <memory>

namespace mote {

class ThreadPool {
 public:
  explicit ThreadPool(int threads);  // 1 = everything runs in the caller
  ~ThreadPool();
  int threads() const;
  // Calls task(0) .. task(count - 1), each exactly once, on any thread; returns when all are done.
  // The split into `count` tasks is the caller's and fixed, so reductions in task order are deterministic.
  void run(int count, const std::function<void(int)>& task);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

int default_threads();  // MOTE_THREADS is read by the command, not here: this is the number of CPUs

}  // namespace mote
