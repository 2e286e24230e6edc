#include "toolchain/train/trainer.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "toolchain/base/files.h"
#include "toolchain/base/random.h"
#include "toolchain/base/simd/simd.h"

namespace mote {
namespace {

// Below this much arithmetic a shard costs more in waking a thread than it gains: a dense net of 20,000 weights has one
// shard.
constexpr int64_t kMacsPerShard = 4'000'000;
constexpr int64_t kMostShards = 8;
// A shard reads all weights and writes all their gradients: each must be used as often, or that takes the time.
constexpr int64_t kLeastUses = 16;
// A shard's own statistics stand for those of all data: with fewer rows they would be mostly noise.
constexpr int64_t kLeastRowsForStatistics = 16;

int32_t shard_count(const Graph& graph, const TrainConfig& config) {
  if (config.shards > 0) return std::min(config.shards, config.batch);
  const int64_t macs = 3 * graph.macs() * config.batch;  // forward, and two products backward
  const bool statistics = std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return node.op != nullptr && node.op->learn_statistics != nullptr;
  });
  const int64_t rows = statistics ? config.batch / kLeastRowsForStatistics : config.batch;
  const int64_t uses = graph.macs() * config.batch / std::max<int64_t>(graph.parameters(), 1) / kLeastUses;
  return static_cast<int32_t>(std::max<int64_t>(std::min({macs / kMacsPerShard, kMostShards, rows, uses}), 1));
}

// Reads the attribute "beta" of a softmax.
class BetaReader : public AttributeVisitor {
 public:
  float beta = 1;
  void field(int, const char*, bool&) override {}
  void field(int, const char*, Activation&) override {}
  void field(int, const char*, int8_t&) override {}
  void field(int, const char*, int32_t&) override {}
  void field(int, const char* name, float& value) override {
    if (std::string_view(name) == "beta") beta = value;
  }
  void field(int, const char*, Shape&) override {}
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

ExampleSize example_size(const Graph& graph, Loss loss) {
  const int64_t input = graph.tensors[static_cast<size_t>(graph.inputs[0])].type.shape.elements();
  const int64_t output = graph.tensors[static_cast<size_t>(graph.outputs[0])].type.shape.elements();
  return {input, loss == Loss::cross_entropy ? 0 : output};
}

}  // namespace

Trainer::Trainer(Graph graph, const Examples& training, const TrainConfig& config, const TrainCallbacks& callbacks)
    : graph_(std::move(graph)),
      config_(config),
      callbacks_(callbacks),
      pool_(config.threads),
      layout_(ParameterLayout::of(graph_)),
      size_(example_size(graph_, config.loss)),
      output_floats_(graph_.tensors[static_cast<size_t>(graph_.outputs[0])].type.shape.elements()),
      training_(training, size_, config.batch, pool_, config.mixup),
      started_(std::chrono::steady_clock::now()),
      checkpoint_written_(started_) {}

Result<std::unique_ptr<Trainer>> Trainer::create(Graph graph, const Examples& training, const Examples& validation,
                                                 const TrainConfig& config, const TrainCallbacks& callbacks) {
  std::unique_ptr<Trainer> trainer(new Trainer(std::move(graph), training, config, callbacks));
  trainer->fingerprint_ = train_fingerprint(trainer->graph_, config);
  MOTE_CHECK(trainer->plan_shards());
  MOTE_CHECK(trainer->plan_validation(validation));
  MOTE_CHECK(trainer->resume());
  return trainer;
}

Result<void> Trainer::plan_shards() {
  const int32_t softmax = config_.loss == Loss::cross_entropy ? final_softmax(graph_) : kAbsent;
  has_softmax_ = softmax != kAbsent;
  logits_ = graph_.outputs[0];
  if (has_softmax_) {
    Node& node = graph_.nodes[static_cast<size_t>(softmax)];
    logits_ = node.inputs[0];
    BetaReader reader;
    node.op->visit(reader, node.attributes);
    beta_ = reader.beta;
  }
  state_.weights = FloatBuffer(layout_.total);
  state_.best_weights = FloatBuffer(layout_.total);
  state_.optimizer.first = FloatBuffer(layout_.total);
  state_.optimizer.second = FloatBuffer(layout_.total);
  load_parameters(graph_, layout_, state_.weights.data());
  if (config_.ema_decay > 0) {
    state_.average = FloatBuffer(layout_.total);
    std::copy_n(state_.weights.data(), layout_.total, state_.average.data());
  }
  const int32_t shards = shard_count(graph_, config_);
  busy_.reserve(static_cast<size_t>(shards));
  shard_rows_ = (config_.batch + shards - 1) / shards;
  for (int32_t i = 0; i < std::min(shards, pool_.threads()); ++i) memory_.push_back(std::make_shared<FloatArena>());
  for (int32_t i = 0; i < shards; ++i) {
    FloatBuffer gradients(layout_.total);
    MOTE_TRY(ShardProgram program,
             ShardProgram::create(graph_, layout_, state_.weights.data(), gradients.data(), logits_, shard_rows_,
                                  kPartFloats, memory_[static_cast<size_t>(i) % memory_.size()]));
    FloatBuffer probabilities(config_.loss == Loss::cross_entropy && !has_softmax_ ? shard_rows_ * output_floats_ : 0);
    shards_.push_back({std::move(program), std::move(gradients), std::move(probabilities), {}, 0});
  }
  return {};
}

