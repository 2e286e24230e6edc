// Convolution of the compiled engine: weights as device/packed_dot.h has them, their columns filled up with zeros to
// whole chunks of four, the input's zero point folded into the starts of the sums. The same bytes as conv_2d_run().
//
// Two pixels at a time share the loads of the weights and their widening. Their patches lie interleaved, 16 bytes a
// chunk of four elements: (e0 e2) of both pixels, then (e1 e3) of both, which is the order of SXTB16.
// Pixels are written in order, two by two, after both patches were read: the output may lie over the part of the input
// that no later patch needs.
#pragma once
#include "device/packed_dot.h"
#include "device/packed_scale.h"
#include "ops/conv_2d/conv_2d.h"
#include "ops/conv_2d/conv_2d_lanes.h"
#if defined(__ARM_FEATURE_DSP)
#include "ops/conv_2d/conv_2d_packed_dsp.h"
#endif

namespace mote {

struct Conv2DPacked {
  Conv2DGeometry g;  // one group
  int32_t border;    // what stands outside the image: the input's zero point
  int32_t rounding;  // 2 * the output's zero point + 1
};

// Elements of a patch with what fills up the last chunk.
constexpr int32_t conv_2d_packed_columns(const Conv2DGeometry& g) {
  return (g.patch() + 3) & ~3;
}

// The sums of whole groups of rows begin with (r0 + 256 * r1), r0, (r2 + 256 * r3), r2; device/packed_scale.h has the
// table.

// What is to be done for two pixels.
struct ConvPackedPixels {
  const int16_t *patches, *end;
  const int8_t* weights;
  const int32_t* table;
  int8_t* output;
  int32_t step;  // bytes from the outputs of the first pixel to those of the second
  int32_t rounding;
  int32_t groups;
};

// The inner primitives. This is the portable form; an ISA's form gives the same numbers, bit for bit.
struct PortableConvPacked {
  // Widens whole chunks.
  static void widen(const int8_t* input, int32_t count, int16_t* out) {
    for (; count > 0; count -= 4, input += 4, out += 8) {
      out[0] = input[0];
      out[1] = input[2];
      out[4] = input[1];
      out[5] = input[3];
    }
  }

  // All whole groups of rows, of both pixels.
  static void run(const ConvPackedPixels& p) {
    const int16_t* pairs = reinterpret_cast<const int16_t*>(p.weights);
    const int32_t chunks = static_cast<int32_t>(p.end - p.patches) / 8;
    for (int32_t i = 0; i < p.groups; ++i, pairs += 8 * chunks) {
      const int32_t* const table = p.table + kScaleWords * i;
      for (int32_t k = 0; k < 4; ++k)  // pixel and pair of rows
        two_rows(p, chunks, pairs + 4 * (k & 1), k >> 1, table + 2 * (k & 1), table + 4 + 4 * (k & 1),
                 p.output + 4 * i + 2 * (k & 1) + (k >> 1) * p.step);
    }
  }

 private:
  static void two_rows(const ConvPackedPixels& p, int32_t chunks, const int16_t* pairs, int32_t pixel,
                       const int32_t* start, const int32_t* scales, int8_t* output) {
    const int16_t* x = p.patches + 2 * pixel;
    uint32_t both = static_cast<uint32_t>(start[0]), even = static_cast<uint32_t>(start[1]);
    for (int32_t i = 0; i < chunks; ++i, x += 8, pairs += 8) {
      for (int32_t e = 0; e < 4; ++e) {
        const int32_t element = x[(e & 1) + 2 * (e & 2)];
        both += static_cast<uint32_t>(element * pairs[e]);
        even += static_cast<uint32_t>(element * static_cast<int8_t>(pairs[e]));
      }
    }
    output[0] = packed_output(static_cast<int32_t>(even), scales, p.rounding);
    output[1] = packed_output(static_cast<int32_t>(both - even) >> 8, scales + 2, p.rounding);
  }
};

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) && !defined(__PIC__)  // else too few registers are free
using ConvPackedPrimitives = ConvPackedDsp;
#else
using ConvPackedPrimitives = PortableConvPacked;
#endif

// Makes one patch of the two, from runs of input bytes and of border; for conv_2d_patch(). Runs that are not whole
// chunks are first put together as bytes, behind the patches.
template <class Primitives>
class ConvPackedPatch {
 public:
  ConvPackedPatch(int16_t* out, int32_t elements, int32_t depth, int32_t border)
      : out_(out),
        bytes_(depth % 4 == 0 ? nullptr : reinterpret_cast<int8_t*>(out) + conv_2d_bytes_place(elements)),
        at_(bytes_),
        border_(static_cast<int8_t>(border)),
        elements_(elements) {}

