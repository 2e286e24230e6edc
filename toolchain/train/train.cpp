#include "toolchain/train/train.h"

#include <fmt/format.h>

#include <cmath>
#include <type_traits>

#include "toolchain/base/files.h"
#include "toolchain/base/simd/simd.h"
#include "toolchain/train/trainer.h"

namespace mote {
namespace {

Result<void> check_labels(const Examples& examples, const char* part, int64_t classes) {
  for (int64_t i = 0; i < examples.count(); ++i)
    if (const int32_t label = examples.label(i); label < 0 || label >= classes)
      return input_error(fmt::format("{} example {} has class {}, but the model's output has {} classes (0 to {})",
                                     part, i, label, classes, classes - 1));
  return {};
}

Result<void> check_class_weights(const std::vector<float>& weights, int64_t classes) {
  if (weights.empty()) return {};
  if (static_cast<int64_t>(weights.size()) != classes)
    return input_error(fmt::format("[train] class_weights has {} values, but the model's output has {} classes",
                                   weights.size(), classes));
  for (const float weight : weights)
    if (!(weight > 0) || !std::isfinite(weight))
      return input_error(fmt::format("[train] class_weights: {:g} is not a finite number above 0", weight));
  return {};
}

// Appends attributes as text: the bytes of the struct may hold padding.
class AttributeText : public AttributeVisitor {
 public:
  explicit AttributeText(std::string& text) : text_(text) {}
  void field(int id, const char*, bool& value) override { put(id, value); }
  void field(int id, const char*, Activation& value) override { put(id, static_cast<int>(value)); }
  void field(int id, const char*, int8_t& value) override { put(id, value); }
  void field(int id, const char*, int32_t& value) override { put(id, value); }
  void field(int id, const char*, float& value) override { put(id, value); }
  void field(int id, const char*, Shape& value) override { put(id, to_string(value)); }

