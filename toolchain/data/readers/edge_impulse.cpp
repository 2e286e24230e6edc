// Edge Impulse's data acquisition format, as JSON or CBOR: {"protected": {"ver", "alg"}, "signature", "payload":
// {"device_name", "device_type", "interval_ms", "sensors": [{"name", "units"}], "values": [[...], ...]}}.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/base/json.h"
#include "toolchain/data/readers/reader.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr size_t kDeepest = 16;          // levels of nesting
constexpr size_t kSignatureDigits = 64;  // of HS256, in hexadecimal

// What the file says, collected while it is parsed: no tree of millions of numbers is built.
class Acquisition : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::string algorithm, signature, problem;
  double interval_ms = 0;
  bool has_payload = false;
  std::vector<HeaderName> sensors;
  std::vector<float> values;    // row after row
  std::vector<int64_t> widths;  // of rows that are not as wide as the first: row, width
  int64_t rows = 0, width = -1;

  bool null() override { return put(std::nan("")); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return put(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& text) override {
    if (in_values())
      return wrong(fmt::format("row {} of payload.values holds the text '{}'", rows, text.substr(0, 20)));
    const std::string where = path();
    if (where == "protected.alg") algorithm = text;
    if (where == "signature") signature = text;
    if (sensors.empty()) return true;  // also a key that only looks like the path of a sensor
    if (where == "payload.sensors[].name") sensors.back().name = text;
    if (where == "payload.sensors[].units") sensors.back().unit = text;
    return true;
  }
  bool binary(binary_t& bytes) override {
    if (in_values()) return wrong("payload.values holds bytes; expected numbers");
    if (path() == "signature")
      for (const uint8_t byte : bytes) signature += fmt::format("{:02x}", byte);
    return true;
  }
  bool start_object(size_t) override {
    if (in_values()) return wrong("payload.values holds an object; expected numbers");
    if (path() == "payload.sensors[]") sensors.emplace_back();
    has_payload = has_payload || path() == "payload";
    return enter(".");
  }
  bool key(string_t& name) override {
    keys_.back() = "." + name;
    return true;
  }
  bool end_object() override { return leave(); }
  bool start_array(size_t) override {
    if (in_values() && keys_.size() - values_level_ >= 2) return wrong("payload.values has rows within rows");
    if (!in_values() && path() == "payload.values") values_level_ = keys_.size();
    row_ = 0;
    return enter("[]");
  }
  bool end_array() override {
    if (in_values() && keys_.size() - values_level_ == 2) end_row(row_);
    leave();
    if (values_level_ == keys_.size()) values_level_ = kNowhere;
    return true;
  }
  bool parse_error(size_t at, const std::string&, const nlohmann::detail::exception&) override {
    return wrong(fmt::format("byte {} is not what can follow there: the file is cut off or damaged", at));
  }

 private:
  static constexpr size_t kNowhere = SIZE_MAX;

  bool in_values() const { return values_level_ != kNowhere; }
  bool wrong(std::string what) {
    problem = std::move(what);
    return false;
  }
  bool enter(const char* level) {
    if (keys_.size() >= kDeepest) return wrong(fmt::format("more than {} levels of nesting", kDeepest));
    keys_.emplace_back(level);
    return true;
  }
  bool leave() {
    keys_.pop_back();
    return true;
  }
  std::string path() const {
    std::string text;
    for (const std::string& key : keys_) text += key;
    return text.empty() ? text : text.substr(1);
  }
  void end_row(int64_t cells) {
    if (width < 0) width = cells;
    if (cells != width && widths.empty()) widths = {rows, cells};
    ++rows;
  }
  bool put(double value) {
    if (in_values()) {
      values.push_back(static_cast<float>(value));
      ++row_;
      if (keys_.size() - values_level_ == 1) end_row(1);  // one sensor: numbers without rows
      return true;
    }
    if (path() == "payload.interval_ms") interval_ms = value;
    return true;
  }

  std::vector<std::string> keys_;
  size_t values_level_ = kNowhere;  // depth of the array payload.values
  int64_t row_ = 0;                 // numbers in this row so far
};

// Python's json.dumps writes NaN and Infinity, which JSON lacks: null in their place is as much a missing reading.
std::vector<uint8_t> without_nan(std::vector<uint8_t> bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.find("NaN") == std::string_view::npos && text.find("Infinity") == std::string_view::npos) return bytes;
  std::vector<uint8_t> result;
  result.reserve(bytes.size() + bytes.size() / 8);
  bool quoted = false;
  while (!text.empty()) {
    size_t taken = quoted && text[0] == '\\' ? 2 : 1;
    if (text[0] == '"') quoted = !quoted;
    std::string_view written = text.substr(0, taken);
    for (const std::string_view word : {"-Infinity", "Infinity", "NaN"})
      if (!quoted && text.starts_with(word)) written = "null", taken = word.size();
    result.insert(result.end(), written.begin(), written.end());
    text.remove_prefix(std::min(taken, text.size()));
  }
  return result;
}

