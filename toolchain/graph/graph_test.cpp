#include "toolchain/graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toolchain/graph/builder.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Graph valid_graph() {
  const std::vector<std::string> layers = {"Dense(4, relu)", "Dense(3, softmax)"};
  return *build_graph(layers, make_shape({5}), 1);
}

// The message that validate gives after `spoil` changed a valid graph.
template <class Spoil>
std::string message(Spoil spoil) {
  Graph graph = valid_graph();
  spoil(graph);
  const auto result = validate(graph);
  return result.ok() ? "valid" : result.error().message;
}

TEST(Validate, AcceptsABuiltGraph) {
  EXPECT_TRUE(validate(valid_graph()).ok());
}

TEST(Validate, NamesWhatIsWrong) {
  EXPECT_THAT(message([](Graph& g) { g.nodes[0].inputs[1] = 99; }), HasSubstr("'dense_1'): input 99 is not a tensor"));
  EXPECT_THAT(message([](Graph& g) { g.nodes[0].outputs[0] = -7; }), HasSubstr("output -7 is not a tensor"));
  EXPECT_THAT(message([](Graph& g) { std::swap(g.nodes[0], g.nodes[1]); }),
              HasSubstr("not written by an earlier operator"));
  EXPECT_THAT(message([](Graph& g) { g.nodes[1].outputs = g.nodes[0].outputs; }), HasSubstr("already written"));
  EXPECT_THAT(message([](Graph& g) {
                g.tensors[g.outputs[0]].type.shape = make_shape({1, 4});
              }),
              AllOf(HasSubstr("has shape 1x4, but its inputs give 1x3"), Not(HasSubstr("unknown"))));
  EXPECT_THAT(message([](Graph& g) { g.tensors[g.inputs[0]].type.shape.dims[0] = 2; }),
              AllOf(HasSubstr("but its inputs give 2x"), HasSubstr("convert the model with a batch of 1")));
  EXPECT_THAT(message([](Graph& g) { g.tensors[g.nodes[0].inputs[1]].data.pop_back(); }), HasSubstr("holds 79"));
  EXPECT_THAT(message([](Graph& g) { g.tensors[0].type.shape = make_shape({1, 6}); }), HasSubstr("rows of 5 numbers"));
  EXPECT_THAT(message([](Graph& g) { g.tensors[0].type.shape = make_shape({65536, 65536}); }), HasSubstr("too many"));
  EXPECT_THAT(message([](Graph& g) { g.tensors[0].type.shape.dims[0] = -1; }), HasSubstr("negative"));
  EXPECT_THAT(message([](Graph& g) {
                g.tensors[0].type.quant.scales = {1, 2};
              }),
              HasSubstr("2 scales but 0 zero points"));
  EXPECT_THAT(message([](Graph& g) { g.inputs.clear(); }), HasSubstr("no inputs"));
  EXPECT_THAT(message([](Graph& g) { g.tensors[g.inputs[0]].variable = true; }), HasSubstr("a constant or a variable"));
  EXPECT_THAT(message([](Graph& g) { g.tensors[g.outputs[0]].variable = true; }),
              HasSubstr("is a constant, a variable,"));
  EXPECT_THAT(message([](Graph& g) { g.outputs = {500}; }), HasSubstr("500 is not a tensor"));
  EXPECT_THAT(message([](Graph& g) { g.nodes.pop_back(); }), HasSubstr("written by no operator"));
  EXPECT_THAT(message([](Graph& g) { g.nodes[0].inputs.resize(1); }), HasSubstr("it has 1 inputs, expected 2 to 3"));
}

TEST(Validate, ForeignOperatorsPassUnchecked) {
  EXPECT_EQ(message([](Graph& g) {
              g.nodes[1].op = nullptr;
              g.nodes[1].foreign = "CUSTOM 'X'";
            }),
            "valid");
}

}  // namespace
}  // namespace mote
