#include "toolchain/graph/transfer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string_view>

#include "ops/batch_norm/batch_norm.h"
#include "toolchain/base/random.h"
#include "toolchain/graph/builder.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/graph/training_form.h"

namespace mote {
namespace {

Graph net(const std::vector<std::string>& layers, uint64_t seed, const Shape& input = make_shape({6})) {
  auto graph = build_graph(layers, input, seed);
  EXPECT_TRUE(graph.ok()) << (graph.ok() ? "" : graph.error().message);
  return graph.ok() ? std::move(*graph) : Graph{};
}

const Tensor& named(const Graph& graph, const std::string& name) {
  for (const Tensor& tensor : graph.tensors)
    if (tensor.name == name) return tensor;
  ADD_FAILURE() << name;
  return graph.tensors[0];
}

// All its parameters drawn, statistics too.
Graph trained_net(const std::vector<std::string>& layers, const Shape& input) {
  Graph graph = net(layers, 1, input);
  Random random(5);
  for (Tensor& tensor : graph.tensors)
    for (float& value : tensor.floats()) value = static_cast<float>(random.uniform(0.25, 1.25));
  return graph;
}

// What a file of the trained network holds.
Graph exported(const Graph& trained) {
  Graph graph = trained;
  to_inference_form(graph);
  keep_training_form(trained, graph);
  return graph;
}

const std::vector<std::string> kNormalized = {
    "Conv1D(4, 3, use_bias=false)", "BatchNorm", "ReLU", "Conv1D(5, 3, relu)", "BatchNorm", "GRU(3)", "Dense(2)"};

TEST(Transfer, AnExportedNetworkIsRestored) {
  const Graph trained = trained_net(kNormalized, make_shape({8, 2}));
  Graph to = net(kNormalized, 2, make_shape({8, 2}));
  const auto taken = take_weights(exported(trained), to);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_EQ(taken->taken, taken->tensors);
  EXPECT_TRUE(taken->not_taken.empty());
  ASSERT_EQ(to.tensors.size(), trained.tensors.size());
  for (size_t i = 0; i < to.tensors.size(); ++i) EXPECT_EQ(to.tensors[i].data, trained.tensors[i].data) << i;
  EXPECT_EQ(to_string(*taken, "a.mote"), fmt::format("{0} of {0} tensors taken from a.mote", taken->tensors));
}

TEST(Transfer, OnlyNumbersThatTheExportedFormLacksAreKept) {
  const Graph dense = exported(trained_net({"Dense(50, relu)", "Dense(50)"}, make_shape({50})));
  EXPECT_LT(dense.metadata.at(kTrainingFormMetadata).size(), 200u);
}

TEST(Transfer, WhatIsNotTakenIsNamed) {
  Graph to = net(
      {"Conv1D(4, 3, use_bias=false)", "BatchNorm", "ReLU", "Conv1D(6, 3, relu)", "BatchNorm", "Flatten", "Dense(3)"},
      2, make_shape({8, 2}));
  const auto taken = take_weights(exported(trained_net(kNormalized, make_shape({8, 2}))), to);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_EQ(taken->taken, 5);
  EXPECT_EQ(to_string(*taken, "a.mote"),
            "5 of 13 tensors taken from a.mote; not: conv1d_4/weights [6x1x3x4 here, 5x1x3x4 there], conv1d_4/bias [6 "
            "here, 5 there], batchnorm_5/gamma [6 here, 5 there], batchnorm_5/beta [6 here, 5 there], "
            "batchnorm_5/mean [6 here, 5 there], batchnorm_5/variance [6 here, 5 there] and 2 more");
}

TEST(Transfer, FoldedBatchNormalizationIsRefused) {
  Graph from = trained_net(kNormalized, make_shape({8, 2}));
  to_inference_form(from);
  Graph to = net(kNormalized, 2, make_shape({8, 2}));
  const Graph before = to;
  const auto taken = take_weights(from, to);
  ASSERT_FALSE(taken.ok());
  EXPECT_NE(taken.error().message.find("'batchnorm_2'"), std::string::npos) << taken.error().message;
  EXPECT_NE(taken.error().message.find("train the network it comes from again"), std::string::npos);
  for (size_t i = 0; i < to.tensors.size(); ++i) EXPECT_EQ(to.tensors[i].data, before.tensors[i].data);
}

TEST(Transfer, AnInt8ModelIsRefused) {
  Graph from = net({"Dense(8)"}, 1);
  for (Tensor& tensor : from.tensors) {
    tensor.type = {DType::int8, tensor.type.shape, {{0.5f}, {0}, 0}};
    tensor.data.resize(static_cast<size_t>(tensor.constant ? tensor.type.bytes() : 0));
  }
  Graph to = net({"Dense(8)"}, 2);
  const auto taken = take_weights(from, to);
  ASSERT_FALSE(taken.ok());
  EXPECT_NE(taken.error().message.find("int8 model"), std::string::npos) << taken.error().message;
  EXPECT_NE(taken.error().message.find("float.mote"), std::string::npos) << taken.error().message;
}

TEST(Transfer, ADamagedEntryIsRefused) {
  const Graph whole = exported(trained_net(kNormalized, make_shape({8, 2})));
  const std::string& entry = whole.metadata.at(kTrainingFormMetadata);
  Graph damaged = whole;
  for (size_t size = 0; size < entry.size(); size += size < 100 ? 1 : 13) {
    damaged.metadata[kTrainingFormMetadata] = entry.substr(0, size);
    EXPECT_FALSE(training_form(damaged).ok()) << size;
  }
  damaged.metadata[kTrainingFormMetadata] = entry + "x";
  EXPECT_FALSE(training_form(damaged).ok());
  ASSERT_GT(entry.size(), 200u);
  Random random(3);
  for (int i = 0; i < 2000; ++i) {  // no crash, and errors that say something
    std::string bytes = entry;
    for (int k = 0; k < 3; ++k) bytes[random.below(200)] = static_cast<char>(random.bits());
    damaged.metadata[kTrainingFormMetadata] = bytes;
    const auto read = training_form(damaged);
    EXPECT_TRUE(read.ok() || !read.error().message.empty());
  }
}

TEST(Transfer, FrozenBatchNormalizationKeepsItsStatistics) {
  Graph graph = net(kNormalized, 1, make_shape({8, 2}));
  ASSERT_TRUE(freeze_layers(graph, std::vector<std::string>{"batchnorm_5"}).ok());
  for (const Node& node : graph.nodes) {
    if (std::string_view(node.op->name) != "batch_norm") continue;
    EXPECT_EQ(node.attributes.as<BatchNormAttributes>().frozen, node.name == "batchnorm_5") << node.name;
  }
}

TEST(Transfer, LayersOfTheSameNameAndShapeAreTaken) {
  const Graph from = net({"Dense(8, relu)", "Dense(5, softmax)"}, 1);
  Graph to = net({"Dense(8, relu)", "Dense(3, softmax)"}, 2);
  const auto last = named(to, "dense_2/weights").data;
  const auto taken = take_weights(from, to);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_EQ(taken->taken, 2);
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
