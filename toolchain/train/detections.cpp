#include "toolchain/train/detections.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "device/decision.h"

namespace mote {
namespace {

constexpr int32_t kNever = 128;
constexpr double kSecondsPerHour = 3600;
constexpr int32_t kSmoothings[] = {1, 2, 3, 4, 6, 8, 12};
constexpr int32_t kDebounces[] = {1, 2, 3, 4, 5, 6, 8};
constexpr int32_t kRounds = 2;  // of bettering the thresholds one by one

int64_t windows_of(const LabelledStream& stream, const StreamShape& shape) {
  return static_cast<int64_t>(stream.scores.empty() ? stream.outputs.size() / static_cast<size_t>(shape.labels)
                                                    : stream.scores.size());
}

double hours_of(const std::vector<LabelledStream>& streams, const StreamShape& shape) {
  double readings = 0;
  for (const LabelledStream& stream : streams) readings += static_cast<double>(stream.readings);
  return readings / shape.rate / kSecondsPerHour;
}

Result<void> check_streams(const std::vector<LabelledStream>& streams, const StreamShape& shape) {
  if (shape.rate <= 0 || shape.stride < 1 || shape.counts.size() != static_cast<size_t>(shape.labels))
    return defect("detections need a rate, a stride and whether each label counts");
  for (const LabelledStream& stream : streams)
    if (stream.readings < shape.window ||
        windows_of(stream, shape) != (stream.readings - shape.window) / shape.stride + 1)
      return defect("outputs of a stream are not one for each window");
  return {};
}

// The likeliest label of each window by the mean of the last outputs, with their sum.
struct Likeliest {
  int32_t label = 0, sum = 0, held = 1;
};
std::vector<Likeliest> likeliest_of(const LabelledStream& stream, const StreamShape& shape, int32_t smoothing) {
  const auto labels = static_cast<size_t>(shape.labels);
  std::vector<int8_t> history(labels * static_cast<size_t>(smoothing));
  std::vector<int16_t> sums(labels);
  const std::vector<int16_t> none(labels, -128);
  AnswerMean mean;
  mean.reset();
  std::vector<Likeliest> all;
  for (size_t at = 0; at < stream.outputs.size(); at += labels) {
    mean.push(&stream.outputs[at], none.data(), history.data(), sums.data(), shape.labels, smoothing);
    all.push_back({mean.best(), sums[static_cast<size_t>(mean.best())], mean.held()});
  }
  return all;
}

std::vector<int32_t> answers_of(const std::vector<Likeliest>& likeliest, const std::vector<int16_t>& thresholds) {
  std::vector<int32_t> answers;
  for (const Likeliest& one : likeliest) {
    const bool reached = AnswerMean::reaches(one.sum, one.held, thresholds[static_cast<size_t>(one.label)]);
    answers.push_back(reached ? one.label : kNothing);
  }
  return answers;
}

std::vector<int32_t> answers_of(const LabelledStream& stream, const StreamShape& shape, const EventRule& rule) {
  if (stream.scores.empty()) return answers_of(likeliest_of(stream, shape, rule.smoothing), rule.thresholds);
  std::vector<int32_t> answers;
  for (const float score : stream.scores)
    answers.push_back(score > static_cast<float>(rule.score_above) ? 0 : kNothing);
  return answers;
}

std::vector<Detection> filtered(const std::vector<int32_t>& answers, const StreamShape& shape, const EventRule& rule) {
  EventFilter filter;
  filter.reset();
  std::vector<Detection> detections;
  for (size_t w = 0; w < answers.size(); ++w)
    if (const int32_t event = filter.push(answers[w], rule.debounce, rule.refractory); event >= 0)
      detections.push_back({static_cast<int64_t>(w) * shape.stride + shape.window, event});
  return detections;
}

// Which bout of the stream each detection belongs to; kNothing = it is false.
std::vector<int32_t> matched(const LabelledStream& stream, const StreamShape& shape, const EventRule& rule,
                             const std::vector<Detection>& detections) {
  const int64_t rests_on =
      shape.window + static_cast<int64_t>(rule.smoothing + rule.debounce - 2) * shape.stride;  // readings
  std::vector<uint8_t> taken(stream.bouts.size(), 0);
  std::vector<int32_t> bouts;
  size_t first = 0;
  for (const Detection& detection : detections) {
    while (first < stream.bouts.size() && stream.bouts[first].end <= detection.reading - rests_on) ++first;
    int32_t found = kNothing;
    for (size_t b = first; b < stream.bouts.size() && stream.bouts[b].begin < detection.reading; ++b) {
      if (stream.bouts[b].label != detection.label) continue;
      found = static_cast<int32_t>(b);
      if (taken[b] == 0) break;
    }
    if (found != kNothing) taken[static_cast<size_t>(found)] = 1;
    bouts.push_back(found);
  }
  return bouts;
}

// Adds up what the streams of one rule came to.
class Counter {
 public:
  Counter(const StreamShape& shape, const EventRule& rule) : shape_(shape), rule_(rule) {
    labels_.resize(static_cast<size_t>(shape.labels));
  }

