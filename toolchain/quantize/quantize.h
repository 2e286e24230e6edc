// Post-training quantization: a float graph and training windows in, an int8 graph ready for write_tflite out.
//
// Two steps, also callable one by one: calibrate() observes the range of every activation over all windows given;
// apply_quantization() turns ranges into scales and zero points by each operator's QuantRule (ops/op.h) and rewrites
// the constants. Scales and zero points are those of TensorFlow Lite's converter (see docs/numerics.md); weights are
// rounded so that a layer's outputs change least (weight_rounding.h).
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "toolchain/base/progress.h"
#include "toolchain/base/result.h"
#include "toolchain/graph/graph.h"
#include "toolchain/graph/tensor_range.h"

namespace mote {

// Model inputs as floats, one example at a time, so that no stage has to hold them all.
// Implementations must allow concurrent calls and give the same values for the same index every time.
class CalibrationData {
 public:
  virtual ~CalibrationData() = default;
  virtual int64_t count() const = 0;
  // Writes example `index` (0 .. count() - 1) for the graph's input number `input`, row-major.
  virtual void fill(int64_t index, int32_t input, std::span<float> values) const = 0;
};

// A matrix in memory that the caller keeps alive: one row per example, for models with one input.
class MatrixData final : public CalibrationData {
 public:
  MatrixData(std::span<const float> values, int64_t row_elements) : values_(values), row_elements_(row_elements) {}
  int64_t count() const override;
  void fill(int64_t index, int32_t input, std::span<float> values) const override;

 private:
  std::span<const float> values_;
  int64_t row_elements_;
};

// How the range of an activation is chosen from what was observed.
enum class RangeMethod : uint8_t {
  minmax,      // smallest and largest value seen
  percentile,  // cuts (1 - percentile / 100) of the values, half at each end
  mse,         // the clip that minimises the squared error of quantization over a histogram of 2048 bins
  entropy,     // the clip whose levels lose least information about the same histogram
};
Result<RangeMethod> parse_range_method(const std::string& name);  // the error lists the names
std::string to_string(RangeMethod method);

enum class WeightRounding : uint8_t {
  nearest,   // each weight by itself
  adaptive,  // those of a dense layer so that its outputs change least (weight_rounding.h)
};

struct QuantizeConfig {
  RangeMethod method = RangeMethod::minmax;
  double percentile = 99.99;  // in (50, 100]
  double margin = 0.0;        // ranges are multiplied by 1 + margin; 0.1 for regression, where clipping hurts most
  bool per_channel_weights = false;  // one weight scale per output of a dense layer; filters have one each anyway
  WeightRounding rounding = WeightRounding::adaptive;
  // int8, or int16 with zero point 0 and biases of int64 (TFLite's "16x8"); weights are int8 with both.
  DType activations = DType::int8;
  bool int8_input = false;    // with int16 activations: inputs have only numbers of int8, with its steps
  bool correct_bias = false;  // biases take up what rounded weights change the mean of a layer's outputs by
};

// Ranges of every float activation of `graph`, in tensor order. One pass over the data for minmax, two for the others.
// Errors: no examples; a value that is not finite (names the tensor and the example); an operator that mote lacks.
Result<std::vector<TensorRange>> calibrate(const Graph& graph, const CalibrationData& data,
                                           const QuantizeConfig& config, const Progress& progress = {});

struct InputMoments;  // weight_rounding.h

// The int8 graph: same tensors (same names), same nodes, int8 inputs and outputs, no quantize or dequantize nodes at
// the borders. `notes`, if given, receives one sentence for each thing that people should know (a weight scale that had
// to grow so that a bias fits in int32, a tensor that was zero on every window). `moments`, if given, lets the rounding
// of weight matrices keep the layers' outputs (weight_rounding.h); without it each weight is rounded to nearest.
Result<Graph> apply_quantization(const Graph& graph, std::span<const TensorRange> ranges, const QuantizeConfig& config,
                                 std::vector<std::string>* notes = nullptr,
                                 const std::map<int32_t, InputMoments>* moments = nullptr);

// calibrate(), input_moments() and apply_quantization(), and what `config` asks for besides.
Result<Graph> quantize_post_training(const Graph& float_graph, const CalibrationData& data,
                                     const QuantizeConfig& config, const Progress& progress = {},
                                     std::vector<std::string>* notes = nullptr);

}  // namespace mote
