// Kernels on images, every level against the scalar reference on random geometries.
#include <gtest/gtest.h>

#include <numeric>

#include "toolchain/base/simd/simd_testing.h"

namespace mote {
namespace {

constexpr Clamp kClamps[] = {Clamp{}, Clamp{0, __builtin_inff()}, Clamp{0, 0.5f}};

int32_t pick(Random& random, int32_t least, int32_t most) {
  return least + static_cast<int32_t>(random.below(static_cast<uint64_t>(most - least + 1)));
}

// Pixels and runs in grids of any steps, which may overlap in the input; outputs may lie apart.
struct RandomPatches {
  RandomPatches(Random& random, int32_t run_rows, int32_t run_columns, int32_t length, int32_t outputs)
      : RandomPatches(random, pick(random, 1, 5), pick(random, 1, 20), run_rows, run_columns, length, outputs) {}
  RandomPatches(Random& random, int32_t rows, int32_t columns, int32_t run_rows, int32_t run_columns, int32_t length,
                int32_t outputs) {
    patches.rows = rows;
    patches.columns = columns;
    patches.from = {pick(random, 0, 9), pick(random, 0, 30), pick(random, 0, 9)};
    patches.to.first = pick(random, 0, 9);
    patches.to.column = outputs + pick(random, 0, 3);
    patches.to.row = columns * patches.to.column + pick(random, 0, 3);
    patches.run_rows = run_rows;
    patches.run_columns = run_columns;
    patches.run = {pick(random, 0, 9), pick(random, 0, 40), pick(random, 0, 9)};
    patches.length = length;
    extent = patches.from.at(rows - 1, columns - 1) + patches.run.at(run_rows - 1, run_columns - 1) + length;
    reached = patches.to.at(rows - 1, columns - 1) + outputs;
  }
  Patches patches;
  int64_t extent = 0, reached = 0;
};

// Packs w[O, K], or unpacks where `back` is set.
void pack(const SimdKernels& kernels, int32_t outputs, int32_t k, float* w, float* packed, bool back) {
  PackedWeights(kernels, outputs, k)
      .for_each_block(packed, [&](int32_t first, int32_t count, float* to, int32_t width) {
        for (int32_t i = 0; i < k; ++i)
          for (int32_t o = 0; o < count; ++o) {
            float &plain = w[(first + o) * k + i], &other = to[i * width + o];
            (back ? plain : other) = back ? other : plain;
          }
      });
}

void check_conv(const SimdKernels& kernels, Random& random, const RandomPatches& r, int32_t outputs) {
  const int32_t k = r.patches.size(), pixels = r.patches.pixels();
  SCOPED_TRACE(testing::Message() << r.patches.rows << " x " << r.patches.columns << " pixels, " << r.patches.run_rows
                                  << " x " << r.patches.run_columns << " x " << r.patches.length << ", O " << outputs);
  const SimdKernels* const both[] = {&kernels, &scalar()};
  Buffer x(r.extent, random), dy(r.reached, random), w(int64_t{outputs} * k, random), bias(outputs, random);
  Buffer y[] = {Buffer(r.reached, random, false), Buffer(r.reached, random, false)};
  Buffer dw[] = {w, w};
  for (const Clamp limits : kClamps) {
    for (size_t i = 0; i < 2; ++i) {
      Buffer packed(PackedWeights(*both[i], outputs, k).size(), random, false);
      pack(*both[i], outputs, k, w.data(), packed.data(), false);
      both[i]->conv_forward(r.patches, outputs, x.data(), packed.data(), pixels % 3 == 0 ? nullptr : bias.data(),
                            limits, y[i].data());
      if (limits.high != 0.5f) continue;
      both[i]->conv_weight_gradient(r.patches, outputs, x.data(), dy.data(), packed.data());
      ASSERT_TRUE(packed.intact());
      pack(*both[i], outputs, k, dw[i].data(), packed.data(), true);
    }
    expect_near(y[0], y[1], 3e-5, "conv_forward");
  }
  expect_near(dw[0], dw[1], 3e-5, "conv_weight_gradient");
}

TEST(SimdImages, ConvolutionsMatchTheReference) {
  for_levels(21, [](const SimdKernels& kernels, Random& random) {
    for (int round = 0; round < 200; ++round) {
      const int32_t outputs = pick(random, 1, 70);
      check_conv(kernels, random,
                 RandomPatches(random, pick(random, 1, 3), pick(random, 1, 2), pick(random, 1, 20), outputs), outputs);
    }
    for (const int32_t outputs : {1, 8, 16, 31, 48, 64, 65, 130})
      check_conv(kernels, random, RandomPatches(random, 3, 100, 3, 1, 9, outputs), outputs);
  });
}

TEST(SimdImages, DepthwiseConvolutionsMatchTheReference) {
  for_levels(22, [](const SimdKernels& kernels, Random& random) {
    for (int round = 0; round < 150; ++round) {
      const int32_t rows = pick(random, 1, 6), columns = round % 2 == 0 ? 3 : pick(random, 1, 5);
      const int32_t taps = rows * columns, channels = pick(random, 1, 40);
      const RandomPatches r(random, rows, columns, channels, channels);
      SCOPED_TRACE(testing::Message() << r.patches.rows << " x " << r.patches.columns << " pixels, " << rows << " x "
                                      << columns << " taps, " << channels << " channels");
      Buffer x(r.extent, random), dy(r.reached, random), w(taps * channels, random), bias(channels, random);
      Buffer y(r.reached, random, false), y0 = y, dw = w, dw0 = w;
      for (const Clamp limits : kClamps)
        for (const float* b : {static_cast<const float*>(bias.data()), static_cast<const float*>(nullptr)}) {
          kernels.depthwise_forward(r.patches, x.data(), w.data(), b, limits, y.data());
          scalar().depthwise_forward(r.patches, x.data(), w.data(), b, limits, y0.data());
          expect_near(y, y0, 2e-5, "depthwise_forward");
        }
      kernels.depthwise_weight_gradient(r.patches, x.data(), dy.data(), dw.data());
      scalar().depthwise_weight_gradient(r.patches, x.data(), dy.data(), dw0.data());
      expect_near(dw, dw0, 2e-5, "depthwise_weight_gradient");
    }
  });
}

TEST(SimdImages, PoolsMatchTheReference) {
  for_levels(23, [](const SimdKernels& kernels, Random& random) {
    for (int round = 0; round < 200; ++round) {
      const int32_t rows = pick(random, 1, 4), columns = pick(random, 1, 4), channels = pick(random, 1, 40);
      const int32_t count = pick(random, 1, 4), step = pick(random, 1, 5), width = columns + (count - 1) * step + 1;
      PoolWindows w{{0, rows, columns, (width - columns) * channels, channels}, count, step * channels};
      w.disjoint = step >= columns && round % 2 == 0;
      SCOPED_TRACE(testing::Message() << count << " windows " << rows << " x " << columns << ", step " << step << ", "
                                      << channels << " channels" << (w.disjoint ? ", disjoint" : ""));
      Buffer x(int64_t{rows} * width * channels, random), dx(int64_t{rows} * width * channels, random), dx0 = dx;
      for (float& value : std::span(x.data(), x.values().size()))
        value = std::round(2 * value) / 2;  // so that the greatest is often there twice
      Buffer y(int64_t{count} * channels, random, false), y0 = y, dy(int64_t{count} * channels, random);
      Buffer scale(channels, random), shift(channels, random);
      for (const Clamp limits : kClamps) {
        const ChannelLine some{scale.data(), shift.data(), kClamps[round % 3]};
        const ChannelLine* const line = round % 4 < 2 ? nullptr : &some;
        kernels.average_pool(w, channels, x.data(), line, limits, y.data());
        scalar().average_pool(w, channels, x.data(), line, limits, y0.data());
        expect_near(y, y0, 1e-6, "average_pool");
        kernels.average_pool_backward(w, channels, y0.data(), dy.data(), limits, dx.data());
        scalar().average_pool_backward(w, channels, y0.data(), dy.data(), limits, dx0.data());
        expect_near(dx, dx0, 1e-6, "average_pool_backward");
        kernels.max_pool(w, channels, x.data(), line, limits, y.data());
        scalar().max_pool(w, channels, x.data(), line, limits, y0.data());
        expect_near(y, y0, line == nullptr ? 0 : 1e-6, "max_pool");
        kernels.max_pool_backward(w, channels, x.data(), line, y.data(), dy.data(), limits, dx.data());
        scalar().max_pool_backward(w, channels, x.data(), line, y0.data(), dy.data(), limits, dx0.data());
        expect_near(dx, dx0, 1e-6, "max_pool_backward");
      }
    }
  });
}

TEST(SimdImages, AMaxPoolShowsNan) {
  for_levels(1, [](const SimdKernels& kernels, Random&) {
    const float nan = std::nanf("");
    const float x[] = {nan, 1, 2, 3, 0, nan};  // two channels
    const float scale[] = {1, -1}, shift[] = {0, 1};
    const ChannelLine some{scale, shift, {0, 6}};
    for (const ChannelLine* line : {static_cast<const ChannelLine*>(nullptr), &some}) {
      float y[2];
      kernels.max_pool({{0, 1, 3, 0, 2}}, 2, x, line, Clamp{0, 6}, y);
      EXPECT_TRUE(std::isnan(y[0]));
      EXPECT_TRUE(std::isnan(y[1]));
    }
  });
}

TEST(SimdImages, NormalizationMatchesTheReference) {
  for_levels(24, [](const SimdKernels& kernels, Random& random) {
    for (int32_t channels = 1; channels <= 90; ++channels) {
      const Channels size{pick(random, 1, 30), channels};
      const int64_t n = size.rows * channels;
      Buffer x(n, random), y(n, random), y0 = y, dy(n, random), dx(n, random), dx0 = dx, factors(3 * channels, random);
      Buffer a(channels, random), b(channels, random), a0 = a, b0 = b, line(3 * channels, random);
      kernels.moments(size, x.data(), a.data(), b.data());
      scalar().moments(size, x.data(), a0.data(), b0.data());
      expect_near(a, a0, 2e-6, "mean");
      expect_near(b, b0, 1e-5, "variance");
      const Clamp limits = kClamps[channels % 3];
      kernels.scale_shift(size, x.data(), line.data(), line.data() + channels, limits, y.data());
      scalar().scale_shift(size, x.data(), line.data(), line.data() + channels, limits, y0.data());
      expect_near(y, y0, 1e-6, "scale_shift");
      kernels.normal_sums(size, x.data(), dy.data(), limits, line.data(), a.data(), b.data());
      scalar().normal_sums(size, x.data(), dy.data(), limits, line.data(), a0.data(), b0.data());
      expect_near(a, a0, 1e-5, "normal_sums, sums");
      expect_near(b, b0, 1e-5, "normal_sums, products");
      kernels.normal_backward(size, x.data(), dy.data(), limits, line.data(), factors.data(), dx.data());
      scalar().normal_backward(size, x.data(), dy.data(), limits, line.data(), factors.data(), dx0.data());
      expect_near(dx, dx0, 1e-5, "normal_backward");
      kernels.add_clamped(n, x.data(), dy.data(), limits, y.data());
      scalar().add_clamped(n, x.data(), dy.data(), limits, y0.data());
      expect_near(y, y0, 0, "add_clamped");
    }
  });
}

// The variance of numbers far from zero, which a sum of squares would lose.
TEST(SimdImages, MomentsKeepTheirDigitsFarFromZero) {
  for_levels(25, [](const SimdKernels& kernels, Random& random) {
    Buffer x(1000, random);
    for (float& value : std::span(x.data(), 1000)) value = 5000 + value;
    float mean, variance, expected_mean, expected;
    kernels.moments({1000, 1}, x.data(), &mean, &variance);
    scalar().moments({1000, 1}, x.data(), &expected_mean, &expected);
    EXPECT_NEAR(mean, expected_mean, 1e-3);
    EXPECT_NEAR(variance / expected, 1, 1e-4);
  });
}

}  // namespace
}  // namespace mote
