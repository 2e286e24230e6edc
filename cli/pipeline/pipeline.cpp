#include "cli/pipeline/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "cli/pipeline/aware.h"
#include "cli/pipeline/conditions.h"
#include "cli/pipeline/decisions.h"
#include "cli/pipeline/layer_cost.h"
#include "cli/pipeline/metrics.h"
#include "cli/pipeline/model_file.h"
#include "cli/pipeline/output_units.h"
#include "cli/pipeline/training.h"
#include "toolchain/data/cleaning.h"
#include "toolchain/data/noise.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/graph/training_form.h"
#include "toolchain/graph/transfer.h"
#include "toolchain/measure/measure.h"
#include "toolchain/quantize/layer_error.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {

// Every file that the dataset may read: sources, a file of labels, parts that are named by globs, changes of `data
// clean`.
Result<std::vector<fs::path>> data_files(const DataConfig& config, const fs::path& folder) {
  std::vector<std::string> patterns = config.source;
  patterns.push_back(Cleaning::kFile);
  for (const std::string& rule : config.label)
    if (rule.starts_with("file:")) patterns.push_back(rule.substr(5));
  for (const HeldOut* part : {&config.split.validation, &config.split.test})
    patterns.insert(patterns.end(), part->names.begin(), part->names.end());
  std::vector<fs::path> files;
  for (const std::string& pattern : patterns) {
    MOTE_TRY(std::vector<fs::path> matches, glob(folder, pattern));
    std::erase_if(matches, [](const fs::path& path) { return !fs::is_regular_file(path); });
    files.insert(files.end(), matches.begin(), matches.end());
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

// The graph that is quantized and exported: without what only training has, and for regression with its outputs in
// physical units.
Result<void> to_exported_form(Graph& graph, const ProjectConfig& project, const Dataset& dataset) {
  to_inference_form(graph);
  if (const auto folded = to_physical_units(graph, output_units(project, dataset)); !folded.ok())
    return project.error_at("model.layers", folded.error());
  return {};
}

// The quantizer made the file, from finite numbers.
Result<Int8Executor> own_executor(const Int8File& file) {
  Result<Int8Executor> executor = Int8Executor::create(kModelFile, file.bytes);
  if (executor.ok()) return executor;
  return input_error(
      fmt::format("{}. Weights or ranges have grown beyond what int8 can scale: training diverged without reaching "
                  "infinity; lower learning_rate in [train], or in [quantize] with method = \"qat\"",
                  executor.error().message));
}

Result<void> take_operating_point(Int8File& file, const ProjectConfig& project, const Loaded& loaded, int threads) {
  MOTE_TRY(const Int8Executor executor, own_executor(file));
  ThreadPool pool(threads);
  MOTE_TRY(const OperatingPoint point, choose_operating_point(project, loaded, executor, pool));
  return point.thresholds ? add_operating_point(file, point) : Result<void>();
}

std::vector<std::string> normal_classes(const Dataset& dataset) {
  std::vector<std::string> names;
  for (size_t c = 0; c < dataset.normal.size(); ++c)
    if (dataset.normal[c] != 0) names.push_back(dataset.classes[c]);
  return names;
}

}  // namespace

void use_aware_training(ProjectConfig& project) {
  project.aware.enabled = true;
  project.given["quantize.method"] = "qat";
}

void move_paths(Json& measurement, const std::string& from, const std::string& to) {
  const auto move = [&](Json& value) {
    const std::string path = value.get<std::string>();
    if (const size_t at = path.find(from); !path.empty() && at != std::string::npos)
      value = path.substr(0, at) + to + path.substr(at + from.size());
  };
  move(measurement.at("firmware"));
  for (Json& argument : measurement.at("emulator_command")) move(argument);
}

Pipeline::Pipeline(ProjectConfig project, const Board* board, Session& session)
    : project_(std::move(project)),
      board_(board),
      console_(session.console),
      threads_(session.threads > 0 ? session.threads : default_threads()),
      threads_given_(session.threads > 0),
      workspace_(project_.folder) {}

Result<Pipeline> Pipeline::open(Session& session, const std::function<void(ProjectConfig&)>& change) {
  fs::path folder = session.project_folder;
  if (folder.empty()) {
    MOTE_TRY(folder, find_project("."));
  }
  MOTE_TRY(ProjectConfig project, load_project(folder));
  if (session.seed) project.seed = *session.seed;
  project.data.seed = project.train.seed = project.seed;
  if (change) {
    change(project);
    MOTE_CHECK(check_quantize(project));
  }
  const Result<const Board*> board = find_board(project.budget.board);
  if (!board.ok()) return project.error_at("budget.board", board.error());
  return Pipeline(std::move(project), *board, session);
}

Result<const Loaded*> Pipeline::loaded() {
  if (loaded_) return loaded_.get();
  auto loaded = std::make_unique<Loaded>();
  MOTE_TRY(loaded->dataset, load_dataset(project_.data, project_.folder, console_.progress()));
  Result<FeaturePtr> features = fit_features(project_.features.block, loaded->dataset.contract,
                                             project_.features.options, loaded->dataset.training_windows());
  if (!features.ok()) return project_.error_at("features.block", features.error());
  loaded->features = std::move(*features);
  loaded_ = std::move(loaded);
  return loaded_.get();
}

Result<Step> Pipeline::step(const std::string& name, const Json& inputs, bool again, const Work& work) {
  Step step;
  step.fingerprint = step_fingerprint({name, inputs});
  if (const auto folder = workspace_.find_step(name, step.fingerprint); folder && !again) {
    step.folder = *folder;
    step.reused = true;
    MOTE_TRY(step.result, read_json(*folder / "result.json"));
    return step;
  }
  MOTE_TRY(StagedFolder staged, workspace_.stage_step(name, step.fingerprint));
  MOTE_TRY(step.result, work(staged.path()));
  MOTE_CHECK(write_json(staged.path() / "result.json", step.result));
  MOTE_CHECK(staged.commit());
  step.folder = workspace_.step_folder(name, step.fingerprint);
  return step;
}

Result<Step> Pipeline::data() {
  MOTE_CHECK(noise_files(project_));  // what is missing is said before training
  MOTE_TRY(const std::vector<fs::path> files, data_files(project_.data, project_.folder));
  MOTE_TRY(const std::string contents, workspace_.files_fingerprint(files));
  const Json inputs = {project_.section("data"),
                       project_.section("features"),
                       project_.layers,
                       project_.given.value("project.task", ""),
                       project_.seed,
                       project_.data.split.folds,
                       project_.data.split.fold,
                       contents};
  return step("data", inputs, false, [&](const fs::path&) -> Result<Json> {
    MOTE_TRY(const Loaded* const loaded, this->loaded());
    const Dataset& dataset = loaded->dataset;
    MOTE_TRY(Graph graph, untrained_graph(project_, dataset, loaded->features->output_shape()));
    MOTE_CHECK(to_exported_form(graph, project_, dataset));
    const int64_t parameters = graph.parameters();
    const int64_t macs = graph.macs();
    return Json{{"parts", split_summary(dataset)},
                {"table", split_table(dataset)},
                {"contract", to_json(dataset.contract)},
                {"classes", dataset.classes},
                {"normal", normal_classes(dataset)},
                {"targets", dataset.targets},
                {"fingerprint", dataset.fingerprint},
                {"notes", dataset.notes},
                {"parameters", parameters},
                {"macs", macs},
                {"input_elements", loaded->features->output_shape().elements()}};
  });
}

Result<Json> Pipeline::measure_model(const std::string& name, const std::vector<uint8_t>& model,
                                     const fs::path& folder) {
  MeasureOptions options;
  options.firmware.engine = default_engine(*board_);
  options.folder = folder / kFirmwareFolder;
  options.cache = workspace_.objects();
  MOTE_TRY(const Measurement measurement, mote::measure(name, model, *board_, options, console_.progress()));
  Json json = to_json(measurement);
  move_paths(json, folder.string() + "/", "");  // the folder is renamed when it is complete
  return json;
}

Result<Step> Pipeline::untrained(const Step& data) {
  const Json inputs = {data.result["contract"],
                       data.result["classes"].size(),
                       data.result["targets"].size(),
                       project_.layers,
                       project_.section("features"),
                       project_.section("quantize"),
                       board_->name};
  return step("untrained", inputs, false, [&](const fs::path& folder) -> Result<Json> {
    MOTE_TRY(const Loaded* const loaded, this->loaded());
    MOTE_TRY(Graph graph, untrained_graph(project_, loaded->dataset, loaded->features->output_shape()));
    MOTE_CHECK(to_exported_form(graph, project_, loaded->dataset));
    MOTE_TRY(const Int8File file, int8_file(graph, project_, *loaded, console_.progress()));
    MOTE_TRY(Json measurement, measure_model("untrained.tflite", file.bytes, folder));
    return measurement;
  });
}

Result<Json> Pipeline::train_into(const fs::path& folder, const std::string& fingerprint_of_data) {
  MOTE_TRY(const Loaded* const loaded, this->loaded());
  MOTE_CHECK(check_judging(project_, *loaded));
  MOTE_TRY(Graph graph, untrained_graph(project_, loaded->dataset, loaded->features->output_shape()));
  MOTE_TRY(const std::vector<std::string> notes, prepare_transfer(graph, loaded->dataset));
  TrainingJob job{project_,
                  *loaded,
                  std::move(graph),
                  project_.train,
                  "train",
                  threads_given_ ? threads_ : 0,
                  workspace_.hidden() / "checkpoints",
                  fingerprint_of_data};
  MOTE_TRY(TrainResult trained, run_training(std::move(job), console_.progress()));
  Graph exported = trained.graph;
  MOTE_CHECK(to_exported_form(exported, project_, loaded->dataset));
  MOTE_TRY(const std::vector<uint8_t> bytes, float_file(std::move(exported), project_, *loaded, &trained.graph));
  MOTE_CHECK(write_file(folder / kFloatFile, bytes));
  Json training = training_json(trained, loaded->dataset.validation.size() > 0);
  training["notes"] = notes;
  const int64_t examples = loaded->dataset.train.size(), batch = project_.train.batch;
  if (batch > examples)
    training["notes"].push_back(
        fmt::format("train.batch = {} is more than the {} training examples: an epoch is one step", batch, examples));
  return training;
}

Result<std::vector<std::string>> Pipeline::prepare_transfer(Graph& graph, const Dataset& dataset) const {
  std::vector<std::string> notes;
  if (!project_.start_from.empty()) {
    MOTE_TRY(const std::vector<uint8_t> bytes, read_file(project_.folder / project_.start_from));
    MOTE_TRY(Graph from, read_tflite(project_.start_from, bytes));
    // What is known is the exported model: a network of the same outputs is begun with what it gives.
    if (!from.metadata.contains(kTrainingFormMetadata)) (void)to_standard_units(from, output_units(project_, dataset));
    const auto taken = take_weights(from, graph);
    if (!taken.ok()) return project_.error_at("train.start_from", taken.error());
    notes.push_back(to_string(*taken, project_.start_from));
  }
  if (const auto frozen = freeze_layers(graph, project_.freeze); !frozen.ok())
    return project_.error_at("train.freeze", frozen.error());
  return notes;
}

Result<Json> Pipeline::train_inputs(const Step& data) const {
  std::string base;
  if (!project_.start_from.empty()) {
    const Result<std::vector<uint8_t>> bytes = read_file(project_.folder / project_.start_from);
    if (!bytes.ok()) return project_.error_at("train.start_from", bytes.error());
    base = fingerprint(*bytes);
  }
  // Which part of a noise recording training gets depends on what is judged in it.
  const bool noise = std::ranges::any_of(project_.data.augment, is_noise_augment);
  return Json{data.fingerprint,
              project_.section("train"),
              project_.name,
              project_.train.seed,
              base,
              noise ? project_.data.judged_noise : std::vector<std::string>()};
}

Result<bool> Pipeline::is_trained(const Step& data) const {
  MOTE_TRY(const Json inputs, train_inputs(data));
  return workspace_.find_step("train", step_fingerprint({"train", inputs})).has_value();
}

Result<Step> Pipeline::train(const Step& data, bool again) {
  MOTE_TRY(const Json inputs, train_inputs(data));
  return step("train", inputs, again, [&](const fs::path& folder) { return train_into(folder, data.fingerprint); });
}

// What decides over the thresholds that go into the file.
Json Pipeline::decision_keys() const {
  Json keys = Json::array();
  for (const char* key : {"goal.false_accepts", "goal.rejected", "goal.false_alarms"})
    keys.push_back(project_.given.value(key, Json()));
  keys.push_back(project_.section("decision"));
  return keys;
}

Result<Step> Pipeline::quantize(const Step& train) {
  const fs::path float_path = train.folder / kFloatFile;
  MOTE_TRY(const std::vector<uint8_t> float_bytes, read_file(float_path));
  const Json inputs = {train.fingerprint, fingerprint(float_bytes), project_.section("quantize"), decision_keys()};
  return step("quantize", inputs, false, [&](const fs::path& folder) -> Result<Json> {
    MOTE_TRY(const Loaded* const loaded, this->loaded());
    MOTE_TRY(FloatModel float_model, read_float_model(float_path.string(), float_bytes));
    Graph& float_graph = float_model.graph;
    if (project_.equalize) equalize_layers(float_graph);
    MOTE_TRY(Int8File file, int8_file(float_graph, project_, *loaded, console_.progress()));
    MOTE_CHECK(take_operating_point(file, project_, *loaded, threads_));
    MOTE_TRY(Json result, write_int8(folder, float_graph, file));
    result["float_bytes"] = float_model.bytes;
    return result;
  });
}

Result<Json> Pipeline::write_int8(const fs::path& folder, const Graph& float_graph, const Int8File& file) {
  MOTE_TRY(const Loaded* const loaded, this->loaded());
  MOTE_TRY(Int8Executor executor, own_executor(file));
  const Dataset& dataset = loaded->dataset;
  const DataPart& part = dataset.validation.size() > 0 ? dataset.validation : dataset.train;
  MOTE_TRY(const LayerErrors errors, layer_errors(float_graph, file.graph, executor, WindowInputs(*loaded, part)));
  Json costs = Json::array();
  if (project_.quantize.activations == DType::int8) {
    MOTE_TRY(costs, layer_costs(float_graph, file.graph, *loaded, part, threads_));
  }
  std::vector<std::string> notes = file.notes;
  std::ranges::copy(coarse_targets(file.graph, dataset), std::back_inserter(notes));
  MOTE_CHECK(write_file(folder / kModelFile, file.bytes));
  return Json{{"layer_errors", to_json(errors)},
              {"layer_costs", std::move(costs)},
              {"activations", to_string(project_.quantize.activations)},
              {"notes", std::move(notes)},
              {"arena", arena_json(file.graph, file.plan)},
              {"int8_bytes", file.bytes.size()}};
}

bool Pipeline::aware_interrupted() const {
  std::error_code ignored;
  return fs::exists(aware_checkpoints(), ignored) && !fs::is_empty(aware_checkpoints(), ignored);
}

Result<Step> Pipeline::quantize_aware(const Step& train, bool again) {
  const fs::path float_path = train.folder / kFloatFile;
  MOTE_TRY(const std::vector<uint8_t> float_bytes, read_file(float_path));
  const Json inputs = {train.fingerprint, fingerprint(float_bytes), project_.section("quantize"), decision_keys()};
  return step("aware", inputs, again, [&](const fs::path& folder) -> Result<Json> {
    MOTE_TRY(const Loaded* const loaded, this->loaded());
    MOTE_TRY(FloatModel float_model, read_float_model(float_path.string(), float_bytes));
    Graph& float_graph = float_model.graph;
    if (project_.equalize) equalize_layers(float_graph);
    TrainingJob job{project_,
                    *loaded,
                    std::move(float_graph),
                    project_.train,
                    "train, int8",
                    threads_given_ ? threads_ : 0,
                    aware_checkpoints(),
                    train.fingerprint};
    MOTE_TRY(const AwareModel model, train_aware(std::move(job), console_.progress()));
    std::vector<std::string> notes;
    MOTE_TRY(Graph quantized, apply_quantization(model.graph, model.ranges, project_.quantize, &notes));
    MOTE_TRY(Int8File file, planned_file(std::move(quantized), std::move(notes), project_, *loaded));
    MOTE_CHECK(take_operating_point(file, project_, *loaded, threads_));
    MOTE_TRY(Json result, write_int8(folder, model.graph, file));
    MOTE_TRY(const std::vector<uint8_t> aware_bytes, float_file(model.graph, project_, *loaded));
    MOTE_CHECK(write_file(folder / kAwareFile, aware_bytes));
    result["float_bytes"] = float_model.bytes;
    result["training"] = training_json(model.training, loaded->dataset.validation.size() > 0);
    return result;
  });
}

Result<Step> Pipeline::evaluate(const Step& train, const Step& quantize, const Step* aware) {
  MOTE_TRY(const std::vector<fs::path> noise, noise_files(project_));
  Json inputs = {quantize.fingerprint, aware != nullptr ? aware->fingerprint : "", project_.section("goal")};
  for (const fs::path& file : noise) {
    MOTE_TRY(const std::vector<uint8_t> bytes, read_file(file));
    inputs.push_back(fingerprint(bytes));
  }
  return step("evaluate", inputs, false, [&](const fs::path&) -> Result<Json> {
    MOTE_TRY(const Loaded* const loaded, this->loaded());
    MOTE_TRY(const std::vector<uint8_t> float_bytes, read_file(train.folder / kFloatFile));
    MOTE_TRY(const Graph float_graph, read_tflite(kFloatFile, float_bytes));
    std::vector<JudgedModel> models = {{"ptq", kModelFile, {}}};
    MOTE_TRY(models[0].bytes, read_file(quantize.folder / kModelFile));
    if (aware != nullptr) {
      models.push_back({"qat", kModelFile, {}});
      MOTE_TRY(models[1].bytes, read_file(aware->folder / kModelFile));
    }
    const std::string exported = models.back().form;
    MOTE_TRY(Json metrics, mote::evaluate(project_, *loaded, {&float_graph, std::move(models)}, threads_));
    metrics["int8"] = metrics.at(exported);
    if (metrics.contains("conditions"))
      for (Json& condition : metrics["conditions"]) condition["int8"] = condition.at(exported);
    return metrics;
  });
}

Result<Step> Pipeline::data_to_judgement() {
  MOTE_TRY(const Step data, this->data());
  MOTE_TRY(const Step trained, train(data, false));
  MOTE_TRY(const Step quantized, quantize(trained));
  std::optional<Step> aware;
  if (project_.aware.enabled) {
    MOTE_TRY(aware, quantize_aware(trained, false));
  }
  return evaluate(trained, quantized, aware ? &*aware : nullptr);
}

Result<Step> Pipeline::measure(const Step& quantize) {
  MOTE_TRY(const std::vector<uint8_t> model, read_file(quantize.folder / kModelFile));
  const Json inputs = {fingerprint(model), board_->name};
  return step("measure", inputs, false,
              [&](const fs::path& folder) { return measure_model(kModelFile, model, folder); });
}

}  // namespace mote
