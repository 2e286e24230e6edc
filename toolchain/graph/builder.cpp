#include "toolchain/graph/builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "toolchain/base/text.h"
#include "toolchain/graph/layers/layer.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

Error in_layer(size_t index, const std::string& text, const Error& error, const std::string& input = "") {
  return {error.kind, fmt::format("layer {} \"{}\"{}: {}", index + 1, text, input, error.message)};
}

Result<void> check_input(const Shape& input) {
  int64_t elements = 1;
  for (int32_t i = 0; i < input.rank; ++i) {
    elements *= input[i];
    if (input[i] < 1 || elements > INT32_MAX) elements = -1;
    if (elements < 0) break;
  }
  if (input.rank < 1 || input.rank >= kMaxRank || elements < 0)
    return input_error(
        fmt::format("an example of shape {} cannot be the input of a network; expected 1 to {} dimensions of at "
                    "least 1",
                    to_string(input), kMaxRank - 1));
  return {};
}

// Every layer's output goes somewhere: a branch that nothing joins is a mistake.
Result<void> check_ends(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    const int32_t output = node.outputs[0];
    const bool read = std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& reader) {
      return std::count(reader.inputs.begin(), reader.inputs.end(), output) > 0;
    });
    if (!read && output != graph.outputs[0])
      return input_error(fmt::format(
          "the output of layer '{}' is read by no other; join it with Add or Concat, or take it out", node.name));
  }
  return {};
}

}  // namespace

Result<Graph> build_graph(std::span<const std::string> layers, const Shape& input, uint64_t seed) {
  if (layers.empty()) return input_error("the network has no layers; give at least one, such as \"Dense(3, softmax)\"");
  MOTE_CHECK(check_input(input));
  std::vector<ParsedLayer> parsed;
  for (size_t i = 0; i < layers.size(); ++i) {
    auto layer = parse_layer(layers[i]);
    if (!layer.ok()) return in_layer(i, layers[i], layer.error());
    parsed.push_back(std::move(*layer));
  }
  Graph graph;
  GraphBuilder builder(graph, input, parsed[0].form->first_input);
  for (size_t i = 0; i < parsed.size(); ++i) {
    const std::string read = fmt::format(" on {}", to_string(builder.example()));
    const std::string name = fmt::format("{}_{}", lower_case(parsed[i].written), i + 1);
    if (auto added = builder.add_layer(parsed[i], name); !added.ok())
      return in_layer(i, layers[i], added.error(), read);
  }
  if (graph.nodes.empty())
    return input_error("the network computes nothing; add a layer such as \"Dense(3, softmax)\"");
  graph.outputs = {builder.current()};
  graph.output_names = {"output"};
  MOTE_CHECK(check_ends(graph));
  fuse_activations(graph);
  builder.initialise(seed);
  MOTE_CHECK(validate(graph));
  return graph;
}

}  // namespace mote
