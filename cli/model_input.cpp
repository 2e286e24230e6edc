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

// The stored integers, one or two bytes each.
template <class T>
Result<std::vector<uint8_t>> quantize_values(const std::string& name, const NpyArray& array, const QuantParams& quant) {
  std::vector<uint8_t> bytes(array.data.size() / sizeof(float) * sizeof(T));
  for (size_t i = 0; i < array.data.size() / sizeof(float); ++i) {
    float value = 0;
    std::memcpy(&value, array.data.data() + i * sizeof(float), sizeof(float));
    if (!std::isfinite(value)) return input_error(fmt::format("{}: value {} is not finite", name, i));
    const double whole = std::round(static_cast<double>(value) / quant.scales[0]) + quant.zero_points[0];
    const auto stored =
        static_cast<T>(std::clamp<double>(whole, std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max()));
    std::memcpy(bytes.data() + i * sizeof(T), &stored, sizeof(T));
  }
  return bytes;
}

Result<ModelRows> quantize_rows(const std::string& name, const NpyArray& array, const TensorType& input,
                                int64_t count) {
  if (array.dtype != DType::float32)
    return input_error(
        fmt::format("{}: --quantize-input takes float32, the array is {}", name, to_string(array.dtype)));
  const bool stored = input.dtype == DType::int8 || input.dtype == DType::uint8 || input.dtype == DType::int16;
  if (!input.quant.quantized() || !stored)
    return input_error(
        fmt::format("{}: --quantize-input is for quantized inputs; this one is {}", name, to_string(input.dtype)));
  ModelRows rows{{}, count};
  if (input.dtype == DType::int8) {
    MOTE_TRY(rows.bytes, quantize_values<int8_t>(name, array, input.quant));
  } else if (input.dtype == DType::uint8) {
    MOTE_TRY(rows.bytes, quantize_values<uint8_t>(name, array, input.quant));
  } else {
    MOTE_TRY(rows.bytes, quantize_values<int16_t>(name, array, input.quant));
  }
  return rows;
}

Result<ModelRows> feature_rows(const std::string& name, const NpyArray& array, const TensorType& input,
                               const FeatureBlock& features) {
  if (array.dtype != DType::int16)
    return input_error(
        fmt::format("{}: --readings takes int16 sensor counts, the array is {}", name, to_string(array.dtype)));
  const RecordingContract& contract = features.contract();
  const int32_t before = contract.baseline.readings;
  const size_t elements = static_cast<size_t>(contract.fed_elements());
  MOTE_TRY(const int64_t count,
           count_rows(name, array, contract.fed_elements(),
                      fmt::format("{}{} readings of {} channels",
                                  before > 0 ? fmt::format("the {} of a baseline and then ", before) : "",
                                  contract.window, contract.channels.size())));
  const size_t row = static_cast<size_t>(input.bytes());
  ModelRows rows{std::vector<uint8_t>(static_cast<size_t>(count) * row), count};
  std::vector<int16_t> window(elements);
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(window.data(), array.data.data() + static_cast<size_t>(i) * elements * sizeof(int16_t),
                elements * sizeof(int16_t));
    MOTE_CHECK(features.transform_fed(window, input, std::span(rows.bytes).subspan(static_cast<size_t>(i) * row, row)));
  }
  return rows;
}

Result<ModelRows> rows_of_input(const std::string& name, const TensorType& input, InputKind kind,
                                const FeatureBlock* features) {
  MOTE_TRY(const NpyArray array, read_npy(name));
  if (kind == InputKind::readings) return feature_rows(name, array, input, *features);
  if (kind == InputKind::raw) MOTE_CHECK(check_type(name, array.dtype, input));
  MOTE_TRY(const int64_t count,
           count_rows(name, array, input.shape.elements(), to_string(input.shape) + " " + to_string(input.dtype)));
  if (kind == InputKind::quantize && input.dtype != DType::float32) return quantize_rows(name, array, input, count);
  return ModelRows{array.data, count};
}

Result<void> check_count(const std::vector<std::string>& files, const Int8Executor& model) {
  if (files.size() == static_cast<size_t>(model.input_count())) return {};
  std::string inputs;
  for (int32_t i = 0; i < model.input_count(); ++i)
    inputs += fmt::format("{}{} {}", i == 0 ? "" : ", then ", to_string(model.input_type(i).shape),
                          to_string(model.input_type(i).dtype));
  return input_error(fmt::format("the model has {} inputs and {} arrays are given; give --input once for each: {}",
                                 model.input_count(), files.size(), inputs));
}

}  // namespace

