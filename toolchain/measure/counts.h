// The counting plugin's file to instructions by class and by function.
#pragma once
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/result.h"
#include "toolchain/boards/boards.h"
#include "toolchain/measure/elf.h"

namespace mote {

struct FunctionCounts {
  std::string name;
  uint32_t address = 0;
  InstructionCounts counts;
};

// What ran from one entry of a step to the next.
struct ExecutedStep {
  int32_t step;  // number of the StepFunction; -1: before any
  std::vector<FunctionCounts> functions;
};

struct ExecutedCode {
  InstructionCounts total;
  std::vector<FunctionCounts> functions;  // in order of address
  std::vector<ExecutedStep> steps;        // in order of execution; the first is what ran before any
};

// `counts` is what counter.c wrote while `elf` ran. Instructions inside an IT block whose condition failed count as
// executed, of their class. The second of two neighbouring single loads or stores is recognised inside a block.
Result<ExecutedCode> classify_counts(const Json& counts, const ElfFile& elf);

}  // namespace mote
