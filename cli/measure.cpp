#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/measurement_text.h"
#include "cli/model_input.h"
#include "cli/pipeline/verdict.h"
#include "cli/verb.h"
#include "toolchain/measure/measure.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {
namespace measure_command {

struct Options {
  std::string model, board, core, engine, output, folder, against;
  std::vector<std::string> inputs;
  bool readings = false, small = false;
};

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(const fs::path path, model_path(session, options.model));
  MOTE_TRY(const OpenModel opened, open_model(path));
  Json before;
  if (!options.against.empty()) {
    MOTE_TRY(before, read_json(options.against));
  }
  const Int8Executor& model = opened.executor;
  MOTE_TRY(const Board* const board,
           options.core.empty() ? board_for(session, options.board) : find_board_of_core(options.core));
  ModelRows rows;
  if (!options.inputs.empty() && options.readings) {
    MOTE_TRY(const NpyArray array, read_npy(options.inputs[0]));
    if (array.dtype != DType::int16)
      return input_error(options.inputs[0] + ": --readings takes int16 sensor counts, the array is " +
                         to_string(array.dtype));
    rows = {array.data, array.rows()};
  } else if (!options.inputs.empty()) {
    MOTE_TRY(rows, model_rows(options.inputs, model, InputKind::raw, nullptr));
  }
  MeasureOptions measure_options;
  measure_options.firmware.engine = options.engine.empty()         ? default_engine(*board)
                                    : options.engine == "compiled" ? Engine::compiled
                                                                   : Engine::interpreter;
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
    MOTE_CHECK(write_npy(options.output, output_array(model, measurement.outputs, count, 0)));
  }
  Json json = to_json(measurement);
  session.console.text(measurement_text(measurement, *board));
  if (!options.against.empty()) {
    MOTE_TRY(const std::vector<FigurePair> pairs, compare_measurements(options.against, before, json));
    session.console.text("\n" + difference_text(pairs));
    for (const FigurePair& pair : pairs)
      json["against"].push_back({{"name", pair.name}, {"before", pair.before}, {"now", pair.now}});
  }
  session.console.object(json);
  return measurement.fits ? Outcome::done : Outcome::falls_short;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("model", options->model, "A .tflite file [that of the newest run]");
  CommandOption* const board =
      command.add_option("--board", options->board, "Board [the project's]; `mote boards` lists them")
          ->type_name("NAME");
  command.add_option("--cpu", options->core, "A core instead of a board, as compilers name it: cortex-m0plus, rv32imc")
      ->type_name("CORE")
      ->excludes(board);
  command.add_option("--engine", options->engine, "How the model is executed [interpreter; compiled on an AVR]")
      ->one_of({"interpreter", "compiled"});
  add_input_option(command, options->inputs,
                   "Feeds every row of this array to the emulated board; once for each input of the model");
  command.add_option("--output", options->output, "Writes what the board answered: the model's own bytes")
      ->type_name("B.npy");
  command.add_flag("--readings", options->readings,
                   "The inputs are int16 sensor counts: the feature block runs on the board");
  command.add_option("--against", options->against, "Shows the difference from a measurement that --json printed")
      ->type_name("FILE");
  command.add_flag("--small", options->small, "Compile for size (-Os) instead of speed");
  command.add_option("-o,--folder", options->folder, "Where the firmware goes [beside the model]")->type_name("DIR");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace measure_command
}  // namespace

extern const Verb measure_verb;
const Verb measure_verb{"measure",
                        "Flash, RAM, time and energy of a model on a board, from the real firmware in an emulator", "",
                        measure_command::configure};

}  // namespace mote
