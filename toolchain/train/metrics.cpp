#include "toolchain/train/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "toolchain/train/bootstrap.h"

namespace mote {
namespace {

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

std::vector<ClassMetrics> metrics_per_class(std::span<const int64_t> confusion, size_t classes) {
  std::vector<ClassMetrics> result(classes);
  for (size_t c = 0; c < classes; ++c) {
    int64_t truth = 0, predicted = 0;
    for (size_t other = 0; other < classes; ++other) {
      truth += confusion[c * classes + other];
      predicted += confusion[other * classes + c];
    }
    const auto right = static_cast<double>(confusion[c * classes + c]);
    result[c] = {truth, ratio(right, static_cast<double>(predicted)), ratio(right, static_cast<double>(truth)),
                 ratio(2 * right, static_cast<double>(truth + predicted))};
  }
  return result;
}

// Accuracy, balanced accuracy, macro F1.
void summarize(std::span<const int64_t> confusion, size_t classes, std::span<double> summary) {
  double recall = 0, f1 = 0, present = 0, right = 0, count = 0;
  for (const ClassMetrics& metrics : metrics_per_class(confusion, classes)) {
    if (metrics.count == 0) continue;
    right += metrics.recall * static_cast<double>(metrics.count);
    count += static_cast<double>(metrics.count);
    recall += metrics.recall;
    f1 += metrics.f1;
    present += 1;
  }
  summary[0] = ratio(right, count);
  summary[1] = ratio(recall, present);
  summary[2] = ratio(f1, present);
}

constexpr size_t kErrors = 3;  // MAE, RMSE, R2

// The errors of drawn examples: of all targets, then of each.
class RegressionErrors {
 public:
  // REQUIRES: rows of `width` finite numbers.
  RegressionErrors(std::span<const float> truth, std::span<const float> predictions, size_t width)
      : truth_(truth), predictions_(predictions), mean_(width), sums_(width) {
    for (size_t i = 0; i < truth.size(); ++i)
      mean_[i % width] += double{truth[i]} * static_cast<double>(width) / static_cast<double>(truth.size());
  }

  size_t numbers() const { return kErrors * (1 + mean_.size()); }

  void summarize(std::span<const int32_t> times, std::span<double> found) {
    const double count = add_up(times), width = static_cast<double>(mean_.size());
    double absolute = 0, squared = 0, r2 = 0, varying = 0;
    for (size_t o = 0; o < mean_.size(); ++o) {
      const Sums& sums = sums_[o];
      const double own = 1 - ratio(sums.squared, sums.squares - sums.targets * sums.targets / count);
      put(sums.absolute / count, sums.squared / count, own, found.subspan((o + 1) * kErrors, kErrors));
      absolute += sums.absolute;
      squared += sums.squared;
      if (!std::isnan(own)) r2 += own, ++varying;
    }
    put(absolute / (count * width), squared / (count * width), ratio(r2, varying), found.first(kErrors));
  }

 private:
  // The variance is that of the drawn examples, around their mean; targets are taken relative to `mean_` so that the
  // difference of sums keeps its digits.
  struct Sums {
    double absolute = 0, squared = 0;  // of the errors
    double targets = 0, squares = 0;
  };

  static void put(double mae, double mean_square, double r2, std::span<double> found) {
    found[0] = mae, found[1] = std::sqrt(mean_square), found[2] = r2;
  }

  // Gives how many examples were drawn.
  double add_up(std::span<const int32_t> times) {
    const size_t width = mean_.size();
    std::fill(sums_.begin(), sums_.end(), Sums());
    double count = 0;
    for (size_t i = 0; i < times.size(); ++i) {
      if (times[i] == 0) continue;
      count += times[i];
      for (size_t o = 0; o < width; ++o) {
        const double target = double{truth_[i * width + o]} - mean_[o];
        const double error = double{predictions_[i * width + o]} - double{truth_[i * width + o]};
        sums_[o].absolute += times[i] * std::abs(error);
        sums_[o].squared += times[i] * error * error;
        sums_[o].targets += times[i] * target;
        sums_[o].squares += times[i] * target * target;
      }
    }
    return count;
  }

