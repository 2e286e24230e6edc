#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/model_input.h"
#include "cli/pipeline/metrics.h"
#include "cli/pipeline/pipeline.h"
#include "cli/pipeline/summary.h"
#include "cli/verb.h"
#include "toolchain/base/random.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/measure/measure.h"
#include "toolchain/report/format.h"
#include "toolchain/tflite/reader.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

constexpr int64_t kRandomRows = 16;  // inputs when neither --input nor a project gives any

struct Options {
  std::string model, float_model, board, input;
};

// The model and what it is fed.
struct Subject {
  OpenModel model;
  ModelRows rows;
  std::string origin;  // of the rows, for people
};

ModelRows random_rows(const Int8Executor& model, uint64_t seed) {
  Random random(seed);
  ModelRows rows{std::vector<uint8_t>(static_cast<size_t>(model.input_type(0).bytes() * kRandomRows)), kRandomRows};
  if (model.input_type(0).dtype != DType::float32) {
    for (uint8_t& byte : rows.bytes) byte = static_cast<uint8_t>(random.below(256));
    return rows;
  }
  for (size_t i = 0; i < rows.bytes.size(); i += sizeof(float)) {
    const float value = static_cast<float>(random.normal());
    std::memcpy(rows.bytes.data() + i, &value, sizeof value);
  }
  return rows;
}

// The test windows of the project, when the model is of its kind; else nothing.
Result<ModelRows> project_rows(Session& session, const OpenModel& model) {
  MOTE_TRY(Pipeline pipeline, Pipeline::open(session));
  MOTE_TRY(const Loaded* const loaded, pipeline.loaded());
  MOTE_TRY(const FeaturePtr features, model_features(model));
  if (!(features->contract() == loaded->dataset.contract))
    return input_error("the model was made for other recordings");
  const DataPart& part = loaded->dataset.test.size() > 0 ? loaded->dataset.test : loaded->dataset.train;
  const Loaded as_model{loaded->dataset, features};
  MOTE_TRY(std::vector<uint8_t> bytes, int8_inputs(as_model, part, model.executor.input_type(0)));
  return ModelRows{std::move(bytes), part.size()};
}

Result<Subject> open_subject(Session& session, const Options& options) {
  MOTE_TRY(const fs::path path, model_path(session, options.model));
  MOTE_TRY(OpenModel model, open_model(path));
  if (!options.input.empty()) {
    MOTE_TRY(const NpyArray array, read_npy(options.input));
    MOTE_TRY(ModelRows rows, model_rows(options.input, array, model.executor, InputKind::raw, nullptr));
    return Subject{std::move(model), std::move(rows), options.input};
  }
  Result<ModelRows> rows = project_rows(session, model);
  if (rows.ok()) return Subject{std::move(model), std::move(*rows), "the project's test windows"};
  const uint64_t seed = session.seed.value_or(1);
  ModelRows random = random_rows(model.executor, seed);
  const bool in_project = project_folder(session).ok();
  return Subject{std::move(model), std::move(random),
                 fmt::format("random, seed {}", seed) + (in_project ? " (" + rows.error().message + ")" : "")};
}

// The model cut after node `last`: its outputs are what that node writes.
Result<std::vector<uint8_t>> cut_after(const Graph& graph, size_t last) {
  Graph part = graph;
  part.nodes.resize(last + 1);
  part.outputs = part.nodes.back().outputs;
  part.output_names.assign(part.outputs.size(), "");
  for (size_t i = 0; i < part.outputs.size(); ++i) part.output_names[i] = fmt::format("output_{}", i);
  part.metadata.clear();
  remove_unused(part);
  return write_tflite(part);
}

struct BoardAnswer {
  int64_t different_rows = 0;
  bool fits = true;
};

Result<BoardAnswer> compare_on_board(Session& session, const std::string& name, const std::vector<uint8_t>& bytes,
                                     const ModelRows& rows, const Board& board, const fs::path& folder) {
  MOTE_TRY(const Int8Executor model, Int8Executor::create(name, bytes));
  ThreadPool pool(session.threads > 0 ? session.threads : default_threads());
  MOTE_TRY(const std::vector<uint8_t> expected, run_batch(model, rows.bytes, rows.count, pool));
  MeasureOptions options;
  options.folder = folder;
  options.cache = object_cache();
  options.rows = rows.bytes;
  MOTE_TRY(const Measurement measurement, mote::measure(name, bytes, board, options, session.console.progress()));
  if (!measurement.fits) return BoardAnswer{0, false};
  if (measurement.outputs.size() != expected.size())
    return defect(fmt::format("the board answered {} bytes, the host {}", measurement.outputs.size(), expected.size()));
  BoardAnswer answer;
  const size_t row = expected.size() / static_cast<size_t>(std::max<int64_t>(rows.count, 1));
  for (int64_t i = 0; i < rows.count; ++i)
    answer.different_rows += std::memcmp(expected.data() + static_cast<size_t>(i) * row,
                                         measurement.outputs.data() + static_cast<size_t>(i) * row, row) != 0;
  return answer;
}

