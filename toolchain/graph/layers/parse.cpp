#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "toolchain/base/text.h"
#include "toolchain/graph/layers/layer.h"

namespace mote {

#define MOTE_LAYER(name) extern const LayerForm name##_layer;
#include "toolchain/graph/layers/layers.def"
#undef MOTE_LAYER

std::span<const LayerForm* const> all_layer_forms() {
  static constexpr std::array forms = {
#define MOTE_LAYER(name) &name##_layer,
#include "toolchain/graph/layers/layers.def"
#undef MOTE_LAYER
  };
  return forms;
}

Error layer_error(size_t column, const std::string& message) {
  return input_error(fmt::format("column {}: {}", column, message));
}

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

struct Argument {
  std::string name;  // empty = positional
  size_t column;
  LayerValue value;
};

// Recursive descent over: name [ '(' [ argument { ',' argument } ] ')' ], argument = [ name '=' ] value,
// value = number | word | 'word' | "word" | sizes in parentheses or brackets.
class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  Result<std::string> head() {
    skip_space();
    name_column_ = column();
    std::string name = word();
    if (name.empty()) return layer_error(column(), "expected the name of a layer, such as Dense");
    return name;
  }

  Result<std::vector<Argument>> arguments() {
    std::vector<Argument> found;
    if (accept('(') && !accept(')')) {
      do {
        MOTE_TRY(Argument argument, this->argument());
        found.push_back(std::move(argument));
      } while (accept(','));
      if (!accept(')')) return layer_error(column(), "expected ',' or ')'");
    }
    skip_space();
    if (at_ < text_.size())
      return layer_error(column(), fmt::format("unexpected '{}' after the layer", text_.substr(at_)));
    return found;
  }

  size_t name_column() const { return name_column_; }

  Result<LayerValue> value() {
    skip_space();
    LayerValue value;
    value.column = column();
    if (peek() == '(' || peek() == '[') {
      MOTE_TRY(value.sizes, sizes());
      value.kind = LayerValue::Kind::sizes;
    } else if (is_letter(peek()) || peek() == '\'' || peek() == '"') {
      MOTE_TRY(value.word, quoted_or_plain_word());
      value.kind = LayerValue::Kind::word;
    } else {
      MOTE_TRY(value.number, number());
    }
    return value;
  }

 private:
  size_t column() const { return at_ + 1; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  std::string word() {
    const size_t start = at_;
    if (is_letter(peek()))
      while (is_letter(peek()) || is_digit(peek())) ++at_;
    return text_.substr(start, at_ - start);
  }

  Result<Argument> argument() {
    skip_space();
    Argument argument{"", column(), {}};
    const size_t start = at_;
    std::string name = word();
    if (!name.empty() && accept('='))
      argument.name = std::move(name);
    else
      at_ = start;
    MOTE_TRY(argument.value, value());
    return argument;
  }

  Result<std::string> quoted_or_plain_word() {
    const char quote = peek();
    if (is_letter(quote)) return word();
    ++at_;
    std::string inner = word();
    if (peek() != quote) return layer_error(column(), fmt::format("expected a name closed by {}", quote));
    ++at_;
    return inner;
  }

  Result<double> number() {
    double number = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
    if (error != std::errc() || !std::isfinite(number)) return layer_error(column(), "expected a number or a name");
    at_ = static_cast<size_t>(end - text_.data());
    return number;
  }

  Result<std::vector<int32_t>> sizes() {
    const char close = peek() == '(' ? ')' : ']';
    ++at_;
    std::vector<int32_t> sizes;
    while (!accept(close)) {
      if (!sizes.empty() && !accept(',')) return layer_error(column(), fmt::format("expected ',' or '{}'", close));
      if (!sizes.empty() && accept(close)) break;  // (10,)
      skip_space();
      const size_t where = column();
      MOTE_TRY(const double size, number());
      if (size != std::floor(size) || std::fabs(size) > INT32_MAX) return layer_error(where, "expected a whole number");
      sizes.push_back(static_cast<int32_t>(size));
    }
    return sizes;
  }

  const std::string& text_;
  size_t at_ = 0;
  size_t name_column_ = 1;
};

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

Result<const LayerForm*> find_form(const std::string& name, size_t column) {
  std::vector<std::string> known;
  for (const LayerForm* form : all_layer_forms()) {
    if (same_letters(form->name, name)) return form;
    known.push_back(form->name);
  }
  return layer_error(column, fmt::format("there is no layer '{}'; did you mean '{}'? Known layers: {}", name,
                                         nearest_name(name, known), fmt::join(known, ", ")));
}

std::string expected_text(LayerParameter::Kind kind) {
  switch (kind) {
    case LayerParameter::Kind::count:
      return "a whole number above 0";
    case LayerParameter::Kind::sizes:
      return "whole numbers above 0 (one may be -1), such as (10, 30)";
    case LayerParameter::Kind::word:
      return "a name";
  }
  return "";
}

bool is_count(double number) {
  return number >= 1 && number <= INT32_MAX && number == std::floor(number);
}

// The value in the form its kind wants, or nothing.
std::optional<LayerValue> convert(const LayerParameter& parameter, LayerValue value) {
  switch (parameter.kind) {
    case LayerParameter::Kind::count:
      if (value.kind == LayerValue::Kind::number && is_count(value.number)) return value;
      return std::nullopt;
    case LayerParameter::Kind::word:
      if (value.kind == LayerValue::Kind::word && !value.word.empty()) return value;
      return std::nullopt;
    case LayerParameter::Kind::sizes:
      if (value.kind == LayerValue::Kind::number && (is_count(value.number) || value.number == -1)) {
        value.sizes = {static_cast<int32_t>(value.number)};
        value.kind = LayerValue::Kind::sizes;
      }
      if (value.kind != LayerValue::Kind::sizes || value.sizes.empty()) return std::nullopt;
      if (std::any_of(value.sizes.begin(), value.sizes.end(), [](int32_t s) { return s < 1 && s != -1; }))
        return std::nullopt;
      if (std::count(value.sizes.begin(), value.sizes.end(), -1) > 1) return std::nullopt;
      return value;
  }
  return std::nullopt;
}

// Which parameter an argument is for.
Result<size_t> place(const LayerForm& form, const Argument& argument, size_t position) {
  const auto& parameters = form.parameters;
  if (argument.name.empty()) {
    if (position < parameters.size()) return position;
    if (!parameters.empty() && parameters.back().kind == LayerParameter::Kind::sizes) return parameters.size() - 1;
    return layer_error(argument.column, fmt::format("{} takes {} argument{}", form.name, parameters.size(),
                                                    parameters.size() == 1 ? "" : "s"));
  }
  std::vector<std::string> known;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (argument.name == parameters[i].name) return i;
    known.push_back(parameters[i].name);
  }
  if (known.empty()) return layer_error(argument.column, fmt::format("{} takes no arguments", form.name));
  return layer_error(argument.column, fmt::format("{} has no argument '{}'; did you mean '{}'?", form.name,
                                                  argument.name, nearest_name(argument.name, known)));
}

