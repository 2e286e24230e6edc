#include "toolchain/train/roc.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "toolchain/train/bootstrap.h"

namespace mote {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// The examples from the highest score down, to be walked once for every draw of a bootstrap.
class Ranking {
 public:
  // `positive` holds 1 or 0 for each example.
  Ranking(std::vector<uint8_t> positive, std::span<const float> scores, size_t stride = 1)
      : positive_(std::move(positive)), order_(positive_.size()), ends_tie_(positive_.size()) {
    const auto score = [&](int32_t i) { return scores[static_cast<size_t>(i) * stride]; };
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](int32_t a, int32_t b) { return score(a) > score(b); });
    for (size_t k = 0; k < order_.size(); ++k)
      ends_tie_[k] = k + 1 == order_.size() || score(order_[k + 1]) != score(order_[k]);
  }

  // Calls visit(negatives, positives), as many as score at least some threshold, for every threshold from the highest
  // down. Example i counts times[i].
  template <class Visit>
  void walk(std::span<const int32_t> times, Visit visit) const {
    double negatives = 0, positives = 0;
    for (size_t k = 0; k < order_.size(); ++k) {
      const auto i = static_cast<size_t>(order_[k]);
      (positive_[i] != 0 ? positives : negatives) += times[i];
      if (ends_tie_[k] != 0) visit(negatives, positives);
    }
  }

  // As many negative and positive examples as there are, example i counted times[i].
  RocPoint totals(std::span<const int32_t> times) const {
    RocPoint sum;
    for (size_t i = 0; i < positive_.size(); ++i)
      (positive_[i] != 0 ? sum.true_positives : sum.false_positives) += times[i];
    return sum;
  }

 private:
  std::vector<uint8_t> positive_;
  std::vector<int32_t> order_;
  std::vector<uint8_t> ends_tie_;  // by place in the order
};

struct Areas {
  double whole = kUndefined, partial = kUndefined;
};

Areas areas(const Ranking& ranking, std::span<const int32_t> times) {
  const RocPoint all = ranking.totals(times);
  if (all.false_positives == 0 || all.true_positives == 0) return {};
  const double reach = kPartialAreaReach * all.false_positives;
  double whole = 0, partial = 0, x = 0, y = 0;
  ranking.walk(times, [&](double next_x, double next_y) {
    whole += (next_x - x) * (y + next_y) / 2;
    if (x < reach) {
      const double end = std::min(next_x, reach);
      const double at_end = next_x > x ? y + (next_y - y) * (end - x) / (next_x - x) : next_y;
      partial += (end - x) * (y + at_end) / 2;
    }
    x = next_x, y = next_y;
  });
  const double scale = all.false_positives * all.true_positives;
  const double least = kPartialAreaReach * kPartialAreaReach / 2, most = kPartialAreaReach;
  return {whole / scale, 0.5 * (1 + (partial / scale - least) / (most - least))};
}

std::vector<RocPoint> curve_of(const Ranking& ranking, std::span<const int32_t> times) {
  const RocPoint all = ranking.totals(times);
  std::vector<RocPoint> curve = {{0, 0}};
  const auto turns = [](const RocPoint& a, const RocPoint& b, const RocPoint& c) {
    const double left = (b.false_positives - a.false_positives) * (c.true_positives - b.true_positives);
    const double right = (b.true_positives - a.true_positives) * (c.false_positives - b.false_positives);
    return std::abs(left - right) > 1e-12;
  };
  ranking.walk(times, [&](double negatives, double positives) {
    const RocPoint point = {negatives / all.false_positives, positives / all.true_positives};
    if (curve.size() > 1 && !turns(curve[curve.size() - 2], curve.back(), point)) curve.pop_back();
    curve.push_back(point);
  });
  return curve;
}

// Where the curve crosses true_positives = 1 - false_positives.
double equal_error_rate(std::span<const RocPoint> curve) {
  for (size_t i = 1; i < curve.size(); ++i) {
    const RocPoint &a = curve[i - 1], &b = curve[i];
    const double before = a.false_positives + a.true_positives - 1, after = b.false_positives + b.true_positives - 1;
    if (after < 0) continue;
    const double share = after > before ? -before / (after - before) : 0;
    return a.false_positives + share * (b.false_positives - a.false_positives);
  }
  return kUndefined;
}

