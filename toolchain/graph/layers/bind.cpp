// From arguments as written to the parameters of a layer form.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "toolchain/base/text.h"
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {

using Kind = LayerParameter::Kind;
using Words = std::span<const char* const>;

constexpr const char* kPaddings[] = {"valid", "same", "causal"};
constexpr const char* kFlags[] = {"false", "true"};

// What may stand for a parameter of this kind; empty = it takes no words, or any.
Words words_of(Kind kind) {
  switch (kind) {
    case Kind::activation:
      return activation_names();
    case Kind::padding:
      return kPaddings;
    case Kind::flag:
      return kFlags;
    default:
      return {};
  }
}

std::string expected_text(Kind kind) {
  switch (kind) {
    case Kind::count:
      return "a whole number above 0";
    case Kind::share:
      return "a number of at least 0 and below 1";
    case Kind::factor:
      return "a number above 0 and at most 1";
    case Kind::extent:
      return "a whole number above 0, or two of them for height and width, such as (3, 3)";
    case Kind::sizes:
      return "whole numbers above 0 (one may be -1), such as (10, 30)";
    case Kind::margins:
      return "whole numbers of at least 0";
    case Kind::names:
      return "names of earlier outputs";
    case Kind::activation:
    case Kind::padding:
    case Kind::flag:
      return fmt::format("one of {}", fmt::join(words_of(kind), ", "));
  }
  return "";
}

bool is_whole(double number, double least) {
  return number >= least && number <= INT32_MAX && number == std::floor(number);
}

bool all_at_least(const std::vector<int32_t>& sizes, int32_t least) {
  return std::all_of(sizes.begin(), sizes.end(), [least](int32_t size) { return size >= least; });
}

std::optional<LayerValue> word_of(Kind kind, LayerValue value) {
  const Words words = words_of(kind);
  const auto found = std::find(words.begin(), words.end(), value.word);
  if (value.kind != LayerValue::Kind::word || found == words.end()) return std::nullopt;
  if (kind == Kind::flag) value.number = static_cast<double>(found - words.begin());
  return value;
}

// The value in the form its kind wants, or nothing.
std::optional<LayerValue> convert(Kind kind, LayerValue value) {
  const bool number = value.kind == LayerValue::Kind::number;
  if (number && (kind == Kind::extent || kind == Kind::sizes || kind == Kind::margins)) {
    if (!is_whole(value.number, -1)) return std::nullopt;
    value.sizes = {static_cast<int32_t>(value.number)};
    value.kind = LayerValue::Kind::sizes;
  }
  const bool sizes = value.kind == LayerValue::Kind::sizes && !value.sizes.empty();
  bool fits = false;
  switch (kind) {
    case Kind::count:
      fits = number && is_whole(value.number, 1);
      break;
    case Kind::share:
      fits = number && value.number >= 0 && value.number < 1;
      break;
    case Kind::factor:
      fits = number && value.number > 0 && value.number <= 1;
      break;
    case Kind::extent:
      fits = sizes && value.sizes.size() <= 2 && all_at_least(value.sizes, 1);
      break;
    case Kind::sizes:
      fits = sizes && all_at_least(value.sizes, -1) && std::count(value.sizes.begin(), value.sizes.end(), 0) == 0 &&
             std::count(value.sizes.begin(), value.sizes.end(), -1) <= 1;
      break;
    case Kind::margins:
      fits = sizes && all_at_least(value.sizes, 0);
      break;
    case Kind::names:
      fits = value.kind == LayerValue::Kind::word && !value.word.empty();
      if (fits && value.words.empty()) value.words = {value.word};
      break;
    case Kind::activation:
    case Kind::padding:
    case Kind::flag:
      return word_of(kind, std::move(value));
  }
  return fits ? std::optional(std::move(value)) : std::nullopt;
}

class Binder {
 public:
  Binder(const LayerForm& form, const std::string& written) : form_(form), written_(written) {
    bound_.resize(form.parameters.size());
  }

  Result<LayerArguments> bind(const std::vector<LayerArgument>& arguments, size_t end_column) {
    bool named = false;
    for (const LayerArgument& argument : arguments) {
      if (argument.name.empty() && named)
        return layer_error(argument.column, "a positional argument follows a named one");
      named |= !argument.name.empty();
      MOTE_CHECK(named ? bind_named(argument) : bind_positional(argument));
    }
    return complete(end_column);
  }

 private:
  Result<void> bind_named(const LayerArgument& argument) {
    std::vector<std::string> known;
    for (size_t slot = 0; slot < bound_.size(); ++slot) {
      if (argument.name == form_.parameters[slot].name) return put(slot, argument);
      known.push_back(form_.parameters[slot].name);
    }
    if (known.empty()) return layer_error(argument.column, fmt::format("{} takes no arguments", written_));
    return layer_error(argument.column, fmt::format("{} has no argument '{}'; did you mean '{}'?", written_,
                                                    argument.name, nearest_name(argument.name, known)));
  }

  // The next parameter; for a word, the next that has it among its words.
  Result<void> bind_positional(const LayerArgument& argument) {
    if (next_ > 0 && more_of(next_ - 1, argument)) return extend(next_ - 1, argument);
    if (next_ == bound_.size())
      return layer_error(argument.column,
                         fmt::format("{} takes {} argument{}", written_, bound_.size(), bound_.size() == 1 ? "" : "s"));
    if (argument.value.kind != LayerValue::Kind::word || form_.parameters[next_].kind == Kind::names)
      return put(next_, argument);
    std::vector<std::string> words, kinds;
    for (size_t slot = next_; slot < bound_.size(); ++slot) {
      const Kind kind = form_.parameters[slot].kind;
      if (convert(kind, argument.value)) return put(slot, argument);
      if (kind == Kind::flag || words_of(kind).empty()) continue;
      words.insert(words.end(), words_of(kind).begin(), words_of(kind).end());
      kinds.push_back(form_.parameters[slot].name);
    }
    if (words.empty()) return put(next_, argument);
    return layer_error(
        argument.value.column,
        fmt::format("there is no {} '{}'; did you mean '{}'? Known: {}", fmt::join(kinds, " or "), argument.value.word,
                    nearest_name(argument.value.word, words), fmt::join(words, ", ")));
  }

  Result<void> put(size_t slot, const LayerArgument& argument) {
    const LayerParameter& parameter = form_.parameters[slot];
    if (bound_[slot]) return layer_error(argument.column, fmt::format("'{}' is given twice", parameter.name));
    bound_[slot] = convert(parameter.kind, argument.value);
    next_ = slot + 1;
    if (bound_[slot]) return {};
    return layer_error(argument.value.column,
                       fmt::format("{} of {} must be {}", parameter.name, written_, expected_text(parameter.kind)));
  }

  // A bare number or name behind others of a parameter that takes several.
  std::optional<LayerValue> more_of(size_t slot, const LayerArgument& argument) const {
    const Kind kind = form_.parameters[slot].kind;
    if (kind != Kind::sizes && kind != Kind::margins && kind != Kind::names) return std::nullopt;
    return convert(kind, argument.value);
  }

  Result<void> extend(size_t slot, const LayerArgument& argument) {
    const LayerValue more = *more_of(slot, argument);
    LayerArgument longer = argument;
    longer.value = *std::exchange(bound_[slot], std::nullopt);
    longer.value.sizes.insert(longer.value.sizes.end(), more.sizes.begin(), more.sizes.end());
    longer.value.words.insert(longer.value.words.end(), more.words.begin(), more.words.end());
    return put(slot, longer);
  }

  Result<LayerArguments> complete(size_t end_column) {
    std::vector<LayerValue> values;
    for (size_t slot = 0; slot < bound_.size(); ++slot) {
      const LayerParameter& parameter = form_.parameters[slot];
      if (!bound_[slot] && parameter.fallback == nullptr)
        return layer_error(end_column,
                           fmt::format("{} needs {}: {}", written_, parameter.name, expected_text(parameter.kind)));
      if (!bound_[slot] && parameter.fallback == std::string_view("none")) bound_[slot] = LayerValue{};
      if (!bound_[slot]) {
        const std::string fallback = parameter.fallback;
        MOTE_TRY(LayerValue value, parse_value(fallback));
        bound_[slot] = convert(parameter.kind, std::move(value));
      }
      values.push_back(std::move(*bound_[slot]));
    }
    return LayerArguments(std::move(values));
  }

  const LayerForm& form_;
  const std::string& written_;
  std::vector<std::optional<LayerValue>> bound_;
  size_t next_ = 0;  // parameter of the next positional argument
};

}  // namespace

Result<LayerArguments> bind_arguments(const LayerForm& form, const std::string& written,
                                      const std::vector<LayerArgument>& arguments, size_t end_column) {
  return Binder(form, written).bind(arguments, end_column);
}

}  // namespace mote
