#include "toolchain/quantize/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "ops/transpose_conv/transpose_conv.h"
#include "toolchain/base/quant_params.h"
#include "toolchain/graph/builder.h"
#include "toolchain/graph/float_executor.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/quantize/observer.h"
#include "toolchain/quantize/test_models.h"
#include "toolchain/quantize/weight_rounding.h"

namespace mote {
namespace {

using ::testing::HasSubstr;

TEST(QuantParams, FollowTfLite) {
  // Expected values worked out by hand from ChooseQuantizationParams.
  ScaleZero p = asymmetric_int8(-1.0f, 1.0f);
  EXPECT_FLOAT_EQ(p.scale, 2.0f / 255);
  EXPECT_EQ(p.zero_point, -1);  // -128 + 127.5 and 127 - 127.5 tie at -0.5: half away from zero
  p = asymmetric_int8(0.0f, 25.5f);
  EXPECT_FLOAT_EQ(p.scale, 0.1f);
  EXPECT_EQ(p.zero_point, -128);
  p = asymmetric_int8(-25.5f, 0.0f);
  EXPECT_EQ(p.zero_point, 127);
  p = asymmetric_int8(20.0f, 51.0f);  // widened to contain zero
  EXPECT_FLOAT_EQ(p.scale, 0.2f);
  EXPECT_EQ(p.zero_point, -128);
}

TEST(QuantParams, DegenerateRangesGetAUsableScale) {
  for (float value : {0.0f, 1e-40f, -1e-40f}) {
    const ScaleZero p = asymmetric_int8(std::min(value, 0.0f), std::max(value, 0.0f));
    EXPECT_EQ(p.scale, 1.0f);
    EXPECT_EQ(p.zero_point, 0);
  }
  const ScaleZero constant = asymmetric_int8(3.0f, 3.0f);
  EXPECT_FLOAT_EQ(
      dequantize(quantize_int8(3.0f, constant.scale, constant.zero_point), constant.scale, constant.zero_point), 3.0f);
}

TEST(QuantParams, QuantizeRoundsHalfAwayAndSaturates) {
  EXPECT_EQ(quantize_int8(0.5f, 1.0f, 0), 1);
  EXPECT_EQ(quantize_int8(-0.5f, 1.0f, 0), -1);
  EXPECT_EQ(quantize_int8(1e30f, 1.0f, 0), 127);
  EXPECT_EQ(quantize_int8(-1e30f, 1.0f, 5), -128);
  EXPECT_EQ(quantize_int8(std::numeric_limits<float>::infinity(), 0.1f, 100), 127);
  EXPECT_EQ(quantize_int8(std::numeric_limits<float>::quiet_NaN(), 0.1f, 7), 7);
}

TEST(Observer, ExtremesContainZeroAndRefuseNonFinite) {
  ExtremesObserver observer;
  EXPECT_TRUE(observer.observe(std::vector<float>{2.0f, 5.0f}));
  EXPECT_EQ(observer.range().low, 0.0f);
  EXPECT_EQ(observer.range().high, 5.0f);
  EXPECT_FALSE(observer.observe(std::vector<float>{1.0f, std::numeric_limits<float>::quiet_NaN()}));
  EXPECT_FALSE(observer.observe(std::vector<float>{-std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(observer.range().high, 5.0f);
}

TEST(Observer, PercentileCutsTheTails) {
  std::vector<float> values(10000);
  std::iota(values.begin(), values.end(), -5000.0f);
  values.push_back(100000.0f);  // one outlier in ten thousand
  HistogramObserver histogram({-5000.0f, 100000.0f});
  histogram.observe(values);
  EXPECT_EQ(histogram.percentile(100).high, 100000.0f);
  const ValueRange range = histogram.percentile(99.9);
  EXPECT_NEAR(range.high, 5000.0f, 105000.0f / HistogramObserver::kBins * 2);
  EXPECT_NEAR(range.low, -5000.0f, 105000.0f / HistogramObserver::kBins * 2);
}

TEST(Observer, LeastSquaresBeatsExtremesAndHasNoBetterNeighbour) {
  std::vector<float> values = normal_rows(20000, 3);
  values.push_back(60.0f);
  values.push_back(-40.0f);
  HistogramObserver histogram({-40.0f, 60.0f});
  histogram.observe(values);  // the two outliers once, the rest a hundred times
  values.resize(20000);
  for (int i = 1; i < 100; ++i) histogram.observe(values);
  const ValueRange best = histogram.least_squares();
  const double error = histogram.squared_error(best);
  EXPECT_LT(error, histogram.squared_error({-40.0f, 60.0f}) / 2);
  // Exhaustive search over clips of both ends: the coordinate search must come close to it.
  double exhaustive = error;
  for (int low = 1; low <= 40; ++low)
    for (int high = 1; high <= 60; ++high)
      exhaustive = std::min(exhaustive, histogram.squared_error({static_cast<float>(-low), static_cast<float>(high)}));
  EXPECT_LT(error, exhaustive * 1.05);
}

TEST(Observer, ZerosOfAReluDoNotPullTheRange) {
  std::vector<float> values(100000, 0.0f);
  for (int i = 0; i < 100; ++i) values.push_back(static_cast<float>(i) / 10);
  HistogramObserver histogram({0.0f, 9.9f});
  histogram.observe(values);
  EXPECT_EQ(histogram.least_squares().low, 0.0f);
  EXPECT_GT(histogram.least_squares().high, 8.0f);
}

TEST(Calibrate, SeesEveryRowWhateverTheBatch) {
  const Graph graph = dense({"Dense(4, relu)", "Dense(2)"}, 3);
  for (int64_t rows : {1, 31, 32, 33, 100}) {
    std::vector<float> values(static_cast<size_t>(rows) * 3, 0.25f);
    values[static_cast<size_t>(rows) * 3 - 1] = 7.5f;  // only the last row of the last batch has the maximum
    Result<std::vector<TensorRange>> ranges = calibrate(graph, MatrixData(values, 3), {});
    ASSERT_TRUE(ranges.ok()) << ranges.error().message;
    ASSERT_EQ((*ranges)[0].tensor, graph.inputs[0]);
    EXPECT_EQ((*ranges)[0].high, 7.5f) << rows;
    EXPECT_EQ((*ranges)[0].low, 0.0f);
  }
}

TEST(Calibrate, MarginWidensButNotBeyondTheActivation) {
  const Graph graph = dense({"Dense(4, relu6)", "Dense(2)"}, 3);
  const std::vector<float> rows = normal_rows(300, 5);
  QuantizeConfig wide;
  wide.margin = 0.1;
  Result<std::vector<TensorRange>> plain = calibrate(graph, MatrixData(rows, 3), {});
  Result<std::vector<TensorRange>> widened = calibrate(graph, MatrixData(rows, 3), wide);
  ASSERT_TRUE(plain.ok() && widened.ok());
  for (size_t i = 0; i < plain->size(); ++i) {
    const bool relu6 = (*plain)[i].tensor == graph.nodes[0].outputs[0];
    EXPECT_FLOAT_EQ((*widened)[i].high, relu6 ? std::min(6.0f, (*plain)[i].high * 1.1f) : (*plain)[i].high * 1.1f);
    EXPECT_FLOAT_EQ((*widened)[i].low, (*plain)[i].low * 1.1f);
  }
}

TEST(Calibrate, BadInputIsNamed) {
  const Graph graph = dense({"Dense(2)"}, 3);
  std::vector<float> rows = normal_rows(300, 5);
  EXPECT_THAT(calibrate(graph, MatrixData({}, 3), {}).error().message, HasSubstr("no examples"));
  rows[100] = std::numeric_limits<float>::quiet_NaN();  // row 33
  const Error error = calibrate(graph, MatrixData(rows, 3), {}).error();
  EXPECT_THAT(error.message, HasSubstr("not finite in examples 32 to 63"));
  QuantizeConfig config;
  config.percentile = 50;
  EXPECT_THAT(calibrate(graph, MatrixData(rows, 3), config).error().message, HasSubstr("percentile = 50"));
  config = {};
  config.margin = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(calibrate(graph, MatrixData(rows, 3), config).error().message, HasSubstr("margin"));
  EXPECT_THAT(parse_range_method("max").error().message, HasSubstr("minmax, percentile, mse or entropy"));
}

TEST(Quantize, DenseStackFollowsTheRules) {
  const Graph graph = dense({"Dense(8, relu)", "Dense(3, softmax)"}, 5);
  const std::vector<float> rows = normal_rows(500, 7);
  Result<std::vector<TensorRange>> ranges = calibrate(graph, MatrixData(rows, 5), {});
  ASSERT_TRUE(ranges.ok()) << ranges.error().message;
  Result<Graph> quantized = apply_quantization(graph, *ranges, {});  // each weight rounded to nearest
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  ASSERT_EQ(quantized->nodes.size(), graph.nodes.size());
  for (const Node& node : quantized->nodes) {
    for (int32_t output : node.outputs) {
      const TensorType& type = quantized->tensors[static_cast<size_t>(output)].type;
      EXPECT_EQ(type.dtype, DType::int8);
      ASSERT_EQ(type.quant.scales.size(), 1u);
    }
    if (std::string(node.op->name) != "fully_connected") continue;
    const QuantParams& input = quantized->tensors[static_cast<size_t>(node.inputs[0])].type.quant;
    const Tensor& weights = quantized->tensors[static_cast<size_t>(node.inputs[1])];
    const Tensor& bias = quantized->tensors[static_cast<size_t>(node.inputs[2])];
    const Tensor& original = graph.tensors[static_cast<size_t>(node.inputs[1])];
    EXPECT_EQ(weights.type.quant.zero_points, std::vector<int32_t>{0});
    EXPECT_EQ(bias.type.dtype, DType::int32);
    EXPECT_EQ(bias.type.quant.scales[0], input.scales[0] * weights.type.quant.scales[0]);
    int32_t largest = 0;
    for (size_t i = 0; i < weights.data.size(); ++i) {
      largest = std::max(largest, std::abs(int32_t{stored_int8(weights)[i]}));
      EXPECT_NEAR(static_cast<float>(stored_int8(weights)[i]) * weights.type.quant.scales[0], original.floats()[i],
                  weights.type.quant.scales[0] * 0.501f);
    }
    EXPECT_EQ(largest, 127);
    EXPECT_FALSE(weights.trainable);
  }
  const QuantParams& softmax = quantized->tensors[static_cast<size_t>(quantized->outputs[0])].type.quant;
  EXPECT_EQ(softmax.scales[0], 1.0f / 256);
  EXPECT_EQ(softmax.zero_points[0], -128);
}

TEST(Quantize, PerChannelGivesEveryRowItsScale) {
  Graph graph = dense({"Dense(4)"}, 3);
  const int32_t weights = graph.nodes[0].inputs[1];
  const std::span<float> values = graph.tensors[static_cast<size_t>(weights)].floats();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = std::pow(10.0f, -static_cast<float>(i / 3));  // [channel][input]
  QuantizeConfig config;
  config.per_channel_weights = true;
  Result<Graph> quantized = quantize_post_training(graph, MatrixData(normal_rows(300, 2), 3), config);
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  const TensorType& type = quantized->tensors[static_cast<size_t>(weights)].type;
  ASSERT_EQ(type.quant.scales.size(), 4u);
  EXPECT_EQ(type.quant.axis, 0);
  for (size_t channel = 0; channel < 4; ++channel)
    EXPECT_FLOAT_EQ(type.quant.scales[channel], values[channel * 3] / 127);
  EXPECT_THAT(stored_int8(quantized->tensors[static_cast<size_t>(weights)]), ::testing::Each(127));
  EXPECT_EQ(quantized->tensors[static_cast<size_t>(graph.nodes[0].inputs[2])].type.quant.scales.size(), 4u);
}

TEST(Quantize, BiasTooLargeForInt32RaisesTheWeightScaleAndSaysSo) {
  Graph graph = dense({"Dense(2)"}, 3);
  const Node& node = graph.nodes[0];
  for (float& weight : graph.tensors[static_cast<size_t>(node.inputs[1])].floats()) weight = 1e-6f;
  graph.tensors[static_cast<size_t>(node.inputs[2])].floats()[0] = -5.0f;
  const std::vector<float> rows(30, 1e-3f);
  std::vector<std::string> notes;
  Result<Graph> quantized = quantize_post_training(graph, MatrixData(rows, 3), {}, {}, &notes);
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  const Tensor& bias = quantized->tensors[static_cast<size_t>(node.inputs[2])];
  EXPECT_NEAR(static_cast<double>(stored_int32(bias)[0]) * bias.type.quant.scales[0], -5.0, 1e-5);
  EXPECT_LE(std::llabs(stored_int32(bias)[0]) + 3 * 255 * 127, int64_t{std::numeric_limits<int32_t>::max()} + 1);
  ASSERT_FALSE(notes.empty());
  EXPECT_THAT(notes[0], HasSubstr("too large for int32"));
  EXPECT_THAT(notes[0], HasSubstr(node.name));
}

TEST(Quantize, AllZeroWeightsKeepTheirBias) {
  Graph graph = dense({"Dense(2)"}, 3);
  for (float& weight : graph.tensors[static_cast<size_t>(graph.nodes[0].inputs[1])].floats()) weight = 0;
  graph.tensors[static_cast<size_t>(graph.nodes[0].inputs[2])].floats()[1] = 0.37f;
  for (bool per_channel : {false, true}) {
    QuantizeConfig config;
    config.per_channel_weights = per_channel;
    Result<Graph> quantized = quantize_post_training(graph, MatrixData(normal_rows(30, 2), 3), config);
    ASSERT_TRUE(quantized.ok());
    const Tensor& bias = quantized->tensors[static_cast<size_t>(graph.nodes[0].inputs[2])];
    EXPECT_NEAR(static_cast<float>(stored_int32(bias)[1]) * bias.type.quant.scales.back(), 0.37f, 1e-6f);
  }
}

TEST(Quantize, ConstantsSharedByTwoLayersAreQuantizedForEach) {
  Graph graph = dense({"Dense(3, relu)", "Dense(3)"}, 3);
  graph.nodes[1].inputs[1] = graph.nodes[0].inputs[1];
  graph.nodes[1].inputs[2] = graph.nodes[0].inputs[2];
  graph.tensors[static_cast<size_t>(graph.nodes[0].inputs[2])].floats()[0] = 1.0f;
  Result<Graph> quantized = quantize_post_training(graph, MatrixData(normal_rows(300, 2), 3), {});
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  for (const Node& node : quantized->nodes) {
    const Tensor& bias = quantized->tensors[static_cast<size_t>(node.inputs[2])];
    EXPECT_NEAR(static_cast<float>(stored_int32(bias)[0]) * bias.type.quant.scales[0], 1.0f, 1e-3f) << node.name;
  }
}

// Steps of a recurrence, with the rounding of weights that looks at their inputs, and with biases that they share.
TEST(Quantize, StepsThatShareConstantsGoOnSharingThem) {
  const std::vector<std::string> layers = {"GRU(4, return_sequences=true)", "GRU(3)"};
  Result<Graph> graph = build_graph(layers, make_shape({5, 2}), 4);
  ASSERT_TRUE(graph.ok());
  to_inference_form(*graph);
  for (const WeightRounding rounding : {WeightRounding::adaptive, WeightRounding::nearest}) {
    QuantizeConfig config;
    config.rounding = rounding;
    Result<Graph> quantized = quantize_post_training(*graph, MatrixData(normal_rows(40, 10), 10), config);
    ASSERT_TRUE(quantized.ok()) << quantized.error().message;
    EXPECT_TRUE(validate(*quantized).ok());
    EXPECT_EQ(quantized->tensors.size(), graph->tensors.size());
    EXPECT_EQ(quantized->nodes.size(), graph->nodes.size()) << "a pack takes the steps as they are";
  }
}

Graph smaller_of_two() {
  Graph graph;
  for (const char* name : {"x", "y", "relu_x", "relu_y", "least"})
    graph.tensors.push_back({name, {DType::float32, make_shape({1, 4}), {}}, false, false, {}, false});
  const OpDef *relu = find_op("relu"), *minimum = find_op("minimum");
  graph.nodes = {{relu, "relu_x", relu->default_attributes(), {0}, {2}, ""},
                 {relu, "relu_y", relu->default_attributes(), {1}, {3}, ""},
                 {minimum, "least", minimum->default_attributes(), {2, 3}, {4}, ""}};
  graph.inputs = {0, 1};
  graph.outputs = {4};
  graph.input_names = {"x", "y"};
  graph.output_names = {"least"};
  return graph;
}

TEST(Quantize, WhatIsComparedHasOneScale) {
  const Graph graph = smaller_of_two();
  const std::vector<TensorRange> ranges = {{0, -1, 1}, {1, -1, 10}, {2, 0, 1}, {3, 0, 10}, {4, 0, 1}};
  const auto quantized = apply_quantization(graph, ranges, {});
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  ASSERT_EQ(quantized->nodes.size(), 4u) << "one of the inputs is requantized";
  EXPECT_STREQ(quantized->nodes[2].op->name, "quantize");
  EXPECT_EQ(quantized->nodes[2].inputs, std::vector<int32_t>{2});
  const Node& minimum = quantized->nodes[3];
  const auto params = [&](int32_t tensor) { return quantized->tensors[static_cast<size_t>(tensor)].type.quant; };
  EXPECT_EQ(params(minimum.inputs[0]), params(3));
  EXPECT_EQ(params(minimum.inputs[1]), params(3)) << "the wider one's";
  EXPECT_EQ(params(minimum.outputs[0]), params(3));
  EXPECT_TRUE(validate(*quantized).ok());
}

// TFLite's runtimes refuse a CONCATENATION whose inputs have other scales than its output.
TEST(Quantize, WhatIsJoinedHasTheOutputsScale) {
  const Graph graph = dense({"a = Dense(3, relu)", "Dense(4, tanh, from=input)", "Concat(a)"}, 5);
  const std::vector<float> rows = normal_rows(64 * 5, 3);
  const auto quantized = quantize_post_training(graph, MatrixData(rows, 5), {});
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  int32_t requantized = 0;
  for (const Node& node : quantized->nodes) {
    requantized += std::string_view(node.op->name) == "quantize";
    if (std::string_view(node.op->name) != "concatenation") continue;
    for (const int32_t input : node.inputs)
      EXPECT_EQ(quantized->tensors[static_cast<size_t>(input)].type.quant,
                quantized->tensors[static_cast<size_t>(node.outputs[0])].type.quant);
  }
  EXPECT_GE(requantized, 1);
}

TEST(Quantize, WhatKeepsStateIsNamed) {
  Graph graph;
  const OpDef* svdf = find_op("svdf");
  const OpCase item = svdf->cases()[0];
  for (const Shape& shape : item.inputs)
    graph.tensors.push_back({"t", {DType::float32, shape, {}}, false, false, {}, false});
  graph.tensors.push_back({"y", {DType::float32, make_shape({1, 1}), {}}, false, false, {}, false});
  graph.tensors[4].variable = true;
  for (size_t i : {1u, 2u, 3u}) {
    graph.tensors[i].constant = true;
    graph.tensors[i].data.resize(4);
  }
  graph.nodes = {{svdf, "memory", item.attributes, {0, 1, 2, 3, 4}, {5}, ""}};
  graph.inputs = {0};
  graph.outputs = {5};
  const auto quantized = apply_quantization(graph, std::vector<TensorRange>{{0, -1, 1}, {5, 0, 1}}, {});
  ASSERT_FALSE(quantized.ok());
  EXPECT_THAT(quantized.error().message, HasSubstr("layer 'memory' is a SVDF, which keeps state between inferences"));
}

// A transposed convolution reads its data as input 2.
TEST(Quantize, BiasScaleIsThatOfTheDataWhereverItStands) {
  Graph graph;
  const auto add = [&](const char* name, TensorType type, std::vector<uint8_t> data) {
    graph.tensors.push_back({name, type, !data.empty(), false, std::move(data)});
    return static_cast<int32_t>(graph.tensors.size() - 1);
  };
  const auto floats = [](size_t count) { return std::vector<uint8_t>(count * sizeof(float)); };
  const int32_t size[] = {1, 4, 4, 1};
  const auto* bytes = reinterpret_cast<const uint8_t*>(size);
  const int32_t shape = add("shape", {DType::int32, make_shape({4}), {}}, {bytes, bytes + sizeof size});
  const int32_t weights = add("weights", {DType::float32, make_shape({1, 3, 3, 1}), {}}, floats(9));
  const int32_t data = add("data", {DType::float32, make_shape({1, 2, 2, 1}), {}}, {});
  const int32_t bias = add("bias", {DType::float32, make_shape({1}), {}}, floats(1));
  const int32_t result = add("result", {DType::float32, make_shape({1, 4, 4, 1}), {}}, {});
  graph.tensors[static_cast<size_t>(weights)].floats()[4] = 0.5f;
  const TransposeConvAttributes attributes = {0, 2, 2, Activation::none, 4, 4};
  graph.nodes = {
      {find_op("transpose_conv"), "up", Attributes::of(attributes), {shape, weights, data, bias}, {result}, ""}};
  graph.inputs = {data}, graph.outputs = {result};
  graph.input_names = {"data"}, graph.output_names = {"result"};
  const Result<Graph> quantized = quantize_post_training(graph, MatrixData(normal_rows(40, 2), 4), {});
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  const auto scale = [&](int32_t t) { return quantized->tensors[static_cast<size_t>(t)].type.quant.scales[0]; };
  EXPECT_EQ(scale(bias), scale(data) * scale(weights));
  EXPECT_EQ(quantized->tensors[static_cast<size_t>(shape)].type.dtype, DType::int32);
}

TEST(Quantize, WhatCannotBeQuantizedIsNamed) {
  const std::vector<float> rows = normal_rows(30, 2);
  Graph graph = dense({"Dense(2)"}, 3);
  graph.tensors[static_cast<size_t>(graph.nodes[0].inputs[1])].floats()[0] = std::numeric_limits<float>::infinity();
  const std::vector<TensorRange> ranges = {{graph.inputs[0], -1, 1}, {graph.outputs[0], -1, 1}};
  EXPECT_THAT(apply_quantization(graph, ranges, {}).error().message, HasSubstr("not finite"));

  graph = dense({"Dense(2)"}, 3);
  Result<Graph> once = quantize_post_training(graph, MatrixData(rows, 3), {});
  ASSERT_TRUE(once.ok());
  EXPECT_THAT(apply_quantization(*once, ranges, {}).error().message,
              HasSubstr("only a float32 model can be quantized"));

  graph.nodes[0].op = nullptr;
  graph.nodes[0].foreign = "CONV_3D version 1";
  EXPECT_THAT(quantize_post_training(graph, MatrixData(rows, 3), {}).error().message, HasSubstr("CONV_3D version 1"));
}

// Inputs that move together, as spectral bands do: plain rounding errors add up, compensated ones cancel.
TEST(WeightRounding, KeepsTheOutputsOfCorrelatedInputs) {
  constexpr int64_t kInputs = 40, kRows = 6, kExamples = 400;
  Random random(11);
  std::vector<float> x, weights;
  for (int64_t example = 0; example < kExamples; ++example) {
    const float common = static_cast<float>(random.normal());
    for (int64_t i = 0; i < kInputs; ++i) x.push_back(common + 0.1f * static_cast<float>(random.normal()));
  }
  for (int64_t i = 0; i < kRows * kInputs; ++i) weights.push_back(static_cast<float>(random.uniform(-1, 1)));
  InputMoments moments{kInputs, std::vector<double>(kInputs * kInputs)};
  for (int64_t example = 0; example < kExamples; ++example)
    for (int64_t i = 0; i < kInputs; ++i)
      for (int64_t j = 0; j < kInputs; ++j)
        moments.sums[static_cast<size_t>(i * kInputs + j)] +=
            double{x[static_cast<size_t>(example * kInputs + i)]} * x[static_cast<size_t>(example * kInputs + j)];
  const float scale = 1.0f / 127;
  const auto squared_error = [&](const std::vector<int8_t>& stored) {
    double sum = 0;
    for (int64_t example = 0; example < kExamples; ++example)
      for (int64_t row = 0; row < kRows; ++row) {
        double error = 0;
        for (int64_t i = 0; i < kInputs; ++i) {
          const size_t w = static_cast<size_t>(row * kInputs + i);
          error += (stored[w] * double{scale} - weights[w]) * x[static_cast<size_t>(example * kInputs + i)];
        }
        sum += error * error;
      }
    return sum;
  };
  const double nearest = squared_error(round_weights(weights, kRows, {&scale, 1}, {}));
  EXPECT_LT(squared_error(round_weights(weights, kRows, {&scale, 1}, moments)), nearest / 5);

  // Dependent and silent inputs: the inverse stays finite.
  moments.sums.assign(moments.sums.size(), 0.0);
  EXPECT_EQ(round_weights(weights, kRows, {&scale, 1}, moments), round_weights(weights, kRows, {&scale, 1}, {}));
  moments.sums.assign(moments.sums.size(), 1.0);
  EXPECT_EQ(round_weights(weights, kRows, {&scale, 1}, moments).size(), weights.size());
}

TEST(Quantize, DeadLayerIsNoted) {
  Graph graph = dense({"Dense(2, relu)", "Dense(2)"}, 3);
  for (float& bias : graph.tensors[static_cast<size_t>(graph.nodes[0].inputs[2])].floats()) bias = -1000.0f;
  graph.tensors[static_cast<size_t>(graph.nodes[1].inputs[2])].floats()[0] = 1.0f;
  std::vector<std::string> notes;
  Result<Graph> quantized = quantize_post_training(graph, MatrixData(normal_rows(30, 2), 3), {}, {}, &notes);
  ASSERT_TRUE(quantized.ok());
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_THAT(notes[0], HasSubstr("is zero in every calibration window"));
}

}  // namespace
}  // namespace mote
