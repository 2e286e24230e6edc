// From the bytes of a port to recordings: decodes, stamps, waits for key or trigger, writes, counts what went wrong.
// Knows neither the port nor the clock: the caller hands in both.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "toolchain/base/files.h"
#include "toolchain/base/json.h"
#include "toolchain/data/record/recording_file.h"
#include "toolchain/data/record/stamp_clock.h"
#include "toolchain/data/record/stream.h"
#include "toolchain/data/record/trigger.h"

namespace mote {

struct RecordOptions {
  std::string label;
  fs::path folder;                    // recordings go to <folder>/<label>/<label>_<stamp>_<n>.csv
  std::string stamp;                  // of the session: "20260131-140617"
  std::string origin;                 // for a comment at the head of each file: port, speed, start
  std::vector<std::string> channels;  // their names; empty: as the board says
  double rate = 0;                    // readings a second that are expected; 0 = not known
  std::optional<Trigger> trigger;     // a recording begins when it fires
  double before = 0.1, length = 1;    // with a trigger: seconds kept from before it, and recorded from it on
  int64_t count = 0;                  // with a trigger: done after so many recordings; 0 = no end
  bool wait = false;                  // begins only with toggle()
};
// Ranges, the label as the name of a folder, channel names.
Result<void> validate(const RecordOptions& options);

struct RecordedFile {
  fs::path path;
  int64_t readings = 0;
  double seconds = 0;
};

struct ChannelRange {
  double low = 0, high = 0;  // of what was recorded; low > high: nothing was
};

struct RecordStatistics {
  int64_t received = 0;  // readings, recorded or not
  int64_t recorded = 0;
  int64_t gaps = 0;         // places where readings are missing
  int64_t missing = 0;      // readings that should have been there
  int64_t lost_frames = 0;  // by their numbers
  int64_t bad = 0;          // lines that are no readings, frames with a wrong CRC
  int64_t repeated = 0;     // the same reading with the same time again: left out
  int64_t jumps = 0;        // of the board's clock
  int64_t interruptions = 0;
  double rate = 0;         // readings a second, gaps left out; 0 = not known
  double device_pace = 0;  // StampClock::device_pace()
  std::string last_bad;
  std::vector<RecordedFile> files;
  std::vector<ChannelRange> ranges;  // by channel
};

class Recorder final : private StreamSink {
 public:
  enum class State { listening, idle, armed, recording, done };

  // REQUIRES: validate(options).
  explicit Recorder(RecordOptions options);
  ~Recorder() override;

  // `now`: seconds of a steady clock. Errors: a file cannot be written; the trigger names no channel of the board's.
  Result<void> receive(std::span<const uint8_t> bytes, double now);
  Result<void> toggle(double now);       // the key: ends the recording, or begins one
  Result<void> interrupted(double now);  // the port is gone: ends the recording; what comes next is another
  Result<void> finish(double now);       // writes what is still held back

  State state() const;
  bool understood() const { return stream_.understood(); }
  std::string sample() const { return stream_.sample(); }
  const StreamFormat& format() const { return format_; }
  const Trigger* trigger() const { return options_.trigger ? &*options_.trigger : nullptr; }
  RecordStatistics statistics() const;
  // The last readings of a channel, oldest first, for a plot.
  std::vector<double> recent(size_t channel) const;

 private:
  // What the stream said: a reading; a format; else something bad.
  struct Item {
    std::vector<double> values;
    double ticks = 0;
    std::optional<StreamFormat> format;
  };
  struct Chunk {
    double now = 0;
    std::vector<Item> items;
  };
  struct Stamped {
    double seconds = 0;
    std::vector<double> values;
  };
  void format(const StreamFormat& format) override;
  void reading(std::span<const double> values, double ticks) override;
  void bad(std::string_view what) override;
  void lost(int64_t frames) override;

  Result<void> change_format(const StreamFormat& format, double now);
  bool heard_enough(double now) const;
  Result<void> begin(double now);
  Result<void> take(const Chunk& chunk);
  Result<void> take_reading(const Stamp& stamp, const Item& item);
  Result<void> take_armed(const Stamped& reading);
  Result<void> write(const Stamped& reading);
  Result<void> open(double start);
  Result<void> close();
  Result<void> flush();

  RecordOptions options_;
  ReadingStream stream_;
  StreamFormat format_;
  std::optional<StampClock> clock_;  // none while listening
  std::vector<Item> items_;          // of what is being received
  std::vector<Chunk> held_;          // while listening
  int64_t unreadable_ = 0;           // bad lines since the last reading
  bool wanted_ = true;               // without a trigger: readings are recorded
  bool done_ = false;
  std::deque<Stamped> before_;  // with a trigger: the last readings
  std::optional<RecordingFile> file_;
  std::string rows_;  // of the file, not yet appended
  double file_start_ = 0;
  double fired_ = 0;
  int next_number_ = 1;
  std::vector<double> last_values_;
  std::deque<std::vector<double>> recent_;
  RecordStatistics statistics_;
};

// What `mote data record --json` prints of it.
Json to_json(const RecordStatistics& statistics, const StreamFormat& format);

}  // namespace mote
