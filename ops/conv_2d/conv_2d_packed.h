// Convolution of the compiled engine: weights as device/packed_dot.h has them, their columns filled up with zeros to
// whole chunks of four, the input's zero point folded into the starts of the sums. The same bytes as conv_2d_run().
//
// Two pixels at a time share the loads of the weights and their widening. Their patches lie interleaved, 16 bytes a
// chunk of four elements: (e0 e2) of both pixels, then (e1 e3) of both, which is the order of SXTB16.
// A pixel's outputs are written after its patch was read, pixels in rising order, two by two: the output may lie over
// the part of the input that no later patch needs.
#pragma once
#include "device/packed_dot.h"
#include "ops/conv_2d/conv_2d.h"
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

// The rows of weights come with a table, kConvGroupWords for each four: what their sums begin with - in whole groups
// (r0 + 256 * r1), r0, (r2 + 256 * r3), r2, else r0, r1, r2 - then of each row the doubled multiplier and 2^(33 +
// shift).
constexpr int32_t kConvGroupWords = 12;

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

// requantize_to_int8() in terms of the table. REQUIRES: shift <= -3.
inline int8_t conv_packed_output(int32_t sum, const int32_t* scale, int32_t rounding) {
  const int32_t high = doubling_high_mul(sum, static_cast<int32_t>(static_cast<uint32_t>(scale[0]) >> 1));
  const int32_t scaled = static_cast<int32_t>((int64_t{high + (high >> 31)} * scale[1]) >> 32);
  return static_cast<int8_t>(clamp((scaled + rounding) >> 1, -128, 127));
}

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
      const int32_t* const table = p.table + kConvGroupWords * i;
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
    output[0] = conv_packed_output(static_cast<int32_t>(even), scales, p.rounding);
    output[1] = conv_packed_output(static_cast<int32_t>(both - even) >> 8, scales + 2, p.rounding);
  }
};

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) && !defined(__PIC__)  // else too few registers are free
using ConvPackedPrimitives = ConvPackedDsp;
#else
using ConvPackedPrimitives = PortableConvPacked;
#endif

// Makes one patch of the two, from runs of input bytes and of border; for conv_2d_patch().
template <class Primitives>
class ConvPackedPatch {
 public:
  ConvPackedPatch(int16_t* out, int32_t /*elements*/, int32_t /*depth*/, int32_t border)
      : out_(out), border_(static_cast<int16_t>(border)) {}

  __attribute__((noinline)) void zeros(int32_t count) {
    for (; filled_ == 0 && count >= 4; count -= 4, out_ += 8) out_[0] = out_[1] = out_[4] = out_[5] = border_;
    for (; count > 0; --count) append(border_);
  }
  __attribute__((noinline)) void run(const int8_t* input, int32_t count) {
    for (; filled_ != 0 && count > 0; --count) append(*input++);
    const int32_t whole = count & ~3;
    Primitives::widen(input, whole, out_);
    out_ += 2 * whole;
    for (int32_t i = whole; i < count; ++i) append(input[i]);
  }
  void finish() {
    while (filled_ != 0) append(0);
  }

 private:
  void append(int16_t x) {
    out_[(filled_ & 1) * 4 + (filled_ >> 1)] = x;
    filled_ = (filled_ + 1) & 3;
    if (filled_ == 0) out_ += 8;
  }

  int16_t* out_;
  int16_t border_;
  int32_t filled_ = 0;  // elements of the last chunk
};

// The rows behind the last whole group, for one pixel.
inline void conv_2d_packed_rest(const ConvPackedPixels& p, int32_t n, int32_t count, int32_t pixel, int8_t* output) {
  const int8_t* w = p.weights;
  for (int32_t r = 0; r < count; ++r) {
    uint32_t sum = static_cast<uint32_t>(p.table[r]);
    for (int32_t i = 0; i < n; ++i)
      sum += static_cast<uint32_t>(p.patches[8 * (i >> 2) + 4 * (i & 1) + ((i >> 1) & 1) + 2 * pixel] * *w++);
    output[r] = conv_packed_output(static_cast<int32_t>(sum), p.table + 4 + 2 * r, p.rounding);
  }
}

// What stays the same from one pair of pixels to the next.
template <class Primitives>
class ConvPackedRun {
 public:
  ConvPackedRun(const Conv2DPacked& p, const int8_t* weights, const int32_t* table, int16_t* patches)
      : p_(p), columns_(conv_2d_packed_columns(p.g)), groups_(p.g.outputs / kPackedRows) {
    pixels_ = {patches, patches + 2 * columns_, weights, table, nullptr, 0, p.rounding, groups_};
  }

  void make_patch(const int8_t* input, int32_t y, int32_t x, int32_t pixel) const {
    const Conv2DGeometry& g = p_.g;
    int16_t* const patch = const_cast<int16_t*>(pixels_.patches) + 2 * pixel;
    if (g.y.filter == 1 && g.x.filter == 1) {
      Patch out(patch, g.depth, g.depth, p_.border);
      out.run(input + (y * g.y.stride * g.x.input + x * g.x.stride) * g.inputs, g.depth);
      out.finish();
    } else {
      conv_2d_patch<Patches>(g, input, p_.border, y, x, patch);
    }
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
    behind.table += groups_ * kConvGroupWords;
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
