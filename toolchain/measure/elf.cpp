#include "toolchain/measure/elf.h"

#include <fmt/format.h>

#include <algorithm>

#include "toolchain/base/files.h"

namespace mote {
namespace {

// Field offsets and values: Tool Interface Standard, Executable and Linking Format 1.2, book I.
constexpr size_t kHeaderBytes = 52, kSegmentBytes = 32, kSectionBytes = 40, kSymbolBytes = 16;
constexpr uint32_t kLoad = 1, kSymbolTable = 2;
constexpr uint8_t kFunction = 2;

// REQUIRES: the range is inside `bytes`.
uint32_t word(const std::vector<uint8_t>& bytes, size_t at, int count = 4) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) value |= uint32_t{bytes[at + i]} << (8 * i);
  return value;
}

bool inside(const std::vector<uint8_t>& bytes, uint64_t offset, uint64_t count) {
  return offset <= bytes.size() && count <= bytes.size() - offset;
}

Error broken(const std::string& name, const std::string& what) {
  return input_error(fmt::format("{}: not a whole ELF file: {} outside the file", name, what));
}

std::string text_at(const std::vector<uint8_t>& bytes, size_t at, size_t end) {
  const auto first = bytes.begin() + static_cast<ptrdiff_t>(at);
  const auto last = std::find(first, bytes.begin() + static_cast<ptrdiff_t>(end), uint8_t{0});
  return {first, last};
}

}  // namespace

Result<ElfFile> ElfFile::read(const std::filesystem::path& path) {
  MOTE_TRY(std::vector<uint8_t> bytes, read_file(path));
  return parse(path.string(), std::move(bytes));
}

Result<ElfFile> ElfFile::parse(const std::string& name, std::vector<uint8_t> bytes) {
  static constexpr uint8_t kMagic[] = {0x7f, 'E', 'L', 'F', 1, 1};  // 32 bits, little endian
  if (bytes.size() < kHeaderBytes || !std::equal(std::begin(kMagic), std::end(kMagic), bytes.begin())) {
    return input_error(name + ": expected a 32-bit little-endian ELF file");
  }
  ElfFile file;
  file.bytes_ = std::move(bytes);
  MOTE_CHECK(file.read_segments(name));
  MOTE_CHECK(file.read_symbols(name));
  return file;
}

Result<void> ElfFile::read_segments(const std::string& name) {
  const uint32_t table = word(bytes_, 28), count = word(bytes_, 44, 2);
  if (!inside(bytes_, table, count * kSegmentBytes)) return broken(name, "the program header table");
  for (uint32_t i = 0; i < count; ++i) {
    const size_t at = table + i * kSegmentBytes;
    const Segment segment{word(bytes_, at + 8), word(bytes_, at + 4), word(bytes_, at + 16)};
    if (word(bytes_, at) != kLoad) continue;
    if (!inside(bytes_, segment.offset, segment.bytes)) return broken(name, fmt::format("segment {}", i));
    segments_.push_back(segment);
  }
  return {};
}

Result<void> ElfFile::read_symbols(const std::string& name) {
  const uint32_t table = word(bytes_, 32), count = word(bytes_, 48, 2);
  if (!inside(bytes_, table, count * kSectionBytes)) return broken(name, "the section header table");
  for (uint32_t i = 0; i < count; ++i) {
    const size_t at = table + i * kSectionBytes;
    if (word(bytes_, at + 4) != kSymbolTable) continue;
    const uint32_t offset = word(bytes_, at + 16), size = word(bytes_, at + 20), strings = word(bytes_, at + 24);
    if (!inside(bytes_, offset, size)) return broken(name, "the symbol table");
    if (strings >= count) return broken(name, "the symbol names");
    const size_t string_section = table + strings * kSectionBytes;
    const uint32_t text = word(bytes_, string_section + 16), text_size = word(bytes_, string_section + 20);
    if (!inside(bytes_, text, text_size)) return broken(name, "the symbol names");
    for (uint32_t s = 0; s + kSymbolBytes <= size; s += kSymbolBytes) {
      const size_t symbol = offset + s;
      const uint32_t label = word(bytes_, symbol);
      if (label >= text_size) return broken(name, "a symbol name");
      const bool function = (bytes_[symbol + 12] & 15) == kFunction;
      const uint32_t address = word(bytes_, symbol + 4);
      symbols_.push_back({text_at(bytes_, text + label, text + text_size), function ? address & ~1u : address,
                          word(bytes_, symbol + 8), function});
    }
  }
  std::stable_sort(symbols_.begin(), symbols_.end(),
                   [](const ElfSymbol& a, const ElfSymbol& b) { return a.address < b.address; });
  return {};
}

const ElfSymbol* ElfFile::find(const std::string& name) const {
  const auto found = std::find_if(symbols_.begin(), symbols_.end(), [&](const ElfSymbol& s) { return s.name == name; });
  return found == symbols_.end() ? nullptr : &*found;
}

const ElfSymbol* ElfFile::function_at(uint32_t address) const {
  for (const ElfSymbol& symbol : symbols_) {
    if (symbol.function && address >= symbol.address && address - symbol.address < symbol.bytes) return &symbol;
  }
  if (machine() != kAvr) return nullptr;
  for (const ElfSymbol& symbol : symbols_) {  // libgcc's, which have a size but no type
    if (address >= symbol.address && address - symbol.address < symbol.bytes) return &symbol;
  }
  return nullptr;
}

std::optional<uint16_t> ElfFile::halfword(uint32_t address) const {
  for (const Segment& segment : segments_) {
    if (address < segment.address || address - segment.address >= segment.bytes) continue;
    if (segment.bytes - (address - segment.address) < 2) continue;
    return static_cast<uint16_t>(word(bytes_, segment.offset + (address - segment.address), 2));
  }
  return std::nullopt;
}

}  // namespace mote
