// The keys of the project's [features] section as a block asks for them.
#pragma once
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/result.h"

namespace mote {

// Every question names a key and its default; what was answered is kept for the model's metadata. Errors name the key,
// what was expected and what was found; the first one counts, and finish() gives it.
class FeatureOptions {
 public:
  FeatureOptions(std::string block, Json given);

  int32_t integer(const std::string& key, int32_t fallback, int32_t low, int32_t high);
  double number(const std::string& key, double fallback, double low, double high);
  // "40 ms", "128 samples": in readings, at least 1. `fallback` in the same form.
  int32_t readings(const std::string& key, const std::string& fallback, double rate_hz);
  // "300 Hz": in Hz, from `low` to `high`. `fallback` in Hz.
  double frequency(const std::string& key, double fallback, double low, double high);
  std::string choice(const std::string& key, const std::string& fallback, const std::vector<std::string>& known);
  // A list of names, or one name.
  std::vector<std::string> choices(const std::string& key, const std::vector<std::string>& fallback,
                                   const std::vector<std::string>& known);
  std::vector<std::string> texts(const std::string& key);  // default: none

  void fail(const std::string& key, const std::string& what);
  // The error, or that a key was given for which nobody asked.
  Result<void> finish() const;
  const Json& answers() const { return answers_; }

 private:
  template <class T>
  T answer(const std::string& key, T value);
  std::string place(const std::string& key) const;
  void expected(const std::string& key, const std::string& what);

  std::string block_;
  Json given_, answers_ = Json::object();
  std::vector<std::string> asked_;
  std::string problem_;
};

}  // namespace mote
