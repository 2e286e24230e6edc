#include "toolchain/data/cleaning.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "toolchain/base/files.h"
#include "toolchain/data/series.h"

namespace mote {
namespace {

constexpr int kFormat = 1;
constexpr const char* kActions[] = {"leave_out", "cut", "interpolate", "transform"};  // in the order of ChangeAction

Result<Change> change_from(const Json& json) {
  Change change;
  const std::string action = json.at("action").get<std::string>();
  const auto known = std::find(std::begin(kActions), std::end(kActions), action);
  if (known == std::end(kActions))
    return input_error(fmt::format("action '{}': expected {}", action, fmt::join(kActions, ", ")));
  change.action = static_cast<ChangeAction>(known - std::begin(kActions));
  change.kind = json.at("kind").get<std::string>();
  change.file = json.at("file").get<std::string>();
  if (change.action == ChangeAction::cut || change.action == ChangeAction::interpolate) {
    change.from = json.at("readings").at(0).get<int64_t>(), change.to = json.at("readings").at(1).get<int64_t>();
    if (change.from < 0 || change.to <= change.from)
      return input_error(fmt::format("{}: readings [{}, {}]: expected the first reading and the one after the last",
                                     change.file, change.from, change.to));
  }
  if (change.action == ChangeAction::interpolate) change.channel = json.at("channel").get<std::string>();
  if (change.action != ChangeAction::transform) return change;
  for (const Json& each : json.at("channels")) {
    change.channels.push_back({each.at("channel").get<std::string>(), each.at("source").get<std::string>(),
                               each.at("factor").get<double>(), each.at("offset").get<double>()});
    if (!std::isfinite(change.channels.back().factor) || !std::isfinite(change.channels.back().offset))
      return input_error(fmt::format("{}: a factor or an offset is not finite", change.file));
  }
  return change;
}

Result<std::string> file_fingerprint(const fs::path& path) {
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(path));
  return fingerprint(bytes);
}

// One change, applied to the readings of a file.
class Applier {
 public:
  Applier(const std::vector<std::string>& channels, Series& series) : channels_(channels), series_(series) {}

  Result<void> apply(const Change& change) {
    switch (change.action) {
      case ChangeAction::leave_out:
        return {};
      case ChangeAction::cut:
        return cut(change);
      case ChangeAction::interpolate:
        return interpolate(change);
      case ChangeAction::transform:
        return transform(change);
    }
    return defect("a change without an action");
  }

 private:
  Result<size_t> channel(const std::string& name) const {
    const auto found = std::find(channels_.begin(), channels_.end(), name);
    if (found != channels_.end()) return static_cast<size_t>(found - channels_.begin());
    return input_error(
        fmt::format("{}: {} changes the channel '{}', which mote.toml no longer has. Take the change "
                    "back with `mote data clean --undo`",
                    series_.file, Cleaning::kFile, name));
  }
  template <class T>
  static void erase(std::vector<T>& rows, int64_t from, int64_t to, size_t width) {
    if (rows.empty()) return;
    const auto w = static_cast<int64_t>(width);
    rows.erase(rows.begin() + from * w, rows.begin() + to * w);
  }
  static void erase(std::vector<LineRun>& runs, int64_t from, int64_t to) {
    if (runs.empty()) return;
    std::vector<LineRun> left;
    for (const LineRun& run : runs)
      if (run.row < from) left.push_back(run);
    left.push_back({from, line_of(runs, to)});
    for (const LineRun& run : runs)
      if (run.row > to) left.push_back({run.row - (to - from), run.line});
    runs = std::move(left);
  }
  // What is left of a stretch on both sides are two recordings.
  static void erase(std::vector<Stretch>& stretches, int64_t from, int64_t to) {
    std::vector<Stretch> left;
    for (const Stretch& all : stretches) {
      const Stretch before{all.begin, std::min(all.end, from), all.label, all.group};
      const Stretch after{std::max(all.begin, to) - (to - from), all.end - (to - from), all.label, all.group};
      for (const Stretch& part : {before, after})
        if (part.begin < part.end) left.push_back(part);
    }
    stretches = std::move(left);
  }

