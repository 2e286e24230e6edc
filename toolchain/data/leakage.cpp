#include "toolchain/data/leakage.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

namespace mote {

Leakage leakage(const Dataset& dataset) {
  Leakage found;
  if (dataset.contract.rate_hz == 0 && dataset.contract.window == 1) return found;
  std::map<int32_t, std::vector<int64_t>> learned;  // starts of the training windows by recording, sorted
  for (const DataWindow& window : dataset.train.windows) learned[window.recording].push_back(window.offset);
  for (auto& [recording, starts] : learned) std::sort(starts.begin(), starts.end());
  std::set<int32_t> recordings, shared;
  for (const DataWindow& window : dataset.test.windows) {
    ++found.test_windows;
    recordings.insert(window.recording);
    const auto known = learned.find(window.recording);
    if (known == learned.end()) continue;
    shared.insert(window.recording);
    const std::vector<int64_t>& starts = known->second;
    const auto next = std::upper_bound(starts.begin(), starts.end(), window.offset - dataset.contract.window);
    found.overlapping += next != starts.end() && *next < window.offset + dataset.contract.window;
  }
  found.recordings = static_cast<int64_t>(recordings.size());
  found.shared = static_cast<int64_t>(shared.size());
  return found;
}

std::optional<std::string> leakage_warning(const Dataset& dataset) {
  const Leakage found = leakage(dataset);
  if (found.shared == 0) return std::nullopt;
  const std::string overlap =
      found.overlapping == 0 ? ""
                             : fmt::format("; {} of {} test windows have readings in common with a training window",
                                           found.overlapping, found.test_windows);
  return fmt::format(
      "split by {}: {} of {} recordings of the test part are in the training part too{}. New recordings and people "
      "will be harder: split by file, or by person with by = \"filename:REGEX\" or \"column:NAME\"",
      dataset.split_by, found.shared, found.recordings, overlap);
}

}  // namespace mote
