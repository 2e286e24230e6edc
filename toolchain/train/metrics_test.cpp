#include "toolchain/train/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "toolchain/base/random.h"

namespace mote {
namespace {

TEST(Metrics, ClassificationByHand) {
  const std::vector<int32_t> truth = {0, 0, 0, 0, 1, 1, 2, 2}, predictions = {0, 0, 0, 1, 1, 1, 0, 2};
  const auto metrics = classification_metrics(truth, predictions, 4);
  ASSERT_TRUE(metrics.ok()) << metrics.error().message;
  EXPECT_EQ(metrics->count, 8);
  EXPECT_DOUBLE_EQ(metrics->accuracy, 6.0 / 8);
  EXPECT_DOUBLE_EQ(metrics->balanced_accuracy, (0.75 + 1.0 + 0.5) / 3);  // class 3 has no examples
  EXPECT_EQ(metrics->confusion, (std::vector<int64_t>{3, 1, 0, 0, 0, 2, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0}));
  EXPECT_DOUBLE_EQ(metrics->classes[1].precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(metrics->classes[1].recall, 1.0);
  EXPECT_DOUBLE_EQ(metrics->classes[1].f1, 0.8);
  for (const double none : {metrics->classes[3].precision, metrics->classes[3].recall, metrics->classes[3].f1})
    EXPECT_TRUE(std::isnan(none)) << none;
  EXPECT_DOUBLE_EQ(metrics->macro_f1, (0.75 + 0.8 + 2.0 / 3) / 3);
  EXPECT_LT(metrics->balanced_accuracy_ci95.low, metrics->balanced_accuracy);
  EXPECT_GT(metrics->balanced_accuracy_ci95.high, metrics->balanced_accuracy);
}

// The bounds are the proportions p at which the observed one is z standard errors away: (x/n - p)^2 = z^2 p (1 - p) /
// n.
TEST(Metrics, WilsonIntervalSolvesItsEquation) {
  constexpr double kZ = 1.959963984540054;
  for (const auto& [x, n] : {std::pair{45, 50}, {1, 7}, {500, 1000}, {0, 10}, {10, 10}}) {
    const Interval interval = wilson_interval(x, n);
    for (const double p : {interval.low, interval.high}) {
      const double distance = static_cast<double>(x) / n - p;
      EXPECT_NEAR(distance * distance, kZ * kZ * p * (1 - p) / n, 1e-12) << x << " of " << n;
    }
    EXPECT_LT(interval.low, interval.high);
  }
  EXPECT_EQ(wilson_interval(0, 10).low, 0);
  EXPECT_DOUBLE_EQ(wilson_interval(10, 10).high, 1);
}

TEST(Metrics, GroupsWidenTheInterval) {
  // Four people of 50 windows; one person is always wrong.
  std::vector<int32_t> truth(200, 0), predictions(200, 0);
  std::vector<int64_t> person(200);
  for (size_t i = 0; i < 200; ++i) person[i] = static_cast<int64_t>(i / 50), predictions[i] = i < 50 ? 1 : 0;
  const auto independent = classification_metrics(truth, predictions, 2);
  const auto grouped = classification_metrics(truth, predictions, 2, {person, 1000, 1});
  ASSERT_TRUE(independent.ok() && grouped.ok());
  EXPECT_GT(independent->accuracy_ci95.low, 0.65);
  EXPECT_LT(grouped->accuracy_ci95.low, 0.5);
  EXPECT_EQ(grouped->accuracy_ci95.high, 1.0);
}

TEST(Metrics, BootstrapRepeatsWithItsSeed) {
  const std::vector<float> truth = {1, 2, 3, 4, 5, 6}, predictions = {1.1f, 2.3f, 2.8f, 4.4f, 4.5f, 6.1f};
  const auto a = regression_metrics(truth, predictions, 1, {{}, 500, 9});
  const auto b = regression_metrics(truth, predictions, 1, {{}, 500, 9});
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->all.rmse_ci95.low, b->all.rmse_ci95.low);
  EXPECT_EQ(a->all.rmse_ci95.high, b->all.rmse_ci95.high);
}

TEST(Metrics, RegressionByHand) {
  const std::vector<float> truth = {1, 2, 3, 6}, predictions = {1, 3, 3, 4};
  const auto metrics = regression_metrics(truth, predictions, 1);
  ASSERT_TRUE(metrics.ok());
  EXPECT_DOUBLE_EQ(metrics->all.mae, 0.75);
  EXPECT_DOUBLE_EQ(metrics->all.rmse, std::sqrt(5.0 / 4));
  EXPECT_NEAR(metrics->all.r2, 1 - 5.0 / 14, 1e-12);  // mean 3, squares 4 + 1 + 0 + 9
  // A large offset of the targets does not cost digits.
  const std::vector<float> far = {10001, 10002, 10003, 10006}, far_predictions = {10001, 10003, 10003, 10004};
  EXPECT_NEAR(regression_metrics(far, far_predictions, 1)->all.r2, 1 - 5.0 / 14, 1e-9);
}

// One counts in thousands, the other in hundredths: each target by itself, and R2 of both is the mean of theirs.
TEST(Metrics, TargetsOfUnlikeUnits) {
  const std::vector<float> truth = {1000, 0.01f, 2000, 0.02f, 3000, 0.03f, 6000, 0.06f};
  const std::vector<float> predictions = {1000, 0.04f, 3000, 0.04f, 3000, 0.04f, 4000, 0.04f};
  const auto metrics = regression_metrics(truth, predictions, 2);
  ASSERT_TRUE(metrics.ok());
  ASSERT_EQ(metrics->targets.size(), 2u);
  EXPECT_DOUBLE_EQ(metrics->targets[0].mae, 750);
  EXPECT_NEAR(metrics->targets[1].mae, 0.02, 1e-8);
  EXPECT_NEAR(metrics->targets[1].rmse, std::sqrt((9 + 4 + 1 + 4) / 4.0) / 100, 1e-8);
  EXPECT_NEAR(metrics->targets[0].r2, 1 - 5.0 / 14, 1e-12);
  EXPECT_NEAR(metrics->targets[1].r2, 1 - 18.0 / 14, 1e-6);
  EXPECT_NEAR(metrics->all.r2, 1 - 23.0 / 28, 1e-6);
  EXPECT_NEAR(metrics->all.mae, (750 + 0.02) / 2, 1e-4);
  EXPECT_NEAR(metrics->all.rmse, std::sqrt(5e6 / 8), 1e-3);
  EXPECT_LE(metrics->targets[1].r2_ci95.low, metrics->targets[1].r2);
}

TEST(Metrics, ATargetThatDoesNotVaryTakesNoPartInR2) {
  const std::vector<float> truth = {1, 5, 2, 5, 3, 5, 6, 5}, predictions = {1, 5, 3, 5, 3, 4, 4, 5};
  const auto metrics = regression_metrics(truth, predictions, 2);
  ASSERT_TRUE(metrics.ok());
  EXPECT_TRUE(std::isnan(metrics->targets[1].r2));
  EXPECT_NEAR(metrics->all.r2, 1 - 5.0 / 14, 1e-12);
}

// With n normal errors the 95 % interval of the mean absolute error covers the truth in about 95 of 100 data sets.
TEST(Metrics, BootstrapCoversTheTruth) {
  int covered = 0;
  const double expected = std::sqrt(2 / 3.14159265358979);
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    std::vector<float> truth(100, 0.0f), predictions(100);
    for (float& value : predictions) value = static_cast<float>(random.normal());
    const auto metrics = regression_metrics(truth, predictions, 1, {{}, 300, seed});
    covered += metrics->all.mae_ci95.low <= expected && expected <= metrics->all.mae_ci95.high ? 1 : 0;
  }
  EXPECT_GE(covered, 178);
  EXPECT_LE(covered, 199);
}

TEST(Metrics, BadInputIsNamed) {
  EXPECT_FALSE(classification_metrics({}, {}, 2).ok());
  const std::vector<int32_t> two = {0, 1}, one = {0}, outside = {0, 7};
  EXPECT_FALSE(classification_metrics(two, one, 2).ok());
  EXPECT_FALSE(classification_metrics(two, outside, 2).ok());
  const std::vector<float> finite = {1, 2}, poisoned = {1, NAN};
  EXPECT_FALSE(regression_metrics(finite, poisoned, 1).ok());
  const std::vector<float> constant = {3, 3};
  const auto undefined = regression_metrics(constant, finite, 1);
  EXPECT_TRUE(std::isnan(undefined->all.r2) && std::isnan(undefined->all.r2_ci95.low)) << undefined->all.r2;
  EXPECT_DOUBLE_EQ(undefined->all.mae, 1.5);
}

TEST(Metrics, PredictedClassIsTheFirstOfEqualOnes) {
  const std::vector<int8_t> scores = {-3, 5, 5, -128, -128, -128};
  EXPECT_EQ(predicted_classes(std::span<const int8_t>(scores), 3), (std::vector<int32_t>{1, 0}));
}

}  // namespace
}  // namespace mote
