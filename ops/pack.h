// For emit and emit_packed functions of convolutions, and of all that an AVR runs by rows.
#pragma once
#include "device/flash_rows.h"
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

// Statements that run a convolution of int16. `type`: "Conv2D", of parameters {geometry, output}; `op`: "conv_2d".
std::string emit_int16_convolution(const EmitCall& call, const char* type, const char* op, const std::string& geometry,
                                   const Int16Output& output, int32_t outputs);

// The multiplier of each of a convolution's outputs.
std::vector<Multiplier> channel_multipliers(const EmitCall& call, int32_t outputs);
// The table of device/lanes.h from what the sums begin with, as bytes, and the multipliers.
struct LaneTable {
  std::vector<uint8_t> bytes;
  bool usual = true;
};
LaneTable lane_table(std::span<const uint8_t> starts, const std::vector<Multiplier>& multipliers);

// Rows of weights and what becomes of their sums, for device/flash_rows.h.
struct FlashLayer {
  std::span<const uint8_t> weights, bias;  // as bytes; no bias: zeros
  int32_t rows = 0, columns = 0;
  int32_t input_offset = 0;  // minus the input's zero point
  Int8Output output{};
};
// Keep the weights and the records of a layer and give expressions for them: "weights, records". By rows as
// device/flash_rows.h reads them, or as filters whose weights stay as they are, for kernels that multiply signed bytes.
std::string keep_flash_rows(const PackedCall& packed, const FlashLayer& layer, std::span<const Multiplier> scales);
std::string keep_flash_filters(const PackedCall& packed, const FlashLayer& layer, std::span<const Multiplier> scales);
// Whether sizes fit its 16 bits.
bool fits_flash_rows(const FlashLayer& layer);
// Initialiser of a FlashRows.
std::string cpp_flash_rows(const FlashLayer& layer, int32_t outputs);

}  // namespace mote
