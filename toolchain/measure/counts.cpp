#include "toolchain/measure/counts.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <memory>

#include "toolchain/measure/instruction.h"

namespace mote {
namespace {

using enum InstructionCount;

// One row of the plugin's table; simavr.c's has the cycles too.
struct Block {
  uint32_t address = 0;
  uint64_t instructions = 0;
  uint32_t last = 0;
  uint64_t entered = 0, after_2 = 0, after_4 = 0, cycles = 0;
};

bool single_transfer(InstructionCount kind) {
  return kind == load || kind == load_paired || kind == store;
}

bool moves_registers(InstructionCount kind) {
  return kind == transfer_multiple || kind == return_multiple;
}

Result<void> add_block(const Block& block, const ElfFile& elf, InstructionCounts& counts) {
  const auto decode = elf.machine() == ElfFile::kRiscv ? decode_riscv
                      : elf.machine() == ElfFile::kAvr ? decode_avr
                                                       : decode_thumb;
  uint32_t address = block.address;
  InstructionCount before = alu;
  counts[counted_cycles] += block.cycles;
  for (uint64_t i = 0; i < block.instructions; ++i) {
    const auto first = elf.halfword(address);
    if (!first)
      return defect(fmt::format("the emulator executed 0x{:x}, which the firmware does not contain", address));
    const Instruction instruction = decode(*first, elf.halfword(address + 2).value_or(0));
    const bool is_last = i + 1 == block.instructions;
    if (is_last != (address == block.last)) {
      return defect(fmt::format("instructions at 0x{:x} do not line up with what the emulator executed", address));
    }
    InstructionCount kind = instruction.kind;
    if (kind == load && single_transfer(before)) kind = load_paired;
    const uint64_t went_on = instruction.size == 2 ? block.after_2 : block.after_4;
    // Only a block's last instruction can change the flow; that of a loop's last run may have no successor inside the
    // window.
    const uint64_t taken = instruction.branch ? block.entered - (is_last ? went_on : block.entered) : 0;
    if (instruction.branch) {
      counts[kind] += taken;
      counts[alu] += block.entered - taken;
    } else {
      counts[kind] += block.entered;
    }
    const uint64_t moved = instruction.branch ? taken : block.entered;
    if (moves_registers(kind)) counts[transfer_registers] += moved * instruction.registers;
    if (kind == fpu_transfer) counts[fpu_registers] += moved * instruction.registers;
    before = kind;
    address += static_cast<uint32_t>(instruction.size);
  }
  return {};
}

void add(const InstructionCounts& from, InstructionCounts& to) {
  for (size_t i = 0; i < kInstructionCounts; ++i) to.count[i] += from.count[i];
}

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 ? std::string(text.get()) : name;
}

using Functions = std::map<uint32_t, FunctionCounts>;  // by address; 0 = no symbol

void add_to(Functions& functions, const ElfSymbol* symbol, const InstructionCounts& counts) {
  const uint32_t address = symbol ? symbol->address : 0;
  FunctionCounts& function = functions[address];
  if (function.name.empty()) function.name = symbol ? demangled(symbol->name) : "(no symbol)";
  function.address = address;
  add(counts, function.counts);
}

std::vector<FunctionCounts> listed(const Functions& functions) {
  std::vector<FunctionCounts> list;
  for (const auto& [address, function] : functions) list.push_back(function);
  return list;
}

}  // namespace

Result<ExecutedCode> classify_counts(const Json& counts, const ElfFile& elf) {
  ExecutedCode executed;
  Functions functions;
  for (const Json& step : counts.at("steps")) {
    Functions step_functions;
    for (const Json& row : step.at("blocks")) {
      const Block block{row.at(0),
                        row.at(1),
                        row.at(2),
                        row.at(3),
                        row.at(4),
                        row.at(5),
                        row.size() > 6 ? row.at(6).get<uint64_t>() : 0};
      InstructionCounts block_counts;
      MOTE_CHECK(add_block(block, elf, block_counts));
      add(block_counts, executed.total);
      const ElfSymbol* symbol = elf.function_at(block.address);
      add_to(functions, symbol, block_counts);
      add_to(step_functions, symbol, block_counts);
    }
    executed.steps.push_back({step.at("step"), listed(step_functions)});
  }
  const uint64_t expected = counts.at("instructions");
  if (executed.total.instructions() != expected) {
    return defect(fmt::format("classified {} instructions of {}", executed.total.instructions(), expected));
  }
  executed.functions = listed(functions);
  return executed;
}

}  // namespace mote
