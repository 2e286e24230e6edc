// Rules that look at the windows and the parts they fell into.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "toolchain/data/check_rules.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr double kImbalanceNote = 3, kImbalance = 5;
constexpr int64_t kFewWindows = 10, kFewTests = 100;

struct Parts {
  const Dataset& dataset;
  const DataPart* parts[3];
  explicit Parts(const Dataset& d) : dataset(d), parts{&d.train, &d.validation, &d.test} {}
  const Recording& recording(const DataWindow& window) const {
    return dataset.recordings[static_cast<size_t>(window.recording)];
  }
};

void check_balance(const Dataset& dataset, std::vector<Finding>& findings) {
  const std::vector<int64_t> counts = dataset.class_counts(dataset.train);
  const auto most = std::max_element(counts.begin(), counts.end()),
             least = std::min_element(counts.begin(), counts.end());
  const double ratio = static_cast<double>(*most) / static_cast<double>(std::max<int64_t>(1, *least));
  if (ratio >= kImbalanceNote)
    findings.push_back({ratio >= kImbalance ? Severity::warning : Severity::note, "imbalance", "", 0, -1, 1,
                        fmt::format("'{}' has {} training examples, '{}' has {}: {:.1f} to 1",
                                    dataset.classes[static_cast<size_t>(most - counts.begin())], *most,
                                    dataset.classes[static_cast<size_t>(least - counts.begin())], *least, ratio),
                        "a network that always answers with the large class already looks good",
                        "record more of the small class, or say class_weights = \"balanced\" in [train]; look at the "
                        "confusion matrix, not at accuracy alone"});
  for (size_t i = 0; i < counts.size(); ++i)
    if (counts[i] < kFewWindows)
      findings.push_back({Severity::warning, "few", "", 0, -1, 1,
                          fmt::format("'{}' has only {} training examples", dataset.classes[i], counts[i]),
                          "too little to learn from, and nothing can be said about how well it was learned",
                          "record more of it"});
}

void check_sizes(const Dataset& dataset, std::vector<Finding>& findings) {
  const int64_t n = dataset.test.size();
  if (n == 0 || n >= kFewTests || dataset.task != DataTask::classification) return;
  findings.push_back(
      {Severity::note, "few", "", 0, -1, 1,
       fmt::format("the test part has {} examples: an accuracy near 90 % is known to +-{:.0f} points (95 %)", n,
                   196 * std::sqrt(0.09 / static_cast<double>(n))),
       "differences smaller than that are chance", "record more, or use split folds and average over them"});
}

// Equal content on both sides, and equal content with different labels.
struct Duplicates {
  int64_t across = 0, conflicts = 0, within = 0;  // windows
  Finding first_across, first_conflict;
};

const char* example_name(const Dataset& dataset) {
  return dataset.contract.height > 0 ? "an image" : "a window";
}

Finding conflict_finding(const Parts& all, const DataWindow& window, const DataWindow& other) {
  return {Severity::warning,
          "conflict",
          all.recording(window).file,
          0,
          -1,
          1,
          fmt::format("{} is also in {}, there as '{}', here as '{}'", example_name(all.dataset),
                      all.recording(other).file, all.dataset.classes[static_cast<size_t>(other.label)],
                      all.dataset.classes[static_cast<size_t>(window.label)]),
          "nothing can tell the two apart",
          "find out which label is right and delete the other copy"};
}

Finding across_finding(const Parts& all, const DataWindow& window, int part, const DataWindow& other, int other_part) {
  return {Severity::warning,
          "duplicate",
          all.recording(window).file,
          0,
          -1,
          1,
          fmt::format("{} of the {} part is also in the {} part ({})", example_name(all.dataset), kPartNames[part],
                      kPartNames[other_part], all.recording(other).file),
          "the test would ask what was learned by heart",
          "delete one copy, or put both in one group"};
}

// A sensor at rest repeats itself.
bool is_still(const Dataset& dataset, std::span<const int16_t> counts) {
  const auto channels = static_cast<int64_t>(dataset.contract.channels.size());
  return std::equal(counts.begin() + channels, counts.end(), counts.begin());
}

Duplicates find_duplicates(const Parts& all, bool table) {
  struct Seen {
    int part;
    const DataWindow* window;
  };
  std::unordered_map<std::string_view, Seen> known;
  Duplicates found;
  for (int part = 0; part < 3; ++part)
    for (const DataWindow& window : all.parts[part]->windows) {
      const std::span<const int16_t> counts = all.dataset.window(window);
      if (!table && is_still(all.dataset, counts)) continue;
      const std::string_view key(reinterpret_cast<const char*>(counts.data()), counts.size_bytes());
      const auto [entry, added] = known.emplace(key, Seen{part, &window});
      if (added) continue;
      const Seen& other = entry->second;
      if (other.window->label != window.label && found.conflicts++ == 0)
        found.first_conflict = conflict_finding(all, window, *other.window);
      if (other.part == part)
        ++found.within;
      else if (found.across++ == 0)
        found.first_across = across_finding(all, window, part, *other.window, other.part);
    }
  return found;
}

