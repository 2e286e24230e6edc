// The reverse pass of whole nets against central differences, and of a graph whose tensors have several consumers.
#include "toolchain/train/program.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <string_view>

#include "toolchain/base/simd/simd.h"
#include "toolchain/graph/passes/fake_quantization.h"
#include "toolchain/train/loss.h"
#include "toolchain/train/test_models.h"

namespace mote {
namespace {

constexpr int32_t kRows = 5;

// Loss of one batch as a function of the weights, and its gradient.
class BatchLoss {
 public:
  BatchLoss(const Graph& graph, Loss loss)
      : graph_(graph),
        layout_(ParameterLayout::of(graph)),
        weights_(layout_.total),
        gradients_(layout_.total),
        loss_{loss, weight_list_, 0.7f, 0} {
    load_parameters(graph, layout_, weights_.data());
    const int32_t softmax = loss == Loss::cross_entropy ? final_softmax(graph) : kAbsent;
    logits_ = softmax == kAbsent ? graph.outputs[0] : graph.nodes[static_cast<size_t>(softmax)].inputs[0];
    auto program = ShardProgram::create(graph, layout_, weights_.data(), gradients_.data(), logits_, kRows);
    EXPECT_TRUE(program.ok()) << (program.ok() ? "" : program.error().message);
    if (program.ok()) program_.push_back(std::move(*program));
    Random random(3);
    // Biases start at zero, where a row whose units are all silent would put the next layer on the kink of its ReLU.
    for (const Parameter& p : layout_.parameters)
      for (int64_t i = 0; i < p.size && !p.matrix; ++i)
        weights_.data()[p.offset + i] = static_cast<float>(0.3 * random.normal());
    inputs_ = FloatBuffer(kRows * elements(graph.inputs[0]));
    targets_ = FloatBuffer(kRows * elements(graph.outputs[0]));
    for (int64_t i = 0; i < inputs_.size(); ++i) inputs_.data()[i] = static_cast<float>(random.normal());
    for (int64_t i = 0; i < targets_.size(); ++i) targets_.data()[i] = static_cast<float>(random.normal());
    for (int32_t row = 0; row < kRows; ++row) labels_.push_back(row % static_cast<int32_t>(elements(graph.outputs[0])));
    row_labels_.labels = labels_;
  }
  // Not only the rows' own labels.
  void soften(float smoothing, float share) {
    loss_.label_smoothing = smoothing;
    mixed_.assign(labels_.rbegin(), labels_.rend());
    row_labels_ = {labels_, mixed_, share};
  }

  double loss(bool backward) {
    ShardProgram& program = program_[0];
    program.set_batch(kRows, inputs_.data());
    program.forward();
    float* gradient = backward ? program.loss_gradient() : nullptr;
    LossSums sums;
    if (loss_.loss == Loss::cross_entropy)
      sums =
          cross_entropy(loss_, row_labels_, static_cast<int32_t>(elements(graph_.outputs[0])), program.value(logits_),
                        program.value(graph_.outputs[0]), 1, batch_weight(loss_, row_labels_), gradient);
    else
      sums = regression_loss(loss_, kRows * elements(graph_.outputs[0]), program.value(graph_.outputs[0]),
                             targets_.data(), static_cast<double>(kRows * elements(graph_.outputs[0])), gradient);
    if (backward) program.backward();
    return sums.loss / sums.weight;
  }

  void expect_gradients_match_differences(double tolerance) {
    loss(true);
    int kinks = 0;
    for (const Parameter& p : layout_.parameters)
      for (int64_t i = p.offset; i < p.offset + p.size; ++i) {
        const double difference = slope(i, 2e-3f);
        // A step across the kink of a ReLU: half the step gives another slope.
        if (std::abs(difference - slope(i, 1e-3f)) > 0.5 * tolerance) {
          ++kinks;
          continue;
        }
        ASSERT_NEAR(double{gradients_.data()[i]}, difference, tolerance)
            << graph_.tensors[static_cast<size_t>(p.tensor)].name << ", element " << i - p.offset;
      }
    EXPECT_LE(kinks, layout_.total / 20);
  }

 private:
  // Central difference of the loss by one weight.
  double slope(int64_t i, float step) {
    const float weight = weights_.data()[i], above = weight + step, below = weight - step;
    weights_.data()[i] = above;
    const double loss_above = loss(false);
    weights_.data()[i] = below;
    const double loss_below = loss(false);
    weights_.data()[i] = weight;
    return (loss_above - loss_below) / (double{above} - double{below});
  }