  std::span<const float> truth_, predictions_;
  std::vector<double> mean_;  // of each target
  std::vector<Sums> sums_;
};

}  // namespace

Result<void> check_examples(size_t truth, size_t predictions, const BootstrapConfig& bootstrap, size_t examples) {
  if (truth != predictions)
    return defect(fmt::format("metrics: {} true values but {} predictions", truth, predictions));
  if (examples == 0) return input_error("there are no examples to evaluate: this part of the data is empty");
  if (!bootstrap.groups.empty() && bootstrap.groups.size() != examples)
    return defect(fmt::format("metrics: {} groups for {} examples", bootstrap.groups.size(), examples));
  return {};
}

Interval wilson_interval(int64_t successes, int64_t count) {
  if (count <= 0) return {0, 1};
  constexpr double kZ = 1.959963984540054;  // normal quantile at 0.975
  const auto n = static_cast<double>(count);
  const double p = static_cast<double>(successes) / n, z2 = kZ * kZ;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kZ * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Result<ClassificationMetrics> classification_metrics(std::span<const int32_t> truth,
                                                     std::span<const int32_t> predictions, int32_t classes,
                                                     const BootstrapConfig& bootstrap) {
  MOTE_CHECK(check_examples(truth.size(), predictions.size(), bootstrap, truth.size()));
  const auto k = static_cast<size_t>(std::max(classes, 0));
  std::vector<size_t> cells(truth.size());  // of the confusion matrix
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] < 0 || truth[i] >= classes || predictions[i] < 0 || predictions[i] >= classes)
      return defect(fmt::format("metrics: example {} has class {} and prediction {}, expected 0 to {}", i, truth[i],
                                predictions[i], classes - 1));
    cells[i] = static_cast<size_t>(truth[i]) * k + static_cast<size_t>(predictions[i]);
  }
  ClassificationMetrics result;
  result.count = static_cast<int64_t>(truth.size());
  result.confusion.resize(k * k);
  for (const size_t cell : cells) ++result.confusion[cell];
  result.classes = metrics_per_class(result.confusion, k);
  double summary[3];
  summarize(result.confusion, k, summary);
  result.accuracy = summary[0], result.balanced_accuracy = summary[1], result.macro_f1 = summary[2];
  std::vector<int64_t> drawn(k * k);
  const auto intervals =
      bootstrap_intervals(bootstrap, result.count, 2, [&](std::span<const int32_t> times, std::span<double> found) {
        std::fill(drawn.begin(), drawn.end(), 0);
        for (size_t i = 0; i < cells.size(); ++i) drawn[cells[i]] += times[i];
        double drawn_summary[3];
        summarize(drawn, k, drawn_summary);
        found[0] = drawn_summary[1], found[1] = drawn_summary[2];
      });
  std::vector<uint8_t> right;
  for (size_t i = 0; i < truth.size(); ++i) right.push_back(truth[i] == predictions[i]);
  result.accuracy_ci95 = proportion_interval(right, std::vector<uint8_t>(truth.size(), 1), bootstrap);
  result.balanced_accuracy_ci95 = intervals[0];
  result.macro_f1_ci95 = intervals[1];
  return result;
}

Result<RegressionMetrics> regression_metrics(std::span<const float> truth, std::span<const float> predictions,
                                             int32_t outputs, const BootstrapConfig& bootstrap) {
  const auto width = static_cast<size_t>(std::max(outputs, 1));
  const size_t examples = truth.size() / width;
  MOTE_CHECK(check_examples(truth.size(), predictions.size(), bootstrap, examples));
  for (size_t i = 0; i < truth.size(); ++i)
    if (!std::isfinite(truth[i]) || !std::isfinite(predictions[i]))
      return input_error(fmt::format("example {} has target {} and prediction {}: both must be finite numbers",
                                     i / width, truth[i], predictions[i]));
  RegressionErrors errors(truth, predictions, width);
  std::vector<double> summary(errors.numbers());
  errors.summarize(std::vector<int32_t>(examples, 1), summary);
  const auto intervals = bootstrap_intervals(
      bootstrap, static_cast<int64_t>(examples), errors.numbers(),
      [&](std::span<const int32_t> times, std::span<double> found) { errors.summarize(times, found); });
  const auto metrics = [&](size_t target) {
    const double* const value = summary.data() + target * kErrors;
    const Interval* const ci95 = intervals.data() + target * kErrors;
    return TargetMetrics{value[0], value[1], value[2], ci95[0], ci95[1], ci95[2]};
  };
  RegressionMetrics result{static_cast<int64_t>(examples), metrics(0), {}};
  for (size_t target = 1; target <= width; ++target) result.targets.push_back(metrics(target));
  return result;
}

}  // namespace mote
