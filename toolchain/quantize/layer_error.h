// How far each layer of the int8 model is from the float model, so that a loss of accuracy has a name.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/quantize/int8_executor.h"
#include "toolchain/quantize/quantize.h"

namespace mote {

// Error of one layer's output: int8 dequantized minus float, with every layer before it already quantized.
struct LayerError {
  std::string layer;   // node name
  std::string op;      // "fully_connected"
  std::string tensor;  // of its first output
  float scale = 0;     // one LSB in real units
  double sqnr_db = 0;  // 10 log10(sum float^2 / sum error^2); infinite when the error is 0
  double max_abs = 0;  // real units
  double max_abs_lsb = 0;
  double mean = 0;  // signed: a bias that the next layer sees; real units
  double mean_lsb = 0;
  double saturated = 0;  // share of values at -128 or 127 whose float value lies outside the int8 range
};

struct LayerErrors {
  std::vector<LayerError> layers;  // in execution order
  int32_t worst = -1;  // index of the layer that adds most: largest fall of SQNR from its input to its output
  int64_t examples = 0;
};

// `int8_graph` is `int8_model` as read back from its file (tensor indices are the file's); layers pair by tensor name.
// Errors: a layer of the int8 model with no tensor of that name in the float graph.
Result<LayerErrors> layer_errors(const Graph& float_graph, const Graph& int8_graph, Int8Executor& int8_model,
                                 const CalibrationData& data);

}  // namespace mote
