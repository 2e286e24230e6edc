#include <gtest/gtest.h>

#include "toolchain/graph/passes/padding_model.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {
namespace {

// How many pads went.
int32_t merged_in(Graph graph) {
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).error().message;
  const size_t nodes = graph.nodes.size();
  const int32_t count = merge_padding(graph);
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).error().message;
  EXPECT_EQ(graph.nodes.size(), nodes - static_cast<size_t>(count));
  return count;
}
int32_t merged(const PaddingModel& model) {
  return merged_in(model.graph());
}

TEST(MergePadding, ZerosGoIntoConvolutions) {
  EXPECT_EQ(merged({}), 1);
  EXPECT_EQ(merged({.readers = {"depthwise_conv_2d"}}), 1);
  EXPECT_EQ(merged({.readers = {"conv_2d", "depthwise_conv_2d", "conv_2d"}}), 1) << "all of several readers";
  EXPECT_EQ(merged({.value = -20}), 1) << "a padv2 with the zero point";
  EXPECT_EQ(merged({.padding = Padding::same}), 1);
  EXPECT_EQ(merged({.top = 0, .bottom = 2, .left = 0, .right = 1, .stride = 2}), 1);
}

TEST(MergePadding, TheLeastNumberGoesIntoMaxPool) {
  EXPECT_EQ(merged({.readers = {"max_pool_2d"}, .zero_point = -128}), 1);
  EXPECT_EQ(merged({.readers = {"max_pool_2d"}, .value = -128}), 1);
  EXPECT_EQ(merged({.readers = {"max_pool_2d"}}), 0);
  EXPECT_EQ(merged({.readers = {"max_pool_2d"}, .integer = false}), 0);
}

TEST(MergePadding, StaysWhereBytesWouldChange) {
  EXPECT_EQ(merged({.value = -19}), 0) << "not the zero point";
  EXPECT_EQ(merged({.integer = false}), 0) << "float32 stays as it is";
  EXPECT_EQ(merged({.readers = {"average_pool_2d"}, .zero_point = -128}), 0) << "it counts what it sees";
  EXPECT_EQ(merged({.readers = {"conv_2d", "average_pool_2d"}}), 0) << "one reader cannot take it";
  EXPECT_EQ(merged({.channels_after = 1}), 0) << "channels are padded too";
  EXPECT_EQ(merged({.top = 3}), 0) << "a window sees nothing of the image";
  Graph output = PaddingModel{}.graph();
  output.outputs.push_back(output.nodes[0].outputs[0]);
  output.output_names.emplace_back("padded");
  EXPECT_EQ(merged_in(output), 0) << "the padded image is an output";
  Graph scale = PaddingModel{}.graph();
  scale.tensors[static_cast<size_t>(scale.nodes[0].inputs[0])].type.quant.scales[0] = 0.25f;
  EXPECT_EQ(merged_in(scale), 0) << "the pad gives the stored numbers another meaning";
}

}  // namespace
}  // namespace mote
