#include "toolchain/train/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "toolchain/base/random.h"
#include "toolchain/base/simd/simd.h"
#include "toolchain/graph/float_executor.h"

namespace mote {
namespace {

std::string describe(const Graph& graph, const Node& node) {
  const auto index = &node - graph.nodes.data();
  return fmt::format("node {} '{}' ({})", index, node.name, node.op != nullptr ? node.op->name : node.foreign);
}

const Parameter* find_parameter(const ParameterLayout& layout, int32_t tensor) {
  for (const Parameter& parameter : layout.parameters)
    if (parameter.tensor == tensor) return &parameter;
  return nullptr;
}

}  // namespace

ParameterLayout ParameterLayout::of(const Graph& graph) {
  ParameterLayout layout;
  std::vector<bool> statistic(graph.tensors.size());
  for (const Node& node : graph.nodes)
    for (size_t i = 0; node.op != nullptr && i < node.inputs.size(); ++i)
      if (node.inputs[i] != kAbsent && input_role(*node.op, i) == InputRole::statistic)
        statistic[static_cast<size_t>(node.inputs[i])] = true;
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    if (!tensor.trainable && !statistic[i]) continue;
    const Shape& shape = tensor.type.shape;
    layout.parameters.push_back(
        {static_cast<int32_t>(i), layout.total, shape.elements(), shape.rank >= 2, !tensor.trainable});
    layout.total += round_to_line(shape.elements());
  }
  return layout;
}

void load_parameters(const Graph& graph, const ParameterLayout& layout, float* weights) {
  for (const Parameter& p : layout.parameters)
    std::copy_n(graph.tensors[static_cast<size_t>(p.tensor)].floats().data(), p.size, weights + p.offset);
}

void store_parameters(const float* weights, const ParameterLayout& layout, Graph& graph) {
  for (const Parameter& p : layout.parameters)
    std::copy_n(weights + p.offset, p.size, graph.tensors[static_cast<size_t>(p.tensor)].floats().data());
}

int32_t final_softmax(const Graph& graph) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.op != nullptr && std::string_view(node.op->name) == "softmax" && node.outputs[0] == graph.outputs[0])
      return static_cast<int32_t>(i);
  }
  return kAbsent;
}

Result<ShardProgram> ShardProgram::create(const Graph& graph, const ParameterLayout& layout, const float* weights,
                                          float* gradients, int32_t loss_tensor, int32_t rows) {
  ShardProgram program;
  program.graph_ = &graph;
  program.loss_tensor_ = loss_tensor;
  program.planned_rows_ = program.rows_ = rows;
  if (graph.outputs[0] == graph.inputs[0]) return input_error("the model has no layers: its output is its input");
  MOTE_TRY(program.shapes_, shapes_at_batch(graph, rows));
  program.find_batched();
  MOTE_CHECK(program.plan_values(layout, weights));
  MOTE_CHECK(program.plan_calls());
  if (gradients != nullptr) {
    MOTE_CHECK(program.plan_backward(layout, gradients));
    program.plan_training(layout);
  }
  program.plan_workspace();
  return program;
}

void ShardProgram::find_batched() {
  batched_.resize(graph_->tensors.size());
  batched_[static_cast<size_t>(graph_->inputs[0])] = true;
  for (const Node& node : graph_->nodes)
    for (const int32_t input : node.inputs)
      if (input != kAbsent && batched_[static_cast<size_t>(input)])
        for (const int32_t output : node.outputs) batched_[static_cast<size_t>(output)] = true;
}

float* ShardProgram::take(int64_t floats) {
  return buffers_.emplace_back(floats).data();
}

int64_t ShardProgram::planned_bytes() const {
  int64_t bytes = 0;
  for (const FloatBuffer& buffer : buffers_) bytes += buffer.bytes();
  return bytes;
}

Result<void> ShardProgram::plan_values(const ParameterLayout& layout, const float* weights) {
  values_.resize(graph_->tensors.size());
  for (size_t i = 0; i < values_.size(); ++i) {
    const Tensor& tensor = graph_->tensors[i];
    const Parameter* parameter = find_parameter(layout, static_cast<int32_t>(i));
    if (parameter != nullptr) {
      values_[i] = const_cast<float*>(weights) + parameter->offset;
    } else if (tensor.constant && tensor.type.dtype == DType::int32) {
      values_[i] = take(shapes_[i].elements());
      std::ranges::copy(index_values(tensor), values_[i]);
    } else if (tensor.constant) {  // read only
      values_[i] = const_cast<float*>(reinterpret_cast<const float*>(tensor.data.data()));
    } else {
      if (tensor.type.dtype != DType::float32)
        return input_error(fmt::format("tensor '{}' is {}: only a float32 model can be trained or run in float",
                                       tensor.name, to_string(tensor.type.dtype)));
      if (batched_[i] && (shapes_[i].rank == 0 || shapes_[i][0] != planned_rows_))
        return input_error(
            fmt::format("tensor '{}' has shape {}: its first dimension is not the batch, so examples cannot be "
                        "computed together",
                        tensor.name, to_string(tensor.type.shape)));
      if (static_cast<int32_t>(i) != graph_->inputs[0]) values_[i] = take(shapes_[i].elements());
    }
  }
  return {};
}

