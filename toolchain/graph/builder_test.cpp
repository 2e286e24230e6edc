#include "toolchain/graph/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ops/fully_connected/fully_connected.h"
#include "toolchain/graph/layers/layer.h"
#include "toolchain/graph/passes/passes.h"

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

std::string known_layers() {
  std::string known;
  for (const LayerForm* form : all_layer_forms())
    for (const char* name : form->names) known += (known.empty() ? "" : ", ") + std::string(name);
  return known;
}

// The operators in order, and the shape of every output.
std::string outline(std::vector<std::string> layers, std::vector<int32_t> input) {
  const auto graph = build(std::move(layers), std::move(input));
  if (!graph.ok()) return graph.error().message;
  std::string text = to_string(graph->tensors[graph->inputs[0]].type.shape);
  for (const Node& node : graph->nodes)
    text += std::string(" ") + node.op->name + " " + to_string(graph->tensors[node.outputs[0]].type.shape);
  return text;
}

double spread(std::span<const float> values) {
  double squares = 0;
  for (float v : values) squares += double{v} * v;
  return std::sqrt(squares / static_cast<double>(values.size()));
}

TEST(Builder, SequencesAreImagesOfOneRow) {
  EXPECT_EQ(outline({"Conv1D(16, 5, relu)", "BatchNorm", "MaxPool1D(2)", "Conv1D(8, 3, 2, same)", "GlobalAvgPool1D",
                     "Dense(3, softmax)"},
                    {128, 6}),
            "1x1x128x6 conv_2d 1x1x124x16 batch_norm 1x1x124x16 max_pool_2d 1x1x62x16 conv_2d 1x1x31x8 mean 1x8 "
            "fully_connected 1x3 softmax 1x3");
  EXPECT_EQ(outline({"Conv1D(4, 3, padding=causal, dilation_rate=4)"}, {20, 2}),
            "1x1x20x2 pad 1x1x28x2 conv_2d 1x1x20x4");
  EXPECT_EQ(outline({"BatchNorm", "Conv1D(4, 3)", "Dense(2)"}, {10, 2}),
            "1x10x2 batch_norm 1x10x2 reshape 1x1x10x2 conv_2d 1x1x8x4 reshape 1x32 fully_connected 1x2");
  EXPECT_EQ(outline({"DepthwiseConv1D(3, depth_multiplier=2)", "SeparableConv1D(5, 3, activation=tanh)"}, {10, 2}),
            "1x1x10x2 depthwise_conv_2d 1x1x8x4 depthwise_conv_2d 1x1x6x4 conv_2d 1x1x6x5 tanh 1x1x6x5");
  EXPECT_EQ(outline({"ZeroPad(2, 1)", "AvgPool(3, 1, same)", "Reshape(13, 2)", "GlobalMaxPool"}, {10, 2}),
            "1x1x10x2 pad 1x1x13x2 average_pool_2d 1x1x13x2 reshape 1x13x2 reshape 1x1x13x2 reduce_max 1x2");
}

TEST(Builder, RecurrentLayersGiveTheirLastStepOrAll) {
  EXPECT_EQ(outline({"LSTM(4)", "Dense(2)"}, {10, 3}),
            "1x10x3 unidirectional_sequence_lstm 1x10x4 slice 1x1x4 reshape 1x4 fully_connected 1x2");
  EXPECT_EQ(outline({"Conv1D(8, 3)", "LSTM(4, return_sequences=true)", "LSTM(2)"}, {10, 3}),
            "1x1x10x3 conv_2d 1x1x8x8 reshape 1x8x8 unidirectional_sequence_lstm 1x8x4 unidirectional_sequence_lstm "
            "1x8x2 slice 1x1x2 reshape 1x2");
  EXPECT_EQ(outline({"GRU(4)", "Dense(2)"}, {10, 3}), "1x10x3 gru 1x4 fully_connected 1x2");
  EXPECT_EQ(outline({"Conv1D(8, 3)", "GRU(4, return_sequences=true)", "GRU(2)"}, {10, 3}),
            "1x1x10x3 conv_2d 1x1x8x8 reshape 1x8x8 gru 1x8x4 gru 1x2");
  EXPECT_THAT(failure({"LSTM(4)"}), HasSubstr("it takes [steps, channels]"));
  EXPECT_THAT(failure({"GRU(4)"}), HasSubstr("it takes [steps, channels]"));
  EXPECT_THAT(failure({"GRU(9999)"}, {10, 3}), HasSubstr("at most 4096 units"));
  EXPECT_THAT(failure({"GRU(4)"}, {129, 3}), HasSubstr("129 steps are more than the 128"));
  EXPECT_THAT(failure({"LSTM(9999)"}, {10, 3}), HasSubstr("at most 4096 units"));
}

