// Which windows train, which validate, which test.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/data/prepare.h"

namespace mote {

enum class PartId : int8_t { train = 0, validation = 1, test = 2, none = 3 };    // none: cut by the border of two parts
inline constexpr const char* kPartNames[] = {"training", "validation", "test"};  // by PartId

// A window before it belongs to a part.
struct Candidate {
  int32_t piece = 0;
  int64_t start = 0;  // reading of the piece
  int32_t label = 0;
  int32_t group = 0;
};
std::vector<Candidate> cut_windows(const Prepared& prepared);

// One entry per candidate. What is not obvious is added to prepared.notes.
//   by file, filename, column: whole groups. Groups go, largest first (ties in seeded order), to the part whose share
//   of
//     each class is furthest below its fraction, so that every part gets its fraction of every class as nearly as
//     groups allow.
//   by time: whole recordings in the order of time, earliest train, latest test, if every class has five or more; else
//   each
//     recording is cut in time and windows across a cut are left out. The rows of tables are one time line.
//   by random: windows, shuffled within each class. Where windows overlap, blocks of them, and windows that share
//     readings with another part are left out, so that no reading is both learned and tested.
//   Anomaly detection: training and validation have normal windows only. Groups (by random: windows) without a normal
//     window are for the test part; anomalous windows of other groups are left out unless their group is in it.
//   auto: file for recordings (time if there are fewer than three); time for tables with time stamps, else random.
Result<std::vector<PartId>> split_windows(const DataConfig& config, Prepared& prepared,
                                          const std::vector<Candidate>& candidates);

}  // namespace mote
