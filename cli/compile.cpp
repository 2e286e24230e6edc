#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/verb.h"
#include "toolchain/base/files.h"
#include "toolchain/compile/compiled_model.h"
#include "toolchain/plan/format.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {
namespace compile_command {

struct Options {
  std::string model, output, board, cpu, name;
};

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(const fs::path path, model_path(session, options.model));
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(path));
  CompileOptions compile;
  compile.name = options.name;
  if (!options.board.empty()) {
    MOTE_TRY(compile.board, find_board(options.board));
    compile.core = packed_for_board(*compile.board);
  }
  if (!options.cpu.empty()) {
    MOTE_TRY(compile.core, packed_for_core(options.cpu));
  }
  MOTE_TRY(const CompiledModel model, compile_model(path.string(), bytes, compile));
  MOTE_CHECK(write_compiled_model(model, options.output));
  const fs::path folder(options.output);
  Table table({"", "operator", "arena B", "output"}, {Align::right, Align::left, Align::right, Align::left});
  for (size_t i = 0; i < model.operators.size(); ++i) {
    const CompiledOperator& op = model.operators[i];
    table.row({std::to_string(i), op.op, format_count(op.arena_bytes),
               shortened(op.name, 48) + (op.code ? "" : " (in place)")});
  }
  session.console.text(table.text());
  session.console.text(fmt::format("\n  arena {} B, constants {} B\n  {}, {}.cpp, mote/\n", model.arena_bytes,
                                   model.constant_bytes, shown(folder / (model.name + ".h")), model.name));
  if (model.files.contains(model.name + "_feed.h"))
    session.console.text(
        fmt::format("  {0}_feed.h, {0}_feed.cpp: from readings to decisions in one call\n", model.name));
  Json files = Json::array();
  for (const auto& [file, text] : model.files) files.push_back(file);
  session.console.object({{"name", model.name},
                          {"folder", fs::absolute(folder).string()},
                          {"files", files},
                          {"arena_bytes", model.arena_bytes},
                          {"constant_bytes", model.constant_bytes},
                          {"input_bytes", model.input_bytes},
                          {"output_bytes", model.output_bytes},
                          {"operators", model.operators.size()}});
  const bool fits =
      compile.board == nullptr || static_cast<double>(model.arena_bytes) <= compile.board->ram_bytes.value;
  if (!fits)
    session.console.note(fmt::format("the arena of {} B does not fit the RAM of {}, so the code does not build\n",
                                     model.arena_bytes, compile.board->name));
  return fits ? Outcome::done : Outcome::falls_short;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("model", options->model, "A .tflite file [that of the newest run]");
  command.add_option("-o,--output", options->output, "Folder for the sources; other files in it stay")
      ->type_name("DIR")
      ->required();
  command.add_option("--board", options->board, "The build is to fail where the arena exceeds this board's RAM")
      ->type_name("NAME");
  command.add_option("--name", options->name, "What every name in the C interface begins with [the model's file name]")
      ->type_name("NAME");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace compile_command
}  // namespace

extern const Verb compile_verb;
const Verb compile_verb{"compile", "A model as plain C++14 with a C header, ready to add to any firmware project",
                        "Code for one core builds and gives the same bytes on every other, only not as fast.",
                        compile_command::configure};

}  // namespace mote
