#include "cli/model_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "ops/op.h"
#include "toolchain/base/files.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {

Result<void> check_type(const std::string& name, DType found, const TensorType& input) {
  if (found == input.dtype) return {};
  std::string advice;
  if (found == DType::float32 && input.quant.quantized())
    advice = fmt::format("--quantize-input converts floats with the model's scale {} and zero point {}",
                         input.quant.scales[0], input.quant.zero_points[0]);
  else if (found == DType::uint8 && input.dtype == DType::int8)
    advice = "uint8 and int8 differ by 128: convert with (array.astype('int16') - 128).astype('int8')";
  else if (found == DType::int8 && input.dtype == DType::uint8)
    advice = "int8 and uint8 differ by 128: convert with (array.astype('int16') + 128).astype('uint8')";
  else if (found == DType::int16)
    advice = "for int16 sensor counts give --readings: the model's feature block turns them into its input";
  else
    advice = fmt::format("convert the array with astype('{}')", to_string(input.dtype));
  return input_error(fmt::format("{}: the array is {}, the model's input is {}; {}", name, to_string(found),
                                 to_string(input.dtype), advice));
}

// Number of rows of `elements` values. One axis of rows more than the input's own, or any shape with as many values.
Result<int64_t> count_rows(const std::string& name, const NpyArray& array, int64_t elements,
                           const std::string& expected) {
  int64_t total = 1;
  for (const int64_t dimension : array.shape) total *= dimension;
  if (array.rows() > 0 && array.row_elements() == elements) return array.rows();
  if (total == elements) return int64_t{1};
  return input_error(fmt::format("{}: shape [{}] has {} values for each row of its first axis; the model takes {}",
                                 name, fmt::join(array.shape, ", "), array.rows() > 0 ? array.row_elements() : 0,
                                 expected));
}

uint8_t quantized(float value, float scale, int32_t zero_point, DType type) {
  const double low = type == DType::uint8 ? 0 : -128, high = type == DType::uint8 ? 255 : 127;
  const double stored = std::clamp(std::round(static_cast<double>(value) / scale) + zero_point, low, high);
  return static_cast<uint8_t>(static_cast<int32_t>(stored));
}

Result<ModelRows> quantize_rows(const std::string& name, const NpyArray& array, const TensorType& input,
                                int64_t count) {
  if (array.dtype != DType::float32)
    return input_error(
        fmt::format("{}: --quantize-input takes float32, the array is {}", name, to_string(array.dtype)));
  if (!input.quant.quantized() || element_bytes(input.dtype) != 1)
    return input_error(
        fmt::format("{}: --quantize-input is for int8 models; this model's input is {}", name, to_string(input.dtype)));
  ModelRows rows{std::vector<uint8_t>(array.data.size() / sizeof(float)), count};
  for (size_t i = 0; i < rows.bytes.size(); ++i) {
    float value = 0;
    std::memcpy(&value, array.data.data() + i * sizeof(float), sizeof(float));
    if (!std::isfinite(value)) return input_error(fmt::format("{}: value {} is not finite", name, i));
    rows.bytes[i] = quantized(value, input.quant.scales[0], input.quant.zero_points[0], input.dtype);
  }
  return rows;
}

Result<ModelRows> feature_rows(const std::string& name, const NpyArray& array, const TensorType& input,
                               const FeatureBlock& features) {
  if (array.dtype != DType::int16)
    return input_error(
        fmt::format("{}: --readings takes int16 sensor counts, the array is {}", name, to_string(array.dtype)));
  const RecordingContract& contract = features.contract();
  const size_t elements = static_cast<size_t>(contract.elements());
  MOTE_TRY(const int64_t count,
           count_rows(name, array, contract.elements(),
                      fmt::format("{} readings of {} channels", contract.window, contract.channels.size())));
  const size_t row = static_cast<size_t>(input.bytes());
  ModelRows rows{std::vector<uint8_t>(static_cast<size_t>(count) * row), count};
  std::vector<int16_t> window(elements);
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(window.data(), array.data.data() + static_cast<size_t>(i) * elements * sizeof(int16_t),
                elements * sizeof(int16_t));
    const std::span<int8_t> target(reinterpret_cast<int8_t*>(rows.bytes.data()) + static_cast<size_t>(i) * row, row);
    MOTE_CHECK(features.transform_int8(window, input.quant.scales[0], input.quant.zero_points[0], target));
  }
  return rows;
}

}  // namespace

