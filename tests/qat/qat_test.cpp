// A network trained with fake quantization computes in float what its exported int8 model computes in integers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "toolchain/base/quant_params.h"
#include "toolchain/base/random.h"
#include "toolchain/graph/builder.h"
#include "toolchain/graph/float_executor.h"
#include "toolchain/graph/passes/fake_quantization.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/quantize/int8_executor.h"
#include "toolchain/quantize/quantize.h"
#include "toolchain/tflite/writer.h"
#include "toolchain/train/train.h"

namespace mote {
namespace {

constexpr int32_t kSteps = 24, kChannels = 2, kInputs = kSteps * kChannels;

// Noisy waves of three frequencies, two channels.
MemoryExamples waves(int64_t count, uint64_t seed) {
  Random random(seed);
  MemoryExamples examples;
  examples.input_elements = kInputs;
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<int32_t>(random.below(3));
    const double phase = random.uniform(0, 6.28);
    for (int32_t t = 0; t < kSteps; ++t)
      for (int32_t c = 0; c < kChannels; ++c)
        examples.inputs.push_back(
            static_cast<float>(std::sin(0.4 * t * (label + 1) + phase + c) + 0.6 * random.normal()));
    examples.labels.push_back(label);
  }
  return examples;
}

// Two outputs of different size and place, standardised as training sees them.
constexpr float kScale[] = {40.0f, 0.02f}, kOffset[] = {300.0f, -0.05f};
MemoryExamples planes(int64_t count, uint64_t seed) {
  Random random(seed);
  MemoryExamples examples;
  examples.input_elements = 2;
  for (int64_t i = 0; i < count; ++i) {
    const double a = random.normal(), b = random.normal();
    examples.inputs.insert(examples.inputs.end(), {static_cast<float>(a), static_cast<float>(b)});
    examples.targets.push_back(static_cast<float>(0.8 * a - 0.4 * b * b));
    examples.targets.push_back(static_cast<float>(std::tanh(a * b)));
  }
  return examples;
}

template <class T>
T must(Result<T> result) {
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return result.ok() ? std::move(*result) : T{};
}
void must(const Result<void>& result) {
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
}

struct Task {
  std::vector<std::string> layers;
  Shape input;
  MemoryExamples training, test;
  Loss loss = Loss::cross_entropy;
  std::span<const float> scale = {}, offset = {};
  QuantizeConfig quantize = {};
};

TrainConfig settings(const Task& task, int32_t epochs, float rate) {
  TrainConfig config;
  config.epochs = epochs;
  config.learning_rate = rate;
  config.loss = task.loss;
  return config;
}

struct Trained {
  Graph simulated;  // with fake quantization
  Graph deployed;   // float, weights of training with fake quantization
  std::vector<TensorRange> before, after;
  Graph int8;
};

// Float training, then training with fake quantization, then export.
Trained train_aware(const Task& task, float momentum = 0.9f, int32_t epochs = 4) {
  Graph start = must(build_graph(task.layers, task.input, 1));
  TrainResult floats = must(train(std::move(start), task.training, MemoryExamples(), settings(task, 8, 3e-3f), {}));
  to_inference_form(floats.graph);
  Trained result;
  result.deployed = floats.graph;
  if (!task.scale.empty()) must(fold_output_affine(result.deployed, task.scale, task.offset));
  const MatrixData calibration(task.training.inputs, task.training.input_elements);
  result.before = must(calibrate(result.deployed, calibration, task.quantize));
  must(insert_fake_quantization(floats.graph, {.ranges = result.before,
                                               .per_channel_weights = task.quantize.per_channel_weights,
                                               .momentum = momentum,
                                               .output_scale = task.scale,
                                               .output_offset = task.offset}));
  TrainResult aware;
  aware.graph = std::move(floats.graph);
  if (epochs > 0)
    aware = must(train(std::move(aware.graph), task.training, MemoryExamples(), settings(task, epochs, 5e-4f), {}));
  result.simulated = aware.graph;
  result.after = must(remove_fake_quantization(aware.graph));
  result.deployed = std::move(aware.graph);
  if (!task.scale.empty()) must(fold_output_affine(result.deployed, task.scale, task.offset));
  result.int8 = must(apply_quantization(result.deployed, result.after, task.quantize));
  return result;
}

struct Agreement {
  double equal = 0;     // share of output values
  int32_t largest = 0;  // difference in LSB
};

Agreement compare(const Trained& trained, const Task& task) {
  Result<Int8Executor> executor = Int8Executor::create("model", must(write_tflite(trained.int8)));
  Result<FloatExecutor> simulation = FloatExecutor::create(trained.simulated, 1);
  Agreement agreement;
  int64_t values = 0, equal = 0;
  for (int64_t row = 0; row < task.test.count(); ++row) {
    const auto input = std::span(task.test.inputs)
                           .subspan(static_cast<size_t>(row * task.test.input_elements), simulation->input(0).size());
    std::ranges::copy(input, simulation->input(0).begin());
    simulation->run();
    executor->reset();
    executor->set_input(0, input);
    must(executor->invoke());
    const RuntimeTensor output = executor->output(0);
    for (size_t i = 0; i < output.bytes.size(); ++i) {
      const float raw = simulation->output(0)[i];
      const float real = task.scale.empty() ? raw : raw * task.scale[i] + task.offset[i];
      const int32_t expected = quantize_int8(real, output.scale, output.zero_point);
      const int32_t difference = std::abs(expected - static_cast<int8_t>(output.bytes[i]));
      agreement.largest = std::max(agreement.largest, difference);
      equal += difference == 0;
      ++values;
    }
  }
  agreement.equal = static_cast<double>(equal) / static_cast<double>(values);
  return agreement;
}

void expect_same_bytes(const Task& task) {
  const Trained trained = train_aware(task);
  const Agreement agreement = compare(trained, task);
  EXPECT_GE(agreement.equal, 0.995);
  EXPECT_LE(agreement.largest, 1);
}

Task wave_task(std::vector<std::string> layers, Shape input) {
  return {std::move(layers), input, waves(600, 1), waves(700, 2)};
}

TEST(Qat, DenseSimulationIsTheExportedModel) {
  expect_same_bytes(wave_task({"Dense(24, relu)", "Dense(12, relu6)", "Dense(3, softmax)"}, make_shape({kInputs})));
}

TEST(Qat, DenseLogitsWithChannelScalesAreTheExportedModels) {
  Task task = wave_task({"Dense(24, relu)", "Dense(3)"}, make_shape({kInputs}));
  task.quantize.per_channel_weights = true;
  expect_same_bytes(task);
}

TEST(Qat, ConvolutionsWithResidualAndPoolsAreTheExportedModel) {
  const std::vector<std::string> body = {"Conv1D(8, 3, padding=same)",
                                         "BatchNorm",
                                         "x = ReLU",
                                         "Conv1D(8, 3, padding=same)",
                                         "BatchNorm",
                                         "Add(x, activation=relu)",
                                         "MaxPool1D(2)",
                                         "DepthwiseConv1D(3)",
                                         "BatchNorm",
                                         "ReLU",
                                         "AvgPool1D(2)"};
  for (const std::vector<std::string>& head :
       std::vector<std::vector<std::string>>{{"Flatten", "Dense(3, softmax)"}, {"GlobalAvgPool", "Dense(3)"}}) {
    std::vector<std::string> layers = body;
    layers.insert(layers.end(), head.begin(), head.end());
    SCOPED_TRACE(head[0]);
    expect_same_bytes(wave_task(layers, make_shape({kSteps, kChannels})));
  }
}

TEST(Qat, BranchesAndOtherActivationsAreTheExportedModel) {
  expect_same_bytes(wave_task(
      {"a = Conv1D(6, 3, padding=same)", "LeakyReLU(0.1)", "c = MaxPool1D(2)", "Conv1D(4, 3, padding=same, from=a)",
       "AvgPool1D(2)", "Concat(c)", "Flatten", "Dense(10, tanh)", "Dense(3, softmax)"},
      make_shape({kSteps, kChannels})));
}

TEST(Qat, HardSwishIsTheExportedModels) {
  expect_same_bytes(
      wave_task({"Conv1D(8, 3, padding=same)", "BatchNorm", "Activation(hard_swish)", "Conv1D(8, 3)", "BatchNorm",
                 "Activation(hard_swish)", "GlobalAvgPool", "Dense(12, hard_swish)", "Dense(3)"},
                make_shape({kSteps, kChannels})));
}

TEST(Qat, GrusAreTheExportedModel) {
  expect_same_bytes(wave_task({"AvgPool1D(4)", "GRU(6)", "Dense(3, softmax)"}, make_shape({kSteps, kChannels})));
  expect_same_bytes(wave_task({"AvgPool1D(4)", "GRU(5, return_sequences=true)", "GRU(4)", "Dense(3, softmax)"},
                              make_shape({kSteps, kChannels})));
}

TEST(Qat, StepsOfAGruHaveOneScale) {
  const Trained trained = train_aware(wave_task({"GRU(5)", "Dense(3, softmax)"}, make_shape({kSteps, kChannels})));
  std::set<float> scales;
  std::set<int32_t> weights;
  for (const Node& node : trained.int8.nodes)
    if (node.name.ends_with("/zr_h")) {
      scales.insert(trained.int8.tensors[static_cast<size_t>(node.inputs[0])].type.quant.scales[0]);
      weights.insert(node.inputs[1]);
    }
  EXPECT_EQ(scales.size(), 1u);
  EXPECT_EQ(weights.size(), 1u);
}

TEST(Qat, LstmsAreTheExportedModel) {
  const Shape shape = make_shape({kSteps, kChannels});
  expect_same_bytes(wave_task({"LSTM(6)", "Dense(3, softmax)"}, shape));
  expect_same_bytes(
      wave_task({"LSTM(5, return_sequences=true)", "Conv1D(6, 3, relu)", "GlobalAvgPool", "Dense(3, softmax)"}, shape));
  expect_same_bytes(wave_task({"Conv1D(4, 3, relu)", "LSTM(5, return_sequences=true)", "LSTM(4)", "Dense(3)"}, shape));
}

// The last batch has fewer rows than the others.
TEST(Qat, AnLstmIsTheSameInBatches) {
  const Task task = wave_task({"LSTM(6)", "Dense(3, softmax)"}, make_shape({kSteps, kChannels}));
  const Trained trained = train_aware(task);
  const std::vector<float> batches = must(predict(trained.simulated, task.test, 1));
  Result<FloatExecutor> one = FloatExecutor::create(trained.simulated, 1);
  for (int64_t row = 0; row < task.test.count(); ++row) {
    std::ranges::copy(std::span(task.test.inputs).subspan(static_cast<size_t>(row * kInputs), kInputs),
                      one->input(0).begin());
    one->run();
    for (size_t i = 0; i < 3; ++i)
      ASSERT_NEAR(batches[static_cast<size_t>(row) * 3 + i], one->output(0)[i], 1e-5) << "row " << row;
  }
}

// Also what the layers behind an LSTM see, and its own clipped numbers.
TEST(Qat, AnLstmsOwnOutputIsTheExportedModels) {
  Task task = wave_task({"LSTM(7, return_sequences=true)"}, make_shape({kSteps, kChannels}));
  task.loss = Loss::mse;
  Random random(3);
  for (MemoryExamples* examples : {&task.training, &task.test}) {
    examples->labels.clear();
    for (int64_t i = 0; i < examples->count() * kSteps * 7; ++i)
      examples->targets.push_back(static_cast<float>(random.uniform(-0.5, 0.5)));
  }
  expect_same_bytes(task);
  task.quantize.method = RangeMethod::percentile;
  task.quantize.percentile = 90;
  expect_same_bytes(task);
}

TEST(Qat, RegressionIsQuantizedInTheUnitsOfItsTargets) {
  Task task{{"Dense(16, relu)", "Dense(16, relu)", "Dense(2)"},
            make_shape({2}),
            planes(600, 1),
            planes(700, 2),
            Loss::mse,
            kScale,
            kOffset};
  task.quantize.per_channel_weights = true;
  expect_same_bytes(task);
}

// Ranges that follow what is seen outwards, and only outwards.
TEST(Qat, RangesWidenAndNeverShrink) {
  Task task = wave_task({"Dense(16, relu)", "Dense(3)"}, make_shape({kInputs}));
  const Trained still = train_aware(task, 1.0f);
  const Trained learned = train_aware(task, 0.5f);
  ASSERT_EQ(learned.before.size(), learned.after.size());
  bool wider = false;
  for (size_t i = 0; i < learned.before.size(); ++i) {
    EXPECT_EQ(still.before[i].low, still.after[i].low);
    EXPECT_EQ(still.before[i].high, still.after[i].high);
    EXPECT_EQ(learned.before[i].tensor, learned.after[i].tensor);
    EXPECT_LE(learned.after[i].low, learned.before[i].low);
    EXPECT_GE(learned.after[i].high, learned.before[i].high);
    wider = wider || learned.after[i].high > learned.before[i].high;
  }
  EXPECT_TRUE(wider) << "training moved no activation beyond what the float network had";
}

TEST(Qat, TakingItOutGivesBackTheGraph) {
  const std::vector<std::string> layers = {"a = Conv1D(4, 3, padding=same, activation=relu)",
                                           "Conv1D(4, 3, padding=same)", "Add(a)", "LSTM(4)", "Dense(3, softmax)"};
  Graph graph = must(build_graph(layers, make_shape({kSteps, kChannels}), 1));
  to_inference_form(graph);
  const Graph before = graph;
  const MemoryExamples examples = waves(20, 1);
  const std::vector<TensorRange> ranges = must(calibrate(graph, MatrixData(examples.inputs, kInputs), {}));
  FakeQuantization quantization;
  quantization.ranges = ranges;
  must(insert_fake_quantization(graph, quantization));
  EXPECT_GT(graph.nodes.size(), before.nodes.size());
  const std::vector<TensorRange> after = must(remove_fake_quantization(graph));
  ASSERT_EQ(graph.nodes.size(), before.nodes.size());
  ASSERT_EQ(graph.tensors.size(), before.tensors.size());
  EXPECT_EQ(graph.outputs, before.outputs);
  for (size_t i = 0; i < before.nodes.size(); ++i) {
    EXPECT_EQ(graph.nodes[i].op, before.nodes[i].op) << i;
    EXPECT_EQ(graph.nodes[i].inputs, before.nodes[i].inputs) << i;
    EXPECT_EQ(graph.nodes[i].outputs, before.nodes[i].outputs) << i;
  }
  for (const TensorRange& range : after)
    for (const TensorRange& first : ranges)
      if (first.tensor == range.tensor) {
        EXPECT_EQ(first.low, range.low);
        EXPECT_EQ(first.high, range.high);
      }
}

double accuracy(const Graph& int8, const MemoryExamples& test) {
  Result<Int8Executor> executor = Int8Executor::create("model", must(write_tflite(int8)));
  int64_t right = 0;
  for (int64_t row = 0; row < test.count(); ++row) {
    executor->set_input(0, std::span(test.inputs).subspan(static_cast<size_t>(row * kInputs), kInputs));
    must(executor->invoke());
    const std::vector<float> scores = executor->output(0).dequantized();
    right += std::max_element(scores.begin(), scores.end()) - scores.begin() == test.labels[static_cast<size_t>(row)];
  }
  return static_cast<double>(right) / static_cast<double>(test.count());
}

// Ranges eleven times too wide leave fewer than five bits of resolution.
TEST(Qat, WinsBackWhatCoarseStepsLose) {
  Task task = wave_task({"Dense(24, relu)", "Dense(3, softmax)"}, make_shape({kInputs}));
  task.quantize.margin = 10;
  const Trained aware = train_aware(task, 1.0f, 12);
  Trained unaware = train_aware(task, 1.0f, 0);
  EXPECT_GT(accuracy(aware.int8, task.test), accuracy(unaware.int8, task.test) + 0.01);
}

}  // namespace
}  // namespace mote
