// What the conformance harness cannot know of gather: what it does with an index outside the axis.
#include "ops/gather/gather.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "ops/op.h"

namespace mote {
namespace {

TensorInfo info_of(DType type, std::initializer_list<int32_t> dims, const void* data = nullptr) {
  TensorInfo info;
  info.type = type;
  for (const int32_t dim : dims) info.shape.dims[info.shape.rank++] = dim;
  info.data = data;
  return info;
}

TEST(Gather, TakesTheNearestSliceForAnIndexOutside) {
  Gather p;
  ASSERT_EQ(
      gather_setup({0, 0}, info_of(DType::int8, {3, 2}), info_of(DType::int32, {4}), info_of(DType::int8, {4, 2}), p),
      Status::ok);
  const std::vector<int8_t> rows = {1, 2, 3, 4, 5, 6};
  const std::vector<int32_t> indices = {-1, 3, INT32_MAX, INT32_MIN};
  std::vector<int8_t> taken(8);
  gather_run(p, rows.data(), indices.data(), taken.data());
  EXPECT_EQ(taken, (std::vector<int8_t>{1, 2, 5, 6, 5, 6, 1, 2}));
}

TEST(Gather, RefusesAConstantIndexOutside) {
  for (const int32_t index : {-1, 3}) {
    Gather p;
    EXPECT_EQ(gather_setup({0, 0}, info_of(DType::float32, {3, 2}), info_of(DType::int32, {1}, &index),
                           info_of(DType::float32, {1, 2}), p),
              Status::unsupported_option);
    const OpDef& op = *find_op("gather");
    Attributes attributes = op.default_attributes();
    const std::vector<TensorType> types = {{DType::float32, make_shape({3, 2}), {}},
                                           {DType::int32, make_shape({1}), {}}};
    std::vector<uint8_t> stored(sizeof index);
    std::memcpy(stored.data(), &index, sizeof index);
    const std::vector<std::span<const uint8_t>> constants = {{}, stored};
    const auto read = op.read_constants(attributes, types, constants);
    ASSERT_FALSE(read.ok());
    EXPECT_NE(read.error().message.find("0 to 2"), std::string::npos) << read.error().message;
  }
}

}  // namespace
}  // namespace mote
