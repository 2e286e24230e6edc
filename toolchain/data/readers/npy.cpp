// NumPy arrays: (readings,) or (readings, channels), or (windows, readings, channels).
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/base/npy.h"
#include "toolchain/data/readers/reader.h"

namespace mote {
namespace {

bool is_npy(std::string_view head) {
  return head.starts_with("\x93NUMPY");
}

template <class T>
void widen(const NpyArray& array, std::vector<float>& values) {
  values.resize(array.data.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T number;
    std::memcpy(&number, array.data.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<float>(number);
  }
}

std::vector<float> numbers(const NpyArray& array) {
  std::vector<float> values;
  switch (array.dtype) {
    case DType::float32:
      widen<float>(array, values);
      break;
    case DType::int8:
      widen<int8_t>(array, values);
      break;
    case DType::int16:
      widen<int16_t>(array, values);
      break;
    case DType::int32:
      widen<int32_t>(array, values);
      break;
    case DType::int64:
      widen<int64_t>(array, values);
      break;
    default:
      widen<uint8_t>(array, values);
  }
  for (float& value : values)
    if (!(std::abs(value) <= std::numeric_limits<float>::max())) value = std::numeric_limits<float>::quiet_NaN();
  return values;
}

// An array has no names: those of mote.toml, one per column, else ch1, ch2, ...
std::vector<HeaderName> column_names(const ReadTask& task, size_t columns) {
  std::vector<HeaderName> names;
  for (size_t i = 0; i < columns; ++i)
    names.push_back(
        {task.config.channels.size() == columns ? task.config.channels[i] : fmt::format("ch{}", i + 1), ""});
  return names;
}

Result<Series> read_array(const ReadTask& task) {
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(task.path));
  MOTE_TRY(const NpyArray array, parse_npy(task.file, bytes));
  const std::vector<int64_t>& shape = array.shape;
  if (shape.empty() || shape.size() > 3)
    return input_error(
        fmt::format("{}: an array of {} dimensions; expected (readings, channels) or (windows, readings, "
                    "channels)",
                    task.file, shape.size()));
  const int64_t columns = shape.size() == 1 ? 1 : shape.back();
  const int64_t rows = shape[0] * (shape.size() == 3 ? shape[1] : 1);
  if (rows == 0 || columns == 0) return input_error(task.file + ": an array without readings");
  if (columns > 4096 || rows > INT32_MAX)
    return input_error(fmt::format("{}: {} readings of {} channels; expected at most 2^31 readings of 4096 channels",
                                   task.file, rows, columns));
  const std::vector<HeaderName> present = column_names(task, static_cast<size_t>(columns));
  MOTE_TRY(const std::vector<int32_t> chosen, choose_channels(task, present));
  std::vector<HeaderName> names;
  for (const int32_t c : chosen) names.push_back(present[static_cast<size_t>(c)]);
  agree_on_channels(task, names);
  Series series;
  series.rows = rows;
  const std::vector<float> values = numbers(array);
  series.values.reserve(static_cast<size_t>(rows) * chosen.size());
  for (int64_t row = 0; row < rows; ++row)
    for (const int32_t c : chosen) series.values.push_back(values[static_cast<size_t>(row * columns + c)]);
  if (shape.size() < 3) return series;
  series.window_rows = shape[1];
  for (int64_t i = 0; i < shape[0]; ++i) series.stretches.push_back({i * shape[1], (i + 1) * shape[1], 0, 0});
  return series;
}

}  // namespace

extern const Reader npy_reader;
const Reader npy_reader{"a NumPy array", "array", "npy", is_npy, true, read_array};

}  // namespace mote
