// Fixed-point and float functions against libm in double.
#include "device/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "device/float_math.h"

namespace mote {
namespace {

TEST(FixedPoint, ExpIsCloseAndNeverRises) {
  int32_t before = 0;
  for (int64_t a = INT32_MIN; a <= 0; a += 9973) {
    const int32_t got = exp_on_negative_values(static_cast<int32_t>(a));
    const double want = std::exp(static_cast<double>(a) / (1 << 26));
    ASSERT_NEAR(static_cast<double>(got) / 2147483648.0, want, 3e-7) << a;  // the series stops at x^4
    ASSERT_GE(got, before - 8) << a;                                        // monotonic but for the last bits
    before = got;
  }
  EXPECT_EQ(exp_on_negative_values(0), INT32_MAX);
}

TEST(FixedPoint, ReciprocalIsClose) {
  for (int64_t a = 0; a <= INT32_MAX; a += 99991) {
    const double want = 1.0 / (1.0 + static_cast<double>(a) / 2147483648.0);
    ASSERT_NEAR(static_cast<double>(one_over_one_plus(static_cast<int32_t>(a))) / 2147483648.0, want, 1e-8) << a;
  }
}

TEST(FloatMath, ExpWithinTwoTenMillionths) {
  double worst = 0;
  for (float x = -87.3f; x <= 88.7f; x += 0.00037f)
    worst = std::max(worst, std::abs(static_cast<double>(exp_float(x)) / std::exp(static_cast<double>(x)) - 1.0));
  EXPECT_LT(worst, 2.5e-7);
  EXPECT_EQ(exp_float(0.0f), 1.0f);
  EXPECT_EQ(exp_float(-1000.0f), 0.0f);
  EXPECT_EQ(exp_float(-INFINITY), 0.0f);
  EXPECT_EQ(exp_float(1000.0f), INFINITY);
  EXPECT_TRUE(std::isnan(exp_float(NAN)));
}

TEST(FloatMath, RoundsTiesAwayFromZeroAndSaturates) {
  std::mt19937 random(3);
  for (int i = 0; i < 1000000; ++i) {
    const float x = (static_cast<float>(random()) - 2147483648.0f) / static_cast<float>(1u << (random() % 32));
    const float want = std::round(x);
    if (std::abs(want) >= 1073741824.0f) continue;
    ASSERT_EQ(round_to_int32(x), static_cast<int32_t>(want)) << x;
  }
  for (int i = -1000; i <= 1000; ++i) ASSERT_EQ(round_to_int32(static_cast<float>(i) / 2), std::lround(i / 2.0)) << i;
  EXPECT_EQ(round_to_int32(0.49999997f), 0);
  EXPECT_EQ(round_to_int32(INFINITY), 1 << 30);
  EXPECT_EQ(round_to_int32(-1e30f), -(1 << 30));
  EXPECT_EQ(round_to_int32(NAN), 0);
}

}  // namespace
}  // namespace mote
