#include "features/filter/filter_design.h"

#include <cmath>
#include <numbers>
#include <sstream>

#include <fmt/format.h>

#include "toolchain/base/quantity.h"

namespace mote {
namespace {

constexpr const char* kForms =
    "\"lowpass 20 Hz\", \"highpass 0.5 Hz order 4\", \"bandpass 1 Hz 10 Hz\" or \"notch 50 Hz\"";
constexpr double kLowestShare = 1e-3;  // of the rate: below, the poles are nearer to 1 than Q28 and Q12 resolve well

enum class Pass { low, high, notch };

// One section for the frequency `hertz` and quality `q`, in Q28 (Audio EQ Cookbook: LPF, HPF, notch). The notch is
// hertz / q wide on the bilinear transform's warped axis too, so that it does not close towards half the rate.
Biquad design_section(Pass pass, double hertz, double q, double rate_hz) {
  const double w = 2 * std::numbers::pi * hertz / rate_hz;
  const double cosine = std::cos(w);
  const double alpha = pass == Pass::notch ? std::tan(w / (2 * q)) : std::sin(w) / (2 * q), a0 = 1 + alpha;
  double b0 = 1, b1 = -2 * cosine;  // notch
  if (pass == Pass::low) b0 = (1 - cosine) / 2, b1 = 1 - cosine;
  if (pass == Pass::high) b0 = (1 + cosine) / 2, b1 = -(1 + cosine);
  const double a1 = -2 * cosine, a2 = 1 - alpha;
  const auto fixed = [&](double value) {
    return static_cast<int32_t>(std::lround(value / a0 * (1 << kFilterFractionBits)));
  };
  const double gain = pass == Pass::high ? 0 : 1;
  return {fixed(b0), fixed(b1), fixed(b0), fixed(a1), fixed(a2), fixed(gain * a0)};
}

// Butterworth: section k of order n has Q = 1 / (2 cos(pi (2 k + 1) / (2 n))).
void add_pass(Pass pass, double hertz, int32_t order, double rate_hz, std::vector<Biquad>& sections) {
  for (int32_t k = 0; k < order / 2; ++k) {
    const double q = 1 / (2 * std::cos(std::numbers::pi * (2 * k + 1) / (2 * order)));
    sections.push_back(design_section(pass, hertz, q, rate_hz));
  }
}

struct FilterText {
  std::string kind;
  std::vector<double> hertz;
  int32_t order = 2;
};

Result<FilterText> parse(const std::string& text, double rate_hz) {
  std::istringstream words(text);
  FilterText filter;
  words >> filter.kind;
  const auto wrong = [&](const std::string& what) {
    return input_error(fmt::format("features.filter: \"{}\": {}; expected {}", text, what, kForms));
  };
  for (std::string word, unit; words >> word;) {
    if (word == "order") {
      if (!(words >> filter.order) || filter.order < 2 || filter.order > 8 || filter.order % 2 != 0)
        return wrong("the order must be 2, 4, 6 or 8");
      continue;
    }
    if (word.find_first_not_of("0123456789.") == std::string::npos) words >> unit, word += " " + unit;
    const Result<double> hertz = parse_quantity(word, Dimension::hertz);
    if (!hertz.ok()) return wrong(fmt::format("'{}' is no frequency", word));
    if (*hertz < kLowestShare * rate_hz || *hertz >= rate_hz / 2)
      return wrong(fmt::format("at a rate of {:g} Hz a frequency must lie from {:g} Hz to below {:g} Hz", rate_hz,
                               kLowestShare * rate_hz, rate_hz / 2));
    filter.hertz.push_back(*hertz);
  }
  const size_t wanted = filter.kind == "bandpass" ? 2 : 1;
  if (filter.kind != "lowpass" && filter.kind != "highpass" && filter.kind != "bandpass" && filter.kind != "notch")
    return wrong(fmt::format("'{}' is no filter", filter.kind));
  if (filter.hertz.size() != wanted)
    return wrong(fmt::format("{} frequencies where {} belong", filter.hertz.size(), wanted));
  if (wanted == 2 && filter.hertz[0] >= filter.hertz[1]) return wrong("the lower frequency comes first");
  return filter;
}

}  // namespace

Result<std::vector<Biquad>> design_filters(const std::vector<std::string>& texts, double rate_hz) {
  std::vector<Biquad> sections;
  if (!texts.empty() && rate_hz <= 0)
    return input_error("features.filter: filters need readings in time; give [data] a rate");
  for (const std::string& text : texts) {
    MOTE_TRY(const FilterText filter, parse(text, rate_hz));
    if (filter.kind == "notch") sections.push_back(design_section(Pass::notch, filter.hertz[0], 10, rate_hz));
    if (filter.kind == "highpass" || filter.kind == "bandpass")
      add_pass(Pass::high, filter.hertz[0], filter.order, rate_hz, sections);
    if (filter.kind == "lowpass" || filter.kind == "bandpass")
      add_pass(Pass::low, filter.hertz.back(), filter.order, rate_hz, sections);
  }
  return sections;
}

}  // namespace mote
