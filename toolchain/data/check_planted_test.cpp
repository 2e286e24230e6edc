// How much of what is planted the rules that compare recordings find, in real sets where those are there: axes that are
// exchanged or flipped, labels that are wrong. Both are told from what the untouched recordings have, which is nothing.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>

#include "toolchain/base/files.h"
#include "toolchain/base/random.h"
#include "toolchain/data/check_rules.h"
#include "toolchain/data/prepare.h"
#include "toolchain/data/simulate.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

struct Set {
  const char *folder, *source, *label, *by;
  double rate;
  int window;
  int turned_groups, turned_files, labels;  // that are found at least; a little less than was measured
};

const Set kHarLogger{"har_logger", "*/*/*.csv", "folder", "filename:^(user\\d+)_", 50, 128, 18, 90, 0};
const Set kNanoGestures{"nano_gestures", "*/*.csv", "folder", "file", 119, 119, 0, 95, 1};
const Set kMagicWand{"magic_wand", "*/*.csv", "folder", "filename:^[a-z]+_([a-z0-9]+)_", 25, 50, 0, 130, 7};

DataConfig config_of(const Set& set) {
  DataConfig config = recordings_config();
  config.source = {set.source};
  config.label = {set.label};
  config.rate = set.rate;
  config.window = TimeSpan{static_cast<double>(set.window), true};
  config.short_recordings = ShortPolicy::skip;
  config.split.by = set.by;
  return config;
}

// Recordings in memory, in which faults are planted and taken out again.
class Recordings {
 public:
  Recordings(const DataConfig& config, const fs::path& folder) : config_(config) {
    Result<SeriesReader> reader = SeriesReader::create(config, folder);
    EXPECT_TRUE(reader.ok()) << reader.error().message;
    for (const std::string& file : reader->files()) {
      Result<Series> one = reader->read(file);
      EXPECT_TRUE(one.ok()) << one.error().message;
      timings_.push_back(measure_timing(*one));
      series_.push_back(std::move(*one));
    }
    channels_ = reader->channels(), units_ = reader->units();
    input_ = {&config_, &channels_, &units_, &series_, &timings_, {}, find_passages(series_, channels_.size()), 0};
    input_.rate = *config.rate;
    for (size_t i = 0; i < input_.passages.size(); ++i) passages_of_[input_.passages[i].series].push_back(i);
  }

  size_t size() const { return series_.size(); }
  const Series& series(size_t i) const { return series_[i]; }
  const std::string& group(size_t i) const { return series_[i].groups[0]; }

  std::vector<Finding> axes() const {
    std::vector<Finding> findings;
    check_axes(input_, findings);
    return findings;
  }

  // Channel x + k of the recording becomes sign[k] times what channel x + source[k] was, for each triad.
  void turn(size_t i, const std::array<int, 3>& source, const std::array<int, 3>& sign) {
    Series& one = series_[i];
    for (const size_t x : find_triads(channels_))
      for (size_t row = 0; row < static_cast<size_t>(one.rows); ++row) {
        float* const at = &one.values[row * channels_.size() + x];
        const float was[3] = {at[0], at[1], at[2]};
        for (size_t k = 0; k < 3; ++k) at[k] = static_cast<float>(sign[k]) * was[source[k]];
      }
    std::vector<Series> alone;
    alone.push_back(std::move(one));
    const std::vector<Passage> changed = find_passages(alone, channels_.size());
    one = std::move(alone[0]);
    for (size_t p = 0; p < changed.size(); ++p) {
      Passage& passage = input_.passages[passages_of_[&one][p]];
      passage = changed[p];
      passage.series = &one;
    }
  }

 private:
  DataConfig config_;
  std::vector<std::string> channels_, units_;
  std::vector<Series> series_;
  std::vector<Timing> timings_;
  CheckInput input_;
  std::map<const Series*, std::vector<size_t>> passages_of_;
};