  Result<void> cut(const Change& change) {
    const int64_t from = series_.row_of(change.from), to = series_.row_of(change.to);
    if (from == to) return {};
    if (from == 0 && to == series_.rows)
      return input_error(
          fmt::format("{}: {} cuts every reading out. Take the change back with `mote data clean --undo`", series_.file,
                      Cleaning::kFile));
    if (series_.reading_runs.empty()) series_.reading_runs = {{0, 0}};
    const size_t targets = series_.targets.size() / static_cast<size_t>(series_.rows);
    erase(series_.values, from, to, channels_.size());
    erase(series_.targets, from, to, targets);
    erase(series_.seconds, from, to, 1);
    erase(series_.line_runs, from, to);
    erase(series_.reading_runs, from, to);
    erase(series_.stretches, from, to);
    series_.rows -= to - from;
    return {};
  }

  // Linear between the readings on both sides; at an end of the recording the one that there is.
  Result<void> interpolate(const Change& change) {
    MOTE_TRY(const size_t c, channel(change.channel));
    const int64_t from = series_.row_of(change.from), to = series_.row_of(change.to);
    const auto at = [&](int64_t row) -> float& {
      return series_.values[static_cast<size_t>(row) * channels_.size() + c];
    };
    if (from == 0 && to == series_.rows) return {};
    for (int64_t row = from; row < to; ++row) {
      const float low = from > 0 ? at(from - 1) : at(to), high = to < series_.rows ? at(to) : low;
      at(row) = low + (high - low) * static_cast<float>(row - from + 1) / static_cast<float>(to - from + 1);
    }
    return {};
  }

  Result<void> transform(const Change& change) {
    std::vector<std::pair<size_t, size_t>> places;
    for (const ChannelSource& each : change.channels) {
      MOTE_TRY(const size_t target, channel(each.channel));
      MOTE_TRY(const size_t source, channel(each.source));
      places.emplace_back(target, source);
    }
    std::vector<float> before(channels_.size());
    for (int64_t row = 0; row < series_.rows; ++row) {
      float* const values = &series_.values[static_cast<size_t>(row) * channels_.size()];
      std::copy_n(values, channels_.size(), before.begin());
      for (size_t i = 0; i < places.size(); ++i)
        values[places[i].first] = static_cast<float>(
            change.channels[i].factor * static_cast<double>(before[places[i].second]) + change.channels[i].offset);
    }
    return {};
  }

  const std::vector<std::string>& channels_;
  Series& series_;
};

}  // namespace

Json to_json(const Change& change) {
  Json json = {{"kind", change.kind}, {"action", kActions[static_cast<int>(change.action)]}, {"file", change.file}};
  if (change.action == ChangeAction::cut || change.action == ChangeAction::interpolate)
    json["readings"] = {change.from, change.to};
  if (change.action == ChangeAction::interpolate) json["channel"] = change.channel;
  for (const ChannelSource& each : change.channels)
    json["channels"].push_back(
        {{"channel", each.channel}, {"source", each.source}, {"factor", each.factor}, {"offset", each.offset}});
  return json;
}

std::string to_text(const Change& change) {
  switch (change.action) {
    case ChangeAction::leave_out:
      return "the recording is left out";
    case ChangeAction::cut:
      return fmt::format("readings {} to {} are cut out", change.from + 1, change.to);
    case ChangeAction::interpolate:
      return change.to == change.from + 1
                 ? fmt::format("{}: reading {} is interpolated", change.channel, change.to)
                 : fmt::format("{}: readings {} to {} are interpolated", change.channel, change.from + 1, change.to);
    case ChangeAction::transform:
      break;
  }
  std::string text;
  for (const ChannelSource& each : change.channels) {
    text += (text.empty() ? "" : ", ") + each.channel + " = ";
    text += each.factor == 1    ? each.source
            : each.factor == -1 ? "-" + each.source
                                : fmt::format("{:.6g} x {}", each.factor, each.source);
    if (each.offset != 0) text += fmt::format(" {} {:.6g}", each.offset < 0 ? "-" : "+", std::abs(each.offset));
  }
  return text;
}

