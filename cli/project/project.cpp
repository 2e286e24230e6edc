#include "cli/project/project.h"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <set>

#include "cli/project/keys.h"
#include "toolchain/base/files.h"
#include "toolchain/base/text.h"

namespace mote {
namespace {

constexpr const char* kProjectFile = "mote.toml";

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

  Result<void> set(const Key& key, const toml::node& node) {
    const std::string place = place_of(file_, node.source());
    const std::optional<Value> value = read_value(node, key.forms);
    if (!value)
      return input_error(fmt::format("{}: {}: expected {}, found {}", place, key.path, describe_forms(key.forms),
                                     describe_node(node)));
    project_.places[key.path] = place;
    project_.given[key.path] = to_json(node);
    if (const Result<void> done = key.set(project_, *value); !done.ok())
      return project_.error_at(key.path, done.error());
    return {};
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

// The goal is of the task's kind, and there is one.
Result<void> check_goal(const std::string& file, const ProjectConfig& project) {
  const Goal& goal = project.goal;
  const bool classification = project.task == DataTask::classification;
  if (classification)
    for (const char* key : {"goal.mae", "goal.rmse", "goal.r2"})
      if (project.given.contains(key))
        return input_error(project.where(key) +
                           ": is a goal of regression; expected goal.accuracy for task \"classification\"");
  if (!classification && goal.accuracy)
    return input_error(project.where("goal.accuracy") +
                       ": is a goal of classification; expected mae, rmse or r2 for task \"regression\"");
  if (!goal.accuracy && !goal.mae && !goal.rmse && !goal.r2)
    return input_error(fmt::format("{}: [goal] is missing: state what must be reached before training, such as {}",
                                   file, classification ? "accuracy = 0.9" : "mae = 1.5"));
  return {};
}

Result<void> check_layers(const ProjectConfig& project) {
  if (project.layers.empty())
    return input_error(project.where("model.layers") + ": expected at least one layer, found none");
  return {};
}

void fill_defaults(ProjectConfig& project) {
  const bool regression = project.task == DataTask::regression;
  project.data.task = project.task;
  if (regression && !project.given.contains("train.loss")) project.train.loss = Loss::mse;
  if (regression && !project.given.contains("quantize.margin")) project.quantize.margin = 0.1;
  project.quantize.int8_input = true;  // which is what feature blocks make
}

Result<void> check_loss(const ProjectConfig& project) {
  const bool labels = project.train.loss == Loss::cross_entropy;
  if (labels == (project.task == DataTask::classification)) return {};
  return input_error(project.where("train.loss") +
                     (labels ? ": cross_entropy needs classes; expected mse, mae or huber for regression"
                             : ": expected cross_entropy for classification"));
}

}  // namespace

Result<void> check_quantize(const ProjectConfig& project) {
  if (project.quantize.activations != DType::int16 || !project.aware.enabled) return {};
  return input_error(
      project.where("quantize.activations") +
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
  project.folder = folder;
  if (project.name.empty()) project.name = fs::weakly_canonical(folder, failure).filename().string();
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
  MOTE_CHECK(check_layers(project));
  fill_defaults(project);
  MOTE_CHECK(check_loss(project));
  MOTE_CHECK(check_quantize(project));
  return project;
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
