// The contract of a format of recordings: a file in, a Series out. readers.def is the only list of formats.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/data/csv.h"
#include "toolchain/data/series.h"

namespace mote {

// One file, and what the project wants of it.
struct ReadTask {
  std::filesystem::path path;  // to open
  std::string file;            // what messages and the Series call it
  const DataConfig& config;
  const std::vector<Rule>& label_rules;
  const Rule& group_rule;
  Agreement& agreed;
};

struct Reader {
  const char* name;        // for messages: "WAV audio"
  const char* family;      // formats of one family may be mistaken for one another and are still read
  const char* extensions;  // separated by spaces
  // Whether a file can begin so (`head`: its first bytes, up to kHeadBytes). nullptr: any bytes can.
  bool (*recognises)(std::string_view head);
  bool telling;  // what `recognises` looks for is found in no other format
  // Fills values and time. Labels, groups and stretches only where they differ within the file.
  Result<Series> (*read)(const ReadTask& task);
};

constexpr size_t kHeadBytes = 512;
std::span<const Reader* const> all_readers();

// By extension and content. An error names what the file is when that is not what its name says; a file of the same
// family as its name says is read, with a warning in `warnings`.
Result<const Reader*> choose_reader(const std::string& file, std::string_view head, std::vector<std::string>& warnings);
// Chooses and reads.
Result<Series> read_recording(const ReadTask& task);

// A regression target that a whole file has. REQUIRES: the rule is not for columns.
Result<float> target_of_file(const Rule& rule, const std::string& file);

// For formats with named channels: which of those that are `present` the project uses, in its order. Without channels
// in mote.toml: those of the first file.
Result<std::vector<int32_t>> choose_channels(const ReadTask& task, const std::vector<HeaderName>& present);
// The first file settles names and full scale for the files to come, the first one that states a unit a channel's unit.
// Warnings: channels that this file states another unit of, unless mote.toml does.
std::vector<std::string> agree_on_channels(const ReadTask& task, const std::vector<HeaderName>& chosen,
                                           std::optional<double> full_scale = {});

}  // namespace mote
