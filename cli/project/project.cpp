#include "cli/project/project.h"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <set>

#include "cli/project/keys.h"
#include "toolchain/base/files.h"
#include "toolchain/base/text.h"
#include "toolchain/data/noise.h"

namespace mote {
namespace {

constexpr const char* kProjectFile = "mote.toml";
constexpr const char* kConditions = "goal.condition";

std::string place_of(const std::string& file, const toml::source_region& source) {
  return source.begin.line == 0 ? file : fmt::format("{}:{}:{}", file, source.begin.line, source.begin.column);
}

// What the user wrote, in the words of describe_forms.
std::string describe_node(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return fmt::format("the text \"{}\"", *node.value<std::string>());
    case toml::node_type::integer:
      return fmt::format("the number {}", *node.value<int64_t>());
    case toml::node_type::floating_point:
      return fmt::format("the number {}", *node.value<double>());
    case toml::node_type::boolean:
      return *node.value<bool>() ? "true" : "false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or time";
  }
}

// The value in one of the key's forms, or nothing.
std::optional<Value> read_value(const toml::node& node, unsigned forms) {
  Value value;
  const auto as = [&](Form form) {
    value.form = form;
    return std::optional<Value>(value);
  };
  if (node.is_string() && (forms & (kText | kTextList)) != 0) {
    value.text = *node.value<std::string>();
    value.texts = {value.text};
    return as(kText);
  }
  if (node.is_integer() && (forms & kInteger) != 0) return value.integer = *node.value<int64_t>(), as(kInteger);
  if (node.is_number() && (forms & kNumber) != 0) return value.number = *node.value<double>(), as(kNumber);
  if (node.is_boolean() && (forms & kBoolean) != 0) return value.boolean = *node.value<bool>(), as(kBoolean);
  if (const toml::array* list = node.as_array(); list != nullptr && (forms & kTextList) != 0) {
    for (const toml::node& item : *list) {
      if (!item.is_string()) return std::nullopt;
      value.texts.push_back(*item.value<std::string>());
    }
    return as(kTextList);
  }
  const toml::table* table = node.as_table();
  if (table == nullptr) return std::nullopt;
  const bool numbers = (forms & kNumberTable) != 0;
  if (!numbers && (forms & kTextTable) == 0) return std::nullopt;
  for (const auto& [name, item] : *table) {
    if (numbers ? !item.is_number() : !item.is_string()) return std::nullopt;
    if (numbers)
      value.numbers[std::string(name.str())] = *item.value<double>();
    else
      value.text_table[std::string(name.str())] = *item.value<std::string>();
  }
  return as(numbers ? kNumberTable : kTextTable);
}

Json to_json(const toml::node& node) {
  if (const toml::table* table = node.as_table()) {
    Json object = Json::object();
    for (const auto& [name, item] : *table) object[std::string(name.str())] = to_json(item);
    return object;
  }
  if (const toml::array* list = node.as_array()) {
    Json array = Json::array();
    for (const toml::node& item : *list) array.push_back(to_json(item));
    return array;
  }
  if (node.is_string()) return *node.value<std::string>();
  if (node.is_integer()) return *node.value<int64_t>();
  if (node.is_floating_point()) return *node.value<double>();
  if (node.is_boolean()) return *node.value<bool>();
  return describe_node(node);
}

const Key* find_key(const std::string& path) {
  for (const Key& key : all_keys())
    if (path == key.path) return &key;
  return nullptr;
}

// "data.split" for "data.split.by".
std::string parent_of(const std::string& path) {
  const size_t dot = path.rfind('.');
  return dot == std::string::npos ? "" : path.substr(0, dot);
}

bool is_section(const std::string& path) {
  return std::ranges::any_of(all_keys(), [&](const Key& key) { return std::string(key.path).starts_with(path + "."); });
}

// Names that may stand in `section` ("" = the top): keys and sections.
std::vector<std::string> names_in(const std::string& section) {
  std::set<std::string> seen;
  std::vector<std::string> names;
  const std::string prefix = section.empty() ? "" : section + ".";
  for (const Key& key : all_keys()) {
    const std::string path = key.path;
    if (!path.starts_with(prefix)) continue;
    const std::string name = path.substr(prefix.size(), path.find('.', prefix.size()) - prefix.size());
    if (seen.insert(name).second) names.push_back(name);
  }
  return names;
}

Error unknown_key(const std::string& place, const std::string& path) {
  const std::string section = parent_of(path);
  const std::string name = section.empty() ? path : path.substr(section.size() + 1);
  const std::vector<std::string> names = names_in(section);
  const std::string where = section.empty() ? "" : fmt::format(" in [{}]", section);
  return input_error(fmt::format("{}: unknown {} '{}'{}; did you mean '{}'? Known{}: {}", place,
                                 section.empty() ? "section" : "key", name, where, nearest_name(name, names), where,
                                 fmt::join(names, ", ")));
}

// Walks the tables of the file and hands every key to its setter.
class Reader {
 public:
  Reader(std::string file, ProjectConfig& project) : file_(std::move(file)), project_(project) {}

