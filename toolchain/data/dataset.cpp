#include "toolchain/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/data/baseline.h"
#include "toolchain/data/leakage.h"
#include "toolchain/data/split.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr double kHeadroom = 1.25;  // the range of a derived scale over that of the training part
constexpr double kFullCounts = 32767;

struct Extent {
  double low = 0, high = 0;
  bool known = false;
  void add(double value) {
    low = known ? std::min(low, value) : value;
    high = known ? std::max(high, value) : value;
    known = true;
  }
};

// Readings of the training windows, each once, and of their baselines.
std::vector<Extent> training_extents(const Prepared& prepared, const std::vector<Candidate>& candidates,
                                     const std::vector<PartId>& parts) {
  const size_t channels = prepared.channels.size();
  std::vector<Extent> extents(channels);
  int32_t piece = -1;
  int64_t done = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (parts[i] != PartId::train) continue;
    const bool next_piece = candidates[i].piece != piece;
    if (next_piece) piece = candidates[i].piece, done = 0;
    const Piece& from = prepared.pieces[static_cast<size_t>(piece)];
    const std::vector<float>& values = from.values;
    if (next_piece && from.baseline >= 0) {
      const std::vector<float>& baseline = prepared.baselines[static_cast<size_t>(from.baseline)];
      for (size_t k = 0; k < baseline.size(); ++k) extents[k % channels].add(baseline[k]);
    }
    const int64_t end = candidates[i].start + prepared.window;
    for (int64_t row = std::max(done, candidates[i].start); row < end; ++row)
      for (size_t c = 0; c < channels; ++c) extents[c].add(values[static_cast<size_t>(row) * channels + c]);
    done = end;
  }
  return extents;
}

// Without a stated range: the largest power of two that leaves headroom over the training part. The origin is 0 unless
// the values stay far from it.
ChannelContract derive_scale(const Extent& extent) {
  ChannelContract channel;
  const double span = extent.high - extent.low, largest = std::max(std::abs(extent.low), std::abs(extent.high));
  if (extent.low > 0 || extent.high < 0) {
    const double middle = (extent.low + extent.high) / 2;
    if (largest > 4 * span) channel.origin = std::stod(fmt::format("{:.4g}", middle));
  }
  const double reach = kHeadroom * std::max(extent.high - channel.origin, channel.origin - extent.low);
  if (reach > 0) channel.counts_per_unit = std::exp2(std::floor(std::log2(kFullCounts / reach)));
  return channel;
}

Result<std::vector<ChannelContract>> channel_contracts(const DataConfig& config, const Prepared& prepared,
                                                       const std::vector<Extent>& extents) {
  const auto check_name = [&](const char* key, const std::string& name) -> Result<void> {
    const auto& known = prepared.channels;
    if (name.empty() || std::find(known.begin(), known.end(), name) != known.end()) return {};
    return input_error(fmt::format("mote.toml: {} names '{}', which is no channel; channels: {}{}", key, name,
                                   listed(known), did_you_mean(name, known)));
  };
  for (const auto& [name, range] : config.full_scale) MOTE_CHECK(check_name("full_scale", name));
  for (const auto& [name, unit] : config.units) MOTE_CHECK(check_name("units", name));
  std::vector<ChannelContract> channels;
  for (size_t c = 0; c < prepared.channels.size(); ++c) {
    auto stated = config.full_scale.find(prepared.channels[c]);
    if (stated == config.full_scale.end()) stated = config.full_scale.find("");
    ChannelContract channel = derive_scale(extents[c]);
    if (stated != config.full_scale.end())
      channel = {"", "", 0, 32768 / stated->second};
    else if (prepared.full_scale[c])
      channel = {"", "", 0, 32768 / *prepared.full_scale[c]};
    channel.name = prepared.channels[c];
    channel.unit = prepared.units[c];
    channels.push_back(channel);
  }
  return channels;
}

std::string place_in(const Piece& piece, int64_t reading) {
  return piece.first_line > 0 ? fmt::format("{}:{}", piece.file, piece.first_line + reading)
                              : fmt::format("{}: reading {}", piece.file, piece.first_reading + reading);
}

