// Windows that look too much alike across the split, and labels that windows of other recordings contradict.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "toolchain/data/check_rules.h"
#include "toolchain/data/window_space.h"

namespace mote {
namespace {

constexpr size_t kMostWindows = 6000;      // beyond, every n-th window is looked at
constexpr size_t kCandidates = 3;          // nearest training windows that are compared reading by reading
constexpr double kNear = 0.5;              // mean squared distance in deviations: farther off nothing is a copy
constexpr double kCopy = 0.04;             // rest of the difference over the window, root mean square...
constexpr double kCopyOthers = 0.3;        // ... and over that of the nearest window of any other file
constexpr double kMovesLeast = 0.1;        // of the channels' deviation: less is a sensor at rest
constexpr int64_t kMostCompared = 200000;  // values of one comparison, all shifts together
constexpr size_t kNeighbours = 9, kOwnMost = 1, kOtherLeast = 7;
constexpr double kReliable =
    0.8;  // of a label's windows have a majority of neighbours of their label, or none is judged
constexpr double kPairUsual = 0.12;  // of a label's windows at most may look like one other label
constexpr size_t kLeastFiles = 8;
constexpr double kMostOfRecording = 0.6;                // windows of a recording that must disagree
constexpr size_t kFewOfRecording = 3, kOtherOfFew = 8;  // with fewer windows, more neighbours of each must

struct Sample {
  std::vector<const DataWindow*> windows;
  std::vector<int> part;
  bool all = true;  // no window was passed over
};

Sample sample_windows(const Dataset& dataset) {
  const DataPart* const parts[] = {&dataset.train, &dataset.validation, &dataset.test};
  const size_t total = static_cast<size_t>(dataset.train.size() + dataset.validation.size() + dataset.test.size());
  const size_t step = total / kMostWindows + 1;
  Sample sample;
  sample.all = step == 1;
  size_t n = 0;
  for (int part = 0; part < 3; ++part)
    for (const DataWindow& window : parts[part]->windows)
      if (n++ % step == 0) sample.windows.push_back(&window), sample.part.push_back(part);
  return sample;
}

// The `count` nearest points of those that `allowed` takes, nearest first.
template <class Allowed>
std::vector<size_t> nearest(const PointCloud& cloud, size_t of, size_t count, const Allowed& allowed) {
  std::vector<std::pair<float, size_t>> best;  // a heap, the farthest in front
  for (size_t i = 0; i < cloud.size(); ++i) {
    if (i == of || !allowed(i)) continue;
    const std::pair<float, size_t> entry(cloud.squared_distance(of, i), i);
    if (best.size() == count && !(entry < best.front())) continue;
    if (best.size() == count) std::pop_heap(best.begin(), best.end()), best.pop_back();
    best.push_back(entry);
    std::push_heap(best.begin(), best.end());
  }
  std::sort_heap(best.begin(), best.end());
  std::vector<size_t> result;
  for (const auto& entry : best) result.push_back(entry.second);
  return result;
}

class NeighbourCheck {
 public:
  NeighbourCheck(const CheckInput& input, const Dataset& dataset, std::vector<Finding>& findings)
      : scan_{input, findings},
        dataset_(dataset),
        sample_(sample_windows(dataset)),
        cloud_(statistics_cloud(dataset, sample_.windows)) {
    for (const Series& series : *input.series) series_[series.file] = &series;
  }
  void find_copies();
  void find_wrong_labels();