// The validation part is never augmented: its features are computed once.
Result<void> Trainer::plan_validation(const Examples& validation) {
  const int64_t count = validation.count();
  if (count == 0) return {};
  Batches source(validation, size_, config_.batch, pool_);
  validation_examples_.input_elements = size_.input;
  for (source.start_epoch(0); source.next();) {
    const int64_t rows = source.rows();
    validation_examples_.inputs.insert(validation_examples_.inputs.end(), source.inputs(),
                                       source.inputs() + rows * size_.input);
    validation_examples_.targets.insert(validation_examples_.targets.end(), source.targets(),
                                        source.targets() + rows * size_.targets);
    const std::span<const int32_t> labels = source.labels().labels;
    validation_examples_.labels.insert(validation_examples_.labels.end(), labels.begin(), labels.end());
  }
  validation_ = std::make_unique<Batches>(validation_examples_, size_, config_.batch, pool_);
  return {};
}

Result<void> Trainer::resume() {
  state_.history.reserve(static_cast<size_t>(config_.epochs));
  if (config_.checkpoint.empty() || !fs::exists(config_.checkpoint)) return {};
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(config_.checkpoint));
  MOTE_CHECK(decode_checkpoint(config_.checkpoint, bytes, fingerprint_, state_));
  resumed_from_ = static_cast<int32_t>(state_.history.size());
  return {};
}

Result<TrainResult> Trainer::run() {
  while (static_cast<int32_t>(state_.history.size()) < config_.epochs) {
    EpochReport report;
    report.epoch = static_cast<int32_t>(state_.history.size()) + 1;
    if (config_.patience > 0 && report.epoch - 1 - state_.best_epoch >= config_.patience) return finish(false, true);
    MOTE_TRY(const bool whole, run_epoch(report));
    if (!whole) return finish(true, false);
    swap_average();
    const Result<void> validated = validate_epoch(report);
    if (validated.ok()) keep_best(report);
    swap_average();
    MOTE_CHECK(validated);
    state_.history.push_back(report);
    MOTE_CHECK(save_epoch());
    if (callbacks_.epoch) callbacks_.epoch(report);
  }
  return finish(false, false);
}

Result<bool> Trainer::run_epoch(EpochReport& report) {
  const uint64_t epoch_seed =
      Random(config_.seed).stream(static_cast<uint64_t>(report.epoch)).bits() | 1;  // 0 has a meaning
  training_.start_epoch(epoch_seed);
  LossSums epoch;
  BatchReport batch{report.epoch, 0, training_.count(), 0};
  while (training_.next()) {
    ++batch.batch;
    const LossSums sums =
        run_batch(training_, true, Random(epoch_seed).stream(static_cast<uint64_t>(batch.batch)).bits());
    batch.loss = sums.loss / sums.weight;
    if (!std::isfinite(batch.loss)) return divergence(training_, report, batch.batch, "training");
    report.learning_rate = learning_rate_at(config_, state_.optimizer.steps + 1, batch.batches);
    if (config_.clip_norm > 0) clip_gradients();
    update_ = next_update(config_, report.learning_rate, state_.optimizer);
    pool_.run(pieces_of(layout_), [this](int piece) { update_piece(piece); });
    learn_statistics();
    average_weights();
    epoch.add(sums);
    examples_seen_ += training_.rows();
    if (callbacks_.batch) callbacks_.batch(batch);
    if (callbacks_.cancelled && callbacks_.cancelled()) return false;
  }
  report.loss = epoch.loss / epoch.weight;
  report.metric = epoch.metric / epoch.count;
  return true;
}

Result<void> Trainer::validate_epoch(EpochReport& report) {
  if (validation_ == nullptr) return {};
  LossSums sums;
  validation_->start_epoch(0);
  for (int64_t batch = 1; validation_->next(); ++batch) {
    sums.add(run_batch(*validation_, false, 0));
    if (!std::isfinite(sums.loss)) return divergence(*validation_, report, batch, "validation");
  }
  report.validation_loss = sums.loss / sums.weight;
  report.validation_metric = sums.metric / sums.count;
  return {};
}

