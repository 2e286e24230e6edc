#include "toolchain/train/compare.h"

#include <gtest/gtest.h>

#include <vector>

#include "toolchain/base/random.h"

namespace mote {
namespace {

TEST(Compare, SignTestIsTheBinomialOfAFairCoin) {
  EXPECT_EQ(sign_test(0, 0), 1);
  EXPECT_NEAR(sign_test(0, 5), 2.0 / 32, 1e-12);
  EXPECT_NEAR(sign_test(1, 8), 2.0 * 9 / 256, 1e-12);
  EXPECT_NEAR(sign_test(7, 8), 2.0 * 9 / 256, 1e-12);
  EXPECT_EQ(sign_test(4, 8), 1);
  EXPECT_NEAR(sign_test(400, 1000), 2.7280e-10, 2e-13);  // scipy.stats.binomtest(400, 1000).pvalue
}

TEST(Compare, ClassifiersDifferWhereOnlyOneIsRight) {
  const std::vector<int32_t> truth(100, 1);
  std::vector<int32_t> first(100, 1), second(100, 1);
  for (size_t i = 0; i < 10; ++i) first[i] = 0;
  second[0] = second[50] = 0;  // both wrong in one, only the second in another
  const Result<PairedTest> test = compare_classifiers(truth, first, second);
  ASSERT_TRUE(test.ok());
  EXPECT_EQ(test->only_second, 9);
  EXPECT_EQ(test->only_first, 1);
  EXPECT_NEAR(test->difference, 0.08, 1e-12);
  EXPECT_NEAR(test->p, sign_test(1, 10), 1e-12);
  EXPECT_LT(test->difference_ci95.low, 0.08);
  EXPECT_GT(test->difference_ci95.high, 0.08);
  EXPECT_FALSE(compare_classifiers(truth, first, std::span(second).first(99)).ok());
  EXPECT_FALSE(compare_classifiers({}, {}, {}).ok());
}

TEST(Compare, RegressorsByTheirMeanAbsoluteErrors) {
  Random random(1);
  std::vector<float> truth, exact, noisy, worse;
  for (int i = 0; i < 400; ++i) {
    truth.push_back(static_cast<float>(random.normal()));
    noisy.push_back(truth.back() + static_cast<float>(0.1 * random.normal()));
    exact.push_back(truth.back() + static_cast<float>(0.1 * random.normal()));
    worse.push_back(truth.back() + static_cast<float>(0.13 * random.normal()));
  }
  const Result<PairedTest> equal = compare_regressors(truth, exact, noisy, 2);
  const Result<PairedTest> different = compare_regressors(truth, exact, worse, 2);
  ASSERT_TRUE(equal.ok() && different.ok());
  EXPECT_EQ(equal->count, 200);
  EXPECT_GT(equal->p, 0.05);
  EXPECT_LT(different->p, 0.01);
  EXPECT_GT(different->difference_ci95.low, 0);
  EXPECT_NEAR(different->difference, 0.03 * 0.798, 0.01);  // of the mean of |N(0, 1)|
}

}  // namespace
}  // namespace mote
