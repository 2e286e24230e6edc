// Reads GNU ld's map file: which bytes of the image come from which object file.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace mote {

struct LinkedPiece {
  std::string output;   // ".text", ".data", ".bss": the section of the image
  std::string section;  // ".text.main"; "*fill*" for alignment
  std::string object;   // path as on the command line, or "libgcc.a(file.o)" with its folder; empty for *fill*
  int64_t bytes = 0;
  uint32_t address = 0;
};

std::vector<LinkedPiece> parse_link_map(const std::string& text);

}  // namespace mote
