#include "toolchain/data/record/stamp_clock.h"

#include <algorithm>
#include <cmath>

namespace mote {
namespace {

constexpr size_t kSteps = 15;
constexpr double kGapPeriods = 1.75;    // as measure_timing() sees a gap
constexpr double kArrivalSlack = 0.15;  // seconds that an operating system may hold readings back
constexpr double kJumpSlack = 2;        // seconds
constexpr double kPaceSeconds = 5;
// Phase and frequency gain of the loop that follows the arrivals (second order, critically damped).
constexpr double kPhaseGain = 0.1, kPeriodGain = kPhaseGain * kPhaseGain / 4;

}  // namespace

double nearest_unit(double ticks, double host_seconds) {
  const double units[] = {1, 1e-3, 1e-6, 1e-9};
  if (!(ticks > 0) || !(host_seconds > 0)) return 1e-3;
  return *std::min_element(std::begin(units), std::end(units), [&](double a, double b) {
    return std::abs(std::log(a * ticks / host_seconds)) < std::abs(std::log(b * ticks / host_seconds));
  });
}

StampClock StampClock::of_device(const DeviceClock& device) {
  StampClock clock;
  clock.device_ = true;
  clock.clock_ = device;
  clock.period_ = device.period;
  return clock;
}

StampClock StampClock::of_arrival(double period) {
  StampClock clock;
  clock.period_ = period;
  return clock;
}

double StampClock::median_step() const {
  std::vector<double> steps(steps_.begin(), steps_.end());
  if (steps.empty()) return 0;
  const auto middle = steps.begin() + static_cast<int64_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

void StampClock::count_step(double seconds, int64_t steps) {
  steady_seconds_ += seconds;
  steady_steps_ += steps;
}

Stamp StampClock::device_stamp(double ticks, double now) {
  double step = ticks - last_ticks_;
  if (step < 0 && clock_.modulus > 0 && step + clock_.modulus < clock_.modulus / 2) step += clock_.modulus;
  step *= clock_.unit;
  Stamp stamp;
  stamp.jump = step < 0 || step > now - last_now_ + kJumpSlack;
  stamp.repeated = step == 0;
  if (stamp.jump) {
    stamp.seconds = last_ + period_;
    steps_.clear();
    pace_device_ = pace_host_ = 0;
  } else {
    stamp.seconds = last_ + step;
    // Two ticks more: a coarse clock's rounding is no gap.
    if (period_ > 0 && step > kGapPeriods * period_ && step > period_ + 2 * clock_.unit)
      stamp.missing = std::llround(step / period_) - 1;
    else
      count_step(step, 1);
    if (step > 0) steps_.push_back(step);
    if (steps_.size() > kSteps) steps_.pop_front();
    period_ = steps_.empty() ? period_ : median_step();
    pace_device_ += step;
    pace_host_ += now - last_now_;
  }
  last_ = stamp.seconds;
  last_ticks_ = ticks;
  last_now_ = now;
  return stamp;
}

std::vector<Stamp> StampClock::stamp(std::span<const double> ticks, double now) {
  std::vector<Stamp> stamps;
  if (ticks.empty()) return stamps;
  if (!begun_) {
    begun_ = true;
    stamps.push_back({});
    last_ticks_ = ticks[0];
    last_now_ = now;
    last_ = 0;
    ticks = ticks.subspan(1);
    if (!device_) {  // those that came with the first are before it
      for (size_t i = 0; i < ticks.size(); ++i) stamps.push_back({last_ += period_, 0, false, false});
      origin_ = now - last_;
      return stamps;
    }
  }
  if (device_) {
    for (const double tick : ticks) stamps.push_back(device_stamp(tick, now));
    return stamps;
  }
  return arrival_stamps(ticks.size(), now);
}

std::vector<Stamp> StampClock::arrival_stamps(size_t readings, double now) {
  std::vector<Stamp> stamps;
  const auto count = static_cast<double>(readings);
  const double arrived = now - origin_;
  const double expected = last_ + count * period_, late = arrived - expected;
  double end = 0, start = last_;
  int64_t missing = 0;
  if (period_ > 0 && late > std::max(kArrivalSlack, (kGapPeriods - 1) * period_)) {
    end = arrived;
    start = end - count * period_;
    missing = std::llround((start - last_) / period_);
  } else {
    end = period_ > 0 ? std::max(expected + kPhaseGain * late, last_ + count * period_ / 2) : arrived;
    period_ = std::max(0.0, period_ + kPeriodGain * late / count);
    count_step(end - last_, static_cast<int64_t>(readings));
  }
  for (size_t i = 1; i <= readings; ++i)
    stamps.push_back({start + (end - start) * static_cast<double>(i) / count, i == 1 ? missing : 0, false, false});
  last_ = end;
  return stamps;
}

double StampClock::rate() const {
  return steady_seconds_ > 0 ? static_cast<double>(steady_steps_) / steady_seconds_ : 0;
}

double StampClock::device_pace() const {
  return device_ && pace_host_ >= kPaceSeconds ? pace_device_ / pace_host_ : 0;
}

}  // namespace mote
