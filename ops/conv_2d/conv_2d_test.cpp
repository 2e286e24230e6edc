// What the conformance harness cannot know of conv_2d: LiteRT refuses integer models without a bias, so no case has
// one.
#include "ops/conv_2d/conv_2d.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
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
  const std::vector<uint16_t> channels = {0, 1, 2, 3};
  const LiveChannels scales{multipliers.data(), channels.data(), shifts.data(), 4};
  const Conv2DInt8 int8 = {{}, 3, {-5, -128, 127}};
  const auto bytes = run<int8_t, int32_t>(int8, false, scales);
  EXPECT_EQ(bytes, (run<int8_t, int32_t>(int8, true, scales)));
  EXPECT_NE(bytes, std::vector<int8_t>(80, -5));
  const Conv2DFloat32 float32 = {{}, -1e9f, 1e9f};
  EXPECT_EQ((run<float, float>(float32, false)), (run<float, float>(float32, true)));
}

// Outputs of a random convolution by one form of the primitives.
template <class Primitives>
std::vector<int8_t> random_outputs(uint32_t seed) {
  std::mt19937 random(seed);
  const auto from = [&random](uint32_t least, uint32_t most) {
    return static_cast<int32_t>(least + random() % (most - least + 1));
  };
  Conv2DAttributes a;
  a.stride_h = a.stride_w = from(1, 2);
  Shape input, weights;
  input.rank = weights.rank = 4;
  const int32_t depth = from(1, 5), groups = from(1, 2), filter = from(1, 3);
  const int32_t input_dims[] = {from(1, 2), from(3, 5), from(3, 5), depth * groups},
                weights_dims[] = {groups * from(1, 20), filter, filter, depth};
  for (int i = 0; i < 4; ++i) input.dims[i] = input_dims[i], weights.dims[i] = weights_dims[i];
  Conv2DInt8 p = {{}, from(0, 1) != 0 ? 128 : from(0, 255) - 127, {3, -128, 127}};
  EXPECT_TRUE(conv_2d_geometry(a, input, weights, p.g));
  const auto outputs = static_cast<size_t>(p.g.outputs);
  std::vector<int8_t> x(static_cast<size_t>(input.elements())), w(static_cast<size_t>(weights.elements())),
      y(static_cast<size_t>(conv_2d_output(p.g).elements())), shifts(outputs, -6);
  for (int8_t& v : x) v = random() % 2 != 0 ? -128 : static_cast<int8_t>(random());  // zeros, as behind a relu
  for (int8_t& v : w) v = random() % 8 == 0 ? -128 : static_cast<int8_t>(random());
  std::vector<int32_t> multipliers(outputs, 1 << 30), bias(outputs),
      scratch(static_cast<size_t>(conv_2d_scratch_bytes(p.g)) / 4 + 1);
  std::vector<uint16_t> channels(outputs);
  std::iota(channels.begin(), channels.end(), uint16_t{0});
  for (int32_t& v : bias) v = from(0, 20000) - 10000;
  conv_2d_run<Primitives>(p, LiveChannels{multipliers.data(), channels.data(), shifts.data(), p.g.outputs}, x.data(),
                          w.data(), from(0, 3) != 0 ? bias.data() : nullptr, y.data(), scratch.data());
  return y;
}

TEST(Conv2D, BlocksGiveTheSumsOfThePlainForm) {
  for (uint32_t seed = 1; seed <= 500; ++seed)
    ASSERT_EQ(random_outputs<BlockedConv>(seed), random_outputs<PortableConv>(seed)) << "seed " << seed;
}

}  // namespace
}  // namespace mote
