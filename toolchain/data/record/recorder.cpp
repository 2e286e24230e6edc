#include "toolchain/data/record/recorder.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "toolchain/base/plain_text.h"
#include "toolchain/data/record/byte_decoder.h"

namespace mote {
namespace {

constexpr double kListenSeconds = 0.5;  // enough for a first idea of the rate
constexpr double kNamingSeconds = 1.5;  // for a board that was asked for the names of its channels
constexpr int64_t kListenReadings = 3;
constexpr size_t kRecentReadings = 512;
constexpr int kFloatDigits = 7;

Result<void> check_label(const std::string& label) {
  const bool usable = !label.empty() && label.size() <= 100 && is_plain_text(label) && label[0] != '.' &&
                      label.find_first_of("/\\") == std::string::npos;
  if (usable) return {};
  return input_error(
      fmt::format("--label '{}': expected a name for a folder: at most 100 bytes, no slash, no dot at the start",
                  printable(label)));
}

std::string header_cell(const StreamChannel& channel) {
  return channel.unit.empty() ? channel.name : fmt::format("{} [{}]", channel.name, channel.unit);
}

}  // namespace

Result<void> validate(const RecordOptions& options) {
  MOTE_CHECK(check_label(options.label));
  for (const std::string& name : options.channels) {
    if (!is_channel_name(name))
      return input_error(fmt::format("--channels: '{}' is no name for a column", printable(name)));
    if (std::count(options.channels.begin(), options.channels.end(), name) > 1)
      return input_error(fmt::format("--channels: '{}' stands there twice", name));
  }
  if (options.trigger && options.wait)
    return input_error("--wait and --trigger: choose one; a trigger waits for its level anyway");
  return {};
}

Recorder::Recorder(RecordOptions options)
    : options_(std::move(options)), stream_(options_.channels), wanted_(!options_.wait) {}
Recorder::~Recorder() = default;

Recorder::State Recorder::state() const {
  if (done_) return State::done;
  if (!clock_) return State::listening;
  if (file_) return State::recording;
  if (options_.trigger) return State::armed;
  return wanted_ ? State::recording : State::idle;
}

void Recorder::format(const StreamFormat& format) {
  items_.push_back({{}, 0, format});
}

void Recorder::reading(std::span<const double> values, double ticks) {
  ++statistics_.received;
  items_.push_back({{values.begin(), values.end()}, ticks, std::nullopt});
}

void Recorder::bad(std::string_view what) {
  ++statistics_.bad;
  statistics_.last_bad = printable(what);
  items_.push_back({});
}

void Recorder::lost(int64_t frames) {
  statistics_.lost_frames += frames;
}

Result<void> Recorder::receive(std::span<const uint8_t> bytes, double now) {
  stream_.receive(bytes, *this);
  Chunk chunk{now, {}};
  for (Item& item : std::exchange(items_, {})) {
    if (item.format) {
      MOTE_CHECK(take(std::exchange(chunk, {now, {}})));
      MOTE_CHECK(change_format(*item.format, now));
    } else if (!item.values.empty() || !format_.clock) {  // without a clock, a bad line takes the place of a reading
      chunk.items.push_back(std::move(item));
    }
  }
  MOTE_CHECK(take(chunk));
  return flush();
}

Result<void> Recorder::change_format(const StreamFormat& format, double now) {
  // Names that come while listening are those of the readings before them, too: the board was asked for them.
  const bool named_late = !clock_ && !format_.binary && !format.binary && !format_.clock && !format.clock &&
                          format.channels.size() == format_.channels.size();
  if (!clock_ && !named_late) MOTE_CHECK(begin(now));
  MOTE_CHECK(close());
  clock_.reset();
  before_.clear();
  recent_.clear();
  last_values_.clear();
  unreadable_ = 0;
  format_ = format;
  statistics_.ranges.assign(format_.channels.size(), {1, -1});
  return {};
}

bool Recorder::heard_enough(double now) const {
  int64_t readings = 0;
  for (const Chunk& chunk : held_) readings += static_cast<int64_t>(chunk.items.size());
  const bool timed = format_.clock ? format_.clock->unit > 0 : options_.rate > 0;
  const double least = format_.named ? (timed ? 0 : kListenSeconds) : kNamingSeconds;
  return readings >= kListenReadings && now - held_.front().now >= least;
}

// Ends the listening: the clock is made, and what was held back is taken.
Result<void> Recorder::begin(double now) {
  const std::vector<Chunk> held = std::exchange(held_, {});
  if (held.empty()) return {};
  if (format_.misnamed > 0)
    return input_error(
        fmt::format("--channels names {}, the board sends {} numbers: name each, its time too if it sends one",
                    options_.channels.size(), format_.misnamed));
  if (options_.trigger) MOTE_CHECK(options_.trigger->bind(format_.channels));
  int64_t later = 0;  // readings after the first chunk
  for (size_t i = 1; i < held.size(); ++i) later += static_cast<int64_t>(held[i].items.size());
  const double elapsed = held.back().now - held.front().now;
  if (format_.clock) {
    DeviceClock device = *format_.clock;
    if (device.unit <= 0)
      device.unit = nearest_unit(held.back().items.back().ticks - held.front().items.front().ticks, now - held[0].now);
    clock_ = StampClock::of_device(device);
  } else {
    const double guess = options_.rate > 0 ? 1 / options_.rate : later > 0 ? elapsed / static_cast<double>(later) : 0;
    clock_ = StampClock::of_arrival(guess);
  }
  for (const Chunk& chunk : held) MOTE_CHECK(take(chunk));
  return {};
}

Result<void> Recorder::take(const Chunk& chunk) {
  if (chunk.items.empty() || done_) return {};
  if (!clock_) {
    held_.push_back(chunk);
    return heard_enough(chunk.now) ? begin(chunk.now) : Result<void>();
  }
  std::vector<double> ticks;
  for (const Item& item : chunk.items) ticks.push_back(item.ticks);
  const std::vector<Stamp> stamps = clock_->stamp(ticks, chunk.now);
  for (size_t i = 0; i < stamps.size() && !done_; ++i) {
    Stamp stamp = stamps[i];
    if (chunk.items[i].values.empty()) {
      unreadable_ += 1 + stamp.missing;
      continue;
    }
    stamp.missing += std::exchange(unreadable_, 0);
    MOTE_CHECK(take_reading(stamp, chunk.items[i]));
  }
  return {};
}

Result<void> Recorder::take_reading(const Stamp& stamp, const Item& item) {
  if (stamp.repeated && item.values == last_values_) {
    ++statistics_.repeated;
    return {};
  }
  last_values_ = item.values;
  statistics_.gaps += stamp.missing > 0;
  statistics_.missing += stamp.missing;
  recent_.push_back(item.values);
  if (recent_.size() > kRecentReadings) recent_.pop_front();
  if (stamp.jump) {
    ++statistics_.jumps;
    before_.clear();
    MOTE_CHECK(close());
  }
  const Stamped reading{stamp.seconds, item.values};
  if (options_.trigger) return take_armed(reading);
  return wanted_ ? write(reading) : Result<void>();
}

Result<void> Recorder::take_armed(const Stamped& reading) {
  const bool fires = options_.trigger->fires(reading.values);
  if (!file_) {
    while (!before_.empty() && before_.front().seconds < reading.seconds - options_.before) before_.pop_front();
    if (fires) {
      fired_ = reading.seconds;
      for (const Stamped& earlier : std::exchange(before_, {})) MOTE_CHECK(write(earlier));
      return write(reading);
    }
    before_.push_back(reading);
    return {};
  }
  if (reading.seconds - fired_ < options_.length) return write(reading);
  MOTE_CHECK(close());
  options_.trigger->rearm();
  before_.push_back(reading);
  done_ = options_.count > 0 && static_cast<int64_t>(statistics_.files.size()) >= options_.count;
  return {};
}

Result<void> Recorder::write(const Stamped& reading) {
  if (!file_) MOTE_CHECK(open(reading.seconds));
  rows_ += fmt::format("{:.3f}", (reading.seconds - file_start_) * 1000);
  for (size_t i = 0; i < reading.values.size(); ++i) {
    const double value = reading.values[i];
    if (std::isnan(value)) {
      rows_ += ",";
      continue;
    }
    // Text: the number that was sent. Frames: counts by a float32 scale.
    rows_ += format_.binary ? fmt::format(",{:.{}g}", value, kFloatDigits) : fmt::format(",{}", value);
    ChannelRange& range = statistics_.ranges[i];
    const bool first = range.low > range.high;
    range = {first ? value : std::min(range.low, value), first ? value : std::max(range.high, value)};
  }
  rows_ += '\n';
  ++statistics_.recorded;
  RecordedFile& file = statistics_.files.back();
  ++file.readings;
  file.seconds = reading.seconds - file_start_;
  return {};
}

Result<void> Recorder::open(double start) {
  std::string head =
      fmt::format("# label {}, {}, by mote data record\ntimestamp [ms]", options_.label, options_.origin);
  for (const StreamChannel& channel : format_.channels) head += "," + header_cell(channel);
  MOTE_TRY(RecordingFile file,
           RecordingFile::create(options_.folder / options_.label, fmt::format("{}_{}", options_.label, options_.stamp),
                                 next_number_++, head + "\n"));
  statistics_.files.push_back({file.path(), 0, 0});
  file_.emplace(std::move(file));
  file_start_ = start;
  return {};
}

Result<void> Recorder::flush() {
  if (rows_.empty()) return {};
  return file_->append(std::exchange(rows_, {}));
}

Result<void> Recorder::close() {
  if (!file_) return {};
  MOTE_CHECK(flush());
  const Result<void> closed = file_->close();
  file_.reset();
  return closed;
}

Result<void> Recorder::toggle(double now) {
  if (options_.trigger) return {};
  if (!clock_) MOTE_CHECK(begin(now));  // what is held back came before the key
  wanted_ = !wanted_;
  return wanted_ ? Result<void>() : close();
}

Result<void> Recorder::finish(double now) {
  if (!clock_) MOTE_CHECK(begin(now));
  if (clock_) {
    statistics_.rate = clock_->rate();
    statistics_.device_pace = clock_->device_pace();
  }
  return close();
}

Result<void> Recorder::interrupted(double now) {
  ++statistics_.interruptions;
  MOTE_CHECK(finish(now));
  stream_ = ReadingStream(options_.channels);
  clock_.reset();
  before_.clear();
  last_values_.clear();
  unreadable_ = 0;
  return {};
}

RecordStatistics Recorder::statistics() const {
  RecordStatistics statistics = statistics_;
  if (clock_ && clock_->rate() > 0) {
    statistics.rate = clock_->rate();
    statistics.device_pace = clock_->device_pace();
  }
  return statistics;
}

std::vector<double> Recorder::recent(size_t channel) const {
  std::vector<double> values;
  for (const std::vector<double>& reading : recent_) values.push_back(reading[channel]);
  return values;
}

Json to_json(const RecordStatistics& statistics, const StreamFormat& format) {
  Json channels = Json::array(), files = Json::array();
  for (size_t i = 0; i < format.channels.size(); ++i) {
    Json channel = {{"name", format.channels[i].name}, {"unit", format.channels[i].unit}};
    if (const ChannelRange& range = statistics.ranges[i]; range.low <= range.high)
      channel.update({{"min", range.low}, {"max", range.high}});
    channels.push_back(channel);
  }
  for (const RecordedFile& file : statistics.files)
    files.push_back({{"file", file.path.string()}, {"readings", file.readings}, {"seconds", file.seconds}});
  return {{"format", format.channels.empty() ? ""
                     : format.binary         ? "frames"
                                             : "lines"},
          {"channels", channels},
          {"received", statistics.received},
          {"recorded", statistics.recorded},
          {"rate_hz", statistics.rate},
          {"gaps", statistics.gaps},
          {"missing_readings", statistics.missing},
          {"lost_frames", statistics.lost_frames},
          {"bad", statistics.bad},
          {"repeated", statistics.repeated},
          {"clock_jumps", statistics.jumps},
          {"interruptions", statistics.interruptions},
          {"files", files}};
}

}  // namespace mote
