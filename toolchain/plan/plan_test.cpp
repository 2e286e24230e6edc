#include "toolchain/plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ops/conv_2d/conv_2d.h"
#include "toolchain/plan/inspect.h"

namespace mote {
namespace {

int32_t add_tensor(Graph& graph, int32_t bytes, const std::string& name = "") {
  Tensor tensor;
  tensor.name = name.empty() ? "t" + std::to_string(graph.tensors.size()) : name;
  tensor.type = {DType::int8, make_shape({1, bytes}), {{0.5f}, {0}, 0}};
  graph.tensors.push_back(tensor);
  return static_cast<int32_t>(graph.tensors.size() - 1);
}

void add_foreign(Graph& graph, std::vector<int32_t> inputs, std::vector<int32_t> outputs) {
  Node node;
  node.foreign = "CONV_2D version 3";
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  graph.nodes.push_back(node);
}

// Tensors of these sizes, one operator between each two.
Graph chain(const std::vector<int32_t>& sizes) {
  Graph graph;
  for (int32_t bytes : sizes) add_tensor(graph, bytes);
  for (int32_t i = 0; i + 1 < static_cast<int32_t>(sizes.size()); ++i) add_foreign(graph, {i}, {i + 1});
  graph.inputs = {0};
  graph.outputs = {static_cast<int32_t>(sizes.size()) - 1};
  return graph;
}

MemoryPlan planned(const Graph& graph) {
  auto plan = plan_memory(graph);
  EXPECT_TRUE(plan.ok()) << plan.error().message;
  return plan.ok() ? *plan : MemoryPlan{};
}

TEST(Plan, AChainNeedsItsLargestPair) {
  const MemoryPlan plan = planned(chain({640, 128, 128, 8, 128, 640}));
  EXPECT_EQ(plan.arena_bytes, 768);
  EXPECT_EQ(plan.lower_bound, 768);
  EXPECT_TRUE(plan.optimal);
  EXPECT_EQ(plan.peak_node, 0);
  EXPECT_EQ(plan.peak_tensors, (std::vector<int32_t>{0, 1}));
}

TEST(Plan, ADiamondKeepsTheSkippedBranch) {
  Graph graph;
  const int32_t input = add_tensor(graph, 96), split = add_tensor(graph, 160), left = add_tensor(graph, 64),
                right = add_tensor(graph, 160), sum = add_tensor(graph, 32);
  add_foreign(graph, {input}, {split});
  add_foreign(graph, {split}, {left});
  add_foreign(graph, {split}, {right});
  add_foreign(graph, {left, right}, {sum});
  graph.inputs = {input};
  graph.outputs = {sum};
  const MemoryPlan plan = planned(graph);
  EXPECT_EQ(plan.arena_bytes, 384);  // split, left and right
  EXPECT_EQ(plan.peak_node, 2);
  EXPECT_TRUE(plan.optimal);
}

TEST(Plan, OutputsLiveToTheEndAndInputsUntilTheirLastReader) {
  Graph graph = chain({16, 32, 48, 64});
  graph.outputs = {1, 3};
  const MemoryPlan plan = planned(graph);
  EXPECT_EQ(plan.lifetimes[0], (Lifetime{0, 0}));
  EXPECT_EQ(plan.lifetimes[1], (Lifetime{0, 2}));
  EXPECT_EQ(plan.lifetimes[3], (Lifetime{2, 2}));
  EXPECT_EQ(plan.arena_bytes, 32 + 48 + 64);
}

TEST(Plan, ConstantsAbsentAndUnusedTensorsTakeNoArena) {
  Graph graph = chain({16, 32});
  const int32_t weights = add_tensor(graph, 100), unused = add_tensor(graph, 100);
  graph.tensors[weights].constant = true;
  graph.tensors[weights].data.resize(100);
  graph.nodes[0].inputs = {0, weights, kAbsent};
  const MemoryPlan plan = planned(graph);
  EXPECT_EQ(plan.arena_bytes, 48);
  EXPECT_EQ(plan.offsets[weights], -1);
  EXPECT_EQ(plan.offsets[unused], -1);
}

TEST(Plan, AVariableKeepsItsPlaceThroughout) {
  Graph graph = chain({16, 16, 16, 16});
  const int32_t state = add_tensor(graph, 32), unused = add_tensor(graph, 64);
  graph.tensors[state].variable = graph.tensors[unused].variable = true;
  graph.nodes[1].inputs.push_back(state);
  const MemoryPlan plan = planned(graph);
  EXPECT_EQ(plan.lifetimes[state], (Lifetime{0, 2}));
  EXPECT_EQ(plan.offsets[unused], -1);
  EXPECT_EQ(plan.arena_bytes, 64);
}

TEST(Plan, AnOperatorDoesNotRunInPlaceOfAVariable) {
  const OpDef* const relu = find_op("relu6");
  ASSERT_TRUE(relu->in_place);
  Graph graph = chain({16, 16});
  const int32_t state = add_tensor(graph, 16), output = add_tensor(graph, 16);
  graph.tensors[state].variable = true;
  graph.nodes.push_back({relu, "relu", relu->default_attributes(), {state}, {output}, ""});
  graph.outputs = {output};
  EXPECT_NE(planned(graph).offsets[output], planned(graph).offsets[state]);
}

TEST(Plan, EveryTensorIsAligned) {
  const MemoryPlan plan = planned(chain({1, 17, 33, 5}));
  for (int32_t offset : plan.offsets) EXPECT_EQ(offset % kAlignment, 0);
  EXPECT_EQ(plan.arena_bytes, 32 + 48);
}

TEST(Plan, AnInPlaceOutputTakesOverItsInput) {
  const OpDef* relu = find_op("relu");
  ASSERT_NE(relu, nullptr);
  ASSERT_TRUE(relu->in_place);
  Graph graph = chain({64, 64, 64});
  for (Node& node : graph.nodes) {
    node.op = relu;
    node.attributes = relu->default_attributes();
  }
  const MemoryPlan plan = planned(graph);
  EXPECT_EQ(plan.arena_bytes, 64);
  EXPECT_EQ(plan.shares_with, (std::vector<int32_t>{kAbsent, 0, 1}));
  EXPECT_EQ(plan.offsets[1], plan.offsets[0]);

  graph.outputs = {1, 2};  // tensor 1 must survive the second relu
  const MemoryPlan kept = planned(graph);
  EXPECT_EQ(kept.shares_with, (std::vector<int32_t>{kAbsent, 0, kAbsent}));
  EXPECT_EQ(kept.arena_bytes, 128);
}

TEST(Plan, TheInputIsNotTakenOverWhileAnotherOperatorReadsIt) {
  const OpDef* relu = find_op("relu");
  ASSERT_NE(relu, nullptr);
  Graph graph = chain({64, 64});
  graph.nodes[0].op = relu;
  graph.nodes[0].attributes = relu->default_attributes();
  const int32_t other = add_tensor(graph, 16);
  add_foreign(graph, {0}, {other});
  graph.outputs = {1, other};
  EXPECT_EQ(planned(graph).shares_with[1], kAbsent);
}

// Float images of 16 x 16 x 4, a 3 x 3 convolution between each two: 4,096 B each, rows of 256 B, pixels of 16 B.
Graph convolutions(int32_t count) {
  const OpDef* conv = find_op("conv_2d");
  Graph graph;
  const auto add = [&](Shape shape) {
    const int32_t tensor = add_tensor(graph, 1);
    graph.tensors[tensor].type = {DType::float32, shape, {}};
    return tensor;
  };
  const int32_t weights = add(make_shape({4, 3, 3, 4}));
  graph.tensors[weights].constant = true;
  graph.tensors[weights].data.resize(4 * 3 * 3 * 4 * 4);
  graph.inputs = {add(make_shape({1, 16, 16, 4}))};
  int32_t last = graph.inputs[0];
  for (int32_t i = 0; i < count; ++i) {
    Node node;
    node.op = conv;
    node.attributes = Attributes::of(Conv2DAttributes{0, 1, 1, Activation::none, 1, 1});
    node.inputs = {last, weights};
    node.outputs = {last = add(make_shape({1, 16, 16, 4}))};
    graph.nodes.push_back(node);
  }
  graph.outputs = {last};
  return graph;
}

MemoryPlan overlapping(const Graph& graph) {
  auto plan = plan_memory(graph, Sharing::overlap);
  EXPECT_TRUE(plan.ok()) << plan.error().message;
  return plan.ok() ? *plan : MemoryPlan{};
}

// Two rows and a pixel: while a row is written, the row before it is still read, and the next may have begun.
TEST(Plan, AConvolutionBeginsBeforeItsInput) {
  const Graph graph = convolutions(1);
  const MemoryPlan plan = overlapping(graph);
  EXPECT_EQ(plan.leads, (std::vector<int64_t>{528}));
  EXPECT_EQ(plan.offsets[graph.inputs[0]] - plan.offsets[graph.outputs[0]], 528);
  EXPECT_EQ(plan.arena_bytes, 4096 + 528);
  EXPECT_EQ(plan.lower_bound, plan.arena_bytes);
  EXPECT_TRUE(plan.optimal);
  EXPECT_EQ(planned(graph).arena_bytes, 2 * 4096) << "an interpreter of this file must not overlap them";
  EXPECT_EQ(planned(graph).leads, (std::vector<int64_t>{-1}));
}

TEST(Plan, AChainOfConvolutionsComesDown) {
  const MemoryPlan plan = overlapping(convolutions(4));
  EXPECT_EQ(plan.leads, (std::vector<int64_t>{528, 528, 528, 528}));
  EXPECT_EQ(plan.arena_bytes, 4096 + 4 * 528);
  EXPECT_TRUE(plan.optimal);
}

TEST(Plan, AnInputThatIsNeededLaterIsNotOverlapped) {
  Graph graph = convolutions(2);
  graph.outputs.push_back(graph.nodes[0].outputs[0]);
  const MemoryPlan plan = overlapping(graph);
  EXPECT_EQ(plan.leads[1], -1);
  EXPECT_EQ(plan.arena_bytes, 2 * 4096);
}

TEST(Plan, RefusesAnArenaBeyondItsOffsets) {
  const auto plan = plan_memory(chain({INT32_MAX, INT32_MAX}));
  ASSERT_FALSE(plan.ok());
  EXPECT_NE(plan.error().message.find("2 GiB"), std::string::npos);
}

TEST(OfflinePlan, IsTflmsListOfInt32) {
  Graph graph = chain({640, 128});
  add_offline_plan(graph, planned(graph));
  const std::string& bytes = graph.metadata.at(kOfflinePlanMetadata);
  ASSERT_EQ(bytes.size(), 20u);
  EXPECT_EQ(bytes.substr(0, 12), std::string("\1\0\0\0\1\0\0\0\2\0\0\0", 12));
  const auto read = offline_plan(graph);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(**read, planned(graph).offsets);
}

TEST(OfflinePlan, OfAnotherModelIsRefused) {
  Graph graph = chain({640, 128});
  EXPECT_FALSE((*offline_plan(graph)).has_value());
  add_offline_plan(graph, planned(graph));
  add_tensor(graph, 1);
  EXPECT_FALSE(offline_plan(graph).ok());
  graph.metadata[kOfflinePlanMetadata] = "abc";
  EXPECT_FALSE(offline_plan(graph).ok());
}

TEST(Inspect, NamesWhatMoteCannotRunWithItsPlace) {
  Graph graph = chain({64, 32, 16});
  graph.tensors[1].name = "stem";
  const auto warnings = model_warnings(graph);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0], "mote cannot run CONV_2D version 3: operators 0, 1 of 2; the first writes 'stem'");
}

