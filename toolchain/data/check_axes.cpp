// Axes that are swapped or flipped in some recordings: under which of the 48 permutations with signs do the moments of
// a recording look like those of its label elsewhere?
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "toolchain/data/check_rules.h"

namespace mote {
namespace {

constexpr size_t kAxesPeers = 6;     // of a label, for a comparison
constexpr size_t kMoments = 12;      // means, logarithms of deviations, correlations, skews
constexpr double kMostDistance = 6;  // of one moment, in robust deviations: more is no more evidence
// Least widths of the moments' normal range; of means in parts of the root mean square of all three axes.
constexpr double kLeastMean = 0.08, kLeastLog = 0.2, kLeastCorrelation = 0.15, kLeastSkew = 0.4;
// Axes are turned where that brings a recording this much nearer (mean distance per moment), and to this part of how
// far it was; less is asked of many recordings together. Untouched real recordings (har_logger, nano_gestures,
// magic_wand) reach 0.51 and 0.57 one by one. Some of it must come from movement: another posture changes the direction
// of gravity only.
constexpr double kNearer = 0.8, kExplained = 0.5, kManyNearer = 0.6, kManyExplained = 0.56, kMovement = 0.2;
constexpr size_t kMany = 5;         // files
constexpr size_t kOtherGroups = 2;  // that have a label: of two in all nobody knows which is turned
constexpr size_t kManyGroups = 60;
constexpr size_t kAxesFilePeers = 15;  // of a label, where single recordings are compared: fewer spread by chance

using Moments = std::array<double, kMoments>;

// axis i takes sign[i] x axis source[i].
struct Turn {
  std::array<int, 3> source{0, 1, 2};
  std::array<int, 3> sign{1, 1, 1};
  bool none() const { return source == std::array<int, 3>{0, 1, 2} && sign == std::array<int, 3>{1, 1, 1}; }
  // How much is changed: signs, and axes that are not their own.
  int size() const {
    int n = 0;
    for (int i = 0; i < 3; ++i) n += (sign[static_cast<size_t>(i)] < 0) + (source[static_cast<size_t>(i)] != i);
    return n;
  }
};

std::vector<Turn> all_turns() {
  std::vector<Turn> turns;
  std::array<int, 3> source{0, 1, 2};
  do
    for (int signs = 0; signs < 8; ++signs)
      turns.push_back({source, {signs & 1 ? -1 : 1, signs & 2 ? -1 : 1, signs & 4 ? -1 : 1}});
  while (std::next_permutation(source.begin(), source.end()));
  std::stable_sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) { return a.size() < b.size(); });
  return turns;
}

Moments turned(const Moments& moments, const Turn& turn) {
  constexpr size_t kPair[3][3] = {{0, 0, 1}, {0, 0, 2}, {1, 2, 0}};  // place of a pair's correlation: xy, xz, yz
  Moments result{};
  for (size_t i = 0; i < 3; ++i) {
    const auto from = static_cast<size_t>(turn.source[i]);
    result[i] = turn.sign[i] * moments[from];
    result[3 + i] = moments[3 + from];
    result[9 + i] = turn.sign[i] * moments[9 + from];
  }
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = i + 1; j < 3; ++j) {
      const auto a = static_cast<size_t>(turn.source[i]), b = static_cast<size_t>(turn.source[j]);
      result[6 + kPair[i][j]] = turn.sign[i] * turn.sign[j] * moments[6 + kPair[a][b]];
    }
  return result;
}

Moments moments_of(const Passage& passage, size_t x, size_t channels) {
  Moments moments{};
  for (size_t i = 0; i < 3; ++i) {
    moments[i] = passage.mean[x + i];
    moments[3 + i] = std::log(std::max(passage.deviation[x + i], 1e-9));
    moments[9 + i] = std::clamp(passage.skew[x + i], -3.0, 3.0);
  }
  moments[6] = passage.correlation[x * channels + x + 1];
  moments[7] = passage.correlation[x * channels + x + 2];
  moments[8] = passage.correlation[(x + 1) * channels + x + 2];
  return moments;
}

