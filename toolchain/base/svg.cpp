#include "toolchain/base/svg.h"

#include <fmt/format.h>

#include <iterator>

#include "toolchain/base/html.h"

namespace mote {

std::string svg_text(double x, double y, const std::string& anchor, const std::string& words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>", x, y, anchor, escape_html(words));
}

std::string svg_line(double x1, double y1, double x2, double y2, const char* style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>", x1, y1, x2, y2, style);
}

std::string open_svg(double width, double height, const std::string& title) {
  return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" style=\"max-width:{:.0f}px\" role=\"img\"><title>{}</title>",
                     width, height, width, escape_html(title));
}

const char* svg_colour(size_t index) {
  static constexpr const char* kColours[] = {"var(--c1)", "var(--c2)", "var(--c3)",
                                             "var(--c4)", "var(--c5)", "var(--c6)"};
  return kColours[index % std::size(kColours)];
}

}  // namespace mote
