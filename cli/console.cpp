#include "cli/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kRedrawSeconds = 0.05;
constexpr int kBarCells = 24;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void write(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

}  // namespace

Console::Console(bool json, bool object) : json_(json), object_(object), terminal_(isatty(STDERR_FILENO) != 0) {}

void Console::text(std::string_view text) {
  finish();
  write(json_ ? stderr : stdout, text);
}

void Console::note(std::string_view text) {
  finish();
  write(stderr, text);
}

void Console::object(const Json& value) {
  object_printed_ = true;
  if (json_ && object_) write(stdout, value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Progress Console::progress() {
  return [this](const ProgressEvent& event) { show(event); };
}

void Console::show(const ProgressEvent& event) {
  if (!terminal_) return;
  if (event.stage != stage_) {
    finish();
    stage_ = event.stage;
    stage_start_ = last_shown_ = Clock::now();
  }
  const bool finished = event.total > 0 && event.done >= event.total;
  if (finished) return finish();
  if (seconds_since(last_shown_) < kRedrawSeconds) return;
  last_shown_ = Clock::now();
  const double fraction = event.total > 0 ? static_cast<double>(event.done) / static_cast<double>(event.total) : 0;
  const double elapsed = seconds_since(stage_start_);
  const std::string left = fraction > 0.02 ? "  " + format_seconds(elapsed / fraction - elapsed) + " left" : "";
  const std::string shape = event.total > 0
                                ? fmt::format("▕{}▏ {}/{}", bar(fraction, kBarCells), event.done, event.total)
                                : std::to_string(event.done);
  write(stderr, fmt::format("\r\033[K  {:<9} {}  {}{}", event.stage, shape, event.detail, left));
  bar_drawn_ = true;
}

void Console::finish() {
  if (bar_drawn_) write(stderr, "\r\033[K");
  bar_drawn_ = false;
}

}  // namespace mote
