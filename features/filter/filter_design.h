// Filters from their texts: "lowpass 20 Hz", "highpass 0.5 Hz order 4", "bandpass 1 Hz 10 Hz", "notch 50 Hz".
#pragma once
#include <string>
#include <vector>

#include "features/filter/filter.h"
#include "toolchain/base/result.h"

namespace mote {

// Butterworth sections by the bilinear transform, order 2 unless said (even, up to 8); a band pass is a high pass and a
// low pass of that order; a notch is one section of Q = 10 (Bristow-Johnson, Audio EQ Cookbook). Errors name the text
// and what is expected: a frequency must be below half of the rate, and far enough from 0 for coefficients in Q28.
Result<std::vector<Biquad>> design_filters(const std::vector<std::string>& texts, double rate_hz);

}  // namespace mote
