// Date-times of loggers as seconds.
#pragma once
#include <optional>
#include <string_view>

namespace mote {

// Seconds since 1970-01-01 UTC of "2015-02-04 17:51:00", "2015-02-04T17:51:00.250Z", "2015/02/04 17:51", "04.02.2015
// 17:51:00", "20150204T175100", "2015-02-04", an offset such as +01:00 applied; of a time alone ("17:51:00.5") seconds
// since midnight. A stamp without an offset is taken as UTC: only differences matter. Nothing for any other text.
std::optional<double> parse_date_time(std::string_view text);

}  // namespace mote
