#include "features/raw/raw.h"

#include <algorithm>

#include <fmt/format.h>

#include "features/signal_block.h"

namespace mote {
namespace {
namespace raw_block {

class RawSignal final : public SignalBlock {
 public:
  void compute(std::span<const int16_t> readings, std::span<int16_t> row) const override {
    std::copy(readings.begin(), readings.end(), row.begin());
  }
  std::string device_header() const override { return "features/raw/raw.h"; }
  std::string firmware_constants(const std::string&) const override { return ""; }
  std::string firmware_call(const std::string&, const std::string& from, const std::string&,
                            const std::string& row) const override {
    return fmt::format("for (int32_t i = 0; i < {}; ++i) {}[i] = {}[i];", numbers, row, from);
  }
};

// Filters need the readings of a window together; else a reading is a row.
Result<SignalPtr> create(const RecordingContract& contract, FeatureOptions&, bool filtered) {
  auto block = std::make_shared<RawSignal>();
  block->kind = "raw";
  block->frame = filtered ? contract.window : 1;
  block->hop = filtered ? contract.stride : 1;
  block->columns = contract.channels;
  block->numbers = block->frame * static_cast<int32_t>(contract.channels.size());
  return SignalPtr(std::move(block));
}

}  // namespace raw_block
}  // namespace

extern const FeatureDef raw_feature;
const FeatureDef raw_feature = {"raw", "the readings themselves, each channel scaled", false, raw_block::create};

}  // namespace mote
