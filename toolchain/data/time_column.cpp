#include "toolchain/data/time_column.h"

#include <algorithm>

#include "toolchain/data/csv.h"
#include "toolchain/data/text.h"

namespace mote {

std::string bare_name(const std::string& header) {
  std::string name;
  for (const char c : lower_case(split_unit(header).name))
    if (c != '_' && c != ' ' && c != '-') name += c;
  return name;
}

bool names_time(const std::string& header) {
  return std::find(std::begin(kTimeNames), std::end(kTimeNames), bare_name(header)) != std::end(kTimeNames);
}

double header_unit(const std::string& header) {
  const std::string name = bare_name(header), unit = lower_case(split_unit(header).unit);
  if (unit == "s" || unit == "sec" || unit == "seconds" || name == "seconds") return 1;
  if (unit == "ms" || name == "millis" || name == "milliseconds" || name.ends_with("ms")) return 1e-3;
  if (unit == "us" || unit == "\xC2\xB5s" || name == "micros" || name == "microseconds" || name.ends_with("us"))
    return 1e-6;
  if (unit == "ns" || name.ends_with("ns")) return 1e-9;
  return 0;
}

}  // namespace mote
