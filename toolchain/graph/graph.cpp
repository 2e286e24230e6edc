#include "toolchain/graph/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace mote {

namespace {

std::string describe(const Graph& graph, size_t index) {
  const Node& node = graph.nodes[index];
  return fmt::format("operator {} ({}{})", index, node.op ? node.op->name : node.foreign,
                     node.name.empty() ? "" : " '" + node.name + "'");
}

std::string describe_tensor(const Graph& graph, int32_t index) {
  return fmt::format("tensor {} '{}'", index, graph.tensors[index].name);
}

Result<void> check_shape(const std::string& what, const Shape& shape) {
  if (shape.rank < 0 || shape.rank > kMaxRank)
    return input_error(fmt::format("{} has rank {}; at most {} dimensions are possible", what, shape.rank, kMaxRank));
  int64_t elements = 1;
  for (int32_t i = 0; i < shape.rank; ++i) {
    if (shape[i] < 0)
      return input_error(fmt::format("{} has shape {}: dimension {} is negative", what, to_string(shape), i));
    elements *= shape[i];
    if (elements > INT32_MAX)
      return input_error(fmt::format("{} has shape {}: too many elements", what, to_string(shape)));
  }
  return {};
}

Result<void> check_quantization(const std::string& what, const TensorType& type) {
  const QuantParams& quant = type.quant;
  if (!quant.quantized()) return {};
  if (quant.zero_points.size() != quant.scales.size())
    return input_error(
        fmt::format("{} has {} scales but {} zero points", what, quant.scales.size(), quant.zero_points.size()));
  if (!quant.per_channel()) return {};
  if (quant.axis < 0 || quant.axis >= type.shape.rank ||
      type.shape[quant.axis] != static_cast<int64_t>(quant.scales.size()))
    return input_error(
        fmt::format("{} of shape {} has {} scales along axis {}; expected one for each index of that axis", what,
                    to_string(type.shape), quant.scales.size(), quant.axis));
  return {};
}

Result<void> check_tensor(const Graph& graph, int32_t index) {
  const Tensor& tensor = graph.tensors[index];
  const std::string what = describe_tensor(graph, index);
  MOTE_CHECK(check_shape(what, tensor.type.shape));
  MOTE_CHECK(check_quantization(what, tensor.type));
  if (tensor.constant && element_bytes(tensor.type.dtype) > 0 &&
      static_cast<int64_t>(tensor.data.size()) != tensor.type.bytes())
    return input_error(fmt::format("{} is a constant of type {} and shape {}, which takes {} bytes, but it holds {}",
                                   what, to_string(tensor.type.dtype), to_string(tensor.type.shape),
                                   tensor.type.bytes(), tensor.data.size()));
  return {};
}

// Converters state a batch of 1 for one that they do not know, also where an operator makes a larger one of it.
const char* batch_hint(Shape stated, const Shape& given) {
  if (stated.rank < 1 || given.rank < 1 || stated[0] != 1 || given[0] == 1) return "";
  stated.dims[0] = given[0];
  return stated == given ? "; convert the model with a batch of 1 instead of an unknown one" : "";
}

// The operator's own rule: inputs are acceptable and the declared output shapes are those it gives.
Result<void> check_rule(const Graph& graph, size_t index) {
  const Node& node = graph.nodes[index];
  if (node.op == nullptr) return {};
  MOTE_TRY(const auto expected, node.op->infer(node.attributes, input_types(graph, node)));
  if (expected.size() != node.outputs.size())
    return input_error(fmt::format("it has {} outputs, expected {}", node.outputs.size(), expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    const Tensor& output = graph.tensors[node.outputs[i]];
    if (output.type.shape != expected[i])
      return input_error(fmt::format("output {} '{}' has shape {}, but its inputs give {}{}", i, output.name,
                                     to_string(output.type.shape), to_string(expected[i]),
                                     batch_hint(output.type.shape, expected[i])));
  }
  return {};
}

class Validator {
 public:
  explicit Validator(const Graph& graph) : graph_(graph), written_(graph.tensors.size(), false) {}

  Result<void> run() {
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      MOTE_CHECK(check_tensor(graph_, static_cast<int32_t>(i)));
      written_[i] = graph_.tensors[i].constant || graph_.tensors[i].variable;
    }
    MOTE_CHECK(check_ends());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) MOTE_CHECK(check_node(i));
    for (int32_t output : graph_.outputs)
      if (!written_[output])
        return input_error(fmt::format("graph output {} is written by no operator", describe_tensor(graph_, output)));
    return {};
  }