// HS256 needs the device's key, so only the form of a signature can be judged.
std::string doubt_about_signature(const Acquisition& file) {
  if (file.algorithm == "none") return "";
  if (file.algorithm.empty()) return "it does not say how it is signed (protected.alg)";
  if (file.algorithm != "HS256") return fmt::format("it is signed by '{}', which is not known", file.algorithm);
  const auto is_digit = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (file.signature.size() != kSignatureDigits || !std::all_of(file.signature.begin(), file.signature.end(), is_digit))
    return fmt::format("its signature is none: {} characters, expected {} hexadecimal digits", file.signature.size(),
                       kSignatureDigits);
  if (file.signature.find_first_not_of('0') == std::string::npos) return "its signature is all zeros: it is not signed";
  return "";
}

Result<void> check(const ReadTask& task, const Acquisition& file) {
  const auto wrong = [&](const std::string& what) {
    return input_error(fmt::format("{}: {}. Get the file again, or take it away", task.file, what));
  };
  if (!file.problem.empty()) return wrong(file.problem);
  if (!file.has_payload) return wrong("no 'payload': this is not a file of Edge Impulse's data acquisition format");
  if (file.sensors.empty()) return wrong("payload.sensors is missing; expected [{\"name\": ..., \"units\": ...}, ...]");
  if (file.rows == 0) return wrong("payload.values is missing or empty");
  const auto sensors = static_cast<int64_t>(file.sensors.size());
  if (!file.widths.empty())
    return wrong(fmt::format("row {} of payload.values has {} numbers, the rows above it have {}", file.widths[0],
                             file.widths[1], file.width));
  if (file.width != sensors)
    return wrong(fmt::format("rows of payload.values have {} numbers, but there are {} sensors", file.width, sensors));
  for (const HeaderName& sensor : file.sensors)
    if (sensor.name.empty()) return wrong("a sensor has no name");
  if (!task.config.table() && !(file.interval_ms > 0 && std::isfinite(file.interval_ms)))
    return wrong(
        fmt::format("payload.interval_ms is {:g}; expected the milliseconds between two readings", file.interval_ms));
  return {};
}

Result<Series> read_acquisition(const ReadTask& task, nlohmann::json::input_format_t format) {
  MOTE_TRY(std::vector<uint8_t> bytes, read_file(task.path));
  const bool json = format == nlohmann::json::input_format_t::json;
  if (json) bytes = without_nan(std::move(bytes));
  Acquisition file;
  nlohmann::json::sax_parse(bytes, &file, format, json);
  MOTE_CHECK(check(task, file));
  MOTE_TRY(const std::vector<int32_t> chosen, choose_channels(task, file.sensors));
  std::vector<HeaderName> names;
  for (const int32_t c : chosen) names.push_back(file.sensors[static_cast<size_t>(c)]);
  Series series;
  series.warnings = agree_on_channels(task, names);
  series.rows = file.rows;
  if (!task.config.table()) series.rate = 1000 / file.interval_ms;
  if (const std::string doubt = doubt_about_signature(file); !doubt.empty())
    series.warnings.push_back(fmt::format("{}: {}; read all the same", task.file, doubt));
  for (float& value : file.values)
    if (!std::isfinite(value)) value = std::nanf("");
  for (size_t row = 0; row < static_cast<size_t>(file.rows); ++row)
    for (const int32_t c : chosen)
      series.values.push_back(file.values[row * file.sensors.size() + static_cast<size_t>(c)]);
  return series;
}

bool is_json(std::string_view head) {
  const size_t at = head.find_first_not_of(" \t\r\n", head.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  return at != std::string_view::npos && head[at] == '{';
}
bool is_cbor(std::string_view head) {  // a map, with its length or without
  return !head.empty() && static_cast<unsigned char>(head[0]) >> 5 == 5;
}
Result<Series> read_json_file(const ReadTask& task) {
  return read_acquisition(task, nlohmann::json::input_format_t::json);
}
Result<Series> read_cbor_file(const ReadTask& task) {
  return read_acquisition(task, nlohmann::json::input_format_t::cbor);
}

}  // namespace

extern const Reader edge_impulse_json_reader, edge_impulse_cbor_reader;
const Reader edge_impulse_json_reader{"Edge Impulse JSON", "acquisition", "json", is_json, false, read_json_file};
const Reader edge_impulse_cbor_reader{"Edge Impulse CBOR", "acquisition", "cbor", is_cbor, false, read_cbor_file};

}  // namespace mote
