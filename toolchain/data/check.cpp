#include "toolchain/data/check.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "toolchain/data/check_rules.h"
#include "toolchain/data/prepare.h"
#include "toolchain/data/rate.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr size_t kShown = 3;  // findings of one kind before the others are folded into the last of them

const char* name_of(Severity severity) {
  return severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "note";
}

void order(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    if (a.kind != b.kind) return a.kind < b.kind;
    if (a.file != b.file) return natural_less(a.file, b.file);
    return a.line < b.line;
  });
}

// "file:line: what" of a reader's message, cut into its parts.
Finding unreadable(const std::string& file, const std::string& message) {
  Finding finding{Severity::error,
                  "unreadable",
                  file,
                  0,
                  -1,
                  1,
                  message,
                  "the recording cannot be used at all",
                  "correct the file or mote.toml, or move the file away"};
  if (message.starts_with(file + ":")) {
    std::string rest = message.substr(file.size() + 1);
    size_t digits = 0;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') ++digits;
    if (digits > 0 && digits < 10 && rest[digits] == ':')
      finding.line = std::stoll(rest.substr(0, digits)), rest.erase(0, digits + 1);
    finding.what = std::string(trimmed(rest));
  }
  finding.repair = {{ChangeAction::leave_out, "unreadable", file, 0, 0, "", {}}};
  return finding;
}

// What the rules about recordings look at.
struct Recordings {
  std::vector<Series> series;
  std::vector<Timing> timings;
};

Recordings read_all(SeriesReader& reader, const DataConfig& config, const Progress& progress, CheckReport& report) {
  Recordings all;
  for (const std::string& file : reader.files()) {
    Result<Series> one = reader.read(file);
    ++report.files;
    if (progress) progress({"check", report.files, static_cast<int64_t>(reader.files().size()), file});
    if (!one.ok()) {
      report.findings.push_back(unreadable(file, one.error().message));
      continue;
    }
    if (one->stretches.empty() && !one->not_learned.empty()) continue;
    report.readings += one->rows;
    report.readings_of[file] = one->rows > 0 ? one->reading(one->rows - 1) + 1 : 0;
    for (const std::string& warning : one->warnings)
      report.findings.push_back({Severity::warning, "file", file, 0, -1, 1,
                                 warning.substr(std::min(warning.size(), file.size() + 2)),
                                 "what is missing or doubtful in a file is so in what the model learns",
                                 "get the file again, or take it away"});
    all.timings.push_back(config.timed() ? measure_timing(*one) : Timing{});
    all.series.push_back(std::move(one).value());
  }
  report.recordings = static_cast<int64_t>(all.series.size());
  return all;
}

}  // namespace

CheckReport folded(const CheckReport& report) {
  CheckReport result = report;
  std::vector<Finding>& shown = result.findings;
  shown.clear();
  std::map<std::pair<Severity, std::string>, std::pair<size_t, size_t>> seen;  // how many, place of the last
  for (const Finding& finding : report.findings) {
    auto& [n, last] = seen[{finding.severity, finding.kind}];
    if (++n > kShown) {
      shown[last].occurrences += finding.occurrences;
      continue;
    }
    last = shown.size();
    shown.push_back(finding);
  }
  return result;
}

int64_t CheckReport::count(Severity severity) const {
  int64_t n = 0;
  for (const Finding& finding : findings) n += finding.severity == severity ? finding.occurrences : 0;
  return n;
}

Result<CheckReport> check_data(const DataConfig& config, const std::filesystem::path& project_folder,
                               const Progress& progress) {
  MOTE_TRY(SeriesReader reader, SeriesReader::create(config, project_folder));
  CheckReport report;
  const Recordings all = read_all(reader, config, progress, report);
  std::vector<Finding>& findings = report.findings;
  CheckInput input{&config, &reader.channels(), &reader.units(), &all.series, &all.timings, {}, {}};
  if (!config.image) input.profiles = profile_channels(all.series, reader.channels().size());
  if (config.timed()) {
    const Result<double> rate = common_rate(config, all.series, all.timings);
    input.rate = rate.ok() ? *rate : 0;
    const Result<int32_t> window = in_readings("window", *config.window, input.rate);
    if (window.ok()) report.window = *window;
    input.passages = find_passages(all.series, reader.channels().size());
  }
  check_missing(input, findings);
  if (config.timed()) check_timing(input, findings);
  check_signals(input, findings);
  check_pictures(input, findings);
  check_labels(input, findings);
  check_axes(input, findings);
  check_levels(input, findings);
  check_hum(input, findings);
  const bool broken =
      std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.severity == Severity::error; });
  if (broken) {
    findings.push_back({Severity::note, "split", "", 0, -1, 1,
                        "the split was not checked: the data cannot be loaded before the errors are gone", "",
                        "run the check again afterwards"});
  } else if (Result<Dataset> dataset = load_dataset(config, project_folder, {}); dataset.ok()) {
    check_split(config, *dataset, findings);
    check_neighbours(input, *dataset, findings);
    check_alike_pictures(input, *dataset, findings);
  } else {
    findings.push_back(
        {Severity::error, "split", "", 0, -1, 1, dataset.error().message, "training would stop with this message", ""});
  }
  order(findings);
  return report;
}

std::string place_text(const Finding& finding) {
  std::string place = finding.file;
  if (finding.line > 0) place += fmt::format(":{}", finding.line);
  if (finding.time >= 0) place += fmt::format(" ({:.2f} s)", finding.time);
  return place.empty() ? "" : place + ": ";
}

std::string to_text(const CheckReport& report) {
  const auto counted = [](int64_t n, const char* what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); };
  std::string text =
      fmt::format("{}, {}: {}, {}, {}\n", counted(report.files, "file"), counted(report.readings, "reading"),
                  counted(report.count(Severity::error), "error"), counted(report.count(Severity::warning), "warning"),
                  counted(report.count(Severity::note), "note"));
  for (const Finding& finding : report.findings) {
    text += fmt::format("\n{} [{}] {}{}\n", name_of(finding.severity), finding.kind, place_text(finding), finding.what);
    if (finding.occurrences > 1) text += fmt::format("    and {} more like this\n", finding.occurrences - 1);
    if (!finding.why.empty()) text += "    why: " + finding.why + "\n";
    if (!finding.todo.empty()) text += "    do:  " + finding.todo + "\n";
  }
  return text;
}

Json to_json(const CheckReport& report) {
  Json json = {{"files", report.files},
               {"recordings", report.recordings},
               {"readings", report.readings},
               {"errors", report.count(Severity::error)},
               {"warnings", report.count(Severity::warning)},
               {"notes", report.count(Severity::note)},
               {"findings", Json::array()}};
  for (const Finding& finding : report.findings) {
    Json entry = {{"severity", name_of(finding.severity)}, {"kind", finding.kind}};
    if (!finding.file.empty()) entry["file"] = finding.file;
    if (finding.line > 0) entry["line"] = finding.line;
    if (finding.time >= 0) entry["time_s"] = finding.time;
    entry["occurrences"] = finding.occurrences;
    entry["what"] = finding.what;
    entry["why"] = finding.why;
    entry["todo"] = finding.todo;
    entry["repairs"] = finding.repair.size();
    json["findings"].push_back(entry);
  }
  return json;
}

}  // namespace mote
