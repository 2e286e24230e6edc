#include "toolchain/data/page_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "toolchain/base/html.h"
#include "toolchain/base/svg.h"
#include "toolchain/data/check_rules.h"
#include "toolchain/data/spectrum.h"

namespace mote {
namespace {

constexpr double kLeft = 64, kTop = 26, kPanel = 250, kGap = 18, kRowHeight = 92, kRowGap = 14;
constexpr size_t kColumns = 250;  // dots of a panel
constexpr size_t kShades = 8, kMostBins = 32, kMostFrames = 60;
constexpr double kShadeStep = 6;    // dB
constexpr double kPageColours = 6;  // of svg_colour, before they repeat

std::string class_colour(size_t label, size_t classes) {
  if (static_cast<double>(classes) <= kPageColours) return svg_colour(label);
  return fmt::format("hsl({:.0f} 62% 48%)", 360 * static_cast<double>(label) / static_cast<double>(classes));
}

std::string name_of_class(const Dataset& dataset, size_t label) {
  return dataset.classes.empty() ? "all" : dataset.classes[label];
}

std::vector<double> channel_values(const Dataset& dataset, const DataWindow& window, size_t c) {
  std::vector<double> values;
  const std::span<const int16_t> counts = dataset.window(window);
  const size_t channels = dataset.channels.size();
  for (size_t i = c; i < counts.size(); i += channels) values.push_back(to_value(counts[i], dataset.channels[c]));
  return values;
}

// SVG path of a curve; of many readings in one column of dots the extremes.
std::string curve(const std::vector<double>& values, double left, double top, double height, const ChannelRow& row) {
  const auto y = [&](double value) {
    return top + height * (row.high - std::clamp(value, row.low, row.high)) / (row.high - row.low);
  };
  std::string path;
  const auto add = [&](double x, double value) {
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y(value));
  };
  const size_t n = values.size();
  if (n <= 2 * kColumns) {
    for (size_t i = 0; i < n; ++i)
      add(left + kPanel * static_cast<double>(i) / static_cast<double>(std::max<size_t>(1, n - 1)), values[i]);
    return path;
  }
  for (size_t column = 0; column < kColumns; ++column) {
    const auto begin = values.begin() + static_cast<int64_t>(column * n / kColumns),
               end = values.begin() + static_cast<int64_t>((column + 1) * n / kColumns);
    const auto [low, high] = std::minmax_element(begin, end);
    const double x = left + kPanel * static_cast<double>(column) / (kColumns - 1);
    add(x, low < high ? *low : *high);
    add(x, low < high ? *high : *low);
  }
  return path;
}

// From where the windows of a panel are, and the time below them.
std::string panel_labels(const Dataset& dataset, const DataWindow& window, double left, double bottom) {
  const Recording& recording = dataset.recordings[static_cast<size_t>(window.recording)];
  const double rate = dataset.contract.rate_hz, n = dataset.contract.window;
  const double at = static_cast<double>(window.offset - recording.offset);
  std::string file = recording.file.substr(recording.file.rfind('/') + 1);
  if (file.size() > 24) {
    size_t begin = file.size() - 22;
    while (begin < file.size() && (static_cast<unsigned char>(file[begin]) & 0xC0) == 0x80) ++begin;  // within a letter
    file = "…" + file.substr(begin);
  }
  const std::string place =
      rate > 0 ? fmt::format("{}, {:.4g} s", file, at / rate) : fmt::format("{}, {:.0f}", file, at);
  return svg_text(left + kPanel / 2, kTop - 8, "middle", place) + svg_text(left, bottom + 14, "middle", "0") +
         svg_text(left + kPanel, bottom + 14, "end",
                  rate > 0 ? fmt::format("{:.3g} s", n / rate) : fmt::format("{:.0f} readings", n));
}

double panel_left(size_t panel) {
  return kLeft + static_cast<double>(panel) * (kPanel + kGap);
}

std::string legend(const std::vector<std::pair<std::string, std::string>>& entries, double left, double y) {
  std::string svg;
  double x = left;
  for (const auto& [name, colour] : entries) {
    svg += fmt::format("<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"12\" height=\"4\" fill=\"{}\"/>", x, y - 6, colour);
    svg += svg_text(x + 16, y, "start", name);
    x += 34 + 7.5 * static_cast<double>(name.size());
  }
  return svg;
}

}  // namespace

