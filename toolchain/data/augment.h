// Random variations of training examples, seeded. Specifications, applied in this order:
//   "flip"             images: left and right exchanged, in half of the windows
//   "crop 4"           images: moved by up to 4 pixels down and to the side; edges are repeated
//   "rotate 15"        each triple of channels xx, xy, xz (ax ay az, gx gy gz, acc_x acc_y acc_z) turned by the same
//                      random rotation: axis uniform on the sphere, angle uniform in +-15 degrees
//   "warp 0.1"         time runs up to 10 % faster or slower, changing smoothly along the window
//   "shift 0.1"        moved in time by up to 10 % of the window; the end reading is repeated
//   "scale 0.1"        each sensor (triple, or single channel) multiplied by a factor uniform in 1 +- 0.1
//   "gain 6"           all channels multiplied alike, by up to 6 dB more or less
//   "noise N.wav 0 30" recordings that the pattern matches (or "white") mixed into four of five windows, the signal
//                      0 to 30 dB above them (noise.h)
//   "drop 0.1"         each sensor is lost with a chance of 0.1: it stays at its mean in the training part
//   "jitter 0.02"      normal noise with 0.02 of the channel's deviation in the training part
//   "mask_time 0.2"    features of several frames: a stretch of up to 20 % of the frames has mean values
//   "mask_band 0.2"    the same with up to 20 % of the columns
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "toolchain/base/random.h"
#include "toolchain/base/result.h"
#include "toolchain/data/dataset.h"
#include "toolchain/data/noise.h"

namespace mote {

class Augmenter {
 public:
  // Of config.augment, for windows of `dataset`; noise is read from `project_folder`. Errors: unknown name (nearest one
  // named), amount out of range, what the data do not allow, such as rotate without a triple.
  static Result<Augmenter> create(const DataConfig& config, const Dataset& dataset,
                                  const std::filesystem::path& project_folder);
  bool empty() const { return !varies_windows_ && !varies_features(); }
  bool varies_features() const { return mask_time_ > 0 || mask_band_ > 0; }
  // Physical units, in place. `window` and `scratch`: contract.elements() floats. No allocation; safe from several
  // threads.
  void apply(std::span<float> window, std::span<float> scratch, Random& random) const;
  // Standardised features of `columns` in a row, in place.
  void apply_to_features(std::span<float> features, int32_t columns, Random& random) const;

 private:
  struct NoiseMix {
    Noise noise;
    double low_db, high_db;
  };
  Augmenter() = default;
  Result<void> add(const std::string& text, const DataConfig& config, const Dataset& dataset,
                   const std::filesystem::path& project_folder);
  Result<void> add_noise_of(const std::string& text, const DataConfig& config, const Dataset& dataset,
                            const std::filesystem::path& project_folder);
  void scale_sensors(std::span<float> window, Random& random) const;

  RecordingContract contract_;
  int32_t channels_ = 0;
  bool varies_windows_ = false, flip_ = false;
  std::vector<std::vector<int32_t>> sensors_;  // channel indices: triples and single channels
  std::vector<float> jitter_;                  // deviation of the noise per channel, physical units; empty = none
  std::vector<float> mean_;                    // of each channel, for lost sensors
  std::vector<std::shared_ptr<const NoiseMix>> noises_;
  double crop_ = 0, rotate_ = 0, warp_ = 0, shift_ = 0, scale_ = 0, gain_ = 0,
         drop_ = 0;                       // pixels, radians, shares, dB
  double mask_time_ = 0, mask_band_ = 0;  // shares
};

}  // namespace mote
