// The rate of a project's recordings: one, which mote.toml states or their time stamps have.
#pragma once
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/data/series.h"

namespace mote {

// The one rate of all recordings, or an error that names the ones that disagree. `timings` parallel to `series`.
Result<double> common_rate(const DataConfig& config, const std::vector<Series>& series,
                           const std::vector<Timing>& timings);
// Window or stride in readings.
Result<int32_t> in_readings(const std::string& key, const TimeSpan& span, double rate);
// A recording so far from the rate that its time stamps must be in another unit would not be resampled but made up.
// Error: it is so far off; names the file.
Result<void> check_time_unit(const std::string& file, const Timing& timing, double wanted);

}  // namespace mote
