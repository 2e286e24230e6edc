#include "toolchain/data/split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "toolchain/base/random.h"
#include "toolchain/data/file_list.h"
#include "toolchain/data/file_pattern.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr uint64_t kSplitStream = 1;
constexpr size_t kBlocks = 20;  // by random: of a label at the least, where its windows overlap

// Indivisible: goes to one part as a whole.
struct Unit {
  std::vector<double> windows;  // per class
  double total = 0;
  int32_t destination = -1;
};

// Gives every unit without a destination one of fractions.size() parts; see split.h. Every part with a fraction gets a
// unit if there are enough.
void distribute(std::vector<Unit>& units, const std::vector<double>& fractions, Random& random) {
  std::vector<size_t> order;
  for (size_t i = 0; i < units.size(); ++i)
    if (units[i].destination < 0) order.push_back(i);
  if (order.empty()) return;
  random.shuffle(order);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return units[a].total > units[b].total; });
  const size_t classes = units[0].windows.size();
  std::vector<double> all(classes, 0);
  for (const size_t i : order)
    for (size_t c = 0; c < classes; ++c) all[c] += units[i].windows[c];
  std::vector<std::vector<double>> share(fractions.size(), std::vector<double>(classes, 0));
  std::vector<int64_t> members(fractions.size(), 0);
  for (size_t k = 0; k < order.size(); ++k) {
    Unit& unit = units[order[k]];
    const auto wanting = std::count_if(fractions.begin(), fractions.end(), [&](const double& f) {
      return f > 0 && members[static_cast<size_t>(&f - fractions.data())] == 0;
    });
    const bool last_chance = wanting > 0 && order.size() - k <= static_cast<size_t>(wanting);
    double best_cost = 0;
    int32_t best = -1;
    for (size_t part = 0; part < fractions.size(); ++part) {
      if (fractions[part] <= 0 || (last_chance && members[part] > 0)) continue;
      double cost = 0;  // change of the sum of squared distances to the fractions
      for (size_t c = 0; c < classes; ++c) {
        if (all[c] == 0) continue;
        const double added = unit.windows[c] / all[c];
        cost += added * (added + 2 * (share[part][c] - fractions[part]));
      }
      if (best < 0 || cost < best_cost - 1e-12) best = static_cast<int32_t>(part), best_cost = cost;
    }
    unit.destination = best;
    ++members[static_cast<size_t>(best)];
    for (size_t c = 0; c < classes; ++c)
      if (all[c] > 0) share[static_cast<size_t>(best)][c] += unit.windows[c] / all[c];
  }
}

class Splitter {
 public:
  Splitter(const DataConfig& config, Prepared& prepared, const std::vector<Candidate>& candidates)
      : config_(config),
        split_(config.split),
        prepared_(prepared),
        candidates_(candidates),
        random_(Random(config.seed).stream(kSplitStream)),
        parts_(candidates.size(), PartId::none),
        fixed_(candidates.size(), false) {}

  Result<std::vector<PartId>> run();

 private:
  Result<void> take_named(const HeldOut& held_out, PartId part);
  void hold_out_anomalies();
  void leave_out_anomalies();
  Result<void> by_groups();
  void validate_by_file(double fraction);
  std::vector<std::vector<size_t>> blocks_of(size_t label) const;
  void by_random();
  void leave_out_overlaps();
  void by_time();
  void cut_in_time(const std::vector<size_t>& windows, int64_t readings);
  void whole_in_time();
  Result<void> check_labels() const;
  Result<void> check_parts();
  std::vector<double> fractions() const;  // of what no name has taken
  std::vector<Unit> make_units(const std::vector<int32_t>& unit_of, size_t count) const;
  bool anomalous(const Candidate& candidate) const {
    return config_.task == DataTask::anomaly && prepared_.normal[static_cast<size_t>(candidate.label)] == 0;
  }
  size_t classes() const { return std::max<size_t>(1, prepared_.labels.size()); }

  const DataConfig& config_;
  const SplitConfig& split_;
  Prepared& prepared_;
  const std::vector<Candidate>& candidates_;
  Random random_;
  std::vector<PartId> parts_;
  std::vector<bool> fixed_;  // by a name
};

