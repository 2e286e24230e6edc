// The contract of one verb of the command. cli/verbs.def is the only list of them.
#pragma once
#include <functional>

#include "cli/command_line.h"
#include "cli/session.h"

namespace mote {

using Run = std::function<Result<Outcome>(Session&)>;

struct Verb {
  const char* name;                        // "train"; "data check" is the verb `check` below `data`
  const char* summary;                     // one line for the list
  const char* details;                     // what --help adds
  Run (*configure)(CommandLine& command);  // adds options and arguments; the returned function owns their values
};

}  // namespace mote
