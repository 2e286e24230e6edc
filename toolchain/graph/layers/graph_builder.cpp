#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "ops/leaky_relu/leaky_relu.h"
#include "ops/pad/pad.h"
#include "ops/reshape/reshape.h"
#include "toolchain/base/text.h"
#include "toolchain/graph/fused_activation.h"
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {

// Activations by the name people write.
struct NamedActivation {
  const char* name;
  const char* op;  // nullptr = nothing to add
};
constexpr NamedActivation kActivations[] = {
    {"linear", nullptr},    {"relu", "relu"},        {"relu6", "relu6"}, {"leaky_relu", "leaky_relu"},
    {"elu", "elu"},         {"sigmoid", "logistic"}, {"tanh", "tanh"},   {"hard_swish", "hard_swish"},
    {"softmax", "softmax"},
};
constexpr float kUsualLeakySlope = 0.2f;  // of Keras' leaky_relu

Shape with_batch(const Shape& example, FirstInput first) {
  if (first == FirstInput::flat) return make_shape({1, example.elements()});
  if (first == FirstInput::sequence && example.rank == 2) return make_shape({1, 1, example[0], example[1]});
  Shape shape = example;
  ++shape.rank;
  for (int32_t i = shape.rank - 1; i > 0; --i) shape.dims[i] = shape.dims[i - 1];
  shape.dims[0] = 1;
  return shape;
}

bool is_rectifier(Activation activation) {
  return activation == Activation::relu || activation == Activation::relu6 || activation == Activation::relu_n1_to_1;
}

}  // namespace

std::span<const char* const> activation_names() {
  static constexpr auto names = [] {
    std::array<const char*, std::size(kActivations)> all{};
    for (size_t i = 0; i < all.size(); ++i) all[i] = kActivations[i].name;
    return all;
  }();
  return names;
}

GraphBuilder::GraphBuilder(Graph& graph, const Shape& example, FirstInput first) : graph_(graph) {
  graph_.tensors.push_back({"input", {DType::float32, with_batch(example, first), {}}, false, false, {}});
  graph_.inputs = {0};
  graph_.input_names = {"input"};
  outputs_["input"] = 0;
  if (first == FirstInput::sequence && example.rank == 2) sequences_.insert(0);
}

Shape GraphBuilder::example() const {
  Shape example = shape();
  const int32_t skipped = is_sequence() ? 2 : 1;  // the batch, and the one row
  example.rank -= skipped;
  for (int32_t i = 0; i < example.rank; ++i) example.dims[i] = example.dims[i + skipped];
  return example;
}

Result<void> GraphBuilder::add_layer(const ParsedLayer& layer, const std::string& name) {
  layer_ = name;
  if (layer.from) {
    MOTE_TRY(current_, named(layer.from->word, layer.from->column));
  }
  MOTE_CHECK(check_dimensions(layer.written));
  MOTE_CHECK(layer.form->add != nullptr ? layer.form->add(*this, layer.arguments) : expand(layer, name));
  if (layer.output.empty()) return {};
  if (outputs_.contains(layer.output))
    return layer_error(layer.output_column, fmt::format("there is an output '{}' already", layer.output));
  outputs_[layer.output] = current_;
  return {};
}

// An architecture's own names are not seen outside, nor others inside.
Result<void> GraphBuilder::expand(const ParsedLayer& layer, const std::string& name) {
  MOTE_TRY(const std::vector<std::string> lines, layer.form->expand(*this, layer.arguments));
  const auto outside = std::exchange(outputs_, {{"start", current_}});
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto in_line = [&](const Error& error) {
      return Error{error.kind, fmt::format("its layer \"{}\": {}", lines[i], error.message)};
    };
    auto parsed = parse_layer(lines[i]);
    if (!parsed.ok()) return in_line(parsed.error());
    const std::string inner = fmt::format("{}/{}_{}", name, lower_case(parsed->written), i + 1);
    if (auto added = add_layer(*parsed, inner); !added.ok()) return in_line(added.error());
  }
  outputs_ = outside;
  return {};
}

Result<void> GraphBuilder::check_dimensions(const std::string& written) {
  if (!written.ends_with("1D") && !written.ends_with("2D")) return {};
  MOTE_CHECK(to_windows());
  if (written.ends_with("1D") == is_sequence()) return {};
  const Shape found = example();
  if (is_sequence())
    return input_error(
        fmt::format("it takes [height, width, channels], such as of \"Reshape({}, {}, 1)\", or write {}1D", found[0],
                    found[1], written.substr(0, written.size() - 2)));
  return input_error("it takes [steps, channels]");
}

std::string GraphBuilder::unique_name(const std::string& suffix) const {
  for (const Node& node : graph_.nodes)
    if (node.name == layer_) return layer_ + "/" + suffix;
  return layer_;
}

int32_t GraphBuilder::add_equal(const std::string& suffix, const Shape& shape, float value, bool trainable) {
  Tensor tensor{layer_ + "/" + suffix, {DType::float32, shape, {}}, true, trainable, {}};
  tensor.data.resize(static_cast<size_t>(tensor.type.bytes()));
  std::ranges::fill(tensor.floats(), value);
  if (trainable) fans_.push_back({0, 0});
  graph_.tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(graph_.tensors.size()) - 1;
}

