// One program of many compiled models, for this host and for an emulated board.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "toolchain/compile/compiled_model.h"

namespace mote {

class CompiledProgram {
 public:
  explicit CompiledProgram(PackedFor core) : core_(core) {}

  // Adds a model with the bytes of its inputs; what the interpreter on this host answers is what it has to give.
  Result<void> add(const std::string& name, const std::vector<uint8_t>& model,
                   const std::vector<std::vector<uint8_t>>& inputs);
  size_t models() const { return count_; }

  // Writes the models and models.cpp, which joins them all, into `folder`.
  Result<void> write(const std::filesystem::path& folder) const;

 private:
  std::string place(const std::vector<std::vector<uint8_t>>& tensors);  // as initialisers of Model::given

  PackedFor core_;
  size_t count_ = 0;
  SourceFiles files_;
  std::vector<uint8_t> blob_;
  std::string includes_, symbols_, table_;
};

// What the compiler printed, or the program. Warnings are errors.
Result<std::string> run_here(const std::filesystem::path& folder, const std::filesystem::path& source);
Result<std::string> run_on_cortex_m4(const std::filesystem::path& folder, const std::filesystem::path& source);
Result<std::string> run_on_cortex_m55(const std::filesystem::path& folder, const std::filesystem::path& source);
// On the ATmega2560; `emulator`: mote_simavr. The arenas of all models share kAvrArena bytes.
constexpr int64_t kAvrArena = 5632;
Result<std::string> run_on_mega2560(const std::filesystem::path& folder, const std::filesystem::path& source,
                                    const std::filesystem::path& emulator);

}  // namespace mote