// Fills counts, and frees the values; says how many readings do not fit.
void convert(Prepared& prepared, Dataset& dataset) {
  const std::vector<ChannelContract>& channels = dataset.contract.channels;
  std::vector<int64_t> saturated(channels.size(), 0);
  std::vector<std::string> first(channels.size());  // place of the first of them
  size_t all = 0;
  for (const Piece& piece : prepared.pieces) all += piece.values.size();
  dataset.counts.reserve(all);
  for (Piece& piece : prepared.pieces) {
    for (size_t i = 0; i < piece.values.size(); ++i) {
      const size_t c = i % channels.size();
      const int16_t count = to_count(piece.values[i], channels[c]);
      const double error = std::abs(to_value(count, channels[c]) - piece.values[i]) * channels[c].counts_per_unit;
      if (error > 1.5 && saturated[c]++ == 0) first[c] = place_in(piece, static_cast<int64_t>(i / channels.size()));
      dataset.counts.push_back(count);
    }
    piece.values = {};  // not held twice
  }
  for (size_t c = 0; c < channels.size(); ++c)
    if (saturated[c] > 0)
      dataset.notes.push_back(
          fmt::format("channel {}: {} reading{} outside {:g} to {:g} and {} saturated; the first: {}", channels[c].name,
                      saturated[c], saturated[c] == 1 ? " lies" : "s lie", to_value(-32768, channels[c]),
                      to_value(32767, channels[c]), saturated[c] == 1 ? "was" : "were", first[c]));
}

void fill_recordings(const DataConfig& config, const Prepared& prepared, Dataset& dataset) {
  int64_t offset = 0;
  for (const Piece& piece : prepared.pieces) {
    Recording recording{piece.file, piece.first_line, piece.first_reading, piece.start,   piece.label,   "",
                        offset,     piece.readings,   piece.padded,        piece.goes_on, piece.baseline};
    if (!config.table()) recording.group = prepared.groups[static_cast<size_t>(piece.group)];
    offset += piece.readings;
    dataset.recordings.push_back(std::move(recording));
  }
}

void fill_parts(const Prepared& prepared, const std::vector<Candidate>& candidates, const std::vector<PartId>& parts,
                Dataset& dataset) {
  const size_t targets = prepared.targets.size();
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (parts[i] == PartId::none) continue;
    DataPart& part = parts[i] == PartId::train        ? dataset.train
                     : parts[i] == PartId::validation ? dataset.validation
                                                      : dataset.test;
    const Candidate& candidate = candidates[i];
    const size_t piece = static_cast<size_t>(candidate.piece);
    part.windows.push_back(
        {dataset.recordings[piece].offset + candidate.start, candidate.piece, candidate.label, candidate.group});
    const size_t last = static_cast<size_t>(candidate.start + prepared.window - 1);
    for (size_t t = 0; t < targets; ++t) part.targets.push_back(prepared.pieces[piece].targets[last * targets + t]);
  }
}

struct Moments {
  double sum = 0, squares = 0;
  int64_t n = 0;
  double mean() const { return n > 0 ? sum / static_cast<double>(n) : 0; }
  double deviation() const {
    return n > 0 ? std::sqrt(std::max(0.0, squares / static_cast<double>(n) - mean() * mean())) : 0;
  }
  void add(double value) { sum += value, squares += value * value, ++n; }
};

void learn_statistics(Dataset& dataset) {
  const size_t channels = dataset.contract.channels.size(), targets = dataset.targets.size();
  std::vector<Moments> of_channel(channels), of_target(targets);
  for (const DataWindow& window : dataset.train.windows) {
    const std::span<const int16_t> counts = dataset.window(window);
    for (size_t i = 0; i < counts.size(); ++i) of_channel[i % channels].add(counts[i]);
  }
  // Around the first target, so that squares keep their digits.
  for (size_t i = 0; i < dataset.train.targets.size(); ++i)
    of_target[i % targets].add(static_cast<double>(dataset.train.targets[i]) -
                               static_cast<double>(dataset.train.targets[i % targets]));
  for (size_t c = 0; c < channels; ++c) {
    dataset.channel_mean.push_back(to_value(of_channel[c].mean(), dataset.channels[c]));
    dataset.channel_deviation.push_back(of_channel[c].deviation() / dataset.channels[c].counts_per_unit);
  }
  for (size_t t = 0; t < targets; ++t) {
    dataset.target_mean.push_back(of_target[t].mean() + static_cast<double>(dataset.train.targets[t]));
    dataset.target_deviation.push_back(of_target[t].deviation());
  }
}

