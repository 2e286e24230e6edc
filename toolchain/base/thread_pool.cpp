#include "toolchain/base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace mote {
namespace {

// Turns of the processor that a thread gives away before it sleeps: short loops follow one another within microseconds,
// and a thread that spun instead would steal the time of the one it waits for on a loaded machine.
constexpr int kYields = 64;

}  // namespace

struct ThreadPool::State {
  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable job_posted, workers_left;
  std::atomic<uint64_t> jobs = 0;  // written under `mutex`
  std::atomic<int> inside = 0;     // workers in the current job; written under `mutex`
  bool stop = false;
  const std::function<void(int)>* task = nullptr;  // nullptr = no job: a worker that wakes late stays out
  int count = 0;
  std::atomic<int> next = 0;

  void take_tasks(const std::function<void(int)>& current, int tasks) {
    for (int i = next.fetch_add(1, std::memory_order_relaxed); i < tasks;
         i = next.fetch_add(1, std::memory_order_relaxed))
      current(i);
  }

  void work() {
    uint64_t seen = 0;
    std::unique_lock lock(mutex);
    while (true) {
      lock.unlock();
      for (int i = 0; i < kYields && jobs.load(std::memory_order_relaxed) == seen; ++i) std::this_thread::yield();
      lock.lock();
      job_posted.wait(lock, [&] { return stop || jobs.load(std::memory_order_relaxed) != seen; });
      if (stop) return;
      seen = jobs.load(std::memory_order_relaxed);
      if (task == nullptr) continue;
      const std::function<void(int)>& current = *task;
      const int tasks = count;
      ++inside;
      lock.unlock();
      take_tasks(current, tasks);
      lock.lock();
      if (--inside == 0) workers_left.notify_one();
    }
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  for (int i = 1; i < threads; ++i) state_->workers.emplace_back([state = state_.get()] { state->work(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->job_posted.notify_all();
  for (std::thread& worker : state_->workers) worker.join();
}

int ThreadPool::threads() const {
  return static_cast<int>(state_->workers.size()) + 1;
}

void ThreadPool::run(int count, const std::function<void(int)>& task) {
  State& state = *state_;
  if (count <= 1 || state.workers.empty()) {
    for (int i = 0; i < count; ++i) task(i);
    return;
  }
  {
    const std::lock_guard lock(state.mutex);
    state.task = &task;
    state.count = count;
    state.next.store(0, std::memory_order_relaxed);
    state.jobs.fetch_add(1, std::memory_order_relaxed);
  }
  state.job_posted.notify_all();
  state.take_tasks(task, count);
  for (int i = 0; i < kYields && state.inside.load(std::memory_order_relaxed) != 0; ++i) std::this_thread::yield();
  std::unique_lock lock(state.mutex);
  state.task = nullptr;
  state.workers_left.wait(lock, [&] { return state.inside.load(std::memory_order_relaxed) == 0; });
}

int default_threads() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace mote
