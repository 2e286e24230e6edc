#include "toolchain/graph/builder.h"

#include <fmt/format.h>

#include <cmath>

#include "toolchain/base/text.h"
#include "toolchain/graph/fused_activation.h"
#include "toolchain/graph/layers/layer.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

// Activations by the name people write; `op` is appended as a node and fused into a Dense by a pass.
struct NamedActivation {
  const char* name;
  const char* op;  // nullptr = nothing to add
};
constexpr NamedActivation kActivations[] = {
    {"linear", nullptr},
    {"relu", "relu"},
    {"relu6", "relu6"},
    {"softmax", "softmax"},
};

Error in_layer(size_t index, const std::string& text, const Error& error) {
  return {error.kind, fmt::format("layer {} \"{}\": {}", index + 1, text, error.message)};
}

Result<void> check_input(const Shape& input) {
  int64_t elements = 1;
  for (int32_t i = 0; i < input.rank; ++i) {
    elements *= input[i];
    if (input[i] < 1 || elements > INT32_MAX) elements = -1;
    if (elements < 0) break;
  }
  if (input.rank < 1 || input.rank >= kMaxRank || elements < 0)
    return input_error(
        fmt::format("an example of shape {} cannot be the input of a network; expected 1 to {} dimensions of at "
                    "least 1",
                    to_string(input), kMaxRank - 1));
  return {};
}

Shape with_batch(const Shape& example, bool flat) {
  if (flat) return make_shape({1, example.elements()});
  Shape shape = example;
  ++shape.rank;
  for (int32_t i = shape.rank - 1; i > 0; --i) shape.dims[i] = shape.dims[i - 1];
  shape.dims[0] = 1;
  return shape;
}

std::string lower_case(std::string name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return name;
}

}  // namespace

GraphBuilder::GraphBuilder(Graph& graph, const Shape& input_with_batch) : graph_(graph) {
  graph_.tensors.push_back({"input", {DType::float32, input_with_batch, {}}, false, false, {}});
  graph_.inputs = {0};
  graph_.input_names = {"input"};
}

std::string GraphBuilder::unique_name(const std::string& suffix) const {
  for (const Node& node : graph_.nodes)
    if (node.name == layer_) return layer_ + "/" + suffix;
  return layer_;
}

int32_t GraphBuilder::add_parameter(const std::string& suffix, const Shape& shape, int64_t fan_in, int64_t fan_out) {
  Tensor tensor{layer_ + "/" + suffix, {DType::float32, shape, {}}, true, true, {}};
  tensor.data.resize(static_cast<size_t>(tensor.type.bytes()));
  graph_.tensors.push_back(std::move(tensor));
  fans_.push_back({fan_in, fan_out});
  return static_cast<int32_t>(graph_.tensors.size()) - 1;
}

Result<void> GraphBuilder::add_node(const char* op, const Attributes& attributes, std::span<const int32_t> parameters) {
  Node node{find_op(op), unique_name(op), attributes, {current_}, {}, ""};
  if (node.op == nullptr)
    return defect(fmt::format("layer '{}' wants the operator {}, which is not in ops.def", layer_, op));
  node.inputs.insert(node.inputs.end(), parameters.begin(), parameters.end());
  MOTE_TRY(const auto shapes, node.op->infer(attributes, input_types(graph_, node)));
  current_ = static_cast<int32_t>(graph_.tensors.size());
  graph_.tensors.push_back({node.name, {DType::float32, shapes[0], {}}, false, false, {}});
  node.outputs = {current_};
  graph_.nodes.push_back(std::move(node));
  return {};
}

Result<void> GraphBuilder::add_activation(const LayerValue& name) {
  std::vector<std::string> known;
  for (const NamedActivation& activation : kActivations) {
    known.push_back(activation.name);
    if (name.word != activation.name) continue;
    if (activation.op == nullptr) return {};
    return add_node(activation.op, find_op(activation.op)->default_attributes());
  }
  return layer_error(name.column, fmt::format("there is no activation '{}'; did you mean '{}'? Known activations: {}",
                                              name.word, nearest_name(name.word, known), fmt::join(known, ", ")));
}

Result<void> GraphBuilder::flatten() {
  if (shape().rank == 2) return {};
  const LayerValue elements{LayerValue::Kind::sizes, 0, "", {shape().elements()}, 1};
  for (const LayerForm* form : all_layer_forms())
    if (std::string(form->name) == "Reshape") return form->add(*this, LayerArguments({elements}));
  return defect("the layer form Reshape is missing");
}

void GraphBuilder::initialise(uint64_t seed) {
  const Random root(seed);
  size_t index = 0;
  for (size_t t = 0; t < graph_.tensors.size(); ++t) {
    Tensor& tensor = graph_.tensors[t];
    if (!tensor.trainable) continue;
    const Fans fans = fans_[index];
    Random random = root.stream(index++);
    if (fans.in == 0) continue;
    bool rectified = false;
    for (const Node& node : graph_.nodes)
      for (int32_t input : node.inputs)
        if (input == static_cast<int32_t>(t))
          rectified = fused_activation(node).value_or(Activation::none) != Activation::none;
    const double limit = std::sqrt(6.0 / static_cast<double>(rectified ? fans.in : fans.in + fans.out));
    for (float& weight : tensor.floats()) weight = static_cast<float>(random.uniform(-limit, limit));
  }
}

Result<Graph> build_graph(std::span<const std::string> layers, const Shape& input, uint64_t seed) {
  if (layers.empty()) return input_error("the network has no layers; give at least one, such as \"Dense(3, softmax)\"");
  MOTE_CHECK(check_input(input));
  std::vector<ParsedLayer> parsed;
  for (size_t i = 0; i < layers.size(); ++i) {
    auto layer = parse_layer(layers[i]);
    if (!layer.ok()) return in_layer(i, layers[i], layer.error());
    parsed.push_back(std::move(*layer));
  }
  Graph graph;
  GraphBuilder builder(graph, with_batch(input, parsed[0].form->whole_example));
  for (size_t i = 0; i < parsed.size(); ++i) {
    builder.begin_layer(fmt::format("{}_{}", lower_case(parsed[i].form->name), i + 1));
    if (auto added = parsed[i].form->add(builder, parsed[i].arguments); !added.ok())
      return in_layer(i, layers[i], added.error());
  }
  if (graph.nodes.empty())
    return input_error("the network computes nothing; add a layer such as \"Dense(3, softmax)\"");
  graph.outputs = {builder.current()};
  graph.output_names = {"output"};
  fuse_activations(graph);
  builder.initialise(seed);
  MOTE_CHECK(validate(graph));
  return graph;
}

}  // namespace mote
