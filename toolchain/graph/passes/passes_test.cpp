#include "toolchain/graph/passes/passes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/fully_connected/fully_connected.h"
#include "ops/relu/relu.h"
#include "toolchain/graph/builder.h"
#include "toolchain/graph/float_executor.h"
#include "toolchain/graph/fused_activation.h"
#include "toolchain/graph/passes/constant_channels_model.h"

namespace mote {
namespace {

using ::testing::HasSubstr;

Graph build(std::vector<std::string> layers, int32_t inputs) {
  return *build_graph(layers, make_shape({inputs}), 5);
}

std::vector<float> run(const Graph& graph) {
  auto executor = FloatExecutor::create(graph, 4);
  EXPECT_TRUE(executor.ok()) << executor.error().message;
  Random random(2);
  for (float& v : executor->input(0)) v = static_cast<float>(random.normal());
  executor->run();
  return {executor->output(0).begin(), executor->output(0).end()};
}

// A dense layer and a relu node that reads it: what fuse_activations joins.
Graph unfused() {
  Graph graph = build({"Dense(6)"}, 5);
  const int32_t between = graph.outputs[0], out = static_cast<int32_t>(graph.tensors.size());
  graph.tensors.push_back({"relu", graph.tensors[between].type, false, false, {}});
  graph.nodes.push_back({find_op("relu"), "relu", Attributes::of(ReluAttributes{}), {between}, {out}, ""});
  graph.outputs = {out};
  return graph;
}

TEST(FuseActivations, JoinsAndKeepsTheResult) {
  Graph graph = unfused();
  const auto before = run(graph);
  EXPECT_EQ(fuse_activations(graph), 1);
  ASSERT_TRUE(validate(graph).ok()) << validate(graph).error().message;
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(fused_activation(graph.nodes[0]), Activation::relu);
  EXPECT_EQ(graph.tensors.size(), 4u) << "the tensor in between is gone";
  EXPECT_EQ(run(graph), before);
}

TEST(FuseActivations, LeavesASharedOutputAlone) {
  Graph graph = unfused();
  graph.outputs.push_back(graph.nodes[0].outputs[0]);
  EXPECT_EQ(fuse_activations(graph), 0);
  EXPECT_EQ(graph.nodes.size(), 2u);
}

TEST(FuseActivations, LeavesAnActivatedProducerAlone) {
  Graph graph = unfused();
  set_fused_activation(graph.nodes[0], Activation::relu6);
  EXPECT_EQ(fuse_activations(graph), 0);
}

TEST(RemoveUnused, DropsDeadNodesAndRenumbers) {
  Graph graph = unfused();
  const auto dense_only = run(build({"Dense(6)"}, 5));
  graph.outputs = {graph.nodes[0].outputs[0]};
  EXPECT_EQ(remove_unused(graph), 1);
  ASSERT_TRUE(validate(graph).ok());
  EXPECT_EQ(graph.tensors.size(), 4u);
  EXPECT_EQ(run(graph), dense_only);
}

TEST(FoldOutputAffine, OutputIsScaledAndShifted) {
  Graph graph = build({"Dense(8, relu)", "Dense(2)"}, 3);
  const auto before = run(graph);
  const std::vector<float> scale = {4, 0.5f}, offset = {-100, 7};
  const auto folded = fold_output_affine(graph, scale, offset);
  ASSERT_TRUE(folded.ok()) << folded.error().message;
  const auto after = run(graph);
  for (size_t i = 0; i < after.size(); ++i) EXPECT_NEAR(after[i], before[i] * scale[i % 2] + offset[i % 2], 1e-4);
}

TEST(FoldOutputAffine, SaysWhyItCannot) {
  const std::vector<float> one = {1};
  Graph softmax = build({"Dense(1, softmax)"}, 3), relu = build({"Dense(1, relu)"}, 3), two = build({"Dense(2)"}, 3);
  EXPECT_THAT(fold_output_affine(softmax, one, one).error().message, HasSubstr("must be a Dense without activation"));
  EXPECT_THAT(fold_output_affine(relu, one, one).error().message, HasSubstr("'dense_1' must be a Dense"));
  EXPECT_THAT(fold_output_affine(two, one, one).error().message, HasSubstr("has 2 outputs, but there are 1 targets"));
}

// quantize and dequantize nodes in a row; types[i] goes into node i.
Graph conversions(const std::vector<TensorType>& types) {
  Graph graph;
  for (const TensorType& type : types) {
    const auto next = static_cast<int32_t>(graph.tensors.size());
    graph.tensors.push_back({"t" + std::to_string(next), type, false, false, {}});
    if (next == 0) continue;
    const char* const op = type.dtype == DType::float32 ? "dequantize" : "quantize";
    graph.nodes.push_back({find_op(op), op, find_op(op)->default_attributes(), {next - 1}, {next}, ""});
  }
  graph.inputs = {0};
  graph.outputs = {static_cast<int32_t>(types.size()) - 1};
  graph.input_names = {"in"};
  graph.output_names = {"out"};
  return graph;
}

const TensorType kFloat{DType::float32, make_shape({4}), {}};
TensorType int8_type(float scale, int32_t zero_point) {
  return {DType::int8, make_shape({4}), {{scale}, {zero_point}, 0}};
}

TEST(RemoveRequantization, DropsWhatGivesTheSameBytes) {
  const TensorType a = int8_type(0.37f, -5), b = int8_type(0.5f, -5);
  Graph pair = conversions({a, kFloat, a, kFloat});  // int8 -> float -> the same int8 -> float
  EXPECT_EQ(remove_requantization(pair), 1);
  ASSERT_TRUE(validate(pair).ok()) << validate(pair).error().message;
  EXPECT_EQ(pair.nodes.size(), 1u);
  Graph copy = conversions({a, a, b});
  EXPECT_EQ(remove_requantization(copy), 1);
  ASSERT_TRUE(validate(copy).ok());
  EXPECT_EQ(copy.nodes.size(), 1u);
}

TEST(RemoveRequantization, LeavesWhatChangesBytes) {
  const TensorType a = int8_type(0.37f, -5);
  Graph scale = conversions({a, kFloat, int8_type(0.5f, -5), kFloat});
  Graph zero_point = conversions({a, kFloat, int8_type(0.37f, -4), kFloat});
  Graph denormal = conversions({int8_type(1e-44f, 0), kFloat, int8_type(1e-44f, 0), kFloat});
  Graph output = conversions({a, kFloat, a});
  EXPECT_EQ(remove_requantization(scale), 0);
  EXPECT_EQ(remove_requantization(zero_point), 0);
  EXPECT_EQ(remove_requantization(output), 0) << "a graph output stays what it is";
  const int32_t removed = remove_requantization(denormal);
  EXPECT_EQ(removed, 1) << "7 steps of the least float times 1 .. 255 divide exactly";
}

TEST(FoldConstants, ComputesWhatReadsConstantsOnly) {
  Graph graph = conversions({int8_type(1, 0), kFloat, int8_type(0.5f, 0), int8_type(0.25f, 0)});
  graph.tensors.push_back({"constant", kFloat, true, false, std::vector<uint8_t>(16, 0)});
  graph.nodes[1].inputs = {4};  // its float comes from a constant now
  int calls = 0;
  const auto folded = fold_constants(graph, [&](const Graph& whole, const Node& node) {
    ++calls;
    EXPECT_EQ(whole.tensors[node.inputs[0]].name, "constant");
    return Result<std::vector<std::vector<uint8_t>>>({{1, 2, 3, 4}});
  });
  ASSERT_TRUE(folded.ok());
  EXPECT_EQ(*folded, 1) << "the node after it writes a graph output";
  EXPECT_EQ(calls, 1);
  ASSERT_TRUE(validate(graph).ok()) << validate(graph).error().message;
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.tensors[graph.nodes[0].inputs[0]].data, (std::vector<uint8_t>{1, 2, 3, 4}));
}

TEST(FoldConstants, HandsOnTheErrorOfTheEvaluator) {
  Graph graph = conversions({int8_type(1, 0), kFloat, int8_type(0.5f, 0)});
  graph.tensors[0].constant = true;
  graph.tensors[0].data.resize(4);
  graph.inputs = {};
  const auto folded = fold_constants(
      graph, [](const Graph&, const Node&) -> Result<std::vector<std::vector<uint8_t>>> { return input_error("no"); });
  ASSERT_FALSE(folded.ok());
  EXPECT_EQ(folded.error().message, "no");
}

// Channels that are left between the convolutions.
int32_t channels_left(const ConstantChannelsModel& model) {
  Graph graph = model.graph();
  const int32_t removed = remove_constant_channels(graph),
                left = graph.tensors[graph.nodes[1].outputs[0]].type.shape[3];
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).error().message;
  EXPECT_EQ(removed, model.kChannels - left);
  EXPECT_EQ(graph.tensors[graph.nodes[0].inputs[1]].type.shape[0], left);
  EXPECT_EQ(graph.tensors[graph.nodes[1].inputs[1]].type.quant.scales.size(), static_cast<size_t>(left));
  EXPECT_EQ(graph.tensors[graph.nodes[2].inputs[1]].type.shape[3], left);
  return left;
}

