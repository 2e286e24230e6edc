#include "toolchain/train/thresholds.h"

#include <gtest/gtest.h>

#include <cmath>

#include "toolchain/base/random.h"

namespace mote {
namespace {

TEST(Thresholds, TheLargestIsTakenIfItReachesItsThreshold) {
  const std::vector<float> row = {0.2f, 0.5f, 0.5f};
  EXPECT_EQ(accepted_class(row, {}), 1);  // the first of equals
  const std::vector<double> reached = {0.9, 0.5, 0.0}, missed = {0.0, 0.51, 0.0};
  EXPECT_EQ(accepted_class(row, reached), 1);
  EXPECT_EQ(accepted_class(row, missed), kNothing);
}

TEST(Thresholds, ByHand) {
  // Class 0 of two; the wrong ones score 0.6, 0.7, 0.8 for it.
  const std::vector<int32_t> truth = {0, 0, 0, 1, 1, 1, 1};
  const std::vector<float> scores = {0.9f, 0.1f, 0.75f, 0.25f, 0.55f, 0.45f, 0.6f, 0.4f, 0.7f, 0.3f, 0.8f, 0.2f, 0, 1};
  const auto quarter = choose_thresholds(truth, scores, 2, kNothing, 0.25);  // one of four may pass
  ASSERT_TRUE(quarter.ok()) << quarter.error().message;
  EXPECT_NEAR((*quarter)[0], 0.725, 1e-6);  // between 0.7, which is one too many, and 0.75
  EXPECT_EQ((*quarter)[1], 0);              // nothing is taken wrongly for class 1
  const auto none = choose_thresholds(truth, scores, 2, kNothing, 0);
  EXPECT_NEAR((*none)[0], 0.85, 1e-6);
  const auto all = choose_thresholds(truth, scores, 2, kNothing, 0.75);
  EXPECT_EQ((*all)[0], 0);
  const auto harmless = choose_thresholds(truth, scores, 2, 0, 0);  // class 0 means that nothing happened
  EXPECT_EQ((*harmless)[0], 0);

  const auto metrics = acceptance_metrics(truth, scores, *quarter, kNothing);
  ASSERT_TRUE(metrics.ok());
  EXPECT_EQ(metrics->class_false_accepts[0].hits, 1);
  EXPECT_EQ(metrics->class_false_accepts[0].of, 4);
  EXPECT_EQ(metrics->class_false_rejects[0].hits, 1);  // 0.55
  EXPECT_EQ(metrics->class_false_rejects[0].of, 3);
  EXPECT_EQ(metrics->class_false_rejects[1].hits, 3);
  EXPECT_DOUBLE_EQ(metrics->false_accepts.value, 1.0 / 7);
  EXPECT_DOUBLE_EQ(metrics->false_rejects.value, 4.0 / 7);
  const Interval wilson = wilson_interval(1, 7);
  EXPECT_EQ(metrics->false_accepts.ci95.low, wilson.low);
  EXPECT_EQ(metrics->false_accepts.ci95.high, wilson.high);
}

TEST(Thresholds, TiesAreAcceptedOrRejectedTogether) {
  const std::vector<int32_t> truth = {0, 1, 1, 1, 1};
  const std::vector<float> scores = {0.8f, 0.2f, 0.8f, 0.2f, 0.8f, 0.2f, 0, 1, 0, 1};  // two wrong, both 0.8
  const auto thresholds = choose_thresholds(truth, scores, 2, kNothing, 0.25);
  EXPECT_GT((*thresholds)[0], double{0.8f});  // one may pass, but not without the other
  EXPECT_EQ(acceptance_metrics(truth, scores, *thresholds, kNothing)->class_false_accepts[0].hits, 0);
}

// Whatever the scores: the stated rate holds on the examples that the thresholds were chosen on, and a lower threshold,
// down to the next score, would break it.
TEST(Thresholds, KeepTheRateAndAreTheLowest) {
  Random random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<int32_t> truth;
    std::vector<float> scores;
    for (int i = 0; i < 200; ++i) {
      truth.push_back(static_cast<int32_t>(random.below(3)));
      for (int32_t c = 0; c < 3; ++c)
        scores.push_back(static_cast<float>(random.below(16) + (c == truth.back() ? 4 : 0)));
    }
    const auto thresholds = choose_thresholds(truth, scores, 3, kNothing, 0.05);
    const auto kept = acceptance_metrics(truth, scores, *thresholds, kNothing);
    for (size_t c = 0; c < 3; ++c) {
      EXPECT_LE(kept->class_false_accepts[c].value, 0.05);
      if ((*thresholds)[c] == 0) continue;
      std::vector<double> lower = *thresholds;
      lower[c] -= 1;
      EXPECT_GT(acceptance_metrics(truth, scores, lower, kNothing)->class_false_accepts[c].value, 0.05);
    }
  }
}

TEST(Thresholds, NothingToCount) {
  const std::vector<int32_t> truth = {0, 0};
  const std::vector<float> scores = {1, 0, 1, 0};
  const std::vector<double> thresholds = {0.5, 0.5};
  const auto metrics = acceptance_metrics(truth, scores, thresholds, kNothing);
  EXPECT_TRUE(std::isnan(metrics->class_false_rejects[1].value));
  EXPECT_EQ(metrics->class_false_rejects[1].ci95.high, 1);
  EXPECT_FALSE(choose_thresholds({}, {}, 2, kNothing, 0.1).ok());
}

TEST(Thresholds, AnomalyIsAQuantileOfTheNormalScores) {
  std::vector<float> scores;
  for (int i = 1; i <= 200; ++i) scores.push_back(static_cast<float>(i));
  const auto above = [&](double threshold) {
    return std::count_if(scores.begin(), scores.end(), [&](float score) { return double{score} > threshold; });
  };
  EXPECT_EQ(above(*anomaly_threshold(scores, 0.01)), 2);
  EXPECT_EQ(above(*anomaly_threshold(scores, 0)), 0);
  EXPECT_EQ(above(*anomaly_threshold(scores, 0.004)), 0);  // less than one of 200
  const std::vector<float> same(50, 3.0f);
  EXPECT_EQ(*anomaly_threshold(same, 0.1), 3);
  EXPECT_FALSE(anomaly_threshold({}, 0.1).ok());
}

TEST(Thresholds, SharesByGroup) {
  // Ten people; one of them gives all the hits.
  std::vector<uint8_t> hits, counted(100, 1), none(100, 0);
  std::vector<int64_t> person;
  for (int i = 0; i < 100; ++i) hits.push_back(i < 10), person.push_back(i / 10);
  const Share windows = share_of(hits, counted, {}), people = share_of(hits, counted, {person, 1000, 1});
  EXPECT_EQ(windows.hits, 10);
  EXPECT_GT(people.ci95.high, windows.ci95.high);
  // No person has any: the interval is that of no success in ten trials, not in a hundred.
  const Share nobody = share_of(none, counted, {person, 1000, 1});
  EXPECT_EQ(nobody.ci95.high, wilson_interval(0, 10).high);
}

}  // namespace
}  // namespace mote
