// For emit_packed functions of convolutions.
#pragma once
#include "device/lanes.h"
#include "device/packed_scale.h"
#include "ops/op.h"

namespace mote {

// What the table of device/packed_scale.h says of one output.
struct PackedScale {
  int32_t start;
  Multiplier multiplier;
  bool constant;  // it gives this number when its weights are zeros; they may have been others
};

// Of each output; `starts` are what the sums begin with, as bytes, `zeros` says whose weights are all zeros. nullopt:
// the table cannot say it.
std::optional<std::vector<PackedScale>> packed_scales(const EmitCall& call, const Int8Output& output,
                                                      std::span<const uint8_t> starts, const std::vector<bool>& zeros);
// The table as bytes.
std::vector<uint8_t> packed_scale_table(const std::vector<PackedScale>& scales);

// The multiplier of each of a convolution's outputs.
std::vector<Multiplier> channel_multipliers(const EmitCall& call, int32_t outputs);
// The table of device/lanes.h from what the sums begin with, as bytes, and the multipliers.
struct LaneTable {
  std::vector<uint8_t> bytes;
  bool usual = true;
};
LaneTable lane_table(std::span<const uint8_t> starts, const std::vector<Multiplier>& multipliers);

}  // namespace mote
