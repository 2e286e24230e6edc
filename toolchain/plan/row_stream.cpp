#include "toolchain/plan/row_stream.h"

#include <algorithm>

#include "device/row_buffer.h"

namespace mote {
namespace {

constexpr int64_t kMostRows = 1 << 20;  // of an image; larger ones are not streamed

// Rows of the input that `rows` rows of the output see, from the first on.
int64_t rows_seen(const WindowAxis& y, int64_t rows) {
  return (rows - 1) * y.stride - y.before + int64_t{y.filter - 1} * y.dilation + 1;
}

bool is_image(const TensorType& type) {
  return type.shape.rank == 4 && type.shape[0] == 1 && type.shape.elements() > 0 && type.shape[1] <= kMostRows;
}

}  // namespace

int32_t RowStream::rows_after(int32_t stage, int32_t step) const {
  const Stage& s = stages[static_cast<size_t>(stage)];
  return step == 0 ? 0 : mote::rows_after(step, s.rate, s.ahead, s.limit);
}

int64_t bytes_of_rows(const TensorType& type, int32_t rows) {
  return type.bytes() / type.shape[1] * rows;
}

RowStreams::RowStreams(const Graph& graph)
    : graph_(graph), readers_(graph.tensors.size()), kept_for_good_(graph.tensors.size()) {
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    for (int32_t input : graph.nodes[i].inputs)
      if (input != kAbsent) readers_[input].push_back(static_cast<int32_t>(i));
  for (int32_t output : graph.outputs) kept_for_good_[output] = true;
  for (size_t t = 0; t < graph.tensors.size(); ++t)
    if (graph.tensors[t].variable || graph.tensors[t].constant) kept_for_good_[t] = true;
  for (size_t i = 0; i < graph.nodes.size(); ++i) rules_.push_back(rule_of(static_cast<int32_t>(i)));
}

bool RowStreams::outlives(int32_t tensor, int32_t last) const {
  return kept_for_good_[tensor] || (!readers_[tensor].empty() && readers_[tensor].back() > last);
}

// The rule of a node whose activations are images alike in rows; what else it reads is constant.
std::optional<RowRule> RowStreams::rule_of(int32_t index) const {
  const Node& node = graph_.nodes[index];
  if (node.op == nullptr || node.op->row_rule == nullptr || node.outputs.size() != 1) return std::nullopt;
  const TensorType& output = graph_.tensors[node.outputs[0]].type;
  if (!is_image(output)) return std::nullopt;
  const auto rule = node.op->row_rule(node.attributes, input_types(graph_, node), output, 1);
  if (!rule || rule->y.output != output.shape[1]) return std::nullopt;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kAbsent) continue;
    const Tensor& input = graph_.tensors[node.inputs[i]];
    const Shape& shape = input.type.shape;
    if (input.constant) {
      const bool one_row = shape.rank < 3 || shape[shape.rank - 3] == 1;
      if (i == 0 || (rule->alone && !one_row)) return std::nullopt;
    } else if (input.variable || !is_image(input.type) || shape[1] != rule->y.input || (i > 0 && !rule->alone)) {
      return std::nullopt;
    }
  }
  return rule;
}

// When a node before the last makes its rows: as late as those that read them allow. False: they go at unlike rates.
bool RowStreams::find_stage(int32_t index, RowStream& stream) const {
  RowStream::Stage& stage = stream.stages[index - stream.first];
  const int32_t tensor = graph_.nodes[index].outputs[0], height = graph_.tensors[tensor].type.shape[1];
  for (int32_t reader : readers_[tensor]) {
    if (!stream.holds(reader)) continue;
    const RowStream::Stage& later = stream.stages[reader - stream.first];
    const WindowAxis& y = later.rule.y;
    const int64_t rate = int64_t{later.rate} * y.stride;
    const int64_t ahead = rows_seen(y, later.ahead), limit = std::min<int64_t>(rows_seen(y, later.limit), height);
    if (rate > kMostRows || ahead > kMostRows || ahead < -kMostRows) return false;
    if (stage.rate != 0 && stage.rate != rate) return false;
    stage.ahead = static_cast<int32_t>(stage.rate == 0 ? ahead : std::max<int64_t>(stage.ahead, ahead));
    stage.rate = static_cast<int32_t>(rate);
    stage.limit = static_cast<int32_t>(std::max<int64_t>(stage.limit, limit));
  }
  if (outlives(tensor, stream.last)) stage.limit = height;
  return stage.rate > 0 && int64_t{stage.rate} * stream.steps + stage.ahead >= stage.limit;
}