TEST(RemoveConstantChannels, WholeGroupsOfFourStay) {
  EXPECT_EQ(channels_left({.constant = 0}), 12);
  EXPECT_EQ(channels_left({.constant = 3}), 12);
  EXPECT_EQ(channels_left({.constant = 4}), 8);
  EXPECT_EQ(channels_left({.constant = 6}), 8);
  EXPECT_EQ(channels_left({.constant = 11}), 4);
}

TEST(RemoveConstantChannels, ADeadScaleIsAsGoodAsNoWeights) {
  EXPECT_EQ(channels_left({.constant = 8, .bias = 1000, .dead_scale = true, .filter = 3}), 4);
}

TEST(RemoveConstantChannels, BeyondTheBorderOnlyTheZeroPointIsTheSame) {
  EXPECT_EQ(channels_left({.constant = 8, .bias = 1000, .filter = 1}), 4);
  EXPECT_EQ(channels_left({.constant = 8, .bias = 1000, .filter = 3}), 12);
  EXPECT_EQ(channels_left({.constant = 8, .bias = 0, .filter = 3}), 4);
}

TEST(RemoveConstantChannels, AGraphOutputStays) {
  Graph graph = ConstantChannelsModel{.constant = 8}.graph();
  graph.outputs.push_back(graph.nodes[1].outputs[0]);
  graph.output_names.push_back("between");
  EXPECT_EQ(remove_constant_channels(graph), 0);
}

}  // namespace
}  // namespace mote
