#include "toolchain/train/schedule.h"

#include <algorithm>
#include <utility>

namespace mote {
namespace {

class StageList {
 public:
  explicit StageList(const std::vector<NodeNeeds>& needs) : needs_(needs) {}

  // A call that needs no other order than that of the calls.
  void add(int32_t node) {
    const NodeNeeds& needs = needs_[static_cast<size_t>(node)];
    if (stages_.empty() || closed_ || (needs.batched && needs.whole != stages_.back().whole)) open(needs.whole);
    stages_.back().steps.push_back({node, ScheduledCall::runs});
  }
  // One that must have seen all parts before the next call begins.
  void add_observer(int32_t node) {
    if (stages_.empty() || closed_) open(false);
    stages_.back().steps.push_back({node, ScheduledCall::observes});
    closed_ = true;
  }
  std::vector<Stage> take() { return std::move(stages_); }

 private:
  void open(bool whole) {
    stages_.push_back({{}, whole, 0});
    closed_ = false;
  }

  const std::vector<NodeNeeds>& needs_;
  std::vector<Stage> stages_;
  bool closed_ = false;
};

class Scheduler {
 public:
  Scheduler(const Graph& graph, const std::vector<NodeNeeds>& needs, const std::vector<Shape>& shapes, RowParts parts,
            const std::vector<int32_t>& asked)
      : graph_(graph),
        needs_(needs),
        shapes_(shapes),
        rows_(parts.rows),
        part_floats_(parts.floats),
        asked_(graph.tensors.size()) {
    for (const int32_t tensor : asked)
      if (tensor != kAbsent) asked_[index(tensor)] = true;
  }

  StepSchedule make() {
    plan_forward();
    plan_backward();
    schedule_.local_gradient.resize(shapes_.size());
    schedule_.repeated.resize(shapes_.size());
    schedule_.taken.resize(shapes_.size());
    find_local_gradients();
    for (size_t i = 0; i < graph_.nodes.size(); ++i) repeat(static_cast<int32_t>(i));
    return std::move(schedule_);
  }

 private:
  static constexpr int32_t kNone = -1, kSeveral = -2;

  static size_t index(int32_t number) { return static_cast<size_t>(number); }
  const Node& node(int32_t number) const { return graph_.nodes[index(number)]; }

  void plan_forward() {
    StageList list(needs_);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (graph_.nodes[i].op->observe != nullptr) list.add_observer(static_cast<int32_t>(i));
      list.add(static_cast<int32_t>(i));
    }
    schedule_.forward = with_rows(list.take());
  }

  void plan_backward() {
    StageList list(needs_);
    for (size_t i = graph_.nodes.size(); i-- > 0;) {
      if (!needs_[i].backward) continue;
      if (graph_.nodes[i].op->observe_gradient != nullptr) list.add_observer(static_cast<int32_t>(i));
      list.add(static_cast<int32_t>(i));
    }
    schedule_.backward = with_rows(list.take());
  }

  std::vector<Stage> with_rows(std::vector<Stage> stages) const {
    for (Stage& stage : stages) {
      const auto fit = static_cast<int32_t>(std::clamp<int64_t>(part_floats_ / row_floats(stage), 1, rows_));
      const int32_t parts = stage.whole ? 1 : (rows_ + fit - 1) / fit;
      stage.rows = (rows_ + parts - 1) / parts;
    }
    return stages;
  }

  // Of a row of the largest tensor.
  int64_t row_floats(const Stage& stage) const {
    int64_t largest = 1;
    for (const ScheduledCall& step : stage.steps) {
      if (!needs_[index(step.node)].batched) continue;
      for (const std::vector<int32_t>* tensors : {&node(step.node).inputs, &node(step.node).outputs})
        for (const int32_t tensor : *tensors)
          if (tensor != kAbsent && !graph_.tensors[index(tensor)].constant)
            largest = std::max<int64_t>(largest, shapes_[index(tensor)].elements() / rows_);
    }
    return largest;
  }

  // For each tensor the one stage in which `use` meets it, kNone, or kSeveral.
  template <class Use>
  std::vector<int32_t> stage_of_tensors(const std::vector<Stage>& stages, const Use& use) const {
    std::vector<int32_t> seen(shapes_.size(), kNone);
    for (size_t s = 0; s < stages.size(); ++s)
      for (const ScheduledCall& step : stages[s].steps)
        use(step, [&](int32_t tensor) {
          if (tensor == kAbsent) return;
          int32_t& stage = seen[index(tensor)];
          stage = stage == kNone || stage == static_cast<int32_t>(s) ? static_cast<int32_t>(s) : kSeveral;
        });
    return seen;
  }

