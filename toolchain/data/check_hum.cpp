// Mains hum: lines at 50 or 60 Hz and their multiples that are there all the time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "toolchain/data/check_rules.h"

namespace mote {
namespace {

constexpr double kSegment = 0.5;  // seconds: a Hann window of that length tells lines 8 Hz apart
constexpr int kMultiples = 5;
constexpr double kEnoughRate = 1500;     // Hz: of faster signals readings are joined
constexpr double kLine = 8;              // power over its surroundings, in a quarter of all segments at the least
constexpr double kLone = 30;             // of the first line, where the rate shows no second
constexpr size_t kOwnSegments = 8;       // a recording with so many is judged by itself
constexpr double kWorthAWarning = 0.02;  // of the signal's deviation

// A stretch of the signal without its mean under a Hann window, at a rate just high enough for the lines.
struct Segment {
  std::vector<double> values;
  double rate = 0, weights = 0;  // Hz; sum of the window
};

// Power at one frequency; 1 for a sine of amplitude 1 (Goertzel 1958).
double power_at(const Segment& segment, double frequency) {
  const double twice = 2 * std::cos(2 * std::numbers::pi * frequency / segment.rate);
  double a = 0, b = 0;
  for (const double value : segment.values) {
    const double next = value + twice * a - b;
    b = a, a = next;
  }
  return (a * a + b * b - twice * a * b) * 4 / (segment.weights * segment.weights);
}

// Multiples of the mains frequency in one segment, and halves between them, which mains does not have and machines do.
struct Lines {
  double over[kMultiples] = {};  // power over the surroundings; 0 beyond the rate
  double halves[2] = {};         // of 0.5 and 1.5 times
  double amplitude = 0;          // of all lines together
};

double over_surroundings(const Segment& segment, double frequency, double& power) {
  power = power_at(segment, frequency);
  std::vector<double> around;
  for (const double distance : {-5.0, -4.0, -3.0, 3.0, 4.0, 5.0})
    around.push_back(power_at(segment, std::max(2.0, frequency + distance / kSegment)));
  const double usual = median(around);
  return usual > 0 ? power / usual : 0;
}

Lines lines_of(const Segment& segment, double mains) {
  Lines lines;
  double power = 0, sum = 0;
  for (int k = 0; k < kMultiples && mains * (k + 1) < 0.42 * segment.rate; ++k) {
    lines.over[k] = over_surroundings(segment, mains * (k + 1), power);
    if (lines.over[k] > kLine) sum += power;
  }
  lines.halves[0] = over_surroundings(segment, 0.5 * mains, power);
  lines.halves[1] = over_surroundings(segment, 1.5 * mains, power);
  lines.amplitude = std::sqrt(sum);
  return lines;
}

double low_quarter(std::vector<double> values) {
  const auto place = values.begin() + static_cast<int64_t>(values.size() / 4);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

struct Hum {
  double mains = 0, amplitude = 0;
  std::string lines;  // "50, 100, 150 Hz"
};

// What stays in most segments is hum; a voice passes by.
Hum hum_in(const std::vector<Lines>& segments, double mains) {
  const auto lasting = [&](const auto& value) {
    std::vector<double> values;
    for (const Lines& lines : segments) values.push_back(value(lines));
    return low_quarter(std::move(values));
  };
  Hum hum;
  int found = 0;
  bool first = false, shown = false;
  for (int k = 0; k < kMultiples; ++k) {
    const double over = lasting([&](const Lines& lines) { return lines.over[k]; });
    shown |= k > 0 && segments[0].over[k] > 0;
    if (over < kLine) continue;
    first |= k == 0;
    ++found;
    hum.lines += fmt::format("{}{:g}", hum.lines.empty() ? "" : ", ", mains * (k + 1));
  }
  for (int half = 0; half < 2; ++half)
    if (lasting([&](const Lines& lines) { return lines.halves[half]; }) > kLine) return {};
  const bool lone = first && !shown && lasting([](const Lines& lines) { return lines.over[0]; }) > kLone;
  if (!(first && found > 1) && !lone) return {};
  hum.mains = mains;
  hum.amplitude = lasting([](const Lines& lines) { return lines.amplitude; });
  return hum;
}

class HumCheck {
 public:
  HumCheck(const CheckInput& input, std::vector<Finding>& findings, size_t c) : scan_{input, findings}, c_(c) {}

  void run() {
    for (const double mains : {50.0, 60.0}) {
      if (mains > 0.21 * scan_.input.rate) continue;
      std::vector<Lines> pooled;
      std::vector<double> deviations;
      const Passage* first = nullptr;
      for (const Passage& passage : scan_.input.passages) {
        const std::vector<Lines> segments = segments_of(passage, mains);
        if (segments.size() >= kOwnSegments) {
          if (const Hum hum = hum_in(segments, mains); hum.mains > 0) report(&passage, hum, passage.deviation[c_]);
          continue;
        }
        if (first == nullptr && !segments.empty()) first = &passage;
        pooled.insert(pooled.end(), segments.begin(), segments.end());
        if (!segments.empty()) deviations.push_back(passage.deviation[c_]);
      }
      if (pooled.size() < kOwnSegments) continue;
      if (const Hum hum = hum_in(pooled, mains); hum.mains > 0) report(nullptr, hum, median(deviations));
    }
  }

 private:
  Segment segment_at(const Passage& passage, int64_t begin, int64_t readings) const {
    const double rate = scan_.input.rate_of(*passage.series);
    const auto joined = std::max<int64_t>(1, static_cast<int64_t>(rate / kEnoughRate));
    Segment segment;
    segment.rate = rate / static_cast<double>(joined);
    double sum = 0;
    for (int64_t i = begin; i + joined <= begin + readings; i += joined) {
      double value = 0;
      for (int64_t k = i; k < i + joined; ++k) {
        const double reading = scan_.value(*passage.series, k, c_);
        value += std::isfinite(reading) ? reading : passage.mean[c_];
      }
      segment.values.push_back(value / static_cast<double>(joined));
      sum += segment.values.back();
    }
    const auto n = static_cast<double>(segment.values.size());
    for (size_t i = 0; i < segment.values.size(); ++i) {
      const double weight = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * (static_cast<double>(i) + 0.5) / n);
      segment.values[i] = weight * (segment.values[i] - sum / n);
      segment.weights += weight;
    }
    return segment;
  }

  std::vector<Lines> segments_of(const Passage& passage, double mains) const {
    constexpr int64_t kMostSegments = 60;
    const double rate = scan_.input.rate_of(*passage.series);
    const auto length = static_cast<int64_t>(kSegment * rate), rows = passage.end - passage.begin;
    std::vector<Lines> result;
    if (rows < length || mains > 0.21 * rate) return result;
    const int64_t hop = std::max(length / 2, (rows - length) / kMostSegments + 1);
    for (int64_t begin = passage.begin; begin + length <= passage.end; begin += hop)
      result.push_back(lines_of(segment_at(passage, begin, length), mains));
    return result;
  }

  void report(const Passage* passage, const Hum& hum, double deviation) {
    const double share = deviation > 0 ? hum.amplitude / std::numbers::sqrt2 / deviation : 0;
    const Severity severity = share >= kWorthAWarning ? Severity::warning : Severity::note;
    const std::string what =
        fmt::format("{} hums at {} Hz: a line that never stops, {:.2g} % of the signal's deviation{}",
                    scan_.channel(c_), hum.lines, 100 * share, passage == nullptr ? ", in most recordings" : "");
    const char* const why =
        "mains gets in by the supply or by long wires; a device on a battery will not have it, and "
        "where the board has it too it hides what is quiet";
    const char* const todo = "record on a battery with short wires, or filter it out on host and board alike";
    if (passage != nullptr)
      scan_.add(severity, "hum", *passage->series, passage->begin, what, why, todo);
    else
      scan_.findings.push_back({severity, "hum", "", 0, -1, 1, what, why, todo});
  }

  Scan scan_;
  size_t c_;
};

}  // namespace

void check_hum(const CheckInput& input, std::vector<Finding>& findings) {
  if (!input.config->timed() || input.rate < 240) return;
  for (size_t c = 0; c < input.channels->size(); ++c) HumCheck(input, findings, c).run();
}

}  // namespace mote