std::vector<ChannelRow> channel_rows(const Dataset& dataset, const std::vector<const DataWindow*>& windows,
                                     size_t most) {
  std::vector<ChannelRow> rows;
  std::vector<std::string> names;
  for (const ChannelContract& channel : dataset.channels) names.push_back(channel.name);
  const std::vector<size_t> triads = find_triads(names);
  std::map<std::string, size_t> known;
  for (size_t c = 0; c < names.size(); ++c) {
    const std::string& unit = dataset.channels[c].unit;
    const auto triad = std::find_if(triads.begin(), triads.end(), [&](size_t x) { return c >= x && c < x + 3; });
    const std::string key = !unit.empty() ? unit : triad != triads.end() ? names[*triad] : names[c];
    const auto [entry, added] = known.emplace(key, rows.size());
    if (added) rows.push_back({unit.empty() ? "" : unit, {}, INFINITY, -INFINITY});
    if (rows[entry->second].channels.size() < 6) rows[entry->second].channels.push_back(c);
  }
  if (rows.size() > most) rows.resize(most);
  for (ChannelRow& row : rows) {
    for (const DataWindow* window : windows)
      for (const size_t c : row.channels)
        for (const double value : channel_values(dataset, *window, c))
          row.low = std::min(row.low, value), row.high = std::max(row.high, value);
    if (!(row.high > row.low)) row.low = std::isfinite(row.low) ? row.low - 1 : 0, row.high = row.low + 2;
  }
  return rows;
}

std::string waveform_chart(const Dataset& dataset, const std::string& title,
                           const std::vector<const DataWindow*>& windows, const std::vector<ChannelRow>& rows) {
  const double bottom = kTop + static_cast<double>(rows.size()) * (kRowHeight + kRowGap) - kRowGap;
  std::string svg = open_svg(panel_left(windows.size()) - kGap + 24,
                             bottom + 22 + 18 * static_cast<double>(rows.size()), "waveforms of " + title);
  for (size_t r = 0; r < rows.size(); ++r) {
    const ChannelRow& row = rows[r];
    const double top = kTop + static_cast<double>(r) * (kRowHeight + kRowGap);
    for (const double value : {row.low, row.high})
      svg += svg_text(kLeft - 6, top + (value == row.low ? kRowHeight : 10), "end", fmt::format("{:.3g}", value));
    svg += svg_text(kLeft - 6, top + kRowHeight / 2 + 4, "end", row.axis);
    std::vector<std::pair<std::string, std::string>> names;
    for (size_t k = 0; k < row.channels.size(); ++k)
      names.emplace_back(dataset.channels[row.channels[k]].name, svg_colour(k));
    svg += legend(names, kLeft, bottom + 32 + 18 * static_cast<double>(r));
    for (size_t p = 0; p < windows.size(); ++p) {
      svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" fill=\"none\" class=\"cell\"/>",
                         panel_left(p), top, kPanel, kRowHeight);
      for (size_t k = 0; k < row.channels.size(); ++k)
        svg += fmt::format(
            "<path d=\"{}\" fill=\"none\" stroke=\"{}\"/>",
            curve(channel_values(dataset, *windows[p], row.channels[k]), panel_left(p), top, kRowHeight, row),
            svg_colour(k));
    }
  }
  for (size_t p = 0; p < windows.size(); ++p) svg += panel_labels(dataset, *windows[p], panel_left(p), bottom);
  return svg + "</svg>\n";
}

