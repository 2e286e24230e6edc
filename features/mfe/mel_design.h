// The bands of a mel filter bank, for the blocks mfe and mfcc.
#pragma once
#include <string>
#include <vector>

#include "features/mfe/mfe.h"
#include "features/options.h"
#include "features/signal_block.h"
#include "features/spectrum_design.h"

namespace mote {

struct MelDesign {
  int32_t first_bin = 0;
  std::vector<uint8_t> counts;     // bands + 1
  std::vector<uint16_t> weights;   // Q15
  std::vector<double> centres_hz;  // bands

  // Keys bands, low, high. Centres evenly spaced on the mel scale m = 2595 log10(1 + f / 700) (O'Shaughnessy, Speech
  // Communication, 1987), triangles on the scale of frequency.
  static MelDesign create(FeatureOptions& options, const SpectrumDesign& spectrum);
  MelBank<const uint8_t*, const uint16_t*> bank() const {
    return {static_cast<int32_t>(centres_hz.size()), first_bin, counts.data(), weights.data()};
  }
  std::string firmware_constants(const std::string& name) const;
  std::string firmware_bank(const std::string& name) const;  // the expression that gives MelBank
};

// Keys frame and hop, then the spectrum's and the bank's: what both blocks are made of. Fills frame, hop, scratch_bytes
// of the signal block.
struct MelFrames {
  SpectrumDesign spectrum;
  MelDesign mel;
  static MelFrames create(FeatureOptions& options, const RecordingContract& contract, SignalBlock& block);
};

}  // namespace mote
