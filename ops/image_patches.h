// From a sliding window to what the float micro-kernels take (Patches in simd.h), for convolutions and their gradients
// alike. Nothing here takes memory: copies lie in the workspace of the call.
#pragma once
#include <algorithm>
#include <cstdint>

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

// The taps of all phases of an axis.
class PhaseTaps {
 public:
  explicit PhaseTaps(const WindowAxis& axis);
  int32_t count() const { return axis_.stride; }
  AxisTaps operator[](int32_t phase) const { return phase < kKept ? kept_[phase] : backward_taps(axis_, phase); }

 private:
  static constexpr int32_t kKept = 3;  // only larger strides have more
  WindowAxis axis_;
  AxisTaps kept_[kKept];
};

// An axis of an image and what sums over taps read of it: result t, of `count`, elements t * advance - before up to
// t * advance + high, which may lie outside.
struct SourceAxis {
  int32_t size;
  int32_t before = 0, high = 0;  // before >= 0
  int32_t count = 0, advance = 1;

  void add(const AxisTaps& taps);
  // Elements that so many neighbouring results read.
  int32_t span(int32_t results) const { return before + high + 1 + (results - 1) * advance; }
  bool inside() const { return before == 0 && span(count) <= size; }
  int32_t total() const { return before + std::max(size, span(count) - before); }
};
SourceAxis source_inputs(const WindowAxis& axis);
SourceAxis source_outputs(const WindowAxis& axis, const PhaseTaps& phases);  // for all of them

// Results [first, first + rows) of the y axis. What they read begins at `source`: the top of their window, or of the
// image where it is not copied.
struct Band {
  int32_t first, rows;
  const float* source;
};

// An image [y, x, channels] which sums over taps read, zeros around it where they read more. Where they do, or read
// what becomes of it, its rows are copied into memory for a few rows of results at a time, which stay in the
// first-level cache.
struct SourceImage {
  SourceAxis y, x;
  int32_t channels;
  const ChannelLine* line = nullptr;  // that its numbers pass

  int32_t pitch() const { return x.total() * channels; }  // floats of a row in memory
  bool copied() const { return line != nullptr || !y.inside() || !x.inside(); }
  int32_t band_rows() const;  // of results, at most
  int64_t band_floats() const { return copied() ? int64_t{y.span(band_rows())} * pitch() : 0; }
  // Copies rows [from, to) of the window that begins at row `top` of the image, with the zeros around them.
  void place(const float* image, int32_t top, int32_t from, int32_t to, float* memory) const;

  // Calls body(band) for all results from top to bottom. `memory`: band_floats().
  template <class Body>
  void for_each_band(const float* image, float* memory, const Body& body) const {
    if (!copied()) return body(Band{0, y.count, image});
    const int32_t step = band_rows();
    for (int32_t first = 0, held = 0; first < y.count; first += step) {
      const int32_t rows = std::min(step, y.count - first), window = y.span(rows);
      place(image, first * y.advance - y.before, held, window, memory);
      body(Band{first, rows, memory});
      const int32_t gone = step * y.advance;  // the next window begins behind these rows
      held = std::max(window - gone, 0);
      if (first + step < y.count) std::copy_n(memory + int64_t{gone} * pitch(), int64_t{held} * pitch(), memory);
    }
  }
};

// What the patches of one call are made of.
struct PatchShape {
  SourceImage source;
  AxisTaps y, x;
  int32_t depth;           // neighbouring channels that a tap reads
  int32_t columns, pitch;  // of the image of results: pixels of a row, floats of a pixel
  bool joined;             // taps side by side in a row make one run

  int32_t taps() const { return y.taps * x.taps; }
};
// Of the results of a band.
Patches patches_of(const PatchShape& shape, const Band& band);
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
  int64_t size() const { return size_; }

 private:
  float* memory_;
  int64_t size_ = 0;
};

// body(shape, first) for the patches of each pair of phases that has inputs, `first` being where its weights begin
// behind those of earlier pairs. Answers how many floats the weights of all take. `Work` says of a convolution:
// y_phases, x_phases; backward(rows, columns): the PatchShape; turned_floats(shape): the floats of its weights.
template <class Work, class Body>
int64_t for_each_phase(const Work& work, const Body& body) {
  int64_t floats = 0;
  for (int32_t a = 0; a < work.y_phases.count(); ++a)
    for (int32_t b = 0; b < work.x_phases.count(); ++b) {
      const AxisTaps rows = work.y_phases[a], columns = work.x_phases[b];
      if (rows.count <= 0 || columns.count <= 0) continue;
      const PatchShape shape = work.backward(rows, columns);
      body(shape, floats);
      floats += work.turned_floats(shape);
    }
  return floats;
}
template <class Work>
int64_t turned_floats(const Work& work) {
  return for_each_phase(work, [](const PatchShape&, int64_t) {});
}

// The workspace of a convolution: a padded image, dz, the gradient of the bias. `Work` as above, with forward(),
// clips(), output_elements() of an image, g.batches and channels(), the outputs of a pixel.
struct ConvWorkspace {
  template <class Work>
  ConvWorkspace(const Work& work, float* memory) {
    MemoryPlaces places(memory);
    band = places.take(std::max(work.forward().source.band_floats(), work.gradient_image.band_floats()));
    clipped = places.take(work.clips() ? work.g.batches * work.output_elements() : 0);
    bias = places.take(work.channels());
    size = places.size();
  }

  float *band, *clipped, *bias;
  int64_t size;
};

// The gradient of a bias from those of this part's rows of channels. `memory` takes one number of each channel.
void add_column_sums(const FloatCall& call, const Channels& size, const float* dz, float* memory, float* gradient);

}  // namespace mote
