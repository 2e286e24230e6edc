// Lists of files, one path per line, as data sets state their parts: testing_list.txt of Speech Commands.
#pragma once
#include <filesystem>
#include <string>
#include <unordered_set>

#include "toolchain/base/result.h"

namespace mote {

// A held-out part that stands in a list: "file:testing_list.txt" -> "testing_list.txt"; "" = it does not.
std::string file_list_of(const std::string& name);

// The files that the list names, relative to the project. In the list they are relative to its folder or to the
// project; blank lines and lines that begin with # are skipped. Errors: the list cannot be read or names nothing.
Result<std::unordered_set<std::string>> read_file_list(const std::string& list,
                                                       const std::filesystem::path& project_folder);

}  // namespace mote
