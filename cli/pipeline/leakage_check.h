// The same network on a random split of the windows: how much of a figure is recognising the same recordings.
#pragma once
#include "cli/session.h"
#include "toolchain/base/json.h"

namespace mote {

// Trains, quantizes and judges the project's network once more, windows split at random in the shares of the project's
// parts. `metrics`: metrics.json of the project's own split. Takes up what earlier calls left.
// {"metric", "split_by", "by_split", "random_windows", "test_windows"}, of the int8 models' judged parts.
// Errors: a project whose split is random already. REQUIRES: the workspace's lock is held.
Result<Json> random_split_gap(Session& session, const Json& metrics);

// What people should take from it.
std::string gap_text(const Json& gap);

}  // namespace mote
