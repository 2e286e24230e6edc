// Numbers as people read them: three significant digits and a unit.
#pragma once
#include <cstdint>
#include <string>

namespace mote {

std::string format_bytes(double bytes);       // "412 B", "64 KiB", "1.5 MiB"
std::string format_seconds(double seconds);   // "870 us", "1.31 ms", "2 s"
std::string format_watts(double watts);       // "0.21 uW", "3 mW"
std::string format_joules(double joules);     // "41.2 uJ"
std::string format_count(int64_t count);      // "21,344"
std::string format_number(double value);      // "0.213", "18.4"; "-" when not finite
std::string format_percent(double fraction);  // 0.973 -> "97.3 %"

}  // namespace mote
