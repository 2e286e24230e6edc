#include "toolchain/data/time_stamp.h"

#include <cstdint>

#include "toolchain/data/text.h"

namespace mote {
namespace {

// Reads a text from the left; any failure sticks.
struct Scanner {
  std::string_view rest;
  bool failed = false;

  int64_t digits(size_t least, size_t most) {
    int64_t value = 0;
    size_t n = 0;
    while (n < most && n < rest.size() && rest[n] >= '0' && rest[n] <= '9') value = value * 10 + (rest[n++] - '0');
    if (n < least) failed = true;
    rest.remove_prefix(n);
    return value;
  }
  bool take(char c) {
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool digit_at(size_t i) const { return i < rest.size() && rest[i] >= '0' && rest[i] <= '9'; }
};

// Days since 1970-01-01 in the Gregorian calendar: years start in March, so that the leap day is the last of a year.
int64_t days_from_date(int64_t year, int64_t month, int64_t day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int64_t scan_date(Scanner& text) {
  int64_t year, month, day;
  if (text.digit_at(2) && text.digit_at(3)) {  // year first
    year = text.digits(4, 4);
    const char separator = text.take('-') ? '-' : text.take('/') ? '/' : 0;
    month = text.digits(2, 2);
    if (separator != 0 && !text.take(separator)) text.failed = true;
    day = text.digits(2, 2);
  } else {  // day.month.year
    day = text.digits(1, 2);
    if (!text.take('.')) text.failed = true;
    month = text.digits(1, 2);
    if (!text.take('.')) text.failed = true;
    year = text.digits(4, 4);
  }
  if (month < 1 || month > 12 || day < 1 || day > 31) text.failed = true;
  return text.failed ? 0 : days_from_date(year, month, day);
}

double scan_time(Scanner& text) {
  const int64_t hour = text.digits(1, 2);
  const bool colons = text.take(':');
  const int64_t minute = text.digits(2, 2);
  int64_t second = 0;
  double fraction = 0, digit = 0.1;
  if (colons ? text.take(':') : text.digit_at(0)) {
    second = text.digits(2, 2);
    if (text.take('.') || text.take(','))
      for (; text.digit_at(0); digit /= 10) fraction += digit * static_cast<double>(text.digits(1, 1));
  }
  if (hour > 24 || minute > 59 || second > 60) text.failed = true;
  return static_cast<double>(hour * 3600 + minute * 60 + second) + fraction;
}

// Seconds to subtract for "Z", "+01:00", "-0530" or nothing.
double scan_offset(Scanner& text) {
  if (text.take('Z') || text.take('z')) return 0;
  const bool plus = text.take('+');
  if (!plus && !text.take('-')) return 0;
  const int64_t hours = text.digits(2, 2);
  text.take(':');
  const int64_t minutes = text.digit_at(0) ? text.digits(2, 2) : 0;
  return (plus ? 1.0 : -1.0) * static_cast<double>(hours * 3600 + minutes * 60);
}

}  // namespace

std::optional<double> parse_date_time(std::string_view text) {
  Scanner scanner{trimmed(text)};
  const bool time_only = scanner.rest.find(':') <= 2;
  double seconds = 0;
  if (!time_only) {
    seconds = 86400.0 * static_cast<double>(scan_date(scanner));
    if (!scanner.failed && scanner.rest.empty()) return seconds;
    if (!scanner.take('T') && !scanner.take(' ')) return std::nullopt;
    while (scanner.take(' ')) {
    }
  }
  seconds += scan_time(scanner);
  if (scanner.rest.size() > 1 && scanner.rest[0] == ' ') scanner.take(' ');
  seconds -= scan_offset(scanner);
  if (scanner.failed || !scanner.rest.empty()) return std::nullopt;
  return seconds;
}

}  // namespace mote
