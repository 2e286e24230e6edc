#include "features/mfe/mfe.h"

#include <fmt/format.h>

#include "features/mfe/mel_design.h"

namespace mote {
namespace {
namespace mfe_block {

class MfeSignal final : public SignalBlock {
 public:
  void compute(std::span<const int16_t> readings, std::span<int16_t> row) const override {
    thread_local std::vector<Complex32> values(kLongestFft / 2);
    const SpectrumDesign& spectrum = frames.spectrum;
    mfe(spectrum.tables(), frames.mel.bank(), spectrum.log, spectrum.emphasis, readings.data(), channels, values.data(),
        row.data());
  }
  std::string device_header() const override { return "features/mfe/mfe.h"; }
  std::string firmware_constants(const std::string& name) const override {
    return frames.spectrum.firmware_constants(name) + frames.mel.firmware_constants(name);
  }
  std::string firmware_call(const std::string& name, const std::string& from, const std::string& scratch,
                            const std::string& row) const override {
    return fmt::format("mote::mfe({}, {}, {}, {}, {}, {}, reinterpret_cast<mote::Complex32*>({}), {});",
                       frames.spectrum.firmware_tables(name), frames.mel.firmware_bank(name),
                       frames.spectrum.firmware_log(), frames.spectrum.emphasis, from, channels, scratch, row);
  }

  MelFrames frames;
  int32_t channels = 1;
};

Result<SignalPtr> create(const RecordingContract& contract, FeatureOptions& options, bool) {
  auto block = std::make_shared<MfeSignal>();
  block->kind = "mfe";
  block->frames = MelFrames::create(options, contract, *block);
  block->channels = static_cast<int32_t>(contract.channels.size());
  for (const ChannelContract& channel : contract.channels)
    for (const double hertz : block->frames.mel.centres_hz)
      block->columns.push_back(
          {fmt::format("{} about {:.4g} Hz", channel.name, hertz), "dB", 0, log_steps_per_decibel()});
  block->numbers = static_cast<int32_t>(block->columns.size());
  block->options = options.answers();
  return SignalPtr(std::move(block));
}

}  // namespace mfe_block
}  // namespace

extern const FeatureDef mfe_feature;
const FeatureDef mfe_feature = {"mfe", "of each frame: the level in bands on the mel scale, in dB (log-mel)", true,
                                mfe_block::create};

}  // namespace mote
