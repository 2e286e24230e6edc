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
  // Those of two pixels, of which the second's are `step` bytes behind.
  static void widen_both(const int8_t* input, int32_t step, int32_t count, int16_t* out) {
    widen(input, count, out);
    widen(input + step, count, out + 2);
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

// Makes one patch of the two, from runs of input bytes and of border. Runs that are not whole chunks are first put
// together as bytes.
template <class Primitives>
class ConvPackedPatch {
 public:
  // For conv_2d_patch().
  ConvPackedPatch(int16_t* out, int32_t elements, int32_t depth, int32_t border)
      : ConvPackedPatch(out, depth % 4 == 0 ? nullptr : reinterpret_cast<int8_t*>(out) + conv_2d_bytes_place(elements),
                        elements, border) {}
  // `bytes`: room for all elements and three more; nullptr: all runs are whole chunks.
  ConvPackedPatch(int16_t* out, int8_t* bytes, int32_t elements, int32_t border)
      : out_(out), bytes_(bytes), at_(bytes), border_(static_cast<int8_t>(border)), elements_(elements) {}

  void zeros(int32_t count) {
    if (bytes_ == nullptr) {
      for (; count > 0; count -= 4, out_ += 8) out_[0] = out_[1] = out_[4] = out_[5] = border_;
      return;
    }
    const uint32_t word = static_cast<uint8_t>(border_) * 0x01010101u;
    for (int32_t i = 0; i < count; i += 4) __builtin_memcpy(at_ + i, &word, sizeof word);
    at_ += count;
  }
  void run(const int8_t* input, int32_t count) {
    if (bytes_ == nullptr) {
      Primitives::widen(input, count, out_);
      out_ += 2 * count;
    } else {
      for (; count > 0; --count) *at_++ = *input++;
    }
  }
  // The same, but may read up to three bytes behind the run.
  void run_of_words(const int8_t* input, int32_t count) {
    if (bytes_ == nullptr) return run(input, count);
    for (int32_t i = 0; i < count; i += 4) __builtin_memcpy(at_ + i, input + i, sizeof(uint32_t));
    at_ += count;
  }
  // Elements beyond the last are whatever is there: their weights are zeros.
  void finish() {
    if (bytes_ != nullptr) Primitives::widen(bytes_, (elements_ + 3) & ~3, out_);
  }

 private:
  int16_t* out_;
  int8_t *bytes_, *at_;
  int8_t border_;
  int32_t elements_;
};

// The rows behind the last whole group.
__attribute__((noinline)) inline void conv_2d_packed_rest(const ConvPackedPixels& p, int32_t columns, int32_t count) {
  // Without this GCC 12 drops the calls: its induction variables leave the address of a scale without a base, which its
  // search for pure functions (ipa-pure-const, "NULL memory access") takes for null, so that it never sees the store.
  __asm__ volatile("" ::: "memory");
  for (int32_t pixel = 0; pixel < 2; ++pixel) {
    const int8_t* w = p.weights + p.groups * kPackedRows * columns;
    const int32_t* const table = p.table + p.groups * kScaleWords;
    int8_t* const output = p.output + p.groups * kPackedRows + pixel * p.step;
    for (int32_t r = 0; r < count; ++r) {
      uint32_t sum = static_cast<uint32_t>(table[r]);
      for (int32_t i = 0; i < columns; ++i)
        sum += static_cast<uint32_t>(p.patches[8 * (i >> 2) + 4 * (i & 1) + ((i >> 1) & 1) + 2 * pixel] * *w++);
      output[r] = packed_output(static_cast<int32_t>(sum), table + 4 + 2 * r, p.rounding);
    }
  }
}

// The outputs of the patches of two pixels.
template <class Primitives>
class ConvPackedOutputs {
 public:
  ConvPackedOutputs(const Conv2DPacked& p, const int8_t* weights, const int32_t* table, const int16_t* patches)
      : columns_(conv_2d_packed_columns(p.g)),
        rest_(p.g.outputs % kPackedRows),
        pixels_{patches, patches + 2 * columns_, weights, table, nullptr, 0, p.rounding, p.g.outputs / kPackedRows} {}

  // `step` apart. With 0 those of the second are what stays.
  void write(int8_t* output, int32_t step) {
    pixels_.output = output;
    pixels_.step = step;
    if (pixels_.groups > 0) Primitives::run(pixels_);
    if (rest_ > 0) conv_2d_packed_rest(pixels_, columns_, rest_);
  }

 private:
  int32_t columns_, rest_;
  ConvPackedPixels pixels_;
};

// Windows of one pixel, whole chunks of channels, and as many as the input has pixels. `scratch`:
// conv_2d_scratch_bytes(), aligned to 4 bytes. Not inlined, so that all calls share it.
template <class Primitives = ConvPackedPrimitives>
__attribute__((noinline)) void conv_2d_packed_pointwise_run(const Conv2DPacked& p, const int8_t* input,
                                                            const int8_t* weights, const int32_t* table, int8_t* output,
                                                            void* scratch) {
  int16_t* const patches = static_cast<int16_t*>(scratch);
  ConvPackedOutputs<Primitives> outputs(p, weights, table, patches);
  const int32_t depth = p.g.depth, step = p.g.outputs;
  int32_t left = p.g.batches * p.g.pixels();
  for (; left > 1; left -= 2, input += 2 * depth, output += 2 * step) {
    Primitives::widen_both(input, depth, depth, patches);
    outputs.write(output, step);
  }
  if (left == 0) return;
  Primitives::widen_both(input, 0, depth, patches);
  outputs.write(output, 0);
}

// The windows of images, one after the other. kDilated: some have gaps.
template <class Primitives, bool kDilated>
class ConvPackedWindows {
 public:
  ConvPackedWindows(const Conv2DPacked& p, const int8_t* input, int16_t* patches)
      : g_(p.g),
        border_(p.border),
        row_(p.g.x.input * p.g.inputs),
        run_(p.g.x.filter * p.g.depth),
        last_top_(p.g.y.input - p.g.y.filter),
        last_left_(p.g.x.input - p.g.x.filter),
        patches_(patches),
        bytes_(p.g.depth % 4 == 0 ? nullptr : reinterpret_cast<int8_t*>(patches) + conv_2d_bytes_place(p.g.patch())),
        image_(input) {}

  // The patches of the next two.
  void next_two() {
    const Place first = next(), second = next();
    if (kDilated || !is_inside(first) || !is_inside(second)) {
      patch(first, 0);
      patch(second, 1);
      return;
    }
    const int32_t columns = conv_2d_packed_columns(g_), step = static_cast<int32_t>(second.input - first.input);
    if (bytes_ == nullptr) {
      int16_t* out = patches_;
      const int8_t* row = first.input;
      for (int32_t ky = g_.y.filter; ky > 0; --ky, row += row_, out += 2 * run_)
        Primitives::widen_both(row, step, run_, out);
    } else {
      gather(first.input, bytes_);
      gather(second.input, bytes_ + columns + 4);
      Primitives::widen_both(bytes_, columns + 4, columns, patches_);
    }
  }
  // That of the next, as the second.
  void next_one() { patch(next(), 1); }

 private:
  struct Place {
    const int8_t *image, *input;  // of the window's first pixel, which may lie outside
    int32_t y, x, top, left;
  };
  struct Patches {
    using Patch = ConvPackedPatch<Primitives>;
  };

  Place next() {
    const int32_t top = y_ * g_.y.stride - g_.y.before, left = x_ * g_.x.stride - g_.x.before;
    const Place place = {image_, image_ + top * row_ + left * g_.inputs, y_, x_, top, left};
    if (++x_ == g_.x.output) {
      x_ = 0;
      if (++y_ == g_.y.output) {
        y_ = 0;
        image_ += g_.y.input * row_;
      }
    }
    return place;
  }
  // The last one is not, because the word with its last byte may go beyond the image.
  bool is_inside(const Place& p) const {
    return static_cast<uint32_t>(p.top) <= static_cast<uint32_t>(last_top_) &&
           static_cast<uint32_t>(p.left) <= static_cast<uint32_t>(last_left_) && last_top_ >= 0 && last_left_ >= 0 &&
           (p.top != last_top_ || p.left != last_left_);
  }
  // Rows of a window that is_inside().
  void gather(const int8_t* row, int8_t* bytes) const {
    for (int32_t ky = g_.y.filter; ky > 0; --ky, row += row_, bytes += run_)
      for (int32_t i = 0; i < run_; i += 4) __builtin_memcpy(bytes + i, row + i, sizeof(uint32_t));
  }
  __attribute__((noinline)) void patch(const Place& p, int32_t pixel) const {
    if (kDilated) return conv_2d_patch<Patches>(g_, p.image, border_, p.y, p.x, patches_ + 2 * pixel);
    const int32_t depth = g_.depth;
    int32_t first = p.left < 0 ? -p.left : 0, last = g_.x.input - p.left;
    if (last > g_.x.filter) last = g_.x.filter;
    if (last < first) first = last = g_.x.filter;  // all outside
    const int32_t before = first * depth, run = (last - first) * depth, after = run_ - before - run;
    const int8_t* const words_end = p.image + g_.y.input * row_ - run - 2;  // a run that begins before has them
    ConvPackedPatch<Primitives> out(patches_ + 2 * pixel, bytes_, g_.patch(), border_);
    const int8_t* row = p.input + before;
    for (int32_t y = p.top; y < p.top + g_.y.filter; ++y, row += row_) {
      if (y < 0 || y >= g_.y.input) {
        out.zeros(run_);
        continue;
      }
      out.zeros(before);
      if (row < words_end) {
        out.run_of_words(row, run);
      } else {
        out.run(row, run);
      }
      out.zeros(after);
    }
    out.finish();
  }

  const Conv2DGeometry& g_;
  int32_t border_;
  int32_t row_, run_;             // bytes of a row of the image, and of what a window sees of it
  int32_t last_top_, last_left_;  // of a window in the image
  int16_t* patches_;
  int8_t* bytes_;  // where patches are put together, one behind the other
  const int8_t* image_;
  int32_t y_ = 0, x_ = 0;  // of the next
};

// `scratch`: conv_2d_scratch_bytes(), aligned to 4 bytes. Not inlined, so that all calls share it.
template <bool kDilated, class Primitives = ConvPackedPrimitives>
__attribute__((noinline)) void conv_2d_packed_run(const Conv2DPacked& p, const int8_t* input, const int8_t* weights,
                                                  const int32_t* table, int8_t* output, void* scratch) {
  int16_t* const patches = static_cast<int16_t*>(scratch);
  ConvPackedOutputs<Primitives> outputs(p, weights, table, patches);
  ConvPackedWindows<Primitives, kDilated> windows(p, input, patches);
  const int32_t step = p.g.outputs;
  int32_t left = p.g.batches * p.g.pixels();
  for (; left > 1; left -= 2, output += 2 * step) {
    windows.next_two();
    outputs.write(output, step);
  }
  if (left == 0) return;
  windows.next_one();
  outputs.write(output, 0);
}

}  // namespace mote
