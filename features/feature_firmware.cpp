// The C++ text that firmware gets of a block: tables, and the struct that features/stream.h is instantiated with.
#include <fmt/format.h>

#include "features/baseline/baseline.h"
#include "features/delta/delta.h"
#include "features/signal_block.h"

namespace mote {
namespace {

int32_t aligned(int32_t bytes) {
  return (bytes + 7) / 8 * 8;
}

// Where a row's computation keeps what, from the start of the scratch memory.
struct ScratchLayout {
  int32_t row = 0, filtered = 0, end = 0;  // the block's own scratch and the filter's words come first, in turn
};

ScratchLayout lay_out(const SignalBlock& signal, int32_t channels, bool filtered, bool row) {
  ScratchLayout layout;
  const int32_t words = filtered ? signal.frame * static_cast<int32_t>(sizeof(int32_t)) : 0;
  layout.row = aligned(std::max(signal.scratch_bytes, words));
  layout.filtered = layout.row + (row ? aligned(signal.numbers * 2) : 0);
  layout.end = layout.filtered + (filtered ? aligned(signal.frame * channels * 2) : 0);
  return layout;
}

}  // namespace

// row(): a frame's numbers, filtered readings first if there are filters; to int8 unless slopes need them whole.
std::string FeatureBlock::row_function(const std::string& name) const {
  const bool to_int8 = deltas_ == 0;
  const std::string head = fmt::format("  static void row(const int16_t* frame, unsigned char* scratch, {}* row) {{\n",
                                       to_int8 ? "int8_t" : "int16_t");
  const std::string scale = "    mote::raw_int8({}, {}, {}, MOTE_FLASH_ARRAY({}_channels), {}_zero_point, row);\n";
  if (identity())
    return head + "    (void)scratch;\n" + fmt::format(fmt::runtime(scale), "frame", 1, columns_.size(), name, name) +
           "  }\n";
  const int32_t channels = static_cast<int32_t>(contract_.channels.size());
  const ScratchLayout layout = lay_out(*signal_, channels, !sections_.empty(), to_int8);
  std::string text = head, frame = "frame";
  if (!sections_.empty()) {
    frame = "filtered";
    text += fmt::format(
        "    int16_t* const filtered = reinterpret_cast<int16_t*>(scratch + {});\n"
        "    mote::filter(MOTE_FLASH_ARRAY({}_sections), {}, frame, {}, {}, reinterpret_cast<int32_t*>(scratch), "
        "filtered);\n",
        layout.filtered, name, sections_.size(), signal_->frame, channels);
  }
  if (to_int8)
    text += fmt::format("    int16_t* const numbers = reinterpret_cast<int16_t*>(scratch + {});\n", layout.row);
  text += fmt::format("    {}\n", signal_->firmware_call(name, frame, "scratch", to_int8 ? "numbers" : "row"));
  if (to_int8)
    text += fmt::format(fmt::runtime(scale), "numbers", static_cast<size_t>(signal_->numbers) / columns_.size(),
                        columns_.size(), name, name);
  return text + "  }\n";
}

std::string FeatureBlock::finish_function(const std::string& name) const {
  if (deltas_ == 0)
    return "  static void finish(int8_t* rows, int8_t* features) {\n"
           "    mote::move_down(features, rows, kRows * kColumns);\n  }\n";
  std::string text = "  static void finish(int16_t* rows, int8_t* features) {\n";
  for (int32_t order = 1; order <= deltas_; ++order)
    text += fmt::format("    mote::delta(rows, kRows, kColumns, {}, {}, {});\n", signal_->numbers,
                        (order - 1) * signal_->numbers, order * signal_->numbers);
  return text + fmt::format(
                    "    mote::raw_int8(rows, kRows, kColumns, MOTE_FLASH_ARRAY({0}_channels), {0}_zero_point, "
                    "features);\n  }}\n",
                    name);
}

std::string FeatureBlock::baseline_constants(const std::string& name) const {
  if (contract_.baseline.least.empty()) return "";
  std::string list;
  for (size_t c = 0; c < contract_.channels.size(); ++c)
    list += fmt::format("{}{}", c == 0 ? "" : ", ", fixed_least(contract_.baseline, c));
  return fmt::format("MOTE_IN_FLASH(\"least\") constexpr int32_t {}_least[{}] = {{{}}};\n", name,
                     contract_.channels.size(), list);
}

std::string FeatureBlock::baseline_members(const std::string& name) const {
  const std::string value =
      contract_.baseline.least.empty() ? "0" : fmt::format("MOTE_FLASH_ARRAY({}_least)[channel]", name);
  return fmt::format(
      "  static constexpr int32_t kBaseline = {};\n  static int32_t least_deviation(int32_t channel) {{\n"
      "    (void)channel;\n    return {};\n  }}\n",
      contract_.baseline.readings, value);
}

int32_t FeatureBlock::scratch_bytes() const {
  const int32_t channels = static_cast<int32_t>(contract_.channels.size());
  return identity() ? 0 : lay_out(*signal_, channels, !sections_.empty(), deltas_ == 0).end;
}

int32_t FeatureBlock::slice() const {
  return std::min(signal_->hop, 16);
}

int64_t FeatureBlock::stream_bytes() const {
  const auto channels = static_cast<int64_t>(contract_.channels.size());
  const int64_t frame = 2 * int64_t{signal_->frame} * channels;
  const int64_t baseline =
      contract_.baseline.readings > 0 ? static_cast<int64_t>(sizeof(BaselineChannel)) * channels : 0;
  return baseline + frame + int64_t{rows()} * numbers_of_row() * (deltas_ == 0 ? 1 : 2) + scratch_bytes();
}

Result<FeatureSource> FeatureBlock::firmware(const std::string& name, float scale, int32_t zero_point) const {
  MOTE_TRY(const std::vector<RawChannel> channels, fixed_point(scale));
  FeatureSource source;
  source.headers = {"features/stream.h", "features/raw/raw.h"};
  if (signal_->kind != "raw") source.headers.push_back(signal_->device_header());
  if (!sections_.empty()) source.headers.emplace_back("features/filter/filter.h");
  if (deltas_ > 0) source.headers.emplace_back("features/delta/delta.h");
  const std::string type = name + "_block";
  const bool relative = contract_.baseline.readings > 0;
  if (relative) source.headers.emplace_back("features/baseline/baseline.h");
  source.stream = fmt::format("{}<{}>", relative ? "BaselineStream" : "FeatureStream", type);
  std::string& text = source.definitions;
  text = fmt::format(
      "constexpr int32_t {0}_zero_point = {1};\nMOTE_IN_FLASH(\"channels\") constexpr mote::RawChannel "
      "{0}_channels[{2}]"
      " = {{\n",
      name, zero_point, channels.size());
  for (size_t c = 0; c < channels.size(); ++c)
    text += fmt::format("    {{{}, {}, {}}},  // column {}\n", channels[c].offset, channels[c].multiplier,
                        channels[c].shift, c);
  text += "};\n" + baseline_constants(name) + signal_->firmware_constants(name);
  if (!sections_.empty()) {
    text += fmt::format("MOTE_IN_FLASH(\"sections\") constexpr mote::Biquad {}_sections[{}] = {{\n", name,
                        sections_.size());
    for (const Biquad& s : sections_)
      text += fmt::format("    {{{}, {}, {}, {}, {}, {}}},\n", s.b0, s.b1, s.b2, s.a1, s.a2, s.gain);
    text += "};\n";
  }
  text += fmt::format(
      "struct {} {{\n  static constexpr int32_t kChannels = {}, kFrame = {}, kHop = {}, kRows = {}, kColumns = {}, "
      "kStride = {}, kScratchBytes = {};\n  using Stored = {};\n",
      type, contract_.channels.size(), signal_->frame, rows() == 1 ? contract_.stride : signal_->hop, rows(),
      numbers_of_row(), contract_.stride, scratch_bytes(), deltas_ == 0 ? "int8_t" : "int16_t");
  if (relative) text += baseline_members(name);
  text += row_function(name) + finish_function(name) + "};\n";
  return source;
}

}  // namespace mote