// Nothing can be learned from what does not change.
Result<void> expect_variety(Dataset& dataset) {
  for (size_t t = 0; t < dataset.targets.size(); ++t)
    if (dataset.target_deviation[t] == 0)
      return input_error(
          fmt::format("target '{}' is {:g} in every row of the training part: there is nothing to learn. Check the "
                      "column, or split "
                      "otherwise",
                      dataset.targets[t], dataset.target_mean[t]));
  for (size_t c = 0; c < dataset.channel_deviation.size(); ++c)
    if (dataset.channel_deviation[c] == 0)
      dataset.notes.push_back(
          fmt::format("channel {} is {:g} in the whole training part: the model cannot learn from it",
                      dataset.contract.channels[c].name, dataset.channel_mean[c]));
  return {};
}

template <class T>
std::string bytes_fingerprint(const std::vector<T>& items) {
  return fingerprint(
      std::span<const uint8_t>(reinterpret_cast<const uint8_t*>(items.data()), items.size() * sizeof(T)));
}

std::string dataset_fingerprint(const DataConfig& config, const Dataset& dataset) {
  std::string text = to_json(dataset.contract).dump() + bytes_fingerprint(dataset.counts);
  for (const std::vector<int16_t>& baseline : dataset.baselines) text += bytes_fingerprint(baseline);
  for (const DataPart* part : {&dataset.train, &dataset.validation, &dataset.test}) {
    for (const DataWindow& window : part->windows) text += fmt::format("{},{};", window.offset, window.label);
    text += "|" + bytes_fingerprint(part->targets);
  }
  for (const std::string& name : dataset.classes) text += "\n" + name;
  for (const std::string& name : dataset.targets) text += "\n" + name;
  for (const uint8_t normal : dataset.normal) text += fmt::format("\n{}", normal);
  for (const std::string& augment : config.augment) text += "\n" + augment;
  return fingerprint(text);
}

struct PartRow {
  const char* name;
  const DataPart* part;
};
std::array<PartRow, 3> part_rows(const Dataset& dataset) {
  return {{{"train", &dataset.train}, {"validation", &dataset.validation}, {"test", &dataset.test}}};
}

std::vector<std::string> groups_of(const Dataset& dataset, const DataPart& part) {
  std::set<std::string> groups;
  for (const DataWindow& window : part.windows)
    if (const std::string& group = dataset.recordings[static_cast<size_t>(window.recording)].group; !group.empty())
      groups.insert(group);
  std::vector<std::string> sorted(groups.begin(), groups.end());
  std::sort(sorted.begin(), sorted.end(), natural_less);
  return sorted;
}

size_t files_of(const Dataset& dataset, const DataPart& part) {
  std::set<std::string_view> files;
  for (const DataWindow& window : part.windows)
    files.insert(dataset.recordings[static_cast<size_t>(window.recording)].file);
  return files.size();
}

}  // namespace

std::span<const int16_t> Dataset::window(const DataWindow& window) const {
  return {&counts[static_cast<size_t>(window.offset) * contract.channels.size()],
          static_cast<size_t>(contract.elements())};
}

void Dataset::values(const DataWindow& wanted, std::span<float> out) const {
  to_values(window(wanted), channels, out);
}

void Dataset::fed_window(const DataWindow& wanted, std::span<int16_t> out) const {
  if (contract.baseline.readings == 0) {
    std::ranges::copy(window(wanted), out.begin());
    return;
  }
  const Recording& recording = recordings[static_cast<size_t>(wanted.recording)];
  const auto rest = std::ranges::copy(baselines[static_cast<size_t>(recording.baseline)], out.begin()).out;
  const auto first = fed.begin() + wanted.offset * static_cast<int64_t>(contract.channels.size());
  std::copy_n(first, contract.elements(), rest);
}

FeatureWindows Dataset::training_windows() const {
  FeatureWindows windows;
  for (const DataWindow& one : train.windows) windows.push_back(window(one));
  return windows;
}

