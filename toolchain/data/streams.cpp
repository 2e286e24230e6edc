#include "toolchain/data/streams.h"

#include <algorithm>

namespace mote {
namespace {

// Readings [begin, end) of Dataset::counts that the part has of one recording.
struct Span {
  int32_t recording = 0, label = 0, group = 0;
  int64_t begin = 0, end = 0;
};

// The windows of a part, those of a recording that come one stride after the other as one span.
std::vector<Span> spans_of(const Dataset& dataset, const DataPart& part) {
  const RecordingContract& contract = dataset.contract;
  std::vector<Span> spans;
  for (const DataWindow& window : part.windows) {
    const int64_t end = window.offset + contract.window;
    const bool next = !spans.empty() && spans.back().recording == window.recording &&
                      spans.back().end + contract.stride == end && spans.back().label == window.label;
    if (next)
      spans.back().end = end;
    else
      spans.push_back({window.recording, window.label, window.group, window.offset, end});
  }
  // What is left of a recording after its last window belongs to it, too.
  for (Span& span : spans) {
    const Recording& recording = dataset.recordings[static_cast<size_t>(span.recording)];
    const int64_t end = recording.offset + recording.readings;
    if (end - span.end < contract.stride) span.end = end;
  }
  return spans;
}

bool goes_on(const Dataset& dataset, const Span& before, const Span& span) {
  const Recording& recording = dataset.recordings[static_cast<size_t>(span.recording)];
  return span.recording == before.recording + 1 && recording.goes_on && span.begin == recording.offset &&
         before.end == span.begin;
}

DataStream stream_of(const RecordingContract& contract, const std::vector<Span>& spans, size_t first, size_t last) {
  DataStream stream;
  const int64_t origin = spans[first].begin;
  for (size_t i = first; i < last; ++i) {
    const Bout bout{spans[i].label, spans[i].begin - origin, spans[i].end - origin};
    if (!stream.bouts.empty() && stream.bouts.back().label == bout.label)
      stream.bouts.back().end = bout.end;
    else
      stream.bouts.push_back(bout);
  }
  stream.readings = spans[last - 1].end - origin;
  size_t span = first;
  for (int64_t start = 0; start + contract.window <= stream.readings; start += contract.stride) {
    while (spans[span].end < origin + start + contract.window) ++span;
    stream.windows.push_back({origin + start, spans[span].recording, spans[span].label, spans[span].group});
  }
  return stream;
}

}  // namespace

std::vector<DataStream> streams_of(const Dataset& dataset, const DataPart& part) {
  std::vector<DataStream> streams;
  const bool timed = dataset.contract.rate_hz > 0 && dataset.contract.height == 0;
  if (!timed || dataset.split_by == "random") return streams;
  const std::vector<Span> spans = spans_of(dataset, part);
  for (size_t first = 0; first < spans.size();) {
    size_t last = first + 1;
    while (last < spans.size() && goes_on(dataset, spans[last - 1], spans[last])) ++last;
    streams.push_back(stream_of(dataset.contract, spans, first, last));
    first = last;
  }
  return streams;
}

}  // namespace mote