int32_t GraphBuilder::add_parameter(const std::string& suffix, const Shape& shape, int64_t fan_in, int64_t fan_out) {
  const int32_t tensor = add_equal(suffix, shape, 0, true);
  fans_.back() = {fan_in, fan_out};
  return tensor;
}

int32_t GraphBuilder::add_integers(const std::string& suffix, const Shape& shape, const std::vector<int32_t>& values) {
  Tensor tensor{layer_ + "/" + suffix, {DType::int32, shape, {}}, true, false, {}};
  tensor.data.resize(values.size() * sizeof(int32_t));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  graph_.tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(graph_.tensors.size()) - 1;
}

int32_t GraphBuilder::add_state(const std::string& suffix, const Shape& shape) {
  Tensor tensor{layer_ + "/" + suffix, {DType::float32, shape, {}}, false, false, {}};
  tensor.variable = true;
  graph_.tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(graph_.tensors.size()) - 1;
}

Result<void> GraphBuilder::add_node(const char* op, const Attributes& attributes, std::span<const int32_t> inputs) {
  std::vector<int32_t> all = {current_};
  all.insert(all.end(), inputs.begin(), inputs.end());
  return add_joining_node(op, attributes, std::move(all));
}

Result<void> GraphBuilder::add_joining_node(const char* op, const Attributes& attributes, std::vector<int32_t> inputs) {
  Node node{find_op(op), unique_name(op), attributes, std::move(inputs), {}, ""};
  if (node.op == nullptr)
    return defect(fmt::format("layer '{}' wants the operator {}, which is not in ops.def", layer_, op));
  MOTE_TRY(const auto shapes, node.op->infer(attributes, input_types(graph_, node)));
  current_ = static_cast<int32_t>(graph_.tensors.size());
  if (shapes[0].rank == 4 && sequences_.contains(node.inputs[0])) sequences_.insert(current_);
  graph_.tensors.push_back({node.name, {DType::float32, shapes[0], {}}, false, false, {}});
  node.outputs = {current_};
  graph_.nodes.push_back(std::move(node));
  return {};
}

Result<void> GraphBuilder::add_activation(const std::string& name) {
  for (const NamedActivation& activation : kActivations) {
    if (name != activation.name) continue;
    if (activation.op == nullptr) return {};
    if (name == "leaky_relu") return add_node(activation.op, Attributes::of(LeakyReluAttributes{kUsualLeakySlope}));
    return add_node(activation.op, find_op(activation.op)->default_attributes());
  }
  return defect(fmt::format("layer '{}' wants the activation {}", layer_, name));
}

Result<void> GraphBuilder::add_padding(Extent before, Extent after) {
  PadAttributes attributes;
  attributes.before[1] = before.height, attributes.before[2] = before.width;
  attributes.after[1] = after.height, attributes.after[2] = after.width;
  const int32_t margins =
      add_integers("margins", make_shape({4, 2}), {0, 0, before.height, after.height, before.width, after.width, 0, 0});
  return add_node("pad", Attributes::of(attributes), {{margins}});
}

Result<void> GraphBuilder::add_reshape(const std::vector<int32_t>& example) {
  std::vector<int32_t> dims = {-1};  // the batch
  dims.insert(dims.end(), example.begin(), example.end());
  MOTE_CHECK(add_node("reshape", Attributes::of(ReshapeAttributes{make_shape(dims)})));
  sequences_.erase(current_);
  return {};
}

Result<void> GraphBuilder::flatten() {
  return shape().rank == 2 ? Result<void>() : add_reshape({shape().elements()});
}

Result<void> GraphBuilder::to_windows() {
  if (shape().rank == 4) return {};
  if (shape().rank != 3)
    return input_error("it takes [steps, channels] or [height, width, channels]; put a Reshape in front of it");
  MOTE_CHECK(add_reshape({1, shape()[1], shape()[2]}));
  sequences_.insert(current_);
  return {};
}

Result<void> GraphBuilder::to_steps() {
  if (shape().rank == 3) return {};
  if (!is_sequence()) return input_error("it takes [steps, channels]; put a Reshape in front of it");
  return add_reshape({shape()[2], shape()[3]});
}

Result<Extent> GraphBuilder::extent(const LayerValue& value) const {
  if (!is_sequence()) return Extent{value.sizes[0], value.sizes.back()};
  if (value.sizes.size() == 1) return Extent{1, value.sizes[0]};
  return layer_error(value.column, "one number along the steps is enough");
}

Result<int32_t> GraphBuilder::named(const std::string& name, size_t column) {
  const auto found = outputs_.find(name);
  if (found == outputs_.end()) {
    std::vector<std::string> known;
    for (const auto& [each, tensor] : outputs_) known.push_back(each);
    return layer_error(column, fmt::format("no layer before has the output '{}' (written \"{} = ...\"); did you mean "
                                           "'{}'?",
                                           name, name, nearest_name(name, known)));
  }
  const int32_t tensor = found->second;
  if (!is_sequence() || graph_.tensors[tensor].type.shape.rank != 3) return tensor;
  const int32_t before = std::exchange(current_, tensor);
  MOTE_CHECK(to_windows());
  return std::exchange(current_, before);
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
          rectified = is_rectifier(fused_activation(node).value_or(Activation::none));
    const double limit = std::sqrt(6.0 / static_cast<double>(rectified ? fans.in : fans.in + fans.out));
    for (float& weight : tensor.floats()) weight = static_cast<float>(random.uniform(-limit, limit));
  }
}

}  // namespace mote
