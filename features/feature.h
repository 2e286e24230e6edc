// Host contract of the feature blocks: what turns a window of sensor counts into the model's input. (The device side of
// block X is features/X/X.h.) A block is fitted on training windows, immutable afterwards, and travels as JSON in the
// model.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/result.h"
#include "toolchain/base/tensor_type.h"

namespace mote {

// count = saturate_int16(round((value - origin) * counts_per_unit)); value = origin + count / counts_per_unit.
struct ChannelContract {
  std::string name;
  std::string unit;   // "g"; empty = not known
  double origin = 0;  // value at count 0
  double counts_per_unit = 1;
  bool operator==(const ChannelContract&) const = default;
};

// What the firmware must be fed: windows of `window` readings, one int16 count per channel, channels interleaved.
struct RecordingContract {
  double rate_hz = 0;  // 0 = a table or images: no time axis
  int32_t window = 1;  // readings; of an image its pixels, row by row
  int32_t stride = 1;  // readings between the starts of two windows
  std::vector<ChannelContract> channels;
  int32_t height = 0;  // rows of an image, of window / height pixels each; 0 = no image

  int32_t elements() const { return window * static_cast<int32_t>(channels.size()); }
  bool operator==(const RecordingContract&) const = default;
};
Json to_json(const RecordingContract& contract);
Result<RecordingContract> contract_from_json(const Json& json);

// Rounds half away from zero and saturates; NaN gives 0.
int16_t to_count(double value, const ChannelContract& channel);
double to_value(double count, const ChannelContract& channel);

class FeatureBlock {
 public:
  virtual ~FeatureBlock() = default;
  virtual const char* kind() const = 0;  // the folder: "raw"
  const RecordingContract& contract() const { return contract_; }
  virtual Shape output_shape() const = 0;  // without the batch: {window, channels}; {channels} for a table

  // Float form, for training: `window` in physical units (contract().elements() values). Safe from several threads.
  virtual void transform(std::span<const float> window, std::span<float> features) const = 0;
  // Float form of recorded counts: what transform() gives for the values that the counts stand for.
  void transform_counts(std::span<const int16_t> window, std::span<float> features) const;

  // Int8 form: exactly what the firmware computes, for a model whose input has this scale and zero point.
  virtual Result<void> transform_int8(std::span<const int16_t> window, float scale, int32_t zero_point,
                                      std::span<int8_t> features) const = 0;
  // The same as bytes of a model's input: int8, or int16 of zero point 0 that has only numbers of int8.
  Result<void> transform_stored(std::span<const int16_t> window, const TensorType& input,
                                std::span<uint8_t> bytes) const;
  // Firmware: include path of the device header, C++ definitions of the constants (names start with `name`), and the
  // statement that fills `output` (an int8_t*) from `input` (a const int16_t*).
  virtual const char* device_header() const = 0;
  virtual Result<std::string> firmware_constants(const std::string& name, float scale, int32_t zero_point) const = 0;
  virtual std::string firmware_call(const std::string& name, const std::string& input,
                                    const std::string& output) const = 0;

  virtual Json parameters() const = 0;

 protected:
  explicit FeatureBlock(RecordingContract contract) : contract_(std::move(contract)) {}

 private:
  RecordingContract contract_;
};
using FeaturePtr = std::shared_ptr<const FeatureBlock>;

// Training windows, one after the other, contract.elements() counts each.
using FeatureWindows = std::vector<std::span<const int16_t>>;

// One entry of features.def.
struct FeatureDef {
  const char* name;
  Result<FeaturePtr> (*fit)(const RecordingContract& contract, const Json& options, const FeatureWindows& training);
  Result<FeaturePtr> (*load)(const RecordingContract& contract, const Json& parameters);
};
std::span<const FeatureDef* const> all_features();

// `options` = the other keys of the project's [features] section; a key the block does not know is an error.
Result<FeaturePtr> fit_features(const std::string& kind, const RecordingContract& contract, const Json& options,
                                const FeatureWindows& training);
Json to_json(const FeatureBlock& block);  // {"block", "contract", "parameters"}
Result<FeaturePtr> features_from_json(const Json& json);

}  // namespace mote
