// Files by the names that mote.toml gives them.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace mote {

// The path without components that are ".".
std::filesystem::path without_dots(const std::filesystem::path& path);

// Of each file, by its path relative to the project, whether the pattern means it. Where no path matches it, what it
// means is looked for by where files really lie: it may be absolute, or go through links.
std::vector<bool> files_named(const std::filesystem::path& pattern, const std::vector<std::string>& files,
                              const std::filesystem::path& project_folder);

}  // namespace mote
