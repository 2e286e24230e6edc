#include "toolchain/data/series.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/data/file_list.h"
#include "toolchain/data/file_pattern.h"
#include "toolchain/data/readers/reader.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

// The folder of Speech Commands that holds noise to mix in: no class, unless a pattern names it.
constexpr std::string_view kNoiseFolder = "_background_noise_";

bool in_folder(const std::string& file, std::string_view folder) {
  return file.starts_with(std::string(folder) + "/") || file.find(fmt::format("/{}/", folder)) != std::string::npos;
}

Result<void> add_matches(const fs::path& folder, const std::string& pattern, std::set<std::string>& found,
                         int64_t& noise) {
  MOTE_TRY(const std::vector<fs::path> paths, glob(folder, pattern));
  const bool wants_noise = pattern.find(kNoiseFolder) != std::string::npos;
  for (const fs::path& path : paths) {
    if (!fs::is_regular_file(path)) continue;
    std::string file = without_dots(path.lexically_relative(folder)).generic_string();
    if (!wants_noise && in_folder(file, kNoiseFolder))
      ++noise;
    else
      found.insert(std::move(file));
  }
  return {};
}

// Adds those that are not there under another name.
void add_files(const fs::path& folder, std::set<std::string> more, std::set<std::string>& found) {
  std::erase_if(more, [&](const std::string& file) { return found.contains(file); });
  if (more.empty()) return;
  std::error_code ignored;
  std::set<fs::path> known;
  for (const std::string& file : found) known.insert(fs::weakly_canonical(folder / file, ignored));
  for (const std::string& file : more)
    if (known.insert(fs::weakly_canonical(folder / file, ignored)).second) found.insert(file);
}

Result<std::vector<std::string>> find_files(const DataConfig& config, const fs::path& folder,
                                            std::vector<std::string>& notes) {
  std::set<std::string> found;
  int64_t noise = 0;
  for (const std::string& pattern : config.source) MOTE_CHECK(add_matches(folder, pattern, found, noise));
  if (found.empty())
    return input_error(
        fmt::format("mote.toml: source = \"{}\" matches no file in {}. Put recordings there, or correct the pattern",
                    listed(config.source), folder.string()));
  if (noise > 0)
    notes.push_back(fmt::format("{} file{} in {} left out: noise, no class (name the folder in source to take it)",
                                noise, noise == 1 ? "" : "s", kNoiseFolder));
  std::set<std::string> held_out;
  for (const HeldOut* part : {&config.split.validation, &config.split.test})
    for (const std::string& name : part->names) {
      if (name.find_first_of("/*?.") == std::string::npos) continue;  // the name of a group
      if (!file_list_of(name).empty()) continue;                      // chooses among the files of `source`
      MOTE_CHECK(add_matches(folder, name, held_out, noise));
    }
  add_files(folder, std::move(held_out), found);
  if (config.label.size() == 1 && config.label[0].starts_with("file:")) found.erase(config.label[0].substr(5));
  std::vector<std::string> files(found.begin(), found.end());
  std::sort(files.begin(), files.end(), [](const std::string& a, const std::string& b) { return natural_less(a, b); });
  return files;
}

Error no_column(const std::string& file, const std::string& key, const Rule& rule) {
  return input_error(
      fmt::format("{}: {} = \"column:{}\", but this file has no columns of names. Use folder, "
                  "filename:REGEX or file:labels.csv",
                  file, key, rule.argument()));
}

}  // namespace

std::string Series::place(int64_t row) const {
  if (!line_runs.empty()) return fmt::format("{}:{}", file, line(row));
  return fmt::format("{}: reading {}", file, reading(row));
}

int64_t Series::row_of(int64_t wanted) const {
  int64_t first = 0, beyond = rows;
  while (first < beyond) {
    const int64_t middle = (first + beyond) / 2;
    if (reading(middle) < wanted)
      first = middle + 1;
    else
      beyond = middle;
  }
  return first;
}

bool Series::begins(int64_t row) const {
  const auto found = std::lower_bound(stretches.begin(), stretches.end(), row,
                                      [](const Stretch& stretch, int64_t r) { return stretch.begin < r; });
  return found != stretches.end() && found->begin == row;
}

Result<SeriesReader> SeriesReader::create(const DataConfig& config, const fs::path& project_folder) {
  MOTE_CHECK(validate(config));
  SeriesReader reader;
  reader.config_ = config;
  reader.folder_ = project_folder;
  for (const std::string& text : config.label) {
    MOTE_TRY(Rule rule, Rule::parse("label", text));
    MOTE_CHECK(rule.load(project_folder));
    if (config.task == DataTask::regression)
      reader.targets_.push_back(rule.kind() == Rule::Kind::column ? rule.argument() : "target");
    reader.label_rules_.push_back(std::move(rule));
  }
  const std::string& by = config.split.by;
  MOTE_TRY(reader.group_rule_, Rule::parse("split.by", by == "time" || by == "random" || by == "auto" ? "file" : by));
  MOTE_TRY(reader.files_, find_files(config, project_folder, reader.notes_));
  MOTE_CHECK(reader.load_annotations());
  MOTE_TRY(reader.cleaning_, Cleaning::load(project_folder));
  std::erase_if(reader.files_, [&](const std::string& file) { return reader.cleaning_.leaves_out(file); });
  if (reader.files_.empty() && reader.cleaning_.changes() > 0)
    return input_error(fmt::format(
        "{} leaves every recording out. Take the last step back with `mote data clean --undo`", Cleaning::kFile));
  return reader;
}

