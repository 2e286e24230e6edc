// One conformance case as one-operator models: float32, and the integer form that the device runs.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "tests/conformance/stored_values.h"
#include "toolchain/graph/graph.h"

namespace mote::conformance {

struct CaseModel {
  std::string name;  // "fully_connected.relu_odd_sizes"
  const OpDef* op = nullptr;
  bool integer = false;  // the integer form; its constants and input values are rounded to what it can hold
  Graph graph;           // one node; activations are graph inputs, state is a variable, all else constants
  std::vector<std::vector<uint8_t>> inputs;     // bytes of each graph input, in the graph's types
  std::vector<std::vector<float>> real_values;  // of every node input as real numbers; empty = absent or not a number
  std::vector<float> expected;                  // all outputs of the host's float forward on real_values, in a row
};

void PrintTo(const CaseModel& model, std::ostream* out);  // for GoogleTest

// Draws the values of `op_case` from its seed and makes the form asked for. An error when the operator's own rule
// refuses the case.
Result<CaseModel> make_case_model(const OpDef& op, const OpCase& op_case, bool integer);

// After how many inferences with these inputs in a row it is looked at: one, or several when it keeps state.
int32_t invokes_of(const CaseModel& model);

// All of them: every operator's cases in both forms, or in the one that it has (those that convert: the types stated).
std::vector<CaseModel> all_case_models();

// `count` cases from every operator's random_case, drawn from `seed`; names end in the case's number.
std::vector<CaseModel> random_case_models(uint64_t seed, int32_t count, bool integer);

// Cases and `count` random ones of every operator that exists in training only.
std::vector<CaseModel> training_case_models(uint64_t seed, int32_t count);

// Every attribute by number, name and value.
std::string attributes_text(const OpDef& op, Attributes attributes);

// Changes exactly when the meaning of the case does: attributes, types, quantization, constants, input values.
std::string case_fingerprint(const CaseModel& model);

// Type of the outputs; several have the same but for their shapes. As one tensor when they lie in a row.
TensorType output_type(const Graph& graph);

std::vector<Shape> output_shapes(const Graph& graph);

// Starts of tensors of these shapes, one after the other.
std::vector<float*> places_in_a_row(float* first, const std::vector<Shape>& shapes);

// The operator's float forward on the given values: all outputs in a row; empty when it wrote outside them.
// `saved` is left for its backward.
std::vector<float> run_forward(const Node& node, const std::vector<Shape>& shapes,
                               const std::vector<std::vector<float>>& values, const std::vector<Shape>& outputs,
                               bool training = false, std::vector<float>* saved = nullptr);
// Completes the call, whose shapes are there, with what its node saves, and always the same seed.
void give_saved(const Node& node, FloatCall& call, std::vector<float>& saved);

}  // namespace mote::conformance
