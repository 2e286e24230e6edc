#include "tests/conformance/costs.h"

#include "toolchain/graph/fused_activation.h"

namespace mote::conformance {

int64_t count_macs(const CaseModel& model) {
  Node node = model.graph.nodes[0];
  if (node.inputs.size() < 2 || node.op->quant.inputs[1] != InputRole::weights) return 0;
  set_fused_activation(node, Activation::none);
  std::vector<Shape> shapes;
  for (const TensorType& type : input_types(model.graph, node)) shapes.push_back(type.shape);
  auto values = model.real_values;
  for (auto& tensor : values) std::fill(tensor.begin(), tensor.end(), 0.0f);
  const std::vector<Shape> output = output_shapes(model.graph);
  int64_t count = 0;
  for (float& x : values[0]) {
    x = 1;
    for (float& w : values[1]) {
      w = 1;
      for (float y : run_forward(node, shapes, values, output)) count += y != 0;
      w = 0;
    }
    x = 0;
  }
  return count;
}

}  // namespace mote::conformance
