#include "toolchain/measure/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace mote {
namespace {

constexpr uint32_t kInvokeInKernel = 12;  // bytes from a Kernel's start to its pointer `invoke` (device/kernel.h)

// In a compiled model's object: constants stand in sections of their own, parameters inside functions (_ZZ...).
std::string compiled_category(const std::string& section) {
  if (section.starts_with(".text.model_")) return "engine";
  if (section.starts_with(".progmem.mote.")) return section.starts_with(".progmem.mote.op_") ? "model" : "kernels";
  return section.starts_with(".rodata._ZN") ? "model" : "kernels";
}

int64_t& flash_part(FlashBytes& flash, const std::string& category) {
  if (category == "engine") return flash.engine;
  if (category == "kernels") return flash.kernels;
  if (category == "features") return flash.features;
  if (category == "model") return flash.model;
  return category == "libc" ? flash.libc : flash.other;
}

bool in_flash(const LinkedPiece& piece) {
  return piece.output == ".text" || piece.output == ".ARM.exidx" || piece.output == ".data";
}

// The piece that holds an address, by the last one that starts at or before it.
class PieceFinder {
 public:
  explicit PieceFinder(const BuiltImage& image) {
    for (const LinkedPiece& piece : image.pieces)
      if (piece.output == ".text" && !piece.object.empty()) by_address_[piece.address] = &piece;
  }
  const LinkedPiece* find(uint32_t address) const {
    const auto after = by_address_.upper_bound(address);
    return after == by_address_.begin() ? nullptr : std::prev(after)->second;
  }

 private:
  std::map<uint32_t, const LinkedPiece*> by_address_;
};

void add_cost(const FunctionCounts& function, const Board& board, Cost& cost) {
  cost.instructions += function.counts.instructions();
  cost.cycles += modelled_cycles(*board.cycle_model, function.counts).typical;
}

// Bytes of a compiled operator's function, parameters and constants: its name is in each of their sections.
int64_t compiled_bytes(const BuiltImage& image, size_t index) {
  const std::string part = fmt::format("op_{}_", index);
  int64_t bytes = 0;
  for (const LinkedPiece& piece : image.pieces)
    if (in_flash(piece) && piece.section.find(part) != std::string::npos) bytes += piece.bytes;
  return bytes;
}

}  // namespace

std::string category_of(const LinkedPiece& piece, const Firmware& firmware) {
  if (piece.section == ".rodata.mote_model") return "model";
  if (piece.object.empty()) return "other";
  for (const FirmwareSource& source : firmware.sources) {
    if (!piece.object.ends_with(source.path + ".o")) continue;
    if (source.category == "compiled") return compiled_category(piece.section);
    return source.category == "model" ? "other" : source.category;
  }
  return "libc";
}

void add_sizes(const BuiltImage& image, const Firmware& firmware, Measurement& measurement) {
  for (const LinkedPiece& piece : image.pieces) {
    const std::string category = category_of(piece, firmware);
    if (category == "harness") continue;
    if (in_flash(piece)) flash_part(measurement.flash, category) += piece.bytes;
    const bool variable = piece.output == ".data" || piece.output == ".bss";
    if (!variable || piece.object.empty()) continue;  // the gap before an aligned variable depends on its neighbours
    if (piece.section == firmware.arena_section) {
      measurement.ram.arena += piece.bytes;
    } else {
      measurement.ram.statics += piece.bytes;
    }
  }
}

std::vector<StepFunction> step_functions(const Firmware& firmware, const ElfFile& elf) {
  std::vector<StepFunction> steps;
  const auto add = [&](const ElfSymbol* symbol, int32_t op) {
    if (symbol != nullptr) steps.push_back({symbol->address, symbol->address + symbol->bytes, op});
  };
  for (size_t i = 0; i < firmware.operators.size(); ++i) {
    const std::string& function = firmware.operators[i].function;
    if (function.empty()) continue;
    const std::string mangled = fmt::format("{}{}E", function.size(), function);  // any parameters may follow
    for (const ElfSymbol& symbol : elf.symbols())
      if (symbol.function && symbol.name.find(mangled) != std::string::npos) add(&symbol, static_cast<int32_t>(i));
  }
  for (const std::string& kernel : firmware.kernels) {
    const std::string object = "firmware_" + kernel;
    const ElfSymbol* symbol = elf.find(fmt::format("_ZN4mote{}{}E", object.size(), object));
    if (symbol == nullptr) continue;
    const uint32_t at = symbol->address + kInvokeInKernel;
    const auto low = elf.halfword(at), high = elf.halfword(at + 2);
    if (low && high) add(elf.function_at((uint32_t{*high} << 16 | *low) & ~1u), -1);
  }
  return steps;
}

// The layer of each executed step but the first. A compiled operator that runs by rows is entered again and again.
Result<std::vector<size_t>> layers_of_steps(const ExecutedCode& executed, std::span<const StepFunction> steps,
                                            const Firmware& firmware) {
  std::vector<size_t> layers;
  std::set<size_t> entered;
  for (size_t i = 1; i < executed.steps.size(); ++i) {
    const int32_t op = steps[static_cast<size_t>(executed.steps[i].step)].op;
    layers.push_back(op < 0 ? i - 1 : static_cast<size_t>(op));
    entered.insert(layers.back());
  }
  size_t expected = 0;
  for (const FirmwareOperator& op : firmware.operators)
    expected += firmware.engine == Engine::interpreter || !op.function.empty();
  if (entered.size() != expected || (!entered.empty() && *entered.rbegin() >= firmware.operators.size()))
    return defect(fmt::format("the firmware entered {} operators, it has {}", entered.size(), expected));
  return layers;
}

Result<void> add_layers(const ExecutedCode& executed, std::span<const StepFunction> steps, const BuiltImage& image,
                        const Firmware& firmware, const Board& board, Measurement& measurement) {
  const bool compiled = firmware.engine == Engine::compiled;
  for (size_t i = 0; i < firmware.operators.size(); ++i) {
    const FirmwareOperator& op = firmware.operators[i];
    LayerCost layer{op.op, op.name, {}, compiled ? compiled_bytes(image, i) : op.constant_bytes, op.arena_bytes};
    measurement.layers.push_back(layer);
  }
  MOTE_TRY(const std::vector<size_t> layer_of_step, layers_of_steps(executed, steps, firmware));  // but the first
  const PieceFinder pieces(image);
  for (size_t step = 0; step < executed.steps.size(); ++step) {
    for (const FunctionCounts& function : executed.steps[step].functions) {
      const LinkedPiece* const piece = pieces.find(function.address);
      const std::string category = piece != nullptr ? category_of(*piece, firmware) : "other";
      const bool operators = step > 0 && (category == "kernels" || category == "libc");
      Cost& cost = category == "features" ? measurement.outside.features
                   : operators            ? measurement.layers[layer_of_step[step - 1]].cost
                                          : measurement.outside.engine;
      add_cost(function, board, cost);
    }
  }
  return {};
}

}  // namespace mote
