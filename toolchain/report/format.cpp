#include "toolchain/report/format.h"

#include <fmt/format.h>

#include <cmath>
#include <span>
#include <string_view>

namespace mote {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// In the largest unit in which the value is at least 1 after rounding; units go from large to small.
std::string format_in(double value, std::span<const Unit> units) {
  if (value == 0 || !std::isfinite(value)) return fmt::format("{} {}", format_number(value), units.back().name);
  for (const Unit& unit : units)
    if (std::fabs(value) >= unit.factor * 0.9995)
      return fmt::format("{} {}", format_number(value / unit.factor), unit.name);
  return fmt::format("{} {}", format_number(value / units.back().factor), units.back().name);
}

}  // namespace

std::string format_number(double value) {
  if (!std::isfinite(value)) return "-";
  const double magnitude = std::fabs(value);
  if (magnitude != 0 && (magnitude < 0.001 || magnitude >= 1e7)) return fmt::format("{:.3g}", value);
  const int decimals = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : magnitude >= 0.9995 ? 2 : 3;
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string format_bytes(double bytes) {
  static constexpr Unit kUnits[] = {{"MiB", 1024.0 * 1024}, {"KiB", 1024}, {"B", 1}};
  return format_in(bytes, kUnits);
}

std::string format_seconds(double seconds) {
  static constexpr Unit kUnits[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}};
  return format_in(seconds, kUnits);
}

std::string format_watts(double watts) {
  static constexpr Unit kUnits[] = {{"W", 1}, {"mW", 1e-3}, {"uW", 1e-6}};
  return format_in(watts, kUnits);
}

std::string format_joules(double joules) {
  static constexpr Unit kUnits[] = {{"J", 1}, {"mJ", 1e-3}, {"uJ", 1e-6}};
  return format_in(joules, kUnits);
}

std::string format_count(int64_t count) {
  std::string digits = std::to_string(count < 0 ? -count : count);
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return count < 0 ? "-" + digits : digits;
}

std::string format_percent(double fraction) {
  return std::isfinite(fraction) ? fmt::format("{:.1f} %", 100 * fraction) : "-";
}

}  // namespace mote
