#include "features/mfe/mel_design.h"

#include <cmath>

#include <fmt/format.h>

#include "features/firmware_text.h"

namespace mote {
namespace {

double mel_of(double hertz) {
  return 2595 * std::log10(1 + hertz / 700);
}
double hertz_of(double mel) {
  return 700 * (std::pow(10, mel / 2595) - 1);
}

constexpr int32_t kMostBins = 255;  // a count is a byte

}  // namespace

MelDesign MelDesign::create(FeatureOptions& options, const SpectrumDesign& spectrum) {
  MelDesign mel;
  const double half = spectrum.rate_hz / 2, bin_hz = spectrum.bin_hz();
  const int32_t bands = options.integer("bands", 40, 2, 128);
  const double low = options.frequency("low", std::min(20.0, half / 10), 0, half);
  const double high = options.frequency("high", half, 0, half);
  if (low >= high) options.fail("low", "expected a frequency below high");
  std::vector<double> edges;  // the lowest edge, the centres, the highest edge
  for (int32_t i = 0; i <= bands + 1; ++i)
    edges.push_back(hertz_of(mel_of(low) + (mel_of(high) - mel_of(low)) * i / (bands + 1)));
  int32_t bin = static_cast<int32_t>(std::floor(low / bin_hz)) + 1;
  mel.first_bin = bin;
  for (size_t i = 0; i + 1 < edges.size(); ++i) {
    int32_t count = 0;
    for (; bin * bin_hz <= edges[i + 1] && bin <= spectrum.fft / 2; ++bin, ++count)
      mel.weights.push_back(static_cast<uint16_t>(
          std::lround((bin * bin_hz - edges[i]) / std::max(edges[i + 1] - edges[i], 1e-9) * 32768)));
    if (count > kMostBins)
      options.fail("bands",
                   fmt::format("{} bins of the FFT lie between two centres, at most {} can: expected more bands", count,
                               kMostBins));
    mel.counts.push_back(static_cast<uint8_t>(count));
  }
  mel.centres_hz.assign(edges.begin() + 1, edges.end() - 1);
  for (int32_t band = 0; band < bands; ++band) {
    const size_t b = static_cast<size_t>(band);
    if (mel.counts[b] + mel.counts[b + 1] == 0)
      options.fail("bands",
                   fmt::format("no bin of the FFT ({:.3g} Hz apart) lies in band {}, from {:.4g} to {:.4g} Hz: "
                               "expected fewer bands, a longer fft (with a longer frame) or a higher low",
                               bin_hz, band, edges[b], edges[b + 2]));
  }
  return mel;
}

std::string MelDesign::firmware_constants(const std::string& name) const {
  return flash_array<uint8_t>("uint8_t", name + "_bins", "bins", counts) +
         flash_array<uint16_t>("uint16_t", name + "_weights", "weights", weights);
}

std::string MelDesign::firmware_bank(const std::string& name) const {
  return fmt::format("mote::mel_bank({0}, {1}, MOTE_FLASH_ARRAY({2}_bins), MOTE_FLASH_ARRAY({2}_weights))",
                     centres_hz.size(), first_bin, name);
}

MelFrames MelFrames::create(FeatureOptions& options, const RecordingContract& contract, SignalBlock& block) {
  MelFrames frames;
  frames.spectrum = SpectrumDesign::of_frames(options, contract, "40 ms", "20 ms", block);
  frames.mel = MelDesign::create(options, frames.spectrum);
  return frames;
}

}  // namespace mote