  void add(const LabelledStream& stream, const std::vector<Detection>& detections) {
    const std::vector<int32_t> bouts = matched(stream, shape_, rule_, detections);
    std::vector<uint8_t> found(stream.bouts.size(), 0);
    for (size_t d = 0; d < detections.size(); ++d) {
      const auto label = static_cast<size_t>(detections[d].label);
      if (shape_.counts[label] == 0) continue;
      LabelDetections& of_label = labels_[label];
      ++(bouts[d] == kNothing ? of_label.wrong : of_label.right);
      if (bouts[d] == kNothing || found[static_cast<size_t>(bouts[d])] != 0) continue;
      found[static_cast<size_t>(bouts[d])] = 1;
      const int64_t begin = stream.bouts[static_cast<size_t>(bouts[d])].begin;
      of_label.latencies.push_back(static_cast<double>(detections[d].reading - begin) / shape_.rate);
    }
    for (size_t b = 0; b < stream.bouts.size(); ++b) {
      const int32_t label = stream.bouts[b].label;
      if (label == kNothing || shape_.counts[static_cast<size_t>(label)] == 0) continue;
      too_short_ += windows_of(stream, shape_) < rule_.debounce;
      event_labels_.push_back(label);
      event_found_.push_back(found[b]);
      event_groups_.push_back(stream.group);
    }
  }

  DetectionMetrics metrics(double hours, size_t streams) && {
    DetectionMetrics metrics;
    metrics.hours = hours;
    metrics.streams = static_cast<int64_t>(streams);
    metrics.too_short = too_short_;
    for (LabelDetections& label : labels_) {
      metrics.all.right += label.right, metrics.all.wrong += label.wrong;
      metrics.all.latencies.insert(metrics.all.latencies.end(), label.latencies.begin(), label.latencies.end());
      finish(label, hours, static_cast<int32_t>(&label - labels_.data()));
    }
    finish(metrics.all, hours, kNothing);
    metrics.labels = std::move(labels_);
    return metrics;
  }

 private:
  // label: kNothing = all.
  void finish(LabelDetections& one, double hours, int32_t label) const {
    std::vector<uint8_t> counted;
    for (const int32_t each : event_labels_) counted.push_back(label == kNothing || each == label);
    one.detected = share_of(event_found_, counted, {.groups = event_groups_});
    std::sort(one.latencies.begin(), one.latencies.end());
    const Interval interval = poisson_interval(one.wrong);
    one.false_per_hour = static_cast<double>(one.wrong) / hours;
    one.false_per_hour_ci95 = {interval.low / hours, interval.high / hours};
  }

