#include "toolchain/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "toolchain/base/html.h"
#include "toolchain/base/svg.h"
#include "toolchain/report/format.h"

namespace mote {
namespace {

// Plot area of a line chart in SVG units, and the values at its edges.
struct Frame {
  double left = 52, top = 24, width = 420, height = 170;
  double low = 0, high = 1;
  size_t steps = 1;
  double x(size_t step) const {
    return left + (steps > 1 ? width * static_cast<double>(step) / static_cast<double>(steps - 1) : width / 2);
  }
  double y(double value) const { return top + height * (high - value) / (high - low); }
};

Frame frame_of(const std::vector<ChartSeries>& series) {
  Frame frame;
  frame.low = std::numeric_limits<double>::infinity();
  frame.high = -frame.low;
  for (const ChartSeries& each : series) {
    frame.steps = std::max(frame.steps, each.values.size());
    for (const double value : each.values) {
      if (!std::isfinite(value)) continue;
      frame.low = std::min(frame.low, value);
      frame.high = std::max(frame.high, value);
    }
  }
  if (!std::isfinite(frame.low)) frame.low = 0, frame.high = 1;
  if (frame.low > 0 && frame.low < 0.5 * frame.high) frame.low = 0;
  if (frame.high <= frame.low) frame.high = frame.low + 1;
  return frame;
}

std::string axes(const Frame& frame, const std::string& title) {
  constexpr int kGridLines = 4;
  std::string svg =
      fmt::format("<text x=\"{:.0f}\" y=\"14\" class=\"title\">{}</text>", frame.left, escape_html(title));
  for (int i = 0; i <= kGridLines; ++i) {
    const double value = frame.low + (frame.high - frame.low) * i / kGridLines;
    svg += svg_line(frame.left, frame.y(value), frame.left + frame.width, frame.y(value), "class=\"grid\"");
    svg += svg_text(frame.left - 6, frame.y(value) + 4, "end", format_number(value));
  }
  svg += svg_text(frame.left, frame.top + frame.height + 16, "middle", "1");
  return svg + svg_text(frame.left + frame.width, frame.top + frame.height + 16, "middle", std::to_string(frame.steps));
}

std::string path(const Frame& frame, const std::vector<double>& values, const char* colour) {
  std::string d;
  bool pen_down = false;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      pen_down = false;
      continue;
    }
    d += fmt::format("{}{:.1f} {:.1f}", pen_down ? "L" : "M", frame.x(i), frame.y(values[i]));
    pen_down = true;
  }
  return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>", d, colour);
}

}  // namespace

std::string line_chart(const std::string& title, const std::vector<ChartSeries>& series, int64_t marked_step) {
  const Frame frame = frame_of(series);
  const double bottom = frame.top + frame.height;
  std::string svg = open_svg(frame.left + frame.width + 16, bottom + 40, title) + axes(frame, title);
  if (marked_step > 0 && marked_step <= static_cast<int64_t>(frame.steps)) {
    const double x = frame.x(static_cast<size_t>(marked_step - 1));
    svg += svg_line(x, frame.top, x, bottom, "class=\"mark\"");
  }
  for (size_t i = 0; i < series.size(); ++i) {
    const char* colour = svg_colour(i);
    const double x = frame.left + 140 * static_cast<double>(i);
    svg += path(frame, series[i].values, colour);
    svg +=
        fmt::format("<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"12\" height=\"4\" fill=\"{}\"/>", x, bottom + 28, colour);
    svg += svg_text(x + 18, bottom + 34, "start", series[i].name);
  }
  return svg + "</svg>";
}

std::string confusion_chart(const std::vector<std::string>& names, const std::vector<std::vector<int64_t>>& counts) {
  constexpr double kCell = 54, kLeft = 120, kTop = 44;
  const double n = static_cast<double>(names.size());
  std::string svg = open_svg(kLeft + n * kCell + 8, kTop + n * kCell + 8, "confusion matrix");
  svg += svg_text(kLeft + n * kCell / 2, 14, "middle", "predicted");
  for (size_t r = 0; r < names.size(); ++r) {
    int64_t sum = 0;
    for (const int64_t count : counts[r]) sum += count;
    const double y = kTop + static_cast<double>(r) * kCell;
    svg += svg_text(kLeft - 8, y + kCell / 2 + 4, "end", names[r]);
    svg += svg_text(kLeft + (static_cast<double>(r) + 0.5) * kCell, kTop - 8, "middle", names[r]);
    for (size_t c = 0; c < names.size(); ++c) {
      const double share = sum > 0 ? static_cast<double>(counts[r][c]) / static_cast<double>(sum) : 0;
      const double x = kLeft + static_cast<double>(c) * kCell;
      svg += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" fill=\"{}\" fill-opacity=\"{:.3f}\" "
          "class=\"cell\"/>",
          x, y, kCell, kCell, r == c ? "var(--c1)" : "var(--bad)", 0.75 * share);
      svg += svg_text(x + kCell / 2, y + kCell / 2 + 4, "middle", std::to_string(counts[r][c]));
    }
  }
  return svg + "</svg>";
}

std::string arena_chart(const std::vector<ArenaBox>& boxes, const std::vector<std::string>& nodes,
                        int64_t arena_bytes) {
  if (boxes.empty() || nodes.empty() || arena_bytes <= 0) return "";
  constexpr double kLeft = 70, kTop = 12, kHeight = 220;
  const double column = std::max(90.0, 480.0 / static_cast<double>(nodes.size()));
  const double width = column * static_cast<double>(nodes.size());
  const auto y_of = [&](int64_t bytes) {
    return kTop + kHeight * (1.0 - static_cast<double>(bytes) / static_cast<double>(arena_bytes));
  };
  std::string svg = open_svg(kLeft + width + 8, kTop + kHeight + 32, "tensor arena over time");
  svg += svg_text(kLeft - 6, kTop + 4, "end", format_bytes(static_cast<double>(arena_bytes))) +
         svg_text(kLeft - 6, kTop + kHeight + 4, "end", "0");
  svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"none\" class=\"cell\"/>", kLeft,
                     kTop, width, kHeight);
  for (size_t i = 0; i < boxes.size(); ++i) {
    const ArenaBox& box = boxes[i];
    const double x = kLeft + column * box.first;
    const double box_width = column * (box.last - box.first + 1);
    const double y = y_of(box.offset + box.bytes);
    const std::string label = fmt::format("{}: {} B at {}", box.name, box.bytes, box.offset);
    svg += fmt::format(
        "<g><title>{}</title><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" "
        "fill-opacity=\"0.55\" class=\"cell\"/>",
        escape_html(label), x, y, box_width, y_of(box.offset) - y, svg_colour(i));
    if (y_of(box.offset) - y > 12)
      svg += svg_text(x + 4, (y + y_of(box.offset)) / 2 + 4, "start", fmt::format("{} B", box.bytes));
    svg += "</g>";
  }
  for (size_t n = 0; n < nodes.size(); ++n)
    svg += svg_text(kLeft + column * (static_cast<double>(n) + 0.5), kTop + kHeight + 18, "middle", nodes[n]);
  return svg + "</svg>";
}

std::string budget_bar(double fraction) {
  const double shown = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  return fmt::format(
      "<svg viewBox=\"0 0 200 12\" class=\"bar\"><rect width=\"200\" height=\"12\" class=\"track\"/>"
      "<rect width=\"{:.1f}\" height=\"12\" fill=\"{}\"/></svg>",
      200 * shown, fraction <= 1 ? "var(--good)" : "var(--bad)");
}

}  // namespace mote
