#include "toolchain/base/quantity.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <span>

namespace mote {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit kBytes[] = {{"B", 1}, {"KiB", 1024}, {"MiB", 1024.0 * 1024}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}};
constexpr Unit kSeconds[] = {{"s", 1},     {"ms", 1e-3},  {"us", 1e-6}, {"µs", 1e-6},
                             {"ns", 1e-9}, {"min", 60.0}, {"h", 3600.0}};
constexpr Unit kWatts[] = {{"W", 1}, {"mW", 1e-3}, {"uW", 1e-6}, {"µW", 1e-6}, {"nW", 1e-9}};
constexpr Unit kHertz[] = {{"Hz", 1}, {"kHz", 1e3}, {"MHz", 1e6}, {"mHz", 1e-3}};

struct Family {
  const char* what;
  const char* example;
  std::span<const Unit> units;
};

Family family_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::bytes:
      return {"a size", "64 KiB", kBytes};
    case Dimension::seconds:
      return {"a time", "10 ms", kSeconds};
    case Dimension::watts:
      return {"a power", "1 mW", kWatts};
    case Dimension::hertz:
      break;
  }
  return {"a rate", "100 Hz", kHertz};
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<double> parse_quantity(std::string_view text, Dimension dimension) {
  const Family family = family_of(dimension);
  const std::string_view trimmed = trim(text);
  double value = 0;
  const auto [end, status] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  const std::string_view unit = trim(trimmed.substr(static_cast<size_t>(end - trimmed.data())));
  if (status == std::errc() && std::isfinite(value))
    for (const Unit& known : family.units)
      if (known.name == unit) return value * known.factor;
  std::string names;
  for (const Unit& known : family.units) names += (names.empty() ? "" : ", ") + std::string(known.name);
  return input_error(
      fmt::format("expected {} such as \"{}\" (units: {}), found \"{}\"", family.what, family.example, names, text));
}

}  // namespace mote
