// Small pieces of the text that inspect prints.
#pragma once
#include <cstdint>
#include <string>

#include "toolchain/graph/graph.h"

namespace mote {

// "1,234,567". REQUIRES: value >= 0.
inline std::string with_separators(int64_t value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

// At most `width` bytes. The names that TensorFlow's converter makes are chains "a;b;c": the first is kept.
inline std::string shortened(const std::string& name, int width) {
  std::string first = name.substr(0, name.find(';'));
  const auto limit = static_cast<size_t>(width);
  if (first.size() <= limit) return first;
  size_t cut = limit - 3;
  while (cut > 0 && (static_cast<unsigned char>(first[cut]) & 0xC0) == 0x80) --cut;  // not inside a UTF-8 character
  return first.substr(0, cut) + "...";
}

// "fully_connected", or what the file calls an operator that mote lacks, up to its first reason.
inline std::string operator_name(const Node& node) {
  return node.op != nullptr ? node.op->name : node.foreign.substr(0, node.foreign.find(':'));
}

}  // namespace mote
