#include "toolchain/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace mote {
namespace {

TEST(ThreadPool, RunsEveryTaskOnceForAnyNumberOfThreads) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int round = 0; round < 300; ++round) {
      const int count = round % 17;
      std::vector<std::atomic<int>> calls(17);
      pool.run(count, [&](int i) { ++calls[static_cast<size_t>(i)]; });
      for (int i = 0; i < 17; ++i)
        ASSERT_EQ(calls[static_cast<size_t>(i)], i < count ? 1 : 0) << threads << " threads, round " << round;
    }
  }
}

TEST(ThreadPool, ResultsOfTasksAreVisibleToTheCaller) {
  ThreadPool pool(3);
  std::vector<int64_t> squares(1000);
  for (int64_t round = 0; round < 100; ++round) {
    pool.run(1000, [&](int i) { squares[static_cast<size_t>(i)] = int64_t{i} * i + round; });
    for (int64_t i = 0; i < 1000; ++i) ASSERT_EQ(squares[static_cast<size_t>(i)], i * i + round);
  }
}

TEST(ThreadPool, FewerThanOneThreadMeansTheCaller) {
  EXPECT_EQ(ThreadPool(0).threads(), 1);
}

}  // namespace
}  // namespace mote