Result<void> ShardProgram::plan_calls() {
  for (const Node& node : graph_->nodes) {
    if (node.op == nullptr || node.op->forward == nullptr)
      return input_error(fmt::format("{} cannot run in float: mote has no such operator", describe(*graph_, node)));
    NodeCall& call = calls_.emplace_back();
    call.op = node.op;
    for (const int32_t input : node.inputs) {
      const bool absent = input == kAbsent;
      call.rowwise.push_back(!absent && batched_[static_cast<size_t>(input)]);
      call.input_shapes.push_back(absent ? Shape{-1, {}} : shapes_[static_cast<size_t>(input)]);
      call.inputs.push_back(absent ? nullptr : values_[static_cast<size_t>(input)]);
    }
    for (const int32_t output : node.outputs) {
      call.rowwise.push_back(batched_[static_cast<size_t>(output)]);
      call.output_shapes.push_back(shapes_[static_cast<size_t>(output)]);
      call.outputs.push_back(values_[static_cast<size_t>(output)]);
    }
    call.call.attributes = &node.attributes;
    call.call.input_shapes = call.input_shapes;
    call.call.output_shapes = call.output_shapes;
    call.call.inputs = call.inputs;
    call.call.outputs = call.outputs;
  }
  for (size_t i = 0; i < calls_.size(); ++i)
    for (size_t j = 0; j < calls_[i].inputs.size(); ++j)
      if (graph_->nodes[i].inputs[j] == graph_->inputs[0]) input_slots_.push_back(&calls_[i].inputs[j]);
  return {};
}

// Tensors that a change of some parameter would change.
std::vector<bool> ShardProgram::reachable_from_parameters() const {
  std::vector<bool> reached(graph_->tensors.size());
  for (size_t i = 0; i < reached.size(); ++i) reached[i] = graph_->tensors[i].trainable;
  for (const Node& node : graph_->nodes)
    for (const int32_t input : node.inputs)
      if (input != kAbsent && reached[static_cast<size_t>(input)])
        for (const int32_t output : node.outputs) reached[static_cast<size_t>(output)] = true;
  return reached;
}

Result<void> ShardProgram::plan_backward(const ParameterLayout& layout, float* gradients) {
  const std::vector<bool>& reached = reached_ = reachable_from_parameters();
  if (!reached[static_cast<size_t>(loss_tensor_)])
    return input_error(fmt::format("the model's output '{}' depends on no trainable tensor: there is nothing to train",
                                   graph_->tensors[static_cast<size_t>(graph_->outputs[0])].name));
  gradients_.resize(reached.size());
  for (size_t i = 0; i < reached.size(); ++i) {
    if (!reached[i]) continue;
    const Parameter* parameter = find_parameter(layout, static_cast<int32_t>(i));
    if (parameter != nullptr) gradients_[i] = gradients + parameter->offset;
  }
  loss_gradient_ = gradients_[static_cast<size_t>(loss_tensor_)] =
      borrow(shapes_[static_cast<size_t>(loss_tensor_)].elements());
  written_.assign(reached.size(), false);
  written_[static_cast<size_t>(loss_tensor_)] = true;
  for (size_t i = calls_.size(); i-- > 0;) {
    const Node& node = graph_->nodes[i];
    // Outputs that nothing behind them needs have no gradient; the softmax under the loss is one of these.
    bool needed = false;
    for (const int32_t output : node.outputs) needed = needed || written_[static_cast<size_t>(output)];
    if (!needed || !reached[static_cast<size_t>(node.outputs[0])]) continue;
    if (node.op->backward == nullptr)
      return input_error(
          fmt::format("{} cannot be trained through: {}", describe(*graph_, node),
                      node.op->not_trainable != nullptr ? node.op->not_trainable : "it has no gradient"));
    plan_gradients_of(calls_[i], node);
  }
  return {};
}

// The smallest of the buffers given back that will do, or a new one.
float* ShardProgram::borrow(int64_t floats) {
  auto best = free_.end();
  for (auto it = free_.begin(); it != free_.end(); ++it)
    if (it->size >= floats && (best == free_.end() || it->size < best->size)) best = it;
  if (best == free_.end()) {
    borrowed_.push_back({take(floats), floats});
    return borrowed_.back().data;
  }
  float* const data = best->data;
  borrowed_.push_back(*best);
  free_.erase(best);
  return data;
}

