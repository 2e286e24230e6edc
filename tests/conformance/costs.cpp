#include "tests/conformance/costs.h"

#include <algorithm>
#include <numeric>

#include "toolchain/graph/fused_activation.h"

namespace mote::conformance {

MacCount count_macs(const CaseModel& model) {
  Node node = model.graph.nodes[0];
  const bool weighted = node.inputs.size() > 1 && node.op->quant.inputs[1] == InputRole::weights;
  if (!weighted && node_cost(model.graph, node).macs == 0) return {};
  set_fused_activation(node, Activation::none);
  std::vector<Shape> shapes;
  for (const TensorType& type : input_types(model.graph, node)) shapes.push_back(type.shape);
  auto values = model.real_values;
  for (auto& tensor : values) std::fill(tensor.begin(), tensor.end(), 0.0f);
  const std::vector<Shape> outputs = output_shapes(model.graph);
  std::vector<int64_t> counts(model.expected.size());
  for (float& x : values[data_input(*node.op)]) {
    x = 1;
    for (float& w : values[1]) {
      w = 1;
      const std::vector<float> y = run_forward(node, shapes, values, outputs);
      for (size_t i = 0; i < y.size(); ++i) counts[i] += y[i] != 0;
      w = 0;
    }
    x = 0;
  }
  const auto elements = static_cast<int64_t>(counts.size());
  // Where the data is not input 0 the convolution is transposed: its outputs differ in how many taps reach them.
  const bool alike = data_input(*node.op) == 0;
  if (!weighted) return {std::ranges::max(counts) * elements, std::ranges::max(counts) * elements};
  return {alike ? std::ranges::max(counts) * elements : std::accumulate(counts.begin(), counts.end(), int64_t{0}),
          int64_t{shapes[1].elements()} / shapes[1][node.op->quant.channel_axis] * elements};
}

}  // namespace mote::conformance
