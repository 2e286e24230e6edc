#include "toolchain/graph/float_executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <new>

#include "toolchain/base/simd/simd.h"

namespace mote {

namespace {

struct AlignedFree {
  void operator()(float* p) const { ::operator delete (p, std::align_val_t{64}); }
};
using AlignedFloats = std::unique_ptr<float[], AlignedFree>;

AlignedFloats allocate(size_t count) {
  const size_t bytes = std::max<size_t>(count, 1) * sizeof(float);
  auto* floats = static_cast<float*>(::operator new (bytes, std::align_val_t{64}));
  std::fill_n(floats, std::max<size_t>(count, 1), 0.0f);
  return AlignedFloats(floats);
}

// One node's call: the arrays that its FloatCall's spans refer to.
struct Call {
  const Node* node = nullptr;
  std::vector<Shape> input_shapes, output_shapes;
  std::vector<const float*> inputs;
  std::vector<float*> outputs;
  FloatCall call;
};

bool read_by_float_kernel(const Node& node, size_t input) {
  return input_role(*node.op, input) != InputRole::constant;
}

Result<void> check_float(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.op == nullptr)
      return input_error(fmt::format("layer '{}' is {}, which cannot run here", node.name, node.foreign));
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kAbsent || !read_by_float_kernel(node, i)) continue;
      const Tensor& tensor = graph.tensors[node.inputs[i]];
      const bool index = input_role(*node.op, i) == InputRole::index && tensor.type.dtype == DType::int32;
      if (tensor.constant && tensor.type.dtype != DType::float32 && !index)
        return input_error(
            fmt::format("layer '{}' ({}) reads the {} constant '{}'; a float graph needs float32. Quantized "
                        "models run in the int8 executor",
                        node.name, node.op->name, to_string(tensor.type.dtype), tensor.name));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Shape>> shapes_at_batch(const Graph& graph, int32_t batch) {
  std::vector<Shape> shapes;
  for (const Tensor& tensor : graph.tensors) shapes.push_back(tensor.type.shape);
  for (int32_t input : graph.inputs)
    if (shapes[input].rank > 0) shapes[input].dims[0] = batch;
  for (size_t t = 0; t < shapes.size(); ++t)
    if (graph.tensors[t].variable && shapes[t].rank > 0) shapes[t].dims[0] = batch;
  for (const Node& node : graph.nodes) {
    if (node.op == nullptr)
      return input_error(fmt::format("layer '{}' is {}, whose shapes are not known", node.name, node.foreign));
    std::vector<TensorType> types = input_types(graph, node);
    for (size_t i = 0; i < types.size(); ++i)
      if (node.inputs[i] != kAbsent) types[i].shape = shapes[node.inputs[i]];
    MOTE_TRY(const auto outputs, node.op->infer(node.attributes, types));
    for (size_t i = 0; i < outputs.size() && i < node.outputs.size(); ++i) shapes[node.outputs[i]] = outputs[i];
  }
  return shapes;
}

struct FloatExecutor::State {
  const Graph* graph = nullptr;
  int32_t batch = 0;
  std::vector<Shape> shapes;                      // per tensor
  std::vector<float*> activations;                // per tensor; nullptr = constant
  std::map<int32_t, std::vector<float>> indices;  // of int32 constants that choose elements, by tensor
  AlignedFloats memory, workspace, saved;
  std::vector<Call> calls;

  void place_activations() {
    const auto line = [&](size_t t) { return static_cast<size_t>(whole_lines(shapes[t].elements())); };
    size_t total = 0;
    for (size_t t = 0; t < shapes.size(); ++t)
      if (!graph->tensors[t].constant) total += line(t);
    memory = allocate(total);
    activations.assign(shapes.size(), nullptr);
    float* next = memory.get();
    for (size_t t = 0; t < shapes.size(); ++t)
      if (!graph->tensors[t].constant) activations[t] = next, next += line(t);
  }