  void zeros(int32_t count) {
    if (bytes_ != nullptr) {
      for (; count > 0; --count) *at_++ = border_;
    } else {
      for (; count > 0; count -= 4, out_ += 8) out_[0] = out_[1] = out_[4] = out_[5] = border_;
    }
  }
  void run(const int8_t* input, int32_t count) {
    if (bytes_ == nullptr) {
      Primitives::widen(input, count, out_);
      out_ += 2 * count;
      return;
    }
    for (; count >= 4; count -= 4, input += 4, at_ += 4) __builtin_memcpy(at_, input, 4);
    for (; count > 0; --count) *at_++ = *input++;
  }
  // Elements beyond the last are whatever is there: their weights are zeros.
  void finish() {
    if (bytes_ != nullptr) Primitives::widen(bytes_, (elements_ + 3) & ~3, out_);
  }

 private:
  int16_t* out_;
  int8_t *bytes_, *at_;  // nullptr: all runs are whole chunks
  int8_t border_;
  int32_t elements_;
};

// The rows behind the last whole group, for one pixel.
inline void conv_2d_packed_rest(const ConvPackedPixels& p, int32_t n, int32_t count, int32_t pixel, int8_t* output) {
  const int8_t* w = p.weights;
  for (int32_t r = 0; r < count; ++r) {
    uint32_t sum = static_cast<uint32_t>(p.table[r]);
    for (int32_t i = 0; i < n; ++i)
      sum += static_cast<uint32_t>(p.patches[8 * (i >> 2) + 4 * (i & 1) + ((i >> 1) & 1) + 2 * pixel] * *w++);
    output[r] = packed_output(static_cast<int32_t>(sum), p.table + 4 + 2 * r, p.rounding);
  }
}

// What stays the same from one pair of pixels to the next.
template <class Primitives>
class ConvPackedRun {
 public:
  ConvPackedRun(const Conv2DPacked& p, const int8_t* weights, const int32_t* table, int16_t* patches)
      : p_(p),
        columns_(conv_2d_packed_columns(p.g)),
        groups_(p.g.outputs / kPackedRows),
        row_(p.g.x.input * p.g.inputs),
        run_(p.g.x.filter * p.g.depth),
        dilated_(p.g.y.dilation != 1 || p.g.x.dilation != 1) {
    pixels_ = {patches, patches + 2 * columns_, weights, table, nullptr, 0, p.rounding, groups_};
  }

  void make_patch(const int8_t* input, int32_t y, int32_t x, int32_t pixel) const {
    const Conv2DGeometry& g = p_.g;
    const int32_t top = y * g.y.stride - g.y.before, left = x * g.x.stride - g.x.before;
    int16_t* const patch = const_cast<int16_t*>(pixels_.patches) + 2 * pixel;
    if (top < 0 || left < 0 || top + g.y.filter > g.y.input || left + g.x.filter > g.x.input || dilated_) {
      conv_2d_patch<Patches>(g, input, p_.border, y, x, patch);
      return;
    }
    Patch out(patch, g.patch(), g.depth, p_.border);
    const int8_t* row = input + (top * g.x.input + left) * g.inputs;
    for (int32_t ky = g.y.filter; ky > 0; --ky, row += row_) out.run(row, run_);
    out.finish();
  }

  // The outputs of two pixels, `step` apart.
  void multiply(int8_t* output, int32_t step) {
    pixels_.output = output;
    pixels_.step = step;
    if (groups_ > 0) Primitives::run(pixels_);
    const int32_t whole = groups_ * kPackedRows, rest = p_.g.outputs - whole;
    if (rest == 0) return;
    ConvPackedPixels behind = pixels_;
    behind.weights += whole * columns_;
    behind.table += groups_ * kScaleWords;
    for (int32_t pixel = 0; pixel < 2; ++pixel)
      conv_2d_packed_rest(behind, columns_, rest, pixel, output + whole + pixel * step);
  }

 private:
  using Patch = ConvPackedPatch<Primitives>;
  struct Patches {
    using Patch = ConvPackedPatch<Primitives>;
  };

  const Conv2DPacked& p_;
  int32_t columns_, groups_;
  int32_t row_, run_;  // bytes of a row of the image, and of what a window sees of it
  bool dilated_;
  ConvPackedPixels pixels_;
};

// `scratch`: conv_2d_scratch_bytes(), aligned to 4 bytes. Not inlined, so that all calls share it.
template <class Primitives = ConvPackedPrimitives>
__attribute__((noinline)) void conv_2d_packed_run(const Conv2DPacked& p, const int8_t* input, const int8_t* weights,
                                                  const int32_t* table, int8_t* output, void* scratch) {
  const Conv2DGeometry& g = p.g;
  ConvPackedRun<Primitives> run(p, weights, table, static_cast<int16_t*>(scratch));
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * g.x.input * g.inputs) {
    for (int32_t left = g.pixels(), y = 0, x = 0; left > 0; left -= 2) {
      const bool second = left > 1;  // else the last pixel twice
      for (int32_t pixel = 0; pixel < 2; ++pixel) {
        run.make_patch(input, y, x, pixel);
        if (second && ++x == g.x.output) x = 0, ++y;
      }
      run.multiply(output, second ? g.outputs : 0);
      output += (1 + second) * g.outputs;
    }
  }
}

}  // namespace mote
