#include "toolchain/data/config.h"

#include <cmath>

#include <fmt/format.h>

#include "toolchain/data/rule.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

struct Quantity {
  double value = 0;
  std::string_view unit;  // part of the parsed text
};

Result<Quantity> parse_quantity(const std::string& key, const std::string& text, const char* examples) {
  const size_t end = text.find_first_not_of("0123456789.+-eE");
  Quantity quantity;
  const bool number = parse_number(std::string_view(text).substr(0, end), quantity.value);
  if (!number || quantity.value <= 0)
    return input_error(
        fmt::format("mote.toml: {} = \"{}\": expected a positive number with a unit, such as {}", key, text, examples));
  if (end != std::string::npos) quantity.unit = trimmed(std::string_view(text).substr(end));
  return quantity;
}

Result<void> check_part(const std::string& key, const HeldOut& part) {
  if (part.names.empty() && (!(part.fraction >= 0) || part.fraction >= 1))
    return input_error(
        fmt::format("mote.toml: split.{} = {:g}: expected a fraction from 0 to below 1, a glob of files, or names of "
                    "groups",
                    key, part.fraction));
  return {};
}

Result<void> check_split(const DataConfig& config) {
  const SplitConfig& split = config.split;
  if (split.by != "time" && split.by != "random" && split.by != "file" && split.by != "auto") {
    MOTE_TRY(const Rule rule, Rule::parse("split.by", split.by));
    if (rule.kind() == Rule::Kind::labels_file)
      return input_error("mote.toml: split.by = \"" + split.by +
                         "\": expected file, time, random, filename:REGEX or column:NAME");
  }
  MOTE_CHECK(check_part("validation", split.validation));
  MOTE_CHECK(check_part("test", split.test));
  const double held_out = (split.validation.names.empty() ? split.validation.fraction : 0) +
                          (split.test.names.empty() && split.folds == 0 ? split.test.fraction : 0);
  if (held_out >= 1)
    return input_error(
        fmt::format("mote.toml: split: validation and test together are {:g} of the data; nothing is left for "
                    "training",
                    held_out));
  if (split.folds == 0) return {};
  if (split.folds < 2) return input_error(fmt::format("mote.toml: split.folds = {}: expected 2 or more", split.folds));
  if (split.fold < 0 || split.fold >= split.folds)
    return input_error(fmt::format("mote.toml: split.fold = {}: expected 0 to {}", split.fold, split.folds - 1));
  if (split.by == "time")
    return input_error("mote.toml: split: folds need by = file, random, filename:REGEX or column:NAME, not time");
  if (!split.test.names.empty())
    return input_error("mote.toml: split: folds choose the test part; take out the names in test");
  return {};
}

}  // namespace

Result<TimeSpan> parse_time_span(const std::string& key, const std::string& text) {
  const char* examples = "\"1 s\", \"250 ms\" or \"128 samples\"";
  MOTE_TRY(const Quantity quantity, parse_quantity(key, text, examples));
  const std::string_view unit = quantity.unit;
  if (unit == "s" || unit == "second" || unit == "seconds") return TimeSpan{quantity.value, false};
  if (unit == "ms") return TimeSpan{quantity.value / 1e3, false};
  if (unit == "min") return TimeSpan{quantity.value * 60, false};
  if (unit == "sample" || unit == "samples" || unit == "row" || unit == "rows") {
    if (quantity.value != std::floor(quantity.value))
      return input_error(fmt::format("mote.toml: {} = \"{}\": expected a whole number of {}", key, text, unit));
    return TimeSpan{quantity.value, true};
  }
  return input_error(fmt::format("mote.toml: {} = \"{}\": expected a unit: {}", key, text, examples));
}

Result<double> parse_rate(const std::string& key, const std::string& text) {
  MOTE_TRY(const Quantity quantity, parse_quantity(key, text, "\"100 Hz\" or \"1 kHz\""));
  if (quantity.unit == "Hz") return quantity.value;
  if (quantity.unit == "kHz") return quantity.value * 1e3;
  if (quantity.unit == "mHz") return quantity.value / 1e3;
  return input_error(
      fmt::format("mote.toml: {} = \"{}\": expected Hz, kHz or mHz after the number, such as \"100 Hz\"", key, text));
}

