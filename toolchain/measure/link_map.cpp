#include "toolchain/measure/link_map.h"

#include <sstream>

namespace mote {
namespace {

// "0x..." fields of a line after its first word.
struct Row {
  std::string first;
  uint64_t address = 0, bytes = 0;
  std::string rest;
  int fields = 0;  // numbers found
};

Row split(const std::string& line) {
  std::istringstream in(line);
  Row row;
  in >> row.first;
  std::string field;
  while (row.fields < 2 && in >> field) {
    if (!field.starts_with("0x")) return row;
    (row.fields == 0 ? row.address : row.bytes) = std::stoull(field.substr(2, 16), nullptr, 16);
    ++row.fields;
  }
  std::getline(in >> std::ws, row.rest);
  return row;
}

}  // namespace

// Output sections start in column 0, input sections in column 1; a name too long for its column stands alone on a line
// and its numbers on the next.
std::vector<LinkedPiece> parse_link_map(const std::string& text) {
  std::vector<LinkedPiece> pieces;
  std::istringstream in(text.substr(std::min(text.find("Linker script and memory map"), text.size())));
  std::string line, output, wrapped;
  while (std::getline(in, line)) {
    if (line.empty()) continue;
    if (line[0] == '.') {
      output = split(line).first;
      wrapped.clear();
      continue;
    }
    const bool section = line[0] == ' ' && line.size() > 1 && (line[1] == '.' || line[1] == '*' || line[1] == 'C');
    if (!section && wrapped.empty()) continue;
    Row row = split(section ? line : wrapped + " " + line);
    wrapped = section && row.fields == 0 && line.find('(') == std::string::npos ? row.first : "";
    if (row.fields < 2 || row.bytes == 0) continue;
    const bool fill = row.first == "*fill*";
    if (!fill && row.rest.empty()) continue;  // a symbol assignment
    pieces.push_back({output, row.first, fill ? "" : row.rest, static_cast<int64_t>(row.bytes),
                      static_cast<uint32_t>(row.address)});
  }
  return pieces;
}

}  // namespace mote
