// Files by the names that mote.toml gives them.
#pragma once
#include <filesystem>
#include <string>

namespace mote {

// The path without components that are ".".
std::filesystem::path without_dots(const std::filesystem::path& path);

// A pattern of files: as they are called, relative to the project, or by an absolute path, with or without links.
class FilePattern {
 public:
  FilePattern(const std::filesystem::path& pattern, std::filesystem::path project_folder);
  // `file`: relative to the project.
  bool names(const std::string& file) const;

 private:
  std::string pattern_, absolute_;  // absolute_: without links, or empty
  std::filesystem::path folder_;
};

}  // namespace mote
