#include "cli/pipeline/anomaly.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

namespace mote {
namespace {

std::vector<float> floats_of(std::span<const uint8_t> bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

// As the C code that toolchain/compile/decision.cpp writes: float, in the order of the elements.
float int8_score(std::span<const uint8_t> given, const QuantParams& input, std::span<const uint8_t> returned,
                 const QuantParams& output) {
  const auto value = [](uint8_t stored, const QuantParams& quant) {
    return quant.scales[0] * static_cast<float>(static_cast<int8_t>(stored) - quant.zero_points[0]);
  };
  float sum = 0;
  for (size_t i = 0; i < given.size(); ++i) {
    const float difference = value(given[i], input) - value(returned[i], output);
    sum += difference * difference;
  }
  return sum / static_cast<float>(given.size());
}

}  // namespace

float anomaly_score(std::span<const float> input, std::span<const float> output) {
  double sum = 0;
  for (size_t i = 0; i < input.size(); ++i) sum += std::pow(double{input[i]} - double{output[i]}, 2);
  return static_cast<float>(sum / static_cast<double>(input.size()));
}

Result<std::vector<float>> anomaly_scores(const Int8Executor& model, std::span<const uint8_t> inputs,
                                          std::span<const uint8_t> outputs, int64_t count) {
  const TensorType input = model.input_type(0), output = model.output_type(0);
  const bool same = input.dtype == output.dtype && input.shape.elements() == output.shape.elements();
  if (!same || (input.dtype != DType::int8 && input.dtype != DType::float32))
    return input_error(
        fmt::format("the model takes {} {} and gives {} {}: an auto-encoder gives back as many numbers "
                    "of the same type, int8 or float32",
                    input.shape.elements(), to_string(input.dtype), output.shape.elements(), to_string(output.dtype)));
  std::vector<float> scores;
  const auto row = static_cast<size_t>(input.bytes());
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const std::span<const uint8_t> given = inputs.subspan(i * row, row), returned = outputs.subspan(i * row, row);
    scores.push_back(input.dtype == DType::float32 ? anomaly_score(floats_of(given), floats_of(returned))
                                                   : int8_score(given, input.quant, returned, output.quant));
  }
  return scores;
}

}  // namespace mote
