#include "toolchain/graph/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "toolchain/base/text.h"

namespace mote {
namespace {

const Tensor* find_weights(const Graph& graph, const Tensor& like) {
  for (const Tensor& tensor : graph.tensors)
    if (tensor.constant && tensor.type.dtype == DType::float32 && tensor.name == like.name &&
        to_string(tensor.type.shape) == to_string(like.type.shape))
      return &tensor;
  return nullptr;
}

std::string describe_weights(const Graph& graph) {
  for (const Tensor& tensor : graph.tensors)
    if (tensor.constant && tensor.type.dtype == DType::float32 && tensor.type.shape.rank > 1)
      return fmt::format("'{}' of shape {}", tensor.name, to_string(tensor.type.shape));
  return "nothing";
}

std::string layer_of(const Tensor& parameter) {
  return parameter.name.substr(0, parameter.name.find('/'));
}

}  // namespace

Result<int32_t> take_weights(const Graph& from, Graph& to) {
  int32_t taken = 0;
  for (Tensor& tensor : to.tensors) {
    const Tensor* weights = tensor.trainable ? find_weights(from, tensor) : nullptr;
    if (weights == nullptr) continue;
    tensor.data = weights->data;
    ++taken;
  }
  if (taken > 0) return taken;
  return input_error(
      fmt::format("no layer has the name and shape of one in that model: it begins with {}, the network of the project "
                  "with {}",
                  describe_weights(from), describe_weights(to)));
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
  return {};
}

}  // namespace mote
