#include "toolchain/base/json.h"

#include <fmt/format.h>

#include "toolchain/base/files.h"

namespace mote {

Result<Json> parse_json(const std::string& name, const std::string& text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& problem) {
    return input_error(fmt::format("{}: not valid JSON: {}", name, problem.what()));
  }
}

Result<Json> read_json(const std::filesystem::path& path) {
  MOTE_TRY(const std::string text, read_text(path));
  return parse_json(path.string(), text);
}

Result<void> write_json(const std::filesystem::path& path, const Json& value) {
  // Text from outside may hold bytes that are not UTF-8: they are replaced, never thrown about.
  return write_file(path, value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace mote