void ShardProgram::give_back(const float* data) {
  const auto it = std::find_if(borrowed_.begin(), borrowed_.end(), [&](const Part& part) { return part.data == data; });
  if (it == borrowed_.end()) return;  // of a parameter
  free_.push_back(*it);
  borrowed_.erase(it);
}

// A gradient of an activation lives from the last of its readers, whose reverse comes first, to the reverse of what
// made it; then others take its memory, which stays in the cache.
void ShardProgram::plan_gradients_of(NodeCall& call, const Node& node) {
  call.backward = true;
  for (const int32_t output : node.outputs) {
    float*& gradient = gradients_[static_cast<size_t>(output)];
    if (gradient == nullptr)
      gradient = take(shapes_[static_cast<size_t>(output)].elements());  // zeros: nothing reads it
    call.output_gradients.push_back(gradient);
  }
  for (const int32_t input : node.inputs) call.input_gradients.push_back(plan_input_gradient(call, input));
  for (const float* gradient : call.output_gradients) give_back(gradient);
  for (const Sum& sum : call.sums) give_back(sum.from);
  call.call.output_gradients = call.output_gradients;
  call.call.input_gradients = call.input_gradients;
}

float* ShardProgram::plan_input_gradient(NodeCall& call, int32_t input) {
  if (input == kAbsent || !reached_[static_cast<size_t>(input)]) return nullptr;
  float*& gradient = gradients_[static_cast<size_t>(input)];
  const int64_t elements = shapes_[static_cast<size_t>(input)].elements();
  if (gradient == nullptr) gradient = borrow(elements);
  if (!written_[static_cast<size_t>(input)]) {
    written_[static_cast<size_t>(input)] = true;
    return gradient;
  }
  float* const second = borrow(elements);
  const bool batched = batched_[static_cast<size_t>(input)];
  call.sums.push_back({second, gradient, batched ? 0 : elements, elements / planned_rows_});
  return second;
}

void ShardProgram::plan_workspace() {
  int64_t floats = 0;
  for (const NodeCall& call : calls_)
    if (call.op->float_workspace != nullptr) floats = std::max(floats, call.op->float_workspace(call.call));
  float* workspace = take(floats);
  for (NodeCall& call : calls_) call.call.workspace = workspace;
}

void ShardProgram::plan_training(const ParameterLayout& layout) {
  for (size_t i = 0; i < calls_.size(); ++i) {
    NodeCall& call = calls_[i];
    if (call.op->float_saved != nullptr) call.call.saved = take(call.op->float_saved(call.call));
    if (call.op->learn_statistics == nullptr) continue;
    for (const int32_t input : graph_->nodes[i].inputs) {
      const Parameter* parameter = find_parameter(layout, input);
      const bool statistic = parameter != nullptr && parameter->statistic;
      call.statistics.push_back(statistic ? values_[static_cast<size_t>(input)] : nullptr);
    }
  }
}

void ShardProgram::set_training(bool training, uint64_t seed) {
  const Random random(seed);
  for (size_t i = 0; i < calls_.size(); ++i) {
    calls_[i].call.training = training;
    if (calls_[i].call.saved != nullptr) calls_[i].call.seed = random.stream(i).bits();
  }
}

void ShardProgram::learn_statistics(std::span<ShardProgram* const> shards) {
  if (shards.empty()) return;
  std::vector<FloatCall>& calls = shards[0]->shard_calls_;
  for (size_t i = 0; i < shards[0]->calls_.size(); ++i) {
    const NodeCall& node = shards[0]->calls_[i];
    if (node.statistics.empty()) continue;
    calls.clear();
    for (const ShardProgram* shard : shards) calls.push_back(shard->calls_[i].call);
    node.op->learn_statistics(calls, node.statistics);
  }
}

void ShardProgram::set_batch(int32_t rows, const float* input) {
  for (const float** slot : input_slots_) *slot = input;
  if (rows == rows_) return;
  rows_ = rows;
  for (NodeCall& call : calls_) {
    const size_t inputs = call.input_shapes.size();
    for (size_t i = 0; i < inputs; ++i)
      if (call.rowwise[i]) call.input_shapes[i].dims[0] = rows;
    for (size_t i = 0; i < call.output_shapes.size(); ++i)
      if (call.rowwise[inputs + i]) call.output_shapes[i].dims[0] = rows;
  }
}

void ShardProgram::forward() {
  for (NodeCall& call : calls_) call.op->forward(call.call);
}

void ShardProgram::backward() {
  for (size_t i = calls_.size(); i-- > 0;) {
    NodeCall& call = calls_[i];
    if (!call.backward) continue;
    call.op->backward(call.call);
    for (const Sum& sum : call.sums) simd().add(sum.fixed > 0 ? sum.fixed : sum.per_row * rows_, sum.from, sum.to);
  }
}

}  // namespace mote
