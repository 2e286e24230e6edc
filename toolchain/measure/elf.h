// The little of a 32-bit little-endian ELF file that measuring needs: symbols, and the bytes at an address. (libelf
// would be one more dependency for two tables that never change.)
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

struct ElfSymbol {
  std::string name;
  uint32_t address = 0;  // without the Thumb bit
  uint32_t bytes = 0;
  bool function = false;
};

class ElfFile {
 public:
  // Errors name the file and what in it is out of range.
  static Result<ElfFile> read(const std::filesystem::path& path);
  static Result<ElfFile> parse(const std::string& name, std::vector<uint8_t> bytes);

  static constexpr uint16_t kArm = 40, kAvr = 83, kRiscv = 243;
  uint16_t machine() const { return static_cast<uint16_t>(bytes_[18] | bytes_[19] << 8); }

  const std::vector<ElfSymbol>& symbols() const { return symbols_; }  // sorted by address
  const ElfSymbol* find(const std::string& name) const;
  const ElfSymbol* function_at(uint32_t address) const;  // nullptr: none covers it
  // Little-endian halfword that is loaded at `address`.
  std::optional<uint16_t> halfword(uint32_t address) const;

 private:
  struct Segment {
    uint32_t address, offset, bytes;
  };
  ElfFile() = default;
  Result<void> read_segments(const std::string& name);
  Result<void> read_symbols(const std::string& name);

  std::vector<uint8_t> bytes_;
  std::vector<Segment> segments_;
  std::vector<ElfSymbol> symbols_;
};

}  // namespace mote