Result<ImageSize> parse_image_size(const std::string& text) {
  const auto wrong = [&] {
    return input_error(fmt::format(
        "mote.toml: image = \"{}\": expected width x height of 1 to 1024, such as \"96x96\" or \"28x28 gray\"", text));
  };
  const size_t cross = text.find('x'), space = text.find(' ');
  double width, height;
  if (cross == std::string::npos || !parse_number(std::string_view(text).substr(0, cross), width)) return wrong();
  const size_t digits = space == std::string::npos ? space : space - cross - 1;
  if (!parse_number(std::string_view(text).substr(cross + 1, digits), height)) return wrong();
  for (const double side : {width, height})
    if (side != std::floor(side) || side < 1 || side > 1024) return wrong();
  const std::string_view colour = space == std::string::npos ? "" : trimmed(std::string_view(text).substr(space));
  if (!colour.empty() && colour != "gray" && colour != "rgb") return wrong();
  return ImageSize{static_cast<int32_t>(width), static_cast<int32_t>(height), colour == "gray"};
}

static Result<void> validate_classes(const DataConfig& config) {
  const std::vector<std::string>& classes = config.classes;
  if (config.task != DataTask::classification && (!classes.empty() || !config.other.empty()))
    return input_error(
        fmt::format("mote.toml: {} is for classification only; take it out", classes.empty() ? "other" : "classes"));
  if (classes.empty() && !config.other.empty())
    return input_error("mote.toml: other = \"" + config.other +
                       "\": classes must say which labels it does not stand for");
  for (auto name = classes.begin(); name != classes.end(); ++name)
    if (std::find(classes.begin(), name, *name) != name)
      return input_error("mote.toml: classes name '" + *name + "' twice");
  return {};
}

Result<void> validate(const DataConfig& config) {
  if (config.source.empty())
    return input_error("mote.toml: data.source is missing; expected a glob such as \"recordings/*/*.csv\"");
  if (config.label.empty() && config.task != DataTask::anomaly)
    return input_error(
        "mote.toml: data.label is missing; expected folder, column:NAME, filename:REGEX or file:labels.csv");
  if (config.label.size() > 1 && config.task != DataTask::regression)
    return input_error("mote.toml: data.label: several rules are for regression only (one per target)");
  MOTE_CHECK(validate_classes(config));
  for (const std::string& label : config.label) {
    MOTE_TRY(const Rule rule, Rule::parse("label", label));
    if (rule.kind() == Rule::Kind::file)
      return input_error("mote.toml: label = \"file\": a labels file must follow, as in file:labels.csv");
  }
  for (size_t i = 0; i < config.channels.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (config.channels[i] == config.channels[j])
        return input_error("mote.toml: channels name '" + config.channels[i] + "' twice");
  if (config.image && (config.rate || config.window || config.stride))
    return input_error("mote.toml: image: one image is one example; take out rate, window and stride");
  if (config.rate && !config.window)
    return input_error(
        "mote.toml: data.window is missing; a rate needs one, such as window = \"1 s\". (Rows that are examples of "
        "their own need neither)");
  if (config.baseline && !config.timed())
    return input_error(fmt::format(
        "mote.toml: data.baseline: {} have no beginning in time that others could be expressed by; take it out",
        config.image ? "images" : "rows of a table"));
  if (config.table() && config.missing == MissingPolicy::interpolate)
    return input_error(
        "mote.toml: missing = \"interpolate\" needs a time axis; rows of a table can only be dropped: missing = "
        "\"drop\"");
  if (!config.annotations.empty() && config.task == DataTask::regression)
    return input_error("mote.toml: annotations are labels and groups; regression takes its targets from columns");
  for (const auto& [channel, factor] : config.scale)
    if (!std::isfinite(factor) || factor == 0)
      return input_error(
          fmt::format("mote.toml: scale of '{}' is {:g}; expected a factor other than 0", channel, factor));
  for (const auto& [channel, range] : config.full_scale)
    if (!(range > 0))
      return input_error(
          fmt::format("mote.toml: full_scale of '{}' is {:g}; expected a positive range", channel, range));
  for (const char* unit : {"auto", "s", "ms", "us", "ns"})
    if (config.time_unit == unit) return check_split(config);
  return input_error("mote.toml: time_unit = \"" + config.time_unit + "\": expected s, ms, us, ns or auto");
}

}  // namespace mote
