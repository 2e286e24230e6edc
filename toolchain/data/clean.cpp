#include "toolchain/data/clean.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "toolchain/base/text.h"

namespace mote {
namespace {

constexpr const char* kInOrder[] = {"unit", "axes", "offset"};  // of transforms: later ones see the axes as corrected

size_t place_of(const Change& change) {
  return static_cast<size_t>(std::find(std::begin(kInOrder), std::end(kInOrder), change.kind) - std::begin(kInOrder));
}

// Cuts joined where they touch, in the order of readings.
std::vector<Change> joined(std::vector<Change> cuts) {
  std::sort(cuts.begin(), cuts.end(), [](const Change& a, const Change& b) { return a.from < b.from; });
  std::vector<Change> result;
  for (Change& cut : cuts)
    if (!result.empty() && cut.from <= result.back().to)
      result.back().to = std::max(result.back().to, cut.to);
    else
      result.push_back(std::move(cut));
  return result;
}

int64_t longest_left(const std::vector<Change>& cuts, int64_t readings) {
  int64_t longest = 0, begin = 0;
  for (const Change& cut : cuts) longest = std::max(longest, cut.from - begin), begin = cut.to;
  return std::max(longest, readings - begin);
}

// The changes of one file.
std::vector<Change> arranged(const std::vector<Change>& wanted, int64_t readings, int64_t window) {
  std::vector<Change> cuts, others;
  std::set<std::string> transformed;
  std::vector<Change> transforms;
  for (const Change& change : wanted) {
    if (change.action == ChangeAction::leave_out) return {change};
    if (change.action == ChangeAction::cut) cuts.push_back(change);
    if (change.action == ChangeAction::transform) transforms.push_back(change);
    if (change.action == ChangeAction::interpolate && std::find(others.begin(), others.end(), change) == others.end())
      others.push_back(change);
  }
  cuts = joined(std::move(cuts));
  if (!cuts.empty() && longest_left(cuts, readings) < window)
    return {{ChangeAction::leave_out, cuts.front().kind, cuts.front().file, 0, 0, "", {}}};
  std::stable_sort(transforms.begin(), transforms.end(),
                   [](const Change& a, const Change& b) { return place_of(a) < place_of(b); });
  for (const Change& change : transforms) {
    const bool again = std::any_of(change.channels.begin(), change.channels.end(), [&](const ChannelSource& each) {
      return transformed.contains(each.channel) || transformed.contains(each.source);
    });
    if (again) continue;
    for (const ChannelSource& each : change.channels) transformed.insert(each.channel);
    others.push_back(change);
  }
  others.insert(others.end(), cuts.begin(), cuts.end());
  return others;
}

std::string listed_kinds(const std::vector<std::string>& kinds) {
  return kinds.empty() ? "nothing" : fmt::format("{}", fmt::join(kinds, ", "));
}

}  // namespace

Result<CleanPlan> plan_repairs(const CheckReport& report, const std::set<std::string>& kinds) {
  CleanPlan plan;
  std::map<std::string, std::vector<Change>> by_file;
  std::set<std::string> repairable;
  for (const Finding& finding : report.findings) {
    if (finding.repair.empty()) {
      plan.only_people[finding.kind] += finding.occurrences;
      continue;
    }
    repairable.insert(finding.kind);
    if (kinds.empty() || kinds.contains(finding.kind))
      for (const Change& change : finding.repair) by_file[change.file].push_back(change);
  }
  plan.kinds.assign(repairable.begin(), repairable.end());
  for (const std::string& kind : kinds)
    if (!repairable.contains(kind))
      return input_error(fmt::format(
          "--fix {}: {}; what can be repaired here: {}", kind,
          plan.only_people.contains(kind) ? "only people can repair that" : "the check found nothing of that kind",
          listed_kinds(plan.kinds)));
  for (const auto& [file, wanted] : by_file) {
    const auto readings = report.readings_of.find(file);
    const std::vector<Change> changes =
        arranged(wanted, readings == report.readings_of.end() ? 0 : readings->second, report.window);
    plan.left_out += changes.front().action == ChangeAction::leave_out;
    plan.changes.insert(plan.changes.end(), changes.begin(), changes.end());
  }
  plan.files = static_cast<int64_t>(by_file.size());
  if (plan.left_out > 0 && plan.left_out >= report.files)
    return input_error("these changes would leave no recording: choose fewer kinds with --fix, or record anew");
  return plan;
}

std::string to_text(const CleanPlan& plan, size_t most) {
  std::map<std::string, std::vector<const Change*>> by_kind;
  for (const Change& change : plan.changes) by_kind[change.kind].push_back(&change);
  std::string text;
  for (const auto& [kind, changes] : by_kind) {
    text += fmt::format("\n{}: {} change{}\n", kind, changes.size(), changes.size() == 1 ? "" : "s");
    for (size_t i = 0; i < std::min(most, changes.size()); ++i)
      text += fmt::format("    {}: {}\n", changes[i]->file, to_text(*changes[i]));
    if (most > 0 && changes.size() > most) text += fmt::format("    and {} more\n", changes.size() - most);
  }
  return text;
}

Json to_json(const CleanPlan& plan) {
  Json json = {{"changes", Json::array()},
               {"files", plan.files},
               {"left_out", plan.left_out},
               {"repairable", plan.kinds},
               {"only_people", plan.only_people}};
  for (const Change& change : plan.changes) json["changes"].push_back(to_json(change));
  return json;
}

}  // namespace mote