TEST(Builder, AGruKeepsItsStateAtFirst) {
  const auto graph = build({"GRU(2)"}, {4, 3});
  ASSERT_TRUE(graph.ok());
  for (const Tensor& tensor : graph->tensors) {
    if (tensor.name != "gru_1/gates/bias") continue;
    const std::span<const float> bias = tensor.floats();
    EXPECT_EQ(std::vector<float>(bias.begin(), bias.end()), (std::vector<float>{2, 2, 0, 0}));
    EXPECT_TRUE(tensor.trainable);
  }
}

TEST(Builder, AnLstmKeepsItsStateAtFirst) {
  const auto graph = build({"LSTM(60)"}, {4, 20});
  ASSERT_TRUE(graph.ok());
  const auto values = [&](const std::string& name) {
    const auto found = std::ranges::find(graph->tensors, "lstm_1/" + name, &Tensor::name);
    return found == graph->tensors.end() ? std::span<const float>() : std::as_const(*found).floats();
  };
  for (const float bias : values("forget_gate/bias")) EXPECT_EQ(bias, 2);
  for (const float bias : values("input_gate/bias")) EXPECT_EQ(bias, 0);
  EXPECT_NEAR(spread(values("cell_gate/weights")), std::sqrt(2.0 / (20 + 60)), 0.01) << "Glorot: tanh is no rectifier";
  EXPECT_NEAR(spread(values("output_gate/recurrent")), std::sqrt(2.0 / (60 + 60)), 0.01);
}

TEST(Builder, Images) {
  EXPECT_EQ(
      outline({"Conv2D(8, 3, 2, same, relu)", "DepthwiseConv2D((3, 1), padding=same)", "MaxPooling2D((2, 1))",
               "ZeroPad2D(1, 0, 2, 0)", "SeparableConv2D(6, 1)", "Dropout(0.3)", "GlobalAveragePooling2D", "Dense(2)"},
              {8, 6, 3}),
      "1x8x6x3 conv_2d 1x4x3x8 depthwise_conv_2d 1x4x3x8 max_pool_2d 1x2x3x8 pad 1x3x5x8 depthwise_conv_2d "
      "1x3x5x8 conv_2d 1x3x5x6 dropout 1x3x5x6 mean 1x6 fully_connected 1x2");
  EXPECT_EQ(outline({"Reshape(8, 6, 1)", "Conv2D(2, 3, use_bias=false)"}, {8, 6}),
            "1x8x6 reshape 1x8x6x1 conv_2d 1x6x4x2");
}

