#include "toolchain/measure/feature_cost.h"

#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ops/reshape/reshape.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/writer.h"

namespace mote {

Result<std::vector<uint8_t>> passing_model(const FeatureBlock& block, float scale, int32_t zero_point) {
  const Shape example = block.output_shape();
  const int32_t elements = example.elements();
  std::vector<int32_t> input = {1};
  for (int32_t i = 0; i < example.rank; ++i) input.push_back(example[i]);
  const int32_t shape[] = {1, elements};
  std::vector<uint8_t> shape_bytes(sizeof shape);
  std::memcpy(shape_bytes.data(), shape, sizeof shape);
  const QuantParams quant{{scale}, {zero_point}};
  Graph graph;
  graph.tensors = {{"input", {DType::int8, make_shape(input), quant}, false, false, {}},
                   {"shape", {DType::int32, make_shape({2}), {}}, true, false, shape_bytes},
                   {"output", {DType::int8, make_shape({1, elements}), quant}, false, false, {}}};
  graph.nodes = {
      {find_op("reshape"), "pass", Attributes::of(ReshapeAttributes{make_shape({1, elements})}), {0, 1}, {2}, ""}};
  graph.inputs = {0};
  graph.outputs = {2};
  graph.input_names = {"input"};
  graph.output_names = {"output"};
  ModelMetadata metadata;
  metadata.task = "regression";
  metadata.features = to_json(block);
  MOTE_CHECK(set_model_metadata(graph, metadata));
  return write_tflite(graph);
}

Result<FeatureCost> measure_features(const FeatureBlock& block, const Board& board, MeasureOptions options,
                                     const Progress& progress, std::vector<uint8_t>* outputs, float scale,
                                     int32_t zero_point) {
  MOTE_TRY(const std::vector<uint8_t> model, passing_model(block, scale, zero_point));
  options.firmware.engine = default_engine(board);
  options.row_kind = RowKind::readings;
  MOTE_TRY(const Measurement measured, measure("the feature block", model, board, options, progress));
  if (!measured.fits)
    return input_error(fmt::format("the feature block \"{}\" does not fit {}: {}", block.kind(), board.title,
                                   fmt::join(measured.misfits, "; ")));
  if (outputs != nullptr) *outputs = measured.outputs;
  return FeatureCost{measured.latency, measured.flash.features, block.stream_bytes()};
}

}  // namespace mote
