#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/pipeline/pipeline.h"
#include "cli/verb.h"
#include "toolchain/measure/feature_cost.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {
namespace features_command {

struct Options {
  std::string board;
  bool columns = false, keys = false;
};

Json column_json(const FeatureBlock& block) {
  Json columns = Json::array();
  for (const ChannelContract& column : block.columns())
    columns.push_back({{"name", column.name}, {"unit", column.unit}, {"step", 1 / column.counts_per_unit}});
  return columns;
}

Json cost_json(const FeatureBlock& block, const Board& board, const FeatureCost& cost, double share) {
  const Shape shape = block.output_shape();
  Json extents = Json::array();
  for (int32_t i = 0; i < shape.rank; ++i) extents.push_back(shape[i]);
  return {{"block", block.kind()},
          {"board", board.name},
          {"window", block.contract().window},
          {"stride", block.contract().stride},
          {"baseline", block.contract().baseline.readings},
          {"shape", extents},
          {"instructions", cost.latency.instructions},
          {"cycles", cost.latency.cycles.typical},
          {"ms", cost.latency.milliseconds.typical},
          {"processor_share", share},
          {"flash_bytes", cost.flash_bytes},
          {"ram_bytes", cost.ram_bytes},
          {"columns", column_json(block)},
          {"parameters", block.parameters()}};
}

std::string cost_text(const FeatureBlock& block, const Board& board, const FeatureCost& cost, double share) {
  const RecordingContract& contract = block.contract();
  std::string text =
      fmt::format("{} on {}\n\n  {}{} readings of {} channel{} become {} numbers{}\n", block.kind(), board.title,
                  contract.baseline.readings > 0
                      ? fmt::format("after a baseline of {} readings, ", format_count(contract.baseline.readings))
                      : "",
                  format_count(contract.window), contract.channels.size(), contract.channels.size() == 1 ? "" : "s",
                  format_count(block.output_shape().elements()),
                  block.output_shape().rank > 1 ? ": " + to_string(block.output_shape()) : "");
  Table table({"cost", ""}, {Align::left, Align::right, Align::left});
  table.row({"cycles", format_count(static_cast<int64_t>(cost.latency.cycles.typical)),
             fmt::format("for the {} readings from one window to the next, {} instructions", contract.stride,
                         format_count(static_cast<int64_t>(cost.latency.instructions)))});
  table.row({"time", fmt::format("{} ms", format_number(cost.latency.milliseconds.typical)),
             share > 0 ? fmt::format("{:.2g} % of the processor", 100 * share) : ""});
  table.row({"flash", format_bytes(static_cast<double>(cost.flash_bytes)), "code and tables"});
  table.row({"RAM", format_bytes(static_cast<double>(cost.ram_bytes)),
             contract.baseline.readings > 0 ? "baseline, readings, rows and scratch" : "readings, rows and scratch"});
  return text + "\n" + table.text();
}

std::string column_text(const FeatureBlock& block) {
  Table table({"", "number", "unit", "step"}, {Align::right, Align::left, Align::left, Align::right});
  int32_t index = 0;
  for (const ChannelContract& column : block.columns())
    table.row({std::to_string(index++), column.name, column.unit, format_number(1 / column.counts_per_unit)});
  return "\n" + table.text();
}

Result<Outcome> run(Session& session, const Options& options) {
  if (options.keys) {
    session.console.text(feature_reference());
    session.console.object({{"blocks", feature_kinds()}});
    return Outcome::done;
  }
  MOTE_TRY(Pipeline pipeline, Pipeline::open(session));
  MOTE_TRY(const Board* const board, board_for(session, options.board));
  MOTE_TRY(const Loaded* const loaded, pipeline.loaded());
  const FeatureBlock& block = *loaded->features;
  MOTE_TRY(const TemporaryFolder folder, TemporaryFolder::create());
  MeasureOptions measure;
  measure.folder = folder.path() / "features";
  measure.cache = object_cache();
  MOTE_TRY(const FeatureCost cost, measure_features(block, *board, measure, session.console.progress()));
  const RecordingContract& contract = block.contract();
  const double share =
      contract.rate_hz > 0 ? cost.latency.milliseconds.typical * 1e-3 * contract.rate_hz / contract.stride : 0;
  session.console.text(cost_text(block, *board, cost, share));
  if (options.columns) session.console.text(column_text(block));
  session.console.object(cost_json(block, *board, cost, share));
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("--board", options->board, "Another board than the project's")->type_name("NAME");
  command.add_flag("--columns", options->columns, "List what every number of a row is");
  command.add_flag("--keys", options->keys, "List all blocks with their keys, and stop");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace features_command
}  // namespace

extern const Verb features_verb;
const Verb features_verb{"features", "What the project's feature block gives, and what it costs on the board",
                         "Measured in the emulator by itself, before anything is trained.",
                         features_command::configure};

}  // namespace mote
