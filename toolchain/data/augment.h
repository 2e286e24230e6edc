// Random variations of training windows, in physical units, in place. Specifications, applied in this order:
//   "rotate 15"    each triple of channels xx, xy, xz (ax ay az, gx gy gz, acc_x acc_y acc_z) turned by the same random
//                  rotation: axis uniform on the sphere, angle uniform in +-15 degrees
//   "warp 0.1"     time runs up to 10 % faster or slower, changing smoothly along the window
//   "shift 0.1"    moved in time by up to 10 % of the window; the end reading is repeated
//   "scale 0.1"    each sensor (triple, or single channel) multiplied by a factor uniform in 1 +- 0.1
//   "jitter 0.02"  normal noise with 0.02 of the channel's deviation in the training part
#pragma once
#include <span>
#include <string>
#include <vector>

#include "features/feature.h"
#include "toolchain/base/random.h"
#include "toolchain/base/result.h"

namespace mote {

class Augmenter {
 public:
  // `channel_deviation` as in Dataset. Errors: unknown name (nearest one named), amount out of range, rotate without a
  // triple.
  static Result<Augmenter> create(const std::vector<std::string>& specifications, const RecordingContract& contract,
                                  std::span<const double> channel_deviation);
  bool empty() const;
  // `window` and `scratch`: contract.elements() floats. No allocation; safe from several threads.
  void apply(std::span<float> window, std::span<float> scratch, Random& random) const;

 private:
  Augmenter() = default;
  int32_t window_ = 0, channels_ = 0;
  std::vector<std::vector<int32_t>> sensors_;  // channel indices: triples and single channels
  std::vector<float> jitter_;                  // deviation of the noise per channel, physical units; empty = none
  float rotate_ = 0, warp_ = 0, shift_ = 0, scale_ = 0;  // radians, fractions
};

}  // namespace mote
