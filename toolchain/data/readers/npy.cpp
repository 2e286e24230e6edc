// NumPy arrays: (readings,) or (readings, channels), or (windows, readings, channels).
#include <algorithm>
#include <cmath>
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

constexpr int64_t kRowsAtOnce = 1024;  // of which columns are taken one after the other: they stay in the cache

// Rows of the columns `chosen`; `windows` x `rows`, one window if the array has none.
std::vector<float> take_columns(const NpyNumbers& array, int64_t windows, int64_t rows,
                                const std::vector<int32_t>& chosen) {
  const std::vector<int64_t>& steps = array.steps();
  const int64_t window_step = steps.size() == 3 ? steps[0] : 0, row_step = steps[steps.size() == 3 ? 1 : 0],
                column_step = steps.size() == 1 ? 0 : steps.back();
  const auto width = static_cast<int64_t>(chosen.size());
  std::vector<float> values(static_cast<size_t>(windows * rows * width));
  float* out = values.data();
  for (int64_t window = 0; window < windows; ++window)
    for (int64_t row = 0; row < rows; row += kRowsAtOnce) {
      const int64_t count = std::min(kRowsAtOnce, rows - row), first = window * window_step + row * row_step;
      for (size_t c = 0; c < chosen.size(); ++c)
        array.gather(first + chosen[c] * column_step, row_step, count, out + c, width);
      out += count * width;
    }
  for (float& value : values)
    if (!std::isfinite(value)) value = std::numeric_limits<float>::quiet_NaN();
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
  MOTE_TRY(const NpyNumbers array, NpyNumbers::parse(task.file, bytes));
  const std::vector<int64_t>& shape = array.shape();
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
  series.values =
      shape.size() == 3 ? take_columns(array, shape[0], shape[1], chosen) : take_columns(array, 1, rows, chosen);
  if (shape.size() < 3) return series;
  series.window_rows = shape[1];
  for (int64_t i = 0; i < shape[0]; ++i) series.stretches.push_back({i * shape[1], (i + 1) * shape[1], 0, 0});
  return series;
}

}  // namespace

extern const Reader npy_reader;
const Reader npy_reader{"a NumPy array", "array", "npy", is_npy, true, read_array};

}  // namespace mote
