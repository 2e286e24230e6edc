#include "features/options.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "toolchain/base/quantity.h"
#include "toolchain/base/text.h"

namespace mote {

FeatureOptions::FeatureOptions(std::string block, Json given) : block_(std::move(block)), given_(std::move(given)) {}

template <class T>
T FeatureOptions::answer(const std::string& key, T value) {
  answers_[key] = value;
  return value;
}

std::string FeatureOptions::place(const std::string& key) const {
  return given_.contains(key) ? fmt::format("features.{} = {}", key, given_[key].dump()) : "features." + key;
}

void FeatureOptions::fail(const std::string& key, const std::string& what) {
  if (problem_.empty()) problem_ = fmt::format("{}: {}", place(key), what);
}

void FeatureOptions::expected(const std::string& key, const std::string& what) {
  fail(key, "expected " + what);
}

int32_t FeatureOptions::integer(const std::string& key, int32_t fallback, int32_t low, int32_t high) {
  asked_.push_back(key);
  if (!given_.contains(key)) return answer(key, fallback);
  const Json& value = given_[key];
  if (value.is_number_integer() && value.get<int64_t>() >= low && value.get<int64_t>() <= high)
    return answer(key, value.get<int32_t>());
  expected(key, fmt::format("a whole number from {} to {}", low, high));
  return fallback;
}

double FeatureOptions::number(const std::string& key, double fallback, double low, double high) {
  asked_.push_back(key);
  if (!given_.contains(key)) return answer(key, fallback);
  const Json& value = given_[key];
  if (value.is_number() && value.get<double>() >= low && value.get<double>() <= high)
    return answer(key, value.get<double>());
  expected(key, fmt::format("a number from {:g} to {:g}", low, high));
  return fallback;
}

int32_t FeatureOptions::readings(const std::string& key, const std::string& fallback, double rate_hz) {
  asked_.push_back(key);
  const Json value = given_.contains(key) ? given_[key] : Json(fallback);
  const char* const form = "a time such as \"40 ms\", or \"64 samples\"";
  if (!value.is_string()) return expected(key, form), 1;
  const std::string text = answer(key, value.get<std::string>());
  double count = 0;
  if (const size_t unit = text.find(" sample"); unit != std::string::npos) {
    char* end = nullptr;
    count = std::strtod(text.c_str(), &end);
    if (end != text.c_str() + unit) count = 0;
  } else if (const Result<double> seconds = parse_quantity(text, Dimension::seconds); !seconds.ok()) {
    return expected(key, form), 1;
  } else if (rate_hz <= 0) {
    return fail(key, "there is no rate; say how many, as in \"64 samples\", or give [data] a rate"), 1;
  } else {
    count = std::round(*seconds * rate_hz);
  }
  constexpr double kMost = 1 << 20;
  if (count >= 1 && count <= kMost && count == std::floor(count)) return static_cast<int32_t>(count);
  return expected(key, std::string(form) + ", of at least one reading"), 1;
}

double FeatureOptions::frequency(const std::string& key, double fallback, double low, double high) {
  asked_.push_back(key);
  if (!given_.contains(key)) return answer(key, fmt::format("{:g} Hz", fallback)), fallback;
  const std::string form = fmt::format("a frequency such as \"{:g} Hz\", from {:g} to {:g} Hz", fallback, low, high);
  if (!given_[key].is_string()) return expected(key, form), fallback;
  const std::string text = answer(key, given_[key].get<std::string>());
  const Result<double> hertz = parse_quantity(text, Dimension::hertz);
  if (hertz.ok() && *hertz >= low && *hertz <= high) return *hertz;
  return expected(key, form), fallback;
}

std::string FeatureOptions::choice(const std::string& key, const std::string& fallback,
                                   const std::vector<std::string>& known) {
  asked_.push_back(key);
  if (!given_.contains(key)) return answer(key, fallback);
  if (given_[key].is_string() && std::find(known.begin(), known.end(), given_[key]) != known.end())
    return answer(key, given_[key].get<std::string>());
  expected(key, fmt::format("one of {}", fmt::join(known, ", ")));
  return fallback;
}

std::vector<std::string> FeatureOptions::choices(const std::string& key, const std::vector<std::string>& fallback,
                                                 const std::vector<std::string>& known) {
  const bool is_given = given_.contains(key);
  std::vector<std::string> names = texts(key);
  if (!is_given) return answer(key, fallback);
  for (const std::string& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      expected(key,
               fmt::format("names out of {}; did you mean \"{}\"?", fmt::join(known, ", "), nearest_name(name, known)));
      return fallback;
    }
  if (names.empty()) return expected(key, fmt::format("one name or more out of {}", fmt::join(known, ", "))), fallback;
  return names;
}

std::vector<std::string> FeatureOptions::texts(const std::string& key) {
  asked_.push_back(key);
  std::vector<std::string> list;
  if (!given_.contains(key)) return answer(key, list);
  const Json& value = given_[key];
  if (value.is_string()) list.push_back(value.get<std::string>());
  for (const Json& item : value.is_array() ? value : Json::array()) {
    if (!item.is_string()) return expected(key, "a list of texts"), list;
    list.push_back(item.get<std::string>());
  }
  if (!value.is_string() && !value.is_array()) return expected(key, "a text or a list of texts"), list;
  return answer(key, list);
}

Result<void> FeatureOptions::finish() const {
  if (!problem_.empty()) return input_error(problem_);
  for (const auto& [key, value] : given_.items())
    if (std::find(asked_.begin(), asked_.end(), key) == asked_.end())
      return input_error(fmt::format("features.{}: block \"{}\" has no such key; did you mean \"{}\"? It has: {}", key,
                                     block_, nearest_name(key, asked_), fmt::join(asked_, ", ")));
  return {};
}

}  // namespace mote
