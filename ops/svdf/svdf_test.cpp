// What the harness cannot know of SVDF: its multiply-accumulates, and what it says of tensors that do not belong
// together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/op.h"

namespace mote {
namespace {

std::vector<TensorType> float_inputs(const OpCase& item) {
  std::vector<TensorType> types;
  for (const Shape& shape : item.inputs) types.push_back({DType::float32, shape, {}});
  return types;
}

TEST(Svdf, CountsBothProductsOfEveryFilter) {
  const OpDef& op = *find_op("svdf");
  // 3 examples, 4 units of rank 2, so 8 filters over 6 features and 10 frames.
  const OpCase item = op.cases()[3];
  EXPECT_EQ(op.cost(item.attributes, item.inputs, {}).macs, 3 * 8 * (6 + 10));
}

TEST(Svdf, SaysWhichInputIsWrong) {
  const OpDef& op = *find_op("svdf");
  const OpCase item = op.cases()[1];
  const auto answer = [&](const auto& spoil) {
    std::vector<TensorType> inputs = float_inputs(item);
    spoil(inputs);
    const auto shapes = op.infer(item.attributes, inputs);
    return shapes.ok() ? "accepted" : shapes.error().message;
  };
  EXPECT_EQ(answer([](auto&) {}), "accepted");
  EXPECT_EQ(answer([](auto& inputs) { inputs[3].shape.rank = -1; }), "accepted") << "the bias is optional";
  EXPECT_THAT(answer([](auto& inputs) { inputs.pop_back(); }), testing::HasSubstr("it has 4 inputs, expected 5"));
  EXPECT_THAT(answer([](auto& inputs) { inputs[4].shape.rank = -1; }), testing::HasSubstr("input 4 is absent"));
  EXPECT_THAT(answer([](auto& inputs) { inputs[4].shape.dims[1]++; }), testing::HasSubstr("do not belong together"));
  EXPECT_THAT(answer([](auto& inputs) { inputs[3].shape.dims[0]++; }), testing::HasSubstr("the bias has shape 6"));
  EXPECT_THAT(answer([](auto& inputs) { inputs[1].dtype = DType::int8; }),
              testing::HasSubstr("feature weights (input 1) is int8; mote runs float32"));
}

}  // namespace
}  // namespace mote