std::vector<double> Splitter::fractions() const {
  const double validation = split_.validation.names.empty() ? split_.validation.fraction : 0;
  const double test = split_.test.names.empty() && split_.folds == 0 ? split_.test.fraction : 0;
  return {1 - validation - test, validation, test};
}

// Of each piece, whether a list or a pattern means its file.
std::vector<bool> pieces_named(const std::string& name, const Prepared& prepared) {
  std::vector<std::string> files;
  for (const Piece& piece : prepared.pieces) files.push_back(piece.file);
  const auto list = prepared.file_lists.find(file_list_of(name));
  if (list == prepared.file_lists.end()) return files_named(name, files, prepared.project_folder);
  std::vector<bool> named;
  for (const std::string& file : files) named.push_back(list->second.contains(file));
  return named;
}

Result<void> Splitter::take_named(const HeldOut& held_out, PartId part) {
  for (const std::string& name : held_out.names) {
    const auto group = std::find(prepared_.groups.begin(), prepared_.groups.end(), name);
    const auto list = prepared_.file_lists.find(file_list_of(name));
    const bool of_group = group != prepared_.groups.end() && list == prepared_.file_lists.end();
    const std::vector<bool> named = of_group ? std::vector<bool>() : pieces_named(name, prepared_);
    int64_t taken = 0;
    for (size_t i = 0; i < candidates_.size(); ++i) {
      const Candidate& candidate = candidates_[i];
      const std::string& file = prepared_.pieces[static_cast<size_t>(candidate.piece)].file;
      const bool wanted =
          of_group ? candidate.group == group - prepared_.groups.begin() : named[static_cast<size_t>(candidate.piece)];
      if (!wanted) continue;
      if (fixed_[i] && parts_[i] != part)
        return input_error(fmt::format("mote.toml: split: {}, which '{}' names for the {} part, is in the {} part too",
                                       file, name, kPartNames[static_cast<int>(part)],
                                       kPartNames[static_cast<int>(parts_[i])]));
      parts_[i] = part, fixed_[i] = true, ++taken;
    }
    if (taken == 0 && list != prepared_.file_lists.end())
      return input_error(
          fmt::format("mote.toml: split.{} = \"{}\": none of the {} files with a window is in the list; its "
                      "paths must be relative to its folder or to the project",
                      part == PartId::test ? "test" : "validation", name, prepared_.pieces.size()));
    if (taken == 0) {
      std::vector<std::string> groups = prepared_.groups;
      std::sort(groups.begin(), groups.end(), natural_less);
      return input_error(
          fmt::format("mote.toml: split.{} = \"{}\" is no group and matches no file with a window; groups by {}: {}{}",
                      part == PartId::test ? "test" : "validation", name, split_.by, listed(groups, 20),
                      did_you_mean(name, groups)));
    }
  }
  return {};
}

std::vector<Unit> Splitter::make_units(const std::vector<int32_t>& unit_of, size_t count) const {
  std::vector<Unit> units(count, Unit{std::vector<double>(classes(), 0), 0, -1});
  for (size_t i = 0; i < candidates_.size(); ++i) {
    if (fixed_[i]) continue;
    Unit& unit = units[static_cast<size_t>(unit_of[i])];
    unit.windows[static_cast<size_t>(candidates_[i].label)] += 1;
    unit.total += 1;
  }
  for (Unit& unit : units)
    if (unit.total == 0) unit.destination = 0;  // all its windows were taken by name
  return units;
}

// Nothing is learned from anomalies, so all of them are for the test part, but for those of groups that have normal
// windows too: these go where their group goes, and only the test part keeps them.
void Splitter::hold_out_anomalies() {
  std::vector<bool> has_normal(prepared_.groups.size(), false);
  for (const Candidate& candidate : candidates_)
    if (!anomalous(candidate)) has_normal[static_cast<size_t>(candidate.group)] = true;
  for (size_t i = 0; i < candidates_.size(); ++i) {
    const bool alone = split_.by == "random" || !has_normal[static_cast<size_t>(candidates_[i].group)];
    if (!fixed_[i] && anomalous(candidates_[i]) && alone) parts_[i] = PartId::test, fixed_[i] = true;
  }
}

