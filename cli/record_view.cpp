#include "cli/record_view.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cli/terminal.h"
#include "toolchain/data/braille_plot.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kLineSeconds = 5;
constexpr size_t kMostChannels = 12, kTallChannels = 4;

std::string state_text(const Recorder& recorder) {
  switch (recorder.state()) {
    case Recorder::State::listening:
      return "listening";
    case Recorder::State::idle:
      return "not recording";
    case Recorder::State::armed:
      return "waiting for " + recorder.trigger()->text();
    case Recorder::State::recording:
      return "recording";
    case Recorder::State::done:
      break;
  }
  return "done";
}

std::string figures(const Recorder& recorder) {
  const RecordStatistics statistics = recorder.statistics();
  const RecordedFile* const file = statistics.files.empty() ? nullptr : &statistics.files.back();
  std::string text = fmt::format("{}: {} readings", state_text(recorder), format_count(statistics.recorded));
  if (file) text += fmt::format(", {} s in {}", format_number(file->seconds), file->path.filename().string());
  if (statistics.rate > 0) text += fmt::format(", {} Hz", format_number(statistics.rate));
  if (statistics.gaps > 0) text += fmt::format(", {} gaps", statistics.gaps);
  if (statistics.bad > 0) text += fmt::format(", {} bad (\"{}\")", statistics.bad, statistics.last_bad);
  return text;
}

// At most `columns` wide.
std::string fitted(const std::string& text, int columns) {
  std::string result;
  int width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins && ++width > columns) break;
    result += text[i];
  }
  return result;
}

}  // namespace

RecordView::RecordView(Console& console, bool keys)
    : console_(console), terminal_(isatty(STDERR_FILENO) != 0), keys_(keys) {}

void RecordView::show(const Recorder& recorder) {
  const auto now = std::chrono::steady_clock::now();
  if (shown_ == std::chrono::steady_clock::time_point() && !terminal_) shown_ = now;
  if (std::chrono::duration<double>(now - shown_).count() < (terminal_ ? kRedrawSeconds : kLineSeconds)) return;
  pollfd room{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&room, 1, 0) <= 0) return;  // a terminal that was stopped must not stop the recording
  shown_ = now;
  if (!terminal_) return console_.note("  " + figures(recorder) + "\n");
  const std::string drawn = picture(recorder);
  clear();
  lines_ = static_cast<int>(std::count(drawn.begin(), drawn.end(), '\n'));
  console_.note(drawn);
}

void RecordView::notice(const std::string& text) {
  clear();
  console_.note("  " + text + "\n");
}

void RecordView::clear() {
  if (lines_ > 0) console_.note(fmt::format("\033[{}A\r\033[J", lines_));
  lines_ = 0;
}

std::string RecordView::picture(const Recorder& recorder) const {
  const int columns = terminal_columns(STDERR_FILENO) - 1;
  const auto& channels = recorder.format().channels;
  const int rows = channels.size() <= kTallChannels ? 2 : 1;
  std::string text;
  for (size_t i = 0; i < std::min(channels.size(), kMostChannels); ++i) {
    const std::vector<double> values = recorder.recent(i);
    if (values.empty()) continue;
    double low = INFINITY, high = -INFINITY;
    for (const double value : values)
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
    const int width = std::max(10, columns - 40);
    const std::vector<std::string> plot = braille_plot(values, width, rows, low, high);
    const std::string range = low <= high ? fmt::format("{} to {}", format_number(low), format_number(high)) : "";
    for (int row = 0; row < rows; ++row) {
      const std::string name = row == 0 ? channels[i].name : channels[i].unit;
      const std::string right = row == 0 ? format_number(values.back()) : range;
      text += fmt::format("  {:<12} {}  {}\n", fitted(name, 12), plot[static_cast<size_t>(row)], fitted(right, 22));
    }
  }
  text += fitted("  " + figures(recorder), columns) + "\n";
  if (keys_) text += recorder.trigger() ? "  q: end\n" : "  space: begin or end a recording   q: end\n";
  return text;
}

}  // namespace mote
