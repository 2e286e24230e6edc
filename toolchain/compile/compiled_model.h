// The compiled engine: a .tflite as plain C++14 with a C interface, nothing but calls with constant parameters.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ops/op.h"
#include "toolchain/base/result.h"
#include "toolchain/boards/boards.h"
#include "toolchain/compile/sources.h"

namespace mote {

struct CompileOptions {
  std::string name;  // prefix of everything that the C interface declares; empty = made from the file's name
  PackedFor core = PackedFor::arm_dsp;
  const Board* board = nullptr;  // the build fails when the arena is larger than its RAM
  bool application = true;       // with what stands around the model (application.h)
};

// One operator of the graph that is left after the compiler's rewrites, in order of execution.
struct CompiledOperator {
  std::string function;     // "op_3_fully_connected": its symbol, and part of the name of every constant that it owns
  std::string op;           // "FULLY_CONNECTED"
  std::string name;         // of its first output tensor
  bool code = true;         // false: nothing to do (a reshape in place), so there is no function
  int64_t arena_bytes = 0;  // that hold something while it runs
};

struct CompiledModel {
  std::string name;
  SourceFiles files;  // <name>.h, <name>.cpp, and the device headers that these need below mote/
  std::vector<CompiledOperator> operators;
  int64_t arena_bytes = 0;
  int64_t constant_bytes = 0;  // weights, biases and other arrays in flash
  int64_t input_bytes = 0;
  int64_t output_bytes = 0;
};

// What suits a core: "cortex-m4". Error: input, naming the cores.
Result<PackedFor> packed_for_core(const std::string& core);
PackedFor packed_for_board(const Board& board);

// `file` is what messages call the model, and where the name comes from when none is given. Errors: input when the name
// is no C identifier, the model is not valid, or an operator, type or option is one that mote lacks (named, with its
// place in the graph).
Result<CompiledModel> compile_model(const std::string& file, const std::vector<uint8_t>& model,
                                    const CompileOptions& options);

// Writes the files one by one, each wholly or not at all; others in the folder stay.
Result<void> write_compiled_model(const CompiledModel& model, const std::filesystem::path& folder);

}  // namespace mote
