#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>

#include "toolchain/base/files.h"
#include "toolchain/base/json.h"
#include "toolchain/base/npy.h"
#include "toolchain/base/process.h"
#include "toolchain/base/random.h"
#include "toolchain/base/text.h"

namespace mote {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("mote_base_test_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::vector<std::string> listing() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  fs::path folder_;
};

TEST_F(BaseTest, WrittenFileReadsBackAndLeavesNothingBeside) {
  const fs::path path = folder_ / "deep" / "a.txt";
  ASSERT_TRUE(write_file(path, "first"));
  ASSERT_TRUE(write_file(path, "second"));
  EXPECT_EQ(read_text(path).value(), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "deep"), {}), 1);
}

TEST_F(BaseTest, MissingFileIsNamed) {
  const auto result = read_text(folder_ / "none");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, Error::Kind::input);
  EXPECT_THAT(result.error().message, HasSubstr("none: cannot open the file: No such file"));
}

// A file size limit makes write() fail half way, as a full disk does.
TEST_F(BaseTest, FailedWriteKeepsTheOldFile) {
  const fs::path path = folder_ / "a.bin";
  ASSERT_TRUE(write_file(path, "old"));
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto result = write_file(path, std::string(100000, 'x'));
    _exit(!result.ok() && result.error().message.find("File too large") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read_text(path).value(), "old");
  EXPECT_THAT(listing(), ElementsAre("a.bin"));
}

TEST_F(BaseTest, StagedFolderReplacesOnCommitAndVanishesWithout) {
  const fs::path destination = folder_ / "run";
  {
    auto staged = StagedFolder::create(destination);
    ASSERT_TRUE(staged.ok());
    ASSERT_TRUE(write_file(staged->path() / "a", "1"));
    ASSERT_TRUE(staged->commit());
  }
  {
    auto abandoned = StagedFolder::create(destination);
    ASSERT_TRUE(write_file(abandoned->path() / "a", "2"));
  }
  EXPECT_EQ(read_text(destination / "a").value(), "1");
  auto staged = StagedFolder::create(destination);
  ASSERT_TRUE(write_file(staged->path() / "b", "3"));
  ASSERT_TRUE(staged->commit());
  EXPECT_FALSE(fs::exists(destination / "a"));
  EXPECT_THAT(listing(), ElementsAre("run"));
}

TEST_F(BaseTest, SecondProcessIsRefusedTheLockAndToldWhoHasIt) {
  auto lock = FileLock::acquire(folder_ / "lock", "training");
  ASSERT_TRUE(lock.ok());
  const auto again = FileLock::acquire(folder_ / "lock", "training");
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(again.error().message,
              HasSubstr("training is already being done here by process " + std::to_string(getpid())));
}

TEST_F(BaseTest, GlobMatchesComponents) {
  for (const char* name : {"r/idle/a.csv", "r/idle/b.txt", "r/swipe/c.csv", "r/swipe/deep/d.csv", "r/.hidden/e.csv"})
    ASSERT_TRUE(write_file(folder_ / name, "x"));
  const auto names = [&](const std::string& pattern) {
    std::vector<std::string> out;
    const auto found = glob(folder_, pattern);
    for (const fs::path& path : found.value()) out.push_back(path.lexically_relative(folder_).string());
    return out;
  };
  EXPECT_THAT(names("r/*/*.csv"), ElementsAre("r/idle/a.csv", "r/swipe/c.csv"));
  EXPECT_THAT(names("r/**/*.csv"), ElementsAre("r/idle/a.csv", "r/swipe/c.csv", "r/swipe/deep/d.csv"));
  EXPECT_THAT(names("r/idle/?.???"), ElementsAre("r/idle/a.csv", "r/idle/b.txt"));
  EXPECT_THAT(names("r/idle/a.csv"), ElementsAre("r/idle/a.csv"));
  EXPECT_THAT(names("nothing/*"), ElementsAre());
}

TEST_F(BaseTest, GlobFollowsALinkThatLeadsBackOnce) {
  for (const char* name : {"r/a/x.csv", "r/b/y.csv"}) ASSERT_TRUE(write_file(folder_ / name, "x"));
  fs::create_directory_symlink(folder_ / "r", folder_ / "r/a/loop");
  fs::create_directory_symlink("../b", folder_ / "r/a/there");
  fs::create_directory_symlink("../a", folder_ / "r/b/back");
  const auto paths = glob(folder_, "r/**/*.csv");
  std::vector<std::string> found;
  for (const fs::path& path : paths.value()) found.push_back(path.lexically_relative(folder_).string());
  EXPECT_THAT(found, ElementsAre("r/a/there/y.csv", "r/a/x.csv", "r/b/back/x.csv", "r/b/y.csv"));
}

