// One training run: memory is taken by create(), then run() steps through the epochs.
#pragma once
#include <chrono>
#include <memory>

#include "toolchain/base/thread_pool.h"
#include "toolchain/train/batches.h"
#include "toolchain/train/checkpoint.h"
#include "toolchain/train/loss.h"
#include "toolchain/train/optimizer.h"
#include "toolchain/train/program.h"
#include "toolchain/train/train.h"

namespace mote {

class Trainer {
 public:
  // REQUIRES: check_train_config() accepted these; the examples, config and callbacks outlive the trainer.
  static Result<std::unique_ptr<Trainer>> create(Graph graph, const Examples& training, const Examples& validation,
                                                 const TrainConfig& config, const TrainCallbacks& callbacks);
  Result<TrainResult> run();

 private:
  struct Shard {
    ShardProgram program;
    FloatBuffer gradients;
    FloatBuffer probabilities;  // of logits, when the graph has no softmax of its own
    LossSums sums;
    int32_t rows = 0;
  };

  Trainer(Graph graph, const Examples& training, const TrainConfig& config, const TrainCallbacks& callbacks);
  Result<void> plan_shards();
  Result<void> plan_validation(const Examples& validation);
  Result<void> resume();
  int64_t planned_bytes() const;

  // One epoch over the training part; false = cancelled.
  Result<bool> run_epoch(EpochReport& report);
  Result<void> validate_epoch(EpochReport& report);
  void keep_best(EpochReport& report);
  Result<void> save_epoch();
  Result<void> write_checkpoint();
  Result<TrainResult> finish(bool cancelled, bool stopped_early);

  // Loss of the current batch of `batches`; with `learn` also the gradients, in shards_[0].
  // `seed`: of what operators draw in this batch.
  LossSums run_batch(const Batches& batches, bool learn, uint64_t seed);
  void run_shard(int index);
  LossConfig loss_config() const;  // without smoothing when the batch is not to be learned
  LossSums loss_of_shard(Shard& shard, const RowLabels& labels, const float* targets);
  void add_gradients(int piece);
  void update_piece(int piece);
  void learn_statistics();
  void clip_gradients();
  void average_weights();
  void swap_average();
  Error divergence(const Batches& batches, const EpochReport& report, int64_t batch, const char* part);
  std::string largest_parameter() const;

  Graph graph_;
  const TrainConfig& config_;
  const TrainCallbacks& callbacks_;
  ThreadPool pool_;
  ParameterLayout layout_;
  ExampleSize size_;
  int64_t output_floats_ = 0;  // of one example
  int32_t logits_ = kAbsent;   // tensor the loss starts from
  float beta_ = 1;             // of the final softmax
  bool has_softmax_ = false;
  Batches training_;
  MemoryExamples validation_examples_;
  std::unique_ptr<Batches> validation_;  // nullptr = no validation part
  TrainState state_;
  std::vector<std::shared_ptr<FloatArena>> memory_;  // of shard i: number i modulo their count
  std::vector<Shard> shards_;
  std::vector<ShardProgram*> busy_;  // programs of the shards that had rows, for learn_statistics()
  int32_t shard_rows_ = 0;
  // Of the batch that run_shard() works on.
  const Batches* current_ = nullptr;
  bool learn_ = false;
  uint64_t seed_ = 0;
  double total_weight_ = 0;
  UpdateStep update_;

  std::string fingerprint_;
  std::vector<uint8_t> checkpoint_;  // state after the last whole epoch, not yet on disk; empty = written
  std::chrono::steady_clock::time_point started_, checkpoint_written_;
  int32_t resumed_from_ = 0;
  int64_t examples_seen_ = 0;
};

}  // namespace mote
