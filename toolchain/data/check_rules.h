// The rules behind check_data, by what they look at.
#pragma once
#include <string>
#include <vector>

#include "toolchain/data/check.h"
#include "toolchain/data/dataset.h"
#include "toolchain/data/series.h"
#include "toolchain/data/split.h"

namespace mote {

// What is normal for one channel, over all recordings.
struct ChannelProfile {
  double low = 0, high = 0;  // extremes
  double quarter[3] = {};    // quartiles
  double span = 0;           // between the 0.1 % and the 99.9 % quantile
  double large_step = 0;     // 99.5 % quantile of the distance of neighbouring readings
  double usual_run = 1;      // mean number of equal readings in a row
  int64_t distinct = 0;      // different values, counted up to 1000
};

// Rows of one file that have one label and one group, and the moments of its channels.
struct Passage {
  const Series* series = nullptr;
  int64_t begin = 0, end = 0;
  Stretch names;                              // of its label and group
  std::vector<double> mean, deviation, skew;  // by channel; values that are missing left out
  std::vector<double> correlation;            // channels x channels
  const std::string& label() const { return series->labels[static_cast<size_t>(names.label)]; }
  const std::string& group() const { return series->groups[static_cast<size_t>(names.group)]; }
};

struct CheckInput {
  const DataConfig* config = nullptr;
  const std::vector<std::string>*channels = nullptr, *units = nullptr;
  const std::vector<Series>* series = nullptr;
  const std::vector<Timing>* timings = nullptr;  // parallel to series
  std::vector<ChannelProfile> profiles;          // parallel to channels
  std::vector<Passage> passages;                 // in the order of series; none for a table
  double rate = 0;                               // Hz; 0 = not known, or a table

  bool sound() const { return rate >= kSoundRate; }
  // Of the file as it was recorded, before it is brought to the project's.
  double rate_of(const Series& one) const { return one.rate > 0 ? one.rate : rate; }
};
std::vector<ChannelProfile> profile_channels(const std::vector<Series>& series, size_t channels);
std::vector<Passage> find_passages(const std::vector<Series>& series, size_t channels);

// What every rule about recordings needs: readings by name, and findings with their place.
struct Scan {
  const CheckInput& input;
  std::vector<Finding>& findings;

  size_t channels() const { return input.channels->size(); }
  double value(const Series& series, int64_t row, size_t c) const {
    return static_cast<double>(series.values[static_cast<size_t>(row) * channels() + c]);
  }
  const std::string& channel(size_t c) const { return (*input.channels)[c]; }
  // Seconds from the start of the recording; -1 when it has neither time stamps nor a rate.
  double time(const Series& series, int64_t row) const {
    if (!input.config->timed() || row < 0) return -1;
    if (!series.seconds.empty()) return series.seconds[static_cast<size_t>(row)] - series.seconds[0];
    const double rate = input.rate_of(series);
    return rate > 0 ? static_cast<double>(series.reading(row)) / rate : -1;
  }
  // row -1 = the file as a whole. The reference lives until the next call.
  Finding& add(Severity severity, const char* kind, const Series& series, int64_t row, std::string what,
               const char* why, const char* todo) const {
    findings.push_back({severity, kind, series.file, row < 0 ? 0 : series.line(row), time(series, row), 1,
                        std::move(what), why, todo});
    return findings.back();
  }
  Change cut(const char* kind, const Series& series, int64_t begin, int64_t end) const {
    return {ChangeAction::cut, kind, series.file, series.reading(begin), series.reading(end - 1) + 1, "", {}};
  }
};

double median(std::vector<double> values);  // 0 for none
// Half of the distance between the quartiles over 0.6745: the deviation of normal numbers.
double robust_deviation(std::vector<double> values);

// Channels of three axes: names that differ in one letter only, x, y and z, side by side.
std::vector<size_t> find_triads(const std::vector<std::string>& channels);  // first channel of each

void check_missing(const CheckInput& input, std::vector<Finding>& findings);  // missing
void check_timing(const CheckInput& input, std::vector<Finding>& findings);   // gap, clock, drift, jitter, rate, short
void check_signals(const CheckInput& input, std::vector<Finding>& findings);  // constant, stuck, clipped, outlier, unit
void check_labels(const CheckInput& input, std::vector<Finding>& findings);   // label names that look like slips
void check_axes(const CheckInput& input, std::vector<Finding>& findings);     // axes: swapped or flipped
void check_levels(const CheckInput& input, std::vector<Finding>& findings);   // offset, silence, session
void check_hum(const CheckInput& input, std::vector<Finding>& findings);      // hum: 50 or 60 Hz
void check_pictures(const CheckInput& input, std::vector<Finding>& findings);  // size, blank: of images
// Of images: near_duplicate, mislabelled, conflict.
void check_alike_pictures(const CheckInput& input, const Dataset& dataset, std::vector<Finding>& findings);
// near_duplicate, mislabelled: of windows in the space of their statistics.
void check_neighbours(const CheckInput& input, const Dataset& dataset, std::vector<Finding>& findings);
void check_split(const DataConfig& config, const Dataset& dataset,
                 std::vector<Finding>& findings);  // imbalance, duplicate, ...

}  // namespace mote
