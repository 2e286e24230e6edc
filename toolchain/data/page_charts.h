// Charts of recordings as inline SVG, for the page of `mote data show --html`.
#pragma once
#include <string>
#include <vector>

#include "toolchain/data/dataset.h"
#include "toolchain/data/window_space.h"

namespace mote {

// Channels that share an axis, because they share a unit.
struct ChannelRow {
  std::string axis;  // "acceleration [g]"
  std::vector<size_t> channels;
  double low = 0, high = 1;  // of the axis
};
// At most `most` rows; axes reach over `windows`.
std::vector<ChannelRow> channel_rows(const Dataset& dataset, const std::vector<const DataWindow*>& windows,
                                     size_t most);

// Windows side by side, one row of curves for each of `rows`; long windows keep the extremes of each column of dots.
std::string waveform_chart(const Dataset& dataset, const std::string& title,
                           const std::vector<const DataWindow*>& windows, const std::vector<ChannelRow>& rows);

// One channel of windows side by side: time to the right, frequency upwards, power in shades of 6 dB.
struct SpectrumRange {
  size_t length = 0, hop = 0;  // readings of a frame
  double top = 0;              // the greatest power, dB
};
SpectrumRange spectrum_range(const Dataset& dataset, const std::vector<const DataWindow*>& windows, size_t channel);
std::string spectrogram_chart(const Dataset& dataset, const std::string& title,
                              const std::vector<const DataWindow*>& windows, size_t channel,
                              const SpectrumRange& range);

// A bar of windows by part for each class.
std::string balance_chart(const Dataset& dataset);

struct MapPoint {
  double x = 0, y = 0;
  size_t label = 0;
  int part = 0;
};
// Colours by class, shapes by part.
std::string map_chart(const Dataset& dataset, const std::vector<MapPoint>& points, const std::array<double, 2>& share);

}  // namespace mote
