#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/model_input.h"
#include "cli/pipeline/verdict.h"
#include "cli/verb.h"
#include "toolchain/measure/measure.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

constexpr size_t kShownFunctions = 6;

struct Options {
  std::string model, board, engine = "interpreter", input, output, folder;
  bool readings = false, small = false;
};

// "model 24,112, engine 4,640 B"; parts that the firmware does not have, or that were not measured, are left out.
std::string parts_text(const std::vector<std::pair<const char*, int64_t>>& parts) {
  std::string text;
  for (const auto& [name, bytes] : parts)
    if (bytes > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, format_count(bytes));
  return text + " B";
}

std::string figures_text(const Measurement& m, const Board& board) {
  std::string text = fmt::format("  {} on {}\n\n", m.engine, board.title);
  Table table({}, {Align::left, Align::right, Align::left});
  table.row({"flash", format_bytes(static_cast<double>(m.flash.total())),
             parts_text({{"model", m.flash.model},
                         {"engine", m.flash.engine},
                         {"kernels", m.flash.kernels},
                         {"features", m.flash.features},
                         {"libc", m.flash.libc},
                         {"other", m.flash.other}})});
  table.row({"RAM", format_bytes(static_cast<double>(m.ram.total())),
             parts_text({{"arena", m.ram.arena}, {"static", m.ram.statics}, {"stack", m.ram.stack}})});
  if (!m.fits) {
    text += table.text();
    for (const std::string& each : m.misfits) text += "  " + each + "\n";
    return text;
  }
  table.row({"latency", format_seconds(m.latency.milliseconds.typical / 1e3),
             fmt::format("{} instructions (exact), {} cycles (modelled, {} to {})",
                         format_count(static_cast<int64_t>(m.latency.instructions)),
                         format_count(std::llround(m.latency.cycles.typical)),
                         format_count(std::llround(m.latency.cycles.low)),
                         format_count(std::llround(m.latency.cycles.high)))});
  table.row({"power", format_watts(m.power.average_milliwatts / 1e3),
             fmt::format("{} an inference, {} active, {}", format_joules(m.power.energy_microjoules / 1e6),
                         format_watts(m.power.active_milliwatts / 1e3),
                         m.period_seconds > 0 ? "one inference every " + format_seconds(m.period_seconds)
                                              : "inferences back to back")});
  text += table.text() + "\n";
  Table functions({"instructions", "share", "function"}, {Align::right, Align::right, Align::left});
  for (size_t i = 0; i < std::min(m.functions.size(), kShownFunctions); ++i)
    functions.row(
        {format_count(static_cast<int64_t>(m.functions[i].instructions)),
         format_percent(static_cast<double>(m.functions[i].instructions) / static_cast<double>(m.latency.instructions)),
         m.functions[i].name});
  text += functions.text();
  for (const std::string& note : m.notes) text += "  note: " + note + "\n";
  return text + fmt::format("\n  {}\n", shown(m.firmware));
}

Result<Outcome> run(Session& session, const Options& options) {
  if (options.engine == "compiled")
    return input_error("--engine compiled: this version measures the interpreter only; expected --engine interpreter");
  MOTE_TRY(const fs::path path, model_path(session, options.model));
  MOTE_TRY(const OpenModel opened, open_model(path));
  const Int8Executor& model = opened.executor;
  MOTE_TRY(const Board* const board, board_for(session, options.board));
  ModelRows rows;
  if (!options.input.empty() && options.readings) {
    MOTE_TRY(const NpyArray array, read_npy(options.input));
    if (array.dtype != DType::int16)
      return input_error(options.input + ": --readings takes int16 sensor counts, the array is " +
                         to_string(array.dtype));
    rows = {array.data, array.rows()};
  } else if (!options.input.empty()) {
    MOTE_TRY(const NpyArray array, read_npy(options.input));
    MOTE_TRY(rows, model_rows(options.input, array, model, InputKind::raw, nullptr));
  }
  MeasureOptions measure_options;
  measure_options.firmware.optimization = options.small ? Optimization::size : Optimization::speed;
  measure_options.folder = options.folder.empty() ? path.parent_path() / (path.stem().string() + "-" + board->name)
                                                  : fs::path(options.folder);
  measure_options.cache = object_cache();
  measure_options.row_kind = options.readings ? RowKind::readings : RowKind::model_input;
  measure_options.rows = rows.bytes;
  MOTE_TRY(const Measurement measurement,
           mote::measure(path.string(), opened.bytes, *board, measure_options, session.console.progress()));
  if (!options.output.empty()) {
    const int64_t count = measurement.output_row_bytes > 0
                              ? static_cast<int64_t>(measurement.outputs.size()) / measurement.output_row_bytes
                              : 0;
    MOTE_CHECK(write_npy(options.output, output_array(model, measurement.outputs, count)));
  }
  Json json = to_json(measurement);
  session.console.text(figures_text(measurement, *board));
  session.console.object(json);
  return measurement.fits ? Outcome::done : Outcome::falls_short;
}

Run configure(CLI::App& command) {
  auto options = std::make_shared<Options>();
  command.add_option("model", options->model, "A .tflite file [that of the newest run]");
  command.add_option("--board", options->board, "Board [the project's]; `mote boards` lists them")->type_name("NAME");
  command.add_option("--engine", options->engine, "How the model is executed")
      ->check(CLI::IsMember({"interpreter", "compiled"}))
      ->capture_default_str();
  command.add_option("--input", options->input, "Feeds every row of this array to the emulated board")
      ->type_name("A.npy");
  command.add_option("--output", options->output, "Writes what the board answered: the model's own bytes")
      ->type_name("B.npy");
  command.add_flag("--readings", options->readings,
                   "The inputs are int16 sensor counts: the feature block runs on the board");
  command.add_flag("--small", options->small, "Compile for size (-Os) instead of speed");
  command.add_option("-o,--folder", options->folder, "Where the firmware goes [beside the model]")->type_name("DIR");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace

extern const Verb measure_verb;
const Verb measure_verb{"measure",
                        "Flash, RAM, time and energy of a model on a board, from the real firmware in an emulator", "",
                        configure};

}  // namespace mote
