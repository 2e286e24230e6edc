#include "toolchain/data/record/stamp_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "toolchain/base/random.h"

namespace mote {
namespace {

// Stamps of a board whose readings, `rate` a second, reach the host in packets every `packet` seconds, each late by up
// to `delay`. Readings of [from, to) are not sent.
std::vector<Stamp> arrivals(double rate, double packet, double delay, int readings, int from = 0, int to = 0) {
  Random random(3);
  StampClock clock = StampClock::of_arrival(1 / rate * 1.02);  // a first guess that is 2 % off
  std::vector<Stamp> stamps;
  int next = 0;
  for (double time = packet; next < readings; time += packet) {
    std::vector<double> ticks;
    for (; next < readings && next / rate <= time; ++next)
      if (next < from || next >= to) ticks.push_back(0);
    for (const Stamp& stamp : clock.stamp(ticks, time + random.uniform() * delay)) stamps.push_back(stamp);
  }
  return stamps;
}

TEST(StampClock, ArrivalsInPacketsBecomeEvenStamps) {
  for (const auto& [rate, packet] : {std::pair{100.0, 0.001}, {100.0, 0.016}, {1000.0, 0.016}, {50.0, 0.05}}) {
    const std::vector<Stamp> stamps = arrivals(rate, packet, 0.004, 2000);
    ASSERT_EQ(stamps.size(), 2000u);
    double worst = 0;
    for (size_t i = 201; i < stamps.size(); ++i)
      worst = std::max(worst, std::abs((stamps[i].seconds - stamps[i - 1].seconds) * rate - 1));
    // A gap, to the reader of recordings, is a step of 1.75 periods.
    EXPECT_LT(worst, 0.35) << rate << " Hz, packets of " << packet;
    EXPECT_NEAR(stamps.back().seconds - stamps[200].seconds, 1799 / rate, 0.02);
    for (const Stamp& stamp : stamps) EXPECT_EQ(stamp.missing, 0);
  }
}

TEST(StampClock, AGapInArrivalsIsCountedAndLateReadingsAreNone) {
  int64_t missing = 0;
  for (const Stamp& stamp : arrivals(100, 0.01, 0.002, 2000, 1000, 1050)) missing += stamp.missing;
  EXPECT_NEAR(static_cast<double>(missing), 50, 2);

  StampClock clock = StampClock::of_arrival(0.01);
  for (int i = 0; i < 100; ++i) clock.stamp(std::vector<double>(1), i * 0.01);
  const std::vector<Stamp> burst = clock.stamp(std::vector<double>(40), 1.39);  // 0.4 s held back, nothing lost
  for (const Stamp& stamp : burst) EXPECT_EQ(stamp.missing, 0);
  EXPECT_NEAR(burst.back().seconds, 1.39, 0.02);
}

TEST(StampClock, DeviceTicksWithWrapGapJumpAndRepeat) {
  StampClock clock = StampClock::of_device({"us", 1e-6, 4294967296.0, 0.01});
  double now = 0;
  const auto next = [&](double ticks, double wait) { return clock.stamp(std::vector<double>{ticks}, now += wait)[0]; };
  const double start = 4294967296.0 - 15000;
  EXPECT_EQ(next(start, 0).seconds, 0);
  EXPECT_NEAR(next(start + 10000, 0.01).seconds, 0.01, 1e-9);
  const Stamp wrapped = next(5000, 0.01);
  EXPECT_FALSE(wrapped.jump);
  EXPECT_NEAR(wrapped.seconds, 0.02, 1e-9);
  EXPECT_TRUE(next(5000, 0).repeated);
  const Stamp gap = next(55000, 0.05);
  EXPECT_EQ(gap.missing, 4);
  EXPECT_NEAR(gap.seconds, 0.07, 1e-9);
  const Stamp back = next(1000, 0.01);  // the board was reset
  EXPECT_TRUE(back.jump);
  EXPECT_NEAR(back.seconds, 0.08, 1e-9);
  EXPECT_TRUE(next(60e6, 0.01).jump);  // a minute in a hundredth of a second
  for (int i = 1; i <= 600; ++i) next(60e6 + i * 10100, 0.01);
  EXPECT_NEAR(clock.device_pace(), 1.01, 0.001);
  EXPECT_NEAR(clock.rate(), 99.1, 0.2);
}

TEST(StampClock, CoarseTicksAreNoGaps) {
  StampClock clock = StampClock::of_device({"ms", 1e-3, 0, 0});  // 600 Hz: steps of 1 and 2 ms
  int64_t missing = 0;
  for (int i = 0; i < 2000; ++i)
    for (const Stamp& stamp : clock.stamp(std::vector<double>{std::floor(i / 0.6)}, i / 600.0))
      missing += stamp.missing;
  EXPECT_EQ(missing, 0);
  EXPECT_NEAR(clock.rate(), 600, 2);
}

TEST(StampClock, NearestUnit) {
  EXPECT_EQ(nearest_unit(500000, 0.45), 1e-6);
  EXPECT_EQ(nearest_unit(480, 0.5), 1e-3);
  EXPECT_EQ(nearest_unit(0.5, 0.5), 1);
}

}  // namespace
}  // namespace mote
