#include <fmt/format.h>

#include <optional>

#include "cli/latest_run.h"
#include "cli/model_input.h"
#include "cli/pipeline/metrics.h"
#include "cli/pipeline/pipeline.h"
#include "cli/pipeline/summary.h"
#include "cli/verb.h"
#include "toolchain/base/random.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/measure/feature_cost.h"
#include "toolchain/measure/measure.h"
#include "toolchain/plan/format.h"
#include "toolchain/report/format.h"
#include "toolchain/tflite/reader.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {
namespace verify_command {

constexpr double kManySaturated = 0.01, kBiasedLsb = 0.5;
constexpr int kNameWidth = 60;
constexpr int64_t kRandomRows = 16;  // inputs when neither --input nor a project gives any

struct Options {
  std::string model, float_model, board;
  std::vector<std::string> inputs;
  std::optional<int64_t> windows;  // of all parts; 0 = every one
};

// The model and what it is fed.
struct Subject {
  OpenModel model;
  ModelRows rows;
  std::string origin;  // of the rows, for people
  // Of the project's windows, when the model has a feature block and an int8 input.
  FeaturePtr features;
  std::vector<uint8_t> readings;  // int16 counts
};

// Bytes that a tensor of this type may hold, spread over its whole range; floats normally distributed.
void append_random(const TensorType& type, Random& random, std::vector<uint8_t>& bytes) {
  const size_t first = bytes.size();
  bytes.resize(first + static_cast<size_t>(type.bytes()));
  if (type.dtype != DType::float32) {
    for (size_t i = first; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(random.below(256));
    return;
  }
  for (size_t i = first; i < bytes.size(); i += sizeof(float)) {
    const float value = static_cast<float>(random.normal());
    std::memcpy(bytes.data() + i, &value, sizeof value);
  }
}

ModelRows random_rows(const Int8Executor& model, uint64_t seed) {
  Random random(seed);
  ModelRows rows{{}, kRandomRows};
  for (int64_t row = 0; row < kRandomRows; ++row)
    for (int32_t i = 0; i < model.input_count(); ++i) append_random(model.input_type(i), random, rows.bytes);
  return rows;
}

// Every window of every part, or `most` of them, evenly spread.
DataPart all_windows(const Dataset& dataset, int64_t most) {
  std::vector<DataWindow> windows;
  for (const DataPart* part : {&dataset.train, &dataset.validation, &dataset.test})
    windows.insert(windows.end(), part->windows.begin(), part->windows.end());
  const auto total = static_cast<int64_t>(windows.size());
  if (most == 0 || most >= total) return {std::move(windows), {}};
  DataPart some;
  for (int64_t i = 0; i < most; ++i) some.windows.push_back(windows[static_cast<size_t>(i * total / most)]);
  return some;
}

// The test windows of the project, or those that --windows asks for, when the model is of its kind; else an error that
// says why not.
Result<void> take_project_rows(Session& session, const Options& options, Subject& subject) {
  const OpenModel& model = subject.model;
  MOTE_TRY(Pipeline pipeline, Pipeline::open(session));
  MOTE_TRY(const Loaded* const loaded, pipeline.loaded());
  MOTE_TRY(const FeaturePtr features, model_features(model));
  if (!(features->contract() == loaded->dataset.contract))
    return input_error("the model was made for other recordings");
  const DataPart part = options.windows                   ? all_windows(loaded->dataset, *options.windows)
                        : loaded->dataset.test.size() > 0 ? loaded->dataset.test
                                                          : loaded->dataset.train;
  const Loaded as_model{loaded->dataset, features};
  const TensorType input = model.executor.input_type(0);
  MOTE_TRY(subject.rows.bytes, stored_inputs(as_model, part, input));
  subject.rows.count = part.size();
  subject.origin = !options.windows        ? "the project's test windows"
                   : *options.windows == 0 ? "every window of the project"
                                           : "windows of all parts of the project";
  if (input.dtype != DType::int8) return {};
  subject.features = features;
  subject.readings = readings(loaded->dataset, part);
  return {};
}

Result<Subject> open_subject(Session& session, const Options& options) {
  MOTE_TRY(const fs::path path, model_path(session, options.model));
  MOTE_TRY(OpenModel model, open_model(path));
  if (!options.inputs.empty()) {
    MOTE_TRY(ModelRows rows, model_rows(options.inputs, model.executor, InputKind::raw, nullptr));
    return Subject{std::move(model), std::move(rows), fmt::format("{}", fmt::join(options.inputs, " ")), nullptr, {}};
  }
  Subject subject{std::move(model), {}, "", nullptr, {}};
  const Result<void> taken = take_project_rows(session, options, subject);
  if (taken.ok()) return subject;
  if (options.windows) return taken.error();
  const uint64_t seed = session.seed.value_or(1);
  subject.rows = random_rows(subject.model.executor, seed);
  const bool in_project = project_folder(session).ok();
  subject.origin = fmt::format("random, seed {}", seed) + (in_project ? " (" + taken.error().message + ")" : "");
  return subject;
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

// What runs where.
struct Place {
  const Board& board;
  Engine engine;
  fs::path folder;  // of the firmware
};

Result<BoardAnswer> compare_on_board(Session& session, const std::string& name, const std::vector<uint8_t>& bytes,
                                     const ModelRows& rows, const Place& place) {
  MOTE_TRY(const Int8Executor model, Int8Executor::create(name, bytes));
  ThreadPool pool(session.threads > 0 ? session.threads : default_threads());
  MOTE_TRY(const std::vector<uint8_t> expected, run_batch(model, rows.bytes, rows.count, pool, Rows::sequence));
  MeasureOptions options;
  options.firmware.engine = place.engine;
  options.folder = place.folder;
  options.cache = object_cache();
  options.rows = rows.bytes;
  MOTE_TRY(const Measurement measurement, mote::measure(name, bytes, place.board, options, session.console.progress()));
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

struct Difference {
  std::string where, cause;
};

// The first operator whose output differs on the board when the model ends there.
Result<Difference> first_different(Session& session, const Subject& subject, const Place& place) {
  const bool interpreted = place.engine == Engine::interpreter;
  const std::vector<Node>& nodes = subject.model.graph.nodes;
  for (size_t n = 0; n < nodes.size(); ++n) {
    MOTE_TRY(const std::vector<uint8_t> part, cut_after(subject.model.graph, n));
    MOTE_TRY(const BoardAnswer answer,
             compare_on_board(session, subject.model.path.string(), part, subject.rows, place));
    if (answer.different_rows > 0)
      return Difference{
          fmt::format("operator {}, {} ({})", n, shortened(nodes[n].name, kNameWidth), nodes[n].op->tflite_name),
          interpreted ? "its loop for this core's instructions is not the portable one bit for bit"
                      : "its packed constants or emitted parameters are not what the file says"};
  }
  return Difference{"none when the operators are run one by one",
                    interpreted ? "tensors that share memory though both are needed"
                                : "a rewrite across operators, or tensors that share memory though both are needed"};
}

// Compares one engine on the emulated board with this computer, and tells. `interpreted`: the verdict on the
// interpreter, when this is the other engine.
Result<Json> verify_engine(Session& session, const Subject& subject, const Place& place, const Json& interpreted) {
  MOTE_TRY(const BoardAnswer answer,
           compare_on_board(session, subject.model.path.string(), subject.model.bytes, subject.rows, place));
  if (!answer.fits)
    return input_error(fmt::format("{} does not fit {}: `mote measure --board {} --engine {}` says by how much",
                                   subject.model.path.string(), place.board.title, place.board.name,
                                   to_string(place.engine)));
  Json json = {{"engine", to_string(place.engine)},
               {"different_inputs", answer.different_rows},
               {"first_difference", Json()},
               {"likely_cause", Json()}};
  const std::string who =
      fmt::format("int8 on this computer and {} on the emulated {}",
                  place.engine == Engine::interpreter ? "interpreted" : "compiled", place.board.name);
  if (answer.different_rows == 0) {
    session.console.text(fmt::format("  {}: same bytes for all {} inputs\n", who, subject.rows.count));
    return json;
  }
  MOTE_TRY(Difference difference, first_different(session, subject, place));
  if (interpreted.is_object() && interpreted.at("first_difference") == difference.where)
    difference.cause = "the kernel that both engines share";
  json["first_difference"] = difference.where;
  json["likely_cause"] = difference.cause;
  session.console.text(fmt::format("  {} differ for {} of {} inputs; first at {}; likely cause: {}\n", who,
                                   answer.different_rows, subject.rows.count, difference.where, difference.cause));
  return json;
}

// The feature block on the emulated board against this computer, on the readings of every window.
Result<Json> verify_features(Session& session, const Subject& subject, const Board& board, const fs::path& folder) {
  const TensorType input = subject.model.executor.input_type(0);
  MeasureOptions options;
  options.folder = folder;
  options.cache = object_cache();
  options.rows = subject.readings;
  std::vector<uint8_t> found;
  MOTE_CHECK(measure_features(*subject.features, board, options, session.console.progress(), &found,
                              input.quant.scales[0], input.quant.zero_points[0]));
  int64_t different = 0;
  const size_t row = static_cast<size_t>(input.bytes());
  for (size_t i = 0; i < static_cast<size_t>(subject.rows.count); ++i)
    different += std::memcmp(&found[i * row], &subject.rows.bytes[i * row], row) != 0;
  const std::string who =
      fmt::format("features ({}) on this computer and on the emulated {}", subject.features->kind(), board.name);
  session.console.text(
      different == 0 ? fmt::format("  {}: same bytes for all {} windows\n", who, subject.rows.count)
                     : fmt::format("  {} differ for {} of {} windows; likely cause: an operation whose result the "
                                   "language leaves to the compiler\n",
                                   who, different, subject.rows.count));
  return Json{{"block", subject.features->kind()}, {"different_inputs", different}};
}

// Why the layer that adds most error does, from its row of layer_errors().
std::string float_cause(const Json& layer) {
  const double saturated = layer.at("saturated").get<double>(), mean = layer.at("mean_lsb").get<double>();
  if (saturated > kManySaturated)
    return fmt::format("{} of its values lie outside its range: calibrate on more or wilder recordings",
                       format_percent(saturated));
  if (std::fabs(mean) > kBiasedLsb) return "its values are shifted on the whole: the rounding of its weights or bias";
  return "rounding to 8 bits, as is to be expected";
}

std::string float_text(const Json& errors) {
  std::string text = "\n  float against int8 on this computer:\n" + layer_table(errors, Json::array());
  const auto worst = errors.find("worst");
  if (worst == errors.end() || !worst->is_string()) return text + "\n";
  for (const Json& layer : errors.at("layers"))
    if (layer.at("layer") == *worst)
      text += fmt::format("  most error is added by {}: {}\n", worst->get<std::string>(), float_cause(layer));
  return text + "\n";
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
  const bool quantized =
      model.input_count() == 1 && model.input_type(0).dtype == DType::int8 && model.input_type(0).quant.quantized();
  if (quantized) {
    MOTE_TRY(json["float_against_int8"], float_errors(session, options, subject));
    if (json["float_against_int8"].is_object())
      session.console.text(float_text(json["float_against_int8"]));
    else
      session.console.text("  no float model to compare with: give --float FILE\n");
  }
  MOTE_TRY(const TemporaryFolder scratch, TemporaryFolder::create());
  int64_t different = 0;
  if (subject.features) {
    MOTE_TRY(json["features"], verify_features(session, subject, *board, scratch.path() / "features"));
    different += json["features"].at("different_inputs").get<int64_t>();
  }
  Json before;
  for (const Engine engine : {Engine::interpreter, Engine::compiled}) {
    if (engine == Engine::interpreter && default_engine(*board) == Engine::compiled) continue;  // it cannot run there
    MOTE_TRY(const Json verdict,
             verify_engine(session, subject, {*board, engine, scratch.path() / to_string(engine)}, before));
    different += verdict.at("different_inputs").get<int64_t>();
    json["engines"].push_back(verdict);
    before = verdict;
  }
  json["different_inputs"] = different;
  session.console.object(json);
  return different == 0 ? Outcome::done : Outcome::falls_short;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("model", options->model, "A .tflite file [that of the newest run]");
  command.add_option("--board", options->board, "Board to emulate [the project's]")->type_name("NAME");
  command.add_option("--float", options->float_model, "Its float model [float.mote beside it, or of the run]")
      ->type_name("FILE");
  add_input_option(command, options->inputs,
                   "Inputs of the model's own type, once for each input [the project's test windows]");
  command
      .add_option("--windows", options->windows,
                  "So many windows of all parts of the project, evenly spread; 0 = every one [those of the test part]")
      ->not_negative()
      ->type_name("N")
      ->excludes("--input");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace verify_command
}  // namespace

extern const Verb verify_verb;
const Verb verify_verb{
    "verify",
    "The same inputs through float, int8, and both engines on the emulated board: the first layer that differs",
    "With the project's test windows, the feature block too: readings go in, on the board as here.",
    verify_command::configure};

}  // namespace mote
