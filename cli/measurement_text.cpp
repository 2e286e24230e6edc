#include "cli/measurement_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/latest_run.h"
#include "toolchain/plan/format.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

constexpr size_t kShownFunctions = 6;
constexpr int kNameWidth = 40, kFunctionWidth = 90;

std::string origin_of_cycles(const Measurement& m) {
  if (m.counts[InstructionCount::counted_cycles] > 0) return "exact";
  return fmt::format("modelled, {} to {}", format_count(std::llround(m.latency.cycles.low)),
                     format_count(std::llround(m.latency.cycles.high)));
}

std::string figures_text(const Measurement& m, const Board& board) {
  const FlashBytes& f = m.flash;
  std::string text = fmt::format("  {} on {}\n\n", m.engine, board.title);
  Table table({}, {Align::left, Align::right, Align::left});
  table.row({"flash", format_bytes(static_cast<double>(f.total())),
             fmt::format("model {}, engine {}, kernels {}, features {}, libc {}, other {} B", f.model, f.engine,
                         f.kernels, f.features, f.libc, f.other)});
  table.row({"RAM", format_bytes(static_cast<double>(m.ram.total())),
             fmt::format("arena {}, static {}, stack {} B", m.ram.arena, m.ram.statics, m.ram.stack)});
  if (!m.fits) {
    text += table.text();
    for (const std::string& each : m.misfits) text += "  " + each + "\n";
    return text;
  }
  table.row({"latency", format_seconds(m.latency.milliseconds.typical / 1e3),
             fmt::format("{} instructions (exact), {} cycles ({})",
                         format_count(static_cast<int64_t>(m.latency.instructions)),
                         format_count(std::llround(m.latency.cycles.typical)), origin_of_cycles(m))});
  table.row({"set-up", format_seconds(m.setup.cycles / board.clock_hz.value),
             fmt::format("{} instructions, {} cycles, once", format_count(static_cast<int64_t>(m.setup.instructions)),
                         format_count(std::llround(m.setup.cycles)))});
  table.row({"power", format_watts(m.power.average_milliwatts / 1e3),
             fmt::format("{} an inference, {} active, {}", format_joules(m.power.energy_microjoules / 1e6),
                         format_watts(m.power.active_milliwatts / 1e3),
                         m.period_seconds > 0 ? "one inference every " + format_seconds(m.period_seconds)
                                              : "inferences back to back")});
  return text + table.text();
}

std::string share_of(uint64_t instructions, const Measurement& m) {
  return format_percent(static_cast<double>(instructions) / static_cast<double>(m.latency.instructions));
}

std::string layers_text(const Measurement& m) {
  Table table(
      {"", "operator", "instructions", "share", "cycles", "flash B", "arena B", "output"},
      {Align::right, Align::left, Align::right, Align::right, Align::right, Align::right, Align::right, Align::left});
  const auto row = [&](const std::string& index, const std::string& op, const Cost& cost, const std::string& flash,
                       const std::string& arena, const std::string& name) {
    table.row({index, op, format_count(static_cast<int64_t>(cost.instructions)), share_of(cost.instructions, m),
               format_count(std::llround(cost.cycles)), flash, arena, name});
  };
  for (size_t i = 0; i < m.layers.size(); ++i) {
    const LayerCost& layer = m.layers[i];
    row(std::to_string(i), layer.op, layer.cost, format_count(layer.flash_bytes), format_count(layer.ram_bytes),
        shortened(layer.name, kNameWidth));
  }
  if (m.outside.features.instructions > 0) row("", "(features)", m.outside.features, "", "", "");
  row("", "(engine)", m.outside.engine, "", "", "");
  return table.text();
}

std::string functions_text(const Measurement& m) {
  Table table({"instructions", "share", "function"}, {Align::right, Align::right, Align::left});
  for (size_t i = 0; i < std::min(m.functions.size(), kShownFunctions); ++i)
    table.row({format_count(static_cast<int64_t>(m.functions[i].instructions)),
               share_of(m.functions[i].instructions, m), shortened(m.functions[i].name, kFunctionWidth)});
  return table.text();
}

}  // namespace

std::string measurement_text(const Measurement& m, const Board& board) {
  std::string text = figures_text(m, board);
  if (!m.fits) return text;
  text += "\n" + layers_text(m) + "\n" + functions_text(m);
  for (const std::string& note : m.notes) text += "  note: " + note + "\n";
  return text + fmt::format("\n  {}\n", shown(m.firmware));
}

std::string difference_text(const std::vector<FigurePair>& pairs) {
  Table table({"", "before", "now", "ratio"}, {Align::left, Align::right, Align::right, Align::right});
  const auto shown_number = [](double value) {
    return value < 1000 && value != std::floor(value) ? fmt::format("{:.2f}", value)
                                                      : format_count(std::llround(value));
  };
  for (const FigurePair& pair : pairs)
    table.row({shortened(pair.name, kNameWidth), shown_number(pair.before), shown_number(pair.now),
               pair.before > 0 ? fmt::format("{:.3f}", pair.now / pair.before) : ""});
  return table.text();
}

}  // namespace mote