// Puts the argument at position i into its slot; a bare number after sizes extends them.
Result<void> bind_one(const LayerForm& form, const Argument& argument, size_t position,
                      std::vector<std::optional<LayerValue>>& bound) {
  MOTE_TRY(const size_t slot, place(form, argument, position));
  const LayerParameter& parameter = form.parameters[slot];
  LayerValue value = argument.value;
  if (bound[slot]) {
    const bool extends = argument.name.empty() && position > slot && value.kind == LayerValue::Kind::number;
    if (!extends) return layer_error(argument.column, fmt::format("'{}' is given twice", parameter.name));
    const std::optional<LayerValue> size = convert(parameter, std::move(value));
    value = *bound[slot];
    value.sizes.push_back(size ? size->sizes[0] : 0);  // 0 is refused below
  }
  bound[slot] = convert(parameter, std::move(value));
  if (bound[slot]) return {};
  return layer_error(argument.value.column,
                     fmt::format("{} of {} must be {}", parameter.name, form.name, expected_text(parameter.kind)));
}

Result<LayerArguments> bind(const LayerForm& form, const std::vector<Argument>& arguments, size_t end_column) {
  std::vector<std::optional<LayerValue>> bound(form.parameters.size());
  bool named = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].name.empty() && named)
      return layer_error(arguments[i].column, "a positional argument follows a named one");
    named |= !arguments[i].name.empty();
    MOTE_CHECK(bind_one(form, arguments[i], i, bound));
  }
  std::vector<LayerValue> values;
  for (size_t i = 0; i < bound.size(); ++i) {
    const LayerParameter& parameter = form.parameters[i];
    if (!bound[i] && parameter.fallback == nullptr)
      return layer_error(end_column,
                         fmt::format("{} needs {}: {}", form.name, parameter.name, expected_text(parameter.kind)));
    if (!bound[i]) {
      const std::string fallback = parameter.fallback;
      MOTE_TRY(bound[i], Parser(fallback).value());
    }
    values.push_back(std::move(*bound[i]));
  }
  return LayerArguments(std::move(values));
}

}  // namespace

Result<ParsedLayer> parse_layer(const std::string& text) {
  Parser parser(text);
  MOTE_TRY(const std::string name, parser.head());
  MOTE_TRY(const LayerForm* form, find_form(name, parser.name_column()));
  MOTE_TRY(const auto arguments, parser.arguments());
  MOTE_TRY(LayerArguments bound, bind(*form, arguments, text.size()));
  return ParsedLayer{form, std::move(bound)};
}

}  // namespace mote