std::vector<int64_t> Dataset::class_counts(const DataPart& part) const {
  std::vector<int64_t> result(std::max<size_t>(1, classes.size()), 0);
  for (const DataWindow& window : part.windows) ++result[static_cast<size_t>(window.label)];
  return result;
}

Result<Dataset> load_dataset(const DataConfig& config, const std::filesystem::path& project_folder,
                             const Progress& progress) {
  MOTE_TRY(Prepared prepared, prepare(config, project_folder, progress));
  if (config.task == DataTask::classification && prepared.labels.size() < 2)
    return input_error(fmt::format(
        "every recording has the label '{}': a classifier needs two classes or more. Check label = \"{}\" in "
        "mote.toml",
        listed(prepared.labels), config.label[0]));
  const std::vector<Candidate> candidates = cut_windows(prepared);
  if (candidates.size() > INT32_MAX) return input_error("mote.toml: more than 2^31 windows; take a longer stride");
  MOTE_TRY(const std::vector<PartId> parts, split_windows(config, prepared, candidates));
  Dataset dataset;
  dataset.task = config.task;
  dataset.contract = {prepared.rate, prepared.window, prepared.stride, {}, prepared.height};
  MOTE_TRY(dataset.contract.channels,
           channel_contracts(config, prepared, training_extents(prepared, candidates, parts)));
  if (config.task != DataTask::regression) dataset.classes = prepared.labels;
  dataset.normal = prepared.normal;
  dataset.targets = prepared.targets;
  dataset.notes = std::move(prepared.notes);
  dataset.split_by = std::move(prepared.split_by);
  dataset.groups = prepared.groups;
  convert(prepared, dataset);
  fill_recordings(config, prepared, dataset);
  fill_parts(prepared, candidates, parts, dataset);
  express_by_baselines(config, prepared, dataset);
  learn_statistics(dataset);
  MOTE_CHECK(expect_variety(dataset));
  if (std::optional<std::string> warning = leakage_warning(dataset)) dataset.notes.push_back(std::move(*warning));
  dataset.fingerprint = dataset_fingerprint(config, dataset);
  return dataset;
}

Json split_summary(const Dataset& dataset) {
  Json json;
  for (const auto& [name, part] : part_rows(dataset)) {
    Json& entry = json[name];
    entry["windows"] = part->size();
    entry["files"] = files_of(dataset, *part);
    entry["groups"] = groups_of(dataset, *part);
    if (dataset.classes.empty()) continue;
    const std::vector<int64_t> counts = dataset.class_counts(*part);
    for (size_t i = 0; i < counts.size(); ++i) entry["classes"][dataset.classes[i]] = counts[i];
  }
  json["notes"] = dataset.notes;
  json["fingerprint"] = dataset.fingerprint;
  return json;
}

std::string split_table(const Dataset& dataset) {
  const bool table = dataset.contract.rate_hz == 0 && dataset.contract.window == 1;
  std::string text =
      fmt::format("{:<16}{:>10}{:>12}{:>8}\n", table ? "rows" : "windows", "train", "validation", "test");
  const auto row = [&](const std::string& name, int64_t a, int64_t b, int64_t c) {
    text += fmt::format("{:<16}{:>10}{:>12}{:>8}\n", name, a, b, c);
  };
  const std::vector<int64_t> train = dataset.class_counts(dataset.train),
                             validation = dataset.class_counts(dataset.validation),
                             test = dataset.class_counts(dataset.test);
  for (size_t i = 0; i < dataset.classes.size(); ++i) row(dataset.classes[i], train[i], validation[i], test[i]);
  row("all", dataset.train.size(), dataset.validation.size(), dataset.test.size());
  if (!table) {
    row("files", static_cast<int64_t>(files_of(dataset, dataset.train)),
        static_cast<int64_t>(files_of(dataset, dataset.validation)),
        static_cast<int64_t>(files_of(dataset, dataset.test)));
    for (const auto& [name, part] : part_rows(dataset)) {
      const std::vector<std::string> groups = groups_of(dataset, *part);
      if (!groups.empty() && groups.size() < files_of(dataset, *part))
        text += fmt::format("{} groups: {}\n", name, listed(groups, 8));
    }
  }
  for (const std::string& note : dataset.notes) text += "note: " + note + "\n";
  return text;
}

}  // namespace mote
