#include "toolchain/data/file_list.h"

#include <sstream>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/data/text.h"

namespace mote {

std::string file_list_of(const std::string& name) {
  return name.starts_with("file:") ? name.substr(5) : "";
}

Result<std::unordered_set<std::string>> read_file_list(const std::string& list,
                                                       const std::filesystem::path& project_folder) {
  MOTE_TRY(const std::string text, read_text(project_folder / list));
  const std::filesystem::path folder = std::filesystem::path(list).parent_path();
  std::unordered_set<std::string> files;
  std::istringstream lines(text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text);
  for (std::string line; std::getline(lines, line);) {
    const std::string name(trimmed(line));
    if (name.empty() || name[0] == '#') continue;
    if (name.find('\0') != std::string::npos)
      return input_error(fmt::format("{}: a binary file; expected a list of files, one path per line", list));
    files.insert((folder / name).lexically_normal().generic_string());
    files.insert(std::filesystem::path(name).lexically_normal().generic_string());
  }
  if (files.empty()) return input_error(fmt::format("{}: the list names no file; expected one path per line", list));
  return files;
}

}  // namespace mote
