#include "toolchain/data/rule.h"

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/base/json.h"
#include "toolchain/data/csv.h"
#include "toolchain/data/text.h"

namespace mote {

Result<Rule> Rule::parse(const std::string& key, const std::string& text) {
  Rule rule;
  rule.key_ = key;
  const size_t colon = text.find(':');
  const std::string word = text.substr(0, colon);
  if (colon != std::string::npos) rule.argument_ = text.substr(colon + 1);
  if (text == "folder")
    rule.kind_ = Kind::folder;
  else if (text == "file")
    rule.kind_ = Kind::file;
  else if (text == "stored")
    rule.kind_ = Kind::stored;
  else if (word == "column")
    rule.kind_ = Kind::column;
  else if (word == "filename")
    rule.kind_ = Kind::file_name;
  else if (word == "file")
    rule.kind_ = Kind::labels_file;
  else
    return input_error(
        fmt::format("mote.toml: {} = \"{}\": expected folder, column:NAME, filename:REGEX, file:labels.csv or stored{}",
                    key, text, did_you_mean(word, {"folder", "column", "filename", "file", "stored"})));
  if (colon != std::string::npos && rule.argument_.empty())
    return input_error(fmt::format("mote.toml: {} = \"{}\": something must follow the colon", key, text));
  if (rule.kind_ != Kind::file_name) return rule;
  try {
    rule.regex_ = std::regex(rule.argument_);
  } catch (const std::regex_error& error) {
    return input_error(fmt::format("mote.toml: {} = \"{}\": not a regular expression ({})", key, text, error.what()));
  }
  if (rule.regex_.mark_count() == 0)
    return input_error(
        fmt::format("mote.toml: {} = \"{}\": expected a group in parentheses that catches the name, such as "
                    "filename:_([a-z]+)_",
                    key, text));
  return rule;
}

// Edge Impulse's info.labels: {"files": [{"path", "label": {"type": "label", "label": NAME}}, ...]}, or "label": NAME.
Result<std::map<std::string, std::string>> labels_of_info(const std::string& name, const std::string& text) {
  MOTE_TRY(const Json json, parse_json(name, text));
  const auto files = json.find("files");
  if (files == json.end() || !files->is_array())
    return input_error(name + ": no list 'files'; expected Edge Impulse's info.labels, or a table with file and label");
  std::map<std::string, std::string> labels;
  for (const Json& entry : *files) {
    if (!entry.is_object() || !entry.contains("path") || !entry["path"].is_string())
      return input_error(fmt::format("{}: entry {} of 'files' has no 'path'", name, labels.size()));
    Json label = entry.contains("label") ? entry["label"] : Json();
    if (label.is_object() && label.contains("label")) label = Json(label["label"]);
    if (label.is_string()) labels[entry["path"].get<std::string>()] = label.get<std::string>();
  }
  if (labels.empty()) return input_error(name + ": no entry of 'files' has a label");
  return labels;
}

Result<void> Rule::load(const std::filesystem::path& project_folder) {
  if (kind_ != Kind::labels_file) return {};
  if (argument_.ends_with(".labels") || argument_.ends_with(".json")) {
    MOTE_TRY(const std::string text, read_text(project_folder / argument_));
    MOTE_TRY(labels_, labels_of_info(argument_, text));
    return {};
  }
  MOTE_TRY(CsvFile csv, CsvFile::open(argument_, project_folder / argument_));
  const std::vector<std::string>& header = csv.header();
  const auto find = [&](const char* name) {
    for (size_t i = 0; i < header.size(); ++i)
      if (lower_case(header[i]) == name) return static_cast<int32_t>(i);
    return int32_t{-1};
  };
  const int32_t file = find("file"), label = find("label");
  if (file < 0 || label < 0)
    return input_error(fmt::format("{}:1: expected the columns file and label, found {}", argument_, listed(header)));
  std::vector<CsvColumn> columns(2);
  columns[0].index = file, columns[1].index = label;
  for (CsvColumn& column : columns) column.kind = CsvColumn::Kind::text;
  MOTE_TRY(const int64_t rows, csv.read(columns));
  for (int64_t i = 0; i < rows; ++i) {
    const std::string &name = columns[0].text(i), &value = columns[1].text(i);
    const int64_t line = csv.line(i);
    if (name.empty() || value.empty())
      return input_error(fmt::format("{}:{}: file or label is empty", argument_, line));
    if (const auto [entry, added] = labels_.emplace(name, value); !added && entry->second != value)
      return input_error(
          fmt::format("{}:{}: {} is labelled '{}' here and '{}' above", argument_, line, name, value, entry->second));
  }
  return {};
}

Result<std::string> Rule::of_file(const std::string& file) const {
  const std::filesystem::path path(file);
  const std::string name = path.filename().string();
  if (kind_ == Kind::file) return file;
  if (kind_ == Kind::stored)
    return input_error(
        fmt::format("{}: {} = \"stored\", but this format has no labels. Use folder, filename:REGEX or "
                    "file:labels.csv",
                    file, key_));
  if (kind_ == Kind::folder) {
    const std::string folder = path.parent_path().filename().string();
    if (folder.empty())
      return input_error(
          fmt::format("{}: {} = \"folder\", but the file is in no folder. Put each class in a folder of its own, "
                      "or use column:NAME, filename:REGEX or file:labels.csv",
                      file, key_));
    return folder;
  }
  if (kind_ == Kind::file_name) {
    std::smatch match;
    if (!std::regex_search(name, match, regex_))
      return input_error(
          fmt::format("{}: the file name does not match {} = \"filename:{}\"; correct the expression in mote.toml, or "
                      "rename the file",
                      file, key_, argument_));
    for (size_t group = 1; group < match.size(); ++group)  // of the alternatives the one that fits
      if (match[group].length() > 0) return match[group].str();
    return input_error(
        fmt::format("{}: the group of {} = \"filename:{}\" catches nothing in this file name", file, key_, argument_));
  }
  // Exact path first, then the path relative to the labels file, then the bare name.
  for (const std::string& candidate :
       {file, path.lexically_relative(std::filesystem::path(argument_).parent_path()).generic_string(), name})
    if (const auto found = labels_.find(candidate); found != labels_.end()) return found->second;
  return input_error(fmt::format("{}: {} has no line for this file; add one with its label", file, argument_));
}

}  // namespace mote