  Result<void> table(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string path = prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
      MOTE_CHECK(entry(path, place_of(file_, name.source()), node));
    }
    return {};
  }

 private:
  Result<void> entry(const std::string& path, const std::string& key_place, const toml::node& node) {
    if (const Key* key = find_key(path)) return set(*key, node);
    if (path == kConditions) return conditions(key_place, node);
    if (is_section(path)) {
      if (node.is_table()) return table(*node.as_table(), path);
      return input_error(fmt::format("{}: {}: expected a section with {}, found {}", key_place, path,
                                     fmt::join(names_in(path), ", "), describe_node(node)));
    }
    if (parent_of(path) != "features") return unknown_key(key_place, path);
    project_.places[path] = key_place;
    project_.given[path] = to_json(node);
    project_.features.options[path.substr(path.find('.') + 1)] = to_json(node);  // the block knows its keys
    return {};
  }

  // [[goal.condition]], any number of times. Its keys are set in the newest condition.
  Result<void> conditions(const std::string& key_place, const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr || !list->is_homogeneous<toml::table>())
      return input_error(fmt::format("{}: {}: expected [[{}]] with {}, found {}", key_place, kConditions, kConditions,
                                     fmt::join(names_in(kConditions), ", "), describe_node(node)));
    for (const toml::node& item : *list) {
      GoalCondition condition;
      condition.index = project_.goal.conditions.size();
      project_.goal.conditions.push_back(std::move(condition));
      MOTE_CHECK(table(*item.as_table(), kConditions));
      MOTE_CHECK(check_condition(place_of(file_, item.source()), *item.as_table()));
      const std::string& noise = project_.goal.conditions.back().noise;
      if (noise != kWhiteNoise) project_.data.judged_noise.push_back(noise);
    }
    return {};
  }

  static Result<void> check_condition(const std::string& place, const toml::table& condition) {
    for (const char* key : {"name", "noise", "snr_db"})
      if (!condition.contains(key))
        return input_error(
            fmt::format("{}: [[{}]] lacks {}; it has a name, the noise that is mixed in, snr_db, and "
                        "what must be reached",
                        place, kConditions, key));
    return {};
  }

  Result<void> set(const Key& key, const toml::node& node) {
    const std::string place = place_of(file_, node.source());
    const std::string name = written_name(key.path);
    const std::optional<Value> value = read_value(node, key.forms);
    if (!value)
      return input_error(fmt::format("{}: {}: expected {}, found {}", place, key.path, describe_forms(key.forms),
                                     describe_node(node)));
    project_.places[name] = place;
    project_.given[name] = to_json(node);
    if (const Result<void> done = key.set(project_, *value); !done.ok()) return project_.error_at(name, done.error());
    return {};
  }

  // "goal.condition[1].noise" for a key of the second condition.
  std::string written_name(const std::string& path) const {
    const std::string section = std::string(kConditions) + ".";
    return path.starts_with(section) ? project_.goal.conditions.back().key(path.substr(section.size())) : path;
  }

  std::string file_;
  ProjectConfig& project_;
};

Result<void> check_required(const std::string& file, const ProjectConfig& project) {
  for (const Key& key : all_keys())
    if (std::string_view(key.fallback) == "required" && !project.given.contains(key.path))
      return input_error(fmt::format("{}: {} is missing: {}", file, key.path, key.doc));
  return {};
}

// The names of metrics that are goals of a task.
std::vector<std::string> goals_of(DataTask task) {
  if (task == DataTask::classification) return {"accuracy"};
  if (task == DataTask::regression) return {"mae", "rmse", "r2"};
  return {"auc"};
}

// Bars are of the task's kind. `prefix` = "goal." or "goal.condition[0].".
Result<void> check_bars(const ProjectConfig& project, const MetricGoals& goals, const std::string& prefix) {
  const std::vector<std::string> known = goals_of(project.task);
  for (const auto& [name, bar] : goals.bars())
    if (std::find(known.begin(), known.end(), name) == known.end())
      return input_error(fmt::format("{}: is no goal of task \"{}\"; expected {}", project.where(prefix + name),
                                     task_name(project.task), fmt::join(known, ", ")));
  return {};
}

