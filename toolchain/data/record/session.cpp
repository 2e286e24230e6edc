#include "toolchain/data/record/session.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "device/sensor_frame.h"

namespace mote {
namespace {

constexpr double kWaitSeconds = 0.05;
constexpr double kRetrySeconds = 0.2;
constexpr double kSilenceSeconds = 3;    // then a hint is due
constexpr double kPatienceSeconds = 10;  // for the first reading, when the time is limited

class RecordingSession {
 public:
  RecordingSession(ReadingPort& port, Recorder& recorder, double seconds, const RecordHooks& hooks)
      : port_(port), recorder_(recorder), seconds_(seconds), hooks_(hooks) {}

  Result<void> run() {
    MOTE_CHECK(port_.open());
    opened();
    while (!quit_ && !ended()) {
      const RecordCommand command = hooks_.command();
      if (command == RecordCommand::quit) break;
      if (command == RecordCommand::toggle) MOTE_CHECK(recorder_.toggle(port_.now()));
      MOTE_CHECK(listen());
      if (hooks_.tick) hooks_.tick(recorder_);
    }
    MOTE_CHECK(recorder_.finish(port_.now()));
    port_.close();
    return nothing_came();
  }

 private:
  void opened() {
    opened_ = last_bytes_ = port_.now();
    hinted_ = false;
    port_.send(std::string_view(&kFrameRequest, 1));
  }

  bool ended() const {
    if (recorder_.state() == Recorder::State::done) return true;
    if (seconds_ <= 0) return false;
    if (first_reading_ > 0) return port_.now() - first_reading_ >= seconds_;
    return port_.now() - begun_ >= std::max(seconds_, kPatienceSeconds);
  }

  Result<void> listen() {
    std::array<uint8_t, 16384> buffer;
    const ReadingPort::Got got = port_.read(buffer, kWaitSeconds);
    const double now = port_.now();
    if (got.event == ReadingPort::Event::gone) return reconnect();
    if (got.event == ReadingPort::Event::bytes) {
      last_bytes_ = now;
      heard_ = true;
      MOTE_CHECK(recorder_.receive(std::span(buffer).first(got.bytes), now));
      if (first_reading_ <= 0 && recorder_.understood()) first_reading_ = now;
      if (recorder_.state() != Recorder::State::listening && recorder_.format() != described_) describe();
    }
    hint(now);
    return {};
  }

  void describe() {
    described_ = recorder_.format();
    const StreamFormat& format = described_;
    std::string names;
    for (const StreamChannel& channel : format.channels)
      names += (names.empty() ? "" : ", ") + channel.name + (channel.unit.empty() ? "" : " [" + channel.unit + "]");
    hooks_.notice(fmt::format("the board sends {}: {}; {}", format.binary ? "frames" : "lines", names,
                              format.clock ? "time by its own clock" : "it has no clock, so time is that of arrival"));
    if (!format.named)
      hooks_.notice("the board does not name its channels: name them with --channels, for example --channels ax,ay,az");
  }

  void hint(double now) {
    if (hinted_ || now - opened_ < kSilenceSeconds) return;
    if (now - last_bytes_ >= kSilenceSeconds) {
      hinted_ = true;
      hooks_.notice(
          fmt::format("nothing has come for {:.0f} s: is the sketch running, and this its port?", now - last_bytes_));
    } else if (!recorder_.understood()) {
      hinted_ = true;
      hooks_.notice(
          fmt::format("bytes come that are neither lines of numbers nor frames: \"{}\". Does --baud fit the "
                      "sketch? It prints one reading a line, such as 0.1,0.2,0.9",
                      recorder_.sample()));
    }
  }

  Result<void> reconnect() {
    MOTE_CHECK(recorder_.interrupted(port_.now()));
    port_.close();
    hooks_.notice("the port is gone (is the cable out?): what came is kept; waiting for it to come back");
    for (double next = 0; !ended() && hooks_.command() != RecordCommand::quit;) {
      if (hooks_.tick) hooks_.tick(recorder_);
      if (port_.now() >= next) {
        const Result<void> open = port_.open();
        if (open.ok()) {
          hooks_.notice("the port is back: recording goes on in a new file");
          opened();
          return {};
        }
        next = port_.now() + kRetrySeconds;
      }
      port_.pause(kWaitSeconds);
    }
    quit_ = true;
    return {};
  }

  // Of a session that had a time to end.
  Result<void> nothing_came() const {
    if (recorder_.understood() || first_reading_ > 0) return {};
    if (!heard_)
      return input_error(
          "nothing came from the port: is the sketch running, and is this its port? `mote data record "
          "--list` lists the ports");
    return input_error(
        fmt::format("what came from the port is neither lines of numbers nor frames: \"{}\"; does --baud "
                    "fit the sketch? It prints one reading a line, such as 0.1,0.2,0.9",
                    recorder_.sample()));
  }

  ReadingPort& port_;
  Recorder& recorder_;
  double seconds_;
  const RecordHooks& hooks_;
  double begun_ = port_.now(), opened_ = 0, last_bytes_ = 0, first_reading_ = 0;
  StreamFormat described_;
  bool hinted_ = false, heard_ = false, quit_ = false;
};

}  // namespace

Result<void> run_recording(ReadingPort& port, Recorder& recorder, double seconds, const RecordHooks& hooks) {
  return RecordingSession(port, recorder, seconds, hooks).run();
}

}  // namespace mote
