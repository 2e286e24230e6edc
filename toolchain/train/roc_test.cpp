#include "toolchain/train/roc.h"

#include <gtest/gtest.h>

#include <cmath>

#include "toolchain/base/random.h"

namespace mote {
namespace {

TEST(Roc, ByHandWithATie) {
  const std::vector<uint8_t> positive = {0, 0, 0, 1, 1};
  const std::vector<float> scores = {0.1f, 0.4f, 0.35f, 0.4f, 0.8f};
  const auto metrics = roc_metrics(positive, scores);
  ASSERT_TRUE(metrics.ok()) << metrics.error().message;
  EXPECT_DOUBLE_EQ(metrics->auc, (2.5 + 3) / 6);  // the tie at 0.4 counts half
  EXPECT_EQ(metrics->positives, 2);
  // The tie is one step to the side and up at once; what follows is level.
  EXPECT_EQ(metrics->curve, (std::vector<RocPoint>{{0, 0}, {0, 0.5}, {1.0 / 3, 1}, {1, 1}}));
  // Up to a tenth of the false positives: a trapezoid from 0.5 to 0.5 + 0.1 * 1.5.
  const double area = 0.1 * (0.5 + 0.65) / 2;
  EXPECT_NEAR(metrics->partial_auc, 0.5 * (1 + (area - 0.005) / (0.1 - 0.005)), 1e-12);
  // Where 0.5 + 1.5 x = 1 - x.
  EXPECT_NEAR(metrics->equal_error_rate, 0.2, 1e-12);
}

TEST(Roc, TheBestTheWorstAndTheSameScore) {
  const std::vector<uint8_t> positive = {0, 0, 1, 1};
  const std::vector<float> rising = {1, 2, 3, 4}, falling = {4, 3, 2, 1}, same = {5, 5, 5, 5};
  EXPECT_EQ(roc_metrics(positive, rising)->auc, 1);
  EXPECT_EQ(roc_metrics(positive, rising)->partial_auc, 1);
  EXPECT_EQ(roc_metrics(positive, rising)->equal_error_rate, 0);
  EXPECT_EQ(roc_metrics(positive, falling)->auc, 0);
  EXPECT_EQ(roc_metrics(positive, same)->auc, 0.5);
  EXPECT_NEAR(roc_metrics(positive, same)->partial_auc, 0.5, 1e-12);
  EXPECT_EQ(roc_metrics(positive, same)->curve, (std::vector<RocPoint>{{0, 0}, {1, 1}}));
}

// The area is the share of pairs that stand in the right order, counted one by one.
TEST(Roc, AreaEqualsTheShareOfPairs) {
  Random random(3);
  for (int round = 0; round < 20; ++round) {
    std::vector<uint8_t> positive;
    std::vector<float> scores;
    for (int i = 0; i < 60; ++i) {
      positive.push_back(i < 2 ? i == 0 : random.below(3) == 0);
      scores.push_back(static_cast<float>(random.below(10)));
    }
    double right = 0, pairs = 0;
    for (size_t p = 0; p < 60; ++p)
      for (size_t n = 0; n < 60; ++n) {
        if (positive[p] != 1 || positive[n] != 0) continue;
        pairs += 1;
        right += scores[p] > scores[n] ? 1 : scores[p] == scores[n] ? 0.5 : 0;
      }
    EXPECT_NEAR(roc_metrics(positive, scores)->auc, right / pairs, 1e-12) << round;
  }
}

TEST(Roc, GroupsWidenTheInterval) {
  // Ten people of 30 examples; in two of them the scores stand upside down.
  std::vector<uint8_t> positive;
  std::vector<float> scores;
  std::vector<int64_t> person;
  Random random(1);
  for (int i = 0; i < 300; ++i) {
    person.push_back(i / 30);
    positive.push_back(i % 2 == 1);
    const double side = (i % 2 == 1) == (i / 30 >= 2) ? 1 : -1;
    scores.push_back(static_cast<float>(side + 0.1 * random.normal()));
  }
  const auto windows = roc_metrics(positive, scores);
  const auto people = roc_metrics(positive, scores, {person, 1000, 1});
  ASSERT_TRUE(windows.ok() && people.ok());
  EXPECT_GT(people->auc_ci95.high - people->auc_ci95.low, 2 * (windows->auc_ci95.high - windows->auc_ci95.low));
}

TEST(Roc, OneClassAgainstTheRest) {
  const std::vector<int32_t> truth = {0, 0, 1, 1};
  const std::vector<float> scores = {0.8f, 0.1f, 0.1f,   //
                                     0.4f, 0.5f, 0.1f,   //
                                     0.5f, 0.3f, 0.2f,   //
                                     0.1f, 0.9f, 0.0f};  // nobody is of class 2
  const auto result = one_vs_rest(truth, scores, 3);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_DOUBLE_EQ(result->auc[0], 0.75);
  EXPECT_DOUBLE_EQ(result->auc[1], 0.75);
  EXPECT_TRUE(std::isnan(result->auc[2])) << result->auc[2];
  EXPECT_DOUBLE_EQ(result->macro_auc, 0.75);
  EXPECT_TRUE(result->curve[2].empty());
  const std::vector<int32_t> one_class = {1, 1, 1, 1};
  const auto nothing = one_vs_rest(one_class, scores, 3);
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(std::isnan(nothing->macro_auc) && std::isnan(nothing->macro_auc_ci95.high));
}

TEST(Roc, BadInputIsNamed) {
  const std::vector<uint8_t> all = {1, 1}, both = {0, 1};
  const std::vector<float> finite = {1, 2}, poisoned = {1, NAN}, three = {1, 2, 3};
  EXPECT_NE(roc_metrics(all, finite).error().message.find("2 of 2"), std::string::npos);
  EXPECT_NE(roc_metrics(both, poisoned).error().message.find("example 1"), std::string::npos);
  EXPECT_EQ(roc_metrics(both, three).error().kind, Error::Kind::defect);
}

TEST(Roc, ThinnedCurvesKeepTheirEnds) {
  std::vector<RocPoint> curve;
  for (int i = 0; i <= 1000; ++i) curve.push_back({i / 1000.0, std::sqrt(i / 1000.0)});
  const std::vector<RocPoint> kept = thinned(curve, 100);
  ASSERT_EQ(kept.size(), 100u);
  EXPECT_EQ(kept.front(), curve.front());
  EXPECT_EQ(kept.back(), curve.back());
  EXPECT_EQ(thinned(kept, 200), kept);
}

}  // namespace
}  // namespace mote