  const StreamShape& shape_;
  const EventRule& rule_;
  std::vector<LabelDetections> labels_;
  std::vector<int32_t> event_labels_;
  std::vector<uint8_t> event_found_;
  std::vector<int64_t> event_groups_;
  int64_t too_short_ = 0;
};

// What a rule is chosen by.
struct Worth {
  int64_t found = -1, wrong = 0;
  double latency = 0;  // of all that were found
  bool operator==(const Worth&) const = default;
  bool above(const Worth& other) const {
    if (found != other.found) return found > other.found;
    if (wrong != other.wrong) return wrong < other.wrong;
    return latency < other.latency;
  }
};

// Looks for thresholds with smoothing and debouncing as they are.
class ThresholdSearch {
 public:
  ThresholdSearch(const std::vector<LabelledStream>& streams, const StreamShape& shape, double false_per_hour)
      : streams_(streams), shape_(shape), most_wrong_(false_per_hour * hours_of(streams, shape)) {}

  // For the next searches.
  void smooth(int32_t smoothing) {
    likeliest_.clear();
    for (const LabelledStream& stream : streams_) likeliest_.push_back(likeliest_of(stream, shape_, smoothing));
  }

  // One threshold for all labels that count.
  Worth common(EventRule& rule) const {
    return best_of(rule, [&](int32_t threshold) {
      for (size_t i = 0; i < rule.thresholds.size(); ++i)
        rule.thresholds[i] = static_cast<int16_t>(shape_.counts[i] != 0 ? threshold : kNever);
    });
  }

  // The thresholds one by one, as long as that finds something better.
  void better(EventRule& rule) const {
    Worth worth = worth_of(rule);
    for (int32_t round = 0; round < kRounds; ++round) {
      const Worth before = worth;
      for (size_t i = 0; i < rule.thresholds.size(); ++i) {
        if (shape_.counts[i] == 0) continue;
        const int16_t kept = rule.thresholds[i];
        const Worth found =
            best_of(rule, [&](int32_t threshold) { rule.thresholds[i] = static_cast<int16_t>(threshold); });
        if (found.above(worth))
          worth = found;
        else
          rule.thresholds[i] = kept;
      }
      if (worth == before) return;
    }
  }

 private:
  // Tries every threshold and leaves the best one set: the middle of those that are equally good and follow one
  // another, so that small differences change nothing.
  Worth best_of(const EventRule& rule, auto set) const {
    Worth best;
    int32_t first = kNever, last = kNever;
    for (int32_t threshold = -128; threshold <= kNever; ++threshold) {
      set(threshold);
      const Worth worth = worth_of(rule);
      if (worth.found < 0) continue;
      if (worth.above(best)) best = worth, first = last = threshold;
      if (worth == best && threshold == last + 1) last = threshold;
    }
    set(last == kNever ? kNever : (first + last) / 2);
    return best;
  }

  // found = -1: too many false detections.
  Worth worth_of(const EventRule& rule) const {
    Worth worth;
    worth.found = 0;
    for (size_t s = 0; s < streams_.size(); ++s) {
      const LabelledStream& stream = streams_[s];
      const std::vector<Detection> detections = filtered(answers_of(likeliest_[s], rule.thresholds), shape_, rule);
      const std::vector<int32_t> bouts = matched(stream, shape_, rule, detections);
      std::vector<uint8_t> found(stream.bouts.size(), 0);
      for (size_t d = 0; d < detections.size(); ++d) {
        if (shape_.counts[static_cast<size_t>(detections[d].label)] == 0) continue;
        if (bouts[d] == kNothing) {
          if (static_cast<double>(++worth.wrong) > most_wrong_ + 1e-9) return {};
          continue;
        }
        uint8_t& seen = found[static_cast<size_t>(bouts[d])];
        if (seen != 0) continue;
        seen = 1;
        ++worth.found;
        worth.latency += static_cast<double>(detections[d].reading - stream.bouts[static_cast<size_t>(bouts[d])].begin);
      }
    }
    return worth;
  }

