// What the data looks like, as one self-contained page.
#pragma once
#include <string>

#include "features/feature.h"
#include "toolchain/base/result.h"
#include "toolchain/data/check.h"
#include "toolchain/data/dataset.h"

namespace mote {

// Facts, the findings of the check, class balance, waveforms and spectrograms by class, a map of the windows: of the
// outputs of `features`, or of window_statistics when it is nullptr. Its size does not grow with the data.
std::string data_page(const std::string& title, const Dataset& dataset, const FeatureBlock* features,
                      const CheckReport& report);

}  // namespace mote
