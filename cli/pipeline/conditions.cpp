#include "cli/pipeline/conditions.h"

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/data/noise.h"

namespace mote {
namespace {

constexpr uint64_t kNoiseStream = 7;  // of the project's seed

Result<Noise> noise_of(const ProjectConfig& project, const Loaded& loaded, const GoalCondition& condition) {
  const RecordingContract& contract = loaded.dataset.contract;
  if (contract.window < 2)
    return input_error(project.where(condition.key("noise")) +
                       ": a row of a table has no power to compare noise with; conditions need windows");
  if (condition.noise == kWhiteNoise) return Noise::white();
  Result<Noise> noise = Noise::load(project.data, loaded.dataset, project.folder, condition.noise, NoiseUse::judging);
  if (!noise.ok()) return project.error_at(condition.key("noise"), noise.error());
  return noise;
}

}  // namespace

Result<Json> condition_metrics(const ProjectConfig& project, const Loaded& loaded,
                               const std::vector<JudgedForm>& forms) {
  MOTE_CHECK(noise_files(project));
  const Dataset& dataset = loaded.dataset;
  const bool has_test = dataset.test.size() > 0, has_validation = dataset.validation.size() > 0;
  const DataPart& part = has_test ? dataset.test : has_validation ? dataset.validation : dataset.train;
  Json conditions = Json::array();
  for (const GoalCondition& condition : project.goal.conditions) {
    MOTE_TRY(const Noise noise, noise_of(project, loaded, condition));
    const uint64_t seed = Random(project.seed).stream(kNoiseStream).stream(condition.index).bits();
    const Loaded noisy{with_noise(dataset, part, noise, condition.snr_db, seed), loaded.features};
    Json json = {{"name", condition.name},
                 {"noise", condition.noise},
                 {"snr_db", condition.snr_db},
                 {"part", has_test         ? "test"
                          : has_validation ? "validation"
                                           : "train"},
                 {"goal", to_json(condition.goals)}};
    for (const JudgedForm& form : forms) {
      MOTE_TRY(const OutputMatrix outputs, form.outputs(noisy, noisy.dataset.test));
      MOTE_TRY(json[form.name], part_metrics(noisy.dataset, noisy.dataset.test, outputs, form.thresholds, false));
    }
    conditions.push_back(std::move(json));
  }
  return conditions;
}

Result<void> check_conditions(const ProjectConfig& project, const Loaded& loaded) {
  for (const GoalCondition& condition : project.goal.conditions) MOTE_CHECK(noise_of(project, loaded, condition));
  return {};
}

Result<std::vector<std::filesystem::path>> noise_files(const ProjectConfig& project) {
  std::vector<std::filesystem::path> files;
  for (const GoalCondition& condition : project.goal.conditions) {
    if (condition.noise == kWhiteNoise) continue;
    MOTE_TRY(std::vector<fs::path> matches, glob(project.folder, condition.noise));
    std::erase_if(matches, [](const fs::path& path) { return !fs::is_regular_file(path); });
    if (matches.empty())
      return input_error(fmt::format("{}: no file matches '{}'; expected recordings of noise, or \"white\"",
                                     project.where(condition.key("noise")), condition.noise));
    files.insert(files.end(), matches.begin(), matches.end());
  }
  return files;
}

}  // namespace mote
