// What becomes of the sums of products of outputs, eight at a time, from a table in the order in which a vector unit
// takes it: bias, requantize(), zero point, activation range.
//
// The table has kLaneWords for each eight outputs: what the sums of the even ones begin with, then of the odd ones;
// their multipliers in the same order; their shifts. Outputs that fill up the last eight may have any numbers.
#pragma once
#include "device/convolution.h"
#if defined(__ARM_FEATURE_MVE)
#include "device/lanes_mve.h"
#endif

namespace mote {

constexpr int32_t kLanes = 8, kLaneWords = 24;
constexpr int32_t kLaneChunk = 64;                         // outputs whose sums are on the stack at a time
constexpr int32_t kLaneMultipliers = 8, kLaneShifts = 16;  // from the place of an output's start

constexpr int32_t lane_table_words(int32_t outputs) {
  return (outputs + kLanes - 1) / kLanes * kLaneWords;
}
// Of the start of an output.
constexpr int32_t lane_place(int32_t output) {
  return output / kLanes * kLaneWords + (output & 1) * 4 + (output & 7) / 2;
}

// True: the shift is below 0, as is usual. A multiplier of 0 gives 0 with any shift, so it gets one that is.
inline bool set_lane(int32_t* table, int32_t output, int32_t start, Multiplier m) {
  int32_t* const place = table + lane_place(output);
  place[0] = start;
  place[kLaneMultipliers] = m.multiplier;
  place[kLaneShifts] = m.multiplier == 0 ? -1 : m.shift;
  return place[kLaneShifts] < 0;
}

// Where the interpreter has the multipliers of a convolution's outputs from.
struct LaneScales {
  uint32_t input, output;  // bits of the scales
  const float* weights;
  bool one;  // for all outputs

  LaneScales(const InvokeContext& node, const ScaleSource& source)
      : input(source.input), output(source.output), weights(node.at<float>(source.weights)), one(source.count == 1) {}
};

// This is the portable form; an ISA's form gives the same bytes.
struct PortableLanes {
  // The table of `count` outputs from `first` on, whose sums begin with the bias (nullptr: with 0). True: all shifts
  // are below 0.
  static bool fill(const LaneScales& scales, int32_t first, int32_t count, const int32_t* bias, int32_t* table) {
    const ChannelMultiplier multiplier_of(scales.input, scales.output);
    bool usual = true;
    for (int32_t i = 0; i < count; ++i) {
      Multiplier m = {0, 0};
      multiplier_of.of(float_bits_at(scales.weights + (scales.one ? 0 : first + i)), m);
      usual &= set_lane(table, i, bias != nullptr ? bias[first + i] : 0, m);
    }
    return usual;
  }

  // outputs[i] from sums[i] for i < count. kUsual: all shifts are below 0. Other forms may read sums up to a whole
  // eight.
  template <bool kUsual>
  static void finish(const Int8Output& range, const int32_t* table, const int32_t* sums, int32_t count,
                     int8_t* outputs) {
    for (int32_t i = 0; i < count; ++i) {
      const int32_t* const place = table + lane_place(i);
      outputs[i] = range.any(wrapping_add(sums[i], place[0]), place[kLaneMultipliers], place[kLaneShifts]);
    }
  }

  // Of two pixels, whose sums are `sums_step` words and whose outputs `outputs_step` bytes apart.
  template <bool kUsual>
  static void finish_two(const Int8Output& range, const int32_t* table, const int32_t* sums, int32_t sums_step,
                         int32_t count, int8_t* outputs, int32_t outputs_step) {
    finish<kUsual>(range, table, sums, count, outputs);
    finish<kUsual>(range, table, sums + sums_step, count, outputs + outputs_step);
  }
};

#if defined(__ARM_FEATURE_MVE)
using Lanes = MveLanes;
#else
using Lanes = PortableLanes;
#endif

}  // namespace mote
