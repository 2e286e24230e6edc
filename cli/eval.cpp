#include <fmt/format.h>

#include <cmath>

#include "cli/latest_run.h"
#include "cli/model_input.h"
#include "cli/pipeline/leakage_check.h"
#include "cli/pipeline/metrics.h"
#include "cli/pipeline/pipeline.h"
#include "cli/pipeline/summary.h"
#include "cli/verb.h"
#include "toolchain/data/baseline.h"
#include "toolchain/data/leakage.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {
namespace eval_command {

struct Options {
  std::string model, float_model, save;
  std::optional<double> false_accepts, false_per_hour;
  bool leakage = false;
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
  if (wanted.baseline.readings != found.baseline.readings)
    return input_error(fmt::format("{}: made with a baseline of {} readings; the project's data.baseline is {}",
                                   models.int8.path.string(), wanted.baseline.readings, found.baseline.readings));
  adopt_contract(wanted, loaded.dataset);
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
  const int64_t width = loaded.dataset.contract.fed_elements();
  MOTE_CHECK(write_npy(folder / "readings.npy", {DType::int16, {part.size(), width}, readings(loaded.dataset, part)}));
  MOTE_CHECK(write_npy(folder / "outputs.npy", output_array(model, outputs, part.size(), 0)));
  const bool classification = loaded.dataset.task != DataTask::regression;
  const std::vector<int32_t> labels = window_labels(part);
  NpyArray truth{classification ? DType::int32 : DType::float32, {part.size()}, {}};
  if (!classification) truth.shape.push_back(static_cast<int64_t>(loaded.dataset.targets.size()));
  truth.data.resize(4 * (classification ? labels.size() : part.targets.size()));
  std::memcpy(truth.data.data(), classification ? static_cast<const void*>(labels.data()) : part.targets.data(),
              truth.data.size());
  return write_npy(folder / "truth.npy", truth);
}

std::string percent_or_dash(const Json& value) {
  return value.is_number() ? format_percent(value.get<double>()) : "-";
}

std::string confusion_table(const Json& part) {
  if (!part.contains("confusion")) return "";
  std::vector<std::string> headers = {"truth \\ prediction"};
  std::vector<Align> alignment = {Align::left};
  for (const Json& each : part.at("classes")) {
    headers.push_back(each.at("name").get<std::string>());
    alignment.push_back(Align::right);
  }
  headers.insert(headers.end(), {"recall", "precision", "F1", "AUC"});
  alignment.insert(alignment.end(), 4, Align::right);
  Table table(headers, alignment);
  for (size_t r = 0; r < part.at("classes").size(); ++r) {
    const Json& each = part.at("classes")[r];
    std::vector<std::string> row = {each.at("name").get<std::string>()};
    for (const Json& count : part.at("confusion")[r]) row.push_back(std::to_string(count.get<int64_t>()));
    for (const char* share : {"recall", "precision", "f1"}) row.push_back(percent_or_dash(each.at(share)));
    row.push_back(each.at("auc").is_number() ? format_number(each.at("auc").get<double>()) : "-");
    table.row(std::move(row));
  }
  return "\n" + table.text();
}

// Anomaly detection: what lies above the threshold.
std::string alarm_table(const Json& part) {
  if (!part.contains("threshold")) return "";
  Table table({"label", "", "windows", "above the threshold"}, {Align::left, Align::left, Align::right, Align::right});
  for (const Json& each : part.at("classes"))
    table.row({each.at("name").get<std::string>(), each.at("normal").get<bool>() ? "normal" : "anomalous",
               std::to_string(each.at("count").get<int64_t>()), percent_or_dash(each.at("above_threshold"))});
  return fmt::format("\n  threshold {}: mean squared error between input and output, in input units\n",
                     format_number(part.at("threshold").get<double>())) +
         table.text();
}

// What the 95 % intervals were drawn over.
std::string interval_note(const Loaded& loaded, const Json& part) {
  const auto groups = part.at("groups").get<int64_t>();
  if (groups < 2) return "";
  return fmt::format("  95 % intervals over {} groups (split by {}){}\n", groups, loaded.dataset.split_by,
                     groups < 6 ? ": rough, with so few" : "");
}

std::string quality_text(const Loaded& loaded, const Json& metrics) {
  const Json& judged = metrics.at("int8").at(judged_part(metrics.at("int8")));
  std::string text = quality_table(metrics, Detail::all) + confusion_table(judged) + alarm_table(judged) +
                     threshold_table(judged) + decision_table(judged);
  text += fmt::format("\n  {} windows; {}.\n", judged.at("count").get<int64_t>(),
                      metrics.at("verdict").at("goal_met").get<bool>() ? "goal met" : "short of the goal");
  text += interval_note(loaded, judged);
  if (const std::optional<std::string> warning = leakage_warning(loaded.dataset))
    text += "  warning: " + *warning + "\n";
  return text;
}

// metrics.json of these models on the project's data.
Result<Json> judge(const Pipeline& pipeline, const ProjectConfig& project, const Models& models, const Loaded& loaded,
                   const Options& options) {
  Json metrics = models.measurement;
  metrics["seed"] = project.seed;
  metrics["task"] = task_name(project.task);
  metrics["goal"] = to_json(project.goal);
  metrics["model"] = models.int8.path.string();
  for (const char* of_the_run : {"float", "ptq", "qat", "comparisons", "conditions"}) metrics.erase(of_the_run);
  MOTE_TRY(const Json quality, evaluate(project, loaded,
                                        {models.floats ? &*models.floats : nullptr,
                                         {{"int8", models.int8.path.string(), models.int8.bytes}},
                                         options.false_accepts || options.false_per_hour},
                                        pipeline.threads()));
  metrics.update(quality);
  std::vector<BudgetLine> lines;
  if (metrics.contains("latency")) lines = budget_lines(project.budget, pipeline.board(), metrics);
  metrics["verdict"] = verdict(project.goal, metrics.at("int8"), metrics.value("conditions", Json::array()), lines);
  return metrics;
}

Result<ProjectConfig> project_to_judge(const Pipeline& pipeline, const Options& options) {
  ProjectConfig project = pipeline.project();
  if (options.false_per_hour) {
    if (!(*options.false_per_hour >= 0) || !std::isfinite(*options.false_per_hour))
      return input_error(fmt::format("--false-per-hour {}: expected a number of at least 0", *options.false_per_hour));
    if (project.task == DataTask::regression)
      return input_error("--false-per-hour is for events, which a regression has none of");
    project.decision.false_per_hour = options.false_per_hour;
    project.goal.false_accepts.reset();
  }
  if (!options.false_accepts) return project;
  if (project.task != DataTask::classification)
    return input_error("--false-accepts is for classification; anomaly detection has goal.false_alarms");
  if (!(*options.false_accepts >= 0 && *options.false_accepts < 1))
    return input_error(
        fmt::format("--false-accepts {}: expected a share from 0 to below 1, such as 0.01", *options.false_accepts));
  project.goal.false_accepts = options.false_accepts;
  project.decision.false_per_hour.reset();
  return project;
}

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(Pipeline pipeline, Pipeline::open(session));
  MOTE_TRY(const ProjectConfig project, project_to_judge(pipeline, options));
  MOTE_TRY(const Models models, open_models(session, pipeline.workspace(), options));
  MOTE_TRY(const Loaded loaded, load_for(project, models, session.console.progress()));
  MOTE_TRY(Json metrics, judge(pipeline, project, models, loaded, options));
  if (!options.save.empty()) {
    ThreadPool pool(pipeline.threads());
    MOTE_CHECK(save_arrays(options.save, loaded, models.int8.executor, pool));
  }
  session.console.text(quality_text(loaded, metrics));
  if (options.leakage) {
    MOTE_TRY(const FileLock lock, pipeline.workspace().lock());
    MOTE_TRY(metrics["leakage"], random_split_gap(session, metrics));
    session.console.text(gap_text(metrics.at("leakage")));
  }
  session.console.object(metrics);
  return metrics.at("verdict").at("goal_met").get<bool>() ? Outcome::done : Outcome::falls_short;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("model", options->model, "A .tflite file made by mote [that of the newest run]");
  command.add_option("--float", options->float_model, "Its float model [that of the run]")->type_name("FILE");
  command.add_option("--save", options->save, "Writes inputs, readings, outputs and truth of the test part as .npy")
      ->type_name("FOLDER");
  command
      .add_option(
          "--false-accepts", options->false_accepts,
          "Chooses thresholds on the validation part that let at most this share of the windows of other classes "
          "be taken for a class [goal.false_accepts, whose thresholds the model carries]")
      ->type_name("RATE");
  command
      .add_option("--false-per-hour", options->false_per_hour,
                  "Chooses the decision rule on the validation part that detects most events with at most this many "
                  "false detections per hour [decision.false_per_hour, whose rule the model carries]")
      ->type_name("NUMBER")
      ->excludes("--false-accepts");
  command.add_flag("--leakage", options->leakage,
                   "Trains the project's network once more on a random split of the windows and compares");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace eval_command
}  // namespace

extern const Verb eval_verb;
const Verb eval_verb{"eval",
                     "Quality on every part of the data and in every condition, with 95 % intervals and thresholds", "",
                     eval_command::configure};

}  // namespace mote