 private:
  const Recording& recording(const DataWindow& window) const {
    return dataset_.recordings[static_cast<size_t>(window.recording)];
  }
  // Where readings [offset, offset + window) of the dataset lie in their file: rows [first, second).
  std::pair<int64_t, int64_t> rows_of(const Recording& recording, int64_t offset) const;
  bool at_rest(const DataWindow& window) const;
  struct Match {
    double rest = 0;
    int64_t shift = 0;
  };
  Match compare(const DataWindow& window, const DataWindow& other) const;
  struct Pair {
    size_t other = 0;  // of the sample
    Match match;
  };
  Pair nearest_copy(size_t i, const std::string& not_in) const;
  void report_copy(const DataWindow& window, int part, const DataWindow& other, Match match);
  std::vector<std::optional<int32_t>> contradicted() const;
  std::map<int32_t, size_t> windows_of_recordings() const;
  void report_label(const std::vector<const DataWindow*>& windows, int32_t other, size_t of);

  Scan scan_;
  const Dataset& dataset_;
  Sample sample_;
  PointCloud cloud_;
  std::map<std::string, const Series*> series_;
};

std::pair<int64_t, int64_t> NeighbourCheck::rows_of(const Recording& where, int64_t offset) const {
  const Series& series = *series_.at(where.file);
  const int64_t length = dataset_.contract.window, into = offset - where.offset;
  const int64_t first = series.row_of(where.first_reading);
  const double rate = dataset_.contract.rate_hz;
  if (series.seconds.empty() || rate <= 0) {
    const double ratio = rate > 0 ? scan_.input.rate_of(series) / rate : 1;  // resampled: its readings lie elsewhere
    const auto at = [&](int64_t readings) { return first + std::lround(ratio * static_cast<double>(readings)); };
    return {std::min(at(into), series.rows - 1), std::min(at(into + length), series.rows)};
  }
  const auto after = [&](int64_t readings) {
    const double time = series.seconds[static_cast<size_t>(first)] + (static_cast<double>(readings) - 0.5) / rate;
    int64_t row = first;
    while (row < series.rows && series.seconds[static_cast<size_t>(row)] < time) ++row;
    return row;
  };
  return {std::min(after(into), series.rows - 1), after(into + length)};
}

bool NeighbourCheck::at_rest(const DataWindow& window) const {
  const std::span<const int16_t> counts = dataset_.window(window);
  const size_t channels = scan_.channels();
  double most = 0;
  for (size_t c = 0; c < channels; ++c) {
    double sum = 0, squares = 0;
    for (size_t i = c; i < counts.size(); i += channels) sum += counts[i], squares += double{1} * counts[i] * counts[i];
    const double n = dataset_.contract.window, mean = sum / n;
    const double usual = dataset_.channel_deviation[c] * dataset_.channels[c].counts_per_unit;
    const double deviation = std::sqrt(std::max(0.0, squares / n - mean * mean));
    if (usual > 0) most = std::max(most, deviation / usual);
  }
  return most < kMovesLeast;
}

// What is left of `window` when the best passage around `other` is taken away, over what it is without its mean.
NeighbourCheck::Match NeighbourCheck::compare(const DataWindow& window, const DataWindow& other) const {
  const auto channels = static_cast<int64_t>(scan_.channels());
  const int64_t length = dataset_.contract.window, values = length * channels;
  const Recording& where = recording(other);
  const int64_t reach = std::min(length / 2, kMostCompared / (2 * values));
  const int16_t* const a = &dataset_.counts[static_cast<size_t>(window.offset * channels)];
  Match best{INFINITY, 0};
  for (int64_t shift = -reach; shift <= reach; ++shift) {
    const int64_t start = other.offset + shift;
    if (start < where.offset || start + length > where.offset + where.readings) continue;
    const int16_t* const b = &dataset_.counts[static_cast<size_t>(start * channels)];
    double rest = 0, whole = 0;
    for (int64_t c = 0; c < channels; ++c) {
      double sum_a = 0, sum_d = 0, squares_a = 0, squares_d = 0;
      for (int64_t i = c; i < values; i += channels) {
        const double x = a[i], d = x - b[i];
        sum_a += x, squares_a += x * x, sum_d += d, squares_d += d * d;
      }
      const double usual = dataset_.channel_deviation[static_cast<size_t>(c)] *
                           dataset_.channels[static_cast<size_t>(c)].counts_per_unit;
      const double weight = usual > 0 ? 1 / (usual * usual) : 0, n = static_cast<double>(length);
      rest += weight * squares_d, whole += weight * (squares_a - sum_a * sum_a / n);
    }
    const double left = whole > 0 ? std::sqrt(rest / whole) : INFINITY;
    if (left < best.rest) best = {left, shift};
  }
  return best;
}

void NeighbourCheck::report_copy(const DataWindow& window, int part, const DataWindow& other, Match match) {
  const Recording &here = recording(window), &there = recording(other);
  const auto [row, end] = rows_of(here, window.offset);
  const auto [other_row, other_end] = rows_of(there, other.offset + match.shift);
  const double other_time = scan_.time(*series_.at(there.file), other_row);
  Finding& finding = scan_.add(
      Severity::warning, "near_duplicate", *series_.at(here.file), row,
      fmt::format("a window of the {} part is {} the same as one of the training part ({}{}){}", kPartNames[part],
                  match.rest > 0 ? "nearly" : "exactly", there.file,
                  other_time >= 0 ? fmt::format(" at {:.2f} s", other_time) : "",
                  match.rest > 0 ? fmt::format(": {:.1f} % apart", 100 * match.rest) : ""),
      "the test would ask what was learned by heart: a copy, an overlap, or a variation made before the split",
      "delete one of the two, put both in one group, or let `mote data clean --fix near_duplicate` take the training "
      "copy out");
  finding.repair = {
      scan_.cut("near_duplicate", *series_.at(there.file), other_row, std::max(other_row + 1, other_end))};
}

// The training window that differs least, of the nearest ones in files other than `not_in`.
NeighbourCheck::Pair NeighbourCheck::nearest_copy(size_t i, const std::string& not_in) const {
  Pair pair{i, {INFINITY, 0}};
  const auto allowed = [&](size_t k) {
    return sample_.part[k] == 0 && (not_in.empty() || recording(*sample_.windows[k]).file != not_in);
  };
  for (const size_t other : nearest(cloud_, i, kCandidates, allowed)) {
    if (cloud_.squared_distance(i, other) > kNear * static_cast<float>(cloud_.dimensions)) break;
    const Match match = compare(*sample_.windows[i], *sample_.windows[other]);
    if (match.rest < pair.match.rest) pair = {other, match};
  }
  return pair;
}

// What repeats itself everywhere, as a sine does, is near to windows of many files; a copy only to its original.
void NeighbourCheck::find_copies() {
  for (size_t i = 0; i < cloud_.size(); ++i) {
    if (sample_.part[i] == 0 || at_rest(*sample_.windows[i])) continue;
    const Pair pair = nearest_copy(i, "");
    const bool equal = pair.match.rest == 0 && pair.match.shift == 0;  // check_split names those
    if (!(pair.match.rest < kCopy) || equal) continue;
    const DataWindow& other = *sample_.windows[pair.other];
    if (pair.match.rest < kCopyOthers * nearest_copy(i, recording(other).file).match.rest)
      report_copy(*sample_.windows[i], sample_.part[i], other, pair.match);
  }
}

std::map<int32_t, size_t> NeighbourCheck::windows_of_recordings() const {
  std::map<int32_t, size_t> counts;
  for (const DataWindow* window : sample_.windows) ++counts[window->recording];
  return counts;
}

// For each window the label that nearly all its neighbours from other files have instead of its own.
std::vector<std::optional<int32_t>> NeighbourCheck::contradicted() const {
  const size_t classes = dataset_.classes.size(), n = cloud_.size();
  std::vector<std::optional<int32_t>> wrong(n);
  std::vector<double> judged(classes, 0), right(classes, 0);
  std::vector<double> pairs(classes * classes, 0);
  std::vector<int32_t> file_of(n);
  std::map<std::string_view, int32_t> files;
  for (size_t i = 0; i < n; ++i)
    file_of[i] = files.emplace(recording(*sample_.windows[i]).file, static_cast<int32_t>(files.size())).first->second;
  if (files.size() < kLeastFiles) return wrong;
  const std::map<int32_t, size_t> windows = windows_of_recordings();
  for (size_t i = 0; i < n; ++i) {
    std::vector<size_t> votes(classes, 0);
    for (const size_t k : nearest(cloud_, i, kNeighbours, [&](size_t other) { return file_of[other] != file_of[i]; }))
      ++votes[static_cast<size_t>(sample_.windows[k]->label)];
    const auto own = static_cast<size_t>(sample_.windows[i]->label);
    const auto most = std::max_element(votes.begin(), votes.end());
    judged[own] += 1;
    right[own] += votes[own] * 2 > kNeighbours;
    const bool few = windows.at(sample_.windows[i]->recording) < kFewOfRecording;
    if (votes[own] > (few ? 0 : kOwnMost) || *most < (few ? kOtherOfFew : kOtherLeast)) continue;
    wrong[i] = static_cast<int32_t>(most - votes.begin());
    pairs[own * classes + static_cast<size_t>(*wrong[i])] += 1;
  }
  for (size_t i = 0; i < n; ++i) {
    if (!wrong[i]) continue;
    const auto own = static_cast<size_t>(sample_.windows[i]->label), other = static_cast<size_t>(*wrong[i]);
    const bool reliable = right[own] >= kReliable * judged[own] && right[other] >= kReliable * judged[other];
    if (!reliable || pairs[own * classes + other] > kPairUsual * judged[own]) wrong[i].reset();
  }
  return wrong;
}

void NeighbourCheck::report_label(const std::vector<const DataWindow*>& windows, int32_t other, size_t of) {
  const Recording& where = recording(*windows.front());
  const Series& series = *series_.at(where.file);
  const int64_t row = rows_of(where, windows.front()->offset).first,
                end = rows_of(where, windows.back()->offset).second;
  Finding& finding =
      scan_.add(Severity::warning, "mislabelled", series, row,
                fmt::format("labelled '{}', but {} of {} windows here look like '{}' in other recordings",
                            dataset_.classes[static_cast<size_t>(windows.front()->label)], windows.size(), of,
                            dataset_.classes[static_cast<size_t>(other)]),
                "a wrong label teaches the wrong thing and makes the test lie",
                "look at the recording; correct its label, or let `mote data clean --fix mislabelled` take it out");
  finding.repair = {scan_.cut("mislabelled", series, row, std::max(row + 1, end))};
}

void NeighbourCheck::find_wrong_labels() {
  if (dataset_.task != DataTask::classification || dataset_.classes.size() < 2) return;
  const std::vector<std::optional<int32_t>> wrong = contradicted();
  std::map<int32_t, std::vector<size_t>> by_recording;
  for (size_t i = 0; i < wrong.size(); ++i) by_recording[sample_.windows[i]->recording].push_back(i);
  for (auto& [index, members] : by_recording) {
    std::sort(members.begin(), members.end(),
              [&](size_t a, size_t b) { return sample_.windows[a]->offset < sample_.windows[b]->offset; });
    std::map<int32_t, std::vector<const DataWindow*>> against;
    for (const size_t i : members)
      if (wrong[i]) against[*wrong[i]].push_back(sample_.windows[i]);
    for (const auto& [other, windows] : against)
      if (static_cast<double>(windows.size()) > kMostOfRecording * static_cast<double>(members.size()))
        report_label(windows, other, members.size());
  }
}

}  // namespace

void check_neighbours(const CheckInput& input, const Dataset& dataset, std::vector<Finding>& findings) {
  if (!input.config->timed()) return;
  NeighbourCheck check(input, dataset, findings);
  check.find_copies();
  check.find_wrong_labels();
}

}  // namespace mote
