#include "toolchain/data/export.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/base/npy.h"

namespace mote {
namespace {

struct NamedPart {
  const char* name;
  const DataPart* part;
};

std::string label_of(const Dataset& dataset, const DataPart& part, size_t window) {
  if (dataset.targets.empty()) return dataset.classes[static_cast<size_t>(part.windows[window].label)];
  return fmt::format("{:.6g}", part.targets[window * dataset.targets.size()]);
}

// As a cell of CSV.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

// A name without the characters that part the label, the file and folders.
std::string plain(std::string name) {
  for (char& c : name)
    if (c == '.' || c == '/' || c == '\\' || c == ':') c = '_';
  return name;
}

Result<void> write_npy_part(const Dataset& dataset, const NamedPart& named, const std::filesystem::path& folder) {
  const RecordingContract& contract = dataset.contract;
  const auto channels = static_cast<int64_t>(contract.channels.size());
  NpyArray array;
  array.shape = {named.part->size(), contract.window, channels};
  if (contract.window == 1) array.shape = {named.part->size(), channels};
  if (contract.height > 0)
    array.shape = {named.part->size(), contract.height, contract.window / contract.height, channels};
  std::vector<float> window(static_cast<size_t>(contract.elements()));
  array.data.reserve(window.size() * sizeof(float) * named.part->windows.size());
  std::string table = dataset.targets.empty() ? "index,label" : "index";
  for (const std::string& target : dataset.targets) table += "," + quoted(target);
  table += ",group,recording\n";
  for (size_t i = 0; i < named.part->windows.size(); ++i) {
    const DataWindow& one = named.part->windows[i];
    dataset.values(one, window);
    const auto* bytes = reinterpret_cast<const uint8_t*>(window.data());
    array.data.insert(array.data.end(), bytes, bytes + window.size() * sizeof(float));
    table += std::to_string(i);
    if (dataset.targets.empty()) table += "," + quoted(label_of(dataset, *named.part, i));
    for (size_t t = 0; t < dataset.targets.size(); ++t)
      table += fmt::format(",{}", named.part->targets[i * dataset.targets.size() + t]);
    table += fmt::format(",{},{}\n", quoted(dataset.groups[static_cast<size_t>(one.group)]),
                         quoted(dataset.recordings[static_cast<size_t>(one.recording)].file));
  }
  MOTE_CHECK(write_npy(folder / fmt::format("{}_x.npy", named.name), array));
  return write_file(folder / fmt::format("{}_labels.csv", named.name), table);
}

// Readings [begin, end) of Dataset::counts that windows of one part cover without a break.
struct CoveredRun {
  int64_t begin, end;
  bool test;
  int32_t recording;
  std::string label;
};

std::vector<CoveredRun> covered_runs(const Dataset& dataset) {
  std::vector<CoveredRun> windows, runs;
  for (const DataPart* part : {&dataset.train, &dataset.validation, &dataset.test})
    for (size_t i = 0; i < part->windows.size(); ++i) {
      const DataWindow& window = part->windows[i];
      windows.push_back({window.offset, window.offset + dataset.contract.window, part == &dataset.test,
                         window.recording, label_of(dataset, *part, i)});
    }
  std::sort(windows.begin(), windows.end(), [](const CoveredRun& a, const CoveredRun& b) { return a.begin < b.begin; });
  for (CoveredRun& window : windows) {
    const bool goes_on = !runs.empty() && runs.back().recording == window.recording &&
                         runs.back().test == window.test && window.begin <= runs.back().end;
    if (goes_on)
      runs.back().end = window.end;
    else
      runs.push_back(std::move(window));
  }
  return runs;
}

Result<int64_t> write_edge_impulse(const Dataset& dataset, const std::filesystem::path& folder) {
  const RecordingContract& contract = dataset.contract;
  const size_t channels = contract.channels.size();
  std::string header = "timestamp";
  for (const ChannelContract& channel : contract.channels) header += "," + quoted(channel.name);
  std::map<std::string, int64_t> numbers;  // by name, so that no two files have the same
  const std::vector<CoveredRun> runs = covered_runs(dataset);
  for (const CoveredRun& run : runs) {
    std::string text = header + "\n";
    for (int64_t reading = run.begin; reading < run.end; ++reading) {
      text += fmt::format("{:.10g}", 1000.0 * static_cast<double>(reading - run.begin) / contract.rate_hz);
      for (size_t c = 0; c < channels; ++c)
        text +=
            fmt::format(",{}", static_cast<float>(to_value(dataset.counts[static_cast<size_t>(reading) * channels + c],
                                                           dataset.channels[c])));
      text += '\n';
    }
    const std::filesystem::path source(dataset.recordings[static_cast<size_t>(run.recording)].file);
    const std::string name =
        fmt::format("{}/{}.{}", run.test ? "testing" : "training", plain(run.label), plain(source.stem().string()));
    MOTE_CHECK(write_file(folder / fmt::format("{}.{}.csv", name, ++numbers[name]), text));
  }
  return static_cast<int64_t>(runs.size());
}

}  // namespace

Result<Exported> export_dataset(const Dataset& dataset, ExportFormat format, const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder))
    return input_error(folder.string() + ": exists already; name a folder that is not there yet (--output)");
  if (format == ExportFormat::edge_impulse && dataset.contract.rate_hz == 0)
    return input_error(fmt::format("{} have no time stamps, which Edge Impulse's CSV needs; export as npy",
                                   dataset.contract.height > 0 ? "images" : "rows of a table"));
  const NamedPart parts[] = {{"train", &dataset.train}, {"validation", &dataset.validation}, {"test", &dataset.test}};
  MOTE_TRY(StagedFolder staged, StagedFolder::create(folder));
  Exported exported;
  if (format == ExportFormat::edge_impulse) {
    MOTE_TRY(exported.files, write_edge_impulse(dataset, staged.path()));
  }
  for (const NamedPart& named : parts) {
    exported.windows += named.part->size();
    if (format != ExportFormat::npy || named.part->windows.empty()) continue;
    MOTE_CHECK(write_npy_part(dataset, named, staged.path()));
    exported.files += 2;
  }
  MOTE_CHECK(staged.commit());
  return exported;
}

}  // namespace mote
