#include <algorithm>
#include <limits>
#include <numeric>

#include "ops/dequantize/dequantize.h"
#include "ops/quantize/quantize.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

bool is(const Node& node, const char* name) {
  return node.op != nullptr && std::string(name) == node.op->name && node.inputs.size() == 1;
}

// Whether every stored value comes back after dequantize and quantize with these parameters: tried, not argued.
template <class T>
bool every_value_returns(const TensorType& type) {
  constexpr int32_t kLow = std::numeric_limits<T>::min(), kCount = std::numeric_limits<T>::max() - kLow + 1;
  std::vector<T> stored(kCount), back(kCount);
  std::iota(stored.begin(), stored.end(), static_cast<T>(kLow));
  std::vector<float> real(kCount);
  const float scale = type.quant.scales[0];
  const int32_t zero_point = type.quant.zero_points[0];
  dequantize_run(Dequantize{kCount, scale, zero_point}, stored.data(), real.data());
  quantize_run(QuantizeFromFloat{kCount, scale, zero_point}, real.data(), back.data());
  return stored == back;
}

bool survives_float(const TensorType& type) {
  switch (type.dtype) {
    case DType::int8:
      return every_value_returns<int8_t>(type);
    case DType::uint8:
      return every_value_returns<uint8_t>(type);
    case DType::int16:
      return every_value_returns<int16_t>(type);
    default:
      return false;
  }
}

// The earlier tensor that has the very bytes that this node's output gets, or kAbsent.
int32_t same_bytes(const Graph& graph, const Node& node) {
  if (!is(node, "quantize")) return kAbsent;
  const TensorType& result = graph.tensors[node.outputs[0]].type;
  if (result.quant.scales.size() != 1) return kAbsent;
  if (graph.tensors[node.inputs[0]].type == result) return node.inputs[0];
  for (const Node& before : graph.nodes) {
    if (!is(before, "dequantize") || before.outputs[0] != node.inputs[0]) continue;
    if (graph.tensors[before.inputs[0]].type == result && survives_float(result)) return before.inputs[0];
  }
  return kAbsent;
}

}  // namespace

int32_t remove_requantization(Graph& graph) {
  int32_t removed = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const int32_t from = same_bytes(graph, graph.nodes[i]), to = graph.nodes[i].outputs[0];
    if (from == kAbsent || std::count(graph.outputs.begin(), graph.outputs.end(), to) != 0) continue;
    for (Node& node : graph.nodes) std::replace(node.inputs.begin(), node.inputs.end(), to, from);
    graph.nodes.erase(graph.nodes.begin() + static_cast<int64_t>(i--));
    ++removed;
  }
  if (removed > 0) remove_unused(graph);
  return removed;
}

}  // namespace mote