struct PlantedTurn {
  const char* name;
  std::array<int, 3> source, sign, back_source, back_sign;  // and what takes it back
};
const PlantedTurn kTurns[] = {
    {"x and y exchanged", {1, 0, 2}, {1, 1, 1}, {1, 0, 2}, {1, 1, 1}},
    {"y and z exchanged", {0, 2, 1}, {1, 1, 1}, {0, 2, 1}, {1, 1, 1}},
    {"x flipped", {0, 1, 2}, {-1, 1, 1}, {0, 1, 2}, {-1, 1, 1}},
    {"z flipped", {0, 1, 2}, {1, 1, -1}, {0, 1, 2}, {1, 1, -1}},
    {"half a turn around z", {0, 1, 2}, {-1, -1, 1}, {0, 1, 2}, {-1, -1, 1}},
    {"a quarter turn around z", {1, 0, 2}, {1, -1, 1}, {1, 0, 2}, {-1, 1, 1}},
};

struct Tally {
  int planted = 0, found = 0, right = 0, others = 0;  // others: findings in recordings that were left alone
};

// Plants each turn in each of the sets of recordings, one after the other.
std::map<std::string, Tally> plant_turns(Recordings& recordings, const std::vector<std::vector<size_t>>& units) {
  std::map<std::string, Tally> tallies;
  for (const PlantedTurn& turn : kTurns)
    for (const std::vector<size_t>& unit : units) {
      std::set<std::string> files;
      for (const size_t i : unit) recordings.turn(i, turn.source, turn.sign), files.insert(recordings.series(i).file);
      Tally& tally = tallies[turn.name];
      ++tally.planted;
      bool found = false, right = false;
      for (const Finding& finding : recordings.axes()) {
        size_t mine = 0;
        for (const Change& change : finding.repair) mine += files.contains(change.file);
        if (mine == 0) {
          ++tally.others;
          continue;
        }
        found = found || 2 * mine > files.size();
        // The repair takes the turn back.
        bool same = true;
        for (size_t k = 0; k < 3; ++k) {
          const bool own = turn.back_source[k] == static_cast<int>(k) && turn.back_sign[k] > 0;
          const auto& sources = finding.repair[0].channels;
          const auto it = std::find_if(sources.begin(), sources.end(),
                                       [&](const ChannelSource& source) { return source.channel.back() == "xyz"[k]; });
          same = same && (it == sources.end() ? own
                                              : it->source.back() == "xyz"[turn.back_source[k]] &&
                                                    (it->factor > 0) == (turn.back_sign[k] > 0));
        }
        right = right || (same && 2 * mine > files.size());
      }
      tally.found += found, tally.right += right;
      for (const size_t i : unit) recordings.turn(i, turn.back_source, turn.back_sign);
    }
  return tallies;
}

Tally print(const std::string& what, const std::map<std::string, Tally>& tallies) {
  Tally all;
  for (const auto& [turn, tally] : tallies) {
    std::printf("%s, %s: %d of %d found, %d with the right turn, %d findings elsewhere\n", what.c_str(), turn.c_str(),
                tally.found, tally.planted, tally.right, tally.others);
    all.planted += tally.planted, all.found += tally.found, all.right += tally.right, all.others += tally.others;
  }
  return all;
}

std::vector<std::vector<size_t>> by_group(const Recordings& recordings) {
  std::map<std::string, std::vector<size_t>> groups;
  for (size_t i = 0; i < recordings.size(); ++i) groups[recordings.group(i)].push_back(i);
  std::vector<std::vector<size_t>> units;
  for (auto& [name, members] : groups) units.push_back(std::move(members));
  return units;
}

std::vector<std::vector<size_t>> some_files(const Recordings& recordings, size_t most) {
  std::vector<std::vector<size_t>> units;
  const size_t step = std::max<size_t>(1, recordings.size() / most);
  for (size_t i = 0; i < recordings.size(); i += step) units.push_back({i});
  return units;
}

class PlantedAxes : public testing::TestWithParam<Set> {};

