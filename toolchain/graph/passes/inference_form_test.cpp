#include <gtest/gtest.h>

#include <cmath>

#include "toolchain/base/random.h"
#include "toolchain/graph/builder.h"
#include "toolchain/graph/float_executor.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/graph/transfer.h"

namespace mote {
namespace {

// Random parameters, statistics too.
Graph drawn_graph(const std::vector<std::string>& layers, const Shape& input) {
  auto graph = build_graph(layers, input, 1);
  EXPECT_TRUE(graph.ok()) << (graph.ok() ? "" : graph.error().message);
  if (!graph.ok()) return {};
  Random random(5);
  for (const Node& node : graph->nodes)
    for (size_t i = 1; i < node.inputs.size(); ++i)
      if (node.inputs[i] != kAbsent && graph->tensors[node.inputs[i]].type.dtype == DType::float32 &&
          graph->tensors[node.inputs[i]].constant)
        for (float& value : graph->tensors[node.inputs[i]].floats())
          value = static_cast<float>(random.uniform(0.25, 1.25) * (random.below(2) == 1 || i == 4 ? 1 : -1));
  return std::move(*graph);
}

std::vector<float> outputs_of(const Graph& graph) {
  auto executor = FloatExecutor::create(graph, 3);
  EXPECT_TRUE(executor.ok()) << (executor.ok() ? "" : executor.error().message);
  if (!executor.ok()) return {};
  Random random(6);
  for (float& value : executor->input(0)) value = static_cast<float>(random.uniform(-1, 1));
  executor->run();
  return {executor->output(0).begin(), executor->output(0).end()};
}

std::string operators_of(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes) text += (text.empty() ? "" : " ") + std::string(node.op->name);
  return text;
}

void expect_same(const std::vector<std::string>& layers, const Shape& input, const std::string& after) {
  SCOPED_TRACE(layers[0]);
  Graph graph = drawn_graph(layers, input);
  const std::vector<float> before = outputs_of(graph);
  to_inference_form(graph);
  EXPECT_TRUE(validate(graph).ok());
  EXPECT_EQ(operators_of(graph), after);
  const std::vector<float> folded = outputs_of(graph);
  ASSERT_EQ(folded.size(), before.size());
  for (size_t i = 0; i < folded.size(); ++i) EXPECT_NEAR(folded[i], before[i], 2e-5 * (1 + std::fabs(before[i]))) << i;
}

TEST(InferenceForm, BatchNormGoesIntoTheLayerBefore) {
  expect_same({"Conv2D(4, 3)", "BatchNorm", "ReLU"}, make_shape({6, 5, 2}), "conv_2d");
  expect_same({"Conv1D(4, 3, use_bias=false)", "Dropout(0.5)", "BatchNorm", "ReLU6"}, make_shape({9, 2}), "conv_2d");
  expect_same({"DepthwiseConv2D(3, depth_multiplier=2)", "BatchNorm", "Activation(tanh)"}, make_shape({6, 5, 2}),
              "depthwise_conv_2d tanh");
  expect_same({"Dense(7, use_bias=false)", "BatchNorm", "ReLU", "Dropout(0.1)"}, make_shape({5}), "fully_connected");
  expect_same({"Dense(7)", "BatchNorm", "BatchNorm"}, make_shape({5}), "fully_connected");
}

// Other runtimes do not take a convolution without one.
TEST(InferenceForm, EveryConvolutionHasABias) {
  Graph graph = drawn_graph({"SeparableConv2D(4, 3)", "Conv2D(3, 2, use_bias=false)"}, make_shape({6, 5, 2}));
  const std::vector<float> before = outputs_of(graph);
  to_inference_form(graph);
  EXPECT_TRUE(validate(graph).ok());
  for (const Node& node : graph.nodes) {
    ASSERT_EQ(node.inputs.size(), 3u) << node.name;
    EXPECT_NE(node.inputs[2], kAbsent) << node.name;
  }
  EXPECT_EQ(outputs_of(graph), before);
}

TEST(InferenceForm, BatchNormBehindAnythingElseStaysExact) {
  expect_same({"BatchNorm", "Conv2D(4, 3)"}, make_shape({6, 5, 2}), "depthwise_conv_2d conv_2d");
  expect_same({"Dense(4, relu)", "BatchNorm", "Dense(2)"}, make_shape({5}), "fully_connected mul add fully_connected");
  expect_same({"x = Conv2D(4, 3)", "BatchNorm", "Add(x)"}, make_shape({6, 5, 2}), "conv_2d depthwise_conv_2d add");
  expect_same({"BatchNorm", "ReLU", "GlobalAvgPool"}, make_shape({6, 2}), "mul add reshape mean");
}

TEST(InferenceForm, GrusAreWrittenOutStepByStep) {
  const std::string from_input = "fully_connected unpack fully_connected unpack";
  const std::string first = " slice logistic tanh mul sub";
  const std::string step = " fully_connected add logistic split mul fully_connected add tanh sub mul add";
  expect_same({"GRU(4)", "Dense(2)"}, make_shape({3, 2}), from_input + first + step + step + " fully_connected");
  expect_same({"GRU(3, return_sequences=true)", "GRU(2)"}, make_shape({2, 5}),
              from_input + first + step + " pack " + from_input + first + step);
  expect_same({"GRU(3)"}, make_shape({1, 4}), from_input + first);
  expect_same({"Conv1D(3, 3)", "BatchNorm", "GRU(2, return_sequences=true)"}, make_shape({4, 2}),
              "conv_2d reshape " + from_input + first + step + " pack");
}

TEST(InferenceForm, StepsOfAGruShareItsConstants) {
  Graph graph = drawn_graph({"GRU(4)"}, make_shape({9, 3}));
  const int64_t parameters = graph.parameters(), macs = graph.macs();
  to_inference_form(graph);
  EXPECT_EQ(graph.parameters(), parameters);
  EXPECT_EQ(graph.macs(), macs);
  EXPECT_EQ(macs, 3 * 4 * (9 * 3 + 8 * 4));
  Graph next = drawn_graph({"GRU(4)"}, make_shape({5, 3}));
  const auto taken = take_weights(graph, next);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_EQ(taken->taken, 6) << "the exported model is what another network begins from";
}

TEST(InferenceForm, DropoutLeavesNothing) {
  expect_same({"Dense(4)", "Dropout(0.9)", "ReLU", "Dense(3)", "Dropout(0.2)"}, make_shape({5}),
              "fully_connected fully_connected");
}

}  // namespace
}  // namespace mote
