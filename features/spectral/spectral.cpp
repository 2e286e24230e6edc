#include "features/spectral/spectral.h"

#include <cmath>

#include <fmt/format.h>

#include "features/firmware_text.h"
#include "features/signal_block.h"
#include "features/spectrum_design.h"

namespace mote {
namespace {
namespace spectral_block {

class SpectralSignal final : public SignalBlock {
 public:
  void compute(std::span<const int16_t> readings, std::span<int16_t> row) const override {
    thread_local std::vector<Complex32> values(kLongestFft / 2);
    thread_local std::vector<uint64_t> levels(kLongestFft / 2 + 1);
    spectral(design.tables(), layout, design.log, readings.data(), channels, values.data(), levels.data(), row.data());
  }
  std::string device_header() const override { return "features/spectral/spectral.h"; }
  std::string firmware_constants(const std::string& name) const override {
    return design.firmware_constants(name) + flash_array<int16_t>("int16_t", name + "_edges", "edges", edges);
  }
  std::string firmware_call(const std::string& name, const std::string& from, const std::string& scratch,
                            const std::string& row) const override {
    return fmt::format(
        "mote::spectral({}, mote::band_layout({}, {}, {}, {}, MOTE_FLASH_ARRAY({}_edges), {}), {}, {}, {}, "
        "reinterpret_cast<mote::Complex32*>({}), reinterpret_cast<uint64_t*>({} + {}), {});",
        design.firmware_tables(name), layout.readings, layout.segments, layout.hop, layout.bands, name, layout.peaks,
        design.firmware_log(), from, channels, scratch, scratch,
        static_cast<size_t>(design.fft) / 2 * sizeof(Complex32), row);
  }

  SpectrumDesign design;
  std::vector<int16_t> edges;
  BandLayout<const int16_t*> layout{};
  int32_t channels = 1;
};

// Bands of equal width in bins, from `low` to `high`.
std::vector<int16_t> design_edges(FeatureOptions& options, const SpectrumDesign& design, int32_t bands) {
  const double half = design.rate_hz / 2;
  const double low = options.frequency("low", design.bin_hz(), 0, half);
  const double high = options.frequency("high", half, 0, half);
  const double first = std::ceil(low / design.bin_hz() - 1e-9), last = std::floor(high / design.bin_hz() + 1e-9);
  if (last - first + 1 < bands)
    options.fail("bands",
                 fmt::format("from {:g} to {:g} Hz there are {:g} bins of the FFT, {:.3g} Hz apart: expected as "
                             "many bands at most",
                             low, high, std::max(0.0, last - first + 1), design.bin_hz()));
  std::vector<int16_t> edges;
  for (int32_t b = 0; b <= bands; ++b)
    edges.push_back(static_cast<int16_t>(std::lround(first + (last + 1 - first) * b / bands)));
  return edges;
}

void name_columns(const RecordingContract& contract, SpectralSignal& block) {
  const double bin_hz = block.design.bin_hz();
  for (const ChannelContract& channel : contract.channels) {
    const std::string& name = channel.name;
    block.columns.push_back({"rms of " + name, channel.unit, 0, channel.counts_per_unit});
    for (int32_t b = 0; b < block.layout.bands; ++b)
      block.columns.push_back(
          {fmt::format("{} from {:.4g} to {:.4g} Hz", name, block.edges[static_cast<size_t>(b)] * bin_hz,
                       (block.edges[static_cast<size_t>(b) + 1] - 1) * bin_hz),
           "dB", 0, log_steps_per_decibel()});
    for (int32_t p = 1; p <= block.layout.peaks; ++p) {
      block.columns.push_back({fmt::format("frequency of peak {} of {}", p, name), "Hz", 0, 32 / bin_hz});
      block.columns.push_back({fmt::format("height of peak {} of {}", p, name), "dB", 0, log_steps_per_decibel()});
    }
  }
}

Result<SignalPtr> create(const RecordingContract& contract, FeatureOptions& options, bool) {
  auto block = std::make_shared<SpectralSignal>();
  block->kind = "spectral";
  block->frame = contract.window;
  block->hop = contract.stride;
  SpectrumDesign& design = block->design;
  design = SpectrumDesign::create(options, contract.window, contract.rate_hz, false);
  const int32_t bands = options.integer("bands", 8, 1, 256), peaks = options.integer("peaks", 2, 0, kMostPeaks);
  block->edges = design_edges(options, design, bands);
  const int32_t hop = design.frame / 2, segments = 1 + (contract.window - design.frame) / std::max(hop, 1);
  block->layout = {contract.window, segments, hop, bands, block->edges.data(), peaks};
  design.log.floor *= static_cast<uint64_t>(segments);  // the average's logarithm from the sum's
  design.log.offset += static_cast<int32_t>(std::lround(std::log2(segments) * (1 << kLogFractionBits)));
  block->channels = static_cast<int32_t>(contract.channels.size());
  name_columns(contract, *block);
  block->numbers = static_cast<int32_t>(block->columns.size());
  block->scratch_bytes = design.fft / 2 * static_cast<int32_t>(sizeof(Complex32)) +
                         (design.fft / 2 + 1) * static_cast<int32_t>(sizeof(uint64_t));
  block->options = options.answers();
  return SignalPtr(std::move(block));
}

}  // namespace spectral_block
}  // namespace

extern const FeatureDef spectral_feature;
const FeatureDef spectral_feature = {"spectral",
                                     "of each channel over the window: RMS, level in bands of frequency, highest peaks",
                                     true, spectral_block::create};

}  // namespace mote
