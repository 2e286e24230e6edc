#include "toolchain/graph/passes/passes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/fully_connected/fully_connected.h"
#include "ops/relu/relu.h"
#include "toolchain/graph/builder.h"
#include "toolchain/graph/float_executor.h"
#include "toolchain/graph/fused_activation.h"

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

}  // namespace
}  // namespace mote