// The goals are of the task's kind, and there is one.
Result<void> check_goal(const std::string& file, const ProjectConfig& project) {
  const Goal& goal = project.goal;
  const bool anomaly = project.task == DataTask::anomaly;
  MOTE_CHECK(check_bars(project, goal, "goal."));
  if (project.task != DataTask::classification)
    for (const char* key : {"goal.false_accepts", "goal.rejected"})
      if (project.given.contains(key))
        return input_error(project.where(key) + ": is for task \"classification\", which chooses among classes");
  if (!goal.rejected.empty() && !goal.false_accepts)
    return input_error(project.where("goal.rejected") + ": has a meaning only with goal.false_accepts");
  if (!anomaly && goal.false_alarms)
    return input_error(project.where("goal.false_alarms") + ": is for task \"anomaly\"");
  for (const GoalCondition& condition : goal.conditions) {
    MOTE_CHECK(check_bars(project, condition.goals, condition.key("")));
    if (condition.goals.bars().empty())
      return input_error(fmt::format("{}: condition '{}' has no bar: state what must be reached in it, such as {}",
                                     project.where(condition.key("name")), condition.name,
                                     anomaly ? "auc = 0.8" : "accuracy = 0.75"));
  }
  if (!goal.bars().empty() || (anomaly && (goal.false_alarms || project.decision.false_per_hour))) return {};
  return input_error(fmt::format("{}: [goal] is missing: state what must be reached before training, such as {}", file,
                                 project.task == DataTask::classification ? "accuracy = 0.9"
                                 : anomaly                                ? "auc = 0.95"
                                                                          : "mae = 1.5"));
}

// Thresholds are chosen by one rule.
Result<void> check_decision(const ProjectConfig& project) {
  if (!project.decision.false_per_hour) return {};
  if (project.task == DataTask::regression)
    return input_error(project.where("decision.false_per_hour") + ": a regression detects nothing");
  const char* other = project.goal.false_accepts  ? "goal.false_accepts"
                      : project.goal.false_alarms ? "goal.false_alarms"
                                                  : nullptr;
  if (other == nullptr) return {};
  return input_error(fmt::format("{}: {} chooses thresholds, too: state one of the two",
                                 project.where("decision.false_per_hour"), other));
}

// Labels may be missing only where everything is normal.
Result<void> check_label(const std::string& file, const ProjectConfig& project) {
  const bool anomaly = project.task == DataTask::anomaly;
  if (!anomaly && project.given.contains("data.normal"))
    return input_error(project.where("data.normal") + ": is for task \"anomaly\"");
  if (!project.data.label.empty()) return {};
  if (!anomaly) return input_error(fmt::format("{}: data.label is missing: {}", file, find_key("data.label")->doc));
  if (!project.goal.auc) return {};
  return input_error(project.where("goal.auc") +
                     ": needs windows that are known to be anomalous, and data.label is missing; label recordings, or "
                     "state goal.false_alarms instead, which needs normal ones only");
}

Result<void> check_layers(const ProjectConfig& project) {
  if (project.layers.empty())
    return input_error(project.where("model.layers") + ": expected at least one layer, found none");
  return {};
}

void fill_defaults(ProjectConfig& project) {
  project.data.task = project.task;
  const bool numbers = project.task != DataTask::classification;
  if (numbers && !project.given.contains("train.loss")) project.train.loss = Loss::mse;
  if (numbers && !project.given.contains("quantize.margin")) project.quantize.margin = 0.1;
  project.quantize.int8_input = true;  // which is what feature blocks make
}

Result<void> check_loss(const ProjectConfig& project) {
  const bool labels = project.train.loss == Loss::cross_entropy;
  if (labels == (project.task == DataTask::classification)) return {};
  return input_error(project.where("train.loss") + (labels ? ": cross_entropy needs classes; expected mse, mae or huber"
                                                           : ": expected cross_entropy for classification"));
}

}  // namespace

const char* task_name(DataTask task) {
  return task == DataTask::classification ? "classification" : task == DataTask::regression ? "regression" : "anomaly";
}

std::vector<std::pair<std::string, double>> MetricGoals::bars() const {
  std::vector<std::pair<std::string, double>> stated;
  const std::pair<const char*, const std::optional<double>*> all[] = {
      {"accuracy", &accuracy}, {"mae", &mae}, {"rmse", &rmse}, {"r2", &r2}, {"auc", &auc}};
  for (const auto& [name, bar] : all)
    if (*bar) stated.emplace_back(name, **bar);
  return stated;
}

