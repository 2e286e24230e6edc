#include "features/mfcc/mfcc.h"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "features/firmware_text.h"
#include "features/mfe/mel_design.h"

namespace mote {
namespace {
namespace mfcc_block {

class MfccSignal final : public SignalBlock {
 public:
  void compute(std::span<const int16_t> readings, std::span<int16_t> row) const override {
    thread_local std::vector<Complex32> values(kLongestFft / 2);
    thread_local std::vector<int16_t> log_mel(128);
    const SpectrumDesign& spectrum = frames.spectrum;
    mfcc(spectrum.tables(), frames.mel.bank(), spectrum.log, spectrum.emphasis, cosines.data(), coefficients,
         readings.data(), channels, values.data(), log_mel.data(), row.data());
  }
  std::string device_header() const override { return "features/mfcc/mfcc.h"; }
  std::string firmware_constants(const std::string& name) const override {
    return frames.spectrum.firmware_constants(name) + frames.mel.firmware_constants(name) +
           flash_array<int16_t>("int16_t", name + "_cosines", "cosines", cosines);
  }
  std::string firmware_call(const std::string& name, const std::string& from, const std::string& scratch,
                            const std::string& row) const override {
    const size_t spectrum_bytes = static_cast<size_t>(frames.spectrum.fft) / 2 * sizeof(Complex32);
    return fmt::format(
        "mote::mfcc({}, {}, {}, {}, MOTE_FLASH_ARRAY({}_cosines), {}, {}, {}, reinterpret_cast<mote::Complex32*>({}), "
        "reinterpret_cast<int16_t*>({} + {}), {});",
        frames.spectrum.firmware_tables(name), frames.mel.firmware_bank(name), frames.spectrum.firmware_log(),
        frames.spectrum.emphasis, name, coefficients, from, channels, scratch, scratch, spectrum_bytes, row);
  }

  MelFrames frames;
  std::vector<int16_t> cosines;
  int32_t coefficients = 0, channels = 1;
};

std::vector<int16_t> design_cosines(int32_t bands, int32_t coefficients) {
  std::vector<int16_t> cosines;
  for (int32_t k = 0; k < coefficients; ++k)
    for (int32_t m = 0; m < bands; ++m) {
      const double value = std::sqrt((k == 0 ? 1.0 : 2.0) / bands) * std::cos(std::numbers::pi * k * (m + 0.5) / bands);
      cosines.push_back(static_cast<int16_t>(std::min(32767L, std::lround(value * 32768))));
    }
  return cosines;
}

Result<SignalPtr> create(const RecordingContract& contract, FeatureOptions& options, bool) {
  auto block = std::make_shared<MfccSignal>();
  block->kind = "mfcc";
  block->frames = MelFrames::create(options, contract, *block);
  const int32_t bands = static_cast<int32_t>(block->frames.mel.centres_hz.size());
  block->coefficients = options.integer("coefficients", std::min(10, bands), 1, bands);
  block->cosines = design_cosines(bands, block->coefficients);
  block->channels = static_cast<int32_t>(contract.channels.size());
  const double steps = log_steps_per_decibel() / (1 << (kLogFractionBits - kCepstrumFractionBits));
  for (const ChannelContract& channel : contract.channels)
    for (int32_t k = 0; k < block->coefficients; ++k)
      block->columns.push_back({fmt::format("{} coefficient {}", channel.name, k), "dB", 0, steps});
  block->numbers = static_cast<int32_t>(block->columns.size());
  block->scratch_bytes += bands * static_cast<int32_t>(sizeof(int16_t));
  block->options = options.answers();
  return SignalPtr(std::move(block));
}

}  // namespace mfcc_block
}  // namespace

extern const FeatureDef mfcc_feature;
const FeatureDef mfcc_feature = {"mfcc", "of each frame: mel-frequency cepstral coefficients", true,
                                 mfcc_block::create};

}  // namespace mote
