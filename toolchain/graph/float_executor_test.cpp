#include "toolchain/graph/float_executor.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ops/gather/gather.h"
#include "toolchain/graph/builder.h"

namespace mote {
namespace {

using ::testing::HasSubstr;

// relu(x w1 + b1), then softmax(. w2 + b2), in double, straight from the formulas.
std::vector<double> reference(const Graph& graph, std::span<const float> x) {
  std::vector<double> activation(x.begin(), x.end());
  for (const Node& node : graph.nodes) {
    if (node.inputs.size() < 3) continue;
    const auto weights = graph.tensors[node.inputs[1]].floats(), bias = graph.tensors[node.inputs[2]].floats();
    std::vector<double> next(bias.begin(), bias.end());
    for (size_t o = 0; o < next.size(); ++o)
      for (size_t i = 0; i < activation.size(); ++i) next[o] += activation[i] * weights[o * activation.size() + i];
    if (&node == &graph.nodes[0])
      for (double& v : next) v = std::max(v, 0.0);
    activation = next;
  }
  double sum = 0;
  for (double& v : activation) sum += v = std::exp(v);
  for (double& v : activation) v /= sum;
  return activation;
}

TEST(FloatExecutor, BatchEqualsReferenceAndObserverSeesEveryActivation) {
  const std::vector<std::string> layers = {"Dense(7, relu)", "Dense(3, softmax)"};
  const Graph graph = *build_graph(layers, make_shape({4, 3}), 3);
  auto executor = FloatExecutor::create(graph, 5);
  ASSERT_TRUE(executor.ok()) << executor.error().message;
  Random random(11);
  for (float& v : executor->input(0)) v = static_cast<float>(random.normal());
  std::vector<size_t> seen;
  executor->run([&](int32_t, std::span<const float> values) { seen.push_back(values.size()); });
  EXPECT_EQ(seen, (std::vector<size_t>{5 * 12, 5 * 7, 5 * 3, 5 * 3}));
  for (size_t row = 0; row < 5; ++row) {
    const auto expected = reference(graph, executor->input(0).subspan(row * 12, 12));
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(executor->output(0)[row * 3 + c], expected[c], 1e-6);
  }
}

TEST(FloatExecutor, SeesNewWeightsWithoutRebuilding) {
  const std::vector<std::string> layers = {"Dense(1)"};
  Graph graph = *build_graph(layers, make_shape({2}), 3);
  auto executor = FloatExecutor::create(graph, 1);
  ASSERT_TRUE(executor.ok());
  executor->input(0)[0] = 2, executor->input(0)[1] = 3;
  Tensor& weights = graph.tensors[graph.nodes[0].inputs[1]];
  weights.floats()[0] = 10, weights.floats()[1] = 100;
  executor->run();
  EXPECT_FLOAT_EQ(executor->output(0)[0], 320);
}

TEST(FloatExecutor, ReshapeFollowsTheBatch) {
  const std::vector<std::string> layers = {"Reshape(2, 3)", "ReLU", "Flatten", "Dense(2)"};
  const Graph graph = *build_graph(layers, make_shape({6}), 3);
  const auto shapes = shapes_at_batch(graph, 9);
  ASSERT_TRUE(shapes.ok()) << shapes.error().message;
  EXPECT_EQ(to_string((*shapes)[graph.nodes[0].outputs[0]]), "9x2x3");
  EXPECT_EQ(to_string((*shapes)[graph.outputs[0]]), "9x2");
}

// Dense(4), then columns 3 and 0 of it.
Graph graph_with_gather() {
  Graph graph = *build_graph(std::vector<std::string>{"Dense(4)"}, make_shape({2}), 3);
  const auto add = [&](TensorType type, std::span<const int32_t> values) {
    Tensor& tensor = graph.tensors.emplace_back();
    tensor.name = fmt::format("tensor_{}", graph.tensors.size());
    tensor.type = type;
    tensor.constant = !values.empty();
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    tensor.data.assign(bytes, bytes + values.size_bytes());
    return static_cast<int32_t>(graph.tensors.size() - 1);
  };
  const int32_t columns[] = {3, 0};
  Node node;
  node.op = find_op("gather");
  node.attributes = Attributes::of(GatherAttributes{1, 0});
  node.inputs = {graph.outputs[0], add({DType::int32, make_shape({2}), {}}, columns)};
  node.outputs = {add({DType::float32, make_shape({1, 2}), {}}, {})};
  graph.outputs = node.outputs;
  graph.nodes.push_back(node);
  return graph;
}

TEST(FloatExecutor, ConstantIndicesChooseElements) {
  const Graph graph = graph_with_gather();
  auto executor = FloatExecutor::create(graph, 2);
  ASSERT_TRUE(executor.ok()) << executor.error().message;
  for (size_t i = 0; i < 4; ++i) executor->input(0)[i] = static_cast<float>(i) - 1.5f;
  executor->run();
  const std::span<const float> dense = executor->tensor(graph.nodes[1].inputs[0]), taken = executor->output(0);
  EXPECT_THAT(taken, testing::ElementsAre(dense[3], dense[0], dense[7], dense[4]));
}

TEST(FloatExecutor, RefusesForeignOperatorsAndIntegerWeights) {
  const std::vector<std::string> layers = {"Dense(2)"};
  Graph foreign = *build_graph(layers, make_shape({3}), 1), integer = foreign;
  foreign.nodes[0].op = nullptr;
  foreign.nodes[0].foreign = "CONV_2D version 3";
  EXPECT_THAT(FloatExecutor::create(foreign, 1).error().message, HasSubstr("CONV_2D version 3"));
  for (int32_t t : {integer.inputs[0], integer.nodes[0].inputs[1]}) integer.tensors[t].type.dtype = DType::int8;
  integer.tensors[integer.nodes[0].inputs[1]].data.resize(6);
  integer.tensors[integer.nodes[0].inputs[2]].type.dtype = DType::int32;
  EXPECT_THAT(FloatExecutor::create(integer, 1).error().message, HasSubstr("needs float32"));
}

}  // namespace
}  // namespace mote
