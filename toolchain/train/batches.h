// The examples of an epoch in their order, filled into memory ahead of the steps that use them.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/base/thread_pool.h"
#include "toolchain/train/examples.h"
#include "toolchain/train/float_buffer.h"
#include "toolchain/train/loss.h"

namespace mote {

struct ExampleSize {
  int64_t input = 0;    // floats of one example
  int64_t targets = 0;  // 0 = labelled
};

class Batches {
 public:
  // `examples` and `pool` must outlive this. Filling ahead is worth its memory only when several threads can share it.
  // `mixup`: see TrainConfig.
  Batches(const Examples& examples, const ExampleSize& size, int32_t batch, ThreadPool& pool, float mixup = 0);

  int64_t count() const { return (static_cast<int64_t>(order_.size()) + batch_ - 1) / batch_; }
  // A new order and new augmentation, both from `epoch_seed` alone; epoch_seed 0 = the examples' own order, not
  // augmented.
  void start_epoch(uint64_t epoch_seed);
  // The next batch becomes current; false at the end of the epoch.
  bool next();

  int64_t planned_bytes() const;  // of the memory that it has taken
  int32_t rows() const { return rows_; }
  const float* inputs() const { return inputs_.data() + first_in_block_ * size_.input; }
  const float* targets() const { return targets_.data() + first_in_block_ * size_.targets; }
  // None with targets.
  RowLabels labels() const {
    if (size_.targets > 0) return {};
    const RowLabels block{labels_, epoch_seed_ == 0 ? std::span<const int32_t>() : mixed_labels_, share_};
    return block.rows(static_cast<size_t>(first_in_block_), static_cast<size_t>(rows_));
  }
  // Index of the example in row `row` of the current batch, for messages.
  int64_t example(int32_t row) const { return order_[static_cast<size_t>(block_start_ + first_in_block_ + row)]; }

 private:
  void fill_block();
  void fill_part(int part);
  void mix();

  const Examples& examples_;
  ExampleSize size_;
  int64_t batch_;
  ThreadPool& pool_;
  std::vector<uint32_t> order_;
  int64_t block_capacity_;  // examples that are filled at once: a multiple of batch_
  FloatBuffer inputs_, targets_;
  std::vector<int32_t> labels_, mixed_labels_;
  float mixup_, share_ = 1;
  uint64_t epoch_seed_ = 0;
  int64_t block_start_ = 0, block_size_ = 0, first_in_block_ = 0;
  int32_t rows_ = 0;
  int parts_ = 1;
};

}  // namespace mote