std::string GoalCondition::key(const std::string& name_of_key) const {
  return fmt::format("{}[{}].{}", kConditions, index, name_of_key);
}

Result<void> check_quantize(const ProjectConfig& project) {
  if (project.quantize.activations != DType::int16 || !project.aware.enabled) return {};
  return input_error(project.where("quantize.activations") +
                     ": int16 activations are quantized after training only; expected method = \"ptq\" with them");
}

std::string ProjectConfig::where(const std::string& key) const {
  const auto place = places.find(key);
  return (place == places.end() ? (folder / kProjectFile).string() : place->second) + ": " + key;
}

Error ProjectConfig::error_at(const std::string& key, const Error& error) const {
  const std::string file = std::string(kProjectFile) + ": ";  // all that a stage knows of the place
  const size_t start = error.message.starts_with(file) ? file.size() : 0;
  return {error.kind, where(key) + ": " + error.message.substr(start)};
}

Json ProjectConfig::section(const std::string& name_of_section) const {
  Json keys = Json::object();
  for (const auto& [key, value] : given.items())
    if (key.starts_with(name_of_section + ".")) keys[key] = value;
  return keys;
}

Result<std::filesystem::path> find_project(const std::filesystem::path& start) {
  std::error_code failure;
  const fs::path absolute = fs::weakly_canonical(fs::absolute(start, failure), failure);
  for (fs::path folder = absolute; !failure; folder = folder.parent_path()) {
    if (fs::exists(folder / kProjectFile, failure)) return folder;
    if (folder == folder.parent_path()) break;
  }
  return input_error(
      fmt::format("no {} in {} or above: `cd` into a project, name it with --project DIR, or make one with "
                  "`mote init NAME`",
                  kProjectFile, start.string()));
}

Result<ProjectConfig> load_project(const std::filesystem::path& folder) {
  const fs::path file = folder / kProjectFile;
  std::error_code failure;
  if (!fs::exists(file, failure))
    return input_error(fmt::format("{}: no such file: make a project with `mote init NAME`", file.string()));
  MOTE_TRY(const std::string text, read_text(file));
  const fs::path shown = fs::proximate(file, failure);
  MOTE_TRY(ProjectConfig project, parse_project(failure || shown.empty() ? file.string() : shown.string(), text));
  project.folder = fs::weakly_canonical(fs::absolute(folder, failure), failure);
  if (project.name.empty()) project.name = project.folder.filename().string();
  return project;
}

Result<ProjectConfig> parse_project(const std::string& file, const std::string& text) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed)
    return input_error(fmt::format("{}: not a valid TOML file: {}", place_of(file, parsed.error().source()),
                                   parsed.error().description()));
  ProjectConfig project;
  project.text = text;
  MOTE_CHECK(Reader(file, project).table(parsed.table(), ""));
  MOTE_CHECK(check_required(file, project));
  MOTE_CHECK(check_goal(file, project));
  MOTE_CHECK(check_decision(project));
  MOTE_CHECK(check_label(file, project));
  MOTE_CHECK(check_layers(project));
  fill_defaults(project);
  MOTE_CHECK(check_loss(project));
  MOTE_CHECK(check_quantize(project));
  return project;
}

namespace {
void flatten(const Json& json, const std::string& path, Json& flat) {
  if (!json.is_object()) {
    flat[path] = json;
    return;
  }
  for (const auto& [name, value] : json.items()) flatten(value, path.empty() ? name : path + "." + name, flat);
}
}  // namespace

Result<Json> written_keys(const std::string& file, const std::string& text) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed)
    return input_error(fmt::format("{}: not a valid TOML file: {}", place_of(file, parsed.error().source()),
                                   parsed.error().description()));
  Json flat = Json::object();
  flatten(to_json(parsed.table()), "", flat);
  return flat;
}

std::string project_reference() {
  std::string page;
  std::string section;
  for (const Key& key : all_keys()) {
    const std::string path = key.path;
    const std::string top = path.substr(0, path.find('.'));
    if (top != section)
      page += fmt::format("{}### [{}]\n\n| key | value | default | meaning |\n|---|---|---|---|\n",
                          section.empty() ? "" : "\n", top);
    section = top;
    page += fmt::format("| `{}` | {} | {} | {} |\n", path.substr(top.size() + 1), describe_forms(key.forms),
                        *key.fallback == '\0' ? "none" : key.fallback, key.doc);
  }
  return page;
}

}  // namespace mote
