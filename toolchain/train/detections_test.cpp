#include "toolchain/train/detections.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "toolchain/base/random.h"

namespace mote {
namespace {

constexpr int8_t kYes = 100, kNo = -100;
constexpr int16_t kNever = 128;

// Labels 0 (background) and 1, 2; windows of 10 readings every 5, at 10 Hz: a window lasts 1 s.
StreamShape shape() {
  return {10, 5, 10, 3, {0, 1, 1}};
}

// A stream in which the model says `answers`, one for each window, with certainty.
LabelledStream stream_of(const std::vector<int32_t>& answers, std::vector<LabelledTime> bouts) {
  LabelledStream stream;
  stream.bouts = std::move(bouts);
  stream.readings = 10 + 5 * (static_cast<int64_t>(answers.size()) - 1);
  for (const int32_t answer : answers)
    for (int32_t label = 0; label < 3; ++label) stream.outputs.push_back(label == answer ? kYes : kNo);
  return stream;
}

EventRule plain_rule() {
  return {1, 1, 0, {kNever, 0, 0}, 0};
}

DetectionMetrics metrics_of(const std::vector<LabelledStream>& streams, const EventRule& rule) {
  const auto metrics = detection_metrics(streams, shape(), rule);
  EXPECT_TRUE(metrics.ok()) << metrics.error().message;
  return metrics.ok() ? *metrics : DetectionMetrics{};
}

// Window w holds readings 5 w to 5 w + 9 and is over at 5 w + 10.
TEST(Detections, RightAndFalseOnesAndLatencyByHand) {
  // Event 1 lasts from 20 to 40. Window 4 (20 to 30) is the first that is all event.
  const std::vector<LabelledTime> bouts = {{0, 0, 20}, {1, 20, 40}, {0, 40, 100}};
  //                                     0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18
  const LabelledStream once = stream_of({0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}, bouts);
  DetectionMetrics metrics = metrics_of({once}, plain_rule());
  EXPECT_EQ(metrics.all.detected.hits, 1);
  EXPECT_EQ(metrics.all.detected.of, 1);
  EXPECT_EQ(metrics.labels[1].latencies, (std::vector<double>{1.0}));  // found at reading 30, which began at 20
  EXPECT_EQ(metrics.labels[1].right, 1);
  EXPECT_EQ(metrics.labels[1].wrong, 0);
  EXPECT_EQ(metrics.labels[2].wrong, 1);
  EXPECT_EQ(metrics.labels[2].detected.of, 0);
  EXPECT_DOUBLE_EQ(metrics.hours, 100 / 10.0 / 3600);
  EXPECT_DOUBLE_EQ(metrics.all.false_per_hour, 360);
  EXPECT_EQ(metrics.labels[0].detected.of, 0);  // background is no event

  // Twice in one event is right both times, and the event is found once; a wrong label in it is false.
  const LabelledStream twice = stream_of({0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, bouts);
  metrics = metrics_of({twice}, plain_rule());
  EXPECT_EQ(metrics.all.detected.hits, 1);
  EXPECT_EQ(metrics.labels[1].right, 2);
  EXPECT_EQ(metrics.labels[1].latencies, (std::vector<double>{0.5}));  // window 3 ends at 25
  EXPECT_EQ(metrics.all.wrong, 1);
}

TEST(Detections, AWindowThatHoldsTheEndOfAnEventMayStillFindIt) {
  const std::vector<LabelledTime> bouts = {{0, 0, 20}, {1, 20, 40}, {0, 40, 60}};
  std::vector<int32_t> answers(11, 0);
  answers[7] = 1;  // readings 35 to 44
  EXPECT_EQ(metrics_of({stream_of(answers, bouts)}, plain_rule()).all.detected.hits, 1);
  answers[7] = 0, answers[8] = 1;  // readings 40 to 49: nothing of it is left
  EXPECT_EQ(metrics_of({stream_of(answers, bouts)}, plain_rule()).all.detected.hits, 0);
  EXPECT_EQ(metrics_of({stream_of(answers, bouts)}, plain_rule()).all.wrong, 1);
  // Debounced, an answer rests on the window before, too.
  answers[7] = answers[8] = 1;
  EventRule rule = plain_rule();
  rule.debounce = 2;
  EXPECT_EQ(metrics_of({stream_of(answers, bouts)}, rule).all.detected.hits, 1);
  EXPECT_EQ(metrics_of({stream_of(answers, bouts)}, rule).labels[1].latencies, (std::vector<double>{3.0}));
}

TEST(Detections, TwoEventsOfOneLabelAreFoundOneAfterTheOther) {
  const std::vector<LabelledTime> bouts = {{1, 0, 12}, {0, 12, 14}, {1, 14, 60}};
  std::vector<int32_t> answers(11, 0);
  answers[1] = answers[2] = 1;  // both windows hold readings of both
  const DetectionMetrics metrics = metrics_of({stream_of(answers, bouts)}, plain_rule());
  EXPECT_EQ(metrics.all.detected.hits, 2);
  EXPECT_EQ(metrics.all.wrong, 0);
}

TEST(Detections, DebouncingAndQuietTimeAreTheFirmwares) {
  const std::vector<LabelledTime> bouts = {{1, 0, 60}};
  const LabelledStream stream = stream_of({1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1}, bouts);
  EventRule rule = plain_rule();
  rule.debounce = 2, rule.refractory = 3;
  std::vector<int64_t> windows;
  for (const Detection& each : detections_of(stream, shape(), rule)) windows.push_back((each.reading - 10) / 5);
  EXPECT_EQ(windows, (std::vector<int64_t>{3, 7}));
  // The firmware starts anew with each stream: the quiet time does not reach into the next.
  EXPECT_EQ(metrics_of({stream, stream}, rule).all.right, 4);
}

TEST(Detections, EventsInStreamsThatAreTooShortAreCounted) {
  EventRule rule = plain_rule();
  rule.debounce = 3;
  const DetectionMetrics metrics =
      metrics_of({stream_of({1, 1}, {{1, 0, 15}}), stream_of({1, 1, 1}, {{1, 0, 20}})}, rule);
  EXPECT_EQ(metrics.too_short, 1);
  EXPECT_EQ(metrics.all.detected.hits, 1);
  EXPECT_EQ(metrics.all.detected.of, 2);
}

TEST(Detections, OutputsMustBeOneForEachWindow) {
  LabelledStream stream = stream_of({1, 1}, {{1, 0, 15}});
  stream.readings = 20;
  EXPECT_FALSE(detection_metrics({stream}, shape(), plain_rule()).ok());
}

TEST(Detections, PoissonIntervals) {
  // Exact ones (Garwood 1936): 0: 0 to 3.689, 5: 1.623 to 11.668, 20: 12.217 to 30.888.
  EXPECT_NEAR(poisson_interval(0).high, 3.689, 0.001);
  EXPECT_EQ(poisson_interval(0).low, 0);
  EXPECT_NEAR(poisson_interval(5).low, 1.623, 0.03);
  EXPECT_NEAR(poisson_interval(5).high, 11.668, 0.03);
  EXPECT_NEAR(poisson_interval(20).low, 12.217, 0.03);
  EXPECT_NEAR(poisson_interval(20).high, 30.888, 0.03);
}

// Scores of label 1: `levels`, one for each window; label 0 has the rest.
LabelledStream levelled(const std::vector<int>& levels, std::vector<LabelledTime> bouts) {
  LabelledStream stream = stream_of(std::vector<int32_t>(levels.size(), 0), std::move(bouts));
  for (size_t w = 0; w < levels.size(); ++w) {
    stream.outputs[3 * w] = static_cast<int8_t>(-levels[w]);
    stream.outputs[3 * w + 1] = static_cast<int8_t>(levels[w]);
  }
  return stream;
}

TEST(RuleChoice, TheThresholdLiesBetweenWhatIsRightAndWhatIsFalse) {
  // Events score 60 and 80, nothing 30 at most: between 31 and 60 all is right, and the middle is taken.
  const LabelledStream stream = levelled({0, 0, 30, 0, 0, 80, 0, 0, 0, 0, 60, 0, 0, 20, 0},
                                         {{0, 0, 25}, {1, 25, 35}, {0, 35, 50}, {1, 50, 60}, {0, 60, 80}});
  const auto rule = choose_rule({stream}, shape(), {0, 1, 1, 0});
  ASSERT_TRUE(rule.ok()) << rule.error().message;
  EXPECT_EQ(rule->thresholds[1], (31 + 60) / 2);
  EXPECT_EQ(rule->thresholds[0], kNever);  // background
  EXPECT_EQ(metrics_of({stream}, *rule).all.detected.hits, 2);
  EXPECT_EQ(metrics_of({stream}, *rule).all.wrong, 0);
}

TEST(RuleChoice, TheLimitDecidesHowManyAreFound) {
  // One false detection scores more than one of the events. The stream lasts 8 s.
  const LabelledStream stream = levelled({0, 0, 70, 0, 0, 80, 0, 0, 0, 0, 60, 0, 0, 0, 0},
                                         {{0, 0, 25}, {1, 25, 35}, {0, 35, 50}, {1, 50, 60}, {0, 60, 80}});
  const double one = 3600 / 8.0;  // per hour
  const auto strict = choose_rule({stream}, shape(), {0.9 * one, 1, 1, 0}),
             loose = choose_rule({stream}, shape(), {one, 1, 1, 0});
  ASSERT_TRUE(strict.ok() && loose.ok());
  EXPECT_EQ(metrics_of({stream}, *strict).all.detected.hits, 1);
  EXPECT_EQ(metrics_of({stream}, *strict).all.wrong, 0);
  EXPECT_EQ(metrics_of({stream}, *loose).all.detected.hits, 2);
  EXPECT_EQ(metrics_of({stream}, *loose).all.wrong, 1);
}

TEST(RuleChoice, DebouncingIsChosenWhereItTellsApart) {
  // False answers are as sure as right ones, but come alone; events last three windows.
  const LabelledStream stream = levelled({0, 90, 0, 0, 90, 90, 90, 0, 0, 90, 0, 0, 90, 90, 90, 0, 0},
                                         {{0, 0, 20}, {1, 20, 40}, {0, 40, 60}, {1, 60, 80}, {0, 80, 90}});
  const auto rule = choose_rule({stream}, shape(), {0, {}, {}, 0});
  ASSERT_TRUE(rule.ok());
  EXPECT_GT(rule->debounce * rule->smoothing, 1);
  EXPECT_EQ(metrics_of({stream}, *rule).all.detected.hits, 2);
  EXPECT_EQ(metrics_of({stream}, *rule).all.wrong, 0);
  // What is stated stays.
  const auto stated = choose_rule({stream}, shape(), {0, 1, 1, 0});
  EXPECT_EQ(stated->debounce, 1);
  EXPECT_EQ(stated->smoothing, 1);
  EXPECT_EQ(metrics_of({stream}, *stated).all.wrong, 0);
}

TEST(RuleChoice, NothingWithinTheLimitIsNever) {
  const LabelledStream stream = levelled({0, 90, 0, 0}, {{0, 0, 25}});
  const auto rule = choose_rule({stream}, shape(), {0, 1, 1, 0});
  ASSERT_TRUE(rule.ok());
  EXPECT_EQ(metrics_of({stream}, *rule).all.right + metrics_of({stream}, *rule).all.wrong, 0);
}

// Whatever the outputs: the limit holds on what the rule was chosen on, and no single rule of those that are tried with
// one threshold for all finds more.
TEST(RuleChoice, KeepsTheLimitAndFindsMost) {
  Random random(7);
  for (int trial = 0; trial < 10; ++trial) {
    std::vector<LabelledStream> streams;
    for (int s = 0; s < 4; ++s) {
      std::vector<LabelledTime> bouts;
      LabelledStream stream = stream_of(std::vector<int32_t>(60, 0), {});
      for (int64_t at = 0; at < stream.readings;) {
        const int64_t end = std::min<int64_t>(stream.readings, at + 10 + static_cast<int64_t>(40 * random.uniform()));
        bouts.push_back({bouts.size() % 2 == 0 ? 0 : 1 + static_cast<int32_t>(2 * random.uniform()), at, end});
        at = end;
      }
      stream.bouts = bouts;
      for (size_t w = 0; w < 60; ++w)
        for (int32_t label = 0; label < 3; ++label) {
          const auto middle = static_cast<int64_t>(5 * w + 5);
          const auto now =
              std::find_if(bouts.begin(), bouts.end(), [&](const auto& bout) { return middle < bout.end; });
          stream.outputs[3 * w + static_cast<size_t>(label)] =
              static_cast<int8_t>(static_cast<int32_t>(120 * random.uniform()) - 60 + (now->label == label ? 40 : 0));
        }
      streams.push_back(std::move(stream));
    }
    const double limit = 200.0 * trial;
    const auto chosen = choose_rule(streams, shape(), {limit, {}, {}, 2});
    ASSERT_TRUE(chosen.ok());
    const DetectionMetrics best = metrics_of(streams, *chosen);
    EXPECT_LE(best.all.false_per_hour, limit + 1e-6);
    for (const int32_t smoothing : {1, 2, 4})
      for (const int32_t debounce : {1, 2, 5})
        for (int32_t threshold = -128; threshold <= 128; threshold += 4) {
          const auto level = static_cast<int16_t>(threshold);
          const DetectionMetrics other = metrics_of(streams, {smoothing, debounce, 2, {kNever, level, level}, 0});
          if (other.all.false_per_hour > limit + 1e-6) continue;
          EXPECT_LE(other.all.detected.hits, best.all.detected.hits);
        }
  }
}

TEST(RuleChoice, OfAnomaliesIsTheLowestScoreWithinTheLimit) {
  StreamShape one = shape();
  one.labels = 1, one.counts = {1};
  LabelledStream normal;  // 19 windows, 10 s
  normal.bouts = {{kNothing, 0, 100}};
  normal.readings = 100;
  for (int w = 0; w < 19; ++w) normal.scores.push_back(0.1f * static_cast<float>(w % 10));  // 0.9 once, 0.8 twice
  const auto none = choose_rule({normal}, one, {0, {}, {}, 0});
  ASSERT_TRUE(none.ok()) << none.error().message;
  EXPECT_FLOAT_EQ(static_cast<float>(none->score_above), 0.9f);
  const auto two = choose_rule({normal}, one, {2 * 360, {}, {}, 0});  // 0.9, and both of 0.8 would be one too many
  EXPECT_FLOAT_EQ(static_cast<float>(two->score_above), 0.8f);
  LabelledStream fault = normal;
  fault.bouts = {{kNothing, 0, 50}, {0, 50, 100}};
  fault.scores.assign(19, 0.0f);
  fault.scores[12] = 2;
  const auto metrics = detection_metrics({fault}, one, *none);
  EXPECT_EQ(metrics->all.detected.hits, 1);
  EXPECT_EQ(metrics->all.wrong, 0);
  EXPECT_EQ(metrics->all.latencies, (std::vector<double>{2.0}));  // window 12 is over at 70
}

}  // namespace
}  // namespace mote
