// What turns a window of sensor counts into the model's input, seen from the host: filters, a signal block
// (signal_block.h), slopes from frame to frame, and one scale per column, fitted on training windows. Immutable
// afterwards; it travels as JSON in the model. All but the scale of unfiltered readings is integer arithmetic, done by
// the headers that the firmware runs, in training too.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "features/filter/filter.h"
#include "features/raw/raw.h"
#include "toolchain/base/json.h"
#include "toolchain/base/result.h"
#include "toolchain/base/tensor_type.h"

namespace mote {

class SignalBlock;

// count = saturate_int16(round((value - origin) * counts_per_unit)); value = origin + count / counts_per_unit.
struct ChannelContract {
  std::string name;
  std::string unit;   // "g"; empty = not known
  double origin = 0;  // value at count 0
  double counts_per_unit = 1;
  bool operator==(const ChannelContract&) const = default;
};

// The first readings of a recording, by which all later ones are expressed (baseline/baseline.h).
struct BaselineContract {
  int32_t readings = 0;       // 0 = none: windows hold the readings as they are
  std::vector<double> least;  // deviation that each channel is taken to have at least, in counts; empty = readings
                              // are expressed by their distance from the mean alone
  bool operator==(const BaselineContract&) const = default;
};

// What the firmware must be fed: the baseline, if there is one, then windows of `window` readings, one int16 count per
// channel, channels interleaved.
struct RecordingContract {
  double rate_hz = 0;  // 0 = a table or images: no time axis
  int32_t window = 1;  // readings; of an image its pixels, row by row
  int32_t stride = 1;  // readings between the starts of two windows
  std::vector<ChannelContract> channels;
  int32_t height = 0;  // rows of an image, of window / height pixels each; 0 = no image
  BaselineContract baseline = {};

  int32_t elements() const { return window * static_cast<int32_t>(channels.size()); }
  // Counts that are fed up to the end of the first window.
  int32_t fed_elements() const { return (baseline.readings + window) * static_cast<int32_t>(channels.size()); }
  bool operator==(const RecordingContract&) const = default;
};
Json to_json(const RecordingContract& contract);
Result<RecordingContract> contract_from_json(const Json& json);

// What the counts of a window stand for: those of the contract, or distances from the baseline.
std::vector<ChannelContract> window_channels(const RecordingContract& contract);
// Makes readings relative to their baseline, in place: what features/baseline/baseline.h does. Nothing without one.
void make_relative(const RecordingContract& contract, std::span<const int16_t> baseline, std::span<int16_t> readings);
// From a deviation in counts to one that a contract has as the least: two significant digits, within its limits.
double least_deviation(double counts);
// The same as firmware has it (baseline.h); 0 where there is none.
int32_t fixed_least(const BaselineContract& baseline, size_t channel);

// Rounds half away from zero and saturates; NaN gives 0.
int16_t to_count(double value, const ChannelContract& channel);
double to_value(double count, const ChannelContract& channel);
// Of rows of all channels.
void to_values(std::span<const int16_t> counts, std::span<const ChannelContract> channels, std::span<float> values);

// What firmware is given of a block.
struct FeatureSource {
  std::vector<std::string> headers;
  std::string definitions;  // constants, and the struct that features/stream.h wants
  std::string stream;       // the type that readings are pushed into: "FeatureStream<input_block>"
};

class FeatureBlock {
 public:
  const std::string& kind() const;  // the folder: "raw"
  const RecordingContract& contract() const { return contract_; }
  int32_t rows() const;  // frames of a window
  // Without the batch: {rows, columns}; {columns} when there is one row; of raw readings {window, channels}, of an
  // image {height, width, channels}.
  Shape output_shape() const;
  // What the numbers of a row are, in the units that mean and deviation are stated in.
  const std::vector<ChannelContract>& columns() const { return columns_; }

