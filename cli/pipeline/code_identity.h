// Which mote made a result.
#pragma once
#include <string>

#include "toolchain/base/json.h"
#include "toolchain/base/result.h"

namespace mote {

// {"version", "commit" (empty when built from sources without history; with "-dirty" behind it when they were changed),
// "program": fingerprint of the executable's bytes}
Result<Json> code_identity();

}  // namespace mote
