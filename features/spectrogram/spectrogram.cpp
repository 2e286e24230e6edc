#include "features/spectrogram/spectrogram.h"

#include <fmt/format.h>

#include "features/signal_block.h"
#include "features/spectrum_design.h"

namespace mote {
namespace {
namespace spectrogram_block {

class SpectrogramSignal final : public SignalBlock {
 public:
  void compute(std::span<const int16_t> readings, std::span<int16_t> row) const override {
    thread_local std::vector<Complex32> values(kLongestFft / 2);
    spectrogram(design.tables(), design.log, design.emphasis, readings.data(), channels, values.data(), row.data());
  }
  std::string device_header() const override { return "features/spectrogram/spectrogram.h"; }
  std::string firmware_constants(const std::string& name) const override { return design.firmware_constants(name); }
  std::string firmware_call(const std::string& name, const std::string& from, const std::string& scratch,
                            const std::string& row) const override {
    return fmt::format("mote::spectrogram({}, {}, {}, {}, {}, reinterpret_cast<mote::Complex32*>({}), {});",
                       design.firmware_tables(name), design.firmware_log(), design.emphasis, from, channels, scratch,
                       row);
  }

  SpectrumDesign design;
  int32_t channels = 1;
};

Result<SignalPtr> create(const RecordingContract& contract, FeatureOptions& options, bool) {
  auto block = std::make_shared<SpectrogramSignal>();
  block->kind = "spectrogram";
  block->design = SpectrumDesign::of_frames(options, contract, "32 ms", "16 ms", *block);
  block->channels = static_cast<int32_t>(contract.channels.size());
  for (const ChannelContract& channel : contract.channels)
    for (int32_t bin = 0; bin <= block->design.fft / 2; ++bin)
      block->columns.push_back({fmt::format("{} at {:.4g} Hz", channel.name, bin * block->design.bin_hz()), "dB", 0,
                                log_steps_per_decibel()});
  block->numbers = static_cast<int32_t>(block->columns.size());
  block->options = options.answers();
  return SignalPtr(std::move(block));
}

}  // namespace spectrogram_block
}  // namespace

extern const FeatureDef spectrogram_feature;
const FeatureDef spectrogram_feature = {"spectrogram", "of each frame: the level in every bin of an FFT, in dB", true,
                                        spectrogram_block::create};

}  // namespace mote
