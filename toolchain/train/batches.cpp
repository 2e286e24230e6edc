#include "toolchain/train/batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "toolchain/base/random.h"

namespace mote {
namespace {

constexpr uint64_t kMixupSeed = 0x6d69787570;  // apart from the streams that augmentation draws from

// From Beta(alpha, alpha), drawn by Joehnk's rejection (1964), folded to [1/2, 1]: which of two examples is called the
// first has no meaning.
float mixup_share(Random random, float alpha) {
  for (;;) {
    const double x = std::pow(random.uniform(), 1 / double{alpha}), y = std::pow(random.uniform(), 1 / double{alpha});
    if (x + y <= 0 || x + y > 1) continue;
    const double share = x / (x + y);
    return static_cast<float>(std::max(share, 1 - share));
  }
}

// Both at once: x_i' = s x_i + (1 - s) x_j, x_j' = s x_j + (1 - s) x_i.
void mix_rows(float* rows, int64_t i, int64_t j, int64_t size, float share) {
  float* a = rows + i * size;
  float* b = rows + j * size;
  for (int64_t k = 0; k < size; ++k) {
    const float x = a[k], y = b[k];
    a[k] = share * x + (1 - share) * y;
    b[k] = share * y + (1 - share) * x;
  }
}

constexpr int64_t kBlockFloats = 1 << 18;  // 1 MiB: within the second-level cache, long against waking a thread

int64_t examples_per_block(const ExampleSize& size, int64_t batch, int64_t count, int threads) {
  if (threads == 1) return batch;  // straight into the first-level cache of the thread that uses it
  const int64_t batches = kBlockFloats / std::max<int64_t>(1, batch * (size.input + size.targets));
  return batch * std::clamp<int64_t>(batches, 1, std::max<int64_t>(1, (count + batch - 1) / batch));
}

}  // namespace

Batches::Batches(const Examples& examples, const ExampleSize& size, int32_t batch, ThreadPool& pool, float mixup)
    : examples_(examples),
      size_(size),
      batch_(batch),
      pool_(pool),
      order_(static_cast<size_t>(examples.count())),
      block_capacity_(examples_per_block(size, batch, examples.count(), pool.threads())),
      inputs_(block_capacity_ * size.input),
      targets_(block_capacity_ * size.targets),
      labels_(size.targets > 0 ? 0 : static_cast<size_t>(block_capacity_)),
      mixed_labels_(mixup > 0 ? labels_.size() : 0),
      mixup_(mixup) {}

void Batches::start_epoch(uint64_t epoch_seed) {
  epoch_seed_ = epoch_seed;
  std::iota(order_.begin(), order_.end(), 0u);
  if (epoch_seed != 0) Random(epoch_seed).shuffle(order_);
  block_start_ = block_size_ = first_in_block_ = 0;
  rows_ = 0;
}

int64_t Batches::planned_bytes() const {
  return inputs_.bytes() + targets_.bytes() +
         static_cast<int64_t>(std::span(order_).size_bytes() + std::span(labels_).size_bytes() +
                              std::span(mixed_labels_).size_bytes());
}

bool Batches::next() {
  first_in_block_ += rows_;
  if (first_in_block_ >= block_size_) {
    block_start_ += block_size_;
    block_size_ = std::min(block_capacity_, static_cast<int64_t>(order_.size()) - block_start_);
    first_in_block_ = 0;
    rows_ = 0;
    if (block_size_ <= 0) return false;
    fill_block();
  }
  rows_ = static_cast<int32_t>(std::min(batch_, block_size_ - first_in_block_));
  if (mixup_ > 0 && epoch_seed_ != 0) mix();
  return true;
}

// Row i with row rows - 1 - i, one share for the batch; the order of the examples is random already.
void Batches::mix() {
  const auto batch = static_cast<uint64_t>((block_start_ + first_in_block_) / batch_);
  share_ = mixup_share(Random(epoch_seed_ ^ kMixupSeed).stream(batch), mixup_);
  for (int64_t i = 0, j = rows_ - 1; i < rows_; ++i, --j) {
    if (!labels_.empty())
      mixed_labels_[static_cast<size_t>(first_in_block_ + i)] = labels_[static_cast<size_t>(first_in_block_ + j)];
    if (i >= j) continue;
    mix_rows(inputs_.data() + first_in_block_ * size_.input, i, j, size_.input, share_);
    mix_rows(targets_.data() + first_in_block_ * size_.targets, i, j, size_.targets, share_);
  }
}

void Batches::fill_block() {
  parts_ = pool_.threads() == 1 ? 1 : static_cast<int>(std::min<int64_t>(block_size_, 4L * pool_.threads()));
  pool_.run(parts_, [this](int part) { fill_part(part); });
}

void Batches::fill_part(int part) {
  const int64_t begin = block_size_ * part / parts_, end = block_size_ * (part + 1) / parts_;
  for (int64_t i = begin; i < end; ++i) {
    const int64_t index = order_[static_cast<size_t>(block_start_ + i)];
    examples_.fill(index, epoch_seed_, {inputs_.data() + i * size_.input, static_cast<size_t>(size_.input)},
                   {targets_.data() + i * size_.targets, static_cast<size_t>(size_.targets)});
    if (size_.targets == 0) labels_[static_cast<size_t>(i)] = examples_.label(index);
  }
}

}  // namespace mote
