// Resizing an image by weighing the four pixels around each place. int8: places in 1/1024 of a pixel, sums of exact
// products, rounded once, ties away from zero; stored values are weighed as they are. Source: TFLite
// kernels/internal/reference/resize_bilinear.h (ResizeBilinear, ResizeBilinearInteger).
#pragma once
#include "device/resize.h"
#include "device/stored_as.h"

namespace mote {

constexpr int32_t kResizeBilinearCode = 23;

struct ResizeBilinearAttributes : ResizeAttributes {};

template <class V>
void visit(V& v, ResizeBilinearAttributes& a) {
  v.field(2, "align_corners", a.align_corners);
  v.field(3, "half_pixel_centers", a.half_pixel_centers);
}

// Output i stands `weight` behind pixel `lower`. In float, where both pixels are the first one, the weight may be
// negative.
template <class Weight>
struct Between {
  int32_t lower, upper;
  Weight weight;
};

struct BilinearAxisInt8 {
  using Weight = int32_t;
  int32_t input, output;
  int32_t scale, start;  // in 1/1024

  Between<int32_t> operator()(int32_t i) const {
    const int32_t place = i * scale + start, lower = place / 1024;
    if (place <= 0) return {0, 0, 0};
    // The rounded scale can lead behind the image, where the reference reads on.
    if (lower >= input - 1) return {input - 1, input - 1, 0};
    const int32_t weight = place % 1024;
    return {lower, weight > 0 ? lower + 1 : lower, weight};
  }
};

struct BilinearAxisFloat32 {
  using Weight = float;
  int32_t input, output;
  float scale, shift;  // shift: 0.5 for half-pixel centers

  Between<float> operator()(int32_t i) const {
    const float place = (static_cast<float>(i) + shift) * scale - shift;
    const int32_t whole = static_cast<int32_t>(place);  // -0.5 gives 0
    const int32_t after = place > static_cast<float>(whole) ? whole + 1 : whole, last = input - 1;
    return {whole < last ? whole : last, after < last ? after : last, place - static_cast<float>(whole)};
  }
};

// The pixels [y][x] around a place, low and high along each axis.
inline int8_t weigh(int32_t p00, int32_t p01, int32_t p10, int32_t p11, int32_t y, int32_t x) {
  const int32_t low = p00 * (1024 - x) + p01 * x, high = p10 * (1024 - x) + p11 * x;
  const int32_t sum = low * (1024 - y) + high * y, half = 1 << 19;
  return static_cast<int8_t>((sum > 0 ? sum + half : sum - half) / (1 << 20));
}
inline float weigh(float p00, float p01, float p10, float p11, float y, float x) {
  return p00 * (1 - y) * (1 - x) + p10 * y * (1 - x) + p01 * (1 - y) * x + p11 * y * x;
}

template <class T, class Axis>
struct ResizeBilinear {
  Axis y, x;
  int32_t batches, channels;
};
using ResizeBilinearInt8 = ResizeBilinear<int8_t, BilinearAxisInt8>;
using ResizeBilinearFloat32 = ResizeBilinear<float, BilinearAxisFloat32>;

// visit(offset of the image, y, x) for every pixel of the output in order; y and x: a Between.
template <class T, class Axis, class Visit>
void for_each_place(const ResizeBilinear<T, Axis>& p, const Visit& visit) {
  for (int32_t b = 0; b < p.batches; ++b)
    for (int32_t i = 0; i < p.y.output; ++i) {
      const Between<typename Axis::Weight> y = p.y(i);
      for (int32_t j = 0; j < p.x.output; ++j) visit(b * p.y.input * p.x.input * p.channels, y, p.x(j));
    }
}

template <class T, class Axis>
void resize_run(const ResizeBilinear<T, Axis>& p, const T* input, T* output) {
  using Place = Between<typename Axis::Weight>;
  for_each_place(p, [&](int32_t image, const Place& y, const Place& x) {
    const T* const low = input + image + y.lower * p.x.input * p.channels;
    const T* const high = input + image + y.upper * p.x.input * p.channels;
    const int32_t left = x.lower * p.channels, right = x.upper * p.channels;
    for (int32_t c = 0; c < p.channels; ++c)
      *output++ = weigh(low[left + c], low[right + c], high[left + c], high[right + c], y.weight, x.weight);
  });
}

inline void set_axis(const ResizeAttributes& a, int32_t input, int32_t output, BilinearAxisInt8& axis) {
  const bool aligned = a.align_corners && output > 1;
  const int32_t from = aligned ? input - 1 : input, to = aligned ? output - 1 : output;
  const int32_t scale = (1024 * from + to / 2) / to;
  axis = BilinearAxisInt8{input, output, scale, a.half_pixel_centers ? scale / 2 - 512 : 0};
}
inline void set_axis(const ResizeAttributes& a, int32_t input, int32_t output, BilinearAxisFloat32& axis) {
  axis = BilinearAxisFloat32{input, output, resize_scale(a, input, output), a.half_pixel_centers ? 0.5f : 0.0f};
}

template <class T, class Axis>
Status resize_setup(const ResizeBilinearAttributes& a, const TensorInfo& input, const TensorInfo& output,
                    ResizeBilinear<T, Axis>& p) {
  if (input.type != StoredAs<T>::kType) return Status::unsupported_type;
  if (a.half_pixel_centers && a.align_corners) return Status::unsupported_option;
  p.batches = input.shape[0];
  p.channels = input.shape[3];
  set_axis(a, input.shape[1], output.shape[1], p.y);
  set_axis(a, input.shape[2], output.shape[2], p.x);
  return Status::ok;
}

constexpr Kernel resize_bilinear_int8 = {kResizeBilinearCode,
                                         DType::int8,
                                         DType::int8,
                                         false,
                                         prepare_resize<ResizeBilinearAttributes, ResizeBilinearInt8>,
                                         invoke_resize<int8_t, ResizeBilinearInt8>};
constexpr Kernel resize_bilinear_float32 = {kResizeBilinearCode,
                                            DType::float32,
                                            DType::float32,
                                            false,
                                            prepare_resize<ResizeBilinearAttributes, ResizeBilinearFloat32>,
                                            invoke_resize<float, ResizeBilinearFloat32>};

}  // namespace mote
