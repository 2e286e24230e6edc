#include "toolchain/graph/transfer.h"

#include <gtest/gtest.h>

#include "toolchain/graph/builder.h"

namespace mote {
namespace {

Graph net(const std::vector<std::string>& layers, uint64_t seed) {
  auto graph = build_graph(layers, make_shape({6}), seed);
  EXPECT_TRUE(graph.ok()) << (graph.ok() ? "" : graph.error().message);
  return graph.ok() ? std::move(*graph) : Graph{};
}

const Tensor& named(const Graph& graph, const std::string& name) {
  for (const Tensor& tensor : graph.tensors)
    if (tensor.name == name) return tensor;
  ADD_FAILURE() << name;
  return graph.tensors[0];
}

TEST(Transfer, LayersOfTheSameNameAndShapeAreTaken) {
  const Graph from = net({"Dense(8, relu)", "Dense(5, softmax)"}, 1);
  Graph to = net({"Dense(8, relu)", "Dense(3, softmax)"}, 2);
  const auto last = named(to, "dense_2/weights").data;
  const auto taken = take_weights(from, to);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_EQ(*taken, 2);
  EXPECT_EQ(named(to, "dense_1/weights").data, named(from, "dense_1/weights").data);
  EXPECT_EQ(named(to, "dense_2/weights").data, last);
}

TEST(Transfer, AModelWithoutACommonLayerIsRefused) {
  Graph to = net({"Dense(8, relu)", "Dense(3, softmax)"}, 2);
  const auto taken = take_weights(net({"Dense(7, relu)", "Dense(2)"}, 1), to);
  ASSERT_FALSE(taken.ok());
  EXPECT_NE(taken.error().message.find("'dense_1/weights' of shape 7x6"), std::string::npos) << taken.error().message;
  EXPECT_NE(taken.error().message.find("of shape 8x6"), std::string::npos) << taken.error().message;
}

TEST(Transfer, FrozenLayersAreConstant) {
  Graph graph = net({"Dense(8, relu)", "Dense(3, softmax)"}, 1);
  ASSERT_TRUE(freeze_layers(graph, std::vector<std::string>{"dense_1"}).ok());
  EXPECT_FALSE(named(graph, "dense_1/weights").trainable);
  EXPECT_TRUE(named(graph, "dense_1/weights").constant);
  EXPECT_TRUE(named(graph, "dense_2/bias").trainable);
}

TEST(Transfer, WrongLayersToFreezeAreNamed) {
  Graph graph = net({"Dense(8, relu)", "Dense(3, softmax)"}, 1);
  const auto unknown = freeze_layers(graph, std::vector<std::string>{"dense_3"});
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message.find("did you mean 'dense_"), std::string::npos) << unknown.error().message;
  const auto all = freeze_layers(graph, std::vector<std::string>{"dense_1", "dense_2"});
  ASSERT_FALSE(all.ok());
  EXPECT_NE(all.error().message.find("nothing to train"), std::string::npos);
}

}  // namespace
}  // namespace mote
