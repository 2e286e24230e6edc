// Any bytes as a recording of one format, which MOTE_FUZZED_FORMAT in the environment names by its extension: the
// reader answers with a series that holds together, or with an error of the user's.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/fuzz/fuzz.h"
#include "toolchain/base/text.h"
#include "toolchain/data/readers/reader.h"

namespace mote {
namespace {

// A file of one name whose bytes change.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("recording", 0)) {}
  ~MemoryFile() { close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }
  void set(const uint8_t* data, size_t size) const {
    FUZZ_CHECK(ftruncate(descriptor_, 0) == 0);
    FUZZ_CHECK(pwrite(descriptor_, data, size, 0) == static_cast<ssize_t>(size));
  }

 private:
  int descriptor_;
};

void check_series(const Series& series, const Agreement& agreed) {
  const size_t rows = static_cast<size_t>(series.rows);
  FUZZ_CHECK(series.rows > 0 && !agreed.channels.empty() && agreed.units.size() == agreed.channels.size());
  FUZZ_CHECK(series.values.size() == rows * agreed.channels.size());
  FUZZ_CHECK(series.seconds.empty() || series.seconds.size() == rows);
  int64_t end = 0;
  for (const Stretch& stretch : series.stretches) {
    FUZZ_CHECK(stretch.begin >= end && stretch.end > stretch.begin);
    end = stretch.end;
  }
  FUZZ_CHECK(end <= series.rows);
  (void)measure_timing(series);
}

std::string fuzzed_name() {
  const char* const format = std::getenv("MOTE_FUZZED_FORMAT");
  FUZZ_CHECK(format != nullptr);
  return std::string("a.") + format;
}

void read(const DataConfig& config, const MemoryFile& file) {
  static const std::string name = fuzzed_name();
  Agreement agreed;
  const std::vector<Rule> labels;
  const Rule group;
  const ReadTask task{file.path(), name, config, labels, group, agreed};
  const Result<Series> series = read_recording(task);
  if (series.ok())
    check_series(*series, agreed);
  else
    FUZZ_CHECK(series.error().kind == Error::Kind::input && !series.error().message.empty());
}

}  // namespace
}  // namespace mote

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mote;
  static const MemoryFile file;
  file.set(data, size);
  DataConfig config;
  config.task = DataTask::anomaly;
  read(config, file);  // a table
  config.image = ImageSize{8, 6, true};
  read(config, file);
  config.image.reset();
  config.rate = 100;
  config.window = TimeSpan{4, true};
  read(config, file);
  return 0;
}
