// The pieces that charts are made of, as SVG text; their classes and colours are those of html_page.
#pragma once
#include <cstddef>
#include <string>

namespace mote {

std::string open_svg(double width, double height, const std::string& title);
std::string svg_text(double x, double y, const std::string& anchor, const std::string& words);
std::string svg_line(double x1, double y1, double x2, double y2, const char* style);
const char* svg_colour(size_t index);  // one of the page's six, over and over

}  // namespace mote