void Trainer::keep_best(EpochReport& report) {
  report.best = validation_ == nullptr || state_.best_epoch == 0 || report.validation_loss < state_.best_loss;
  if (!report.best) return;
  state_.best_epoch = report.epoch;
  state_.best_loss = report.validation_loss;
  std::copy_n(state_.weights.data(), layout_.total, state_.best_weights.data());
}

int64_t Trainer::planned_bytes() const {
  int64_t bytes = training_.planned_bytes();
  for (const FloatBuffer* state :
       {&state_.weights, &state_.best_weights, &state_.average, &state_.optimizer.first, &state_.optimizer.second})
    bytes += state->bytes() * (config_.checkpoint.empty() ? 1 : 2);  // the bytes of a checkpoint are made in memory
  for (const auto& memory : memory_) bytes += memory->bytes();
  for (const Shard& shard : shards_)
    bytes += shard.program.planned_bytes() + shard.gradients.bytes() + shard.probabilities.bytes();
  if (validation_) bytes += validation_->planned_bytes();
  return bytes + static_cast<int64_t>(std::span(validation_examples_.inputs).size_bytes() +
                                      std::span(validation_examples_.targets).size_bytes() +
                                      std::span(validation_examples_.labels).size_bytes());
}

Result<void> Trainer::save_epoch() {
  if (config_.checkpoint.empty()) return {};
  checkpoint_ = encode_checkpoint(state_, fingerprint_);
  return seconds_since(checkpoint_written_) >= config_.checkpoint_seconds ? write_checkpoint() : Result<void>();
}

Result<void> Trainer::write_checkpoint() {
  if (checkpoint_.empty()) return {};
  MOTE_CHECK(write_file(config_.checkpoint, checkpoint_));
  checkpoint_.clear();
  checkpoint_written_ = std::chrono::steady_clock::now();
  return {};
}

Result<TrainResult> Trainer::finish(bool cancelled, bool stopped_early) {
  if (cancelled) {
    MOTE_CHECK(write_checkpoint());
  } else if (!config_.checkpoint.empty()) {
    std::error_code ignored;  // a checkpoint that stays is taken up by an equal run, which then ends at once
    fs::remove(config_.checkpoint, ignored);
  }
  if (state_.best_epoch > 0) store_parameters(state_.best_weights.data(), layout_, graph_);
  TrainResult result;
  result.graph = std::move(graph_);
  result.history = std::move(state_.history);
  result.best_epoch = state_.best_epoch;
  result.resumed_from = resumed_from_;
  result.stopped_early = stopped_early;
  result.cancelled = cancelled;
  result.examples_seen = examples_seen_;
  result.seconds = seconds_since(started_);
  result.planned_bytes = planned_bytes();
  return result;
}

LossSums Trainer::run_batch(const Batches& batches, bool learn, uint64_t seed) {
  current_ = &batches;
  learn_ = learn;
  seed_ = seed;
  total_weight_ = size_.targets > 0 ? static_cast<double>(batches.rows() * size_.targets)
                                    : batch_weight(loss_config(), batches.labels());
  // Shards that share their memory run one after the other.
  const auto turns = static_cast<int>(memory_.size());
  pool_.run(turns, [&](int first) {
    for (int index = first; index < static_cast<int>(shards_.size()); index += turns) run_shard(index);
  });
  LossSums sums;
  for (const Shard& shard : shards_) sums.add(shard.sums);
  if (learn && shards_.size() > 1) pool_.run(pieces_of(layout_), [this](int piece) { add_gradients(piece); });
  return sums;
}

void Trainer::run_shard(int index) {
  Shard& shard = shards_[static_cast<size_t>(index)];
  const auto shards = static_cast<int32_t>(shards_.size());
  const int32_t each = (current_->rows() + shards - 1) / shards, first = index * each;
  shard.rows = std::clamp(current_->rows() - first, 0, each);
  shard.sums = {};
  if (shard.rows == 0) return;
  shard.program.set_batch(shard.rows, current_->inputs() + first * size_.input);
  shard.program.set_training(learn_, Random(seed_).stream(static_cast<uint64_t>(index)).bits());
  shard.program.forward();
  RowLabels labels = current_->labels();
  if (size_.targets == 0) labels = labels.rows(static_cast<size_t>(first), static_cast<size_t>(shard.rows));
  shard.sums = loss_of_shard(shard, labels, current_->targets() + first * size_.targets);
  if (learn_) shard.program.backward();
}

