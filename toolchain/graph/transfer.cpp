#include "toolchain/graph/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "ops/batch_norm/batch_norm.h"
#include "toolchain/base/text.h"
#include "toolchain/graph/training_form.h"

namespace mote {
namespace {

constexpr size_t kMostNamed = 6;  // tensors in a message

const Tensor* find_named(const std::vector<Tensor>& tensors, const std::string& name) {
  for (const Tensor& tensor : tensors)
    if (is_float_constant(tensor) && tensor.name == name) return &tensor;
  return nullptr;
}

std::string describe_weights(const std::vector<Tensor>& tensors) {
  for (const Tensor& tensor : tensors)
    if (is_float_constant(tensor) && tensor.type.shape.rank > 1)
      return fmt::format("'{}' of shape {}", tensor.name, to_string(tensor.type.shape));
  return "nothing";
}

std::string layer_of(const Tensor& parameter) {
  return parameter.name.substr(0, parameter.name.find('/'));
}

Result<void> check_not_int8(const Graph& graph) {
  const auto quantized = [](const Tensor& tensor) { return tensor.constant && tensor.type.quant.quantized(); };
  if (std::ranges::any_of(graph.tensors, is_float_constant) || std::ranges::none_of(graph.tensors, quantized))
    return {};
  return input_error(
      "it is an int8 model, whose weights are rounded; expected a float model: give the float.mote of its "
      "run (.mote/runs/<id>/float.mote)");
}

// Without the form that training has, what batch normalization has become in an exported model cannot be taken back.
Result<void> check_statistics(const std::vector<Tensor>& from, const Graph& to) {
  const std::vector<bool> statistic = statistic_tensors(to);
  for (size_t i = 0; i < to.tensors.size(); ++i) {
    if (!statistic[i] || find_named(from, to.tensors[i].name) != nullptr) continue;
    return input_error(fmt::format(
        "it has no statistics of the batch normalization '{}': an exported model has it folded into the layers around "
        "it, and this one does not say what they were before; expected a float.mote that this version of mote has "
        "written: "
        "train the network it comes from again, and start from the float.mote of that run",
        layer_of(to.tensors[i])));
  }
  return {};
}

}  // namespace

std::string to_string(const TakenWeights& taken, const std::string& file) {
  std::string text = fmt::format("{} of {} tensors taken from {}", taken.taken, taken.tensors, file);
  const size_t named = std::min(taken.not_taken.size(), kMostNamed);
  for (size_t i = 0; i < named; ++i) text += (i == 0 ? "; not: " : ", ") + taken.not_taken[i];
  if (named < taken.not_taken.size()) text += fmt::format(" and {} more", taken.not_taken.size() - named);
  return text;
}

Result<TakenWeights> take_weights(const Graph& from, Graph& to) {
  MOTE_CHECK(check_not_int8(from));
  MOTE_TRY(const std::optional<std::vector<Tensor>> kept, training_form(from));
  const std::vector<Tensor>& source = kept ? *kept : from.tensors;
  const std::vector<bool> statistic = statistic_tensors(to);
  TakenWeights result;
  std::vector<const Tensor*> taken(to.tensors.size());
  for (size_t i = 0; i < to.tensors.size(); ++i) {
    const Tensor& tensor = to.tensors[i];
    if (!tensor.trainable && !statistic[i]) continue;
    ++result.tensors;
    const Tensor* const found = find_named(source, tensor.name);
    if (found != nullptr && found->type.shape == tensor.type.shape) {
      taken[i] = found;
      ++result.taken;
      continue;
    }
    const std::string there = found == nullptr ? "none" : to_string(found->type.shape);
    result.not_taken.push_back(fmt::format("{} [{} here, {} there]", tensor.name, to_string(tensor.type.shape), there));
  }
  if (result.taken == 0)
    return input_error(
        fmt::format("no layer has the name and shape of one in that model: it begins with {}, the network of the "
                    "project with {}",
                    describe_weights(source), describe_weights(to.tensors)));
  if (!kept) MOTE_CHECK(check_statistics(source, to));
  for (size_t i = 0; i < taken.size(); ++i)
    if (taken[i] != nullptr) to.tensors[i].data = taken[i]->data;
  return result;
}

Result<void> freeze_layers(Graph& graph, std::span<const std::string> layers) {
  std::set<std::string> known;
  for (const Tensor& tensor : graph.tensors)
    if (tensor.trainable) known.insert(layer_of(tensor));
  for (const std::string& layer : layers) {
    if (known.contains(layer)) continue;
    const std::vector<std::string> names(known.begin(), known.end());
    return input_error(fmt::format("there is no layer '{}' with weights; did you mean '{}'? Layers with weights: {}",
                                   layer, nearest_name(layer, names), fmt::join(names, ", ")));
  }
  int32_t left = 0;
  for (Tensor& tensor : graph.tensors) {
    if (tensor.trainable && std::ranges::find(layers, layer_of(tensor)) != layers.end()) tensor.trainable = false;
    left += tensor.trainable ? 1 : 0;
  }
  if (left == 0) return input_error("every layer is frozen: there is nothing to train");
  for (Node& node : graph.nodes) {
    if (node.op == nullptr || std::string_view(node.op->name) != "batch_norm") continue;
    auto attributes = node.attributes.as<BatchNormAttributes>();
    attributes.frozen = !graph.tensors[static_cast<size_t>(node.inputs[1])].trainable;
    node.attributes = Attributes::of(attributes);
  }
  return {};
}

}  // namespace mote
