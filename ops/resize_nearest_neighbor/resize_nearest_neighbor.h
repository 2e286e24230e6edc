// Resizing an image by repeating or leaving out pixels. Any type: pixels are copied as bytes. The pixel is found in
// float arithmetic, as in TFLite kernels/internal/reference/resize_nearest_neighbor.h.
#pragma once
#include "device/resize.h"

namespace mote {

constexpr int32_t kResizeNearestNeighborCode = 97;

struct ResizeNearestNeighborAttributes : ResizeAttributes {};

template <class V>
void visit(V& v, ResizeNearestNeighborAttributes& a) {
  v.field(0, "align_corners", a.align_corners);
  v.field(1, "half_pixel_centers", a.half_pixel_centers);
}

struct NearestAxis {
  int32_t input, output;
  float scale, offset;
  float up;  // added before rounding down: 0.5 rounds to nearest
};

// The whole part of x + up. REQUIRES: x >= 0; up 0 or 0.5. (The sum itself could round.)
inline int32_t whole_part(float x, float up) {
  const int32_t whole = static_cast<int32_t>(x);
  return up > 0 && x - static_cast<float>(whole) >= up ? whole + 1 : whole;
}

inline int32_t nearest(const NearestAxis& axis, int32_t i) {
  const int32_t place = whole_part((static_cast<float>(i) + axis.offset) * axis.scale, axis.up);
  return place < axis.input ? place : axis.input - 1;
}

struct ResizeNearestNeighbor {
  NearestAxis y, x;
  int32_t batches, run;  // run: bytes of a pixel
};

inline NearestAxis nearest_axis(const ResizeAttributes& a, int32_t input, int32_t output) {
  return NearestAxis{input, output, resize_scale(a, input, output), a.half_pixel_centers ? 0.5f : 0.0f,
                     a.align_corners ? 0.5f : 0.0f};
}

inline Status resize_setup(const ResizeNearestNeighborAttributes& a, const TensorInfo& input, const TensorInfo& output,
                           ResizeNearestNeighbor& p) {
  const int32_t size = element_bytes(input.type);
  if (size == 0) return Status::unsupported_type;
  p = ResizeNearestNeighbor{nearest_axis(a, input.shape[1], output.shape[1]),
                            nearest_axis(a, input.shape[2], output.shape[2]), input.shape[0], input.shape[3] * size};
  return Status::ok;
}

// A row that repeats is copied whole.
inline void resize_run(const ResizeNearestNeighbor& p, const void* input, void* output) {
  const uint8_t* image = static_cast<const uint8_t*>(input);
  uint8_t* to = static_cast<uint8_t*>(output);
  const int32_t row = p.x.input * p.run, output_row = p.x.output * p.run;
  for (int32_t b = 0; b < p.batches; ++b, image += p.y.input * row) {
    int32_t last = -1;
    for (int32_t y = 0; y < p.y.output; ++y, to += output_row) {
      const int32_t from = nearest(p.y, y);
      if (from == last) {
        __builtin_memcpy(to, to - output_row, static_cast<size_t>(output_row));
        continue;
      }
      last = from;
      for (int32_t x = 0; x < p.x.output; ++x)
        __builtin_memcpy(to + x * p.run, image + from * row + nearest(p.x, x) * p.run, static_cast<size_t>(p.run));
    }
  }
}

constexpr Kernel resize_nearest_neighbor_any = {kResizeNearestNeighborCode,
                                                kAnyType,
                                                kAnyType,
                                                false,
                                                prepare_resize<ResizeNearestNeighborAttributes, ResizeNearestNeighbor>,
                                                invoke_resize<void, ResizeNearestNeighbor>};

}  // namespace mote
