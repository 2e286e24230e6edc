#include "toolchain/train/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "toolchain/train/bootstrap.h"

namespace mote {
namespace {

Result<void> check_sizes(size_t truth, size_t first, size_t second, size_t examples, const BootstrapConfig& bootstrap) {
  if (truth != first || truth != second)
    return defect(fmt::format("a comparison of {} and {} predictions for {} numbers", first, second, truth));
  if (examples == 0) return input_error("there are no examples to compare two models on");
  if (!bootstrap.groups.empty() && bootstrap.groups.size() != examples)
    return defect(fmt::format("{} groups were given for {} examples", bootstrap.groups.size(), examples));
  return {};
}

// Mean of `values`, of which each draw has some more than once, and how many draws were below and above zero.
struct Draws {
  double mean = 0;
  Interval ci95;
  int64_t below = 0, above = 0, all = 0;
};

Draws draw_mean(std::span<const double> values, const BootstrapConfig& bootstrap) {
  Draws draws;
  for (const double value : values) draws.mean += value / static_cast<double>(values.size());
  draws.ci95 = bootstrap_intervals(bootstrap, static_cast<int64_t>(values.size()), 1,
                                   [&](std::span<const int32_t> times, std::span<double> found) {
                                     double sum = 0, count = 0;
                                     for (size_t i = 0; i < values.size(); ++i)
                                       sum += times[i] * values[i], count += times[i];
                                     found[0] = count > 0 ? sum / count : 0;
                                     ++draws.all;
                                     draws.below += found[0] <= 0;
                                     draws.above += found[0] >= 0;
                                   })[0];
  return draws;
}

}  // namespace

double sign_test(int64_t successes, int64_t count) {
  const int64_t fewer = std::min(successes, count - successes);
  const auto n = static_cast<double>(count);
  double sum = 0;
  for (int64_t k = 0; k <= fewer; ++k) {
    const auto x = static_cast<double>(k);
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) - n * std::log(2.0));
  }
  return std::min(1.0, 2 * sum);
}

Result<PairedTest> compare_classifiers(std::span<const int32_t> truth, std::span<const int32_t> first,
                                       std::span<const int32_t> second, const BootstrapConfig& bootstrap) {
  MOTE_CHECK(check_sizes(truth.size(), first.size(), second.size(), truth.size(), bootstrap));
  PairedTest test{.count = static_cast<int64_t>(truth.size()), .difference_ci95 = {}};
  std::vector<double> gains;
  for (size_t i = 0; i < truth.size(); ++i) {
    const bool first_right = first[i] == truth[i], second_right = second[i] == truth[i];
    test.only_first += first_right && !second_right;
    test.only_second += second_right && !first_right;
    gains.push_back(static_cast<double>(second_right) - static_cast<double>(first_right));
  }
  const Draws draws = draw_mean(gains, bootstrap);
  test.difference = draws.mean;
  test.difference_ci95 = draws.ci95;
  test.p = sign_test(test.only_first, test.only_first + test.only_second);
  return test;
}

Result<PairedTest> compare_regressors(std::span<const float> truth, std::span<const float> first,
                                      std::span<const float> second, int32_t outputs,
                                      const BootstrapConfig& bootstrap) {
  const auto width = static_cast<size_t>(std::max(outputs, 1));
  MOTE_CHECK(check_sizes(truth.size(), first.size(), second.size(), truth.size() / width, bootstrap));
  std::vector<double> gains(truth.size() / width);
  for (size_t i = 0; i < truth.size(); ++i)
    gains[i / width] +=
        (std::fabs(double{second[i]} - double{truth[i]}) - std::fabs(double{first[i]} - double{truth[i]})) /
        static_cast<double>(width);
  const Draws draws = draw_mean(gains, bootstrap);
  // One draw more on each side: no number of draws shows that chance is out of the question.
  const double share = static_cast<double>(std::min(draws.below, draws.above) + 1) / static_cast<double>(draws.all + 1);
  return PairedTest{static_cast<int64_t>(gains.size()), draws.mean, draws.ci95, std::min(1.0, 2 * share), 0, 0};
}

}  // namespace mote
