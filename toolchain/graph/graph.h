// The model as a value: tensors and nodes in execution order. Training, quantization, the .tflite reader and writer and
// the planner meet only here (or in files).
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ops/op.h"

namespace mote {

inline constexpr int32_t kAbsent = -1;  // index of an optional input that is not given

struct Tensor {
  std::string name;
  TensorType type;  // activations: dimension 0 is the batch, 1 in a model to be exported
  bool constant = false;
  bool trainable = false;     // a parameter that the optimiser updates
  std::vector<uint8_t> data;  // constants only: type.bytes() bytes, little endian
  bool variable = false;      // state that operators keep from one inference to the next; zero at first

  std::span<const float> floats() const {  // REQUIRES: constant float32
    return {reinterpret_cast<const float*>(data.data()), data.size() / sizeof(float)};
  }
  std::span<float> floats() { return {reinterpret_cast<float*>(data.data()), data.size() / sizeof(float)}; }
};

// What float calls are given of an int32 constant: its numbers.
std::vector<float> index_values(const Tensor& tensor);

struct Node {
  const OpDef* op = nullptr;  // nullptr: an operator that mote lacks; `foreign` says which
  std::string name;           // layer name for messages: "dense_1"
  Attributes attributes;
  std::vector<int32_t> inputs;  // tensor indices, or kAbsent
  std::vector<int32_t> outputs;
  std::string foreign;  // "CONV_2D version 3", "custom operator 'X'"
};

struct Graph {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;  // in execution order
  std::vector<int32_t> inputs;
  std::vector<int32_t> outputs;
  std::vector<std::string> input_names;         // signature names, parallel to inputs
  std::vector<std::string> output_names;        // parallel to outputs
  std::map<std::string, std::string> metadata;  // .tflite metadata entries by name, raw bytes

  int64_t parameters() const;  // elements of all trainable tensors
  int64_t macs() const;
};

// Types of a node's inputs; an absent one has rank -1.
std::vector<TensorType> input_types(const Graph& graph, const Node& node);

// Completes the node's attributes with what its constant inputs say (axes, a shape).
Result<void> take_constants(const Graph& graph, Node& node);

// What the node's operator declares; zeros for a foreign one. Float kernels need no scratch.
OpCost node_cost(const Graph& graph, const Node& node);

// For each tensor whether it is a statistic, which training changes without a gradient.
std::vector<bool> statistic_tensors(const Graph& graph);

// Some tensor is a variable: inferences depend on those before.
bool keeps_state(const Graph& graph);

// Every index in range, one producer per tensor, producers before consumers, shapes as each operator's rule says,
// variables where an operator keeps its state, constants of the stated size. The error names the node and tensor.
Result<void> validate(const Graph& graph);

}  // namespace mote