void Splitter::leave_out_anomalies() {
  int64_t left_out = 0;
  for (size_t i = 0; i < candidates_.size(); ++i) {
    if (!anomalous(candidates_[i]) || (parts_[i] != PartId::train && parts_[i] != PartId::validation)) continue;
    parts_[i] = PartId::none;
    ++left_out;
  }
  if (left_out > 0)
    prepared_.notes.push_back(fmt::format(
        "{} anomalous windows in the training and validation parts left out: only normal ones are learned", left_out));
}

Result<void> Splitter::by_groups() {
  std::vector<int32_t> group_of(candidates_.size());
  for (size_t i = 0; i < candidates_.size(); ++i) group_of[i] = candidates_[i].group;
  std::vector<Unit> units = make_units(group_of, prepared_.groups.size());
  const auto free_units = [&] {
    return std::count_if(units.begin(), units.end(), [](const Unit& u) { return u.destination < 0; });
  };
  if (split_.folds > 0) {
    if (free_units() < split_.folds)
      return input_error(fmt::format("mote.toml: split.folds = {}, but there are only {} groups by {}", split_.folds,
                                     free_units(), split_.by));
    std::vector<Unit> folds = units;
    distribute(folds, std::vector<double>(static_cast<size_t>(split_.folds), 1.0 / split_.folds), random_);
    for (size_t i = 0; i < units.size(); ++i)
      if (units[i].destination < 0 && folds[i].destination == split_.fold)
        units[i].destination = static_cast<int32_t>(PartId::test);
  }
  const std::vector<double> wanted = fractions();
  const int64_t needed = std::count_if(wanted.begin(), wanted.end(), [](double f) { return f > 0; });
  if (free_units() < needed)
    return input_error(fmt::format(
        "{} group{} by {} cannot fill {} parts. Record more, leave a part out (validation = 0), or say by = "
        "\"time\" to cut recordings in time",
        free_units(), free_units() == 1 ? "" : "s", split_.by, needed));
  distribute(units, wanted, random_);
  for (size_t i = 0; i < candidates_.size(); ++i)
    if (!fixed_[i]) parts_[i] = static_cast<PartId>(units[static_cast<size_t>(group_of[i])].destination);
  if (wanted[1] > 0) validate_by_file(wanted[1]);
  return {};
}

// Too few groups to give validation one of every class (one person left beside those of the test part): whole
// recordings of the training groups then. Only early stopping sees the validation part, so the test stays honest.
void Splitter::validate_by_file(double fraction) {
  std::vector<std::array<int64_t, 2>> counts(classes(), {0, 0});
  std::vector<std::set<std::string>> files(classes());
  for (size_t i = 0; i < candidates_.size(); ++i) {
    if (fixed_[i] || parts_[i] == PartId::test) continue;
    ++counts[static_cast<size_t>(candidates_[i].label)][parts_[i] == PartId::validation];
    files[static_cast<size_t>(candidates_[i].label)].insert(
        prepared_.pieces[static_cast<size_t>(candidates_[i].piece)].file);
  }
  std::string lacking;
  for (size_t label = 0; label < classes(); ++label)
    if (lacking.empty() && files[label].size() > 1 && (counts[label][0] == 0 || counts[label][1] == 0))
      lacking = prepared_.labels[label];
  if (lacking.empty() || config_.table() || config_.task != DataTask::classification) return;
  std::vector<int32_t> piece_of(candidates_.size());
  for (size_t i = 0; i < candidates_.size(); ++i) piece_of[i] = candidates_[i].piece;
  std::vector<Unit> units = make_units(piece_of, prepared_.pieces.size());
  for (size_t i = 0; i < candidates_.size(); ++i)
    if (parts_[i] == PartId::test)
      units[static_cast<size_t>(piece_of[i])].destination = static_cast<int32_t>(PartId::test);
  distribute(units, {1 - fraction, fraction}, random_);
  for (size_t i = 0; i < candidates_.size(); ++i)
    if (!fixed_[i]) parts_[i] = static_cast<PartId>(units[static_cast<size_t>(piece_of[i])].destination);
  prepared_.notes.push_back(fmt::format(
      "too few groups have the label '{}' to give the validation part a group of its own: it is made of whole "
      "recordings of the training groups",
      lacking));
}

