// Self-contained pages: no script, no font, no picture from elsewhere; light and dark as the reader has it.
#pragma once
#include <string>
#include <vector>

namespace mote {

std::string escape_html(const std::string& text);
// A row of a table. `cells` are HTML already; `tag`: td or th.
std::string html_row(const std::vector<std::string>& cells, const char* tag);
// `title` and `heading` are text, `body` is HTML.
std::string html_page(const std::string& title, const std::string& heading, const std::string& body);

}  // namespace mote
