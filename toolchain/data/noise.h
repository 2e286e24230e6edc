// Recorded or white noise, mixed into windows at a stated ratio of powers.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "toolchain/base/random.h"
#include "toolchain/base/result.h"
#include "toolchain/data/dataset.h"

namespace mote {

enum class NoiseUse { training, judging };

// What "noise PATTERN LOW HIGH" of the data's augmentation says: the glob, and the levels in dB.
struct NoiseAugment {
  std::string pattern;
  double low = 0, high = 0;
};
bool is_noise_augment(const std::string& text);
Result<NoiseAugment> parse_noise_augment(const std::string& text);

inline constexpr const char* kWhiteNoise = "white";  // in place of a glob

class Noise {
 public:
  // Independent normal numbers in every channel and reading.
  static Noise white() { return Noise(); }
  // The recordings that a glob matches, read with the settings of the project's data and brought to their rate; labels
  // are not asked for. Of a recording that serves both uses, training gets the first two thirds and judging the last:
  // a model must not be judged in noise that it was trained in. Errors: no file, a channel that is missing, nothing as
  // long as a window.
  static Result<Noise> load(const DataConfig& config, const Dataset& dataset, const std::filesystem::path& folder,
                            const std::string& pattern, NoiseUse use);

  // A stretch of one window, readings x channels: where it begins is drawn, each reading with the same chance.
  void draw(const RecordingContract& contract, Random& random, std::span<float> window) const;

 private:
  std::vector<std::vector<float>> recordings_;  // readings x channels each; none: white
};

// Adds `noise` (as long as `signal`, channels interleaved) to each channel: the power of the signal, its mean removed,
// is `snr_db` decibels above that of the noise, its mean removed too. A channel that does not move stays as it is, as
// under noise that does not.
void add_noise(std::span<float> signal, std::span<const float> noise, size_t channels, double snr_db);

// The windows of `part` with noise added, as the test part of a dataset of its own. What leaves the range of counts
// saturates, as it does in a sensor. The noise of a window depends on `seed` and its place in the part only.
Dataset with_noise(const Dataset& dataset, const DataPart& part, const Noise& noise, double snr_db, uint64_t seed);

}  // namespace mote
