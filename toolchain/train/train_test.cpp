#include "toolchain/train/train.h"

#include <gtest/gtest.h>

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "toolchain/base/simd/simd.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/train/optimizer.h"
#include "toolchain/train/test_models.h"

namespace {
thread_local bool counting = false;
std::atomic<int64_t> allocations = 0;
std::atomic<int64_t> live_bytes = 0, peak_bytes = 0;

void* counted(size_t bytes, size_t alignment) {
  if (counting) ++allocations;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  const int64_t live = live_bytes += static_cast<int64_t>(malloc_usable_size(memory));
  for (int64_t peak = peak_bytes; live > peak && !peak_bytes.compare_exchange_weak(peak, live);) {
  }
  return memory;
}

void release(void* memory) {
  live_bytes -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}
}  // namespace

void* operator new(size_t bytes) {
  return counted(bytes, alignof(std::max_align_t));
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, size_t) noexcept {
  release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  release(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  release(memory);
}

namespace mote {
namespace {

TEST(Train, LearnsAClassifier) {
  TrainConfig config = short_config(20);
  const TrainResult result = train_or_die(config, wave_examples(600, 1), wave_examples(200, 2));
  ASSERT_EQ(result.history.size(), 20u);
  EXPECT_GT(result.history.front().loss, result.history.back().loss);
  EXPECT_GT(result.history[static_cast<size_t>(result.best_epoch - 1)].validation_metric, 0.97);
  EXPECT_EQ(result.examples_seen, 20 * 600);
  const MemoryExamples test = wave_examples(300, 3);
  const auto outputs = predict(result.graph, test, 1);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  int right = 0;
  for (size_t i = 0; i < 300; ++i) {
    const float* p = outputs->data() + i * 3;
    right += std::max_element(p, p + 3) - p == test.labels[i] ? 1 : 0;
    EXPECT_NEAR(p[0] + p[1] + p[2], 1, 1e-5);
  }
  EXPECT_GT(right, 290);
}

const std::vector<std::string> kConvolution = {"Reshape(20, 1)",
                                               "Conv1D(8, 5)",
                                               "BatchNorm",
                                               "ReLU",
                                               "MaxPool1D(2)",
                                               "Dropout(0.2)",
                                               "x = Conv1D(8, 3, padding=same)",
                                               "BatchNorm",
                                               "Add(x, activation=relu)",
                                               "GlobalAvgPool",
                                               "Dense(3, softmax)"};

TEST(Train, LearnsAConvolutionWithBatchNormAndDropout) {
  TrainConfig config = short_config(12);
  const TrainResult result =
      train_or_die(config, wave_examples(600, 1), wave_examples(200, 2), {}, dense_graph(kConvolution, 20));
  ASSERT_EQ(result.history.size(), 12u);
  EXPECT_GT(result.history[static_cast<size_t>(result.best_epoch - 1)].validation_metric, 0.95);
  Graph exported = result.graph;
  to_inference_form(exported);
  const MemoryExamples test = wave_examples(100, 3);
  const auto trained = predict(result.graph, test, 1), folded = predict(exported, test, 1);
  ASSERT_TRUE(trained.ok() && folded.ok());
  for (size_t i = 0; i < trained->size(); ++i) EXPECT_NEAR((*trained)[i], (*folded)[i], 1e-4) << i;
}

TEST(Train, LearnsRecurrentLayers) {
  for (const char* layer : {"LSTM(8)", "GRU(8)"}) {
    SCOPED_TRACE(layer);
    auto graph = build_graph(std::vector<std::string>{layer, "Dense(3, softmax)"}, make_shape({20, 1}), 1);
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    TrainConfig config = short_config(12);
    config.learning_rate = 2e-2f;
    const TrainResult result = train_or_die(config, wave_examples(400, 1, 0.2), wave_examples(100, 2, 0.2), {}, *graph);
    ASSERT_EQ(result.history.size(), 12u);
    EXPECT_GT(result.history.back().validation_metric, 0.9);
  }
}

TEST(Train, StatisticsAndDropoutDoNotDependOnThreadsOrARestart) {
  const Graph graph = dense_graph(kConvolution, 20);
  const MemoryExamples training = wave_examples(330, 1), validation = wave_examples(60, 2);
  TrainConfig config = short_config(4);
  config.batch = 64;
  config.shards = 4;
  const TrainResult once = train_or_die(config, training, validation, {}, graph);
  config.threads = 3;
  EXPECT_EQ(all_bytes(train_or_die(config, training, validation, {}, graph).graph), all_bytes(once.graph));
  const Folder folder;
  config.checkpoint = folder / "run.checkpoint";
  TrainCallbacks stop;
  int batches = 0;
  stop.cancelled = [&] { return ++batches == 15; };  // in the third epoch
  ASSERT_TRUE(train_or_die(config, training, validation, stop, graph).cancelled);
  const TrainResult resumed = train_or_die(config, training, validation, {}, graph);
  EXPECT_EQ(resumed.resumed_from, 2);
  EXPECT_EQ(all_bytes(resumed.graph), all_bytes(once.graph));
}

TEST(Train, LearnsARegressionWithEveryLossAndOptimizer) {
  const Graph graph = dense_graph({"Dense(16, relu)", "Dense(2)"}, 2);
  for (const Loss loss : {Loss::mse, Loss::mae, Loss::huber})
    for (const Optimizer optimizer : {Optimizer::sgd, Optimizer::adam, Optimizer::adamw}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(loss) << " " << static_cast<int>(optimizer));
      TrainConfig config = short_config(30);
      config.loss = loss;
      config.optimizer = optimizer;
      config.learning_rate = optimizer == Optimizer::sgd ? 0.03f : 0.01f;
      const TrainResult result = train_or_die(config, plane_examples(400, 1, 2), plane_examples(100, 2, 2), {}, graph);
      ASSERT_FALSE(result.history.empty());
      EXPECT_LT(result.history.back().validation_metric, 0.15);
      EXPECT_GT(result.history.front().validation_metric, 0.3);
    }
}

TEST(Train, LogitsWithoutASoftmaxLearnTheSame) {
  const std::vector<std::string> logits = {"Dense(16, relu)", "Dense(3)"};
  const TrainConfig config = short_config(3);
  Graph with = dense_graph(kClassifier, 20), without = dense_graph(logits, 20);
  // The same start: the builder may scale the last layer by its activation.
  for (size_t i = 0; i < without.tensors.size(); ++i)
    if (without.tensors[i].trainable) {
      ASSERT_EQ(without.tensors[i].type, with.tensors[i].type);
      without.tensors[i].data = with.tensors[i].data;
    }
  const MemoryExamples training = wave_examples(100, 1);
  EXPECT_EQ(weight_bytes(train_or_die(config, training, MemoryExamples{}, {}, with).graph),
            weight_bytes(train_or_die(config, training, MemoryExamples{}, {}, without).graph));
}

TEST(Train, AnAutoEncoderLearnsItsInput) {
  MemoryExamples waves = wave_examples(300, 1, 0.05);
  waves.labels.clear();
  TrainConfig config = short_config(30);
  config.loss = Loss::mse;
  const TrainResult result =
      train_or_die(config, waves, MemoryExamples{}, {},
                   dense_graph({"Dense(8, relu)", "Dense(4, relu)", "Dense(8, relu)", "Dense(20)"}, 20));
  ASSERT_FALSE(result.history.empty());
  EXPECT_LT(result.history.back().loss, 0.3 * result.history.front().loss);
}

TEST(Train, WeightsDoNotDependOnTheThreads) {
  const NoisyExamples training(wave_examples(203, 1));
  const MemoryExamples validation = wave_examples(50, 2);
  for (const int32_t shards : {0, 3, 5}) {
    TrainConfig config = short_config(3);
    config.shards = shards;
    std::vector<uint8_t> expected;
    for (const int32_t threads : {1, 2, 3}) {
      config.threads = threads;
      const std::vector<uint8_t> bytes = weight_bytes(train_or_die(config, training, validation).graph);
      if (expected.empty()) expected = bytes;
      EXPECT_EQ(bytes, expected) << shards << " shards, " << threads << " threads";
    }
  }
}

TEST(Train, MixedExamplesDoNotDependOnTheThreads) {
  const MemoryExamples training = wave_examples(203, 1), validation = wave_examples(50, 2);
  TrainConfig config = short_config(3);
  config.mixup = 0.4f;
  config.label_smoothing = 0.1f;
  config.shards = 3;
  const auto one = weight_bytes(train_or_die(config, training, validation).graph);
  config.threads = 2;
  EXPECT_EQ(weight_bytes(train_or_die(config, training, validation).graph), one);
  config.mixup = 0;
  EXPECT_NE(weight_bytes(train_or_die(config, training, validation).graph), one);
}

// Mixed inputs have mixed targets, so a linear map is learned as well as without.
TEST(Train, MixupKeepsALinearMap) {
  const Graph graph = dense_graph({"Dense(1)"}, 2);
  TrainConfig config = short_config(40);
  config.loss = Loss::mse;
  config.mixup = 1;
  config.learning_rate = 0.05f;
  const TrainResult result = train_or_die(config, plane_examples(400, 1), plane_examples(100, 2), {}, graph);
  ASSERT_FALSE(result.history.empty());
  EXPECT_LT(result.history.back().validation_metric, 0.02);
}

// With a smoothing of s the loss is least at p = 1 - s + s / classes, not at 1.
TEST(Train, SmoothedLabelsKeepProbabilitiesApartFromOne) {
  const MemoryExamples training = wave_examples(300, 1, 0.1);
  TrainConfig config = short_config(40);
  const auto mean_largest = [&] {
    const TrainResult result = train_or_die(config, training, MemoryExamples{});
    const auto outputs = predict(result.graph, training, 1);
    double sum = 0;
    for (size_t i = 0; i < 300; ++i) sum += double{*std::max_element(&(*outputs)[i * 3], &(*outputs)[i * 3] + 3)};
    return sum / 300;
  };
  EXPECT_GT(mean_largest(), 0.98);
  config.label_smoothing = 0.3f;
  EXPECT_NEAR(mean_largest(), 0.8, 0.03);
}

TEST(Train, ClippedGradientsBoundTheSteps) {
  const MemoryExamples training = wave_examples(160, 1);
  const Graph graph = dense_graph(kClassifier, 20);
  TrainConfig config = short_config(1);
  config.optimizer = Optimizer::sgd;
  config.momentum = 0;
  config.schedule = Schedule::constant;
  config.warmup_epochs = 0;
  config.learning_rate = 0.1f;
  config.clip_norm = 1e-3f;
  const TrainResult result = train_or_die(config, training, MemoryExamples{}, {}, graph);
  double squares = 0;
  for (size_t t = 0; t < graph.tensors.size(); ++t)
    for (size_t i = 0; graph.tensors[t].trainable && i < graph.tensors[t].floats().size(); ++i)
      squares += std::pow(double{result.graph.tensors[t].floats()[i]} - double{graph.tensors[t].floats()[i]}, 2);
  EXPECT_GT(squares, 0);
  EXPECT_LE(std::sqrt(squares), 10 * 0.1 * 1e-3 * 1.001);  // 10 steps of at most learning_rate x clip_norm
}

// The average of weights that jump about moves less from epoch to epoch, but for where it is drawn to.
TEST(Train, AveragedWeightsAreSteadier) {
  const MemoryExamples training = wave_examples(200, 1, 1.5), validation = wave_examples(400, 2, 1.5);
  TrainConfig config = short_config(20);
  config.schedule = Schedule::constant;
  config.learning_rate = 0.03f;
  const auto unsteadiness = [&] {
    const TrainResult result = train_or_die(config, training, validation);
    const auto loss = [&](size_t epoch) { return result.history[epoch].validation_loss; };
    double sum = 0;
    for (size_t i = 5; i + 1 < result.history.size(); ++i) sum += std::abs(loss(i - 1) - 2 * loss(i) + loss(i + 1));
    return sum;
  };
  const double jumping = unsteadiness();
  config.ema_decay = 0.98f;
  EXPECT_LT(unsteadiness(), 0.5 * jumping);
}

TEST(Train, ShardsOnlyChangeTheRounding) {
  const MemoryExamples training = wave_examples(100, 1);
  TrainConfig config = short_config(2);
  const Graph one = train_or_die(config, training, MemoryExamples{}).graph;
  config.shards = 4;
  const Graph four = train_or_die(config, training, MemoryExamples{}).graph;
  for (size_t i = 0; i < one.tensors.size(); ++i)
    for (size_t j = 0; one.tensors[i].trainable && j < one.tensors[i].floats().size(); ++j)
      ASSERT_NEAR(one.tensors[i].floats()[j], four.tensors[i].floats()[j], 1e-4f);
}

TEST(Train, AnotherSeedGivesOtherWeights) {
  const MemoryExamples training = wave_examples(100, 1);
  TrainConfig config = short_config(1);
  const auto first = weight_bytes(train_or_die(config, training, MemoryExamples{}).graph);
  EXPECT_EQ(first, weight_bytes(train_or_die(config, training, MemoryExamples{}).graph));
  config.seed = 2;
  EXPECT_NE(first, weight_bytes(train_or_die(config, training, MemoryExamples{}).graph));
}

TEST(Train, StepsAllocateNothing) {
  const MemoryExamples training = wave_examples(210, 1), validation = wave_examples(50, 2);
  for (const int32_t shards : {1, 3}) {
    TrainConfig config = short_config(4);
    config.shards = shards;
    int64_t seen = -1;
    TrainCallbacks callbacks;
    // From the first batch of epoch 2 to the last of epoch 4: two ends of epochs, with validation, are in between.
    callbacks.batch = [&](const BatchReport& report) {
      if (report.epoch == 2 && report.batch == 1) allocations = 0, counting = true;
      if (report.epoch == 4 && report.batch == report.batches) counting = false, seen = allocations;
    };
    train_or_die(config, training, validation, callbacks);
    EXPECT_EQ(seen, 0) << shards << " shards";
  }
}

TEST(Train, TakesTheMemoryThatItPlans) {
  const MemoryExamples training = wave_examples(2000, 1), validation = wave_examples(500, 2);
  TrainConfig config = short_config(2);
  config.shards = 3;
  Graph graph = dense_graph(kConvolution, 20);
  const int64_t before = live_bytes;
  peak_bytes = before;
  const TrainResult result = train_or_die(config, training, validation, {}, graph);
  EXPECT_GT(result.planned_bytes, 100'000);
  EXPECT_LT(peak_bytes - before, result.planned_bytes + 100'000) << "with two copies of the graph";
}

TEST(Train, TheBestWeightsAreKept) {
  // Few examples and a high rate: the validation loss turns up again.
  const MemoryExamples training = wave_examples(24, 1, 1.5), validation = wave_examples(200, 2, 1.5);
  TrainConfig config = short_config(40);
  config.learning_rate = 0.02f;
  config.schedule = Schedule::constant;
  const TrainResult result = train_or_die(config, training, validation);
  const EpochReport& best = result.history[static_cast<size_t>(result.best_epoch - 1)];
  EXPECT_LT(result.best_epoch, 40);
  for (const EpochReport& report : result.history) EXPECT_GE(report.validation_loss, best.validation_loss);
  const auto outputs = predict(result.graph, validation, 1);
  ASSERT_TRUE(outputs.ok());
  double loss = 0;
  for (size_t i = 0; i < 200; ++i)
    loss -= std::log(double{(*outputs)[i * 3 + static_cast<size_t>(validation.labels[i])]}) / 200;
  EXPECT_NEAR(loss, best.validation_loss, 1e-4);

  config.patience = 3;
  const TrainResult stopped = train_or_die(config, training, validation);
  EXPECT_TRUE(stopped.stopped_early);
  EXPECT_EQ(static_cast<int32_t>(stopped.history.size()), stopped.best_epoch + 3);
}

TEST(Train, ClassWeightsMoveTheDecision) {
  MemoryExamples training = wave_examples(300, 1, 3.0);
  const TrainConfig plain = short_config(5);
  TrainConfig weighted = plain;
  weighted.class_weights = {20, 1, 1};
  const auto count_first = [&](const TrainConfig& config) {
    const auto outputs = predict(train_or_die(config, training, MemoryExamples{}).graph, training, 1);
    int first = 0;
    for (size_t i = 0; i < 300; ++i) {
      const float* p = outputs->data() + i * 3;
      first += p[0] > p[1] && p[0] > p[2] ? 1 : 0;
    }
    return first;
  };
  EXPECT_GT(count_first(weighted), count_first(plain) + 40);
}

TEST(Train, BalancedClassWeights) {
  MemoryExamples examples;
  examples.input_elements = 1;
  examples.inputs.resize(8);
  examples.labels = {0, 0, 0, 0, 0, 0, 1, 1};
  EXPECT_EQ(balanced_class_weights(examples, 3), (std::vector<float>{8.0f / 18, 8.0f / 6, 1}));
}

TEST(Train, PredictionsDoNotDependOnTheThreads) {
  const Graph graph = dense_graph(kClassifier, 20);
  const MemoryExamples examples = wave_examples(333, 4);
  const auto one = predict(graph, examples, 1), three = predict(graph, examples, 3);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ(one->size(), 999u);
  EXPECT_EQ(*one, *three);
}

TEST(Schedule, RatesOfEachSchedule) {
  TrainConfig config;
  config.epochs = 10, config.learning_rate = 1, config.warmup_epochs = 2;
  config.schedule = Schedule::cosine;
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 1, 5), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 10, 5), 1);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 11, 5), 1);
  EXPECT_NEAR(learning_rate_at(config, 31, 5), 0.5, 1e-12);  // half of the 40 steps after the warm-up
  EXPECT_LT(learning_rate_at(config, 50, 5), 0.002);
  config.schedule = Schedule::step, config.step_epochs = 4, config.warmup_epochs = 0;
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 20, 5), 1);
  EXPECT_NEAR(learning_rate_at(config, 21, 5), 0.1, 1e-7);
  EXPECT_NEAR(learning_rate_at(config, 41, 5), 0.01, 1e-8);
  config.schedule = Schedule::constant;
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 50, 5), 1);
  config.epochs = 1, config.warmup_epochs = 2;  // a run shorter than the warm-up still reaches its rate
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 1, 5), 1);
}

// The first ten losses of a fixed net, data and seed. The scalar level computed them; the other levels may differ from
// it by rounding.
TEST(Train, TheFirstLossesArePinned) {
  const MemoryExamples training = wave_examples(160, 1);
  TrainConfig config;
  config.epochs = 1, config.batch = 16, config.warmup_epochs = 0, config.learning_rate = 0.01f,
  config.schedule = Schedule::constant;
  const double pinned[10] = {1.93251181, 1.10781907, 1.09245504, 0.56009217, 0.83932104,
                             0.48770819, 0.42462642, 0.36405058, 0.33551585, 0.17882322};
  for (const SimdKernels* level : simd_levels()) {
    const SimdOverride override_level(*level);
    std::vector<double> losses;
    TrainCallbacks callbacks;
    callbacks.batch = [&](const BatchReport& report) { losses.push_back(report.loss); };
    train_or_die(config, training, MemoryExamples{}, callbacks);
    ASSERT_EQ(losses.size(), 10u);
    for (size_t i = 0; i < 10; ++i) EXPECT_NEAR(losses[i], pinned[i], 2e-6) << level->name << ", step " << i + 1;
  }
}

}  // namespace
}  // namespace mote