Result<Cleaning> Cleaning::parse(const Json& json) {
  Cleaning cleaning;
  if (json.at("format").get<int>() != kFormat)
    return input_error(fmt::format("expected format {}, found {}", kFormat, json.at("format").dump()));
  for (const auto& [file, text] : json.at("files").items()) cleaning.fingerprints_[file] = text.get<std::string>();
  for (const Json& entry : json.at("steps")) {
    Step step;
    for (const Json& each : entry) {
      MOTE_TRY(Change change, change_from(each));
      if (!cleaning.fingerprints_.contains(change.file))
        return input_error(fmt::format("{} is changed, but \"files\" has no fingerprint of it", change.file));
      step.changes.push_back(std::move(change));
    }
    cleaning.steps_.push_back(std::move(step));
  }
  return cleaning;
}

Result<Cleaning> Cleaning::load(const fs::path& project_folder) {
  const fs::path path = project_folder / kFile;
  if (!fs::exists(path)) return Cleaning();
  MOTE_TRY(const Json json, read_json(path));
  const auto explain = [](const std::string& what) {
    return input_error(
        fmt::format("{}: {}. It is written by `mote data clean`; delete it to read recordings as they "
                    "are",
                    kFile, what));
  };
  try {
    Result<Cleaning> cleaning = parse(json);
    if (!cleaning.ok()) return explain(cleaning.error().message);
    cleaning->index();
    return cleaning;
  } catch (const Json::exception& error) {
    return explain(error.what());
  }
}

Result<void> Cleaning::save(const fs::path& project_folder) const {
  const fs::path path = project_folder / kFile;
  if (steps_.empty()) {
    std::error_code error;
    fs::remove(path, error);
    if (error) return input_error(fmt::format("{}: cannot be removed: {}", path.string(), error.message()));
    return {};
  }
  Json json = {{"format", kFormat}, {"files", Json::object()}, {"steps", Json::array()}};
  for (const auto& [file, text] : fingerprints_) json["files"][file] = text;
  for (const Step& step : steps_) {
    Json changes = Json::array();
    for (const Change& change : step.changes) changes.push_back(to_json(change));
    json["steps"].push_back(std::move(changes));
  }
  return write_json(path, json);
}

Result<void> Cleaning::add(std::vector<Change> changes, const fs::path& project_folder) {
  for (const Change& change : changes) {
    if (fingerprints_.contains(change.file)) continue;
    MOTE_TRY(fingerprints_[change.file], file_fingerprint(project_folder / change.file));
  }
  steps_.push_back({std::move(changes)});
  index();
  return {};
}

std::vector<Change> Cleaning::undo() {
  std::vector<Change> changes = std::move(steps_.back().changes);
  steps_.pop_back();
  index();
  return changes;
}

size_t Cleaning::changes() const {
  size_t n = 0;
  for (const Step& step : steps_) n += step.changes.size();
  return n;
}

void Cleaning::index() {
  by_file_.clear();
  left_out_.clear();
  for (size_t step = 0; step < steps_.size(); ++step)
    for (size_t i = 0; i < steps_[step].changes.size(); ++i) {
      const Change& change = steps_[step].changes[i];
      by_file_[change.file].emplace_back(step, i);
      if (change.action == ChangeAction::leave_out) left_out_.insert(change.file);
    }
  std::erase_if(fingerprints_, [&](const auto& entry) { return !by_file_.contains(entry.first); });
}

Result<void> Cleaning::apply(const std::vector<std::string>& channels, const fs::path& project_folder,
                             Series& series) const {
  const auto found = by_file_.find(series.file);
  if (found == by_file_.end()) return {};
  MOTE_TRY(const std::string now, file_fingerprint(project_folder / series.file));
  if (now != fingerprints_.at(series.file))
    return input_error(
        fmt::format("{}: the file has changed since {} was written. Take the changes back with `mote data "
                    "clean --undo` and clean again",
                    series.file, kFile));
  Applier applier(channels, series);
  for (const auto& [step, i] : found->second) MOTE_CHECK(applier.apply(steps_[step].changes[i]));
  return {};
}

}  // namespace mote
