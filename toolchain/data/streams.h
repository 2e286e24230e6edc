// The readings of a part as they came, one after the other: what a device would have been fed.
#pragma once
#include <cstdint>
#include <vector>

#include "toolchain/data/dataset.h"

namespace mote {

// Readings [begin, end) of a stream, all of one label.
struct Bout {
  int32_t label = 0;
  int64_t begin = 0, end = 0;
  bool operator==(const Bout&) const = default;
};

// Readings without a gap, all of one part. Where only the label changes a stream goes on, and so do its windows.
struct DataStream {
  std::vector<DataWindow> windows;  // every stride from the first reading on; label and group of their last reading
  std::vector<Bout> bouts;          // without a hole from reading 0 on; neighbours differ
  int64_t readings = 0;
};

// From the first window of the part to its last one, as far as nothing of another part lies between. Empty for what has
// no time: images, tables, a split of single windows.
std::vector<DataStream> streams_of(const Dataset& dataset, const DataPart& part);

}  // namespace mote
