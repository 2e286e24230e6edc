#include "features/spectrum_design.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "features/firmware_text.h"

namespace mote {
namespace {

int16_t q15(double value) {
  return static_cast<int16_t>(std::clamp(std::lround(value * 32768), -32768L, 32767L));
}

// Periodic windows, so that frames that overlap by half add up to a constant.
std::vector<int16_t> design_window(const std::string& shape, int32_t frame) {
  std::vector<int16_t> window;
  for (int32_t i = 0; i < frame; ++i) {
    const double cosine = std::cos(2 * std::numbers::pi * i / frame);
    window.push_back(q15(shape == "hann" ? 0.5 - 0.5 * cosine : shape == "hamming" ? 0.54 - 0.46 * cosine : 1));
  }
  return window;
}

std::vector<int16_t> design_twiddles(int32_t fft) {
  std::vector<int16_t> twiddles;
  for (int32_t k = 0; k <= fft / 4; ++k) {
    const double angle = 2 * std::numbers::pi * k / fft;
    twiddles.push_back(q15(std::cos(angle)));
    twiddles.push_back(q15(std::sin(angle)));
  }
  return twiddles;
}

// A sine of amplitude 1 in the middle of a bin has |V / fft|^2 = (sum of the window / (2 fft))^2 there; LogPower counts
// in 2^-43 of that unit.
LogPower design_log(const std::vector<int16_t>& window, int32_t fft, double floor_db) {
  double sum = 0;
  for (const int16_t w : window) sum += w / 32768.0;
  const double full_scale = std::ldexp(std::pow(sum / (2 * fft), 2), 43);
  LogPower log{};
  log.floor = static_cast<uint64_t>(std::max(1LL, std::llround(full_scale * std::pow(10, floor_db / 10))));
  log.offset = static_cast<int32_t>(std::lround(std::log2(full_scale) * (1 << kLogFractionBits)));
  return log;
}

}  // namespace

double log_steps_per_decibel() {
  return (1 << kLogFractionBits) * std::log2(10) / 10;
}

SpectrumDesign SpectrumDesign::create(FeatureOptions& options, int32_t frame, double rate_hz, bool emphasized) {
  SpectrumDesign design;
  design.rate_hz = rate_hz;
  const int32_t natural = static_cast<int32_t>(std::bit_ceil(static_cast<uint32_t>(std::max(frame, kShortestFft))));
  design.fft = options.integer("fft", std::min(natural, kLongestFft), kShortestFft, kLongestFft);
  if (!std::has_single_bit(static_cast<uint32_t>(design.fft)))
    options.fail("fft", fmt::format("expected a power of two from {} to {}", kShortestFft, kLongestFft));
  design.frame = std::min(frame, design.fft);
  design.window = design_window(options.choice("window", "hann", {"hann", "hamming", "rectangular"}), design.frame);
  design.twiddles = design_twiddles(design.fft);
  const double floor_db = options.number("floor", -60, -100, -10);
  if (emphasized) design.emphasis = static_cast<int32_t>(std::lround(options.number("emphasis", 0, 0, 1) * 32768));
  design.log = design_log(design.window, design.fft, floor_db);
  return design;
}

SpectrumDesign SpectrumDesign::of_frames(FeatureOptions& options, const RecordingContract& contract, const char* frame,
                                         const char* hop, SignalBlock& block) {
  block.frame = options.readings("frame", frame, contract.rate_hz);
  block.hop = options.readings("hop", hop, contract.rate_hz);
  SpectrumDesign design = create(options, block.frame, contract.rate_hz, true);
  if (block.frame > design.fft)
    options.fail("frame", fmt::format("{} readings are more than the FFT's {}", block.frame, design.fft));
  block.scratch_bytes = design.fft / 2 * static_cast<int32_t>(sizeof(Complex32));
  return design;
}

std::string SpectrumDesign::firmware_constants(const std::string& name) const {
  return flash_array<int16_t>("int16_t", name + "_window", "window", window) +
         flash_array<int16_t>("int16_t", name + "_twiddles", "twiddles", twiddles);
}

std::string SpectrumDesign::firmware_tables(const std::string& name) const {
  return fmt::format("mote::spectrum_tables({0}, {1}, MOTE_FLASH_ARRAY({2}_window), MOTE_FLASH_ARRAY({2}_twiddles))",
                     frame, fft, name);
}

std::string SpectrumDesign::firmware_log() const {
  return fmt::format("mote::LogPower{{{}u, {}}}", log.floor, log.offset);
}

}  // namespace mote