// Windows in a row of one recording, label by label: blocks that overlap with others only at their ends.
std::vector<std::vector<size_t>> Splitter::blocks_of(size_t label) const {
  const size_t deep = static_cast<size_t>((prepared_.window + prepared_.stride - 1) / prepared_.stride);
  std::vector<size_t> windows;
  for (size_t i = 0; i < candidates_.size(); ++i)
    if (!fixed_[i] && candidates_[i].label == static_cast<int32_t>(label)) windows.push_back(i);
  // Long blocks lose few windows at their ends, many blocks are drawn more evenly.
  const size_t longest =
      config_.table() || split_.overlaps ? 1 : std::clamp(windows.size() / kBlocks, size_t{1}, 4 * deep);
  std::vector<std::vector<size_t>> blocks;
  for (const size_t i : windows) {
    const bool follows = !blocks.empty() && deep > 1 && blocks.back().size() < longest &&
                         blocks.back().back() + 1 == i && candidates_[i].piece == candidates_[i - 1].piece;
    if (!follows) blocks.emplace_back();
    blocks.back().push_back(i);
  }
  return blocks;
}

void Splitter::by_random() {
  const std::vector<double> wanted = fractions();
  for (size_t label = 0; label < classes(); ++label) {
    std::vector<std::vector<size_t>> blocks = blocks_of(label);
    random_.shuffle(blocks);
    if (split_.folds > 0) {  // fold f: blocks f, f + folds, ...
      std::vector<std::vector<size_t>> rest;
      for (size_t k = 0; k < blocks.size(); ++k)
        if (static_cast<int32_t>(k) % split_.folds == split_.fold)
          for (const size_t i : blocks[k]) parts_[i] = PartId::test;
        else
          rest.push_back(std::move(blocks[k]));
      blocks = std::move(rest);
    }
    size_t total = 0, done = 0;
    for (const std::vector<size_t>& block : blocks) total += block.size();
    const auto share = [&](double fraction) {
      return static_cast<size_t>(std::lround(fraction * static_cast<double>(total)));
    };
    const size_t test = split_.folds > 0 ? 0 : share(wanted[2]), held_out = std::min(total, test + share(wanted[1]));
    for (const std::vector<size_t>& block : blocks) {
      const PartId part = done < test ? PartId::test : done < held_out ? PartId::validation : PartId::train;
      for (const size_t i : block) parts_[i] = part;
      done += block.size();
    }
  }
  if (!split_.overlaps) leave_out_overlaps();
}

// Of two windows with readings in common in different parts, the one of the part before goes.
void Splitter::leave_out_overlaps() {
  std::vector<size_t> left_out;
  for (size_t i = 0; i < candidates_.size(); ++i)
    for (size_t k = i + 1; k < candidates_.size() && candidates_[k].piece == candidates_[i].piece &&
                           candidates_[k].start < candidates_[i].start + prepared_.window;
         ++k)
      if (parts_[i] != parts_[k] && parts_[i] != PartId::none && parts_[k] != PartId::none)
        left_out.push_back(parts_[i] < parts_[k] ? i : k);
  std::sort(left_out.begin(), left_out.end());
  left_out.erase(std::unique(left_out.begin(), left_out.end()), left_out.end());
  for (const size_t i : left_out) parts_[i] = PartId::none;
  if (!left_out.empty())
    prepared_.notes.push_back(
        fmt::format("{} windows that share readings with a window of another part were left out", left_out.size()));
}

