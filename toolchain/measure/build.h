// Compiles and links a firmware folder with the board's cross compiler.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "toolchain/compile/firmware.h"
#include "toolchain/measure/link_map.h"

namespace mote {

struct BuiltImage {
  std::filesystem::path elf;
  std::vector<LinkedPiece> pieces;
};

// Whether the compiler finds the C library that firmware needs besides it. Error: it does not run.
Result<bool> has_c_library(const CrossCompiler& compiler);

// Objects go to <folder>/objects, those of shared sources to `cache`, by fingerprint of all that they depend on. Linked
// for memories as large as the emulator's, so that a model too big for the board still gets its figures. Errors: input
// when the compiler or its C library is missing, with the package to install; defect when it fails, with its messages.
Result<BuiltImage> build_firmware(const Firmware& firmware, const Board& board, const std::filesystem::path& cache);

}  // namespace mote
