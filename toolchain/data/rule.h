// Where a label, a target or a group comes from: "folder", "column:NAME", "filename:REGEX", "file:labels.csv", "file",
// "stored" (what the file itself says).
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

class Rule {
 public:
  enum class Kind { none, folder, column, file_name, labels_file, file, stored };

  // `key` is the project's key, for messages. A labels file is read by load().
  static Result<Rule> parse(const std::string& key, const std::string& text);
  Result<void> load(const std::filesystem::path& project_folder);

  Kind kind() const { return kind_; }
  const std::string& argument() const { return argument_; }
  // The text for a whole file (path relative to the project). REQUIRES: kind is not column.
  Result<std::string> of_file(const std::string& file) const;

 private:
  Kind kind_ = Kind::none;
  std::string key_, argument_;
  std::regex regex_;
  std::map<std::string, std::string> labels_;  // labels file: path or file name -> label
};

}  // namespace mote
