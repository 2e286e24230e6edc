// What a person sees while `mote data record` runs.
#pragma once
#include <chrono>
#include <string>

#include "cli/console.h"
#include "toolchain/data/record/recorder.h"

namespace mote {

// On a terminal a picture of each channel that redraws itself, with a line of figures; else such a line every few
// seconds.
class RecordView {
 public:
  RecordView(Console& console, bool keys);
  ~RecordView() { clear(); }
  RecordView(const RecordView&) = delete;
  RecordView& operator=(const RecordView&) = delete;

  void show(const Recorder& recorder);
  void notice(const std::string& text);  // one line, which stays
  void clear();

 private:
  std::string picture(const Recorder& recorder) const;

  Console& console_;
  bool terminal_, keys_;
  int lines_ = 0;  // drawn, above the cursor
  std::chrono::steady_clock::time_point shown_{};
};

}  // namespace mote
