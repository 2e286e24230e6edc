// Arrays from .npy files as the inputs of a model, with a clear word when their type or shape is not the model's.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "features/feature.h"
#include "toolchain/base/npy.h"
#include "toolchain/base/result.h"
#include "toolchain/quantize/int8_executor.h"

namespace mote {

struct OpenModel {
  std::filesystem::path path;
  std::vector<uint8_t> bytes;
  Graph graph;
  Int8Executor executor;
};
// Reads a .tflite that can run here. The error names the first operator that mote lacks and where it stands.
Result<OpenModel> open_model(const std::filesystem::path& path);

struct ModelRows {
  std::vector<uint8_t> bytes;  // count times the bytes of input 0
  int64_t count = 0;
};

enum class InputKind {
  raw,       // the array has the model's own type; its bytes are kept
  quantize,  // the array is float32; the model's scale and zero point are applied
  readings,  // the array is int16 sensor counts; the model's feature block is applied
};

// Rows of `array` (its first axis; an array of one row's shape is one row). `name` is the file for messages.
// `features` is needed for readings only. Errors say what the model takes and which option converts.
Result<ModelRows> model_rows(const std::string& name, const NpyArray& array, const Int8Executor& model, InputKind kind,
                             const FeatureBlock* features);

// The feature block in a model's metadata. The error says that the file has none.
Result<FeaturePtr> model_features(const OpenModel& model);

// [rows, output shape without its leading 1] of the model's own output type.
NpyArray output_array(const Int8Executor& model, std::vector<uint8_t> bytes, int64_t count);
// The same dequantized to float32.
NpyArray dequantized_array(const Int8Executor& model, const NpyArray& outputs);

}  // namespace mote
