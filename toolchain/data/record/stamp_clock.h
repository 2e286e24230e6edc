// The time of each reading: by the board's clock when it sends one, else by when the readings arrived, smoothed.
#pragma once
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "toolchain/data/record/stream.h"

namespace mote {

struct Stamp {
  double seconds = 0;     // since the first reading
  int64_t missing = 0;    // readings that should have come before this one
  bool jump = false;      // the board's clock went back, or ran ahead of the host's: `seconds` goes on after the last
  bool repeated = false;  // the same tick as the one before
};

class StampClock {
 public:
  // `device`: ticks count, its unit is known. Else `period` seconds is the first guess, 0 = none yet.
  static StampClock of_device(const DeviceClock& device);
  static StampClock of_arrival(double period);

  // Of readings that arrived together at `now` (seconds of the host's steady clock); `ticks` one for each.
  std::vector<Stamp> stamp(std::span<const double> ticks, double now);

  double period() const { return period_; }  // seconds; 0 = not known
  double rate() const;                       // readings a second, gaps left out; 0 = not known
  // Seconds of the board's clock in one of the host's; 0 = not known (no such clock, or less than 5 s).
  double device_pace() const;

 private:
  Stamp device_stamp(double ticks, double now);
  std::vector<Stamp> arrival_stamps(size_t readings, double now);
  void count_step(double seconds, int64_t steps);
  double median_step() const;

  bool device_ = false;
  DeviceClock clock_;
  double period_ = 0;
  bool begun_ = false;
  double last_ = 0, last_ticks_ = 0, last_now_ = 0;  // stamp, tick and arrival of the last reading
  double origin_ = 0;                                // arrival of a reading with stamp 0
  std::deque<double> steps_;                         // of the device's clock, the last few
  double steady_seconds_ = 0;
  int64_t steady_steps_ = 0;
  double pace_device_ = 0, pace_host_ = 0;
};

// The unit of ticks of which nothing is said: the power of a thousand that comes nearest to the host's clock.
double nearest_unit(double ticks, double host_seconds);

}  // namespace mote
