// Operators by rows: a compiled model goes through some of its operators together, a few rows of the last one's output
// at a time. Of the tensors between them only the rows that are still needed are in memory.
#pragma once
#include "device/window.h"

namespace mote {

// Rows [first, end) of a tensor [1, H, W, C], one behind the other.
template <class T>
struct RowBuffer {
  T* memory;  // of row `first`
  int32_t row_elements;
  int32_t first, end;

  T* row(int32_t y) const { return memory + (y - first) * row_elements; }

  // Rows before `y` are needed no more.
  void keep_from(int32_t y) {
    if (y > end) y = end;
    if (y <= first) return;
    __builtin_memmove(memory, row(y), static_cast<size_t>((end - y) * row_elements) * sizeof(T));
    first = y;
  }
};

// The first row inside the image that output row `y` of a window sees.
constexpr int32_t first_row_seen(const WindowAxis& whole, int32_t y) {
  return y * whole.stride > whole.before ? y * whole.stride - whole.before : 0;
}

// The window on output rows [first, end), which sees rows from first_row_seen(first) up to `inputs`.
constexpr WindowAxis window_on_rows(const WindowAxis& whole, int32_t first, int32_t end, int32_t inputs) {
  const int32_t top = first_row_seen(whole, first);
  return WindowAxis{inputs - top, end - first,    whole.filter,
                    whole.stride, whole.dilation, static_cast<int16_t>(top - first * whole.stride + whole.before)};
}

constexpr int32_t lesser(int32_t a, int32_t b) {
  return a < b ? a : b;
}

// Rows of an output after step `t` of so many: `rate` more after each, `ahead` before the first.
constexpr int32_t rows_after(int32_t t, int32_t rate, int32_t ahead, int32_t most) {
  return rate * t + ahead < most ? rate * t + ahead : most;
}

}  // namespace mote
