#include "toolchain/compile/program_memory.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "ops/op.h"
#include "toolchain/compile/array_text.h"

namespace mote {
namespace {

constexpr const char* kDeclaration = "  static constexpr ";

// "  static constexpr T name = {...};" or "... name[] = {...};", one line: every operator's emit() writes them so.
std::string declaration_in_flash(const std::string& line, const std::string& owner) {
  const size_t equals = line.find(" = ");
  size_t end = equals;
  const bool array = line[end - 1] == ']';
  if (array) end = line.rfind('[', end);
  const size_t begin = line.rfind(' ', end - 1) + 1;
  const std::string name = line.substr(begin, end - begin), stored = name + "_in_flash";
  return fmt::format(
      "  MOTE_IN_FLASH(\"parameters.{}.{}\")\n{}{}{}\n"
      "  const FlashCopy<decltype({})> {}_copy(MOTE_FLASH_ADDRESS({}{}));\n  const auto& {} = {}_copy.value;\n",
      owner, name, line.substr(0, begin), stored, line.substr(end), stored, name, array ? "" : "&", stored, name, name);
}

}  // namespace

bool is_large_for_avr(size_t bytes) {
  return bytes > INT16_MAX;
}

std::string array_in_flash(const std::string& name, DType type, std::span<const uint8_t> bytes) {
  if (!is_large_for_avr(bytes.size())) return array_text(name, type, bytes, fmt::format("MOTE_IN_FLASH(\"{}\")", name));
  std::string text = fmt::format(
      "extern \"C\" const {} {}[];\n__asm(\n    \".pushsection .progmem.mote.{},\\\"a\\\"\\n\"\n    \"{}:\\n\"\n",
      c_type(type), name, name, name);
  constexpr size_t kBytesPerLine = 20;
  for (size_t i = 0; i < bytes.size(); i += kBytesPerLine)
    text += fmt::format("    \".byte {}\\n\"\n",
                        fmt::join(bytes.subspan(i, std::min(kBytesPerLine, bytes.size() - i)), ","));
  return text + "    \".popsection\\n\");\n";
}

std::string parameters_in_flash(const std::string& statements, const std::string& owner) {
  std::istringstream lines(statements);
  std::string text;
  for (std::string line; std::getline(lines, line);)
    text += line.starts_with(kDeclaration) ? declaration_in_flash(line, owner) : line + "\n";
  return text;
}

}  // namespace mote
