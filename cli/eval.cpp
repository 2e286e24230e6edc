#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/model_input.h"
#include "cli/pipeline/metrics.h"
#include "cli/pipeline/pipeline.h"
#include "cli/pipeline/summary.h"
#include "cli/verb.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {

struct Options {
  std::string model, float_model, save;
};

struct Models {
  OpenModel int8;
  std::optional<Graph> floats;
  Json measurement = Json::object();  // of the run, when the model is a run's
};

Result<Models> open_models(const Session& session, const Workspace& workspace, const Options& options) {
  MOTE_TRY(const fs::path path, model_path(session, options.model));
  MOTE_TRY(OpenModel int8, open_model(path));
  Models models{std::move(int8), std::nullopt, Json::object()};
  fs::path float_path = options.float_model;
  if (const Result<LatestRun> latest = find_run(workspace, 0); latest.ok()) {
    const Result<std::vector<uint8_t>> bytes = read_file(latest.value().folder / kModelFile);
    if (bytes.ok() && *bytes == models.int8.bytes) {
      if (float_path.empty()) float_path = latest.value().folder / kFloatFile;
      models.measurement = latest.value().record.metrics;
    }
  }
  if (float_path.empty()) return models;
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(float_path));
  MOTE_TRY(models.floats, read_tflite(float_path.string(), bytes));
  return models;
}

// The dataset with the feature block of the model, which must have been made for such recordings.
Result<Loaded> load_for(const ProjectConfig& project, const Models& models, const Progress& progress) {
  Loaded loaded;
  MOTE_TRY(loaded.features, model_features(models.int8));
  MOTE_TRY(loaded.dataset, load_dataset(project.data, project.folder, progress));
  const RecordingContract& wanted = loaded.features->contract();
  const RecordingContract& found = loaded.dataset.contract;
  if (wanted.window != found.window || wanted.channels.size() != found.channels.size() ||
      wanted.rate_hz != found.rate_hz)
    return input_error(fmt::format("{}: made for windows of {} x {} at {} Hz; the project's data give {} x {} at {} Hz",
                                   models.int8.path.string(), wanted.window, wanted.channels.size(), wanted.rate_hz,
                                   found.window, found.channels.size(), found.rate_hz));
  for (size_t i = 0; i < loaded.dataset.counts.size();
       ++i) {  // from the data's counts to those of the model's contract
    const size_t channel = i % found.channels.size();
    if (wanted.channels[channel] == found.channels[channel]) continue;
    loaded.dataset.counts[i] =
        to_count(to_value(loaded.dataset.counts[i], found.channels[channel]), wanted.channels[channel]);
  }
  loaded.dataset.contract = wanted;
  return loaded;
}

// inputs.npy, outputs.npy, truth.npy of the test part: what the firmware's kernels see and give.
Result<void> save_arrays(const fs::path& folder, const Loaded& loaded, const Int8Executor& model, ThreadPool& pool) {
  const DataPart& part = loaded.dataset.test;
  const TensorType input = model.input_type(0);
  MOTE_TRY(std::vector<uint8_t> bytes, stored_inputs(loaded, part, input));
  MOTE_TRY(std::vector<uint8_t> outputs, run_batch(model, bytes, part.size(), pool, Rows::examples));
  NpyArray inputs{input.dtype, {part.size()}, std::move(bytes)};
  for (int32_t d = 1; d < input.shape.rank; ++d) inputs.shape.push_back(input.shape[d]);
  MOTE_CHECK(write_npy(folder / "inputs.npy", inputs));
  const int64_t width = loaded.dataset.contract.elements();
  MOTE_CHECK(write_npy(folder / "readings.npy", {DType::int16, {part.size(), width}, readings(loaded.dataset, part)}));
  MOTE_CHECK(write_npy(folder / "outputs.npy", output_array(model, outputs, part.size(), 0)));
  const bool classification = loaded.dataset.task == DataTask::classification;
  const std::vector<int32_t> labels = window_labels(part);
  NpyArray truth{classification ? DType::int32 : DType::float32, {part.size()}, {}};
  if (!classification) truth.shape.push_back(static_cast<int64_t>(loaded.dataset.targets.size()));
  truth.data.resize(4 * (classification ? labels.size() : part.targets.size()));
  std::memcpy(truth.data.data(), classification ? static_cast<const void*>(labels.data()) : part.targets.data(),
              truth.data.size());
  return write_npy(folder / "truth.npy", truth);
}

