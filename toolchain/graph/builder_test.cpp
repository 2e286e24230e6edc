#include "toolchain/graph/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ops/fully_connected/fully_connected.h"
#include "toolchain/graph/layers/layer.h"

namespace mote {
namespace {

using ::testing::HasSubstr;

Result<Graph> build(std::vector<std::string> layers, std::vector<int32_t> input = {10}, uint64_t seed = 1) {
  return build_graph(layers, make_shape(input), seed);
}

std::string failure(std::vector<std::string> layers, std::vector<int32_t> input = {10}) {
  const auto graph = build(std::move(layers), std::move(input));
  return graph.ok() ? "built" : graph.error().message;
}

TEST(Builder, SeedModelOfTheField) {
  const auto graph = build({"Dense(64, relu)", "Dense(32, relu)", "Dense(3, softmax)"}, {100, 3});
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  EXPECT_EQ(graph->parameters(), 300 * 64 + 64 + 64 * 32 + 32 + 32 * 3 + 3);
  EXPECT_EQ(graph->macs(), 300 * 64 + 64 * 32 + 32 * 3);
  ASSERT_EQ(graph->nodes.size(), 4u);
  EXPECT_EQ(graph->nodes[0].attributes.as<FullyConnectedAttributes>().activation, Activation::relu);
  EXPECT_EQ(std::string(graph->nodes[3].op->name), "softmax");
  EXPECT_EQ(to_string(graph->tensors[graph->inputs[0]].type.shape), "1x300") << "a leading Dense takes the window flat";
  EXPECT_EQ(to_string(graph->tensors[graph->outputs[0]].type.shape), "1x3");
  EXPECT_EQ(graph->nodes[2].name, "dense_3");
  EXPECT_EQ(graph->nodes[3].name, "dense_3/softmax");
}

TEST(Builder, NamedArgumentsLetterCaseAndQuotes) {
  for (const char* layer :
       {"Dense(4, relu6)", "dense(units=4, activation='relu6')", " Dense( 4 ,activation=\"relu6\" ) "}) {
    const auto graph = build({layer});
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    EXPECT_EQ(graph->nodes[0].attributes.as<FullyConnectedAttributes>().activation, Activation::relu6) << layer;
  }
}

TEST(Builder, SeparateActivationIsFused) {
  const auto graph = build({"Dense(4)", "ReLU", "Dense(2)", "Softmax()"});
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  EXPECT_EQ(graph->nodes.size(), 3u);
  EXPECT_EQ(graph->nodes[0].attributes.as<FullyConnectedAttributes>().activation, Activation::relu);
}

TEST(Builder, ReshapeAndFlatten) {
  const auto graph = build({"Reshape(5, -1)", "ReLU", "Flatten", "Dense(2)"}, {20});
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  EXPECT_EQ(to_string(graph->tensors[graph->nodes[0].outputs[0]].type.shape), "1x5x4");
  EXPECT_EQ(to_string(graph->tensors[graph->nodes[2].outputs[0]].type.shape), "1x20");
  EXPECT_TRUE(build({"Reshape((5, 4))", "Dense(1)"}, {20}).ok());
  EXPECT_TRUE(build({"Reshape(target_shape=[5, 4])", "Dense(1)"}, {20}).ok());
}

TEST(Builder, InitialisationFollowsSeedFanAndActivation) {
  const auto a = build({"Dense(50, relu)", "Dense(40)"}, {200}, 7),
             b = build({"Dense(50, relu)", "Dense(40)"}, {200}, 7);
  const auto other = build({"Dense(50, relu)", "Dense(40)"}, {200}, 8);
  ASSERT_TRUE(a.ok() && b.ok() && other.ok());
  const Tensor& first = a->tensors[a->nodes[0].inputs[1]];
  EXPECT_EQ(first.data, b->tensors[b->nodes[0].inputs[1]].data);
  EXPECT_NE(first.data, other->tensors[other->nodes[0].inputs[1]].data);
  const auto spread = [](std::span<const float> values) {
    double squares = 0;
    for (float v : values) squares += double{v} * v;
    return std::sqrt(squares / static_cast<double>(values.size()));
  };
  EXPECT_NEAR(spread(first.floats()), std::sqrt(2.0 / 200), 0.002) << "He: variance 2 / fan in";
  EXPECT_NEAR(spread(a->tensors[a->nodes[1].inputs[1]].floats()), std::sqrt(2.0 / (50 + 40)), 0.005) << "Glorot";
  EXPECT_EQ(spread(a->tensors[a->nodes[0].inputs[2]].floats()), 0) << "bias";
}

TEST(Builder, ErrorsNameLayerColumnAndNearestName) {
  EXPECT_EQ(
      failure({"Dense(4)", "Dens(3)"}),
      "layer 2 \"Dens(3)\": column 1: there is no layer 'Dens'; did you mean 'Dense'? Known layers: Dense, Flatten, "
      "Reshape, Activation, ReLU, ReLU6, Softmax");
  EXPECT_THAT(failure({"Dense(4, relv)"}), HasSubstr("column 10: there is no activation 'relv'; did you mean 'relu'?"));
  EXPECT_THAT(failure({"Dense(unit=4)"}), HasSubstr("column 7: Dense has no argument 'unit'; did you mean 'units'?"));
  EXPECT_THAT(failure({"Dense()"}), HasSubstr("Dense needs units: a whole number above 0"));
  EXPECT_THAT(failure({"Dense(0)"}), HasSubstr("units of Dense must be a whole number above 0"));
  EXPECT_THAT(failure({"Dense(2.5)"}), HasSubstr("must be a whole number"));
  EXPECT_THAT(failure({"Dense(-3)"}), HasSubstr("must be a whole number"));
  EXPECT_THAT(failure({"Dense(4, relu, 5)"}), HasSubstr("column 16: Dense takes 2 arguments"));
  EXPECT_THAT(failure({"Dense(units=4, units=5)"}), HasSubstr("'units' is given twice"));
  EXPECT_THAT(failure({"Dense(units=4, relu)"}), HasSubstr("a positional argument follows a named one"));
  EXPECT_THAT(failure({"Dense(4"}), HasSubstr("column 8: expected ',' or ')'"));
  EXPECT_THAT(failure({"Dense(4) x"}), HasSubstr("unexpected 'x'"));
  EXPECT_THAT(failure({""}), HasSubstr("expected the name of a layer"));
  EXPECT_THAT(failure({"Flatten(3)"}), HasSubstr("Flatten takes 0 arguments"));
  EXPECT_THAT(failure({"Reshape(3, 3)"}), HasSubstr("do not multiply to the 10 numbers of shape 1x10"));
  EXPECT_THAT(failure({"Reshape(-1, -1)"}), HasSubstr("one may be -1"));
  EXPECT_THAT(failure({"Dense(1e99)"}), HasSubstr("must be a whole number"));
  EXPECT_THAT(failure({"Dense(2000000000)"}), HasSubstr("more than 2 GiB"));
  EXPECT_THAT(failure({}), HasSubstr("no layers"));
  EXPECT_THAT(failure({"Flatten"}), HasSubstr("computes nothing"));
  EXPECT_THAT(failure({"Dense(1)"}, {0}), HasSubstr("shape 0"));
  EXPECT_THAT(failure({"Dense(1)"}, {65536, 65536}), HasSubstr("cannot be the input"));
}

TEST(Builder, NoTextCrashesTheParser) {
  const std::string alphabet = "Dens(4,=relu)[-]'\" .9e\t\\\xff";
  Random random(20261122);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (uint32_t n = random.below(24); n > 0; --n)
      text += alphabet[random.below(static_cast<uint32_t>(alphabet.size()))];
    const auto layer = parse_layer(text);
    EXPECT_TRUE(layer.ok() || layer.error().kind == Error::Kind::input) << text;
  }
}

}  // namespace
}  // namespace mote
