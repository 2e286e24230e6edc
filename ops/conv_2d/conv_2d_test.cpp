// What the conformance harness cannot know of conv_2d: LiteRT refuses integer models without a bias, so no case has
// one.
#include "ops/conv_2d/conv_2d.h"

#include <gtest/gtest.h>

#include <vector>

namespace mote {
namespace {

// The outputs of a 3 x 3 filter over a 5 x 4 image, without bias or with one of zeros.
template <class T, class Bias, class Parameters, class... Scales>
std::vector<T> run(Parameters p, bool with_bias, Scales... scales) {
  Conv2DAttributes a;
  a.stride_h = a.stride_w = 1;
  Shape input, weights;
  input.rank = weights.rank = 4;
  for (int i = 0; i < 4; ++i) input.dims[i] = std::vector{1, 5, 4, 3}[i], weights.dims[i] = std::vector{4, 3, 3, 3}[i];
  EXPECT_TRUE(conv_2d_geometry(a, input, weights, p.g));
  std::vector<T> x(60), w(108), y(80);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(static_cast<int>(i * 37 % 101) - 50);
  for (size_t i = 0; i < w.size(); ++i) w[i] = static_cast<T>(static_cast<int>(i * 53 % 97) - 48);
  const std::vector<Bias> zeros(4);
  std::vector<int32_t> scratch(static_cast<size_t>(conv_2d_scratch_bytes(p.g)) / 4 + 1);
  const Bias* bias = with_bias ? zeros.data() : nullptr;
  if constexpr (sizeof...(scales) > 0) {
    conv_2d_run(p, scales..., x.data(), w.data(), bias, y.data(), scratch.data());
  } else {
    conv_2d_run(p, x.data(), w.data(), bias, y.data());
  }
  return y;
}

TEST(Conv2D, NoBiasIsABiasOfZeros) {
  const std::vector<int32_t> multipliers(4, 1 << 30);
  const std::vector<int8_t> shifts(4, -7);
  const ChannelScales scales{multipliers.data(), shifts.data()};
  const Conv2DInt8 int8 = {{}, 3, {-5, -128, 127}};
  const auto bytes = run<int8_t, int32_t>(int8, false, scales);
  EXPECT_EQ(bytes, (run<int8_t, int32_t>(int8, true, scales)));
  EXPECT_NE(bytes, std::vector<int8_t>(80, -5));
  const Conv2DFloat32 float32 = {{}, -1e9f, 1e9f};
  EXPECT_EQ((run<float, float>(float32, false)), (run<float, float>(float32, true)));
}

}  // namespace
}  // namespace mote
