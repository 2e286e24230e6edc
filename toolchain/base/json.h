// JSON with keys in the order they were written.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>

#include "toolchain/base/result.h"

namespace mote {

using Json = nlohmann::ordered_json;

// `name` is what messages call the text: a path or "metadata 'mote.json'".
Result<Json> parse_json(const std::string& name, const std::string& text);
Result<Json> read_json(const std::filesystem::path& path);
Result<void> write_json(const std::filesystem::path& path, const Json& value);  // indented, atomic

}  // namespace mote
