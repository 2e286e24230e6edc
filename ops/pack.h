// For emit_packed functions of convolutions.
#pragma once
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

}  // namespace mote