  int64_t elements(int32_t tensor) const { return graph_.tensors[static_cast<size_t>(tensor)].type.shape.elements(); }

  const Graph& graph_;
  ParameterLayout layout_;
  FloatBuffer weights_, gradients_, inputs_, targets_;
  std::vector<float> weight_list_{0.5f, 2.0f, 1.0f};
  LossConfig loss_;
  std::vector<int32_t> labels_, mixed_;
  RowLabels row_labels_;
  int32_t logits_ = kAbsent;
  std::vector<ShardProgram> program_;
};

TEST(Program, GradientsOfAClassifierMatchDifferences) {
  // The scalar level adds in double, so the differences are not drowned in rounding.
  const SimdOverride scalar(*simd_levels()[0]);
  const Graph graph = dense_graph({"Dense(7, relu)", "Dense(5, relu6)", "Dense(3, softmax)"}, 6);
  BatchLoss(graph, Loss::cross_entropy).expect_gradients_match_differences(5e-4);
}

TEST(Program, GradientsTowardsMixedAndSmoothedTargetsMatchDifferences) {
  const SimdOverride scalar(*simd_levels()[0]);
  const Graph graph = dense_graph({"Dense(7, relu)", "Dense(3, softmax)"}, 6);
  BatchLoss batch(graph, Loss::cross_entropy);
  const double plain = batch.loss(false);
  batch.soften(0.1f, 0.7f);
  EXPECT_NE(batch.loss(false), plain);
  batch.expect_gradients_match_differences(5e-4);
}

TEST(Program, GradientsThroughASoftmaxMatchDifferences) {
  const SimdOverride scalar(*simd_levels()[0]);
  const Graph graph = dense_graph({"Dense(5, relu)", "Dense(3, softmax)"}, 4);
  BatchLoss(graph, Loss::mse).expect_gradients_match_differences(5e-4);  // not fused: softmax's own backward
}

TEST(Program, GradientsOfRegressionLossesMatchDifferences) {
  const SimdOverride scalar(*simd_levels()[0]);
  const Graph graph = dense_graph({"Dense(6, relu)", "Dense(2)"}, 3);
  for (const Loss loss : {Loss::mse, Loss::mae, Loss::huber}) {
    SCOPED_TRACE(static_cast<int>(loss));
    BatchLoss(graph, loss).expect_gradients_match_differences(2e-3);
  }
}

TEST(Program, GradientsOfSharedTensorsAreAdded) {
  // Two layers with the same weights and bias: y = W2 relu(W1 relu(W1 x + b) + b).
  const SimdOverride scalar(*simd_levels()[0]);
  Graph graph = dense_graph({"Dense(4, relu)", "Dense(4, relu)", "Dense(2)"}, 4);
  ASSERT_EQ(graph.nodes.size(), 3u);
  for (const size_t input : {1u, 2u}) {
    graph.tensors[static_cast<size_t>(graph.nodes[1].inputs[input])].trainable = false;
    graph.nodes[1].inputs[input] = graph.nodes[0].inputs[input];
  }
  BatchLoss(graph, Loss::mse).expect_gradients_match_differences(1e-3);
}

TEST(Program, EveryLevelGivesTheGradientsOfTheScalarOne) {
  const Graph graph = dense_graph({"Dense(37, relu)", "Dense(19, relu)", "Dense(3, softmax)"}, 45);
  const ParameterLayout layout = ParameterLayout::of(graph);
  FloatBuffer weights(layout.total);
  load_parameters(graph, layout, weights.data());
  std::vector<float> expected;
  for (const SimdKernels* level : simd_levels()) {
    const SimdOverride override_level(*level);
    FloatBuffer gradients(layout.total);
    auto program = ShardProgram::create(graph, layout, weights.data(), gradients.data(), graph.outputs[0], kRows);
    ASSERT_TRUE(program.ok()) << program.error().message;
    std::vector<float> inputs(kRows * 45);
    Random random(5);
    for (float& value : inputs) value = static_cast<float>(random.normal());
    program->set_batch(kRows, inputs.data());
    program->forward();
    for (int32_t i = 0; i < kRows * 3; ++i) program->loss_gradient()[i] = static_cast<float>(random.normal());
    program->backward();
    if (expected.empty()) expected.assign(gradients.data(), gradients.data() + layout.total);
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(gradients.data()[i], expected[i], 1e-5f) << level->name << ", element " << i;
  }
}

Graph image_graph(const std::vector<std::string>& layers) {
  const Result<Graph> graph = build_graph(layers, make_shape({8, 8, 3}), 1);
  EXPECT_TRUE(graph.ok()) << (graph.ok() ? "" : graph.error().message);
  return graph.ok() ? *graph : Graph{};
}

// Everything that a part of the rows may meet: statistics of all rows, outputs made again, a branch over several
// stages, clipped outputs, layers that see all rows at once.
Graph everything() {
  return image_graph({"Conv2D(6, 3, padding=same, use_bias=false)", "BatchNorm", "x = ReLU",
                      "DepthwiseConv2D(3, padding=same, activation=relu)", "Conv2D(6, 1, use_bias=false)", "BatchNorm",
                      "Add(x)", "ReLU", "Conv2D(8, 3, strides=2, padding=same, activation=relu6)", "Dropout(0.3)",
                      "Conv2D(8, 1, use_bias=false)", "BatchNorm", "ReLU6", "MaxPool(2)", "Flatten", "Dense(9, relu)",
                      "Dense(3, softmax)"});
}
// Both of two branches end in a batch normalization; one has several filters for each channel.
Graph branches() {
  return image_graph({"x = Conv2D(4, 3, padding=same)", "BatchNorm", "a = ReLU", "Conv2D(8, 1, use_bias=false)",
                      "y = BatchNorm", "DepthwiseConv2D(3, depth_multiplier=2, padding=same, from=a)", "BatchNorm",
                      "Add(y)", "ReLU", "GlobalAvgPool", "Dense(3, softmax)"});
}
// Two convolutions with the same weights and bias.
Graph shared_weights() {
  Graph graph = image_graph({"Conv2D(4, 3, padding=same)", "Conv2D(4, 3, padding=same)", "BatchNorm",
                             "Conv2D(4, 3, padding=same)", "BatchNorm", "GlobalAvgPool", "Dense(3, softmax)"});
  std::vector<size_t> convolutions;
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (std::string_view(graph.nodes[i].op->name) == "conv_2d") convolutions.push_back(i);
  for (const size_t input : {1u, 2u}) {
    graph.tensors[static_cast<size_t>(graph.nodes[convolutions[2]].inputs[input])].trainable = false;
    graph.nodes[convolutions[2]].inputs[input] = graph.nodes[convolutions[1]].inputs[input];
  }
  return graph;
}
// Layers of each kind that learn nothing, between those that do.
Graph frozen() {
  Graph graph = everything();
  for (size_t i = 2; i < graph.nodes.size(); i += 2)
    for (size_t input = 1; input < graph.nodes[i].inputs.size(); ++input)
      graph.tensors[static_cast<size_t>(graph.nodes[i].inputs[input])].trainable = false;
  return graph;
}
// Training with fake quantization: weights that are computed once for all rows.
Graph quantization_aware() {
  Graph graph = image_graph({"Conv2D(6, 3, padding=same, activation=relu)", "DepthwiseConv2D(3, padding=same)",
                             "Activation(hard_swish)", "Conv2D(6, 1)", "GlobalAvgPool", "Dense(3)"});
  std::vector<TensorRange> ranges;
  for (size_t i = 0; i < graph.tensors.size(); ++i)
    if (!graph.tensors[i].constant) ranges.push_back({static_cast<int32_t>(i), -4, 4});
  const Result<void> inserted = insert_fake_quantization(graph, {.ranges = ranges});
  EXPECT_TRUE(inserted.ok()) << (inserted.ok() ? "" : inserted.error().message);
  return graph;
}

struct Pass {
  std::vector<float> outputs, gradients, weights;  // weights: with the statistics learned
  int64_t bytes = 0;
};

Pass run_pass(const Graph& graph, int32_t rows, int64_t part_floats) {
  constexpr int32_t kMost = 11;
  const ParameterLayout layout = ParameterLayout::of(graph);
  FloatBuffer weights(layout.total), gradients(layout.total);
  load_parameters(graph, layout, weights.data());
  auto program =
      ShardProgram::create(graph, layout, weights.data(), gradients.data(), graph.outputs[0], kMost, part_floats);
  EXPECT_TRUE(program.ok()) << (program.ok() ? "" : program.error().message);
  if (!program.ok()) return {};
  Random random(5);
  std::vector<float> inputs(static_cast<size_t>(rows) * 8 * 8 * 3);
  for (float& value : inputs) value = static_cast<float>(random.normal());
  program->set_batch(rows, inputs.data());
  program->set_training(true, 4);
  program->forward();
  for (int32_t i = 0; i < rows * 3; ++i) program->loss_gradient()[i] = static_cast<float>(random.normal());
  program->backward();
  ShardProgram* const shards[] = {&*program};
  ShardProgram::learn_statistics(shards);
  const float* const outputs = program->value(graph.outputs[0]);
  return {{outputs, outputs + rows * 3},
          {gradients.data(), gradients.data() + layout.total},
          {weights.data(), weights.data() + layout.total},
          program->planned_bytes()};
}

void expect_near(const std::vector<float>& a, const std::vector<float>& b, float tolerance, const char* what) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], tolerance * (1 + std::fabs(a[i]))) << what << " " << i;
}