TEST(Inspect, WarnsOfFloatModelsAndOddScales) {
  Graph graph = chain({64, 32});
  for (Tensor& tensor : graph.tensors) tensor.type = {DType::float32, tensor.type.shape, {}};
  auto warnings = model_warnings(graph);
  EXPECT_TRUE(std::any_of(warnings.begin(), warnings.end(), [](auto& w) { return w.starts_with("float model"); }));

  graph = chain({64, 32});
  graph.tensors[0].type.quant = {};
  graph.tensors[1].type.quant.scales = {1e-9f};
  warnings = model_warnings(graph);
  EXPECT_TRUE(
      std::any_of(warnings.begin(), warnings.end(), [](auto& w) { return w.ends_with("int8 without a scale"); }));
  EXPECT_TRUE(std::any_of(warnings.begin(), warnings.end(),
                          [](auto& w) { return w.find("below 1e-07") != std::string::npos; }));
}

TEST(Inspect, DrawsTheArenaWithThePeak) {
  const Graph graph = chain({64, 64, 32});
  EXPECT_EQ(arena_map(graph, planned(graph), 62),
            "node operator           |0               |      128 B\n"
            "   0 CONV_2D version 3  |AAAAAAAABBBBBBBB|        128  peak\n"
            "   1 CONV_2D version 3  |CCCC....BBBBBBBB|         96\n"
            "Tensors at the peak:\n"
            "  A          64 B at 0        tensor 0 t0\n"
            "  B          64 B at 64       tensor 1 t1\n");
}