SpectrumRange spectrum_range(const Dataset& dataset, const std::vector<const DataWindow*>& windows, size_t channel) {
  SpectrumRange range;
  const auto n = static_cast<size_t>(dataset.contract.window);
  const double rate = dataset.contract.rate_hz;
  range.length = rate >= kSoundRate ? static_cast<size_t>(0.032 * rate) : n / 5;
  range.length = std::clamp(range.length, std::min<size_t>(n, 16), n);
  range.hop = std::max({size_t{1}, range.length / 8, (n - range.length) / kMostFrames + 1});
  double most = 0;
  for (const DataWindow* window : windows) {
    const Spectrogram all = spectrogram(channel_values(dataset, *window, channel), range.length, range.hop);
    for (const double power : all.power) most = std::max(most, power);
  }
  range.top = 10 * std::log10(std::max(most, 1e-30));
  return range;
}

std::string spectrogram_chart(const Dataset& dataset, const std::string& title,
                              const std::vector<const DataWindow*>& windows, size_t channel,
                              const SpectrumRange& range) {
  constexpr double kHeight = 2 * kRowHeight;
  const double bottom = kTop + kHeight;
  std::string svg = open_svg(panel_left(windows.size()) - kGap + 24, bottom + 22,
                             fmt::format("spectrograms of {}, {}", title, dataset.channels[channel].name));
  svg += svg_text(kLeft - 6, kTop + 10, "end", fmt::format("{:.4g} Hz", dataset.contract.rate_hz / 2)) +
         svg_text(kLeft - 6, bottom, "end", "0");
  for (size_t p = 0; p < windows.size(); ++p) {
    const Spectrogram all = spectrogram(channel_values(dataset, *windows[p], channel), range.length, range.hop);
    const size_t rows = std::min(all.bins, kMostBins);
    const double width = kPanel / static_cast<double>(all.frames), height = kHeight / static_cast<double>(rows);
    std::vector<std::string> paths(kShades);  // one for each shade; runs of equal cells are one box
    const auto shade = [&](size_t frame, size_t row) {
      double power = 0;
      for (size_t bin = row * all.bins / rows; bin < (row + 1) * all.bins / rows; ++bin)
        power = std::max(power, all.at(frame, bin));
      const double below = range.top - 10 * std::log10(std::max(power, 1e-30));
      return static_cast<size_t>(std::clamp(static_cast<double>(kShades) - below / kShadeStep, 0.0, kShades - 0.001));
    };
    for (size_t row = 0; row < rows; ++row)
      for (size_t begin = 0, end = 0; begin < all.frames; begin = end) {
        const size_t here = shade(begin, row);
        for (end = begin + 1; end < all.frames && shade(end, row) == here;) ++end;
        if (here > 0)
          paths[here] +=
              fmt::format("M{:.1f} {:.1f}h{:.1f}v{:.1f}h-{:.1f}z", panel_left(p) + width * static_cast<double>(begin),
                          bottom - height * static_cast<double>(row + 1), width * static_cast<double>(end - begin),
                          height, width * static_cast<double>(end - begin));
      }
    for (size_t k = 1; k < kShades; ++k)
      svg += fmt::format("<path d=\"{}\" fill=\"var(--c1)\" fill-opacity=\"{:.2f}\"/>", paths[k],
                         static_cast<double>(k) / (kShades - 1));
    svg += fmt::format("<rect x=\"{:.1f}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" class=\"cell\"/>",
                       panel_left(p), kTop, kPanel, kHeight);
    svg += panel_labels(dataset, *windows[p], panel_left(p), bottom);
  }
  return svg + "</svg>\n";
}