// What was mounted in one way: a group of the split, or a file. `moments` by label, averaged over its passages.
struct Unit {
  std::string name, group;
  const Series* first = nullptr;
  std::set<const Series*> files;
  std::map<std::string, std::pair<Moments, double>> moments;  // and the number of passages
};

// The usual moments of a label and how far they spread.
struct Usual {
  Moments middle{}, spread{};
  size_t units = 0, groups = 0;
};

class AxesCheck {
 public:
  AxesCheck(const CheckInput& input, std::vector<Finding>& findings, size_t x) : scan_{input, findings}, x_(x) {}
  void run(bool grouped);

 private:
  std::vector<Unit> collect_units(bool grouped) const;
  void learn_usual(const std::vector<Unit>& units, const std::string& without);
  void judge(const Unit& unit);
  struct Distance {
    double all = 0, movement = 0;  // mean over moments; of those that posture does not change
  };
  Distance distance(const Unit& unit, const Turn& turn) const;
  void report(const Unit& unit, const Turn& turn, double off, double explained);

  Scan scan_;
  size_t x_;
  bool by_group_ = false;  // groups are judged, against the files of the others
  std::map<std::string, Usual> usual_;
  std::set<const Series*> reported_;  // as a part of their group
};

std::vector<Unit> AxesCheck::collect_units(bool grouped) const {
  std::vector<Unit> units;
  std::map<std::string, size_t> known;
  for (const Passage& passage : scan_.input.passages) {
    if (reported_.contains(passage.series)) continue;
    const std::string& name = grouped ? passage.group() : passage.series->file;
    const auto [entry, added] = known.emplace(name, units.size());
    if (added) units.push_back({name, passage.group(), passage.series, {}, {}});
    Unit& unit = units[entry->second];
    unit.files.insert(passage.series);
    auto& [sum, n] = unit.moments[passage.label()];
    const Moments moments = moments_of(passage, x_, scan_.channels());
    for (size_t k = 0; k < kMoments; ++k) sum[k] += moments[k];
    n += 1;
  }
  for (Unit& unit : units)
    for (auto& [label, entry] : unit.moments)
      for (double& moment : entry.first) moment /= entry.second;
  return units;
}

// From what the units have, those of one group left out.
void AxesCheck::learn_usual(const std::vector<Unit>& units, const std::string& without) {
  usual_.clear();
  std::map<std::string, std::vector<const Moments*>> by_label;
  std::map<std::string, std::set<std::string>> groups;
  for (const Unit& unit : units)
    if (without.empty() || unit.group != without)
      for (const auto& [label, entry] : unit.moments)
        by_label[label].push_back(&entry.first), groups[label].insert(unit.group);
  for (const auto& [label, all] : by_label) {
    Usual& usual = usual_[label];
    usual.units = all.size(), usual.groups = groups[label].size();
    for (size_t k = 0; k < kMoments; ++k) {
      std::vector<double> values;
      for (const Moments* each : all) values.push_back((*each)[k]);
      usual.middle[k] = median(values), usual.spread[k] = robust_deviation(values);
    }
    double size = 0;
    for (size_t i = 0; i < 3; ++i) size += std::pow(usual.middle[i], 2) + std::exp(2 * usual.middle[3 + i]);
    for (size_t i = 0; i < 3; ++i) {
      usual.spread[i] = std::max(usual.spread[i], kLeastMean * std::sqrt(size));
      usual.spread[3 + i] = std::max(usual.spread[3 + i], kLeastLog);
      usual.spread[6 + i] = std::max(usual.spread[6 + i], kLeastCorrelation);
      usual.spread[9 + i] = std::max(usual.spread[9 + i], kLeastSkew);
    }
  }
}