std::string confusion_table(const Json& part) {
  if (!part.contains("confusion")) return "";
  std::vector<std::string> headers = {"truth \\ prediction"};
  std::vector<Align> alignment = {Align::left};
  for (const Json& each : part.at("classes")) {
    headers.push_back(each.at("name").get<std::string>());
    alignment.push_back(Align::right);
  }
  headers.insert(headers.end(), {"recall", "precision"});
  alignment.insert(alignment.end(), {Align::right, Align::right});
  Table table(headers, alignment);
  for (size_t r = 0; r < part.at("classes").size(); ++r) {
    const Json& each = part.at("classes")[r];
    std::vector<std::string> row = {each.at("name").get<std::string>()};
    for (const Json& count : part.at("confusion")[r]) row.push_back(std::to_string(count.get<int64_t>()));
    row.push_back(format_percent(each.at("recall").get<double>()));
    row.push_back(format_percent(each.at("precision").get<double>()));
    table.row(std::move(row));
  }
  return "\n" + table.text();
}

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(Pipeline pipeline, Pipeline::open(session));
  const ProjectConfig& project = pipeline.project();
  MOTE_TRY(const Models models, open_models(session, pipeline.workspace(), options));
  MOTE_TRY(const Loaded loaded, load_for(project, models, session.console.progress()));
  const Graph* floats = models.floats ? &*models.floats : nullptr;
  Json metrics = models.measurement;
  metrics["seed"] = project.seed;
  metrics["task"] = project.task == DataTask::classification ? "classification" : "regression";
  metrics["goal"] = to_json(project.goal);
  metrics["model"] = models.int8.path.string();
  for (const char* of_the_run : {"float", "ptq", "qat", "comparisons"}) metrics.erase(of_the_run);
  MOTE_TRY(const Json quality,
           evaluate(loaded, floats, {{"int8", models.int8.path.string(), models.int8.bytes}}, pipeline.threads()));
  metrics.update(quality);
  std::vector<BudgetLine> lines;
  if (metrics.contains("latency")) lines = budget_lines(project.budget, pipeline.board(), metrics);
  metrics["verdict"] = verdict(project.goal, metrics.at("int8"), lines);
  if (!options.save.empty()) {
    ThreadPool pool(pipeline.threads());
    MOTE_CHECK(save_arrays(options.save, loaded, models.int8.executor, pool));
  }
  const Json& judged = metrics.at("int8").at(judged_part(metrics.at("int8")));
  session.console.text(quality_table(metrics) + confusion_table(judged));
  session.console.text(
      fmt::format("\n  {} windows; {}.\n", judged.at("count").get<int64_t>(),
                  metrics.at("verdict").at("goal_met").get<bool>() ? "goal met" : "short of the goal"));
  session.console.object(metrics);
  return metrics.at("verdict").at("goal_met").get<bool>() ? Outcome::done : Outcome::falls_short;
}

Run configure(CLI::App& command) {
  auto options = std::make_shared<Options>();
  command.add_option("model", options->model, "A .tflite file made by mote [that of the newest run]");
  command.add_option("--float", options->float_model, "Its float model [that of the run]")->type_name("FILE");
  command.add_option("--save", options->save, "Writes inputs, readings, outputs and truth of the test part as .npy")
      ->type_name("FOLDER");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace

extern const Verb eval_verb;
const Verb eval_verb{"eval", "Accuracy on every part of the data, with 95 % intervals and the confusion matrix", "",
                     configure};

}  // namespace mote
