#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

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

// Recursive descent over: [ name '=' ] name [ '(' [ argument { ',' argument } ] ')' ], argument = [ name '=' ] value,
// value = number | word | 'word' | "word" | sizes in parentheses or brackets.
class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  // The layer's name; in front of it, with '=', that of its output.
  Result<std::string> head() {
    skip_space();
    name_column_ = column();
    std::string name = word();
    if (!name.empty() && output_.empty() && accept('=')) {
      output_ = std::move(name);
      output_column_ = name_column_;
      return head();
    }
    if (name.empty()) return layer_error(column(), "expected the name of a layer, such as Dense");
    return name;
  }

  Result<std::vector<LayerArgument>> arguments() {
    std::vector<LayerArgument> found;
    if (accept('(') && !accept(')')) {
      do {
        MOTE_TRY(LayerArgument argument, this->argument());
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
  const std::string& output() const { return output_; }
  size_t output_column() const { return output_column_; }

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

  Result<LayerArgument> argument() {
    skip_space();
    LayerArgument argument{"", column(), {}};
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
  size_t name_column_ = 1, output_column_ = 1;
  std::string output_;
};

Result<void> find_form(const std::string& name, size_t column, ParsedLayer& layer) {
  std::vector<std::string> known, understood;
  for (const LayerForm* form : all_layer_forms()) {
    for (const auto names : {form->names, form->aliases})
      for (const char* each : names) {
        understood.push_back(each);
        if (lower_case(each) != lower_case(name)) continue;
        layer.form = form;
        layer.written = each;
        return {};
      }
    known.insert(known.end(), form->names.begin(), form->names.end());
  }
  return layer_error(column, fmt::format("there is no layer '{}'; did you mean '{}'? Known layers: {}", name,
                                         nearest_name(name, understood), fmt::join(known, ", ")));
}

}  // namespace

Result<LayerValue> parse_value(const std::string& text) {
  return Parser(text).value();
}

Result<ParsedLayer> parse_layer(const std::string& text) {
  Parser parser(text);
  ParsedLayer layer;
  MOTE_TRY(const std::string name, parser.head());
  MOTE_CHECK(find_form(name, parser.name_column(), layer));
  layer.output = parser.output();
  layer.output_column = parser.output_column();
  MOTE_TRY(std::vector<LayerArgument> arguments, parser.arguments());
  const auto from = std::find_if(arguments.begin(), arguments.end(), [](const auto& a) { return a.name == "from"; });
  if (from != arguments.end()) {
    if (from->value.kind != LayerValue::Kind::word)
      return layer_error(from->value.column, "from must be the name of an earlier output");
    layer.from = from->value;
    arguments.erase(from);
  }
  MOTE_TRY(layer.arguments, bind_arguments(*layer.form, layer.written, arguments, text.size()));
  return layer;
}

}  // namespace mote