// `windows` in the order of time over `readings` readings; starts counted by the candidates themselves.
void Splitter::cut_in_time(const std::vector<size_t>& windows, int64_t readings) {
  const std::vector<double> wanted = fractions();
  const double first = wanted[0] * static_cast<double>(readings),
               second = (wanted[0] + wanted[1]) * static_cast<double>(readings);
  const auto part_at = [&](int64_t reading) {
    const double at = static_cast<double>(reading) + 0.5;
    return at < first ? PartId::train : at < second ? PartId::validation : PartId::test;
  };
  int64_t left_out = 0;
  for (size_t k = 0; k < windows.size(); ++k) {
    const int64_t start = config_.table() ? static_cast<int64_t>(k) : candidates_[windows[k]].start;
    const PartId part = part_at(start);
    const bool whole = part == part_at(start + prepared_.window - 1);
    parts_[windows[k]] = whole ? part : PartId::none;
    left_out += !whole;
  }
  if (left_out > 0)
    prepared_.notes.push_back(fmt::format("{} windows across a border between parts in {} were left out", left_out,
                                          prepared_.pieces[static_cast<size_t>(candidates_[windows[0]].piece)].file));
}

// Whole pieces by class in the order of time: each goes to the part in which the middle of its windows falls.
void Splitter::whole_in_time() {
  const std::vector<double> wanted = fractions();
  for (size_t label = 0; label < classes(); ++label) {
    std::vector<size_t> windows;
    for (size_t i = 0; i < candidates_.size(); ++i)
      if (!fixed_[i] && candidates_[i].label == static_cast<int32_t>(label)) windows.push_back(i);
    std::stable_sort(windows.begin(), windows.end(), [&](size_t a, size_t b) {
      const Piece& x = prepared_.pieces[static_cast<size_t>(candidates_[a].piece)];
      const Piece& y = prepared_.pieces[static_cast<size_t>(candidates_[b].piece)];
      return x.start > 1e8 && y.start > 1e8 && x.start < y.start;  // since 1970; else the order of files stands
    });
    for (size_t begin = 0, end = 0; begin < windows.size(); begin = end) {
      while (end < windows.size() && candidates_[windows[end]].piece == candidates_[windows[begin]].piece) ++end;
      const double middle = static_cast<double>(begin + end) / 2 / static_cast<double>(windows.size());
      const PartId part = middle < wanted[0]               ? PartId::train
                          : middle < wanted[0] + wanted[1] ? PartId::validation
                                                           : PartId::test;
      for (size_t k = begin; k < end; ++k) parts_[windows[k]] = part;
    }
  }
}

void Splitter::by_time() {
  std::vector<size_t> windows;
  for (size_t i = 0; i < candidates_.size(); ++i)
    if (!fixed_[i]) windows.push_back(i);
  if (config_.table()) {
    const auto seconds = [&](size_t i) {
      const Piece& piece = prepared_.pieces[static_cast<size_t>(candidates_[i].piece)];
      return piece.row_seconds.empty() ? 0.0 : piece.row_seconds[static_cast<size_t>(candidates_[i].start)];
    };
    std::stable_sort(windows.begin(), windows.end(), [&](size_t a, size_t b) { return seconds(a) < seconds(b); });
    cut_in_time(windows, static_cast<int64_t>(windows.size()));
    return;
  }
  std::vector<std::set<int32_t>> pieces(classes());
  for (const size_t i : windows) pieces[static_cast<size_t>(candidates_[i].label)].insert(candidates_[i].piece);
  const bool enough =
      std::all_of(pieces.begin(), pieces.end(), [](const auto& set) { return set.empty() || set.size() >= 5; });
  if (enough) return whole_in_time();
  for (size_t begin = 0, end = 0; begin < windows.size(); begin = end) {
    while (end < windows.size() && candidates_[windows[end]].piece == candidates_[windows[begin]].piece) ++end;
    cut_in_time({windows.begin() + static_cast<int64_t>(begin), windows.begin() + static_cast<int64_t>(end)},
                prepared_.pieces[static_cast<size_t>(candidates_[windows[begin]].piece)].readings);
  }
}

