// One session at a port: reads until told to end, waits for a port that went away, says what is going on.
#pragma once
#include <functional>
#include <string>

#include "toolchain/data/record/port.h"
#include "toolchain/data/record/recorder.h"

namespace mote {

enum class RecordCommand { none, toggle, quit };

struct RecordHooks {
  std::function<RecordCommand()> command;               // asked about ten times a second
  std::function<void(const std::string&)> notice;       // one line for people
  std::function<void(const Recorder&)> tick = nullptr;  // as often, for a live view; may be empty
};

// `seconds`: ends so long after the first reading; 0 = no end. Errors: the port cannot be opened (only the first time),
// a file cannot be written, nothing that could be understood came in the time given. What was received is kept.
Result<void> run_recording(ReadingPort& port, Recorder& recorder, double seconds, const RecordHooks& hooks);

}  // namespace mote
