#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "toolchain/base/html.h"
#include "toolchain/base/svg.h"
#include "toolchain/report/chart.h"

namespace mote {
namespace {

constexpr double kLeft = 56, kTop = 24, kSide = 240;
constexpr double kLeastRate = 0.001, kMostRate = 0.5;  // of a detection error trade-off

// Where a rate stands on an axis, from 0 to 1.
using Axis = std::function<double(double rate)>;

double x_of(double place) {
  return kLeft + kSide * place;
}
double y_of(double place) {
  return kTop + kSide * (1 - place);
}

std::string grid(const Axis& axis, std::span<const double> ticks) {
  std::string svg;
  for (const double tick : ticks) {
    const double place = axis(tick);
    const std::string label = fmt::format("{:g} %", 100 * tick);
    svg += svg_line(x_of(place), y_of(0), x_of(place), y_of(1), "class=\"grid\"") +
           svg_line(x_of(0), y_of(place), x_of(1), y_of(place), "class=\"grid\"") +
           svg_text(x_of(place), y_of(0) + 16, "middle", label) + svg_text(kLeft - 6, y_of(place) + 4, "end", label);
  }
  return svg;
}

std::string curve_path(const std::vector<double>& x, const std::vector<double>& y, size_t index) {
  std::string d;
  for (size_t i = 0; i < x.size(); ++i) d += fmt::format("{}{:.1f} {:.1f}", i > 0 ? "L" : "M", x_of(x[i]), y_of(y[i]));
  return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>", d, svg_colour(index));
}

std::string chart(const std::string& title, const std::string& upwards, std::span<const double> ticks, const Axis& axis,
                  const std::vector<RateCurve>& curves, bool misses) {
  const double below = kTop + kSide + 36;
  std::string svg = open_svg(kLeft + kSide + 190, below + 8, title) +
                    fmt::format("<text x=\"{}\" y=\"14\" class=\"title\">{}</text>", kLeft, escape_html(title)) +
                    grid(axis, ticks) + svg_text(x_of(0.5), below, "middle", "false positives");
  const double legend = kLeft + kSide + 16;
  svg += svg_text(legend, kTop + 8, "start", "upwards: " + upwards);
  for (size_t i = 0; i < curves.size(); ++i) {
    std::vector<double> x, y;
    for (const double rate : curves[i].false_positives) x.push_back(axis(rate));
    for (const double rate : curves[i].true_positives) y.push_back(axis(misses ? 1 - rate : rate));
    svg += curve_path(x, y, i);
    const double at = kTop + 28 + 18 * static_cast<double>(i);
    svg += fmt::format("<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"12\" height=\"4\" fill=\"{}\"/>", legend, at - 6,
                       svg_colour(i)) +
           svg_text(legend + 18, at, "start", curves[i].name);
  }
  return svg + "</svg>";
}

}  // namespace

std::string roc_chart(const std::vector<RateCurve>& curves) {
  static constexpr double kTicks[] = {0, 0.25, 0.5, 0.75, 1};
  return chart(
      "receiver operating characteristic", "hits", kTicks, [](double rate) { return rate; }, curves, false);
}

std::string det_chart(const std::vector<RateCurve>& curves) {
  static constexpr double kTicks[] = {0.001, 0.01, 0.05, 0.2, 0.5};
  const double low = normal_deviate(kLeastRate), high = normal_deviate(kMostRate);
  const Axis axis = [=](double rate) {
    return (normal_deviate(std::clamp(rate, kLeastRate, kMostRate)) - low) / (high - low);
  };
  return chart("detection error trade-off", "misses", kTicks, axis, curves, true);
}

double normal_deviate(double p) {
  static constexpr double kA[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                                  1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  static constexpr double kB[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                                  6.680131188771972e+01, -1.328068155288572e+01};
  static constexpr double kC[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                                  -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  static constexpr double kD[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                                  3.754408661907416e+00};
  const auto polynomial = [](std::span<const double> coefficients, double x) {
    double sum = 0;
    for (const double c : coefficients) sum = sum * x + c;
    return sum;
  };
  constexpr double kTail = 0.02425;
  double x = 0;
  if (p < kTail || p > 1 - kTail) {
    const double q = std::sqrt(-2 * std::log(std::min(p, 1 - p)));
    x = polynomial(kC, q) / (polynomial(kD, q) * q + 1);
    if (p > 0.5) x = -x;
  } else {
    const double q = p - 0.5, r = q * q;
    x = polynomial(kA, r) * q / (polynomial(kB, r) * r + 1);
  }
  // One step of Halley's method on the distribution function.
  const double error = 0.5 * std::erfc(-x / std::sqrt(2.0)) - p;
  const double step = error * std::sqrt(2 * 3.141592653589793) * std::exp(x * x / 2);
  return x - step / (1 + x * step / 2);
}

}  // namespace mote
