#include "toolchain/plan/row_stream.h"

#include <gtest/gtest.h>

#include "ops/add/add.h"
#include "ops/conv_2d/conv_2d.h"
#include "toolchain/plan/inspect.h"

namespace mote {
namespace {

int32_t image(Graph& graph, int32_t height, int32_t width, int32_t channels) {
  graph.tensors.push_back({"t" + std::to_string(graph.tensors.size()),
                           {DType::int8, make_shape({1, height, width, channels}), {{0.5f}, {0}, 0}},
                           false,
                           false,
                           {}});
  return static_cast<int32_t>(graph.tensors.size()) - 1;
}

// A 3 x 3 convolution to `outputs` channels with SAME padding.
int32_t convolve(Graph& graph, int32_t input, int32_t outputs, int32_t stride) {
  const Shape x = graph.tensors[input].type.shape, shape = make_shape({outputs, 3, 3, x[3]});
  const Conv2DAttributes a{0, stride, stride, Activation::none, 1, 1};
  Tensor weights{"w", {DType::int8, shape, {{0.01f}, {0}, 0}}, true, false, {}};
  weights.data.resize(static_cast<size_t>(shape.elements()));
  graph.tensors.push_back(weights);
  const auto weights_index = static_cast<int32_t>(graph.tensors.size()) - 1;
  const int32_t output = image(graph, (x[1] + stride - 1) / stride, (x[2] + stride - 1) / stride, outputs);
  graph.nodes.push_back({find_op("conv_2d"), "conv", Attributes::of(a), {input, weights_index, kAbsent}, {output}, ""});
  return output;
}

struct Residual {
  Graph graph;
  int32_t first, second, sum;
};

// Two convolutions and the sum of what they make with what they are given, as in ResNet.
Residual residual() {
  Residual b;
  const int32_t input = image(b.graph, 32, 32, 16);
  b.first = convolve(b.graph, input, 16, 1);
  b.second = convolve(b.graph, b.first, 16, 1);
  b.sum = image(b.graph, 32, 32, 16);
  b.graph.nodes.push_back({find_op("add"), "add", Attributes::of(AddAttributes{}), {b.second, input}, {b.sum}, ""});
  b.graph.inputs = {input};
  b.graph.outputs = {b.sum};
  b.graph.input_names = {"in"};
  b.graph.output_names = {"out"};
  return b;
}

TEST(RowStream, KeepsTheRowsThatAWindowStillSees) {
  const Residual b = residual();
  const auto stream = RowStreams(b.graph).stream(0, 2, 4);
  ASSERT_TRUE(stream.has_value());
  EXPECT_EQ(stream->steps, 8);
  ASSERT_EQ(stream->kept.size(), 2u);
  EXPECT_EQ(stream->kept[0].tensor, b.first);
  EXPECT_EQ(stream->kept[0].rows, 6) << "4 and one on either side";
  EXPECT_EQ(stream->kept[1].rows, 4);
  EXPECT_EQ(stream->rows_after(0, 1), 5);
  EXPECT_EQ(stream->rows_after(0, 8), 32);
  EXPECT_EQ(stream->covered, b.graph.inputs[0]);
  EXPECT_EQ(stream->lead, 0) << "the convolutions are ahead of the sum";
}

TEST(RowStream, ATensorThatIsReadLaterIsWhole) {
  Residual b = residual();
  b.graph.outputs.push_back(b.second);
  const auto stream = RowStreams(b.graph).stream(0, 2, 4);
  ASSERT_TRUE(stream.has_value());
  ASSERT_EQ(stream->kept.size(), 1u);
  EXPECT_EQ(stream->kept[0].tensor, b.first);
}

TEST(RowStream, GoesAsFastAsTheStridesAfterIt) {
  Graph graph;
  const int32_t input = image(graph, 48, 48, 4), wide = convolve(graph, input, 16, 1),
                last = convolve(graph, wide, 4, 2);
  graph.inputs = {input};
  graph.outputs = {last};
  const auto stream = RowStreams(graph).stream(0, 1, 2);
  ASSERT_TRUE(stream.has_value());
  EXPECT_EQ(stream->stages[0].rate, 4);
  EXPECT_EQ(stream->kept[0].rows, 5);
  EXPECT_EQ(stream->rows_after(0, stream->steps), 48);
}

TEST(RowStream, LowersThePeakAndSaysByHowMuch) {
  const Residual b = residual();
  const auto plans = arena_plans(b.graph, b.graph);
  ASSERT_TRUE(plans.ok()) << plans.error().message;
  const MemoryPlan& plan = plans->compiled;
  ASSERT_EQ(plan.streams.size(), 1u);
  EXPECT_LT(plan.arena_bytes, 20'000);
  EXPECT_GT(plans->whole.arena_bytes, 32'768);
  EXPECT_TRUE(plan.optimal);
  EXPECT_LE(plan.offsets[b.sum], plan.offsets[b.graph.inputs[0]]);
  EXPECT_GT(plan.offsets[b.sum] + 16'384, plan.offsets[b.graph.inputs[0]]);
  const std::string text = inspect_text({"m.tflite", 1234, "", {}}, b.graph, *plans);
  for (const char* part :
       {"nodes 0 to 2 (conv_2d, add) go by rows", "is an input, which the application writes", "by rows the arena is"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_EQ(inspect_json({"m.tflite", 1234, "", {}}, b.graph, *plans)["compiled_arena"]["by_rows"].size(), 1u);
}

// A batch, and rows that a constant has too, are not for rows.
TEST(RowStream, OnlyOfOneImage) {
  Residual b = residual();
  b.graph.tensors[b.graph.inputs[0]].constant = true;
  EXPECT_FALSE(RowStreams(b.graph).can_run_by_rows(2));
  EXPECT_TRUE(RowStreams(b.graph).can_run_by_rows(1));
  for (Tensor& tensor : b.graph.tensors)
    if (tensor.type.shape[0] == 1) tensor.type.shape.dims[0] = 2;
  EXPECT_FALSE(RowStreams(b.graph).can_run_by_rows(1));
}

}  // namespace
}  // namespace mote
