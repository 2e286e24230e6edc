#include "toolchain/data/record/trigger.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "toolchain/data/text.h"

namespace mote {

Result<Trigger> Trigger::parse(const std::string& text) {
  const auto wrong = [&] {
    return input_error(fmt::format(
        "--trigger \"{}\": expected a channel, a comparison and a number, such as \"ax > 1.5\", \"abs(ax) > 1.5\" or "
        "\"norm > 2\" (of all channels)",
        text));
  };
  const size_t sign = text.find_first_of("<>");
  if (sign == std::string::npos) return wrong();
  Trigger trigger;
  trigger.text_ = std::string(trimmed(text));
  trigger.above_ = text[sign] == '>';
  trigger.or_equal_ = text.substr(sign + 1).starts_with('=');
  const std::string_view number = trimmed(std::string_view(text).substr(sign + 1 + (trigger.or_equal_ ? 1 : 0)));
  if (!parse_number(number, trigger.threshold_)) return wrong();
  std::string_view name = trimmed(std::string_view(text).substr(0, sign));
  if (name.starts_with("abs(") && name.ends_with(')')) {
    trigger.form_ = Form::magnitude;
    name = trimmed(name.substr(4, name.size() - 5));
  } else if (name == "norm") {
    trigger.form_ = Form::norm;
  }
  if (name.empty()) return wrong();
  trigger.name_ = std::string(name);
  return trigger;
}

Result<void> Trigger::bind(const std::vector<StreamChannel>& channels) {
  if (form_ == Form::norm) return {};
  std::vector<std::string> names;
  for (const StreamChannel& channel : channels) names.push_back(channel.name);
  const auto found = std::find(names.begin(), names.end(), name_);
  if (found == names.end())
    return input_error(fmt::format("--trigger \"{}\": the board sends no channel '{}', but {}{}", text_, name_,
                                   listed(names), did_you_mean(name_, names)));
  index_ = static_cast<size_t>(found - names.begin());
  return {};
}

double Trigger::level(std::span<const double> values) const {
  if (form_ == Form::channel) return values[index_];
  if (form_ == Form::magnitude) return std::abs(values[index_]);
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

bool Trigger::fires(std::span<const double> values) {
  const double now = level(values);
  if (std::isnan(now)) return false;
  const bool first = low_ > high_;
  low_ = first ? now : std::min(low_, now);
  high_ = first ? now : std::max(high_, now);
  const bool passed = (above_ ? now > threshold_ : now < threshold_) || (or_equal_ && now == threshold_);
  const bool was = std::exchange(before_, passed);
  return passed && !was;
}

}  // namespace mote