TEST_F(BaseTest, RandomIsPinnedAndWellDistributed) {
  Random random(1);
  const uint64_t first = random.bits();
  EXPECT_EQ(first, Random(1).bits());
  EXPECT_NE(first, Random(2).bits());
  EXPECT_NE(random.stream(0).bits(), random.stream(1).bits());
  double sum = 0, squares = 0;
  constexpr int kDraws = 200000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
}

// Moments, and the distribution function within five deviations of what a million draws have, in the middle and in the
// tail.
TEST_F(BaseTest, ManyNormalDrawsAreNormal) {
  std::vector<float> draws(1000000);
  Random(1).fill_normal(draws);
  std::vector<float> again(1000);
  Random(1).fill_normal(again);
  EXPECT_TRUE(std::equal(again.begin(), again.end(), draws.begin()));
  double sum = 0, squares = 0, fourths = 0;
  for (const float x : draws) {
    const double square = double{x} * double{x};
    sum += double{x}, squares += square, fourths += square * square;
  }
  const auto n = static_cast<double>(draws.size());
  EXPECT_NEAR(sum / n, 0, 0.005);
  EXPECT_NEAR(squares / n, 1, 0.007);
  EXPECT_NEAR(fourths / n, 3, 0.05);
  for (const double limit : {-3.7, -2.5, -1.0, 0.0, 0.3, 1.0, 3.0, 4.0}) {
    const auto below = std::count_if(draws.begin(), draws.end(), [&](float x) { return double{x} < limit; });
    const double expected = std::erfc(-limit / std::sqrt(2.0)) / 2;
    EXPECT_NEAR(static_cast<double>(below) / n, expected, 5 * std::sqrt(expected * (1 - expected) / n) + 1e-6) << limit;
  }
  const std::span bytes(reinterpret_cast<const uint8_t*>(draws.data()), draws.size() * sizeof(float));
  EXPECT_EQ(fingerprint(bytes), "ecf8c558e2f948ab2cb2e994663ea02d") << "draws must be the same on every machine";
}

TEST_F(BaseTest, NpyRoundTripOfEveryType) {
  for (const DType dtype : {DType::float32, DType::int8, DType::uint8, DType::int16, DType::int32, DType::int64}) {
    NpyArray array{dtype, {2, 3}, std::vector<uint8_t>(6 * element_bytes(dtype))};
    for (size_t i = 0; i < array.data.size(); ++i) array.data[i] = static_cast<uint8_t>(i * 37);
    ASSERT_TRUE(write_npy(folder_ / "a.npy", array));
    const auto back = read_npy(folder_ / "a.npy");
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->dtype, dtype);
    EXPECT_EQ(back->shape, array.shape);
    EXPECT_EQ(back->data, array.data);
  }
}

TEST_F(BaseTest, BrokenNpyIsRefused) {
  ASSERT_TRUE(write_npy(folder_ / "a.npy", {DType::int16, {2, 3}, std::vector<uint8_t>(12)}));
  const std::vector<uint8_t> good = read_file(folder_ / "a.npy").value();
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(parse_npy("cut", {good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}).ok()) << size;
  Random random(3);
  for (int i = 0; i < 20000; ++i) {  // must not crash or allocate without bound, whatever the answer
    std::vector<uint8_t> bad = good;
    bad[random.below(static_cast<uint32_t>(bad.size()))] = static_cast<uint8_t>(random.bits());
    (void)parse_npy("flipped", bad).ok();
  }
}

TEST_F(BaseTest, ProcessOutputStatusTimeoutAndAbsence) {
  const auto both = run_process({"sh", "-c", "echo out; echo err >&2; exit 3"}, 10);
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->exit_status, 3);
  EXPECT_EQ(both->output, "out\n");
  EXPECT_EQ(both->errors, "err\n");
  const auto large = run_process({"sh", "-c", "head -c 3000000 /dev/zero"}, 10);
  EXPECT_EQ(large->output.size(), 3000000u);
  const auto slow = run_process({"sh", "-c", "sleep 30 & sleep 30"}, 0.2);
  EXPECT_TRUE(slow->timed_out);
  const auto absent = run_process({"no-such-program-here"}, 10);
  ASSERT_FALSE(absent.ok());
  EXPECT_THAT(absent.error().message, HasSubstr("no-such-program-here: cannot be started: No such file"));
  EXPECT_EQ(run_process({"pwd"}, 10, folder_)->output, fs::canonical(folder_).string() + "\n");
}

TEST_F(BaseTest, NearestName) {
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("window", "Widnow"), 1);
  EXPECT_EQ(nearest_name("dens", std::vector<std::string>{"Flatten", "Dense", "Softmax"}), "Dense");
  EXPECT_EQ(nearest_name("dens", {}), "");
}

TEST_F(BaseTest, BadJsonIsNamed) {
  const auto result = parse_json("metadata 'mote'", "{\"a\": ");
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, HasSubstr("metadata 'mote': not valid JSON"));
}

}  // namespace
}  // namespace mote
