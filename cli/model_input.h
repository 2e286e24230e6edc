// Arrays from .npy files as the inputs of a model, with a clear word when their type or shape is not the model's.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "cli/command_line.h"
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
  std::vector<uint8_t> bytes;  // count times the bytes of every input, in the model's order
  int64_t count = 0;
};

enum class InputKind {
  raw,       // the array has the model's own type; its bytes are kept
  quantize,  // the array is float32; the model's scale and zero point are applied
  readings,  // the array is int16 sensor counts; the model's feature block is applied
};

// The option --input of a verb, given once for each input of the model.
CommandOption* add_input_option(CommandLine& command, std::vector<std::string>& files, const char* what);

// Reads one .npy for each input of the model, in the model's order. Rows are those of the first axis; an array of one
// row's shape is one row. `features` is needed for readings only, which are the rows of a model with one input. Errors
// say what the model takes and which option converts.
Result<ModelRows> model_rows(const std::vector<std::string>& files, const Int8Executor& model, InputKind kind,
                             const FeatureBlock* features);

// The feature block in a model's metadata. The error says that the file has none.
Result<FeaturePtr> model_features(const OpenModel& model);

// Output `index` of a batch's rows: [rows, its shape without a leading 1], of its own type.
NpyArray output_array(const Int8Executor& model, std::span<const uint8_t> rows, int64_t count, int32_t index);
// The same as float32, the real numbers that it stands for; unchanged when it stands for none.
NpyArray dequantized_array(const Int8Executor& model, const NpyArray& output, int32_t index);

}  // namespace mote