void check_duplicates(const Parts& all, std::vector<Finding>& findings) {
  const bool table = all.dataset.contract.window == 1;
  Duplicates found = find_duplicates(all, table);
  if (table) {  // rows of few digits repeat by themselves
    if (found.across > 0)
      findings.push_back(
          {Severity::note, "duplicate", "", 0, -1, 1,
           fmt::format("{} rows of the validation and test parts are equal to a training row", found.across),
           "values of few digits repeat; many copies flatter the test", ""});
    if (found.conflicts > 0)
      findings.push_back({Severity::note, "conflict", "", 0, -1, 1,
                          fmt::format("{} rows are equal to another row with another label", found.conflicts),
                          "no model can get both right: this limits the accuracy", ""});
    return;
  }
  found.first_across.occurrences = found.across, found.first_conflict.occurrences = found.conflicts;
  if (found.across > 0) findings.push_back(found.first_across);
  if (found.conflicts > 0) findings.push_back(found.first_conflict);
  if (found.within > 0)
    findings.push_back({Severity::note, "duplicate", "", 0, -1, 1,
                        fmt::format("{} {} repeat another one of the same part", found.within,
                                    all.dataset.contract.height > 0 ? "images" : "windows"),
                        "copies weigh twice and add nothing", "delete the copies"});
}

void check_groups(const DataConfig& config, const Parts& all, std::vector<Finding>& findings) {
  std::map<std::string, std::set<int>> parts_of_group, parts_of_file, labels_of_group;
  for (int part = 0; part < 3; ++part)
    for (const DataWindow& window : all.parts[part]->windows) {
      const Recording& recording = all.recording(window);
      parts_of_group[recording.group].insert(part);
      parts_of_file[recording.file].insert(part);
      labels_of_group[recording.group].insert(window.label);
    }
  const bool by_name = config.split.by.starts_with("filename:") || config.split.by.starts_with("column:");
  if (config.split.by == "random" && all.dataset.contract.height == 0) {  // images have no neighbours in time
    findings.push_back({Severity::warning, "leak", "", 0, -1, 1,
                        "split by random puts neighbouring windows of one recording on both sides",
                        "the test measures memory, not how the model does on a new recording or person",
                        "split by file, or by person: by = \"filename:REGEX\""});
    return;
  }
  for (const auto& [group, parts] : parts_of_group)
    if (by_name && parts.size() > 1)
      findings.push_back({Severity::warning, "group_overlap", "", 0, -1, 1,
                          fmt::format("group '{}' is in the {} part and in the {} part", group,
                                      kPartNames[*parts.begin()], kPartNames[*parts.rbegin()]),
                          "what is judged should have people or places that training has not seen",
                          fmt::format("hold out whole groups: {} = [\"{}\"]", kPartNames[*parts.rbegin()], group)});
  const bool one_label_each = std::all_of(labels_of_group.begin(), labels_of_group.end(),
                                          [](const auto& entry) { return entry.second.size() == 1; });
  if (by_name && one_label_each && all.dataset.classes.size() > 1 && labels_of_group.size() < parts_of_file.size())
    findings.push_back(
        {Severity::warning, "group", "", 0, -1, 1, fmt::format("every group by {} has one label only", config.split.by),
         "the expression probably catches a part of the label, and one person's recordings fall into several groups",
         "look at the groups with `mote data show`"});
}

void check_constant_inputs(const Dataset& dataset, std::vector<Finding>& findings) {
  for (size_t c = 0; c < dataset.channel_deviation.size(); ++c)
    if (dataset.channel_deviation[c] == 0)
      findings.push_back(
          {Severity::warning, "constant", "", 0, -1, 1,
           fmt::format("channel {} does not move in the whole training part", dataset.contract.channels[c].name),
           "the model cannot learn from it", "take it out of channels"});
}

}  // namespace

void check_split(const DataConfig& config, const Dataset& dataset, std::vector<Finding>& findings) {
  const Parts all(dataset);
  if (config.task == DataTask::classification) check_balance(dataset, findings);
  check_sizes(dataset, findings);
  check_constant_inputs(dataset, findings);
  check_duplicates(all, findings);
  if (!config.table()) check_groups(config, all, findings);
  for (const std::string& note : dataset.notes)
    if (note.find("saturated") != std::string::npos || note.find("has no window") != std::string::npos)
      findings.push_back({Severity::warning, "split", "", 0, -1, 1, note, "", ""});
}

}  // namespace mote