  void read_indices() {
    for (const Node& node : graph->nodes)
      for (size_t i = 0; i < node.inputs.size(); ++i)
        if (node.inputs[i] != kAbsent && graph->tensors[node.inputs[i]].constant &&
            input_role(*node.op, i) == InputRole::index)
          indices[node.inputs[i]] = index_values(graph->tensors[node.inputs[i]]);
  }

  void make_calls() {
    int64_t workspace_floats = 0, saved_floats = 0;
    calls.resize(graph->nodes.size());
    for (size_t n = 0; n < calls.size(); ++n) {
      Call& c = calls[n];
      c.node = &graph->nodes[n];
      for (int32_t t : c.node->inputs) {
        c.input_shapes.push_back(t == kAbsent ? Shape{-1, {}} : shapes[t]);
        c.inputs.push_back(t == kAbsent ? nullptr : activations[t]);
      }
      for (int32_t t : c.node->outputs) {
        c.output_shapes.push_back(shapes[t]);
        c.outputs.push_back(activations[t]);
      }
      c.call = {&c.node->attributes, c.input_shapes, c.output_shapes, c.inputs, c.outputs, {}, {}, nullptr};
      if (c.node->op->float_workspace)
        workspace_floats = std::max(workspace_floats, c.node->op->float_workspace(c.call));
      if (c.node->op->float_saved) saved_floats = std::max(saved_floats, c.node->op->float_saved(c.call));
    }
    workspace = allocate(static_cast<size_t>(workspace_floats));
    saved = allocate(static_cast<size_t>(saved_floats));  // of one call at a time: nothing goes backward
    for (Call& c : calls) {
      c.call.workspace = workspace.get();
      c.call.saved = saved.get();
    }
  }

  std::span<const float> values(int32_t t) const {
    if (activations[t]) return {activations[t], static_cast<size_t>(shapes[t].elements())};
    if (const auto found = indices.find(t); found != indices.end()) return found->second;
    return graph->tensors[t].floats();
  }
};

Result<FloatExecutor> FloatExecutor::create(const Graph& graph, int32_t batch) {
  if (batch < 1) return defect(fmt::format("float executor made for a batch of {}", batch));
  MOTE_CHECK(validate(graph));
  MOTE_CHECK(check_float(graph));
  auto state = std::make_unique<State>();
  state->graph = &graph;
  state->batch = batch;
  MOTE_TRY(state->shapes, shapes_at_batch(graph, batch));
  state->place_activations();
  state->read_indices();
  state->make_calls();
  return FloatExecutor(std::move(state));
}

FloatExecutor::FloatExecutor(std::unique_ptr<State> state) : state_(std::move(state)) {}
FloatExecutor::FloatExecutor(FloatExecutor&&) noexcept = default;
FloatExecutor& FloatExecutor::operator=(FloatExecutor&&) noexcept = default;
FloatExecutor::~FloatExecutor() = default;

int32_t FloatExecutor::batch() const {
  return state_->batch;
}

std::span<float> FloatExecutor::input(int32_t i) {
  const int32_t t = state_->graph->inputs[i];
  return {state_->activations[t], static_cast<size_t>(state_->shapes[t].elements())};
}

std::span<const float> FloatExecutor::output(int32_t i) const {
  return state_->values(state_->graph->outputs[i]);
}

std::span<const float> FloatExecutor::tensor(int32_t index) const {
  return state_->values(index);
}

void FloatExecutor::run(const Observer& observer) {
  if (observer)
    for (int32_t t : state_->graph->inputs) observer(t, state_->values(t));
  for (Call& c : state_->calls) {
    for (size_t i = 0; i < c.inputs.size(); ++i) {
      const int32_t t = c.node->inputs[i];
      if (t != kAbsent && state_->graph->tensors[t].constant && read_by_float_kernel(*c.node, i))
        c.inputs[i] = state_->values(t).data();
    }
    run_forward(*c.node->op, c.call);
    if (observer)
      for (int32_t t : c.node->outputs) observer(t, state_->values(t));
  }
}

}  // namespace mote
