#include "toolchain/base/html.h"

#include <fmt/format.h>

namespace mote {
namespace {

constexpr const char* kStyle = R"(
:root{--fg:#1b1f24;--bg:#fff;--soft:#6a737d;--rule:#d8dee4;--good:#1a7f37;--bad:#cf222e;--c1:#0969da;--c2:#bf8700;
--c3:#8250df;--c4:#1a7f37;--c5:#cf222e;--c6:#57606a}
@media(prefers-color-scheme:dark){:root{--fg:#e6edf3;--bg:#0d1117;--soft:#9198a1;--rule:#30363d;--good:#3fb950;
--bad:#f85149;--c1:#4493f8;--c2:#d29922;--c3:#ab7df8;--c4:#3fb950;--c5:#f85149;--c6:#9198a1}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:60rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--rule)}
p.sub{color:var(--soft);margin:.2rem 0 1rem}.verdict{font-size:1.15rem;font-weight:600}.good{color:var(--good)}
.bad{color:var(--bad)}
table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.2rem .9rem .2rem 0;text-align:right;
border-bottom:1px solid var(--rule)}
td:first-child,th:first-child{text-align:left}th{color:var(--soft);font-weight:500}
svg{width:100%;height:auto;display:block;margin:.6rem 0}svg text{font:12px system-ui,sans-serif;fill:var(--fg)}
svg .title{font-weight:600}
svg .grid{stroke:var(--rule)}svg .mark{stroke:var(--soft);stroke-dasharray:4 3}svg .cell{stroke:var(--rule)}
svg .track{fill:var(--rule)}
svg.bar{width:200px;display:inline-block;margin:0}pre{overflow:auto;border:1px solid var(--rule);padding:.7rem;
font-size:13px}
)";

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string html_row(const std::vector<std::string>& cells, const char* tag) {
  std::string row = "<tr>";
  for (const std::string& cell : cells) row += fmt::format("<{0}>{1}</{0}>", tag, cell);
  return row + "</tr>\n";
}

std::string html_page(const std::string& title, const std::string& heading, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>{0}, {1}</title><style>{2}</style></head>"
      "<body>\n<h1>{0}</h1>\n<p class=\"sub\">{1}</p>\n{3}</body></html>\n",
      escape_html(title), escape_html(heading), kStyle, body);
}

}  // namespace mote
