#include "tests/parity/test_data.h"

#include <fmt/format.h>

#include <cstdlib>

namespace mote {

namespace fs = std::filesystem;

Result<fs::path> test_data(const std::string& relative) {
  const char* given = std::getenv("MOTE_DATA");
  fs::path root = given ? fs::path(given) : fs::path(std::getenv("MOTE_SOURCE_DIR")) / ".." / "shared";
  if (root.filename() == "data") root = root.parent_path();  // the folder of the recordings was named itself
  if (fs::exists(root / relative)) return fs::weakly_canonical(root / relative);
  return input_error(fmt::format("{} is not there; set MOTE_DATA to the folder that holds data/, models/ and golden/",
                                 (root / relative).string()));
}

}  // namespace mote