std::string balance_chart(const Dataset& dataset) {
  constexpr double kNames = 130, kWidth = 480, kBar = 22;
  const DataPart* const parts[] = {&dataset.train, &dataset.validation, &dataset.test};
  const size_t classes = std::max<size_t>(1, dataset.classes.size());
  std::vector<std::array<double, 3>> counts(classes);
  double most = 1;
  for (size_t label = 0; label < classes; ++label) {
    for (size_t part = 0; part < 3; ++part)
      counts[label][part] = static_cast<double>(dataset.class_counts(*parts[part])[label]);
    most = std::max(most, counts[label][0] + counts[label][1] + counts[label][2]);
  }
  std::string svg =
      open_svg(kNames + kWidth + 130, kBar * static_cast<double>(classes) + 34, "windows by class and part");
  for (size_t label = 0; label < classes; ++label) {
    const double y = kBar * static_cast<double>(label);
    svg += svg_text(kNames - 8, y + 15, "end", name_of_class(dataset, label));
    double x = kNames;
    for (size_t part = 0; part < 3; ++part) {
      const double width = kWidth * counts[label][part] / most;
      svg += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"><title>{}: {:.0f} {}"
          "</title></rect>",
          x, y + 3, width, kBar - 6, svg_colour(part), escape_html(name_of_class(dataset, label)), counts[label][part],
          kPartNames[part]);
      x += width;
    }
    svg += svg_text(x + 6, y + 15, "start",
                    fmt::format("{:.0f} + {:.0f} + {:.0f}", counts[label][0], counts[label][1], counts[label][2]));
  }
  std::vector<std::pair<std::string, std::string>> names;
  for (size_t part = 0; part < 3; ++part) names.emplace_back(kPartNames[part], svg_colour(part));
  return svg + legend(names, kNames, kBar * static_cast<double>(classes) + 24) + "</svg>\n";
}

std::string map_chart(const Dataset& dataset, const std::vector<MapPoint>& points, const std::array<double, 2>& share) {
  constexpr double kSide = 520, kEdge = 40;
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  for (const MapPoint& point : points) {
    low[0] = std::min(low[0], point.x), high[0] = std::max(high[0], point.x);
    low[1] = std::min(low[1], point.y), high[1] = std::max(high[1], point.y);
  }
  const size_t classes = std::max<size_t>(1, dataset.classes.size());
  const double scale =
      kSide / std::max({high[0] - low[0], high[1] - low[1], 1e-9});  // one for both: distances are true
  const double width = (high[0] - low[0]) * scale, height = (high[1] - low[1]) * scale;
  std::string svg = open_svg(kEdge + width + 220, height + 2 * kEdge, "windows in feature space, by class and part");
  svg += fmt::format("<rect x=\"{}\" y=\"10\" width=\"{:.0f}\" height=\"{:.0f}\" fill=\"none\" class=\"cell\"/>",
                     kEdge - 10, width + 20, height + 20);
  for (const MapPoint& point : points) {
    const double x = kEdge + (point.x - low[0]) * scale, y = 20 + (high[1] - point.y) * scale;
    const std::string style = fmt::format("fill=\"{}\" fill-opacity=\"0.6\"", class_colour(point.label, classes));
    if (point.part == 0)
      svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" {}/>", x, y, style);
    else if (point.part == 1)
      svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"6\" height=\"6\" {}/>", x - 3, y - 3, style);
    else
      svg += fmt::format("<path d=\"M{:.1f} {:.1f}l4.5 8h-9z\" {}/>", x, y - 5, style);
  }
  svg += svg_text(kEdge, height + kEdge + 10, "start",
                  fmt::format("first direction: {:.0f} % of the variance; upwards the second: {:.0f} %", 100 * share[0],
                              100 * share[1]));
  for (size_t label = 0; label < classes; ++label) {
    const double y = 24 + 18 * static_cast<double>(label), x = kEdge + width + 28;
    svg += fmt::format("<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"12\" height=\"12\" fill=\"{}\"/>", x, y - 10,
                       class_colour(label, classes));
    svg += svg_text(x + 18, y, "start", name_of_class(dataset, label));
  }
  return svg + "</svg>\n<p class=\"sub\">Circles: training part, squares: validation part, triangles: test part.</p>\n";
}

}  // namespace mote
