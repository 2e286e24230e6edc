// The order of a step's calls, written out for small nets: what is together in a stage, and what is made again.
#include "toolchain/train/schedule.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "toolchain/graph/float_executor.h"
#include "toolchain/train/test_models.h"

namespace mote {
namespace {

constexpr int32_t kStepRows = 32;

// One line for each stage: "4 rows: conv_2d, ..."; a call that observes has "?" behind its name, one that is made again
// "again".
std::string outline_of(const Graph& graph, const std::vector<Stage>& stages) {
  std::string text;
  for (const Stage& stage : stages) {
    text += stage.whole ? "whole:" : fmt::format("{} rows:", stage.rows);
    for (const ScheduledCall& step : stage.steps) {
      constexpr const char* kMarks[] = {"", "?", " again", " line"};  // of ScheduledCall::Call
      text += fmt::format(" {}{}", graph.nodes[static_cast<size_t>(step.node)].op->name, kMarks[step.call]);
    }
    text += "\n";
  }
  return text;
}

struct Planned {
  Graph graph;
  StepSchedule schedule;
  std::string forward() const { return outline_of(graph, schedule.forward); }
  std::string backward() const { return outline_of(graph, schedule.backward); }
};

// All nodes see every example and have a part in the reverse pass. `whole`: the operator that must see all rows.
Planned plan(const std::vector<std::string>& layers, const std::vector<int32_t>& input, int64_t part_floats,
             std::string_view whole = "") {
  Result<Graph> graph = build_graph(layers, make_shape(input), 1);
  EXPECT_TRUE(graph.ok()) << graph.error().message;
  Result<std::vector<Shape>> shapes = shapes_at_batch(*graph, kStepRows);
  EXPECT_TRUE(shapes.ok());
  std::vector<NodeNeeds> needs;
  for (const Node& node : graph->nodes) needs.push_back({true, node.op->name == whole, true});
  StepSchedule schedule = schedule_step(*graph, needs, *shapes, {kStepRows, part_floats}, {graph->outputs[0]});
  return {std::move(*graph), std::move(schedule)};
}

}  // namespace

// Rows of 16 floats at most, four of them in a part.
TEST(Schedule, RowsPassAllCallsInParts) {
  const Planned dense = plan({"Dense(16, relu)", "Dense(8, tanh)", "Dense(2)"}, {10}, 64);
  EXPECT_EQ(dense.forward(), "4 rows: fully_connected fully_connected tanh fully_connected\n");
  EXPECT_EQ(dense.backward(), "4 rows: fully_connected tanh fully_connected fully_connected\n");
}

TEST(Schedule, OneThatMustSeeAllRowsIsAStageOfItsOwn) {
  const Planned dense = plan({"Dense(16)", "Activation(tanh)", "Dense(2)"}, {10}, 64, "tanh");
  EXPECT_EQ(dense.forward(), "4 rows: fully_connected\nwhole: tanh\n4 rows: fully_connected\n");
  EXPECT_EQ(dense.backward(), dense.forward());
}

// The first convolution makes rows of 56 floats, the second of 48: 32 examples go in 8 parts of 4 and in 7 of 5.
TEST(Schedule, BatchNormalizationSeesAllPartsFirstAndIsMadeAgainOrTakenAsALine) {
  const Planned net =
      plan({"Conv1D(4, 3)", "BatchNorm", "Conv1D(4, 3)", "BatchNorm", "Flatten", "Dense(2)"}, {16, 3}, 256);
  EXPECT_EQ(net.forward(),
            "4 rows: conv_2d batch_norm?\n"
            "4 rows: batch_norm line conv_2d batch_norm?\n"
            "5 rows: batch_norm reshape fully_connected\n");
  EXPECT_EQ(net.backward(),
            "5 rows: fully_connected batch_norm again reshape batch_norm?\n"
            "4 rows: batch_norm conv_2d batch_norm?\n"
            "4 rows: batch_norm conv_2d\n");
  EXPECT_EQ(net.schedule.repeated_floats, 5 * 48);
}

}  // namespace mote