 private:
  template <class T>
  void put(int id, const T& value) {
    text_ += fmt::format(" {}={}", id, value);
  }
  std::string& text_;
};

std::string describe_graph(const Graph& graph) {
  std::string text;
  for (const Tensor& tensor : graph.tensors)
    text += fmt::format("{} {} {} {}\n", to_string(tensor.type.dtype), to_string(tensor.type.shape), tensor.trainable,
                        tensor.constant ? fingerprint(tensor.data) : "");
  for (const Node& node : graph.nodes) {
    text += node.op != nullptr ? node.op->name : node.foreign;
    text += fmt::format(" {} > {}", fmt::join(node.inputs, ","), fmt::join(node.outputs, ","));
    if (node.op != nullptr && node.op->visit != nullptr) {
      Attributes attributes = node.attributes;
      AttributeText visitor(text);
      node.op->visit(visitor, attributes);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

Result<TrainResult> train(Graph graph, const Examples& training, const Examples& validation, const TrainConfig& config,
                          const TrainCallbacks& callbacks) {
  MOTE_CHECK(check_train_config(graph, training, config));
  if (config.loss == Loss::cross_entropy) {
    const int64_t classes = graph.tensors[static_cast<size_t>(graph.outputs[0])].type.shape.elements();
    MOTE_CHECK(check_labels(training, "training", classes));
    MOTE_CHECK(check_labels(validation, "validation", classes));
  }
  MOTE_TRY(const std::unique_ptr<Trainer> trainer,
           Trainer::create(std::move(graph), training, validation, config, callbacks));
  return trainer->run();
}

Result<void> check_train_config(const Graph& graph, const Examples& training, const TrainConfig& config) {
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1)
    return input_error(fmt::format("the model has {} inputs and {} outputs; training takes models with one of each",
                                   graph.inputs.size(), graph.outputs.size()));
  const auto in_range = [](const char* key, double value, double low, double high) -> Result<void> {
    if (value >= low && value <= high) return {};  // false for NaN
    return input_error(fmt::format("[train] {} = {:g}: expected a number from {:g} to {:g}", key, value, low, high));
  };
  MOTE_CHECK(in_range("epochs", config.epochs, 1, 1e6));
  MOTE_CHECK(in_range("batch", config.batch, 1, 1 << 20));
  MOTE_CHECK(in_range("learning_rate", double{config.learning_rate}, 1e-12, 1e3));
  MOTE_CHECK(in_range("momentum", double{config.momentum}, 0, 0.9999));
  MOTE_CHECK(in_range("beta1", double{config.beta1}, 0, 0.9999));
  MOTE_CHECK(in_range("beta2", double{config.beta2}, 0, 0.999999));
  MOTE_CHECK(in_range("epsilon", double{config.epsilon}, 1e-12, 1));
  MOTE_CHECK(in_range("weight_decay", double{config.weight_decay}, 0, 10));
  MOTE_CHECK(in_range("huber_delta", double{config.huber_delta}, 1e-9, 1e9));
  MOTE_CHECK(in_range("label_smoothing", double{config.label_smoothing}, 0, 0.9));
  MOTE_CHECK(in_range("mixup", double{config.mixup}, 0, 4));
  MOTE_CHECK(in_range("clip_norm", double{config.clip_norm}, 0, 1e9));
  MOTE_CHECK(in_range("ema_decay", double{config.ema_decay}, 0, 0.999999));
  MOTE_CHECK(in_range("warmup_epochs", config.warmup_epochs, 0, 1e6));
  MOTE_CHECK(in_range("step_epochs", config.step_epochs, 1, 1e6));
  MOTE_CHECK(in_range("step_factor", double{config.step_factor}, 1e-6, 1));
  MOTE_CHECK(in_range("patience", config.patience, 0, 1e6));
  MOTE_CHECK(in_range("threads", config.threads, 1, 256));
  MOTE_CHECK(in_range("shards", config.shards, 0, 1024));
  if (training.count() == 0)
    return input_error(
        "the training part has no examples: add recordings, or lower the validation and test shares in [data] split");
  if (training.count() > INT32_MAX)
    return input_error(
        fmt::format("the training part has {} examples; at most {} are possible", training.count(), INT32_MAX));
  const int64_t outputs = graph.tensors[static_cast<size_t>(graph.outputs[0])].type.shape.elements();
  return config.loss == Loss::cross_entropy ? check_class_weights(config.class_weights, outputs) : Result<void>();
}

std::string train_fingerprint(const Graph& graph, const TrainConfig& c) {
  std::string text = describe_graph(graph);
  text += fmt::format("{} {} {} {} {} {}\n", c.epochs, c.batch, c.seed, static_cast<int>(c.loss),
                      fmt::join(c.class_weights, ","), c.huber_delta);
  text += fmt::format("{} {} {} {} {} {} {}\n", static_cast<int>(c.optimizer), c.learning_rate, c.momentum, c.beta1,
                      c.beta2, c.epsilon, c.weight_decay);
  text += fmt::format("{} {} {} {} {} {}\n", static_cast<int>(c.schedule), c.warmup_epochs, c.step_epochs,
                      c.step_factor, c.patience, c.shards);
  text += fmt::format("{} {} {} {}\n", c.label_smoothing, c.mixup, c.clip_norm, c.ema_decay);
  text += fmt::format("{} {}\n", simd().name, c.data_fingerprint);
  return fingerprint(std::string_view(text));
}

std::vector<float> balanced_class_weights(const Examples& examples, int32_t classes) {
  std::vector<int64_t> counts(static_cast<size_t>(classes));
  for (int64_t i = 0; i < examples.count(); ++i)
    if (const int32_t label = examples.label(i); label >= 0 && label < classes) ++counts[static_cast<size_t>(label)];
  std::vector<float> weights;
  for (const int64_t count : counts)
    weights.push_back(count == 0 ? 1.0f : static_cast<float>(examples.count()) / static_cast<float>(classes * count));
  return weights;
}

Result<std::vector<float>> predict(const Graph& graph, const Examples& examples, int32_t threads) {
  constexpr int32_t kRows = 64;  // per call: a fixed size, so that the threads do not change a result
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1)
    return input_error("predictions need a model with one input and one output");
  const int64_t input_floats = graph.tensors[static_cast<size_t>(graph.inputs[0])].type.shape.elements();
  const int64_t output_floats = graph.tensors[static_cast<size_t>(graph.outputs[0])].type.shape.elements();
  const int64_t count = examples.count();
  struct Worker {
    ShardProgram program;
    FloatBuffer inputs;
    std::vector<float> targets;
  };
  std::vector<Worker> workers;
  ThreadPool pool(threads);
  for (int i = 0; i < pool.threads(); ++i) {
    MOTE_TRY(ShardProgram program, ShardProgram::create(graph, {}, nullptr, nullptr, kAbsent, kRows));
    workers.push_back({std::move(program), FloatBuffer(kRows * input_floats), {}});
  }
  std::vector<float> outputs(static_cast<size_t>(count * output_floats));
  pool.run(pool.threads(), [&](int index) {
    Worker& worker = workers[static_cast<size_t>(index)];
    for (int64_t first = int64_t{index} * kRows; first < count; first += int64_t{pool.threads()} * kRows) {
      const auto rows = static_cast<int32_t>(std::min<int64_t>(kRows, count - first));
      for (int32_t row = 0; row < rows; ++row)
        examples.fill(first + row, 0, {worker.inputs.data() + row * input_floats, static_cast<size_t>(input_floats)},
                      {});
      worker.program.set_batch(rows, worker.inputs.data());
      worker.program.forward();
      std::copy_n(worker.program.value(graph.outputs[0]), rows * output_floats, outputs.data() + first * output_floats);
    }
  });
  return outputs;
}

}  // namespace mote