 private:
  bool in_range(int32_t tensor) const { return tensor >= 0 && tensor < static_cast<int64_t>(graph_.tensors.size()); }

  Result<void> check_ends() {
    if (graph_.inputs.empty() || graph_.outputs.empty()) return input_error("the graph has no inputs or no outputs");
    for (const auto* list : {&graph_.inputs, &graph_.outputs})
      for (int32_t tensor : *list)
        if (!in_range(tensor))
          return input_error(
              fmt::format("graph input or output {} is not a tensor; there are {}", tensor, graph_.tensors.size()));
    for (int32_t input : graph_.inputs) {
      if (graph_.tensors[input].constant || graph_.tensors[input].variable)
        return input_error(fmt::format("graph input {} is a constant or a variable", describe_tensor(graph_, input)));
      written_[input] = true;
    }
    return {};
  }

  Result<void> check_node(size_t index) {
    const Node& node = graph_.nodes[index];
    const std::string what = describe(graph_, index);
    for (int32_t input : node.inputs) {
      if (input == kAbsent) continue;
      if (!in_range(input)) return input_error(fmt::format("{}: input {} is not a tensor", what, input));
      if (!written_[input])
        return input_error(
            fmt::format("{}: input {} is not written by an earlier operator", what, describe_tensor(graph_, input)));
    }
    for (int32_t output : node.outputs) {
      if (!in_range(output)) return input_error(fmt::format("{}: output {} is not a tensor", what, output));
      if (written_[output])
        return input_error(fmt::format("{}: output {} is a constant, a variable, a graph input or already written",
                                       what, describe_tensor(graph_, output)));
      written_[output] = true;
    }
    for (size_t i = 0; node.op != nullptr && i < node.inputs.size(); ++i)
      if (node.inputs[i] != kAbsent && input_role(*node.op, i) == InputRole::state &&
          !graph_.tensors[node.inputs[i]].variable)
        return input_error(fmt::format("{}: input {} keeps its state, but {} is not a variable", what, i,
                                       describe_tensor(graph_, node.inputs[i])));
    if (auto rule = check_rule(graph_, index); !rule.ok())
      return Error{rule.error().kind, fmt::format("{}: {}", what, rule.error().message)};
    return {};
  }

  const Graph& graph_;
  std::vector<bool> written_;
};

}  // namespace

std::vector<float> index_values(const Tensor& tensor) {
  std::vector<int32_t> stored(tensor.data.size() / sizeof(int32_t));
  if (!stored.empty()) std::memcpy(stored.data(), tensor.data.data(), tensor.data.size());
  return {stored.begin(), stored.end()};
}

std::vector<TensorType> input_types(const Graph& graph, const Node& node) {
  std::vector<TensorType> types;
  for (int32_t input : node.inputs) {
    types.push_back(input == kAbsent ? TensorType{} : graph.tensors[input].type);
    if (input == kAbsent) types.back().shape.rank = -1;
  }
  return types;
}

OpCost node_cost(const Graph& graph, const Node& node) {
  if (node.op == nullptr) return {};
  std::vector<Shape> inputs, outputs;
  for (const TensorType& type : input_types(graph, node)) inputs.push_back(type.shape);
  for (int32_t output : node.outputs) outputs.push_back(graph.tensors[output].type.shape);
  OpCost cost = node.op->cost(node.attributes, inputs, outputs);
  if (node.outputs.empty()) return cost;
  const DType type = graph.tensors[node.outputs[0]].type.dtype;
  if (type == DType::float32 || type == DType::int16) cost.scratch_bytes = 0;  // plain loops
  return cost;
}

int64_t Graph::parameters() const {
  int64_t count = 0;
  for (const Tensor& tensor : tensors)
    if (tensor.trainable) count += tensor.type.shape.elements();
  return count;
}

int64_t Graph::macs() const {
  int64_t sum = 0;
  for (const Node& node : nodes) sum += node_cost(*this, node).macs;
  return sum;
}

std::vector<bool> statistic_tensors(const Graph& graph) {
  std::vector<bool> found(graph.tensors.size());
  for (const Node& node : graph.nodes)
    for (size_t i = 0; node.op != nullptr && i < node.inputs.size(); ++i)
      if (node.inputs[i] != kAbsent && input_role(*node.op, i) == InputRole::statistic)
        found[static_cast<size_t>(node.inputs[i])] = true;
  return found;
}

bool keeps_state(const Graph& graph) {
  return std::any_of(graph.tensors.begin(), graph.tensors.end(), [](const Tensor& t) { return t.variable; });
}

Result<void> validate(const Graph& graph) {
  return Validator(graph).run();
}

}  // namespace mote
