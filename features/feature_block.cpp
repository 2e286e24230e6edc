#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "features/delta/delta.h"
#include "features/filter/filter_design.h"
#include "features/signal_block.h"
#include "toolchain/base/text.h"

namespace mote {
namespace {

Result<const FeatureDef*> find_feature(const std::string& kind) {
  for (const FeatureDef* feature : all_features())
    if (feature->name == kind) return feature;
  const std::vector<std::string> names = feature_kinds();
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return input_error(fmt::format("features.block = \"{}\": no such block; did you mean \"{}\"? This build has: {}",
                                 kind, nearest_name(kind, names), list));
}

// A thread's buffer, so that computing a window allocates nothing after the first.
template <class T, int kWhich>
std::span<T> thread_buffer(size_t elements) {
  thread_local std::vector<T> buffer;
  if (buffer.size() < elements) buffer.resize(elements);
  return {buffer.data(), elements};
}

// The deviation to two significant digits, the mean to the same decimal place, or to whole numbers: each a twentieth of
// a deviation off at most, however large the mean. Training and all that follows take these values, so nothing is lost,
// and they are short in the model's file. The mean of a column that never moves is as fine as its counts.
std::pair<double, double> rounded(double mean, double deviation, double count) {
  const auto number = [](const std::string& text) { return std::strtod(text.c_str(), nullptr); };
  const std::string digits = fmt::format("{:.1e}", deviation > 0 ? deviation : count);  // "4.7e-02"
  const int exponent = std::atoi(digits.c_str() + digits.find('e') + 1);
  return {number(fmt::format("{:.{}f}", mean, std::max(0, 1 - exponent))), deviation > 0 ? number(digits) : 0};
}

}  // namespace

Result<std::shared_ptr<FeatureBlock>> FeatureBlock::create(const std::string& kind, const RecordingContract& contract,
                                                           Json options) {
  MOTE_TRY(const FeatureDef* const feature, find_feature(kind));
  constexpr size_t kMostChannels = 64;
  constexpr int64_t kMostNumbers = 1 << 22;  // of a window: far above any microcontroller
  if (kind != "raw" && contract.channels.size() > kMostChannels)
    return input_error(fmt::format("features.block = \"{}\": takes up to {} channels, the data have {}", kind,
                                   kMostChannels, contract.channels.size()));
  if (feature->needs_rate && contract.rate_hz <= 0)
    return input_error(fmt::format("features.block = \"{}\": needs readings in time; give [data] a rate", kind));
  FeatureOptions asked(kind, std::move(options));
  auto block = std::shared_ptr<FeatureBlock>(new FeatureBlock);
  block->contract_ = contract;
  block->window_channels_ = window_channels(contract);
  RecordingContract of_window = contract;
  of_window.channels = block->window_channels_;
  const std::vector<std::string> filters = asked.texts("filter");
  block->deltas_ = asked.integer("delta", 0, 0, 2);
  block->options_ = asked.answers();
  MOTE_TRY(block->sections_, design_filters(filters, contract.rate_hz));
  MOTE_TRY(block->signal_, feature->create(of_window, asked, !filters.empty()));
  MOTE_CHECK(asked.finish());
  const SignalBlock& signal = *block->signal_;
  if (signal.frame > contract.window)
    return input_error(fmt::format("features.frame: a frame of {} readings is longer than the window of {}",
                                   signal.frame, contract.window));
  if (kind != "raw" && int64_t{block->rows()} * block->numbers_of_row() > kMostNumbers)
    return input_error(fmt::format("features.block = \"{}\": {} frames of {} numbers are too many; take a longer hop",
                                   kind, block->rows(), block->numbers_of_row()));
  if (contract.stride % signal.hop != 0 && contract.stride < block->rows() * signal.hop)
    return input_error(
        fmt::format("features.hop: frames begin every {} readings, but windows every {} ([data] stride): expected a "
                    "multiple, so that windows share frames",
                    signal.hop, contract.stride));
  if (block->deltas_ > 0 && (block->rows() < 3 || kind == "raw"))
    return input_error("features.delta: slopes need a block with three frames or more in a window, such as mfcc");
  block->columns_ = signal.columns;
  for (int32_t order = 1; order <= block->deltas_; ++order)
    for (ChannelContract column : signal.columns) {
      column.name = fmt::format("{} {}", order == 1 ? "slope of" : "slope of slope of", column.name);
      column.counts_per_unit *= std::pow(1 << kDeltaFractionBits, order);
      column.origin = 0;
      block->columns_.push_back(std::move(column));
    }
  block->standards_.resize(block->columns_.size());
  return block;
}

const std::string& FeatureBlock::kind() const {
  return signal_->kind;
}

int32_t FeatureBlock::rows() const {
  return 1 + (contract_.window - signal_->frame) / signal_->hop;
}

int32_t FeatureBlock::numbers_of_row() const {
  return signal_->numbers * (1 + deltas_);
}

bool FeatureBlock::identity() const {
  return signal_->kind == "raw" && sections_.empty();
}

Shape FeatureBlock::output_shape() const {
  const int32_t columns = static_cast<int32_t>(columns_.size()), window = contract_.window;
  if (signal_->kind == "raw") {
    if (const int32_t height = contract_.height; height > 0) return make_shape({height, window / height, columns});
    return window == 1 ? make_shape({columns}) : make_shape({window, columns});
  }
  return rows() == 1 ? make_shape({columns}) : make_shape({rows(), columns});
}

void FeatureBlock::compute(std::span<const int16_t> window, std::span<int16_t> numbers) const {
  if (identity()) {
    std::copy(window.begin(), window.end(), numbers.begin());
    return;
  }
  const size_t channels = contract_.channels.size();
  const size_t frame = static_cast<size_t>(signal_->frame) * channels, width = static_cast<size_t>(numbers_of_row());
  for (size_t r = 0; r < static_cast<size_t>(rows()); ++r) {
    std::span<const int16_t> readings = window.subspan(r * static_cast<size_t>(signal_->hop) * channels, frame);
    if (!sections_.empty()) {
      const std::span<int16_t> filtered = thread_buffer<int16_t, 0>(frame);
      filter(sections_, static_cast<int32_t>(sections_.size()), readings.data(), signal_->frame,
             static_cast<int32_t>(channels), thread_buffer<int32_t, 0>(static_cast<size_t>(signal_->frame)).data(),
             filtered.data());
      readings = filtered;
    }
    signal_->compute(readings, numbers.subspan(r * width, static_cast<size_t>(signal_->numbers)));
  }
  for (int32_t order = 1; order <= deltas_; ++order)
    delta(numbers.data(), rows(), numbers_of_row(), signal_->numbers, (order - 1) * signal_->numbers,
          order * signal_->numbers);
}

void FeatureBlock::transform(std::span<const float> window, std::span<float> features) const {
  if (identity()) {  // counts would only round
    const size_t channels = standards_.size();
    for (size_t c = 0; c < channels; ++c) {
      const auto [mean, deviation] = standards_[c];
      const double factor = deviation > 0 ? 1 / deviation : 0;
      for (size_t i = c; i < window.size(); i += channels)
        features[i] = static_cast<float>((static_cast<double>(window[i]) - mean) * factor);
    }
    return;
  }
  const std::span<int16_t> counts = thread_buffer<int16_t, 1>(window.size());
  const size_t channels = contract_.channels.size();
  for (size_t row = 0; row < window.size(); row += channels)
    for (size_t c = 0; c < channels; ++c)
      counts[row + c] = to_count(static_cast<double>(window[row + c]), window_channels_[c]);
  transform_counts(counts, features);
}

void FeatureBlock::transform_counts(std::span<const int16_t> window, std::span<float> features) const {
  if (identity()) {
    const std::span<float> values = thread_buffer<float, 0>(window.size());
    to_values(window, window_channels_, values);
    return transform(values, features);
  }
  const std::span<int16_t> numbers = thread_buffer<int16_t, 2>(features.size());
  compute(window, numbers);
  const size_t columns = columns_.size();
  for (size_t c = 0; c < columns; ++c) {
    const auto [mean, deviation] = standards_[c];
    for (size_t i = c; i < features.size(); i += columns)
      features[i] = deviation > 0 ? static_cast<float>((to_value(numbers[i], columns_[c]) - mean) / deviation) : 0.0f;
  }
}

Result<std::vector<RawChannel>> FeatureBlock::fixed_point(float scale) const {
  std::vector<RawChannel> channels;
  for (size_t c = 0; c < standards_.size(); ++c) {
    const ChannelContract& column = columns_[c];
    constexpr double kMostMean = 65536;  // counts; rounded, it may lie beyond the readings
    const double steps = 1 << kRawFractionBits;
    const double mean = (standards_[c].mean - column.origin) * column.counts_per_unit;
    const double deviation = standards_[c].deviation * column.counts_per_unit;
    const double factor = deviation > 0 ? 1 / (deviation * static_cast<double>(scale) * steps) : 0;
    int exponent = 0;
    const double mantissa = std::frexp(factor, &exponent);
    Multiplier fixed;
    const bool fits =
        std::isfinite(factor) && std::abs(mean) <= kMostMean &&
        quantize_multiplier(Real{static_cast<uint64_t>(std::ldexp(mantissa, 53)), exponent - 53}, fixed) &&
        fixed.shift <= 6;
    if (!fits)
      return input_error(fmt::format(
          "{} '{}': a deviation of {:g} counts cannot be standardised to an int8 input of scale {:g}. It hardly moves "
          "in the training part: take it out, or give the channel a finer full_scale",
          signal_->kind == "raw" ? "channel" : "feature", column.name, deviation, scale));
    channels.push_back({static_cast<int32_t>(std::lround(mean * steps)), fixed.multiplier, fixed.shift});
  }
  return channels;
}

Result<void> FeatureBlock::transform_int8(std::span<const int16_t> window, float scale, int32_t zero_point,
                                          std::span<int8_t> features) const {
  MOTE_TRY(const std::vector<RawChannel> channels, fixed_point(scale));
  const std::span<int16_t> numbers = thread_buffer<int16_t, 2>(features.size());
  compute(window, numbers);
  const size_t columns = columns_.size();
  raw_int8(numbers.data(), static_cast<int32_t>(features.size() / columns), static_cast<int32_t>(columns),
           channels.data(), zero_point, features.data());
  return {};
}

Result<void> FeatureBlock::transform_stored(std::span<const int16_t> window, const TensorType& input,
                                            std::span<uint8_t> bytes) const {
  const bool wide = input.dtype == DType::int16;
  const std::span<int8_t> numbers(reinterpret_cast<int8_t*>(bytes.data()), bytes.size() / (wide ? 2 : 1));
  MOTE_CHECK(transform_int8(window, input.quant.scales[0], input.quant.zero_points[0], numbers));
  for (size_t i = numbers.size(); wide && i-- > 0;) {  // from the end: a number's place lies behind those to be read
    const int16_t number = numbers[i];
    std::memcpy(bytes.data() + 2 * i, &number, sizeof number);
  }
  return {};
}

Result<void> FeatureBlock::transform_fed(std::span<const int16_t> fed, const TensorType& input,
                                         std::span<uint8_t> bytes) const {
  const size_t before = fed.size() - static_cast<size_t>(contract_.elements());
  if (before == 0) return transform_stored(fed, input, bytes);
  std::vector<int16_t> window(fed.begin() + static_cast<std::ptrdiff_t>(before), fed.end());
  make_relative(contract_, fed.first(before), window);
  return transform_stored(window, input, bytes);
}

// Mean and deviation of each column over all rows of all training windows. Sums of integers are exact in 64 bits.
void FeatureBlock::learn(const FeatureWindows& training) {
  const size_t columns = columns_.size();
  const size_t elements = static_cast<size_t>(output_shape().elements());
  std::vector<int64_t> sums(columns, 0), squares(columns, 0);
  std::vector<int16_t> numbers(elements);
  for (const std::span<const int16_t> window : training) {
    compute(window, numbers);
    for (size_t i = 0; i < elements; ++i) {
      sums[i % columns] += numbers[i];
      squares[i % columns] += int64_t{numbers[i]} * numbers[i];
    }
  }
  const double n = static_cast<double>(training.size() * (elements / columns));
  for (size_t c = 0; c < columns; ++c) {
    const double mean = static_cast<double>(sums[c]) / n;
    const double variance = static_cast<double>(squares[c]) / n - mean * mean;
    const double deviation = variance > 1e-9 * (1 + mean * mean) ? std::sqrt(variance) : 0;
    const double count = 1 / columns_[c].counts_per_unit;
    std::tie(standards_[c].mean, standards_[c].deviation) =
        rounded(to_value(mean, columns_[c]), deviation * count, count);
  }
}

Json FeatureBlock::parameters() const {
  Json json = Json::object();
  if (signal_->kind != "raw" || !sections_.empty()) {
    json["options"] = options_;
    json["options"].update(signal_->options);
  }
  json["mean"] = Json::array();
  json["deviation"] = Json::array();
  for (const auto& [mean, deviation] : standards_) {
    json["mean"].push_back(mean);
    json["deviation"].push_back(deviation);
  }
  return json;
}

Result<void> FeatureBlock::read_standards(const Json& parameters) {
  const auto wrong = [&](const std::string& what) {
    return input_error(fmt::format("feature block {}: {}", kind(), what));
  };
  try {
    const std::vector<double> mean = parameters.at("mean").get<std::vector<double>>();
    const std::vector<double> deviation = parameters.at("deviation").get<std::vector<double>>();
    if (mean.size() != columns_.size() || deviation.size() != mean.size())
      return wrong(fmt::format("mean and deviation must have {} values", columns_.size()));
    for (size_t c = 0; c < mean.size(); ++c) {
      if (!std::isfinite(mean[c]) || !std::isfinite(deviation[c]) || deviation[c] < 0)
        return wrong("mean or deviation is out of range");
      standards_[c] = {mean[c], deviation[c]};
    }
  } catch (const Json::exception& error) {
    return wrong(error.what());
  }
  return {};
}

Result<FeaturePtr> fit_features(const std::string& kind, const RecordingContract& contract, const Json& options,
                                const FeatureWindows& training) {
  const size_t elements = static_cast<size_t>(contract.elements());
  if (training.empty() || std::any_of(training.begin(), training.end(),
                                      [&](std::span<const int16_t> window) { return window.size() != elements; }))
    return defect("a feature block is fitted on one window or more of its contract's length");
  MOTE_TRY(const std::shared_ptr<FeatureBlock> block, FeatureBlock::create(kind, contract, options));
  block->learn(training);
  return FeaturePtr(block);
}

Json to_json(const FeatureBlock& block) {
  return {{"block", block.kind()}, {"contract", to_json(block.contract())}, {"parameters", block.parameters()}};
}

Result<FeaturePtr> features_from_json(const Json& json) {
  if (!json.is_object() || !json.contains("block") || !json["block"].is_string() || !json.contains("contract") ||
      !json.contains("parameters") || !json["parameters"].is_object())
    return input_error("feature block: expected the keys block, contract and parameters");
  MOTE_TRY(const RecordingContract contract, contract_from_json(json["contract"]));
  const Json& parameters = json["parameters"];
  const Json options = parameters.contains("options") ? parameters["options"] : Json::object();
  if (!options.is_object()) return input_error("feature block: options: expected keys and values");
  MOTE_TRY(const std::shared_ptr<FeatureBlock> block,
           FeatureBlock::create(json["block"].get<std::string>(), contract, options));
  MOTE_CHECK(block->read_standards(parameters));
  return FeaturePtr(block);
}

std::string feature_reference() {
  const RecordingContract contract{16000, 16000, 16000, {{"audio", "", 0, 32768}}};
  std::string text = "| block | gives | keys and defaults |\n|---|---|---|\n";
  const auto row = [&](const std::string& name, const std::string& summary, const Json& keys) {
    std::string list;
    for (const auto& [key, value] : keys.items())
      list += fmt::format("{}`{} = {}`", list.empty() ? "" : ", ", key, value.dump());
    text += fmt::format("| `{}` | {} | {} |\n", name, summary, list);
  };
  for (const FeatureDef* feature : all_features()) {
    FeatureOptions options(feature->name, Json::object());
    const Result<SignalPtr> block = feature->create(contract, options, false);
    row(feature->name, feature->summary, block.ok() ? options.answers() : Json::object());
  }
  row("any", "before the block: filters; after it: slopes from frame to frame",
      {{"filter", {"bandpass 1 Hz 10 Hz"}}, {"delta", 1}});
  return text;
}

}  // namespace mote
