// From a sliding window to the tables of the float micro-kernels (Patches in simd.h), for convolutions and their
// gradients alike. Nothing here takes memory: tables lie in what the call saves, padded images in its workspace.
#pragma once
#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "device/window.h"
#include "ops/op.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

// One axis of a sum over taps: result t of `count` lies at first + t * step, and its tap i of `taps`, number
// tap + i * tap_step of the filter, reads source + i * source_step + t * advance, which may lie outside of the image.
struct AxisTaps {
  int32_t first, step, count, advance;
  int32_t taps, source, source_step, tap, tap_step;
};

// An output is a sum over inputs.
AxisTaps forward_taps(const WindowAxis& axis);
// The gradient of an input is a sum over outputs: of the inputs at phase, phase + stride, ... from the start of the
// padding, 0 <= phase < stride, which share their taps. There may be none.
AxisTaps backward_taps(const WindowAxis& axis, int32_t phase);

// An axis with zeros before and behind.
struct PaddedAxis {
  int32_t size, before, total;
};
PaddedAxis padded_inputs(const WindowAxis& axis);
PaddedAxis padded_outputs(const WindowAxis& axis);  // for all phases

// An image [y, x, channels] with zeros around it, of its own or of the padding.
struct PaddedImage {
  PaddedAxis y, x;
  int32_t channels;

  int64_t elements() const { return int64_t{y.size} * x.size * channels; }  // of the image alone
  int64_t padded() const;                                                   // floats of memory; 0: needs no zeros
  void clear(float* memory) const;                                          // around the image
  // The image in `memory`, whose zeros are there, or where it is if it needs none.
  const float* place(const float* image, float* memory) const;
};

// What the tables of one call are made of.
struct PatchShape {
  PaddedImage source;
  AxisTaps y, x;
  int32_t depth;           // neighbouring channels that a tap reads
  int32_t columns, pitch;  // of the image of results: pixels of a row, floats of a pixel
  bool joined;             // taps side by side in a row make one run

  int32_t pixels() const { return y.count * x.count; }
  int32_t taps() const { return y.taps * x.taps; }
  int64_t table_floats() const { return whole_lines(2 * int64_t{pixels()} + taps()); }
};
// With its tables in `memory`.
Patches patches_of(const PatchShape& shape, float* memory);
// Calls body(first number of the patch, tap of the filter) for each tap in the order of the patch; both in taps.
template <class Body>
void for_each_patch_tap(const PatchShape& s, int32_t filter_columns, const Body& body) {
  for (int32_t y = 0; y < s.y.taps; ++y)
    for (int32_t x = 0; x < s.x.taps; ++x)
      body(y * s.x.taps + x, (s.y.tap + y * s.y.tap_step) * filter_columns + s.x.tap + x * s.x.tap_step);
}

// Places in the memory of a call, each at the start of a cache line. Without memory: their size only.
class MemoryPlaces {
 public:
  explicit MemoryPlaces(float* memory) : memory_(memory) {}
  float* take(int64_t floats) {
    const int64_t at = size_;
    size_ += whole_lines(floats);
    return memory_ != nullptr ? memory_ + at : nullptr;
  }
  template <class T>
  T* take_objects(int64_t count) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(float) == 0);
    return reinterpret_cast<T*>(take(count * int64_t{sizeof(T) / sizeof(float)}));
  }
  int64_t size() const { return size_; }

 private:
  float* memory_;
  int64_t size_ = 0;
};

// body(y taps, x taps) for each pair of phases that has inputs.
template <class Body>
void for_each_phase(const WindowAxis& y, const WindowAxis& x, const Body& body) {
  for (int32_t a = 0; a < y.stride; ++a)
    for (int32_t b = 0; b < x.stride; ++b) {
      const AxisTaps rows = backward_taps(y, a), columns = backward_taps(x, b);
      if (rows.count > 0 && columns.count > 0) body(rows, columns);
    }
}

// One pair of phases, ready for the kernels.
struct Phase {
  Patches patches;
  const float* weights;  // in the order of the patches
};

// How many phases a convolution has, and the floats that their tables and weights take. `Work` says of a convolution:
// g.y, g.x; forward(), backward(rows, columns): its PatchShape; turned_floats(shape): the floats of its weights.
struct PhaseSizes {
  int64_t count = 0, tables = 0, turned = 0;
};
template <class Work>
PhaseSizes phase_sizes(const Work& work) {
  PhaseSizes sizes;
  for_each_phase(work.g.y, work.g.x, [&](const AxisTaps& y, const AxisTaps& x) {
    const PatchShape shape = work.backward(y, x);
    sizes.tables += shape.table_floats();
    sizes.turned += work.turned_floats(shape);
    ++sizes.count;
  });
  return sizes;
}
// Makes them in `tables` and `turned`; turn(shape, memory) puts the weights in the order of a phase.
template <class Work, class Turn>
void make_phases(const Work& work, float* tables, float* turned, Phase* phases, const Turn& turn) {
  for_each_phase(work.g.y, work.g.x, [&](const AxisTaps& y, const AxisTaps& x) {
    const PatchShape shape = work.backward(y, x);
    turn(shape, turned);
    *phases++ = {patches_of(shape, tables), turned};
    tables += shape.table_floats();
    turned += work.turned_floats(shape);
  });
}

// The workspace of a convolution: a padded image, dz, the gradient of the bias. `Work` as above, with clips(),
// output_elements() of an image, g.batches and channels(), the outputs of a pixel.
struct ConvWorkspace {
  template <class Work>
  ConvWorkspace(const Work& work, float* memory) {
    MemoryPlaces places(memory);
    image = places.take(std::max(work.forward().source.padded(), work.gradient_image().padded()));
    clipped = places.take(work.clips() ? work.g.batches * work.output_elements() : 0);
    bias = places.take(work.channels());
    size = places.size();
  }

  float *image, *clipped, *bias;
  int64_t size;
};

// Of a part of the rows, which has no more pixels than the first part, or of an image.
inline Patches first_pixels(Patches patches, int32_t pixels) {
  patches.pixels = std::min(patches.pixels, pixels);
  return patches;
}

// The gradient of a bias from those of this part's rows of channels. `memory` takes one number of each channel.
void add_column_sums(const FloatCall& call, const Channels& size, const float* dz, float* memory, float* gradient);

}  // namespace mote
