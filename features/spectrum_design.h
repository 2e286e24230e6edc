// The tables and keys that all blocks with an FFT share.
#pragma once
#include <string>
#include <vector>

#include "features/log_power.h"
#include "features/options.h"
#include "features/signal_block.h"
#include "features/spectrum.h"

namespace mote {

using HostTables = SpectrumTables<const int16_t*, const int16_t*>;

struct SpectrumDesign {
  int32_t frame = 0, fft = 0;  // readings; a power of two
  int32_t emphasis = 0;        // Q15
  double rate_hz = 0;
  std::vector<int16_t> window, twiddles;  // as SpectrumTables says
  LogPower log{};

  // Keys window, fft, floor, and emphasis if `emphasized`. `frame` readings of a frame. fft: `longest_fft` or the power
  // of two at or above the frame, whichever is less.
  static SpectrumDesign create(FeatureOptions& options, int32_t frame, double rate_hz, bool emphasized);
  // Of a block that goes from frame to frame: keys frame and hop, with defaults such as "40 ms", then those of
  // create(). A frame fits into the FFT. Fills frame, hop and scratch_bytes of the block.
  static SpectrumDesign of_frames(FeatureOptions& options, const RecordingContract& contract, const char* frame,
                                  const char* hop, SignalBlock& block);
  HostTables tables() const { return {frame, fft, window.data(), twiddles.data()}; }
  double bin_hz() const { return rate_hz / fft; }
  std::string firmware_constants(const std::string& name) const;
  std::string firmware_tables(const std::string& name) const;  // the expression that gives SpectrumTables
  std::string firmware_log() const;                            // ... LogPower
};

// Steps of LogPower in a decibel.
double log_steps_per_decibel();

}  // namespace mote
