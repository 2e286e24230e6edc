// Names from outside (files, boards) go to terminals, JSON and CSV.
#pragma once
#include <string_view>

namespace mote {

// Well-formed UTF-8 (no overlong forms, no surrogates) without control characters.
inline bool is_plain_text(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto at = [&](size_t k) { return static_cast<unsigned char>(text[k]); };
    const unsigned char lead = at(i);
    if (lead < 0x20 || lead == 0x7F) return false;
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xC2 && lead < 0xE0 ? 2
                          : lead >= 0xE0 && lead < 0xF0 ? 3
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                                                        : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (size_t k = 1; k < length; ++k)
      if ((at(i + k) & 0xC0) != 0x80) return false;
    if (lead == 0xE0 && at(i + 1) < 0xA0) return false;
    if (lead == 0xED && at(i + 1) >= 0xA0) return false;
    if (lead == 0xF0 && at(i + 1) < 0x90) return false;
    if (lead == 0xF4 && at(i + 1) >= 0x90) return false;
    if (lead == 0xC2 && at(i + 1) < 0xA0) return false;  // C1 control characters
    i += length;
  }
  return true;
}

}  // namespace mote
