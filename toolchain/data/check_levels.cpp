// Recordings whose level differs from the others of their label: an offset, silence, a session out of line.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "toolchain/data/check_rules.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr size_t kLevelPeers = 6;                          // recordings of a label, for a comparison
constexpr double kLevelOffset = 0.5;                       // of the channel's usual deviation...
constexpr double kLevelOffsetFar = 10;                     // ... and in robust deviations of the offsets of the label
constexpr double kSoundOffset = 0.1, kSoundLevel = 0.003;  // of the usual deviation; of full scale
constexpr double kSilent = 25,
                 kSilentFar = 6;  // below the usual level of the label; in robust deviations of its logarithm
constexpr size_t kSessions = 5;
constexpr double kSessionFar = 8, kSessionOffset = 1.0, kSessionGain = 2.0;  // robust deviations; deviations; times

// A gyroscope at rest reads zero, an accelerometer does not.
bool reads_zero_at_rest(const Scan& scan, size_t c) {
  if (scan.input.sound()) return true;
  const std::string unit = lower_case((*scan.input.units)[c]), name = lower_case(scan.channel(c));
  const bool turns = unit == "deg/s" || unit == "dps" || unit == "rad/s" || unit == "\xC2\xB0/s" || unit == "mdps";
  const std::vector<size_t> triads = find_triads(*scan.input.channels);
  const bool axis = std::any_of(triads.begin(), triads.end(), [&](size_t x) { return c >= x && c < x + 3; });
  return turns || (axis && (name.starts_with("g") || name.find("gyr") != std::string::npos) &&
                   name.find("grav") == std::string::npos);
}

using ByLabel = std::map<std::string, std::vector<const Passage*>>;

ByLabel by_label(const CheckInput& input) {
  ByLabel labels;
  for (const Passage& passage : input.passages) labels[passage.label()].push_back(&passage);
  return labels;
}

std::vector<double> of_each(const std::vector<const Passage*>& passages, const auto& value) {
  std::vector<double> values;
  for (const Passage* passage : passages) values.push_back(value(*passage));
  return values;
}

void add_offset(const Scan& scan, const Passage& passage, size_t c, double offset, const std::string& what) {
  Finding& finding = scan.add(
      Severity::warning, "offset", *passage.series, passage.begin, what,
      "a sensor that was not calibrated, or a microphone's bias: the model learns which device recorded",
      "calibrate before recording, or let `mote data clean --fix offset` subtract it; the board must do the same");
  finding.repair = {{ChangeAction::transform,
                     "offset",
                     passage.series->file,
                     0,
                     0,
                     "",
                     {{scan.channel(c), scan.channel(c), 1, -offset}}}};
}

// One recording off the others of its label.
void check_offsets(const Scan& scan, const std::vector<const Passage*>& passages, size_t c) {
  const std::vector<double> means = of_each(passages, [&](const Passage& s) { return s.mean[c]; });
  const double usual = median(means),
               movement = median(of_each(passages, [&](const Passage&s) { return s.deviation[c]; })),
               spread = std::max(robust_deviation(means), 0.02 * movement);
  if (movement <= 0) return;
  for (size_t i = 0; i < passages.size(); ++i) {
    const double off = means[i] - usual;
    const double own = std::max(movement, passages[i]->deviation[c]);  // who moves more may lean more to one side
    const double least = scan.input.sound() ? std::max(kSoundOffset * own, kSoundLevel) : kLevelOffset * own;
    if (std::abs(off) < least || std::abs(off) < kLevelOffsetFar * spread) continue;
    add_offset(scan, *passages[i], c, off,
               fmt::format("{} lies {:.4g} {} than in the other recordings of its label (usual deviation {:.3g})",
                           scan.channel(c), std::abs(off), off > 0 ? "higher" : "lower", movement));
  }
}

// A microphone whose every recording is off zero.
void check_common_offset(const Scan& scan, size_t c) {
  if (!scan.input.sound() || scan.input.passages.empty()) return;
  std::vector<double> means, deviations;
  for (const Passage& passage : scan.input.passages)
    means.push_back(passage.mean[c]), deviations.push_back(passage.deviation[c]);
  const double usual = median(means), movement = median(deviations);
  if (std::abs(usual) < std::max(kSoundOffset * movement, kSoundLevel)) return;
  scan.findings.push_back({Severity::warning, "offset", "", 0, -1, 1,
                           fmt::format("{} lies at {:.4g} instead of zero in most recordings (usual deviation {:.3g})",
                                       scan.channel(c), usual, movement),
                           "a microphone's bias takes a part of the range, and hides what is quiet",
                           "take a high-pass filter on host and board, or correct the bias of the microphone"});
}