// The first row of a tensor that may be read after `step`.
int32_t RowStreams::first_row_needed(int32_t tensor, const RowStream& stream, int32_t step) const {
  int32_t first = graph_.tensors[tensor].type.shape[1];
  for (int32_t reader : readers_[tensor]) {
    if (!stream.holds(reader)) continue;
    const int32_t stage = reader - stream.first;
    first = std::min(first, first_row_seen(stream.stages[stage].rule.y, stream.rows_after(stage, step)));
  }
  return first;
}

// How many rows the tensors between the nodes have in memory, and the nodes make, at most.
void RowStreams::count_rows(RowStream& stream) const {
  for (int32_t i = stream.first; i <= stream.last; ++i) {
    RowStream::Stage& stage = stream.stages[i - stream.first];
    const int32_t tensor = graph_.nodes[i].outputs[0];
    int32_t most = 0, first = 0;
    for (int32_t step = 1; step <= stream.steps; ++step) {
      const int32_t made = stream.rows_after(i - stream.first, step - 1);
      const int32_t end = stream.rows_after(i - stream.first, step);
      first = std::max(first, std::min(made, first_row_needed(tensor, stream, step - 1)));
      most = std::max(most, end - first);
      stage.most_rows = std::max(stage.most_rows, end - made);
    }
    if (i < stream.last && !outlives(tensor, stream.last)) stream.kept.push_back({tensor, most});
  }
}

bool RowStreams::measure_stages(RowStream& stream) const {
  for (int32_t i = stream.first; i <= stream.last; ++i) {
    const Node& node = graph_.nodes[i];
    RowStream::Stage& stage = stream.stages[i - stream.first];
    const TensorType& output = graph_.tensors[node.outputs[0]].type;
    const auto rule = node.op->row_rule(node.attributes, input_types(graph_, node), output, stage.most_rows);
    if (!rule) return false;
    stage.rule = *rule;
    if (output.dtype == DType::float32) stage.rule.scratch_bytes = 0;  // as node_cost() has it
  }
  return true;
}

// The largest tensor that dies here; the last node reads rows of it, if any, that are where it writes or behind.
void RowStreams::find_covered(RowStream& stream) const {
  const TensorType& output = graph_.tensors[graph_.nodes[stream.last].outputs[0]].type;
  for (int32_t i = stream.first; i <= stream.last; ++i) {
    for (int32_t input : graph_.nodes[i].inputs) {
      if (input == kAbsent || outlives(input, stream.last)) continue;
      const TensorType& type = graph_.tensors[input].type;
      const bool inside = std::any_of(stream.kept.begin(), stream.kept.end(),
                                      [&](const RowStream::Kept& kept) { return kept.tensor == input; });
      const bool read_last = readers_[input].back() == stream.last;
      const bool alike = stream.stages.back().rule.alone && bytes_of_rows(type, 1) == bytes_of_rows(output, 1);
      if (inside || type.dtype != output.dtype || (read_last && !alike)) continue;
      if (stream.covered == kAbsent || type.bytes() > graph_.tensors[stream.covered].type.bytes())
        stream.covered = input;
    }
  }
  if (stream.covered == kAbsent) return;
  const int32_t stage = stream.last - stream.first;
  for (int32_t step = 1; step < stream.steps; ++step) {
    const int32_t needed = first_row_needed(stream.covered, stream, step);
    stream.lead = std::max(stream.lead, bytes_of_rows(output, stream.rows_after(stage, step)) -
                                            bytes_of_rows(graph_.tensors[stream.covered].type, needed));
  }
}

std::optional<RowStream> RowStreams::stream(int32_t first, int32_t last, int32_t rows) const {
  RowStream stream;
  stream.first = first;
  stream.last = last;
  for (int32_t i = first; i <= last; ++i) {
    if (!can_run_by_rows(i)) return std::nullopt;
    stream.stages.push_back({*rules_[i]});
  }
  const int32_t height = stream.stages.back().rule.y.output;
  stream.steps = (height + rows - 1) / rows;
  stream.stages.back().rate = rows;
  stream.stages.back().limit = height;
  for (int32_t i = last - 1; i >= first; --i)
    if (!find_stage(i, stream)) return std::nullopt;
  count_rows(stream);
  if (!measure_stages(stream)) return std::nullopt;
  find_covered(stream);
  return stream;
}

}  // namespace mote
