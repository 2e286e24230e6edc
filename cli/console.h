// Where the command's words go: people's text to standard output, or, with --json, to standard error, so that standard
// output carries exactly one JSON object.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "toolchain/base/json.h"
#include "toolchain/base/progress.h"

namespace mote {

class Console {
 public:
  // `object` = false: object() prints nothing, for a verb that runs inside another.
  explicit Console(bool json, bool object = true);

  bool json() const { return json_; }
  bool object_printed() const { return object_printed_; }
  void text(std::string_view text);  // what was asked for: standard output, or standard error with --json
  void note(std::string_view text);  // remarks and warnings: standard error
  void object(const Json& value);    // the result of --json: standard output; nothing without --json
  // A bar that redraws itself when standard error is a terminal; else nothing, so that a log has results only.
  Progress progress();
  void finish();  // removes an unfinished bar

 private:
  void show(const ProgressEvent& event);

  bool json_;
  bool object_;
  bool terminal_;  // standard error is one
  bool object_printed_ = false;
  bool bar_drawn_ = false;
  std::string stage_;  // of the last event
  std::chrono::steady_clock::time_point stage_start_, last_shown_;
};

}  // namespace mote
