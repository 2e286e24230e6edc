// Convolution of the compiled engine with weights in program memory (device/flash_rows.h). The same bytes as
// conv_2d_run(). A pixel at a time, in order, after all that it sees was read into a patch.
#pragma once
#include "device/flash_rows.h"
#include "ops/conv_2d/conv_2d.h"

namespace mote {

struct Conv2DFlash {
  Conv2DGeometry g;  // one group
  int32_t border;    // what stands outside the image: the input's zero point
  FlashRows rows;    // of one pixel
};

// Makes a patch of input bytes, for conv_2d_patch().
class FlashPatch {
 public:
  FlashPatch(int16_t* out, int32_t /*elements*/, int32_t /*depth*/, int32_t border)
      : out_(reinterpret_cast<int8_t*>(out)), border_(static_cast<int8_t>(border)) {}
  void zeros(int32_t count) {
    for (; count > 0; --count) *out_++ = border_;
  }
  void run(const int8_t* input, int32_t count) {
    for (; count > 0; --count) *out_++ = *input++;
  }
  void finish() {}

 private:
  int8_t* out_;
  int8_t border_;
};

struct FlashPatches {
  using Patch = FlashPatch;
};

// `scratch`: a patch.
template <class Dot = FlashDot>
void conv_2d_flash_run(const Conv2DFlash& p, FlashAddress weights, FlashAddress records, const int8_t* input,
                       int8_t* output, void* scratch) {
  const Conv2DGeometry& g = p.g;
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * g.x.input * g.inputs) {
    for (int32_t y = 0; y < g.y.output; ++y) {
      for (int32_t x = 0; x < g.x.output; ++x, output += g.outputs) {
        conv_2d_patch<FlashPatches>(g, input, p.border, y, x, static_cast<int16_t*>(scratch));
        flash_rows_run<Dot>(p.rows, weights, records, static_cast<const int8_t*>(scratch), output);
      }
    }
  }
}

}  // namespace mote