Result<ModelRows> model_rows(const std::string& name, const NpyArray& array, const Int8Executor& model, InputKind kind,
                             const FeatureBlock* features) {
  if (model.input_count() != 1)
    return input_error(
        fmt::format("the model has {} inputs; arrays are read for models with one", model.input_count()));
  const TensorType input = model.input_type(0);
  if (kind == InputKind::readings) return feature_rows(name, array, input, *features);
  if (kind == InputKind::raw) MOTE_CHECK(check_type(name, array.dtype, input));
  MOTE_TRY(const int64_t count,
           count_rows(name, array, input.shape.elements(), to_string(input.shape) + " " + to_string(input.dtype)));
  if (kind == InputKind::quantize) return quantize_rows(name, array, input, count);
  return ModelRows{array.data, count};
}

namespace {

std::string op_names() {
  std::string names;
  for (const OpDef* op : all_ops()) names += (names.empty() ? "" : ", ") + std::string(op->tflite_name);
  return names;
}

}  // namespace

Result<OpenModel> open_model(const std::filesystem::path& path) {
  MOTE_TRY(std::vector<uint8_t> bytes, read_file(path));
  MOTE_TRY(Graph graph, read_tflite(path.string(), bytes));
  std::vector<std::string> lacking;
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    if (graph.nodes[n].op == nullptr)
      lacking.push_back(fmt::format("operator {}, {}, which writes '{}'", n, graph.nodes[n].foreign,
                                    graph.nodes[n].name.substr(0, graph.nodes[n].name.find(';'))));  // fused: the last
  if (!lacking.empty())
    return input_error(
        fmt::format("{}: mote cannot run {} of its {} operators; the first is {}. `mote inspect {}` lists them all; "
                    "convert the model with the operators that mote has ({})",
                    path.string(), lacking.size(), graph.nodes.size(), lacking.front(), path.string(), op_names()));
  MOTE_TRY(Int8Executor executor, Int8Executor::create(path.string(), bytes));
  return OpenModel{path, std::move(bytes), std::move(graph), std::move(executor)};
}

Result<FeaturePtr> model_features(const OpenModel& model) {
  MOTE_TRY(const std::optional<ModelMetadata> metadata, model_metadata(model.graph));
  if (!metadata || metadata->features.empty())
    return input_error(
        fmt::format("{}: has no feature block in its metadata, so it was not made by mote; feed it its own input type",
                    model.path.string()));
  return features_from_json(metadata->features);
}

NpyArray output_array(const Int8Executor& model, std::vector<uint8_t> bytes, int64_t count) {
  const TensorType output = model.output_type(0);
  NpyArray array{output.dtype, {count}, std::move(bytes)};
  for (int32_t d = 1; d < output.shape.rank; ++d) array.shape.push_back(output.shape[d]);
  return array;
}

NpyArray dequantized_array(const Int8Executor& model, const NpyArray& outputs) {
  const TensorType type = model.output_type(0);
  if (!type.quant.quantized()) return outputs;
  NpyArray array{DType::float32, outputs.shape, std::vector<uint8_t>(outputs.data.size() * sizeof(float))};
  for (size_t i = 0; i < outputs.data.size(); ++i) {
    const int32_t stored = type.dtype == DType::uint8 ? outputs.data[i] : static_cast<int8_t>(outputs.data[i]);
    const float value = type.quant.scales[0] * static_cast<float>(stored - type.quant.zero_points[0]);
    std::memcpy(array.data.data() + i * sizeof(float), &value, sizeof(float));
  }
  return array;
}

}  // namespace mote
