// Help for this stage's tests: a project folder that lives as long as the test.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "toolchain/data/dataset.h"

namespace mote {

class ProjectFolder {
 public:
  ProjectFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "mote_data_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~ProjectFolder() { std::filesystem::remove_all(path_); }
  ProjectFolder(const ProjectFolder&) = delete;
  ProjectFolder& operator=(const ProjectFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file, std::ios::binary) << text;
  }
  // A file of `rows` readings timestamp,ax,ay at `rate`; ax = value(i), ay a sine.
  void record(const std::string& file, int rows, double rate, const std::function<double(int)>& value) const {
    std::string text = "timestamp,ax,ay\n";
    for (int i = 0; i < rows; ++i)
      text += std::to_string(i * 1000 / rate) + "," + std::to_string(value(i)) + "," +
              std::to_string(std::sin(i * 0.37 + rows)) + "\n";
    write(file, text);
  }

 private:
  std::filesystem::path path_;
};

// recordings/<label>/*.csv at 100 Hz, windows of 0.2 s.
inline DataConfig recordings_config() {
  DataConfig config;
  config.source = {"recordings/*/*.csv"};
  config.label = {"folder"};
  config.rate = 100;
  config.window = TimeSpan{0.2, false};
  config.split.by = "file";
  return config;
}

// Two classes, six files each, that load without a complaint.
inline void write_good_recordings(const ProjectFolder& project) {
  for (int file = 0; file < 6; ++file)
    for (const double speed : {0.1, 0.9})
      project.record("recordings/" + std::string(speed < 0.5 ? "slow" : "fast") + "/r_" + std::to_string(file) + ".csv",
                     100 + file, 100, [&](int i) { return std::sin(i * speed + file) + 0.001 * i; });
}

// Fails the test when the data cannot be loaded.
inline Dataset load(const DataConfig& config, const ProjectFolder& project) {
  Result<Dataset> dataset = load_dataset(config, project.path(), {});
  EXPECT_TRUE(dataset.ok()) << dataset.error().message;
  return dataset.ok() ? std::move(dataset).value() : Dataset{};
}

// The message of a load that must fail.
inline std::string load_error(const DataConfig& config, const ProjectFolder& project) {
  const Result<Dataset> dataset = load_dataset(config, project.path(), {});
  EXPECT_FALSE(dataset.ok());
  if (dataset.ok()) return "(no error)";
  EXPECT_EQ(dataset.error().kind, Error::Kind::input);
  return dataset.error().message;
}

inline std::filesystem::path shared_data() {
  if (const char* stated = std::getenv("MOTE_DATA")) return std::filesystem::path(stated) / "data";
  const char* source = std::getenv("MOTE_SOURCE_DIR");
  return source == nullptr ? "" : std::filesystem::path(source).parent_path() / "shared" / "data";
}

}  // namespace mote
