// Host contract of a folder in features/: a frame of counts becomes a row of integers. The arithmetic is that of the
// folder's device header; here are its tables, its keys in mote.toml, and the text that firmware is given.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "features/feature.h"
#include "features/options.h"

namespace mote {

class SignalBlock {
 public:
  virtual ~SignalBlock() = default;

  std::string kind;                      // the folder
  int32_t frame = 1;                     // readings
  int32_t hop = 1;                       // readings between the starts of two frames
  std::vector<ChannelContract> columns;  // of a row; of raw readings those of one reading, repeated
  int32_t numbers = 1;                   // in a row: a multiple of columns.size()
  int32_t scratch_bytes = 0;             // aligned to 8
  Json options = Json::object();         // every key with its value, defaults too

  // frame: `frame` x channels counts, channels interleaved; row: `numbers`. Safe from several threads.
  virtual void compute(std::span<const int16_t> frame, std::span<int16_t> row) const = 0;

  virtual std::string device_header() const = 0;  // include path
  // Definitions of the tables: names start with `name`.
  virtual std::string firmware_constants(const std::string& name) const = 0;
  // The statement that fills `row` (an int16_t*) from `frame` (a const int16_t*), scratch_bytes at `scratch`.
  virtual std::string firmware_call(const std::string& name, const std::string& frame, const std::string& scratch,
                                    const std::string& row) const = 0;
};
using SignalPtr = std::shared_ptr<const SignalBlock>;

// One entry of features.def. `filtered`: the readings of a window have to stay together.
struct FeatureDef {
  const char* name;
  const char* summary;  // for the guide's table of keys
  bool needs_rate;      // means nothing for readings without a time axis
  Result<SignalPtr> (*create)(const RecordingContract& contract, FeatureOptions& options, bool filtered);
};
std::span<const FeatureDef* const> all_features();

}  // namespace mote