TEST(Builder, BranchesByName) {
  EXPECT_EQ(
      outline({"x = Conv2D(4, 3, padding=same)", "Conv2D(4, 3, padding=same)", "Add(x, activation=relu)"}, {5, 5, 1}),
      "1x5x5x1 conv_2d 1x5x5x4 conv_2d 1x5x5x4 add 1x5x5x4")
      << "the relu is fused";
  EXPECT_EQ(outline({"a = Conv1D(4, 3, padding=same)", "b = Conv1D(3, 1, from=input)", "Concat(a, b)"}, {9, 2}),
            "1x1x9x2 conv_2d 1x1x9x4 conv_2d 1x1x9x3 concatenation 1x1x9x7");
  EXPECT_EQ(outline({"a = BatchNorm", "Conv1D(2, 1)", "Add(a, input)"}, {9, 2}),
            "1x9x2 batch_norm 1x9x2 reshape 1x1x9x2 conv_2d 1x1x9x2 reshape 1x1x9x2 reshape 1x1x9x2 add 1x1x9x2 add "
            "1x1x9x2");
  EXPECT_THAT(outline({"x = Dense(4)", "Dense(3)", "Add(x)"}, {5}), HasSubstr("'x' has shape 1x4, which does not fit"));
  EXPECT_THAT(outline({"x = Dense(4)", "Dense(4)", "Add(y)"}, {5}), HasSubstr("did you mean 'x'?"));
  EXPECT_THAT(outline({"x = Dense(4)", "Add(x)"}, {5}), HasSubstr("it needs the name of another output"));
  EXPECT_THAT(outline({"x = Dense(4)", "x = Dense(4)"}, {5}), HasSubstr("there is an output 'x' already"));
  EXPECT_THAT(outline({"input = Dense(4)"}, {5}), HasSubstr("there is an output 'input' already"));
  EXPECT_THAT(outline({"x = Dense(4)", "Dense(4)", "Dense(3, from=x)"}, {5}),
              HasSubstr("the output of layer 'dense_2' is read by no other"));
  EXPECT_THAT(outline({"Dense(4, from=3)"}, {5}), HasSubstr("from must be the name of an earlier output"));
}

// Of the model to be exported.
void expect_size(std::vector<std::string> layers, std::vector<int32_t> input, int64_t parameters, int64_t macs) {
  SCOPED_TRACE(layers[0]);
  auto graph = build(std::move(layers), std::move(input));
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  to_inference_form(*graph);
  EXPECT_EQ(graph->parameters(), parameters);
  EXPECT_EQ(graph->macs(), macs);
}

