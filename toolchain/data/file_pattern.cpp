#include "toolchain/data/file_pattern.h"

#include <system_error>
#include <utility>

#include "toolchain/data/text.h"

namespace mote {

namespace fs = std::filesystem;

fs::path without_dots(const fs::path& path) {
  fs::path result;
  for (const fs::path& part : path)
    if (part != ".") result /= part;
  return result;
}

FilePattern::FilePattern(const fs::path& pattern, fs::path project_folder)
    : pattern_(without_dots(pattern).generic_string()), folder_(std::move(project_folder)) {
  if (!pattern.is_absolute()) return;
  fs::path real;
  bool wild = false;
  std::error_code ignored;  // what cannot be resolved names nothing
  for (const fs::path& part : pattern) {
    wild = wild || part.native().find_first_of("*?") != std::string::npos;
    real = wild ? real / part : fs::weakly_canonical(real / part, ignored);
  }
  absolute_ = real.generic_string();
}

bool FilePattern::names(const std::string& file) const {
  if (glob_matches(pattern_, file)) return true;
  std::error_code ignored;
  return !absolute_.empty() && glob_matches(absolute_, fs::weakly_canonical(folder_ / file, ignored).generic_string());
}

}  // namespace mote
