#include "ops/pack.h"

#include <fmt/format.h>

#include "device/packed_dot.h"

namespace mote {

namespace {

constexpr int32_t kColumnOrder[kPackedRows] = {0, 2, 1, 3};  // of the columns in a chunk

// Appends 256 * odd + even as 16 bits. False: it does not fit.
bool append_pair(int8_t even, int8_t odd, std::vector<uint8_t>& packed) {
  const int32_t both = 256 * odd + even;
  if (both < INT16_MIN) return false;
  packed.push_back(static_cast<uint8_t>(both));
  packed.push_back(static_cast<uint8_t>(static_cast<uint32_t>(both) >> 8));
  return true;
}

// One group of four rows, whose first weight is `rows`.
bool append_group(const uint8_t* rows, int32_t columns, std::vector<uint8_t>& packed) {
  const auto weight = [&](int32_t row, int32_t column) {
    return static_cast<int8_t>(rows[int64_t{row} * columns + column]);
  };
  const int32_t whole = columns / 4 * 4;
  bool fits = true;
  for (int32_t c = 0; c < whole; c += 4)
    for (int32_t r = 0; r < kPackedRows; r += 2)
      for (int32_t step : kColumnOrder) fits &= append_pair(weight(r, c + step), weight(r + 1, c + step), packed);
  for (int32_t c = whole; c < columns; ++c)
    for (int32_t r = 0; r < kPackedRows; r += 2) fits &= append_pair(weight(r, c), weight(r + 1, c), packed);
  return fits;
}

}  // namespace

std::optional<std::vector<uint8_t>> pack_rows(std::span<const uint8_t> weights, int32_t rows, int32_t columns) {
  std::vector<uint8_t> packed;
  packed.reserve(weights.size());
  const int32_t grouped = rows / kPackedRows * kPackedRows;
  for (int32_t r = 0; r < grouped; r += kPackedRows)
    if (!append_group(weights.data() + int64_t{r} * columns, columns, packed)) return std::nullopt;
  packed.insert(packed.end(), weights.begin() + int64_t{grouped} * columns, weights.end());
  return packed;
}

std::vector<uint8_t> fold_offset(std::span<const uint8_t> bias, std::span<const uint8_t> weights, int32_t rows,
                                 int32_t columns, int32_t offset) {
  std::vector<uint8_t> folded(sizeof(uint32_t) * static_cast<size_t>(rows));
  for (int32_t r = 0; r < rows; ++r) {
    uint32_t sum = 0;
    for (uint8_t weight : weights.subspan(static_cast<size_t>(int64_t{r} * columns), static_cast<size_t>(columns)))
      sum += static_cast<uint32_t>(static_cast<int8_t>(weight));
    const size_t at = sizeof sum * static_cast<size_t>(r);
    uint32_t value = 0;
    if (!bias.empty()) std::memcpy(&value, bias.data() + at, sizeof value);
    value += static_cast<uint32_t>(offset) * sum;
    std::memcpy(folded.data() + at, &value, sizeof value);
  }
  return folded;
}

std::optional<std::vector<PackedScale>> packed_scales(const EmitCall& call, const Int8Output& output,
                                                      std::span<const uint8_t> starts, const std::vector<bool>& zeros) {
  if (!output.is_whole()) return std::nullopt;
  const auto& weights = call.input_types[1].quant.scales;
  const ChannelMultiplier multiplier_of(float_bits(call.input_types[0].quant.scales[0]),
                                        float_bits(call.output_types[0].quant.scales[0]));
  std::vector<PackedScale> scales(zeros.size());
  for (size_t o = 0; o < scales.size(); ++o) {
    PackedScale& scale = scales[o];
    Multiplier& m = scale.multiplier;
    std::memcpy(&scale.start, &starts[o * sizeof scale.start], sizeof scale.start);
    multiplier_of.of(float_bits(weights[weights.size() == 1 ? 0 : o]), m);
    scale.constant = zeros[o] || m.multiplier == 0;
    if (scale.constant) {  // (16 * d) * 2^30 / 2^31 * 2^-3 = d
      scale.start = 16 * (output.any(scale.start, m.multiplier, m.shift) - output.zero_point);
      m = {1 << 30, kLargestScaleShift};
    }
    if (m.shift > kLargestScaleShift) return std::nullopt;
  }
  return scales;
}

std::vector<uint8_t> packed_scale_table(const std::vector<PackedScale>& scales) {
  std::vector<uint32_t> table((scales.size() + kScaleOutputs - 1) / kScaleOutputs * kScaleWords);
  for (size_t o = 0; o < scales.size(); ++o) {
    uint32_t* const group = &table[o / kScaleOutputs * kScaleWords];
    const size_t i = o % kScaleOutputs;
    group[i] = static_cast<uint32_t>(scales[o].start);
    group[kScaleOutputs + 2 * i] = static_cast<uint32_t>(scales[o].multiplier.multiplier) << 1;
    group[kScaleOutputs + 2 * i + 1] = uint32_t{1} << (33 + scales[o].multiplier.shift);
  }
  const auto* const bytes = reinterpret_cast<const uint8_t*>(table.data());
  return std::vector(bytes, bytes + table.size() * sizeof(uint32_t));
}

bool fits_flash_rows(const FlashLayer& layer) {
  return layer.rows <= INT16_MAX && layer.columns <= INT16_MAX;
}

std::string cpp_flash_rows(const FlashLayer& layer, int32_t outputs) {
  return fmt::format("{{{}, {}, {}}}", cpp_output(layer.output), layer.columns, outputs);
}

namespace {

// Whether 128 is added to inputs and weights.
enum class FlashForm : uint8_t { rows, filters };

void append_flash_rows(const FlashLayer& layer, std::vector<uint8_t>& to) {
  const auto v = [&](int32_t row, int32_t column) {
    return static_cast<uint8_t>(layer.weights[static_cast<size_t>(int64_t{row} * layer.columns + column)] ^ 0x80);
  };
  int32_t r = 0;
  for (; r + kFlashGroup <= layer.rows; r += kFlashGroup)
    for (int32_t c = 0; c < layer.columns; ++c)
      for (int32_t i = 0; i < kFlashGroup; ++i) to.push_back(v(r + i, c));
  for (; r < layer.rows; ++r)
    for (int32_t c = 0; c < layer.columns; ++c) to.push_back(v(r, c));
}

template <class T>
void append_bytes(T value, std::vector<uint8_t>& to) {
  uint8_t bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  to.insert(to.end(), std::begin(bytes), std::end(bytes));
}

std::vector<uint8_t> flash_records(const FlashLayer& layer, std::span<const Multiplier> scales, FlashForm form) {
  const int32_t shift = form == FlashForm::rows ? 128 : 0;  // of inputs and weights
  const std::vector<uint8_t> starts =
      fold_offset(layer.bias, layer.weights, layer.rows, layer.columns, layer.input_offset - shift);
  std::vector<uint8_t> records;
  for (int32_t r = 0; r < layer.rows; ++r) {
    uint32_t start = 0;
    std::memcpy(&start, &starts[sizeof start * static_cast<size_t>(r)], sizeof start);
    append_bytes(start - static_cast<uint32_t>(shift * shift) * static_cast<uint32_t>(layer.columns), records);
    append_bytes(scales[static_cast<size_t>(r)].multiplier, records);
    append_bytes(static_cast<int8_t>(scales[static_cast<size_t>(r)].shift), records);
  }
  return records;
}

std::string keep_both(const PackedCall& packed, const std::vector<uint8_t>& weights,
                      const std::vector<uint8_t>& records) {
  const auto address = [&](const char* name, const std::vector<uint8_t>& bytes) {
    return "MOTE_FLASH_ADDRESS(" + packed.keep(name, DType::uint8, bytes) + ")";
  };
  return address("weights", weights) + ", " + address("records", records);
}

}  // namespace

std::string keep_flash_rows(const PackedCall& packed, const FlashLayer& layer, std::span<const Multiplier> scales) {
  std::vector<uint8_t> weights;
  append_flash_rows(layer, weights);
  return keep_both(packed, weights, flash_records(layer, scales, FlashForm::rows));
}

std::string keep_flash_filters(const PackedCall& packed, const FlashLayer& layer, std::span<const Multiplier> scales) {
  return keep_both(packed, {layer.weights.begin(), layer.weights.end()},
                   flash_records(layer, scales, FlashForm::filters));
}

std::string emit_int16_convolution(const EmitCall& call, const char* type, const char* op, const std::string& geometry,
                                   const Int16Output& output, int32_t outputs) {
  const bool has_bias = call.inputs.size() > 2 && call.input_types[2].shape.rank >= 0;
  return fmt::format("{}  {} {}Int16 p = {{{}, {}}};\n  {}_run(p, scales, {}, {}, {}, {});\n",
                     cpp_live_channels(call.input_types[0], call.input_types[1], call.output_types[0], outputs),
                     cpp_parameters(call), type, geometry, cpp_output(output), op, call.inputs[0], call.inputs[1],
                     has_bias ? call.inputs[2] : "nullptr", call.outputs[0]);
}

std::vector<Multiplier> channel_multipliers(const EmitCall& call, int32_t outputs) {
  const auto& weights = call.input_types[1].quant.scales;
  const ChannelMultiplier multiplier_of(float_bits(call.input_types[0].quant.scales[0]),
                                        float_bits(call.output_types[0].quant.scales[0]));
  std::vector<Multiplier> multipliers(static_cast<size_t>(outputs));
  for (size_t o = 0; o < multipliers.size(); ++o)
    multiplier_of.of(float_bits(weights[weights.size() == 1 ? 0 : o]), multipliers[o]);
  return multipliers;
}

LaneTable lane_table(std::span<const uint8_t> starts, const std::vector<Multiplier>& multipliers) {
  const auto outputs = static_cast<int32_t>(multipliers.size());
  std::vector<int32_t> words(static_cast<size_t>(lane_table_words(outputs)));
  LaneTable table;
  for (int32_t o = 0; o < outputs; ++o) {
    int32_t start = 0;
    std::memcpy(&start, starts.data() + sizeof start * static_cast<size_t>(o), sizeof start);
    table.usual &= set_lane(words.data(), o, start, multipliers[static_cast<size_t>(o)]);
  }
  const auto* const bytes = reinterpret_cast<const uint8_t*>(words.data());
  table.bytes.assign(bytes, bytes + words.size() * sizeof(int32_t));
  return table;
}

}  // namespace mote
