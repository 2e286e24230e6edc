#include "cli/pipeline/code_identity.h"

#include "mote_commit.h"
#include "toolchain/base/files.h"

namespace mote {

Result<Json> code_identity() {
  MOTE_TRY(const std::vector<uint8_t> program, read_file("/proc/self/exe"));
  return Json{{"version", MOTE_VERSION}, {"commit", MOTE_COMMIT}, {"program", fingerprint(program)}};
}

}  // namespace mote
