// A folder of sources before it is written, made from what the program carries.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "toolchain/base/result.h"

namespace mote {

using SourceFiles = std::map<std::string, std::string>;  // text by path below the folder

constexpr std::string_view kStartup = "toolchain/boards/startup/";

// Adds one carried file under its own name without `folder`.
Result<void> add_template(std::string_view folder, const std::string& file, SourceFiles& files);

// Adds the device headers that `text`, which messages call `path`, includes, and theirs.
Result<void> add_headers(const std::string& path, std::string_view text, SourceFiles& files);

// The text of the file at `path` with the device headers that it includes named by their way from it, so that no
// compiler option has to say where they are. They stand below `root` ("mote/").
std::string with_relative_includes(const std::string& path, std::string_view text, const std::string& root);

// Adds those headers, and all that they include, below mote/, each naming the others by their way from it. `path` is
// what messages call the file that needs them.
Result<void> stage_headers(const std::string& path, const std::set<std::string>& headers, SourceFiles& files);

}  // namespace mote
