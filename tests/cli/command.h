// Drives the built command as a user would.
#pragma once
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "toolchain/base/files.h"
#include "toolchain/base/json.h"
#include "toolchain/base/process.h"

namespace mote {

constexpr double kCommandSeconds = 300;

inline fs::path mote_program() {
  const char* folder = std::getenv("MOTE_BINARY_DIR");
  return fs::path(folder == nullptr ? "build" : folder) / "mote";
}

// `mote ARGUMENTS` in `folder`.
inline ProcessOutput mote(std::vector<std::string> arguments, const fs::path& folder) {
  arguments.insert(arguments.begin(), fs::absolute(mote_program()).string());
  const Result<ProcessOutput> done = run_process(arguments, kCommandSeconds, folder);
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
  return done.ok() ? done.value() : ProcessOutput{-1, false, "", ""};
}

// A shell script in which $MOTE is the program.
inline ProcessOutput shell(const std::string& script, const fs::path& folder) {
  const std::string text = "MOTE='" + fs::absolute(mote_program()).string() + "'\n" + script;
  const Result<ProcessOutput> done = run_process({"sh", "-c", text}, kCommandSeconds, folder);
  EXPECT_TRUE(done.ok());
  return done.ok() ? done.value() : ProcessOutput{-1, false, "", ""};
}

inline Json json_of(const ProcessOutput& done) {
  const Result<Json> json = parse_json("standard output", done.output);
  EXPECT_TRUE(json.ok()) << done.output << done.errors;
  return json.ok() ? json.value() : Json();
}

inline std::string slurp(const fs::path& path) {
  const Result<std::string> text = read_text(path);
  EXPECT_TRUE(text.ok()) << path;
  return text.ok() ? text.value() : "";
}

inline void spew(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// Replaces the first `from` in a file.
inline void edit(const fs::path& path, const std::string& from, const std::string& to) {
  std::string text = slurp(path);
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << path << " has no " << from;
  spew(path, text.replace(at, from.size(), to));
}

// A folder of its own for each test, removed afterwards.
class CommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(mote_program())) GTEST_SKIP() << mote_program() << " is not built";
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() /
              ("mote-" + std::to_string(::getpid()) + "-" + info->test_suite_name() + "-" + info->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  // The gesture example as folder_/p, with few epochs.
  fs::path make_project(const std::string& epochs = "4") {
    EXPECT_EQ(mote({"init", "p"}, folder_).exit_status, 0);
    edit(folder_ / "p/mote.toml", "epochs = 60", "epochs = " + epochs);
    return folder_ / "p";
  }

  fs::path folder_;
};

// Of what builds firmware and runs it.
class BoardTest : public CommandTest {
 protected:
  void SetUp() override {
    CommandTest::SetUp();
    if (IsSkipped()) return;
    if (!find_program("arm-none-eabi-g++") || !find_program("qemu-system-arm"))
      GTEST_SKIP() << "no cross-compiler or emulator";
  }
};

}  // namespace mote