  const std::vector<LabelledStream>& streams_;
  const StreamShape& shape_;
  double most_wrong_;
  std::vector<std::vector<Likeliest>> likeliest_;
};

// The lowest threshold above which there are few enough false detections.
Result<EventRule> choose_score(const std::vector<LabelledStream>& streams, const StreamShape& shape,
                               const RuleChoice& choice) {
  EventRule rule{1, choice.debounce.value_or(1), choice.refractory, {}, 0};
  std::vector<float> candidates;
  for (const LabelledStream& stream : streams)
    candidates.insert(candidates.end(), stream.scores.begin(), stream.scores.end());
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  if (candidates.empty() || !std::isfinite(candidates.back()))
    return input_error("an anomaly score of the validation part is not finite");
  const double allowed = choice.false_per_hour * hours_of(streams, shape) + 1e-9;
  const auto few_enough = [&](float threshold) {
    rule.score_above = double{threshold};
    int64_t wrong = 0;
    for (const LabelledStream& stream : streams) {
      const std::vector<int32_t> bouts = matched(stream, shape, rule, detections_of(stream, shape, rule));
      wrong += std::count(bouts.begin(), bouts.end(), kNothing);
    }
    return static_cast<double>(wrong) <= allowed;
  };
  // With debouncing fewer scores above the threshold give no more detections, with a refractory time hardly more.
  size_t low = 0, high = candidates.size() - 1;  // above the highest one there is nothing
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (few_enough(candidates[middle]))
      high = middle;
    else
      low = middle + 1;
  }
  rule.score_above = double{candidates[high]};
  return rule;
}

}  // namespace

std::vector<Detection> detections_of(const LabelledStream& stream, const StreamShape& shape, const EventRule& rule) {
  return filtered(answers_of(stream, shape, rule), shape, rule);
}

Result<DetectionMetrics> detection_metrics(const std::vector<LabelledStream>& streams, const StreamShape& shape,
                                           const EventRule& rule) {
  MOTE_CHECK(check_streams(streams, shape));
  Counter counter(shape, rule);
  for (const LabelledStream& stream : streams) counter.add(stream, detections_of(stream, shape, rule));
  return std::move(counter).metrics(hours_of(streams, shape), streams.size());
}

Interval poisson_interval(int64_t count) {
  constexpr double kNormal = 1.959964;
  const auto bound = [](double n, double sign) {
    return n * std::pow(1 - 1 / (9 * n) + sign * kNormal / (3 * std::sqrt(n)), 3);
  };
  const auto n = static_cast<double>(count);
  // Of none the upper bound is exact: exp(-bound) = 0.025.
  return count == 0 ? Interval{0, -std::log(0.025)} : Interval{bound(n, -1), bound(n + 1, 1)};
}

Result<EventRule> choose_rule(const std::vector<LabelledStream>& streams, const StreamShape& shape,
                              const RuleChoice& choice) {
  MOTE_CHECK(check_streams(streams, shape));
  if (!streams.empty() && !streams[0].scores.empty()) return choose_score(streams, shape, choice);
  ThresholdSearch search(streams, shape, choice.false_per_hour);
  EventRule best{1, 1, choice.refractory, std::vector<int16_t>(static_cast<size_t>(shape.labels), kNever), 0};
  Worth worth;
  for (const int32_t smoothing : kSmoothings) {
    if (choice.smoothing && smoothing != kSmoothings[0]) continue;
    EventRule rule = best;
    rule.smoothing = choice.smoothing.value_or(smoothing);
    search.smooth(rule.smoothing);
    for (const int32_t debounce : kDebounces) {
      if (choice.debounce && debounce != kDebounces[0]) continue;
      rule.debounce = choice.debounce.value_or(debounce);
      if (const Worth found = search.common(rule); found.above(worth)) worth = found, best = rule;
    }
  }
  search.smooth(best.smoothing);
  search.better(best);
  return best;
}

}  // namespace mote