TEST(Builder, ArchitecturesHaveTheSizesOfTheirModels) {
  expect_size({"DSCNN(64, blocks=4)", "Dense(10, softmax)"}, {49, 10}, 22'474, 2'656'640);
  expect_size({"ResNet8()", "Dense(10, softmax)"}, {32, 32, 3}, 77'706, 12'501'632);
  expect_size({"MobileNetV1(0.25)", "Dense(2, softmax)"}, {96, 96, 3}, 210'850, 7'489'664);
  expect_size({"Autoencoder(128, 128, 128, 128, latent=8)"}, {640}, 265'864, 264'192);
}

TEST(Builder, TcnAddsEachBlockToItsInput) {
  EXPECT_EQ(
      outline({"TCN(4, kernel_size=2, blocks=2)", "GlobalAvgPool", "Dense(2)"}, {16, 3}),
      "1x1x16x3 pad 1x1x17x3 conv_2d 1x1x16x4 batch_norm 1x1x16x4 pad 1x1x17x4 conv_2d 1x1x16x4 batch_norm 1x1x16x4 "
      "conv_2d 1x1x16x4 add 1x1x16x4 pad 1x1x18x4 conv_2d 1x1x16x4 batch_norm 1x1x16x4 pad 1x1x18x4 conv_2d 1x1x16x4 "
      "batch_norm 1x1x16x4 add 1x1x16x4 mean 1x4 fully_connected 1x2");
  EXPECT_THAT(outline({"ResNet8"}, {9}), HasSubstr("layer 1 \"ResNet8\" on 9: its layer \"Conv2D(16, 3, 1, same, "
                                                   "use_bias=false)\": it takes [steps"));
}

TEST(Builder, ErrorsNameTheInputShape) {
  EXPECT_THAT(outline({"Conv1D(4, 3)", "Conv1D(4, 9)"}, {9, 2}),
              HasSubstr("layer 2 \"Conv1D(4, 9)\" on 7x4: a window of width 9"));
  EXPECT_THAT(outline({"Conv2D(4, 3)"}, {9, 2}), HasSubstr("layer 1 \"Conv2D(4, 3)\" on 9x2: it takes [height"));
  EXPECT_THAT(outline({"Conv1D(4, 3)"}, {9, 9, 2}), HasSubstr("on 9x9x2: it takes [steps, channels]"));
  EXPECT_THAT(outline({"Conv1D(4, 3)"}, {9}), HasSubstr("put a Reshape in front of it"));
  EXPECT_THAT(outline({"Conv1D(4, (3, 3))"}, {9, 2}), HasSubstr("one number along the steps is enough"));
  EXPECT_THAT(outline({"Conv2D(4, 3, padding=causal)"}, {9, 9, 2}),
              HasSubstr("only a window along steps can be causal"));
  EXPECT_THAT(outline({"Conv1D(4, 3, sane)"}, {9, 2}),
              HasSubstr("column 14: there is no padding or activation 'sane'; did you mean 'same'?"));
  EXPECT_THAT(outline({"Conv1D(4, 3, same, 2)"}, {9, 2}), HasSubstr("activation of Conv1D must be one of"));
  EXPECT_THAT(outline({"Dropout(1)"}, {9}), HasSubstr("rate of Dropout must be a number of at least 0 and below 1"));
  EXPECT_THAT(outline({"Conv2D(60000, 60000)"}, {9, 9, 2}), HasSubstr("more than 2 GiB of weights"));
}

TEST(Builder, EveryActivationByName) {
  for (const char* name : activation_names()) {
    EXPECT_TRUE(build({std::string("Dense(4, ") + name + ")"}).ok()) << name;
    EXPECT_TRUE(build({"Dense(4)", std::string("Activation(") + name + ")"}).ok()) << name;
  }
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
  EXPECT_NEAR(spread(first.floats()), std::sqrt(2.0 / 200), 0.002) << "He: variance 2 / fan in";
  EXPECT_NEAR(spread(a->tensors[a->nodes[1].inputs[1]].floats()), std::sqrt(2.0 / (50 + 40)), 0.005) << "Glorot";
  EXPECT_EQ(spread(a->tensors[a->nodes[0].inputs[2]].floats()), 0) << "bias";
}

TEST(Builder, ErrorsNameLayerColumnAndNearestName) {
  EXPECT_EQ(
      failure({"Dense(4)", "Dens(3)"}),
      std::string("layer 2 \"Dens(3)\": column 1: there is no layer 'Dens'; did you mean 'Dense'? Known layers: ") +
          known_layers());
  EXPECT_THAT(failure({"Dense(4, relv)"}), HasSubstr("column 10: there is no activation 'relv'; did you mean 'relu'?"));
  EXPECT_THAT(failure({"Dense(unit=4)"}), HasSubstr("column 7: Dense has no argument 'unit'; did you mean 'units'?"));
  EXPECT_THAT(failure({"Dense()"}), HasSubstr("Dense needs units: a whole number above 0"));
  EXPECT_THAT(failure({"Dense(0)"}), HasSubstr("units of Dense must be a whole number above 0"));
  EXPECT_THAT(failure({"Dense(2.5)"}), HasSubstr("must be a whole number"));
  EXPECT_THAT(failure({"Dense(-3)"}), HasSubstr("must be a whole number"));
  EXPECT_THAT(failure({"Dense(4, relu, true, 5)"}), HasSubstr("column 22: Dense takes 3 arguments"));
  EXPECT_THAT(failure({"Dense(4, relu, 5)"}), HasSubstr("column 16: use_bias of Dense must be one of false, true"));
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
  const std::string alphabet = "Densx(4,=relu)[-]'\" .9e\t\\\xff";
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
