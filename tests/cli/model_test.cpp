// `mote run` and `mote inspect` on models that are not one batch of one input to one output.
#include <gmock/gmock.h>

#include <cstring>

#include "tests/cli/command.h"
#include "toolchain/base/npy.h"
#include "toolchain/graph/graph.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// a [2, 3] and b [3] -> a + b, a - b: neither has a batch of 1 in front.
Graph sum_and_difference() {
  Graph graph;
  const auto add = [&](const char* name, Shape shape) {
    graph.tensors.push_back({name, {DType::float32, shape, {}}, false, false, {}, false});
    return static_cast<int32_t>(graph.tensors.size() - 1);
  };
  const int32_t a = add("a", make_shape({2, 3})), b = add("b", make_shape({3}));
  graph.inputs = {a, b};
  graph.input_names = {"a", "b"};
  for (const char* op : {"add", "sub"}) {
    const int32_t output = add(op, make_shape({2, 3}));
    graph.nodes.push_back({find_op(op), op, find_op(op)->default_attributes(), {a, b}, {output}, ""});
    graph.outputs.push_back(output);
    graph.output_names.push_back(op);
  }
  return graph;
}

NpyArray array_of(std::vector<int64_t> shape, const std::vector<float>& values) {
  NpyArray array{DType::float32, std::move(shape), std::vector<uint8_t>(values.size() * sizeof(float))};
  std::memcpy(array.data.data(), values.data(), array.data.size());
  return array;
}

class Model : public CommandTest {
 protected:
  void save(const Graph& graph) {
    const auto bytes = write_tflite(graph);
    ASSERT_TRUE(bytes.ok()) << bytes.error().message;
    spew(folder_ / "m.tflite", std::string(bytes->begin(), bytes->end()));
  }
  ProcessOutput run(std::vector<std::string> options) {
    options.insert(options.begin(), {"run", "m.tflite"});
    return mote(options, folder_);
  }
  void expect_array(const char* file, const NpyArray& expected) {
    const Result<NpyArray> found = read_npy(folder_ / file);
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found->shape, expected.shape);
    EXPECT_EQ(found->data, expected.data);
  }
};

TEST_F(Model, TakesAnArrayForEachInputAndWritesOneForEachOutput) {
  save(sum_and_difference());
  const NpyArray a = array_of({2, 2, 3}, {1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60});
  ASSERT_TRUE(write_npy(folder_ / "a.npy", a).ok());
  ASSERT_TRUE(write_npy(folder_ / "b.npy", array_of({2, 3}, {1, 1, 2, 0, 5, 10})).ok());
  ASSERT_TRUE(write_npy(folder_ / "one.npy", array_of({1, 3}, {1, 1, 2})).ok());
  const ProcessOutput done =
      run({"--input", "a.npy", "--input", "b.npy", "--output", "sum.npy", "--output", "difference.npy"});
  ASSERT_EQ(done.exit_status, 0) << done.errors;
  expect_array("sum.npy", array_of({2, 2, 3}, {2, 3, 5, 5, 6, 8, 10, 25, 40, 40, 55, 70}));
  expect_array("difference.npy", array_of({2, 2, 3}, {0, 1, 1, 3, 4, 4, 10, 15, 20, 40, 45, 50}));

  const ProcessOutput lacking = run({"--input", "a.npy"});
  EXPECT_EQ(lacking.exit_status, 2);
  EXPECT_THAT(lacking.errors, HasSubstr("has 2 inputs and 1 arrays are given; give --input once for each: 2x3 float32, "
                                        "then 3 float32"));
  const ProcessOutput uneven = run({"--input", "a.npy", "--input", "one.npy"});
  EXPECT_EQ(uneven.exit_status, 2);
  EXPECT_THAT(uneven.errors, AllOf(HasSubstr("a.npy has 2 rows"), HasSubstr("one.npy has 1")));
  const ProcessOutput many =
      run({"--input", "a.npy", "--input", "b.npy", "--output", "1.npy", "--output", "2.npy", "--output", "3.npy"});
  EXPECT_EQ(many.exit_status, 2);
  EXPECT_THAT(many.errors, HasSubstr("has 2 outputs; --output was given 3 times"));
}

// One tensor in every place: input, both operands, and two outputs, of which one is the input itself.
TEST_F(Model, ATensorMayBeUsedTwiceAndAnOutputMayBeAnInput) {
  Graph graph = sum_and_difference();
  graph.nodes.resize(1);
  graph.nodes[0].inputs = {0, 0};
  graph.tensors.pop_back();
  graph.tensors.erase(graph.tensors.begin() + 1);
  graph.inputs = {0};
  graph.nodes[0].outputs = {1};
  graph.outputs = {0, 1, 1};
  graph.input_names = {"a"};
  graph.output_names = {"a_again", "twice", "twice_again"};
  save(graph);
  const NpyArray a = array_of({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(write_npy(folder_ / "a.npy", a).ok());
  const ProcessOutput done = run({"--input", "a.npy", "--output", "0.npy", "--output", "1.npy", "--output", "2.npy"});
  ASSERT_EQ(done.exit_status, 0) << done.errors;
  expect_array("0.npy", a);
  for (const char* file : {"1.npy", "2.npy"}) expect_array(file, array_of({1, 2, 3}, {2, 4, 6, 8, 10, 12}));
}

// int16 activations: the host's interpreter runs them as the board does.
TEST_F(Model, Int16OutputsAreDequantized) {
  Graph graph = sum_and_difference();
  for (Tensor& tensor : graph.tensors) tensor.type.dtype = DType::int16, tensor.type.quant = {{0.5f}, {0}, 0};
  save(graph);
  ASSERT_TRUE(write_npy(folder_ / "a.npy", array_of({1, 2, 3}, {1, 2, 3, 4, 5, 400})).ok());
  ASSERT_TRUE(write_npy(folder_ / "b.npy", array_of({1, 3}, {1, 0, 100})).ok());
  const ProcessOutput done =
      run({"--input", "a.npy", "--input", "b.npy", "--quantize-input", "--output", "sum.npy", "--dequantize-output"});
  ASSERT_EQ(done.exit_status, 0) << done.errors;
  expect_array("sum.npy", array_of({1, 2, 3}, {2, 2, 103, 5, 5, 500}));
}

}  // namespace
}  // namespace mote