CommandOption* add_input_option(CommandLine& command, std::vector<std::string>& files, const char* what) {
  return command.add_option("--input", files, what)->allow_extra_args(false)->type_name("A.npy");
}

Result<ModelRows> model_rows(const std::vector<std::string>& files, const Int8Executor& model, InputKind kind,
                             const FeatureBlock* features) {
  MOTE_CHECK(check_count(files, model));
  ModelRows rows;
  size_t at = 0;  // of the input in a row
  for (size_t i = 0; i < files.size(); ++i) {
    const TensorType input = model.input_type(static_cast<int32_t>(i));
    MOTE_TRY(const ModelRows of_input, rows_of_input(files[i], input, kind, features));
    if (i > 0 && of_input.count != rows.count)
      return input_error(fmt::format("{} has {} rows, {} has {}; one inference takes one row of each", files[0],
                                     rows.count, files[i], of_input.count));
    rows.count = of_input.count;
    const size_t row = static_cast<size_t>(input_row_bytes(model)), part = static_cast<size_t>(input.bytes());
    rows.bytes.resize(row * static_cast<size_t>(rows.count));
    for (size_t r = 0; r < static_cast<size_t>(rows.count); ++r)
      std::copy_n(of_input.bytes.data() + r * part, part, rows.bytes.data() + r * row + at);
    at += part;
  }
  return rows;
}

namespace {

std::string op_names() {
  std::string names;
  for (const OpDef* op : all_ops()) names += (names.empty() ? "" : ", ") + std::string(op->tflite_name);
  return names;
}

// "CONV_2D" of "CONV_2D version 1: the input (input 0) is uint8" is an operator that mote has, in another form.
bool is_known(const std::string& foreign) {
  const auto ops = all_ops();
  return std::any_of(ops.begin(), ops.end(), [&](const OpDef* op) {
    return foreign.compare(0, std::strlen(op->tflite_name) + 1, std::string(op->tflite_name) + " ") == 0;
  });
}

// The error names the first operator that mote lacks, or has in other forms only.
Result<void> check_operators(const std::string& name, const Graph& graph) {
  const Node* first = nullptr;
  size_t lacking = 0, index = 0;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (graph.nodes[n].op != nullptr) continue;
    if (lacking++ == 0) first = &graph.nodes[n], index = n;
  }
  if (first == nullptr) return {};
  const std::string output = first->name.substr(0, first->name.find(';'));  // fused: the last
  const std::string has = is_known(first->foreign) ? "" : "; the operators that mote has are " + op_names();
  const std::string more = lacking > 1 ? fmt::format(", and {} more cannot be run", lacking - 1) : "";
  return input_error(
      fmt::format("{}: mote cannot run operator {}, {}{}. It writes '{}'{}; `mote inspect {}` lists all {}", name,
                  index, first->foreign, has, output, more, name, graph.nodes.size()));
}

}  // namespace

Result<OpenModel> open_model(const std::filesystem::path& path) {
  MOTE_TRY(std::vector<uint8_t> bytes, read_file(path));
  MOTE_TRY(Graph graph, read_tflite(path.string(), bytes));
  MOTE_CHECK(check_operators(path.string(), graph));
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

NpyArray output_array(const Int8Executor& model, std::span<const uint8_t> rows, int64_t count, int32_t index) {
  const TensorType output = model.output_type(index);
  const size_t row = static_cast<size_t>(output_row_bytes(model)), part = static_cast<size_t>(output.bytes());
  size_t at = 0;
  for (int32_t i = 0; i < index; ++i) at += static_cast<size_t>(model.output_type(i).bytes());
  NpyArray array{output.dtype, {count}, std::vector<uint8_t>(part * static_cast<size_t>(count))};
  for (size_t r = 0; r < static_cast<size_t>(count); ++r)
    std::copy_n(rows.data() + r * row + at, part, array.data.data() + r * part);
  const bool batch_of_one = output.shape.rank > 0 && output.shape[0] == 1;
  for (int32_t d = batch_of_one; d < output.shape.rank; ++d) array.shape.push_back(output.shape[d]);
  return array;
}

NpyArray dequantized_array(const Int8Executor& model, const NpyArray& output, int32_t index) {
  const TensorType type = model.output_type(index);
  if (!type.quant.quantized()) return output;
  std::vector<uint8_t> bytes = output.data;
  const RuntimeTensor stored{type.dtype, type.shape, type.quant.scales[0], type.quant.zero_points[0], bytes};
  const std::vector<float> values = stored.dequantized();
  NpyArray array{DType::float32, output.shape, std::vector<uint8_t>(values.size() * sizeof(float))};
  std::memcpy(array.data.data(), values.data(), array.data.size());
  return array;
}

}  // namespace mote