  void find_local_gradients() {
    const auto stages = stage_of_tensors(schedule_.backward, [&](const ScheduledCall& step, const auto& visit) {
      std::ranges::for_each(node(step.node).outputs, visit);
      if (step.call == ScheduledCall::runs) std::ranges::for_each(node(step.node).inputs, visit);
    });
    for (size_t i = 0; i < graph_.nodes.size(); ++i)
      for (const int32_t tensor : graph_.nodes[i].outputs)
        schedule_.local_gradient[index(tensor)] =
            !asked_[index(tensor)] && stages[index(tensor)] >= 0 && needs_[i].batched;
  }

  // Where every reader of the node's output is, forward and backward; kNone or kSeveral.
  int32_t readers_stage(const std::vector<Stage>& stages, int32_t tensor) const {
    return stage_of_tensors(stages, [&](const ScheduledCall& step, const auto& visit) {
      const std::vector<int32_t>& inputs = node(step.node).inputs;
      if (std::ranges::find(inputs, tensor) != inputs.end()) visit(tensor);
    })[index(tensor)];
  }
  static int32_t stage_running(const std::vector<Stage>& stages, int32_t number) {
    for (size_t s = 0; s < stages.size(); ++s)
      for (const ScheduledCall& step : stages[s].steps)
        if (step.node == number && step.call == ScheduledCall::runs) return static_cast<int32_t>(s);
    return kNone;
  }

  bool is_gone(int32_t tensor) const { return schedule_.repeated[index(tensor)] || schedule_.taken[index(tensor)]; }

  // By one consumer, as its input 0.
  bool is_taken(int32_t tensor) const {
    int64_t uses = 0;
    bool taken = false;
    for (const Node& reader : graph_.nodes) {
      uses += std::ranges::count(reader.inputs, tensor);
      taken = taken || (reader.op->takes_line && reader.inputs[0] == tensor);
    }
    return taken && uses == 1;
  }

  void repeat(int32_t number) {
    const Node& maker = node(number);
    const NodeNeeds& needs = needs_[index(number)];
    // One that observes begins a stage, forward and backward, so that there is one in each.
    if (!maker.op->repeatable || maker.op->observe == nullptr || maker.op->observe_gradient == nullptr) return;
    if (!needs.backward || !needs.batched || asked_[index(maker.outputs[0])]) return;
    if (is_gone(maker.inputs[0])) return;
    const int32_t made = stage_running(schedule_.forward, number);
    const int32_t back = readers_stage(schedule_.backward, maker.outputs[0]);
    if (readers_stage(schedule_.forward, maker.outputs[0]) != made || back < 0) return;
    if (schedule_.forward[index(made)].whole || schedule_.backward[index(back)].whole) return;
    if (maker.op->line != nullptr && is_taken(maker.outputs[0])) {
      for (ScheduledCall& step : schedule_.forward[index(made)].steps)
        if (step.node == number && step.call == ScheduledCall::runs) step.call = ScheduledCall::lines;
      schedule_.taken[index(maker.outputs[0])] = true;
      return;
    }
    std::vector<ScheduledCall>& steps = schedule_.backward[index(back)].steps;
    const auto reads = [&](const ScheduledCall& step) {
      return step.call == ScheduledCall::runs &&
             std::ranges::find(node(step.node).inputs, maker.outputs[0]) != node(step.node).inputs.end();
    };
    steps.insert(std::ranges::find_if(steps, reads), {number, ScheduledCall::repeats});
    schedule_.repeated[index(maker.outputs[0])] = true;
    const int32_t rows = std::max(schedule_.forward[index(made)].rows, schedule_.backward[index(back)].rows);
    schedule_.repeated_floats =
        std::max<int64_t>(schedule_.repeated_floats, shapes_[index(maker.outputs[0])].elements() / rows_ * rows);
  }

  const Graph& graph_;
  const std::vector<NodeNeeds>& needs_;
  const std::vector<Shape>& shapes_;
  int32_t rows_;
  int64_t part_floats_;
  std::vector<bool> asked_;
  StepSchedule schedule_;
};

}  // namespace

StepSchedule schedule_step(const Graph& graph, const std::vector<NodeNeeds>& needs, const std::vector<Shape>& shapes,
                           RowParts parts, const std::vector<int32_t>& asked) {
  return Scheduler(graph, needs, shapes, parts, asked).make();
}

}  // namespace mote
