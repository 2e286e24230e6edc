// C++ text of the tables that firmware is given.
#pragma once
#include <span>
#include <string>

#include <fmt/format.h>

namespace mote {

// MOTE_IN_FLASH("label") constexpr type name[n] = {...};  `label` is the section's part on an AVR.
template <class T>
std::string flash_array(const std::string& type, const std::string& name, const std::string& label,
                        std::span<const T> values) {
  std::string text = fmt::format("MOTE_IN_FLASH(\"{}\") constexpr {} {}[{}] = {{", label, type, name, values.size());
  std::string line;
  for (const T& value : values) {
    std::string each = fmt::format(" {},", value);
    if (line.empty() || line.size() + each.size() > 116) {
      text += line + "\n   ";
      line.clear();
    }
    line += each;
  }
  return text + line + "\n};\n";
}

}  // namespace mote
