// Graphs and damaged files for the tests of this stage.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "toolchain/base/random.h"
#include "toolchain/graph/graph.h"

namespace mote {

inline std::vector<uint8_t> random_bytes(Random& random, int64_t count) {
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.bits());
  return bytes;
}

// A tensor as the operator's quantization rule wants it in an int8 model (or float32), constant when it is a parameter.
inline Tensor tensor_for(const OpDef& op, const OpCase& item, size_t input, bool integer, Random& random) {
  const InputRole role = input_role(op, input);
  Tensor tensor;
  tensor.name = "input_" + std::to_string(input);
  tensor.type.shape = item.inputs[input];
  tensor.variable = role == InputRole::state;
  const bool stated = role == InputRole::constant || role == InputRole::index;
  tensor.constant = role == InputRole::weights || role == InputRole::bias || role == InputRole::constant ||
                    (item.constant_operands >> input & 1);
  const DType bias = item.input_type == DType::int16 ? DType::int64 : DType::int32;
  tensor.type.dtype = stated                       ? DType::int32
                      : !integer                   ? DType::float32
                      : role == InputRole::bias    ? bias
                      : role == InputRole::weights ? DType::int8
                                                   : item.input_type;
  const bool per_channel = item.per_channel && role != InputRole::activation;
  const int32_t channels = per_channel ? tensor.type.shape[role == InputRole::weights ? op.quant.channel_axis : 0] : 1;
  if (tensor.type.dtype != DType::float32 && !stated && role != InputRole::number) {
    for (int32_t c = 0; c < channels; ++c) {
      tensor.type.quant.scales.push_back(static_cast<float>(random.uniform(0.001, 0.1)));
      tensor.type.quant.zero_points.push_back(role == InputRole::activation ? static_cast<int32_t>(random.below(11))
                                                                            : 0);
    }
    tensor.type.quant.axis = per_channel && role == InputRole::weights ? op.quant.channel_axis : 0;
  }
  if (integer && !item.integer_types.empty()) {
    tensor.type.dtype = item.integer_types[input].dtype;
    tensor.type.quant = item.integer_types[input].quant;
  }
  if (tensor.constant) tensor.data = random_bytes(random, tensor.type.bytes());
  if (stated && tensor.constant) std::memcpy(tensor.data.data(), item.constants[input].data(), tensor.data.size());
  if (tensor.constant && tensor.type.dtype == DType::float32)
    for (float& value : tensor.floats()) value = static_cast<float>(random.uniform(-1, 1));
  tensor.trainable = tensor.constant && tensor.type.dtype == DType::float32 && op.backward != nullptr &&
                     (role == InputRole::weights || role == InputRole::bias || (op.quant.learned >> input & 1));
  return tensor;
}

// A graph of one operator, with the case's shapes, in float32 or in the case's integer types (always, when the operator
// converts between the two). Names and metadata are those that a file keeps.
inline Graph one_operator(const OpDef& op, const OpCase& item, bool integer, uint64_t seed) {
  integer = runs_integers(op) &&
            (integer || op.quant.output == OutputRule::boundary || op.quant.inputs[0] == InputRole::number);
  Random random(seed);
  Graph graph;
  graph.name = "main";
  Node node;
  node.op = &op;
  node.name = "result";
  node.attributes = item.attributes;
  for (size_t i = 0; i < item.inputs.size(); ++i) {
    if (item.inputs[i].rank < 0) {
      node.inputs.push_back(kAbsent);
      continue;
    }
    node.inputs.push_back(static_cast<int32_t>(graph.tensors.size()));
    graph.tensors.push_back(tensor_for(op, item, i, integer, random));
    if (!graph.tensors.back().constant && !graph.tensors.back().variable) {
      graph.inputs.push_back(node.inputs.back());
      graph.input_names.push_back("x" + std::to_string(i));
    }
  }
  const auto taken = take_constants(graph, node);
  EXPECT_TRUE(taken.ok()) << op.name << " " << item.name << ": " << (taken.ok() ? "" : taken.error().message);
  graph.nodes.push_back(node);
  const auto shapes = op.infer(node.attributes, input_types(graph, node));
  EXPECT_TRUE(shapes.ok()) << op.name << " " << item.name << ": " << (shapes.ok() ? "" : shapes.error().message);
  for (size_t i = 0; shapes.ok() && i < shapes->size(); ++i) {
    Tensor output;
    output.name = i == 0 ? "result" : "result_" + std::to_string(i);
    const bool number = op.quant.output == OutputRule::number;
    output.type = {integer || number ? item.output_type : DType::float32, (*shapes)[i], {}};
    if (output.type.dtype != DType::float32 && !number) output.type.quant = {{0.05f}, {3}, 0};
    if (integer && !item.integer_types.empty()) {
      output.type.dtype = item.integer_types.back().dtype;
      output.type.quant = item.integer_types.back().quant;
    }
    graph.nodes[0].outputs.push_back(static_cast<int32_t>(graph.tensors.size()));
    graph.outputs.push_back(graph.nodes[0].outputs.back());
    graph.output_names.push_back("y" + std::to_string(i));
    graph.tensors.push_back(output);
  }
  graph.metadata["mote"] = "{}";
  graph.metadata["notes"] = std::string("\0\1\2", 3);
  return graph;
}

}  // namespace mote