// A class with one recording cannot be both learned and tested.
Result<void> Splitter::check_labels() const {
  const bool held_out =
      fractions()[0] < 1 || split_.folds > 0 || !split_.test.names.empty() || !split_.validation.names.empty();
  if (config_.table() || config_.task != DataTask::classification || split_.by == "time" || split_.by == "random" ||
      !held_out)
    return {};
  std::vector<std::set<std::pair<std::string, int32_t>>> recordings(classes());  // file and group
  for (const Candidate& candidate : candidates_)
    recordings[static_cast<size_t>(candidate.label)].emplace(
        prepared_.pieces[static_cast<size_t>(candidate.piece)].file, candidate.group);
  for (size_t label = 0; label < recordings.size(); ++label) {
    if (recordings[label].size() != 1) continue;
    return input_error(fmt::format(
        "label '{}' has one recording ({}): it cannot be in training and test both. Record it again at least "
        "twice, take the label out, or say split = {{ by = \"time\" }} to cut recordings in time",
        prepared_.labels[label], recordings[label].begin()->first));
  }
  return {};
}

Result<void> Splitter::check_parts() {
  std::vector<std::array<int64_t, 4>> counts(classes());
  std::array<int64_t, 4> totals{};
  for (size_t i = 0; i < parts_.size(); ++i) {
    ++counts[static_cast<size_t>(candidates_[i].label)][static_cast<size_t>(parts_[i])];
    ++totals[static_cast<size_t>(parts_[i])];
  }
  const std::vector<double> wanted = fractions();
  for (size_t part = 0; part < 3; ++part)
    if (totals[part] == 0 && wanted[part] > 0)
      return input_error(
          fmt::format("the {} part is empty: {} windows are too few for this split. Record more, or change split in "
                      "mote.toml",
                      kPartNames[part], candidates_.size()));
  if (config_.task != DataTask::classification) return {};
  for (size_t label = 0; label < counts.size(); ++label)
    for (size_t part = 0; part < 3; ++part) {
      if (counts[label][part] > 0 || totals[part] == 0) continue;
      if (part == 0)
        return input_error(fmt::format(
            "label '{}' has no window in the training part: all its recordings are held out. Change split in "
            "mote.toml, or record it more often",
            prepared_.labels[label]));
      prepared_.notes.push_back(
          fmt::format("label '{}' has no window in the {} part: nothing is learned about it there",
                      prepared_.labels[label], kPartNames[part]));
    }
  return {};
}

Result<std::vector<PartId>> Splitter::run() {
  MOTE_CHECK(take_named(split_.test, PartId::test));
  MOTE_CHECK(take_named(split_.validation, PartId::validation));
  MOTE_CHECK(check_labels());
  hold_out_anomalies();
  if (split_.by == "random")
    by_random();
  else if (split_.by == "time")
    by_time();
  else
    MOTE_CHECK(by_groups());
  leave_out_anomalies();
  MOTE_CHECK(check_parts());
  return std::move(parts_);
}

}  // namespace

std::vector<Candidate> cut_windows(const Prepared& prepared) {
  std::vector<Candidate> candidates;
  for (size_t p = 0; p < prepared.pieces.size(); ++p) {
    const Piece& piece = prepared.pieces[p];
    for (int64_t start = 0; start + prepared.window <= piece.readings; start += prepared.stride) {
      const size_t row = static_cast<size_t>(start);
      candidates.push_back({static_cast<int32_t>(p), start,
                            piece.row_labels.empty() ? piece.label : piece.row_labels[row],
                            piece.row_groups.empty() ? piece.group : piece.row_groups[row]});
    }
  }
  return candidates;
}

Result<std::vector<PartId>> split_windows(const DataConfig& config, Prepared& prepared,
                                          const std::vector<Candidate>& candidates) {
  DataConfig resolved = config;
  if (config.split.by == "auto") {
    const bool stamps = !prepared.pieces.empty() && !prepared.pieces[0].row_seconds.empty();
    resolved.split.by = config.table() ? (stamps ? "time" : "random") : prepared.groups.size() < 3 ? "time" : "file";
    prepared.notes.push_back("split by " + resolved.split.by + " (mote.toml does not say how)");
  }
  prepared.split_by = resolved.split.by;
  return Splitter(resolved, prepared, candidates).run();
}

}  // namespace mote
