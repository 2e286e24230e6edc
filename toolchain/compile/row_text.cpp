#include "toolchain/compile/row_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace mote {
namespace {

const RowStream::Stage& stage_of(const RowStream& stream, size_t node) {
  return stream.stages[node - static_cast<size_t>(stream.first)];
}

std::string buffer_type(const Graph& graph, int32_t tensor) {
  return fmt::format("RowBuffer<{}>", c_type(graph.tensors[tensor].type.dtype));
}

bool is_streamed(const Graph& graph, const Node& node, size_t input) {
  return node.inputs[input] != kAbsent && !graph.tensors[node.inputs[input]].constant;
}

// The first row of a tensor of a stream that a later step reads.
std::string first_needed(const Graph& graph, const RowStream& stream, int32_t tensor) {
  std::string text;
  for (int32_t i = stream.first; i <= stream.last; ++i) {
    const Node& node = graph.nodes[i];
    if (std::count(node.inputs.begin(), node.inputs.end(), tensor) == 0) continue;
    const WindowAxis& y = stage_of(stream, static_cast<size_t>(i)).rule.y;
    std::string row = fmt::format("t{}.end", node.outputs[0]);
    if (y.stride != 1) row = fmt::format("{} * {}", row, y.stride);
    if (y.before != 0) row = fmt::format("{} - {}", row, y.before);
    text = text.empty() ? row : fmt::format("lesser({}, {})", text, row);
  }
  return text;
}

// Declarations of all tensors that a stream reads or makes: those from outside are whole, the others begin empty.
std::string buffers(const Graph& graph, const RowStream& stream, const std::function<std::string(int32_t)>& place) {
  std::set<int32_t> made, read;
  for (int32_t i = stream.first; i <= stream.last; ++i) made.insert(graph.nodes[i].outputs[0]);
  for (int32_t i = stream.first; i <= stream.last; ++i)
    for (size_t k = 0; k < graph.nodes[i].inputs.size(); ++k)
      if (is_streamed(graph, graph.nodes[i], k)) read.insert(graph.nodes[i].inputs[k]);
  read.insert(made.begin(), made.end());
  std::string text;
  for (int32_t tensor : read) {
    const Shape& shape = graph.tensors[tensor].type.shape;
    text += fmt::format("  {}{} t{} = {{{}, {}, 0, {}}};\n", made.contains(tensor) ? "" : "const ",
                        buffer_type(graph, tensor), tensor, place(tensor), shape[2] * shape[3],
                        made.contains(tensor) ? 0 : shape[1]);
  }
  return text;
}

}  // namespace

std::string operator_function(const Graph& graph, size_t node) {
  return fmt::format("op_{}_{}", node, graph.nodes[node].op->name);
}

std::string row_input(size_t input) {
  return fmt::format("input_{0}.row(row)", input);
}

int32_t prepare_rows(const Graph& graph, const RowStream& stream, size_t node, std::vector<TensorType>& inputs,
                     std::vector<TensorType>& outputs) {
  const RowStream::Stage& stage = stage_of(stream, node);
  if (!stage.rule.alone) return stage.most_rows;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (is_streamed(graph, graph.nodes[node], i)) inputs[i].shape.dims[1] = 1;
  for (TensorType& output : outputs) output.shape.dims[1] = 1;
  return 0;
}

std::string row_stage_function(const Graph& graph, const RowStream& stream, size_t index,
                               const std::string& statements) {
  const Node& node = graph.nodes[index];
  const RowRule& rule = stage_of(stream, index).rule;
  std::string parameters;
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (is_streamed(graph, node, i))
      parameters += fmt::format("const {}& input_{}, ", buffer_type(graph, node.inputs[i]), i);
  std::string text = fmt::format("\n__attribute__((noinline)) void {}({}{}& output, int32_t end) {{\n",
                                 operator_function(graph, index), parameters, buffer_type(graph, node.outputs[0]));
  if (rule.alone)
    return text +
           fmt::format("  for (; output.end < end; ++output.end) {{\n  const int32_t row = output.end;\n{}  }}\n}}\n\n",
                       statements);
  return text + fmt::format(
                    "  if (output.end == end) return;\n  static constexpr WindowAxis whole = {};\n"
                    "  const WindowAxis y = window_on_rows(whole, output.end, end, input_0.end);\n"
                    "  const int32_t row = first_row_seen(whole, output.end);\n{}  output.end = end;\n}}\n\n",
                    cpp_axis(rule.y), statements);
}

std::string row_stream_name(const RowStream& stream) {
  return fmt::format("op_{}_to_{}_by_rows", stream.first, stream.last);
}

std::string row_stream_function(const Graph& graph, const RowStream& stream,
                                const std::function<std::string(int32_t)>& place) {
  std::string text = fmt::format("// {} to {} together, {} rows of the last at a time.", stream.first, stream.last,
                                 stream.stages.back().rate);
  for (const RowStream::Kept& kept : stream.kept)
    text += fmt::format(" Of t{}, {} rows are in memory.", kept.tensor, kept.rows);
  text += fmt::format("\n__attribute__((noinline)) void {}() {{\n{}  for (int32_t step = 1; step <= {}; ++step) {{\n",
                      row_stream_name(stream), buffers(graph, stream, place), stream.steps);
  for (int32_t i = stream.first; i <= stream.last; ++i) {
    const Node& node = graph.nodes[i];
    const RowStream::Stage& stage = stage_of(stream, static_cast<size_t>(i));
    const int32_t output = node.outputs[0];
    const bool kept = std::any_of(stream.kept.begin(), stream.kept.end(),
                                  [&](const RowStream::Kept& each) { return each.tensor == output; });
    if (kept) text += fmt::format("    t{}.keep_from({});\n", output, first_needed(graph, stream, output));
    text += fmt::format("    {}(", operator_function(graph, static_cast<size_t>(i)));
    for (size_t k = 0; k < node.inputs.size(); ++k)
      if (is_streamed(graph, node, k)) text += fmt::format("t{}, ", node.inputs[k]);
    text += fmt::format("t{}, rows_after(step, {}, {}, {}));\n", output, stage.rate, stage.ahead, stage.limit);
  }
  return text + "  }\n}\n\n";
}

}  // namespace mote
