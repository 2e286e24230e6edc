// Training: the loss falls by mini-batch gradient descent over a static graph, in memory planned once, byte for byte
// reproducible.
//
// A batch is cut in a number of shards that depends on the model and the batch only; shards run on any thread and their
// gradients are added in shard order. So one seed gives the same weights with any number of threads of one SIMD level.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/graph/graph.h"
#include "toolchain/train/examples.h"

namespace mote {

enum class Loss {
  cross_entropy,  // labels; the graph's output is a softmax, or logits when its last node is no softmax
  mse,            // mean squared error over rows and outputs
  mae,            // mean absolute error
  huber,          // squared below `huber_delta`, absolute above (Huber 1964)
};
enum class Optimizer { sgd, adam, adamw };
enum class Schedule {
  constant,
  cosine,  // from the full rate to zero after the last epoch, half a period (Loshchilov and Hutter 2017)
  step,    // times step_factor every step_epochs
};

struct TrainConfig {
  int32_t epochs = 60;
  int32_t batch = 32;
  uint64_t seed = 1;  // order of the examples and augmentation; the first weights come with the graph

  Loss loss = Loss::cross_entropy;
  std::vector<float> class_weights;  // one per class, > 0; empty = all 1
  float huber_delta = 1.0f;
  float label_smoothing = 0;  // share of each target that all classes have equally (Szegedy et al. 2016)
  // Beta(mixup, mixup) is where each batch draws the share with which its examples are mixed with one another, targets
  // too (Zhang et al. 2018); 0 = not mixed.
  float mixup = 0;

  Optimizer optimizer = Optimizer::adam;
  float learning_rate = 1e-3f;
  const char* rate_section = "train";  // of mote.toml, where learning_rate stands; for messages
  float momentum = 0.9f;               // sgd
  float beta1 = 0.9f;                  // adam, adamw
  float beta2 = 0.999f;
  float epsilon = 1e-7f;
  float weight_decay = 0.01f;  // adamw: decoupled, on tensors of rank 2 and more (not on biases)

  Schedule schedule = Schedule::cosine;
  int32_t warmup_epochs = 2;  // the rate rises linearly over these, whatever the schedule
  int32_t step_epochs = 20;
  float step_factor = 0.1f;

  float clip_norm = 0;  // a gradient, of all parameters together, that is longer is shortened to this; 0 = never
  // The weights that are validated and kept are an average over the steps, of which each step keeps this share (Polyak
  // and Juditsky 1992); less in the first steps: (1 + steps) / (10 + steps). 0 = the weights themselves.
  float ema_decay = 0;

  int32_t patience = 0;  // stop after this many epochs without a better validation loss; 0 = never
  int32_t threads = 1;
  int32_t shards = 0;  // 0 = chosen from the model's cost; part of what determines the result

  std::filesystem::path checkpoint;  // empty = none. Training goes on from it when it exists, and removes it at the end
  double checkpoint_seconds = 2;     // least time between two writes; one more is written on cancellation
  std::string data_fingerprint;      // goes into train_fingerprint()
};

struct EpochReport {
  int32_t epoch = 0;           // 1 .. epochs
  double loss = 0;             // mean over the epoch's batches, while the weights moved
  double metric = 0;           // accuracy in [0, 1] for cross_entropy, else mean absolute error
  double validation_loss = 0;  // 0 when there are no validation examples, as the next
  double validation_metric = 0;
  double learning_rate = 0;  // at the end of the epoch
  bool best = false;         // lowest validation loss so far
};

struct BatchReport {
  int32_t epoch = 0;
  int64_t batch = 0;  // 1 .. batches
  int64_t batches = 0;
  double loss = 0;  // of this batch
};

struct TrainCallbacks {
  std::function<void(const EpochReport&)> epoch;
  std::function<void(const BatchReport&)> batch;
  std::function<bool()> cancelled;  // asked after every batch; true ends training
};

struct TrainResult {
  Graph graph;                       // with the weights of best_epoch
  std::vector<EpochReport> history;  // of all epochs, those before a restart included
  int32_t best_epoch = 0;      // lowest validation loss; the last epoch when there is no validation part; 0 = none
  int32_t resumed_from = 0;    // epochs already done by the checkpoint
  bool stopped_early = false;  // `patience` ran out
  bool cancelled = false;      // the checkpoint, if any, holds the last whole epoch
  int64_t examples_seen = 0;   // in this call
  double seconds = 0;          // in this call
  int64_t planned_bytes = 0;   // of all memory that training took, before its first step
};

// Input errors: an empty training part, a label or class weight out of range, a model with a node that cannot be
// trained (named, with why), non-finite data (the example is named), divergence (epoch and batch named), a checkpoint
// of other settings. REQUIRES: a graph with one input and one output that validate() accepts, dimension 0 of both being
// the batch.
Result<TrainResult> train(Graph graph, const Examples& training, const Examples& validation, const TrainConfig& config,
                          const TrainCallbacks& callbacks);

// Settings in range and matching the graph and the examples; the error names the key of [train] in mote.toml.
Result<void> check_train_config(const Graph& graph, const Examples& training, const TrainConfig& config);

// 32 hexadecimal digits of everything that determines the result: model, first weights, settings, data_fingerprint,
// SIMD level. A checkpoint is only taken up when its fingerprint is equal; put it into the checkpoint's file name to
// keep several.
std::string train_fingerprint(const Graph& graph, const TrainConfig& config);

// n / (classes * n_c) for each class of the examples, so that every class has the same weight in sum. Absent classes
// get 1.
std::vector<float> balanced_class_weights(const Examples& examples, int32_t classes);

// Outputs of the float graph for all examples as recorded (epoch_seed 0), row by row. Errors as train().
Result<std::vector<float>> predict(const Graph& graph, const Examples& examples, int32_t threads);

}  // namespace mote