// Nothing happens where something should.
void check_silence(const Scan& scan, const std::vector<const Passage*>& passages) {
  std::vector<double> usual(scan.channels());
  for (size_t c = 0; c < usual.size(); ++c)
    usual[c] = median(of_each(passages, [&](const Passage& s) { return s.deviation[c]; }));
  const std::vector<double> levels = of_each(passages, [&](const Passage& s) {
    double loudest = 0;
    for (size_t c = 0; c < usual.size(); ++c)
      if (usual[c] > 0) loudest = std::max(loudest, s.deviation[c] / usual[c]);
    return std::log(std::max(loudest, 1e-9));
  });
  const double middle = median(levels), spread = robust_deviation(levels);
  for (size_t i = 0; i < passages.size(); ++i) {
    if (levels[i] > middle - std::log(kSilent) || levels[i] > middle - kSilentFar * spread) continue;
    Finding& finding = scan.add(
        Severity::warning, "silence", *passages[i]->series, passages[i]->begin,
        fmt::format("nothing happens here: no channel reaches {:.2g} % of the usual deviation of the label '{}'",
                    100 * std::exp(levels[i] - middle) + 0.05, passages[i]->label()),
        "the recording was started too early or too late, or the sensor was dead; its label is wrong",
        "record again, or let `mote data clean --fix silence` take it out");
    const Series& series = *passages[i]->series;
    const bool whole = passages[i]->begin == 0 && passages[i]->end == series.rows;
    finding.repair = {whole ? Change{ChangeAction::leave_out, "silence", series.file, 0, 0, "", {}}
                            : scan.cut("silence", series, passages[i]->begin, passages[i]->end)};
  }
}

// What was recorded in one go: a group of the split, or a day.
std::string session_of(const Scan& scan, const Passage& passage) {
  const std::string& by = scan.input.config->split.by;
  if (by.starts_with("filename:") || by.starts_with("column:")) return passage.group();
  constexpr double kSince1970 = 1e8, kDay = 86400;
  const std::vector<double>& seconds = passage.series->seconds;
  if (seconds.empty() || seconds[0] < kSince1970) return "";
  return fmt::format("day {}", static_cast<int64_t>(std::floor(seconds[static_cast<size_t>(passage.begin)] / kDay)));
}

// Level and size of one channel in a session, against the same labels in the others.
struct Session {
  const Series* first = nullptr;
  std::vector<double> level, gain;  // of its recordings: in deviations; logarithms
};

void check_session_values(const Scan& scan, size_t c, const std::map<std::string, Session>& sessions,
                          std::vector<double> Session::*values, double least, const auto& words) {
  std::vector<double> middles, within;
  for (const auto& [name, session] : sessions) {
    const double middle = median(session.*values);
    middles.push_back(middle);
    for (const double value : session.*values) within.push_back(value - middle);
  }
  const double usual = median(middles),
               spread = std::max({robust_deviation(middles), robust_deviation(within) / 2, least / kSessionFar});
  size_t i = 0;
  for (const auto& [name, session] : sessions) {
    const double off = middles[i++] - usual;
    if (std::abs(off) < kSessionFar * spread) continue;
    scan.add(Severity::warning, "session", *session.first, -1,
             fmt::format("in session '{}' {} {}", name, scan.channel(c), words(off)),
             "the sensor, its setting or its place changed between sessions; a model learns that instead of the label",
             "find out what was different; record such sessions for every label, and hold whole sessions out");
  }
}

void check_sessions(const Scan& scan, const ByLabel& labels) {
  for (size_t c = 0; c < scan.channels(); ++c) {
    std::map<std::string, Session> sessions;
    for (const auto& [label, passages] : labels) {
      const double usual = median(of_each(passages, [&](const Passage&s) { return s.mean[c]; })),
                   movement = median(of_each(passages, [&](const Passage&s) { return s.deviation[c]; }));
      if (passages.size() < kLevelPeers || movement <= 0) continue;
      for (const Passage* passage : passages) {
        const std::string name = session_of(scan, *passage);
        if (name.empty()) continue;
        Session& session = sessions[name];
        if (session.first == nullptr) session.first = passage->series;
        session.level.push_back((passage->mean[c] - usual) / movement);
        session.gain.push_back(std::log(std::max(passage->deviation[c] / movement, 1e-6)));
      }
    }
    std::erase_if(sessions, [](const auto& entry) { return entry.second.level.size() < 3; });
    if (sessions.size() < kSessions) continue;
    check_session_values(scan, c, sessions, &Session::level, kSessionOffset, [](double off) {
      return fmt::format("lies {:.1f} deviations {} than in the others", std::abs(off), off > 0 ? "higher" : "lower");
    });
    check_session_values(scan, c, sessions, &Session::gain, std::log(kSessionGain), [](double off) {
      return fmt::format("swings {:.1f} times {} than in the others", std::exp(std::abs(off)),
                         off > 0 ? "more" : "less");
    });
  }
}

}  // namespace

void check_levels(const CheckInput& input, std::vector<Finding>& findings) {
  if (!input.config->timed()) return;
  const Scan scan{input, findings};
  const ByLabel labels = by_label(input);
  for (const auto& [label, passages] : labels) {
    if (passages.size() < kLevelPeers) continue;
    for (size_t c = 0; c < scan.channels(); ++c)
      if (reads_zero_at_rest(scan, c)) check_offsets(scan, passages, c);
    check_silence(scan, passages);
  }
  for (size_t c = 0; c < scan.channels(); ++c) check_common_offset(scan, c);
  check_sessions(scan, labels);
}

}  // namespace mote
