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
  const std::vector<bool> statistic = statistic_tensors(graph);
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    if (!tensor.trainable && !statistic[i]) continue;
    const Shape& shape = tensor.type.shape;
    layout.parameters.push_back(
        {static_cast<int32_t>(i), layout.total, shape.elements(), shape.rank >= 2, !tensor.trainable});
    layout.total += whole_lines(shape.elements());
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
                                          float* gradients, int32_t loss_tensor, int32_t rows, int64_t part_floats,
                                          std::shared_ptr<FloatArena> memory) {
  ShardProgram program;
  program.shared_ = memory != nullptr;
  program.arena_ = program.shared_ ? std::move(memory) : std::make_shared<FloatArena>();
  program.arena_->rewind();
  program.graph_ = &graph;
  program.loss_tensor_ = loss_tensor;
  program.planned_rows_ = program.rows_ = rows;
  if (graph.outputs[0] == graph.inputs[0]) return input_error("the model has no layers: its output is its input");
  MOTE_TRY(program.shapes_, shapes_at_batch(graph, rows));
  program.find_batched();
  program.find_reached();
  program.find_needs();
  if (gradients != nullptr) MOTE_CHECK(program.find_backward());
  program.schedule_ = schedule_step(graph, program.needs_, program.shapes_, {rows, part_floats},
                                    std::vector{loss_tensor, graph.outputs[0]});
  MOTE_CHECK(program.plan_values(layout, weights));
  MOTE_CHECK(program.plan_calls());
  if (gradients != nullptr) program.plan_gradients(layout, gradients);
  program.plan_memory(layout);
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

Result<void> ShardProgram::plan_values(const ParameterLayout& layout, const float* weights) {
  values_.resize(graph_->tensors.size());
  float* const repeated = arena_->take(schedule_.repeated_floats);
  for (size_t i = 0; i < values_.size(); ++i) {
    const Tensor& tensor = graph_->tensors[i];
    const Parameter* parameter = find_parameter(layout, static_cast<int32_t>(i));
    if (parameter != nullptr) {
      values_[i] = const_cast<float*>(weights) + parameter->offset;
    } else if (tensor.constant && tensor.type.dtype == DType::int32) {
      values_[i] = arena_->take(shapes_[i].elements());
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
      if (static_cast<int32_t>(i) != graph_->inputs[0] && !schedule_.taken[i])
        values_[i] = schedule_.repeated[i] ? repeated : arena_->take(shapes_[i].elements());
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
      call.input_places.push_back(absent ? Place{} : value_place(input));
    }
    for (const int32_t output : node.outputs) {
      call.rowwise.push_back(batched_[static_cast<size_t>(output)]);
      call.output_shapes.push_back(shapes_[static_cast<size_t>(output)]);
      call.output_places.push_back(value_place(output));
    }
    call.inputs.resize(node.inputs.size());
    call.outputs.resize(node.outputs.size());
    call.call.attributes = &node.attributes;
    call.call.input_shapes = call.input_shapes;
    call.call.output_shapes = call.output_shapes;
    call.call.inputs = call.inputs;
    call.call.outputs = call.outputs;
  }
  for (size_t i = 0; i < calls_.size(); ++i)
    for (size_t j = 0; j < calls_[i].inputs.size(); ++j)
      if (graph_->nodes[i].inputs[j] == graph_->inputs[0]) uses_input_.push_back({i, j});
  for (size_t i = 0; i < calls_.size(); ++i)
    if (schedule_.taken[static_cast<size_t>(graph_->nodes[i].outputs[0])]) plan_line(i);
  return {};
}

// The consumer reads what the maker reads, and takes its line.
void ShardProgram::plan_line(size_t maker) {
  const int32_t tensor = graph_->nodes[maker].outputs[0];
  const auto takes = [&](const Node& node) { return !node.inputs.empty() && node.inputs[0] == tensor; };
  const auto taker = std::ranges::find_if(graph_->nodes, takes) - graph_->nodes.begin();
  NodeCall& call = calls_[static_cast<size_t>(taker)];
  call.input_places[0] = calls_[maker].input_places[0];
  call.call.line = &call.line;
  calls_[maker].line_taker = &call;
}

void ShardProgram::find_reached() {
  reached_.resize(graph_->tensors.size());
  for (size_t i = 0; i < reached_.size(); ++i) reached_[i] = graph_->tensors[i].trainable;
  for (const Node& node : graph_->nodes)
    for (const int32_t input : node.inputs)
      if (input != kAbsent && reached_[static_cast<size_t>(input)])
        for (const int32_t output : node.outputs) reached_[static_cast<size_t>(output)] = true;
}

// Parameters: inputs that training changes and that are the same for all rows.
void ShardProgram::find_needs() {
  for (const Node& node : graph_->nodes) {
    NodeNeeds& needs = needs_.emplace_back();
    needs.batched = batched_[static_cast<size_t>(node.outputs[0])];
    bool parameters = false;
    for (const int32_t input : node.inputs)
      parameters = parameters ||
                   (input != kAbsent && reached_[static_cast<size_t>(input)] && !batched_[static_cast<size_t>(input)]);
    needs.whole = needs.batched && !node.op->in_parts && (parameters || node.op->float_saved != nullptr);
  }
}

// Outputs that nothing behind them needs have no gradient; the softmax under the loss is one of these.
Result<void> ShardProgram::find_backward() {
  if (!reached_[static_cast<size_t>(loss_tensor_)])
    return input_error(fmt::format("the model's output '{}' depends on no trainable tensor: there is nothing to train",
                                   graph_->tensors[static_cast<size_t>(graph_->outputs[0])].name));
  std::vector<bool> wanted(reached_.size());
  wanted[static_cast<size_t>(loss_tensor_)] = true;
  for (size_t i = graph_->nodes.size(); i-- > 0;) {
    const Node& node = graph_->nodes[i];
    const auto is_wanted = [&](int32_t output) { return wanted[static_cast<size_t>(output)]; };
    if (!reached_[static_cast<size_t>(node.outputs[0])] || std::ranges::none_of(node.outputs, is_wanted)) continue;
    if (node.op->backward == nullptr)
      return input_error(
          fmt::format("{} cannot be trained through: {}", describe(*graph_, node),
                      node.op->not_trainable != nullptr ? node.op->not_trainable : "it has no gradient"));
    needs_[i].backward = true;
    for (const int32_t input : node.inputs)
      if (input != kAbsent && reached_[static_cast<size_t>(input)]) wanted[static_cast<size_t>(input)] = true;
  }
  return {};
}

void ShardProgram::plan_gradients(const ParameterLayout& layout, float* gradients) {
  gradients_.resize(reached_.size());
  for (size_t i = 0; i < reached_.size(); ++i) {
    const Parameter* parameter = find_parameter(layout, static_cast<int32_t>(i));
    if (reached_[i] && parameter != nullptr) gradients_[i] = {gradients + parameter->offset, 0};
  }
  gradients_[static_cast<size_t>(loss_tensor_)] = borrow_gradient(loss_tensor_, schedule_.backward.front());
  loss_gradient_ = gradients_[static_cast<size_t>(loss_tensor_)].data;
  written_.assign(reached_.size(), false);
  written_[static_cast<size_t>(loss_tensor_)] = true;
  for (const Stage& stage : schedule_.backward) {
    for (const ScheduledCall& step : stage.steps)
      if (step.call == ScheduledCall::runs) plan_gradients_of(step.node, stage);
    end_stage();
  }
}

// The smallest of the buffers given back that will do, or a new one.
float* ShardProgram::borrow(int64_t floats, bool local) {
  const auto is_better = [&](const Loan& loan, auto best) {
    return loan.size >= floats && (best == free_.end() || loan.size < best->size);
  };
  auto best = free_.end();
  for (auto it = free_.begin(); it != free_.end(); ++it)
    if (it->local == local && is_better(*it, best)) best = it;
  if (best == free_.end()) {
    borrowed_.push_back({arena_->take(floats), floats, local});
    return borrowed_.back().data;
  }
  float* const data = best->data;
  borrowed_.push_back(*best);
  free_.erase(best);
  return data;
}

void ShardProgram::give_back(const float* data) {
  const auto it = std::ranges::find(borrowed_, data, &Loan::data);
  if (it == borrowed_.end()) return;  // of a parameter
  (it->local ? free_ : given_back_).push_back(*it);
  borrowed_.erase(it);
}

void ShardProgram::end_stage() {
  free_.insert(free_.end(), given_back_.begin(), given_back_.end());
  given_back_.clear();
}

ShardProgram::Place ShardProgram::value_place(int32_t tensor) const {
  float* const data = values_[static_cast<size_t>(tensor)];
  const auto is = [tensor](const std::vector<bool>& tensors) { return tensors[static_cast<size_t>(tensor)]; };
  return is(schedule_.repeated) || is(schedule_.taken) ? Place{data, 0} : place_of(data, tensor);
}

ShardProgram::Place ShardProgram::place_of(float* data, int32_t tensor) const {
  const bool batched = batched_[static_cast<size_t>(tensor)];
  return {data, batched ? shapes_[static_cast<size_t>(tensor)].elements() / planned_rows_ : 0};
}

ShardProgram::Place ShardProgram::borrow_gradient(int32_t tensor, const Stage& stage) {
  const int64_t elements = shapes_[static_cast<size_t>(tensor)].elements();
  if (schedule_.local_gradient[static_cast<size_t>(tensor)])
    return {borrow(elements / planned_rows_ * stage.rows, true), 0};
  return place_of(borrow(elements, false), tensor);
}

// A gradient of an activation lives from the last of its readers, whose reverse comes first, to the reverse of what
// made it; then others take its memory, which stays in the cache.
void ShardProgram::plan_gradients_of(int32_t index, const Stage& stage) {
  const Node& node = graph_->nodes[static_cast<size_t>(index)];
  NodeCall& call = calls_[static_cast<size_t>(index)];
  for (const int32_t output : node.outputs) {
    Place& gradient = gradients_[static_cast<size_t>(output)];
    if (gradient.data == nullptr)  // zeros: nothing reads it
      gradient = place_of(arena_->take(shapes_[static_cast<size_t>(output)].elements()), output);
    call.output_gradient_places.push_back(gradient);
  }
  for (const int32_t input : node.inputs) call.input_gradient_places.push_back(plan_input_gradient(call, input, stage));
  for (const Place& gradient : call.output_gradient_places) give_back(gradient.data);
  for (const Sum& sum : call.sums) give_back(sum.from.data);
  call.output_gradients.resize(node.outputs.size());
  call.input_gradients.resize(node.inputs.size());
  call.call.output_gradients = call.output_gradients;
  call.call.input_gradients = call.input_gradients;
}

ShardProgram::Place ShardProgram::plan_input_gradient(NodeCall& call, int32_t input, const Stage& stage) {
  if (input == kAbsent || !reached_[static_cast<size_t>(input)]) return {};
  Place& gradient = gradients_[static_cast<size_t>(input)];
  if (gradient.data == nullptr) gradient = borrow_gradient(input, stage);
  if (!written_[static_cast<size_t>(input)]) {
    written_[static_cast<size_t>(input)] = true;
    return gradient;
  }
  const Place second = borrow_gradient(input, stage);
  const int64_t elements = shapes_[static_cast<size_t>(input)].elements();
  const bool batched = batched_[static_cast<size_t>(input)];
  call.sums.push_back({second, gradient, batched ? 0 : elements, elements / planned_rows_});
  return second;
}

void ShardProgram::plan_memory(const ParameterLayout& layout) {
  int64_t floats = 0;
  for (NodeCall& call : calls_) move_to(call, whole());
  for (const NodeCall& call : calls_)
    if (call.op->float_workspace != nullptr) floats = std::max(floats, call.op->float_workspace(call.call));
  float* workspace = arena_->take(floats);
  for (size_t i = 0; i < calls_.size(); ++i) {
    NodeCall& call = calls_[i];
    call.call.workspace = workspace;
    if (call.op->float_saved != nullptr) call.call.saved = saved_.take(call.op->float_saved(call.call));
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
    for (ShardProgram* const shard : shards) {
      shard->move_to(shard->calls_[i], shard->whole());
      calls.push_back(shard->calls_[i].call);
    }
    node.op->learn_statistics(calls, node.statistics);
  }
}

void ShardProgram::set_batch(int32_t rows, const float* input) {
  for (const auto& [call, number] : uses_input_) calls_[call].input_places[number].data = const_cast<float*>(input);
  rows_ = rows;
}

// The call becomes one of the rows of a part.
void ShardProgram::move_to(NodeCall& call, Part part) const {
  const size_t inputs = call.inputs.size();
  for (size_t i = 0; i < inputs; ++i) {
    call.inputs[i] = call.input_places[i].at(part.first);
    if (call.rowwise[i]) call.input_shapes[i].dims[0] = part.rows;
  }
  for (size_t i = 0; i < call.outputs.size(); ++i) {
    call.outputs[i] = call.output_places[i].at(part.first);
    if (call.rowwise[inputs + i]) call.output_shapes[i].dims[0] = part.rows;
  }
  for (size_t i = 0; i < call.input_gradients.size(); ++i)
    call.input_gradients[i] = call.input_gradient_places[i].at(part.first);
  for (size_t i = 0; i < call.output_gradients.size(); ++i)
    call.output_gradients[i] = call.output_gradient_places[i].at(part.first);
  call.call.row = part.seen;
  call.call.last = part.seen + part.rows == rows_;
}

// Stages take turns in going from the first row to the last and back: what one wrote last, and the cache still has, the
// next one reads first. Nodes without a batch are computed by the first part, and reversed when the last one has come
// back.
template <class Run>
void ShardProgram::run(const std::vector<Stage>& stages, bool upwards, const Run& run_step) {
  for (const Stage& stage : stages) {
    for (int32_t seen = 0; seen < rows_; seen += stage.rows) {
      const int32_t rows = std::min(stage.rows, rows_ - seen);
      const Part part{upwards ? seen : rows_ - seen - rows, rows, seen};
      for (const ScheduledCall& step : stage.steps) run_step(step, calls_[static_cast<size_t>(step.node)], part);
    }
    upwards = !upwards;
  }
}

void ShardProgram::forward() {
  run(schedule_.forward, true, [&](const ScheduledCall& step, NodeCall& call, Part part) {
    const bool batched = needs_[static_cast<size_t>(step.node)].batched;
    if (!batched && part.seen > 0) return;
    move_to(call, batched ? part : whole());
    if (step.call == ScheduledCall::lines) {
      call.line_taker->line = call.op->line(call.call);
      return;
    }
    (step.call == ScheduledCall::observes ? call.op->observe : call.op->forward)(call.call);
  });
}

void ShardProgram::backward() {
  run(schedule_.backward, schedule_.forward.size() % 2 == 0, [&](const ScheduledCall& step, NodeCall& call, Part part) {
    const bool batched = needs_[static_cast<size_t>(step.node)].batched;
    if (!batched && part.seen + part.rows < rows_) return;
    move_to(call, batched ? part : whole());
    if (step.call == ScheduledCall::repeats) return call.op->forward(call.call);
    if (step.call == ScheduledCall::observes) return call.op->observe_gradient(call.call);
    call.op->backward(call.call);
    for (const Sum& sum : call.sums)
      if (sum.fixed == 0)
        simd().add(sum.per_row * part.rows, sum.from.at(part.first), sum.to.at(part.first));
      else if (call.call.last)
        simd().add(sum.fixed, sum.from.data, sum.to.data);
  });
}

}  // namespace mote
