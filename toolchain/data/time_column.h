// Which column of a table holds the time, and in what unit: by its name.
#pragma once
#include <string>

namespace mote {

// Names of time columns, best first, as bare_name() gives them.
inline constexpr const char* kTimeNames[] = {
    "timestamp", "datetime",    "time",         "date",         "millis",     "micros", "epoch",
    "unixtime",  "timestampms", "timestampus",  "timestampns",  "timestamps", "timems", "timeus",
    "times",     "seconds",     "milliseconds", "microseconds", "t"};

// The name without case, unit and separators: "Time Stamp [ms]" is "timestamp".
std::string bare_name(const std::string& header);
bool names_time(const std::string& header);

// Seconds of the unit that a header states: "time [ms]", "timestamp_us", "millis"; 0 = it states none.
double header_unit(const std::string& header);

}  // namespace mote