LossConfig Trainer::loss_config() const {
  return {config_.loss, config_.class_weights, config_.huber_delta, learn_ ? config_.label_smoothing : 0};
}

LossSums Trainer::loss_of_shard(Shard& shard, const RowLabels& labels, const float* targets) {
  const LossConfig loss = loss_config();
  const float* outputs = shard.program.value(graph_.outputs[0]);
  float* gradient = learn_ ? shard.program.loss_gradient() : nullptr;
  if (config_.loss != Loss::cross_entropy)
    return regression_loss(loss, shard.rows * output_floats_, outputs, targets, total_weight_, gradient);
  const float* logits = shard.program.value(logits_);
  if (!has_softmax_) {
    simd().softmax(shard.rows, output_floats_, logits, 1.0f, shard.probabilities.data());
    outputs = shard.probabilities.data();
  }
  return cross_entropy(loss, labels, static_cast<int32_t>(output_floats_), logits, outputs, beta_, total_weight_,
                       gradient);
}

// Into the first shard's, in the order of the shards.
void Trainer::add_gradients(int piece) {
  const auto [begin, end] = piece_of(layout_, piece);
  for (size_t i = 1; i < shards_.size(); ++i)
    if (shards_[i].rows > 0)
      simd().add(end - begin, shards_[i].gradients.data() + begin, shards_[0].gradients.data() + begin);
}

void Trainer::update_piece(int piece) {
  update_parameters(config_, layout_, update_, piece_of(layout_, piece), shards_[0].gradients.data(), state_.optimizer,
                    state_.weights.data());
}

void Trainer::learn_statistics() {
  busy_.clear();
  for (Shard& shard : shards_)
    if (shard.rows > 0) busy_.push_back(&shard.program);
  ShardProgram::learn_statistics(busy_);
}

void Trainer::clip_gradients() {
  float* gradients = shards_[0].gradients.data();
  double squares = 0;
  for (const Parameter& p : layout_.parameters)
    squares += double{simd().dot(p.size, gradients + p.offset, gradients + p.offset)};
  const double norm = std::sqrt(squares);
  if (!(norm > double{config_.clip_norm})) return;
  const auto scale = static_cast<float>(double{config_.clip_norm} / norm);
  for (int64_t i = 0; i < layout_.total; ++i) gradients[i] *= scale;
}

void Trainer::average_weights() {
  if (config_.ema_decay == 0) return;
  const auto t = static_cast<double>(state_.optimizer.steps);
  const auto pull = static_cast<float>(1 - std::min(double{config_.ema_decay}, (1 + t) / (10 + t)));
  const float* weights = state_.weights.data();
  float* average = state_.average.data();
  for (int64_t i = 0; i < layout_.total; ++i) average[i] += pull * (weights[i] - average[i]);
}

// The average takes the place of the weights, and back.
void Trainer::swap_average() {
  if (config_.ema_decay > 0)
    std::swap_ranges(state_.weights.data(), state_.weights.data() + layout_.total, state_.average.data());
}

// The parameter that is not finite any more, or else the one with the largest number.
std::string Trainer::largest_parameter() const {
  std::string name;
  float largest = -1;
  for (const Parameter& p : layout_.parameters)
    for (int64_t i = 0; i < p.size; ++i) {
      const float size = std::fabs(state_.weights.data()[p.offset + i]);
      if (size <= largest) continue;
      name = graph_.tensors[static_cast<size_t>(p.tensor)].name;
      if (!std::isfinite(size)) return name;
      largest = size;
    }
  return name;
}

Error Trainer::divergence(const Batches& batches, const EpochReport& report, int64_t batch, const char* part) {
  const auto finite = [](const float* values, int64_t n) {
    for (int64_t i = 0; i < n; ++i)
      if (!std::isfinite(values[i])) return false;
    return true;
  };
  for (int32_t row = 0; row < batches.rows(); ++row)
    if (!finite(batches.inputs() + row * size_.input, size_.input) ||
        !finite(batches.targets() + row * size_.targets, size_.targets))
      return input_error(
          fmt::format("{} example {} holds a value that is not a finite number; run `mote data check` to find it", part,
                      batches.example(row)));
  const Result<void> written = write_checkpoint();  // of the last good epoch
  return input_error(fmt::format(
      "training diverged in epoch {}, {} batch {}, at a learning rate of {:.3g}: the loss is not a finite "
      "number any more; '{}' grew beyond all others. Lower learning_rate in [{}] of mote.toml (it is {:g}) or "
      "set clip_norm in [train], or check the data for huge values{}",
      report.epoch, part, batch, report.learning_rate, largest_parameter(), config_.rate_section, config_.learning_rate,
      written.ok() ? "" : ". " + written.error().message));
}

}  // namespace mote
