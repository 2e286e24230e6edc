// Convolution for cores with a vector unit: int8 patches as they are, the input's zero point folded into the starts of
// the sums, the sums of two pixels at a time, and device/lanes.h for what becomes of them. The same bytes as
// conv_2d_run().
//
// Pixels are written in order, two by two, after both patches were copied or all sums made: the output may lie over the
// part of the input that no later patch needs.
#pragma once
#include "device/lanes.h"
#include "ops/conv_2d/conv_2d.h"
#if defined(__ARM_FEATURE_MVE)
#include "ops/conv_2d/conv_2d_mve.h"
#endif

namespace mote {

struct Conv2DLanes {
  Conv2DGeometry g;  // one group: of several, that of the weights at hand
  int8_t border;     // what stands outside the image: the input's zero point
  Int8Output output;
};

// The inner primitives. This is the portable form; an ISA's form gives the same numbers.
struct PortableConvLanes {
  static void fill(int8_t value, int32_t count, int8_t* out) {
    for (; count > 0; --count) *out++ = value;
  }
  static void copy(const int8_t* input, int32_t count, int8_t* out) {
    for (; count > 0; --count) *out++ = *input++;
  }
  static int32_t sum(const int8_t* weights, int32_t count) {
    int32_t sum = 0;
    for (; count > 0; --count) sum += *weights++;
    return sum;
  }
  // Dot products, wrapping, of `count` rows of n weights with two patches, one behind the other; those of the second
  // begin at sums + kLaneChunk.
  static void rows(const int8_t* patches, const int8_t* weights, int32_t n, int32_t count, int32_t* sums) {
    for (const int32_t* const end = sums + count; sums != end; ++sums, weights += n) {
      uint32_t first = 0, second = 0;
      for (int32_t i = 0; i < n; ++i) {
        first += static_cast<uint32_t>(patches[i] * weights[i]);
        second += static_cast<uint32_t>(patches[n + i] * weights[i]);
      }
      sums[0] = static_cast<int32_t>(first);
      sums[kLaneChunk] = static_cast<int32_t>(second);
    }
  }
};

#if defined(__ARM_FEATURE_MVE)
using ConvLanesPrimitives = ConvMve;
#else
using ConvLanesPrimitives = PortableConvLanes;
#endif

// For conv_2d_patch(): bytes as they are.
template <class Primitives>
struct ConvLanesPatches {
  class Patch {
   public:
    Patch(int16_t* out, int32_t /*elements*/, int32_t /*depth*/, int32_t border)
        : out_(reinterpret_cast<int8_t*>(out)), border_(static_cast<int8_t>(border)) {}
    void zeros(int32_t count) {
      Primitives::fill(border_, count, out_);
      out_ += count;
    }
    void run(const int8_t* input, int32_t count) {
      Primitives::copy(input, count, out_);
      out_ += count;
    }
    void finish() {}

   private:
    int8_t *out_, border_;
  };
};

// The patch of the output pixel (y, x).
template <class Primitives>
__attribute__((noinline)) void conv_2d_lanes_patch(const Conv2DLanes& p, const int8_t* input, int32_t y, int32_t x,
                                                   int8_t* patch) {
  const Conv2DGeometry& g = p.g;
  const int32_t top = y * g.y.stride - g.y.before, left = x * g.x.stride - g.x.before;
  const bool inside = top >= 0 && left >= 0 && top + g.y.filter <= g.y.input && left + g.x.filter <= g.x.input;
  if (!inside || g.y.dilation != 1 || g.x.dilation != 1 || g.depth != g.inputs) {
    conv_2d_patch<ConvLanesPatches<Primitives>>(g, input, p.border, y, x, reinterpret_cast<int16_t*>(patch));
    return;
  }
  const int32_t row = g.x.input * g.inputs, run = g.x.filter * g.inputs;
  const int8_t* from = input + top * row + left * g.inputs;
  for (int32_t ky = g.y.filter; ky > 0; --ky, from += row, patch += run) Primitives::copy(from, run, patch);
}

// Patches of the pixels of an image, two by two.
template <class Primitives>
class ConvLanesPairs {
 public:
  // `in_place`: patches may stay in the image while the outputs of both pixels are computed.
  ConvLanesPairs(const Conv2DLanes& p, int8_t* patches, bool in_place)
      : p_(p), patches_(patches), n_(p.g.patch()), pixels_(p.g.pixels()), in_place_(in_place) {
    const WindowAxis &y = p.g.y, &x = p.g.x;
    adjacent_ = n_ == p.g.inputs && y.stride == 1 && x.stride == 1 && y.before == 0 && x.before == 0;
  }