TEST(Inspect, SaysWhatMakesThePeak) {
  const Graph graph = convolutions(1);
  const std::string text = inspect_text({"m.tflite", 1234, "", {}}, graph, *arena_plans(graph, graph));
  for (const char* part : {"Arena of the interpreter: 8,192 B", "Arena of the compiled engine: 4,624 B",
                           "tensor 1 (4,096 B) lies apart from what node 0 conv_2d makes of it",
                           "its output begins 528 B before its input"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;

  Graph kept = convolutions(2);
  kept.outputs.push_back(kept.nodes[0].outputs[0]);
  const auto reasons = what_holds_the_peak(kept, overlapping(kept));
  ASSERT_FALSE(reasons.empty());
  EXPECT_EQ(reasons[0], "tensor 2 (4,096 B) is an output of the model, so it outlives its readers");
}

TEST(Inspect, AGraphWithoutOperatorsHasItsInputInTheArena) {
  const Graph graph = chain({48});
  const std::string map = arena_map(graph, planned(graph), 62);
  EXPECT_NE(map.find("48 B at 0"), std::string::npos) << map;
}

TEST(Inspect, TextStaysWithinItsWidthAndJsonAgreesWithThePlan) {
  Graph graph = chain({64, 64, 32});
  graph.tensors[1].name = std::string(300, 'x');
  const MemoryPlan plan = planned(graph);
  const Json json = inspect_json({"m.tflite", 1234, "", {}}, graph, *arena_plans(graph, graph));
  EXPECT_EQ(json["arena"]["bytes"], 128);
  EXPECT_EQ(json["operators"].size(), 2u);
  EXPECT_EQ(json["operators"][0]["macs"], nullptr);
  EXPECT_EQ(json["tensors"][2]["last_node"], 1);
  const std::string map = arena_map(graph, plan, 100);
  for (size_t from = 0; from < map.size();) {
    const size_t end = map.find('\n', from);
    EXPECT_LE(end - from, 100u) << map.substr(from, end - from);
    from = end + 1;
  }
}

}  // namespace
}  // namespace mote