TEST_P(PlantedAxes, AreFoundAndNoOthers) {
  const Set& set = GetParam();
  const fs::path folder = shared_data() / set.folder;
  if (!fs::exists(folder)) GTEST_SKIP() << "MOTE_DATA has no " << set.folder;
  Recordings recordings(config_of(set), folder);
  EXPECT_TRUE(recordings.axes().empty());
  const std::vector<std::vector<size_t>> groups = by_group(recordings);
  if (groups.size() < recordings.size()) {
    const Tally all = print(std::string(set.folder) + ", a group", plant_turns(recordings, groups));
    std::printf("%s, groups: %d of %d found, %d right, %d elsewhere\n", set.folder, all.found, all.planted, all.right,
                all.others);
    EXPECT_GE(all.found, set.turned_groups);
    EXPECT_LE(all.others, 1);  // where a group has most of the recordings, the others look turned
  }
  const Tally all = print(std::string(set.folder) + ", a file", plant_turns(recordings, some_files(recordings, 30)));
  std::printf("%s, files: %d of %d found, %d right, %d elsewhere\n", set.folder, all.found, all.planted, all.right,
              all.others);
  EXPECT_GE(all.found, set.turned_files);
  EXPECT_EQ(all.others, 0);
}

INSTANTIATE_TEST_SUITE_P(RealSets, PlantedAxes, testing::Values(kHarLogger, kNanoGestures, kMagicWand),
                         [](const auto& one) { return std::string(one.param.folder); });

// A copy of the set by links, in which every `each`-th file of every label lies in the next label's folder.
class PlantedLabels : public testing::TestWithParam<Set> {
 protected:
  void plant(const fs::path& from, size_t each) {
    std::map<fs::path, std::vector<fs::path>> folders;
    const Result<std::vector<fs::path>> files = glob(from, GetParam().source);
    ASSERT_TRUE(files.ok());
    for (const fs::path& file : *files) folders[file.parent_path().lexically_relative(from)].push_back(file);
    for (auto folder = folders.begin(); folder != folders.end(); ++folder) {
      fs::create_directories(project_.path() / folder->first);
      auto next = std::next(folder);  // of the same parent: train and test stay apart
      if (next == folders.end() || next->first.parent_path() != folder->first.parent_path()) {
        next = folders.begin();
        while (next->first.parent_path() != folder->first.parent_path()) ++next;
      }
      for (size_t i = 0; i < folder->second.size(); ++i) {
        const bool wrong = each > 0 && i % each == each / 2 && next != folder;
        const std::string name = folder->second[i].stem().string() + (wrong ? "_moved.csv" : ".csv");
        const fs::path place = (wrong ? next : folder)->first / name;
        fs::create_directories((project_.path() / place).parent_path());
        fs::create_symlink(folder->second[i], project_.path() / place);
        if (wrong) wrong_.insert(place.generic_string());
      }
    }
  }
  ProjectFolder project_;
  std::set<std::string> wrong_;
};

TEST_P(PlantedLabels, AreFoundAndNoOthers) {
  const fs::path folder = shared_data() / GetParam().folder;
  if (!fs::exists(folder)) GTEST_SKIP() << "MOTE_DATA has no " << GetParam().folder;
  plant(folder, 25);
  ASSERT_FALSE(wrong_.empty());
  const Result<CheckReport> report = check_data(config_of(GetParam()), project_.path(), {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  std::set<std::string> found, invented;
  for (const Finding& finding : report->findings)
    if (finding.kind == "mislabelled") (wrong_.contains(finding.file) ? found : invented).insert(finding.file);
  std::printf("%s: %zu of %zu wrong labels found, %zu invented\n", GetParam().folder, found.size(), wrong_.size(),
              invented.size());
  EXPECT_GE(static_cast<int>(found.size()), GetParam().labels);
  EXPECT_EQ(fmt::format("{}", fmt::join(invented, ", ")), "");
}

INSTANTIATE_TEST_SUITE_P(RealSets, PlantedLabels, testing::Values(kHarLogger, kNanoGestures, kMagicWand),
                         [](const auto& one) { return std::string(one.param.folder); });

}  // namespace
}  // namespace mote