// What a format does not say about itself: the rules say it about the whole file.
Result<void> SeriesReader::label_whole_file(Series& series) const {
  if (config_.task == DataTask::regression && series.targets.empty()) {
    for (const Rule& rule : label_rules_) {
      if (rule.kind() == Rule::Kind::column) return no_column(series.file, "label", rule);
      MOTE_TRY(const float target, target_of_file(rule, series.file));
      series.targets.push_back(target);
    }
    const std::vector<float> row = series.targets;
    series.targets.reserve(row.size() * static_cast<size_t>(series.rows));
    for (int64_t i = 1; i < series.rows; ++i) series.targets.insert(series.targets.end(), row.begin(), row.end());
  }
  if (config_.task == DataTask::regression || label_rules_.empty()) {
    series.labels = {config_.task == DataTask::anomaly ? "normal" : ""};
  } else if (series.labels.empty()) {
    if (label_rules_[0].kind() == Rule::Kind::column) return no_column(series.file, "label", label_rules_[0]);
    MOTE_TRY(std::string name, label_rules_[0].of_file(series.file));
    series.labels = {std::move(name)};
  }
  if (series.groups.empty()) {
    if (group_rule_.kind() == Rule::Kind::column) return no_column(series.file, "split.by", group_rule_);
    MOTE_TRY(std::string name, group_rule_.of_file(series.file));
    const bool apart = series.each_alone && group_rule_.kind() == Rule::Kind::file;
    for (size_t i = 0; i < series.stretches.size() && apart; ++i) {
      series.groups.push_back(fmt::format("{}#{}", series.file, i));
      series.stretches[i].group = static_cast<int32_t>(i);
    }
    if (!apart) series.groups = {std::move(name)};
  }
  if (series.stretches.empty()) series.stretches = {{0, series.rows, 0, 0}};
  return {};
}

// Rules for columns that the annotations have are theirs: the readers are not asked for them.
Result<void> SeriesReader::load_annotations() {
  if (config_.annotations.empty()) return {};
  MOTE_TRY(annotations_, Annotations::load(config_.annotations, folder_));
  std::erase_if(files_, [&](const std::string& file) { return annotations_->is_table(file); });
  const auto take = [&](Rule& rule, std::string& column) {
    if (rule.kind() != Rule::Kind::column || !annotations_->has(rule.argument())) return;
    column = rule.argument();
    rule = Rule();
  };
  for (Rule& rule : label_rules_) take(rule, annotated_label_);
  take(group_rule_, annotated_group_);
  return {};
}

Result<void> SeriesReader::scale(Series& series) const {
  const size_t channels = agreed_.channels.size();
  for (const auto& [name, factor] : config_.scale) {
    const auto found = std::find(agreed_.channels.begin(), agreed_.channels.end(), name);
    if (!name.empty() && found == agreed_.channels.end())
      return input_error(fmt::format("mote.toml: scale names '{}', which is no channel; channels: {}{}", name,
                                     listed(agreed_.channels), did_you_mean(name, agreed_.channels)));
    const auto c = static_cast<size_t>(found - agreed_.channels.begin());
    for (size_t i = 0; i < series.values.size(); ++i)
      if (name.empty() || i % channels == c) series.values[i] = static_cast<float>(double{series.values[i]} * factor);
  }
  return {};
}

// Labels that `classes` does not name become `other`, or their stretches are left out.
static void choose_classes(const DataConfig& config, Series& series) {
  if (config.classes.empty()) return;
  std::vector<std::string> kept;
  std::vector<int32_t> place;  // of each label in `kept`; -1 = left out
  for (const std::string& label : series.labels) {
    const bool learned = std::ranges::find(config.classes, label) != config.classes.end();
    if (!learned) series.not_learned.push_back(label);
    const std::string& name = learned ? label : config.other;
    const auto found = std::ranges::find(kept, name);
    place.push_back(name.empty() && !learned ? -1 : static_cast<int32_t>(found - kept.begin()));
    if (place.back() >= 0 && found == kept.end()) kept.push_back(name);
  }
  for (Stretch& stretch : series.stretches) stretch.label = place[static_cast<size_t>(stretch.label)];
  std::erase_if(series.stretches, [](const Stretch& stretch) { return stretch.label < 0; });
  series.labels = std::move(kept);
}

Result<Series> SeriesReader::read(const std::string& file) {
  MOTE_TRY(Series series, read_recording({folder_ / file, file, config_, label_rules_, group_rule_, agreed_}));
  MOTE_CHECK(scale(series));
  if (annotations_) {
    MOTE_TRY(const AnnotationTable* const table, annotations_->of_file(file));
    for (const std::string* column : {&annotated_label_, &annotated_group_})
      if (!column->empty() && !table->has(*column))
        return input_error(
            fmt::format("{}:1: no column '{}', which other tables of annotations have", table->name(), *column));
    MOTE_CHECK(table->apply(annotated_label_, annotated_group_, series));
  }
  MOTE_CHECK(label_whole_file(series));
  MOTE_CHECK(cleaning_.apply(agreed_.channels, folder_, series));
  choose_classes(config_, series);
  return series;
}

}  // namespace mote
