#include "cli/pipeline/build.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "cli/pipeline/code_identity.h"
#include "cli/pipeline/leakage_check.h"
#include "cli/pipeline/metrics.h"
#include "cli/pipeline/pipeline.h"
#include "cli/pipeline/summary.h"
#include "cli/pipeline/verdict.h"
#include "toolchain/report/html_report.h"
#include "toolchain/report/runs_database.h"

namespace mote {
namespace {

struct Steps {
  Step data, untrained, train, quantize, evaluate, measure;
  Json leakage;               // null: not asked for
  std::optional<Step> aware;  // method "qat"

  const Step& exported() const { return aware ? *aware : quantize; }
};

std::string utc_now() {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

// Measures the untrained architecture and says whether it fits, before any time goes into training.
Result<Step> check_budget(Pipeline& pipeline, const Step& data, Console& console) {
  MOTE_TRY(Step untrained, pipeline.untrained(data));
  const ProjectConfig& project = pipeline.project();
  const Json& contract = data.result.at("contract");
  const double rate = contract.at("rate_hz").get<double>();
  const double period = rate > 0 ? contract.at("stride").get<double>() / rate : 0;
  MOTE_CHECK(check_possible(project, pipeline.board(), untrained.result,
                            data.result.at("input_elements").get<int64_t>(), period));
  const std::vector<BudgetLine> lines = budget_lines(project.budget, pipeline.board(), untrained.result);
  MOTE_TRY(const bool trained, pipeline.is_trained(data));
  if (!trained) console.text("\n" + budget_table("untrained", lines) + "  " + fits_line(lines) + "\n\n");
  return untrained;
}

Result<Steps> run_steps(Pipeline& pipeline, const BuildOptions& options, Console& console) {
  const ProjectConfig& project = pipeline.project();
  Steps steps;
  MOTE_TRY(steps.data, pipeline.data());
  console.text(heading(project, pipeline.board()));
  console.text(data_lines(steps.data.result, project));
  MOTE_TRY(steps.untrained, check_budget(pipeline, steps.data, console));
  MOTE_TRY(const bool trained, pipeline.is_trained(steps.data));
  if (options.only_quantize && !trained)
    return input_error("no trained model for the project as it stands: run `mote train` first");
  const bool goes_on = trained && project.aware.enabled && pipeline.aware_interrupted();
  MOTE_TRY(steps.train, pipeline.train(steps.data, options.train_again && !goes_on));
  console.text(train_line("train", steps.train.result, project.task == DataTask::classification, steps.train.reused));
  MOTE_TRY(steps.quantize, pipeline.quantize(steps.train));
  console.text(quantize_line(steps.quantize.result));
  if (project.aware.enabled) {
    MOTE_TRY(steps.aware, pipeline.quantize_aware(steps.train, options.train_again));
    console.text(train_line("qat", steps.aware->result.at("training"), project.task == DataTask::classification,
                            steps.aware->reused));
    console.text(quantize_line(steps.aware->result));
  }
  const Json& quantized = steps.exported().result;
  if (options.show_layers) console.text("\n" + layer_table(quantized.at("layer_errors"), quantized.at("layer_costs")));
  MOTE_TRY(steps.evaluate, pipeline.evaluate(steps.train, steps.quantize, steps.aware ? &*steps.aware : nullptr));
  MOTE_TRY(steps.measure, pipeline.measure(steps.exported()));
  return steps;
}

std::string run_fingerprint(const Steps& steps, const ProjectConfig& project) {
  return step_fingerprint({steps.untrained.fingerprint, steps.evaluate.fingerprint, steps.measure.fingerprint,
                           project.section("goal"), project.section("budget"), steps.leakage});
}

// {"flash": "64 KiB", ...}: the budget as written.
Json budget_json(const ProjectConfig& project) {
  const Json given = project.section("budget");
  Json budget = Json::object();
  for (const auto& [key, value] : given.items()) budget[key.substr(key.find('.') + 1)] = value;
  return budget;
}

// What lies at a place of this build only, so that it is no part of a run's record.
constexpr const char* kPlaces[] = {"firmware", "emulator_command"};

// metrics.json but for the run's number and time.
Json collect_metrics(const Pipeline& pipeline, const Steps& steps) {
  const ProjectConfig& project = pipeline.project();
  Json metrics = {{"run", 0},
                  {"time", ""},
                  {"mote", MOTE_VERSION},
                  {"name", project.name},
                  {"seed", project.seed},
                  {"task", task_name(project.task)},
                  {"goal", to_json(project.goal)},
                  {"budget", budget_json(project)}};
  metrics.update(steps.evaluate.result);  // float, int8
  metrics.update(steps.measure.result);   // board, engine, model_bytes, flash_bytes, ram_bytes, latency, power
  const std::vector<BudgetLine> lines = budget_lines(project.budget, pipeline.board(), steps.measure.result);
  metrics["verdict"] = verdict(project.goal, metrics.at("int8"), metrics.value("conditions", Json::array()), lines);
  if (!steps.leakage.is_null()) metrics["leakage"] = steps.leakage;
  Json data = steps.data.result;
  data.erase("table");
  metrics["layers"] = project.layers;
  metrics["configuration"] = project.given;  // the keys of mote.toml, and those that the command line changed
  metrics["untrained"] = steps.untrained.result;
  metrics["data"] = std::move(data);
  metrics["training"] = steps.train.result;
  metrics["quantization"] = steps.exported().result;
  for (const char* place : kPlaces) metrics.erase(place), metrics["untrained"].erase(place);
  return metrics;
}

Result<void> copy_artefact(const fs::path& from, const fs::path& to) {
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(from));
  return write_file(to, bytes);
}

std::vector<ReportLimit> report_limits(const std::vector<BudgetLine>& lines) {
  std::vector<ReportLimit> limits;
  for (const BudgetLine& each : lines)
    limits.push_back({each.name, each.value, each.limit.value_or(0), each.value_text, each.limit_text, each.fits()});
  return limits;
}

// Writes .mote/runs/<id>/ and the row in the database; both appear only when complete.
Result<RunRecord> add_run(RunsDatabase& database, const Pipeline& pipeline, const Steps& steps) {
  const ProjectConfig& project = pipeline.project();
  MOTE_TRY(const Json code, code_identity());
  RunRecord run{0,
                utc_now(),
                run_fingerprint(steps, project),
                steps.data.result.at("fingerprint").get<std::string>(),
                code.at("program").get<std::string>(),
                project.text,
                collect_metrics(pipeline, steps)};
  run.metrics["code"] = code;
  MOTE_TRY(run.id, database.next_id());
  run.metrics["run"] = run.id;
  run.metrics["time"] = run.time;
  const Workspace& workspace = pipeline.workspace();
  MOTE_TRY(StagedFolder staged, StagedFolder::create(workspace.run_folder(run.id)));
  MOTE_CHECK(copy_artefact(steps.train.folder / kFloatFile, staged.path() / kFloatFile));
  MOTE_CHECK(copy_artefact(steps.exported().folder / kModelFile, staged.path() / kModelFile));
  MOTE_CHECK(write_json(staged.path() / "metrics.json", run.metrics));
  MOTE_CHECK(write_file(staged.path() / "mote.toml", project.text));
  const std::vector<BudgetLine> lines = budget_lines(project.budget, pipeline.board(), steps.measure.result);
  MOTE_CHECK(write_file(staged.path() / "report.html", html_report(run.metrics, report_limits(lines))));
  MOTE_CHECK(staged.commit());
  MOTE_CHECK(database.insert(run));
  return run;
}

// Brings build/ to the run, unless it is there.
Result<void> publish(const Workspace& workspace, const RunRecord& run, const Steps& steps) {
  const fs::path stamp = workspace.hidden() / "published";
  const std::string identity = fmt::format("{} {}", run.id, run.fingerprint);
  const fs::path report = workspace.build() / "report.html", firmware = workspace.build() / kFirmwareFolder;
  std::error_code ignored;
  const bool complete =
      fs::exists(workspace.build_model(), ignored) && fs::exists(report, ignored) && fs::exists(firmware, ignored);
  if (complete && fs::exists(stamp, ignored))
    if (const Result<std::string> last = read_text(stamp); last.ok() && *last == identity) return {};
  MOTE_CHECK(copy_artefact(workspace.run_folder(run.id) / kModelFile, workspace.build_model()));
  MOTE_CHECK(copy_artefact(workspace.run_folder(run.id) / "report.html", report));
  MOTE_TRY(StagedFolder staged, StagedFolder::create(firmware));
  std::error_code failure;
  fs::copy(steps.measure.folder / kFirmwareFolder, staged.path(),
           fs::copy_options::recursive | fs::copy_options::overwrite_existing, failure);
  if (failure) return input_error(fmt::format("{}: cannot be written: {}", firmware.string(), failure.message()));
  MOTE_CHECK(staged.commit());
  return write_file(stamp, identity);
}

std::string artefact_lines(const Workspace& workspace, int64_t run, Target target) {
  if (target == Target::run) return fmt::format("  Run {} lies in {}/\n", run, shown(workspace.run_folder(run)));
  return fmt::format("  Run {}: {}, {}/, {}\n", run, shown(workspace.build_model()),
                     shown(workspace.build() / kFirmwareFolder), shown(workspace.build() / "report.html"));
}

}  // namespace

Result<Outcome> build_project(Session& session, const BuildOptions& options) {
  Console& console = session.console;
  MOTE_TRY(Pipeline pipeline, Pipeline::open(session, [&](ProjectConfig& project) {
             if (options.aware) use_aware_training(project);
           }));
  const Workspace& workspace = pipeline.workspace();
  MOTE_TRY(const FileLock lock, workspace.lock());
  MOTE_TRY(RunsDatabase database, RunsDatabase::open(workspace.runs_database()));
  MOTE_TRY(Steps steps, run_steps(pipeline, options, console));
  if (options.leakage) {
    MOTE_TRY(steps.leakage, random_split_gap(session, steps.evaluate.result));
    console.text(gap_text(steps.leakage));
  }

  MOTE_TRY(std::optional<RunRecord> run, database.newest_with(run_fingerprint(steps, pipeline.project())));
  std::error_code ignored;
  const bool known = run && fs::exists(workspace.run_folder(run->id) / kModelFile, ignored);
  if (!known || options.train_again) {
    MOTE_TRY(run, add_run(database, pipeline, steps));
  }
  if (options.target == Target::artefacts) MOTE_CHECK(publish(workspace, *run, steps));

  const std::vector<BudgetLine> lines = budget_lines(pipeline.project().budget, pipeline.board(), steps.measure.result);
  console.text("\n" + quality_table(run->metrics) + "\n" + budget_table(pipeline.board().name, lines) + "\n" +
               verdict_line(run->metrics) + artefact_lines(workspace, run->id, options.target));
  const fs::path& built = options.target == Target::artefacts ? workspace.build() : steps.measure.folder;
  for (const char* place : kPlaces) run->metrics[place] = steps.measure.result.at(place);
  move_paths(run->metrics, "firmware/", (fs::absolute(built) / "firmware/").string());
  console.object(run->metrics);
  const Json& verdict = run->metrics.at("verdict");
  const bool good = verdict.at("goal_met").get<bool>() && verdict.at("within_budget").get<bool>();
  return good ? Outcome::done : Outcome::falls_short;
}

}  // namespace mote
