#include "toolchain/data/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "toolchain/base/html.h"
#include "toolchain/data/page_charts.h"

namespace mote {
namespace {

constexpr size_t kExamples = 3;       // windows of a class
constexpr size_t kMostClasses = 24;   // that are plotted
constexpr size_t kMostRows = 4;       // of curves
constexpr size_t kMostPoints = 1500;  // of the map
constexpr size_t kMostFindings = 200;
constexpr int32_t kSpectrumLeast = 64;  // readings of a window

size_t class_count(const Dataset& dataset) {
  return std::max<size_t>(1, dataset.classes.size());
}

// From the first recording of the class, one in the middle and the last, so that people and sessions differ.
std::vector<std::vector<const DataWindow*>> examples_of_classes(const Dataset& dataset) {
  std::vector<std::vector<const DataWindow*>> all(class_count(dataset));
  for (const DataPart* part : {&dataset.train, &dataset.validation, &dataset.test})
    for (const DataWindow& window : part->windows) all[static_cast<size_t>(window.label)].push_back(&window);
  for (std::vector<const DataWindow*>& windows : all) {
    if (windows.size() <= kExamples) continue;
    std::vector<const DataWindow*> chosen;
    for (size_t k = 0; k < kExamples; ++k) chosen.push_back(windows[(2 * k + 1) * windows.size() / (2 * kExamples)]);
    windows = std::move(chosen);
  }
  return all;
}

std::string facts(const Dataset& dataset, const CheckReport& report) {
  const RecordingContract& contract = dataset.contract;
  const auto row = [](const std::string& name, const std::string& value) {
    return html_row({name, escape_html(value)}, "td");
  };
  std::string html = "<table>" + row("files", std::to_string(report.files)) +
                     row("readings", std::to_string(report.readings)) +
                     row("windows", fmt::format("{} training, {} validation, {} test", dataset.train.size(),
                                                dataset.validation.size(), dataset.test.size())) +
                     row("split by", dataset.split_by);
  if (contract.rate_hz > 0)
    html += row("rate", fmt::format("{:g} Hz", contract.rate_hz)) +
            row("window", fmt::format("{:.4g} s ({} readings), one every {:.4g} s", contract.window / contract.rate_hz,
                                      contract.window, contract.stride / contract.rate_hz));
  if (const BaselineContract& baseline = contract.baseline; baseline.readings > 0)
    html += row("baseline", fmt::format("{:.4g} s ({} readings) of every recording, by whose mean{} readings are shown",
                                        baseline.readings / contract.rate_hz, baseline.readings,
                                        baseline.least.empty() ? "" : " and deviation"));
  html += "</table>\n";
  for (const std::string& note : dataset.notes) html += "<p class=\"sub\">" + escape_html(note) + "</p>\n";
  return html;
}

std::string findings_section(const CheckReport& report) {
  const CheckReport few = folded(report);
  const auto counted = [&](Severity severity, const char* noun) {
    const int64_t n = report.count(severity);
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
  };
  std::string html = fmt::format("<h2>What the check found: {}, {}, {}</h2>\n", counted(Severity::error, "error"),
                                 counted(Severity::warning, "warning"), counted(Severity::note, "note"));
  if (few.findings.empty()) return html + "<p>Nothing.</p>\n";
  for (size_t i = 0; i < std::min(few.findings.size(), kMostFindings); ++i) {
    const Finding& finding = few.findings[i];
    const char* const severity = finding.severity == Severity::error     ? "error"
                                 : finding.severity == Severity::warning ? "warning"
                                                                         : "note";
    html +=
        fmt::format("<p><b class=\"{}\">{} [{}]</b> {}{}{}{}</p>\n", finding.severity == Severity::note ? "" : "bad",
                    severity, escape_html(finding.kind), escape_html(place_text(finding)), escape_html(finding.what),
                    finding.why.empty() ? "" : "<br>why: " + escape_html(finding.why),
                    finding.todo.empty() ? "" : "<br>do: " + escape_html(finding.todo));
    if (finding.occurrences > 1)
      html += fmt::format("<p class=\"sub\">and {} more like this</p>\n", finding.occurrences - 1);
  }
  return html;
}

// The channel that tells most of frequencies: the one that moves most against what it does on average.
size_t liveliest_channel(const Dataset& dataset) {
  const std::vector<double>& deviations = dataset.channel_deviation;
  return static_cast<size_t>(std::max_element(deviations.begin(), deviations.end()) - deviations.begin());
}

std::string base64(const std::string& bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    for (size_t k = 0; k < 3; ++k) three = three << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) text += i + k <= bytes.size() ? kDigits[three >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

// A BMP of 24 bits: rows from below, blue first, each row a multiple of four bytes.
std::string bitmap(const Dataset& dataset, const DataWindow& window) {
  const int32_t height = dataset.contract.height, width = dataset.contract.window / height;
  const auto row = static_cast<size_t>((3 * width + 3) / 4 * 4), size = 54 + row * static_cast<size_t>(height);
  std::string bytes(size, '\0');
  const auto number = [&](size_t at, size_t value) {
    for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i) & 255);
  };
  bytes[0] = 'B', bytes[1] = 'M';
  number(2, size), number(10, 54), number(14, 40);
  number(18, static_cast<size_t>(width)), number(22, static_cast<size_t>(height));
  number(26, 1 | 24 << 16);  // planes, bits
  const std::vector<ChannelContract>& channels = dataset.channels;
  const std::span<const int16_t> counts = dataset.window(window);
  for (size_t i = 0; i < static_cast<size_t>(dataset.contract.window); ++i)
    for (size_t c = 0; c < 3; ++c) {
      const size_t channel = channels.size() == 3 ? 2 - c : 0;
      const double value = to_value(counts[i * channels.size() + channel], channels[channel]);
      const size_t x = i % static_cast<size_t>(width), y = i / static_cast<size_t>(width);
      bytes[54 + (static_cast<size_t>(height) - 1 - y) * row + 3 * x + c] =
          static_cast<char>(static_cast<uint8_t>(std::clamp(value, 0.0, 255.0)));
    }
  return bytes;
}

std::string image_sections(const Dataset& dataset) {
  const std::vector<std::vector<const DataWindow*>> examples = examples_of_classes(dataset);
  std::string html = "<h2>Images by class</h2>\n";
  for (size_t label = 0; label < std::min(examples.size(), kMostClasses); ++label) {
    const std::string name = dataset.classes.empty() ? "all images" : dataset.classes[label];
    html += "<h3>" + escape_html(name) + "</h3>\n<p>";
    for (const DataWindow* window : examples[label])
      html += fmt::format("<img alt=\"{}\" width=\"96\" src=\"data:image/bmp;base64,{}\"> ",
                          escape_html(dataset.recordings[static_cast<size_t>(window->recording)].file),
                          base64(bitmap(dataset, *window)));
    html += "</p>\n";
  }
  return html;
}

std::string class_sections(const Dataset& dataset) {
  const std::vector<std::vector<const DataWindow*>> examples = examples_of_classes(dataset);
  std::vector<const DataWindow*> all;
  for (const auto& windows : examples) all.insert(all.end(), windows.begin(), windows.end());
  const std::vector<ChannelRow> rows = channel_rows(dataset, all, kMostRows);
  const size_t shown = std::min(examples.size(), kMostClasses);
  std::string html = "<h2>Waveforms by class</h2>\n";
  for (size_t label = 0; label < shown; ++label) {
    const std::string name = dataset.classes.empty() ? "all windows" : dataset.classes[label];
    if (examples[label].empty()) continue;
    html += "<h3>" + escape_html(name) + "</h3>\n" + waveform_chart(dataset, name, examples[label], rows);
  }
  if (shown < examples.size()) html += fmt::format("<p class=\"sub\">{} classes more</p>\n", examples.size() - shown);
  if (dataset.contract.rate_hz <= 0 || dataset.contract.window < kSpectrumLeast) return html;
  const size_t channel = liveliest_channel(dataset);
  const SpectrumRange range = spectrum_range(dataset, all, channel);
  html += fmt::format(
      "<h2>Spectrograms by class: {}</h2>\n<p class=\"sub\">Time to the right, frequency upwards; frames "
      "of {:.3g} ms; each shade is 6 dB, the darkest the strongest of all.</p>\n",
      escape_html(dataset.channels[channel].name), 1000 * static_cast<double>(range.length) / dataset.contract.rate_hz);
  for (size_t label = 0; label < shown; ++label) {
    const std::string name = dataset.classes.empty() ? "all windows" : dataset.classes[label];
    if (examples[label].empty()) continue;
    html += "<h3>" + escape_html(name) + "</h3>\n" + spectrogram_chart(dataset, name, examples[label], channel, range);
  }
  return html;
}

std::string map_section(const Dataset& dataset, const FeatureBlock* features) {
  const DataPart* const parts[] = {&dataset.train, &dataset.validation, &dataset.test};
  const auto total = static_cast<size_t>(dataset.train.size() + dataset.validation.size() + dataset.test.size());
  const size_t step = total / kMostPoints + 1;
  std::vector<const DataWindow*> windows;
  std::vector<MapPoint> points;
  size_t n = 0;
  for (int part = 0; part < 3; ++part)
    for (const DataWindow& window : parts[part]->windows)
      if (n++ % step == 0) {
        windows.push_back(&window);
        points.push_back({0, 0, static_cast<size_t>(window.label), part});
      }
  PointCloud cloud;
  if (features == nullptr) {
    cloud = statistics_cloud(dataset, windows);
  } else {
    const auto size = static_cast<size_t>(features->output_shape().elements());
    std::vector<float> values(size * windows.size());
    for (size_t i = 0; i < windows.size(); ++i)
      features->transform_counts(dataset.window(*windows[i]), std::span(values).subspan(i * size, size));
    cloud = standardised(std::move(values), size);
  }
  const Plane plane = principal_plane(cloud);
  for (size_t i = 0; i < points.size(); ++i) points[i].x = plane.points[i][0], points[i].y = plane.points[i][1];
  return fmt::format(
             "<h2>Map of the windows</h2>\n<p class=\"sub\">{} of {} windows along the two directions in which {} "
             "vary most (principal components, each of {} values standardised). Classes that lie apart are easy "
             "to tell apart; test windows far from training windows are new to the model.</p>\n",
             windows.size(), total,
             features == nullptr ? std::string("their statistics by channel")
                                 : fmt::format("the outputs of the feature block '{}'", features->kind()),
             cloud.dimensions) +
         map_chart(dataset, points, plane.share);
}

}  // namespace

std::string data_page(const std::string& title, const Dataset& dataset, const FeatureBlock* features,
                      const CheckReport& report) {
  std::string html =
      facts(dataset, report) + findings_section(report) + "<h2>Class balance</h2>\n" + balance_chart(dataset);
  if (dataset.contract.height > 0)
    html += image_sections(dataset);
  else if (dataset.contract.window > 1)
    html += class_sections(dataset);
  html += map_section(dataset, features);
  return html_page(title, fmt::format("the data, fingerprint {}", dataset.fingerprint.substr(0, 8)), html);
}

}  // namespace mote
