#include "tests/parity/test_data.h"

#include <fmt/format.h>

#include <cstdlib>

namespace mote {

namespace fs = std::filesystem;

namespace {

fs::path folder_from(const char* variable) {
  const char* value = std::getenv(variable);
  return value ? fs::path(value) : fs::current_path();
}

}  // namespace

fs::path source_folder() {
  return folder_from("MOTE_SOURCE_DIR");
}
fs::path binary_folder() {
  return folder_from("MOTE_BINARY_DIR");
}

Result<fs::path> test_data(const std::string& relative) {
  const char* given = std::getenv("MOTE_DATA");
  fs::path root = given ? fs::path(given) : source_folder() / ".." / "shared";
  if (root.filename() == "data") root = root.parent_path();  // the folder of the recordings was named itself
  if (fs::exists(root / relative)) return fs::weakly_canonical(root / relative);
  return input_error(fmt::format("{} is not there; set MOTE_DATA to the folder that holds data/, models/ and golden/",
                                 (root / relative).string()));
}

}  // namespace mote
