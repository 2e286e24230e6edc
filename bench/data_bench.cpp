// Speed and memory of reading: CSV of generated recordings to windows of counts. Arguments: megabytes in all, files.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/base/random.h"
#include "toolchain/data/dataset.h"

namespace {

using mote::Random;

constexpr double kMegabyte = 1e6;

// timestamp,ax,ay,az at 100 Hz, as a logger writes them.
int64_t write_recordings(const std::filesystem::path& folder, int64_t bytes, int64_t files) {
  int64_t written = 0;
  for (int64_t file = 0; file < files; ++file) {
    Random random(static_cast<uint64_t>(file));
    std::string text = "timestamp,ax,ay,az\n";
    for (int64_t row = 0; static_cast<int64_t>(text.size()) < bytes / files; ++row)
      text += fmt::format("{}.{},{:.4f},{:.4f},{:.4f}\n", row * 10, random.below(10), random.normal(), random.normal(),
                          random.normal() + 1);
    written += static_cast<int64_t>(text.size());
    const std::string label = file % 2 == 0 ? "walk" : "run";
    if (!mote::write_file(folder / label / fmt::format("{}.csv", file), text).ok()) std::exit(2);
  }
  return written;
}

double seconds_of(const rusage& usage) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int count, char** arguments) {
  const double megabytes = count > 1 ? std::atof(arguments[1]) : 1000;
  const int64_t files = count > 2 ? std::atoll(arguments[2]) : 100;
  std::string name = (std::filesystem::temp_directory_path() / "mote_data_bench_XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(name.data());
  // In a process of its own, so that what writing takes is not counted as reading's peak.
  std::fflush(stdout);
  if (const pid_t writer = fork(); writer == 0) {
    write_recordings(folder, static_cast<int64_t>(megabytes * kMegabyte), files);
    _exit(0);
  } else {
    int status = 0;
    waitpid(writer, &status, 0);
    if (status != 0) return 2;
  }
  int64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
  mote::DataConfig config;
  config.source = {"*/*.csv"};
  config.label = {"folder"};
  config.rate = 100;
  config.window = mote::TimeSpan{1, false};
  config.split.by = "file";
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const auto dataset = mote::load_dataset(config, folder, {});
  getrusage(RUSAGE_SELF, &after);
  std::filesystem::remove_all(folder);
  if (!dataset.ok()) {
    std::fprintf(stderr, "%s\n", dataset.error().message.c_str());
    return 2;
  }
  const double seconds = seconds_of(after) - seconds_of(before);
  std::printf("%.0f MB of CSV in %lld files, %lld windows: %.2f s of one core, %.0f MB/s, peak %.0f MiB\n",
              static_cast<double>(bytes) / kMegabyte, static_cast<long long>(files),
              static_cast<long long>(dataset->train.size() + dataset->validation.size() + dataset->test.size()),
              seconds, static_cast<double>(bytes) / kMegabyte / seconds, static_cast<double>(after.ru_maxrss) / 1024);
}
