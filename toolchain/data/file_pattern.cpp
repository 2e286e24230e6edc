#include "toolchain/data/file_pattern.h"

#include <algorithm>
#include <system_error>

#include "toolchain/data/text.h"

namespace mote {

namespace fs = std::filesystem;

fs::path without_dots(const fs::path& path) {
  fs::path result;
  for (const fs::path& part : path)
    if (part != ".") result /= part;
  return result;
}

namespace {

// Without links as far as there is no wildcard; what cannot be resolved names nothing.
std::string real_path(const fs::path& pattern) {
  fs::path real;
  bool wild = false;
  std::error_code ignored;
  for (const fs::path& part : pattern) {
    wild = wild || part.native().find_first_of("*?") != std::string::npos;
    real = wild ? real / part : fs::weakly_canonical(real / part, ignored);
  }
  return real.generic_string();
}

}  // namespace

std::vector<bool> files_named(const fs::path& pattern, const std::vector<std::string>& files,
                              const fs::path& project_folder) {
  const std::string name = without_dots(pattern).generic_string();
  std::vector<bool> named;
  for (const std::string& file : files) named.push_back(glob_matches(name, file));
  if (std::ranges::find(named, true) != named.end()) return named;
  const std::string real = real_path(project_folder / pattern);
  std::error_code ignored;
  for (size_t i = 0; i < files.size(); ++i)
    named[i] = glob_matches(real, fs::weakly_canonical(project_folder / files[i], ignored).generic_string());
  return named;
}

}  // namespace mote
