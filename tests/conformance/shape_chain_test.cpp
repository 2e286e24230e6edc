// What converters write for a model whose batch they were not told: the shape that an operator wants is put together,
// while the model runs, from a SHAPE. Its numbers follow from the file, so that readers must find them.
#include <gtest/gtest.h>

#include <cstring>

#include "ops/pack/pack.h"
#include "ops/reshape/reshape.h"
#include "ops/shape/shape.h"
#include "ops/strided_slice/strided_slice.h"
#include "ops/transpose_conv/transpose_conv.h"
#include "tests/conformance/host_run.h"
#include "toolchain/graph/known_numbers.h"
#include "toolchain/tflite/reader.h"
#include "toolchain/tflite/writer.h"

namespace mote::conformance {
namespace {

// [batch, `rest` ...] of input 0, computed: SHAPE, STRIDED_SLICE of its first number, PACK with constants.
class ChainMaker {
 public:
  explicit ChainMaker(Shape input) {
    graph.inputs = {add("x", DType::float32, input)};
    graph.input_names = {"x"};
  }

  int32_t add(const char* name, DType type, Shape shape) {
    graph.tensors.push_back({name, {type, shape, {}}, false, false, {}});
    return static_cast<int32_t>(graph.tensors.size() - 1);
  }
  template <class T>
  int32_t constant(DType type, Shape shape, const std::vector<T>& values) {
    const int32_t index = add("constant", type, shape);
    Tensor& tensor = graph.tensors.back();
    tensor.constant = true;
    tensor.data.resize(values.size() * sizeof(T));
    std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    return index;
  }
  int32_t number(int32_t value) { return constant<int32_t>(DType::int32, make_shape({}), {value}); }

  template <class Values>
  void node(const char* op, const Values& values, std::vector<int32_t> inputs, int32_t output) {
    Node node{find_op(op), op, Attributes::of(values), std::move(inputs), {output}, ""};
    const auto taken = take_constants(graph, node, known);
    ASSERT_TRUE(taken.ok()) << taken.error().message;
    known.learn(graph, node);
    graph.nodes.push_back(node);
  }

  int32_t computed_shape(const std::vector<int32_t>& rest) {
    const int32_t count = static_cast<int32_t>(rest.size()) + 1;
    const int32_t shape = add("shape", DType::int32, make_shape({graph.tensors[0].type.shape.rank}));
    const int32_t batch = add("batch", DType::int32, make_shape({}));
    const int32_t wanted = add("wanted", DType::int32, make_shape({count}));
    node("shape", ShapeAttributes{static_cast<int8_t>(DType::int32)}, {0}, shape);
    StridedSliceAttributes first{};
    first.shrink_axis_mask = 1;
    const auto one = [&](int32_t value) { return constant<int32_t>(DType::int32, make_shape({1}), {value}); };
    node("strided_slice", first, {shape, one(0), one(1), one(1)}, batch);
    std::vector<int32_t> parts = {batch};
    for (const int32_t each : rest) parts.push_back(number(each));
    PackAttributes pack{};
    pack.values_count = count;
    node("pack", pack, parts, wanted);
    return wanted;
  }

  // Writes the file, reads it back and runs it.
  std::vector<uint8_t> run(const std::vector<float>& input) {
    graph.outputs = graph.nodes.back().outputs;
    graph.output_names = {"y"};
    const auto file = write_tflite(graph);
    EXPECT_TRUE(file.ok()) << file.error().message;
    const auto read = read_tflite("chain", *file);
    EXPECT_TRUE(read.ok()) << read.error().message;
    for (const Node& node : read->nodes) EXPECT_NE(node.op, nullptr) << node.foreign;
    std::vector<uint8_t> bytes(input.size() * sizeof(float));
    std::memcpy(bytes.data(), input.data(), bytes.size());
    const HostRun run = run_on_host(*file, {bytes});
    EXPECT_EQ(run.status, Status::ok);
    return in_a_row(run.outputs);
  }

  Graph graph;
  KnownNumbers known;
};

std::vector<float> floats_of(const std::vector<uint8_t>& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

TEST(ShapeChain, ReshapeFindsItsShape) {
  ChainMaker maker(make_shape({2, 2, 3}));
  const int32_t wanted = maker.computed_shape({-1});
  maker.node("reshape", ReshapeAttributes{}, {0, wanted}, maker.add("y", DType::float32, make_shape({2, 6})));
  EXPECT_EQ(maker.graph.nodes.back().attributes.as<ReshapeAttributes>().new_shape, make_shape({2, -1}));
  const std::vector<float> x = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  EXPECT_EQ(floats_of(maker.run(x)), x);
}

TEST(ShapeChain, TransposeConvFindsItsShape) {
  ChainMaker maker(make_shape({1, 1, 2, 1}));
  const int32_t wanted = maker.computed_shape({2, 4, 1});
  const int32_t weights = maker.constant<float>(DType::float32, make_shape({1, 2, 2, 1}), {1, 2, 3, 4});
  TransposeConvAttributes attributes;
  attributes.stride_h = attributes.stride_w = 2;
  maker.node("transpose_conv", attributes, {wanted, weights, 0},
             maker.add("y", DType::float32, make_shape({1, 2, 4, 1})));
  EXPECT_EQ(floats_of(maker.run({1, 10})), (std::vector<float>{1, 2, 10, 20, 3, 4, 30, 40}));
}

// What comes from the data, not from shapes, stays unknown and is refused by name.
TEST(ShapeChain, NumbersOfTheDataAreNotKnown) {
  ChainMaker maker(make_shape({2, 3}));
  const int32_t given = maker.add("given", DType::int32, make_shape({2}));
  maker.graph.inputs.push_back(given);
  Node node{find_op("reshape"), "reshape", Attributes::of(ReshapeAttributes{}), {0, given}, {}, ""};
  const auto taken = take_constants(maker.graph, node, maker.known);
  ASSERT_FALSE(taken.ok());
  EXPECT_NE(taken.error().message.find("computed while the model runs"), std::string::npos);
}

}  // namespace
}  // namespace mote::conformance