  // Of the pixel and the one after it, one behind the other; of the last pixel twice if it has none after it.
  const int8_t* of(const int8_t* image, int32_t pixel) const {
    if (adjacent_ && pixel + 1 < pixels_) {  // windows of one pixel
      if (in_place_) return image + pixel * n_;
      Primitives::copy(image + pixel * n_, 2 * n_, patches_);
      return patches_;
    }
    int32_t y = pixel / p_.g.x.output, x = pixel - y * p_.g.x.output;
    conv_2d_lanes_patch<Primitives>(p_, image, y, x, patches_);
    if (pixel + 1 < pixels_ && ++x == p_.g.x.output) x = 0, ++y;
    conv_2d_lanes_patch<Primitives>(p_, image, y, x, patches_ + n_);
    return patches_;
  }

 private:
  const Conv2DLanes& p_;
  int8_t* patches_;
  int32_t n_, pixels_;
  bool in_place_, adjacent_;
};

// `outputs` rows of weights, whose outputs begin at `output` in the pixels of g.outputs. `scratch`:
// conv_2d_scratch_bytes(). Not inlined, so that all calls share it.
template <bool kUsual, class Primitives = ConvLanesPrimitives, class Finish = Lanes>
__attribute__((noinline)) void conv_2d_lanes_run(const Conv2DLanes& p, int32_t outputs, const int8_t* input,
                                                 const int8_t* weights, const int32_t* table, int8_t* output,
                                                 void* scratch) {
  const Conv2DGeometry& g = p.g;
  const int32_t n = g.patch(), pixels = g.pixels();
  const ConvLanesPairs<Primitives> pairs(p, static_cast<int8_t*>(scratch), outputs <= kLaneChunk);
  int32_t sums[2 * kLaneChunk];
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * g.x.input * g.inputs, output += pixels * g.outputs) {
    int8_t* place = output;
    for (int32_t pixel = 0; pixel < pixels; pixel += 2, place += 2 * g.outputs) {
      const int8_t* const patches = pairs.of(input, pixel);
      const int32_t step = pixel + 1 < pixels ? g.outputs : 0;
      for (int32_t o = 0; o < outputs; o += kLaneChunk) {
        const int32_t count = outputs - o < kLaneChunk ? outputs - o : kLaneChunk;
        Primitives::rows(patches, weights + o * n, n, count, sums);
        Finish::template finish_two<kUsual>(p.output, table + lane_place(o), sums, kLaneChunk, count, place + o, step);
      }
    }
  }
}

// As the interpreter has it: the table is made anew at each inference, for some outputs at a time.
template <class Finish>
void conv_2d_lanes_interpreted(const Conv2DInt8& p, const LaneScales& scales, const int8_t* input,
                               const int8_t* weights, const int32_t* bias, int8_t* output, void* scratch) {
  const Conv2DLanes lanes = {p.g, static_cast<int8_t>(-p.input_offset), p.output};
  const int32_t n = p.g.patch(), group_outputs = p.g.outputs / p.g.groups();
  int32_t table[lane_table_words(kLaneChunk)];
  for (int32_t o = 0, count = 0; o < p.g.outputs; o += count) {
    const int32_t group = o / group_outputs, left = (group + 1) * group_outputs - o;
    count = left < kLaneChunk ? left : kLaneChunk;
    const bool usual = Finish::fill(scales, o, count, bias, table);
    for (int32_t i = 0; i < count; ++i) {
      const uint32_t folded = static_cast<uint32_t>(p.input_offset) *
                              static_cast<uint32_t>(ConvLanesPrimitives::sum(weights + (o + i) * n, n));
      int32_t& start = table[lane_place(i)];
      start = wrapping_add(start, static_cast<int32_t>(folded));
    }
    const auto run = usual ? conv_2d_lanes_run<true, ConvLanesPrimitives, Finish>
                           : conv_2d_lanes_run<false, ConvLanesPrimitives, Finish>;
    run(lanes, count, input + group * p.g.depth, weights + o * n, table, output + o, scratch);
  }
}

}  // namespace mote