TEST(Program, PartsOfTheRowsGiveWhatAllRowsGive) {
  for (const auto make : {everything, branches, shared_weights, frozen, quantization_aware}) {
    const Graph graph = make();
    ASSERT_FALSE(graph.nodes.empty());
    for (const int32_t rows : {11, 6, 1}) {
      const Pass once = run_pass(graph, rows, int64_t{1} << 40);
      for (const int64_t floats : {1, 1000, 4000}) {
        SCOPED_TRACE(testing::Message() << graph.nodes.size() << " nodes, " << rows << " rows, parts of " << floats);
        const Pass parts = run_pass(graph, rows, floats);
        expect_near(once.outputs, parts.outputs, 1e-5f, "output");
        expect_near(once.gradients, parts.gradients, 1e-4f, "gradient");
        expect_near(once.weights, parts.weights, 1e-5f, "weight");
      }
    }
  }
}

TEST(Program, ALineTakenGivesWhatItsOutputGives) {
  for (const auto make : {everything, branches, frozen}) {
    const Graph graph = make();
    Graph makes_all = graph;
    std::deque<OpDef> without;
    for (Node& node : makes_all.nodes) {
      without.push_back(*node.op);
      without.back().takes_line = false;
      node.op = &without.back();
    }
    for (const int64_t floats : {1000, 4000}) {
      SCOPED_TRACE(testing::Message() << graph.nodes.size() << " nodes, parts of " << floats);
      const Pass taken = run_pass(graph, 11, floats), made = run_pass(makes_all, 11, floats);
      expect_near(taken.outputs, made.outputs, 1e-6f, "output");
      expect_near(taken.gradients, made.gradients, 1e-6f, "gradient");
      expect_near(taken.weights, made.weights, 1e-6f, "weight");
    }
  }
}

