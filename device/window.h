// Where a sliding window (convolution, pooling) stands on one axis of an image.
#pragma once
#include "device/types.h"

namespace mote {

// Numbers are those of TFLite's Padding.
enum class Padding : int8_t { same = 0, valid = 1 };

// Tap k of output o reads input o * stride - before + k * dilation, which may lie outside: 0 <= that < input is false.
struct WindowAxis {
  int32_t input, output;
  int16_t filter, stride, dilation;
  int16_t before;  // padding at the low end
};

// Whether a tensor has the dimensions of these images.
__attribute__((noinline)) inline bool is_image(const Shape& shape, int32_t batches, int32_t height, int32_t width,
                                               int32_t channels) {
  return shape.rank == 4 && shape[0] == batches && shape[1] == height && shape[2] == width && shape[3] == channels;
}

// Taps [first, last) of a window that lie inside the image.
struct TapRange {
  int32_t first, last;
};

// Rows or columns of zeros around an image, inside what the padding adds. No file has them: in a compiled model they
// are what a PAD before the window put there.
struct WindowBorder {
  int16_t before = 0, after = 0;
};

// Output size and padding as TFLite has them (kernels/padding.h). False: a size or step below 1, a window that does not
// fit (VALID), or one beyond 32767.
constexpr bool window_axis(int32_t input, int32_t filter, int32_t stride, int32_t dilation, int8_t padding,
                           WindowAxis& axis) {
  if (input < 1 || filter < 1 || stride < 1 || dilation < 1 || stride > INT16_MAX || dilation > INT16_MAX) return false;
  const int64_t span = (int64_t{filter} - 1) * dilation + 1;
  if (span > INT16_MAX) return false;
  const bool same = padding == static_cast<int8_t>(Padding::same);
  if (!same && (padding != static_cast<int8_t>(Padding::valid) || span > input)) return false;
  if (input > INT32_MAX - INT16_MAX) return false;  // no tensor is that large
  const int32_t output = (same ? input - 1 : input - static_cast<int32_t>(span)) / stride + 1;
  const int32_t outside = (output - 1) * stride + static_cast<int32_t>(span) - input;
  axis = WindowAxis{input,
                    output,
                    static_cast<int16_t>(filter),
                    static_cast<int16_t>(stride),
                    static_cast<int16_t>(dilation),
                    static_cast<int16_t>(outside > 0 ? outside / 2 : 0)};
  return true;
}

// The same for an image with a border.
constexpr bool window_axis(int32_t input, int32_t filter, int32_t stride, int32_t dilation, int8_t padding,
                           WindowBorder border, WindowAxis& axis) {
  if (input < 1 || input > INT32_MAX - int32_t{2} * INT16_MAX || border.before < 0 || border.after < 0 ||
      !window_axis(input + border.before + border.after, filter, stride, dilation, padding, axis) ||
      int32_t{axis.before} + border.before > INT16_MAX)
    return false;
  axis.input = input;
  axis.before = static_cast<int16_t>(axis.before + border.before);
  return true;
}

// `origin`: the input that tap 0 reads.
constexpr TapRange taps_inside(const WindowAxis& axis, int32_t origin) {
  int32_t first = origin >= 0 ? 0 : -origin, last = axis.input > origin ? axis.input - origin : 0;
  if (axis.dilation != 1) {  // both rounded up
    first = (first + axis.dilation - 1) / axis.dilation;
    last = (last + axis.dilation - 1) / axis.dilation;
  }
  return TapRange{first, last < axis.filter ? last : axis.filter};
}

}  // namespace mote