Result<void> check_scores(std::span<const float> scores, size_t width) {
  for (size_t i = 0; i < scores.size(); ++i)
    if (!std::isfinite(scores[i]))
      return input_error(fmt::format("the score of example {} is {}, not a finite number", i / width, scores[i]));
  return {};
}

}  // namespace

Result<RocMetrics> roc_metrics(std::span<const uint8_t> positive, std::span<const float> scores,
                               const BootstrapConfig& bootstrap) {
  MOTE_CHECK(check_examples(positive.size(), scores.size(), bootstrap, scores.size()));
  MOTE_CHECK(check_scores(scores, 1));
  std::vector<uint8_t> flags;
  for (const uint8_t flag : positive) flags.push_back(flag != 0);
  const int64_t positives = std::count(flags.begin(), flags.end(), 1);
  if (positives == 0 || positives == static_cast<int64_t>(flags.size()))
    return input_error(
        fmt::format("the area under the ROC curve needs positive and negative examples; {} of {} are "
                    "positive",
                    positives, flags.size()));
  const Ranking ranking(std::move(flags), scores);
  const std::vector<int32_t> once(scores.size(), 1);
  const Areas all = areas(ranking, once);
  const std::vector<Interval> intervals = bootstrap_intervals(
      bootstrap, static_cast<int64_t>(scores.size()), 2, [&](std::span<const int32_t> times, std::span<double> found) {
        const Areas drawn = areas(ranking, times);
        found[0] = drawn.whole, found[1] = drawn.partial;
      });
  std::vector<RocPoint> curve = curve_of(ranking, once);
  const double equal = equal_error_rate(curve);
  return RocMetrics{static_cast<int64_t>(scores.size()),
                    positives,
                    all.whole,
                    all.partial,
                    equal,
                    intervals[0],
                    intervals[1],
                    std::move(curve)};
}

Result<OneVsRest> one_vs_rest(std::span<const int32_t> truth, std::span<const float> scores, int32_t classes,
                              const BootstrapConfig& bootstrap) {
  const auto width = static_cast<size_t>(std::max(classes, 1));
  MOTE_CHECK(check_examples(truth.size() * width, scores.size(), bootstrap, truth.size()));
  MOTE_CHECK(check_scores(scores, width));
  const std::vector<int32_t> once(truth.size(), 1);
  std::vector<Ranking> rankings;
  OneVsRest result;
  for (int32_t c = 0; c < classes; ++c) {
    std::vector<uint8_t> positive;
    for (const int32_t label : truth) positive.push_back(label == c);
    rankings.emplace_back(std::move(positive), scores.subspan(static_cast<size_t>(c)), width);
    result.auc.push_back(areas(rankings.back(), once).whole);
    const bool known = std::isfinite(result.auc.back());
    result.curve.push_back(known ? curve_of(rankings.back(), once) : std::vector<RocPoint>());
  }
  const auto mean_area = [&](std::span<const int32_t> times) {
    double sum = 0, count = 0;
    for (const Ranking& ranking : rankings)
      if (const double area = areas(ranking, times).whole; std::isfinite(area)) sum += area, ++count;
    return count > 0 ? sum / count : kUndefined;
  };
  result.macro_auc = mean_area(once);
  result.macro_auc_ci95 = bootstrap_intervals(
      bootstrap, static_cast<int64_t>(truth.size()), 1,
      [&](std::span<const int32_t> times, std::span<double> found) { found[0] = mean_area(times); })[0];
  return result;
}

std::vector<RocPoint> thinned(std::span<const RocPoint> curve, size_t points) {
  if (curve.size() <= points || points < 2) return {curve.begin(), curve.end()};
  std::vector<RocPoint> kept;
  for (size_t i = 0; i < points; ++i) kept.push_back(curve[i * (curve.size() - 1) / (points - 1)]);
  return kept;
}

}  // namespace mote