  // Float form, for training: `window` in the units of window_channels(contract()), as all windows are. Safe from
  // several threads.
  void transform(std::span<const float> window, std::span<float> features) const;
  // Float form of recorded counts: what transform() gives for the values that the counts stand for.
  void transform_counts(std::span<const int16_t> window, std::span<float> features) const;
  // Before the scale: rows x columns integers; value = to_value(number, its column).
  void compute(std::span<const int16_t> window, std::span<int16_t> numbers) const;

  // Int8 form: exactly what the firmware computes, for a model whose input has this scale and zero point.
  Result<void> transform_int8(std::span<const int16_t> window, float scale, int32_t zero_point,
                              std::span<int8_t> features) const;
  // The same as bytes of a model's input: int8, or int16 of zero point 0 that has only numbers of int8.
  Result<void> transform_stored(std::span<const int16_t> window, const TensorType& input,
                                std::span<uint8_t> bytes) const;
  // Of what the firmware is fed from its start to the first window: contract().fed_elements() counts.
  Result<void> transform_fed(std::span<const int16_t> fed, const TensorType& input, std::span<uint8_t> bytes) const;
  // Readings that an application does well to gather before it hands them on: part of a hop.
  int32_t slice() const;
  // Bytes that features/stream.h keeps: readings, rows and scratch; and what baseline/baseline.h keeps besides.
  int64_t stream_bytes() const;
  // Names of what is defined start with `name`.
  Result<FeatureSource> firmware(const std::string& name, float scale, int32_t zero_point) const;

  Json parameters() const;

 private:
  friend Result<std::shared_ptr<const FeatureBlock>> fit_features(const std::string&, const RecordingContract&,
                                                                  const Json&,
                                                                  const std::vector<std::span<const int16_t>>&);
  friend Result<std::shared_ptr<const FeatureBlock>> features_from_json(const Json&);

  // Of one column, in its units; deviation 0: it never moved in training and always gives 0.
  struct Standard {
    double mean = 0, deviation = 0;
  };
  static Result<std::shared_ptr<FeatureBlock>> create(const std::string& kind, const RecordingContract& contract,
                                                      Json options);
  FeatureBlock() = default;
  bool identity() const;  // the numbers are the readings
  void learn(const std::vector<std::span<const int16_t>>& training);
  Result<void> read_standards(const Json& parameters);
  Result<std::vector<RawChannel>> fixed_point(float scale) const;
  std::string row_function(const std::string& name) const;
  std::string finish_function(const std::string& name) const;
  std::string baseline_constants(const std::string& name) const;
  std::string baseline_members(const std::string& name) const;
  int32_t numbers_of_row() const;
  int32_t scratch_bytes() const;

  RecordingContract contract_;
  std::vector<ChannelContract> window_channels_;
  std::shared_ptr<const SignalBlock> signal_;
  std::vector<Biquad> sections_;  // of the filters, in order; empty: none
  int32_t deltas_ = 0;            // 1: slopes follow each row; 2: and their slopes
  std::vector<ChannelContract> columns_;
  std::vector<Standard> standards_;  // parallel to columns_
  Json options_;                     // of filter and delta, as written
};
using FeaturePtr = std::shared_ptr<const FeatureBlock>;

// Training windows, one after the other, contract.elements() counts each.
using FeatureWindows = std::vector<std::span<const int16_t>>;

// The names of all blocks, in the order of features.def.
std::vector<std::string> feature_kinds();

// Every block with its keys and their defaults for one second of a channel at 16 kHz, in Markdown.
std::string feature_reference();

// `options` = the other keys of the project's [features] section; a key the block does not know is an error.
Result<FeaturePtr> fit_features(const std::string& kind, const RecordingContract& contract, const Json& options,
                                const FeatureWindows& training);
Json to_json(const FeatureBlock& block);  // {"block", "contract", "parameters"}
Result<FeaturePtr> features_from_json(const Json& json);

}  // namespace mote