TEST(Program, WhatIsUsedUpAtOnceOrMadeAgainNeedsMemoryForAPartOnly) {
  const Graph graph = everything();
  ASSERT_FALSE(graph.nodes.empty());
  EXPECT_LT(run_pass(graph, 11, 1).bytes, run_pass(graph, 11, int64_t{1} << 40).bytes);
}

TEST(Program, NamesWhatCannotBeTrained) {
  Graph graph = dense_graph({"Dense(4, relu)", "Dense(2)"}, 3);
  const ParameterLayout layout = ParameterLayout::of(graph);
  FloatBuffer weights(layout.total), gradients(layout.total);
  OpDef without_gradient = *graph.nodes[1].op;
  without_gradient.backward = nullptr;
  without_gradient.not_trainable = "its result is a step function";
  graph.nodes[1].op = &without_gradient;
  const auto program = ShardProgram::create(graph, layout, weights.data(), gradients.data(), graph.outputs[0], 2);
  ASSERT_FALSE(program.ok());
  EXPECT_NE(program.error().message.find("step function"), std::string::npos) << program.error().message;
  EXPECT_NE(program.error().message.find(graph.nodes[1].name), std::string::npos) << program.error().message;

  Graph fixed = dense_graph({"Dense(2)"}, 3);
  for (Tensor& tensor : fixed.tensors) tensor.trainable = false;
  const auto nothing =
      ShardProgram::create(fixed, ParameterLayout::of(fixed), weights.data(), gradients.data(), fixed.outputs[0], 2);
  ASSERT_FALSE(nothing.ok());
  EXPECT_NE(nothing.error().message.find("nothing to train"), std::string::npos);
}

}  // namespace
}  // namespace mote
