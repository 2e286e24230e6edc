// Ways of quantization that keep more of a network: entropy ranges, equalized layers, corrected biases, rounding.
#include <gtest/gtest.h>

#include <cmath>

#include "toolchain/base/quant_params.h"
#include "toolchain/graph/float_executor.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/quantize/observer.h"
#include "toolchain/quantize/quantize.h"
#include "toolchain/quantize/test_models.h"

namespace mote {
namespace {

TEST(Observer, EntropyKeepsTheBulkAndDropsOutliers) {
  std::vector<float> values = normal_rows(50000, 3);
  HistogramObserver histogram({-60.0f, 90.0f});
  histogram.observe(values);
  histogram.observe(std::vector<float>{-60.0f, 90.0f});
  const ValueRange range = histogram.least_divergence();
  EXPECT_LT(range.high, 20.0f);
  EXPECT_GT(range.high, 3.0f);
  EXPECT_GT(range.low, -20.0f);
  EXPECT_LT(range.low, -3.0f);
  EXPECT_LT(histogram.divergence(range), histogram.divergence({-60.0f, 90.0f}));
  EXPECT_LT(histogram.divergence(range), histogram.divergence({-0.5f, 0.5f}));
}

TEST(Observer, EntropyLeavesARangeThatIsFilledEvenly) {
  std::vector<float> values;
  for (int i = 0; i <= 100000; ++i) values.push_back(static_cast<float>(i) / 10000);
  HistogramObserver histogram({0.0f, 10.0f});
  histogram.observe(values);
  EXPECT_GT(histogram.least_divergence().high, 9.5f);
}

QuantizeConfig rounded(WeightRounding rounding) {
  QuantizeConfig config;
  config.rounding = rounding;
  return config;
}

// Mean squared difference of the outputs of a float graph and of what its quantized weights and activations make of it.
double output_error(const Graph& graph, const Graph& reference, const QuantizeConfig& config,
                    std::span<const float> rows, int32_t columns) {
  const MatrixData data(rows, columns);
  Result<Graph> quantized = quantize_post_training(graph, data, config);
  EXPECT_TRUE(quantized.ok()) << (quantized.ok() ? "" : quantized.error().message);
  Graph rounded = graph;
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& stored = quantized->tensors[i];
    if (!graph.tensors[i].constant || !stored.type.quant.quantized()) continue;
    const ChannelLayout layout(stored.type.shape, stored.type.quant.per_channel() ? stored.type.quant.axis : 4);
    const std::span<float> values = rounded.tensors[i].floats();
    for (size_t e = 0; e < values.size(); ++e) {
      const auto channel = static_cast<size_t>(layout.channel_of(static_cast<int64_t>(e)));
      const float scale = stored.type.quant.scales[channel];
      values[e] = scale * static_cast<float>(stored.type.dtype == DType::int32 ? stored_int32(stored)[e]
                                                                               : stored_int8(stored)[e]);
    }
  }
  Result<FloatExecutor> one = FloatExecutor::create(reference, 1), two = FloatExecutor::create(rounded, 1);
  double sum = 0;
  for (int64_t row = 0; row < data.count(); ++row) {
    data.fill(row, 0, one->input(0));
    data.fill(row, 0, two->input(0));
    one->run();
    two->run();
    for (size_t i = 0; i < one->output(0).size(); ++i)
      sum += std::pow(double{one->output(0)[i]} - two->output(0)[i], 2);
  }
  return sum / static_cast<double>(data.count());
}

// Channels of the first layer, 100 times apart, that the second one weighs against: the function is that of a network
// whose channels are alike.
Graph spread_by_hundred(Graph graph) {
  std::vector<const Node*> layers;
  for (const Node& node : graph.nodes)
    if (node.inputs.size() > 2 && input_role(*node.op, 1) == InputRole::weights) layers.push_back(&node);
  const auto input = [&](size_t layer, size_t i) {
    return graph.tensors[static_cast<size_t>(layers[layer]->inputs[i])].floats();
  };
  const std::span<float> from = input(0, 1), bias = input(0, 2), to = input(1, 1);
  const size_t channels = bias.size(), each = from.size() / channels;
  for (size_t c = 0; c < channels; ++c) {
    const auto factor = static_cast<float>(std::pow(100.0, static_cast<double>(c) / static_cast<double>(channels - 1)));
    for (size_t i = 0; i < each; ++i) from[c * each + i] *= factor;
    bias[c] *= factor;
    for (size_t i = c; i < to.size(); i += channels) to[i] /= factor;
  }
  return graph;
}

TEST(Equalize, GivesBackWhatSpreadChannelsLose) {
  for (const std::vector<std::string>& layers : std::vector<std::vector<std::string>>{
           {"Dense(12, relu)", "Dense(4)"},
           {"Reshape(12, 2)", "Conv1D(8, 3, activation=relu)", "DepthwiseConv1D(3, activation=relu)", "MaxPool1D(2)",
            "Conv1D(4, 1)", "Flatten"}}) {
    SCOPED_TRACE(layers[0]);
    const Graph even = dense(layers, 24);
    const bool convolutions = layers.size() > 2;
    const Graph graph = spread_by_hundred(even);
    const std::vector<float> rows = normal_rows(24 * 300, 5);
    const QuantizeConfig config = rounded(WeightRounding::nearest);
    const double before = output_error(graph, even, config, rows, 24);
    Graph equalized = graph;
    EXPECT_EQ(equalize_layers(equalized), convolutions ? 2 : 1);
    EXPECT_LT(output_error(equalized, even, config, rows, 24), before / (convolutions ? 1.5 : 4));
  }
}

TEST(Equalize, LeavesWhatANetworkComputes) {
  const Graph graph = dense({"Reshape(12, 2)", "Conv1D(6, 3, activation=relu)", "AvgPool1D(2)",
                             "DepthwiseConv1D(3, activation=relu)", "Flatten", "Dense(5, relu)", "Dense(3)"},
                            24);
  Graph equalized = graph;
  EXPECT_EQ(equalize_layers(equalized), 3);
  Result<FloatExecutor> one = FloatExecutor::create(graph, 1), two = FloatExecutor::create(equalized, 1);
  const std::vector<float> row = normal_rows(24, 6);
  std::copy(row.begin(), row.end(), one->input(0).begin());
  std::copy(row.begin(), row.end(), two->input(0).begin());
  one->run();
  two->run();
  for (size_t i = 0; i < one->output(0).size(); ++i) EXPECT_NEAR(one->output(0)[i], two->output(0)[i], 1e-4);
}

TEST(BiasCorrection, TakesBackTheShiftOfTheMeans) {
  // Few weights for each channel and inputs that are all positive: rounding errors do not average out.
  const Graph graph = spread_by_hundred(dense({"Dense(12, relu)", "Dense(12, relu)", "Dense(4)"}, 24));
  std::vector<float> rows = normal_rows(24 * 300, 5);
  for (float& value : rows) value = std::fabs(value);
  QuantizeConfig config = rounded(WeightRounding::nearest);
  const double before = output_error(graph, graph, config, rows, 24);
  config.correct_bias = true;
  EXPECT_LT(output_error(graph, graph, config, rows, 24), before / 2);
}

TEST(BiasCorrection, LeavesRecurrentLayersAlone) {
  const Result<Graph> graph = build_graph(std::vector<std::string>{"LSTM(4)", "Dense(3)"}, make_shape({6, 2}), 1);
  ASSERT_TRUE(graph.ok());
  QuantizeConfig config;
  config.correct_bias = true;
  const std::vector<float> rows = normal_rows(40 * 12, 5);
  const Result<Graph> quantized = quantize_post_training(*graph, MatrixData(rows, 12), config);
  EXPECT_TRUE(quantized.ok()) << quantized.error().message;
}

TEST(Rounding, AdaptiveKeepsTheOutputsOfADenseLayer) {
  // Neighbouring inputs that are almost equal.
  std::vector<float> rows;
  for (int i = 0; i < 300; ++i) {
    const std::vector<float> few = normal_rows(3, static_cast<uint64_t>(i + 1));
    for (int c = 0; c < 24; ++c) rows.push_back(few[static_cast<size_t>(c / 8)]);
  }
  const Graph graph = dense({"Dense(8)"}, 24);
  const double nearest = output_error(graph, graph, rounded(WeightRounding::nearest), rows, 24);
  EXPECT_LT(output_error(graph, graph, rounded(WeightRounding::adaptive), rows, 24), nearest / 2);
}

}  // namespace
}  // namespace mote
