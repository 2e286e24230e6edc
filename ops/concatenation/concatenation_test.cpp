// What the conformance harness cannot know of concatenation: TFLite refuses int8 inputs of different scales.
#include "ops/concatenation/concatenation.h"

#include <gtest/gtest.h>

#include <vector>

namespace mote {
namespace {

TensorInfo int8_info(int32_t rows, int32_t columns, const float& scale, int32_t zero_point) {
  TensorInfo info;
  info.type = DType::int8;
  info.shape.rank = 2;
  info.shape.dims[0] = rows, info.shape.dims[1] = columns;
  info.quantization = {&scale, 1, zero_point, 0};
  return info;
}

TEST(Concatenation, RequantizesWhatHasAnotherScale) {
  const float wide = 0.5f, narrow = 0.25f;
  const std::vector<TensorInfo> inputs = {int8_info(2, 2, wide, 3), int8_info(2, 3, narrow, -10)};
  const TensorInfo output = int8_info(2, 5, wide, 3);
  AxisParts p;
  const auto info = [&](int32_t i) { return inputs[static_cast<size_t>(i)]; };
  ASSERT_EQ(parts_setup(output, 1, false, 2, info, p), Status::ok);
  const std::vector<int32_t> stretches = {stretch_of(p, inputs[0]), stretch_of(p, inputs[1])};
  std::vector<QuantizeFromInteger> q(2);
  for (size_t i = 0; i < 2; ++i) ASSERT_EQ(requantize_part(inputs[i], output, stretches[i], q[i]), Status::ok);
  EXPECT_TRUE(is_identity(q[0]));
  EXPECT_FALSE(is_identity(q[1]));

  const std::vector<int8_t> a = {-128, 127, 3, 0}, b = {-10, -128, 127, -8, -11, 90};
  const auto part = [&](int32_t i) { return i == 0 ? a.data() : b.data(); };
  std::vector<int8_t> joined(10);
  concatenate_int8(p, stretches.data(), q.data(), part, joined.data());
  // (b + 10) / 2 + 3, ties upwards
  EXPECT_EQ(joined, (std::vector<int8_t>{-128, 127, 3, -56, 72, 3, 0, 4, 3, 53}));
}

}  // namespace
}  // namespace mote