// Name of the first node whose output differs on the board.
Result<std::string> first_different(Session& session, const Subject& subject, const Board& board,
                                    const fs::path& folder) {
  for (size_t n = 0; n < subject.model.graph.nodes.size(); ++n) {
    MOTE_TRY(const std::vector<uint8_t> part, cut_after(subject.model.graph, n));
    MOTE_TRY(const BoardAnswer answer,
             compare_on_board(session, subject.model.path.string(), part, subject.rows, board, folder));
    if (answer.different_rows > 0) return fmt::format("operator {}, {}", n, subject.model.graph.nodes[n].name);
  }
  return std::string("none when the layers are run one by one");
}

// Float against int8, layer by layer; empty without a float model.
Result<Json> float_errors(const Session& session, const Options& options, Subject& subject) {
  Int8Executor& model = subject.model.executor;
  fs::path path = options.float_model;
  if (path.empty()) path = subject.model.path.parent_path() / kFloatFile;
  std::error_code failure;
  if (options.float_model.empty() && !fs::exists(path, failure)) {
    const Result<fs::path> folder = project_folder(session);
    if (!folder.ok()) return Json();
    const Result<LatestRun> latest = find_run(Workspace(*folder), 0);
    if (!latest.ok()) return Json();
    const Result<std::vector<uint8_t>> bytes = read_file(latest.value().folder / kModelFile);
    if (!bytes.ok() || *bytes != subject.model.bytes) return Json();
    path = latest.value().folder / kFloatFile;
  }
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(path));
  MOTE_TRY(const Graph floats, read_tflite(path.string(), bytes));
  const TensorType input = model.input_type(0);
  std::vector<float> values(subject.rows.bytes.size());
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = input.quant.scales[0] *
                static_cast<float>(static_cast<int8_t>(subject.rows.bytes[i]) - input.quant.zero_points[0]);
  MOTE_TRY(const LayerErrors errors,
           layer_errors(floats, subject.model.graph, model, MatrixData(values, input.shape.elements())));
  return to_json(errors);
}

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(Subject subject, open_subject(session, options));
  const Int8Executor& model = subject.model.executor;
  MOTE_TRY(const Board* const board, board_for(session, options.board));
  session.console.text(
      fmt::format("  {}: {} inputs, {}\n", shown(subject.model.path), subject.rows.count, subject.origin));

  Json json = {{"model", subject.model.path.string()},
               {"inputs", subject.rows.count},
               {"origin", subject.origin},
               {"board", board->name}};
  const bool quantized = model.input_type(0).dtype == DType::int8 && model.input_type(0).quant.quantized();
  if (quantized) {
    MOTE_TRY(json["float_against_int8"], float_errors(session, options, subject));
    if (json["float_against_int8"].is_object())
      session.console.text("\n  float against int8 on this computer:\n" + layer_table(json["float_against_int8"]) +
                           "\n");
    else
      session.console.text("  no float model to compare with: give --float FILE\n");
  }
  MOTE_TRY(const TemporaryFolder scratch, TemporaryFolder::create());
  const fs::path folder = scratch.path() / "firmware";
  MOTE_TRY(const BoardAnswer answer,
           compare_on_board(session, subject.model.path.string(), subject.model.bytes, subject.rows, *board, folder));
  if (!answer.fits)
    return input_error(fmt::format("{} does not fit {}: `mote measure {} --board {}` says by how much",
                                   subject.model.path.string(), board->title, shown(subject.model.path), board->name));
  json["different_inputs"] = answer.different_rows;
  json["first_difference"] = Json();
  if (answer.different_rows == 0) {
    session.console.text(fmt::format("  this computer and the emulated {}: same bytes for all {} inputs\n", board->name,
                                     subject.rows.count));
  } else {
    MOTE_TRY(const std::string place, first_different(session, subject, *board, folder));
    json["first_difference"] = place;
    session.console.text(fmt::format("  this computer and the emulated {} differ for {} of {} inputs; first at {}\n",
                                     board->name, answer.different_rows, subject.rows.count, place));
  }
  session.console.object(json);
  return answer.different_rows == 0 ? Outcome::done : Outcome::falls_short;
}

Run configure(CLI::App& command) {
  auto options = std::make_shared<Options>();
  command.add_option("model", options->model, "A .tflite file [that of the newest run]");
  command.add_option("--board", options->board, "Board to emulate [the project's]")->type_name("NAME");
  command.add_option("--float", options->float_model, "Its float model [float.mote beside it, or of the run]")
      ->type_name("FILE");
  command.add_option("--input", options->input, "Inputs of the model's own type [the project's test windows]")
      ->type_name("A.npy");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace

extern const Verb verify_verb;
const Verb verify_verb{
    "verify", "The same inputs through float, int8 and the emulated board: the first layer that differs, if any", "",
    configure};

}  // namespace mote