AxesCheck::Distance AxesCheck::distance(const Unit& unit, const Turn& turn) const {
  Distance sum;
  double labels = 0;
  for (const auto& [label, entry] : unit.moments) {
    const auto known = usual_.find(label);
    if (known == usual_.end()) continue;
    const Usual& usual = known->second;
    if (by_group_ && usual.groups < kOtherGroups) continue;
    if (usual.units < (unit.files.size() < kMany ? kAxesFilePeers : kAxesPeers)) continue;
    const Moments moments = turned(entry.first, turn);
    for (size_t k = 0; k < kMoments; ++k) {
      const double off = usual.spread[k] > 0 ? std::abs(moments[k] - usual.middle[k]) / usual.spread[k] : 0;
      (k < 3 ? sum.all : sum.movement) += std::min(off, kMostDistance);
    }
    labels += 1;
  }
  if (labels == 0) return {};
  return {(sum.all + sum.movement) / kMoments / labels, sum.movement / (kMoments - 3) / labels};
}

void AxesCheck::report(const Unit& unit, const Turn& turn, double off, double explained) {
  std::vector<ChannelSource> sources;
  for (size_t i = 0; i < 3; ++i)
    if (turn.source[i] != static_cast<int>(i) || turn.sign[i] < 0)
      sources.push_back({scan_.channel(x_ + i), scan_.channel(x_ + static_cast<size_t>(turn.source[i])),
                         static_cast<double>(turn.sign[i]), 0});
  const Change change{ChangeAction::transform, "axes", "", 0, 0, "", sources};
  const std::string who =
      unit.files.size() > 1 ? fmt::format("'{}' ({} files)", unit.name, unit.files.size()) : "this file";
  Finding& finding = scan_.add(
      Severity::warning, "axes", *unit.first, -1,
      fmt::format("the axes of {} look turned: with {} it is like the others ({:.1f} deviations off, then {:.1f})", who,
                  to_text(change), off, explained),
      "the sensor was mounted otherwise, or columns were exchanged: the model learns one class twice, or confuses two",
      "look at how the sensor sat; correct the columns, or let `mote data clean --fix axes` turn them");
  finding.occurrences = static_cast<int64_t>(unit.files.size());
  for (const Series* series : unit.files) {
    finding.repair.push_back(change);
    finding.repair.back().file = series->file;
  }
}

void AxesCheck::judge(const Unit& unit) {
  static const std::vector<Turn> turns = all_turns();
  const Distance off = distance(unit, Turn{});
  const bool many = unit.files.size() >= kMany;
  const double nearer = many ? kManyNearer : kNearer, explained = many ? kManyExplained : kExplained;
  if (off.all < nearer) return;
  const Turn* best = nullptr;
  Distance nearest{};
  for (const Turn& turn : turns) {
    const Distance there = distance(unit, turn);
    if (best == nullptr || there.all < nearest.all - 1e-9) best = &turn, nearest = there;
  }
  if (nearest.all > off.all - nearer || nearest.all > explained * off.all ||
      nearest.movement > off.movement - kMovement)
    return;
  report(unit, *best, off.all, nearest.all);
  reported_.insert(unit.files.begin(), unit.files.end());
}

// A group is compared with the files of the others: a turned one must not be a part of what is usual, and there may be
// few groups.
void AxesCheck::run(bool grouped) {
  const std::vector<Unit> files = collect_units(false);
  by_group_ = grouped;
  if (!grouped) {
    learn_usual(files, "");
    for (const Unit& unit : files) judge(unit);
    return;
  }
  const std::vector<Unit> groups = collect_units(true);
  if (groups.size() > kManyGroups) learn_usual(files, "");  // one more or less among them makes no difference
  for (const Unit& unit : groups) {
    if (groups.size() <= kManyGroups) learn_usual(files, unit.name);
    judge(unit);
  }
}

}  // namespace

void check_axes(const CheckInput& input, std::vector<Finding>& findings) {
  if (!input.config->timed() || input.sound()) return;
  const std::string& by = input.config->split.by;
  for (const size_t x : find_triads(*input.channels)) {
    AxesCheck check(input, findings, x);
    if (by.starts_with("filename:") || by.starts_with("column:")) check.run(true);
    check.run(false);
  }
}

}  // namespace mote
