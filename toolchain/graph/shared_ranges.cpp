#include "toolchain/graph/shared_ranges.h"

#include <algorithm>
#include <map>
#include <utility>

namespace mote {
namespace {

class Groups {
 public:
  explicit Groups(size_t tensors) : first_(tensors) {
    for (size_t i = 0; i < tensors; ++i) first_[i] = static_cast<int32_t>(i);
  }
  int32_t first_of(int32_t tensor) {
    int32_t& first = first_[static_cast<size_t>(tensor)];
    return first == tensor ? tensor : first = first_of(first);
  }
  void unite(int32_t a, int32_t b) {
    const auto [first, second] = std::minmax({first_of(a), first_of(b)});
    first_[static_cast<size_t>(second)] = first;
  }

 private:
  std::vector<int32_t> first_;
};

}  // namespace

std::vector<int32_t> shared_ranges(const Graph& graph) {
  Groups groups(graph.tensors.size());
  std::map<int32_t, const Node*> readers;  // of weights: the first node
  for (const Node& node : graph.nodes) {
    if (node.op == nullptr) continue;
    int32_t data = kAbsent;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const int32_t input = node.inputs[i];
      if (input == kAbsent) continue;
      const InputRole role = input_role(*node.op, i);
      if (role == InputRole::weights) {
        const Node& first = *readers.try_emplace(input, &node).first->second;
        if (first.op != node.op) continue;
        groups.unite(first.inputs[data_input(*node.op)], node.inputs[data_input(*node.op)]);
        groups.unite(first.outputs[0], node.outputs[0]);
      }
      if (node.op->quant.output != OutputRule::same_as_input || role != InputRole::activation ||
          graph.tensors[static_cast<size_t>(input)].constant)
        continue;
      if (data == kAbsent) data = input;
      groups.unite(data, input);
    }
  }
  std::vector<int32_t> result;
  for (size_t i = 0; i < graph.tensors.size(); ++i) result.push_back(groups.first_of(static_cast<int32_t>(i)));
  return result;
}

}  // namespace mote
