// Every level against the scalar reference, on small random sizes first: tails, single rows, sizes below one vector.
#include "toolchain/base/simd/simd.h"

#include <gtest/gtest.h>

#include <limits>

#include "toolchain/base/simd/simd_testing.h"

namespace mote {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

void check_dense(const SimdKernels& kernels, Random& random, const DenseSize& size) {
  SCOPED_TRACE(testing::Message() << "B " << size.batch << ", I " << size.inputs << ", O " << size.outputs);
  const int64_t batch = size.batch, inputs = size.inputs, outputs = size.outputs;
  Buffer x(batch * inputs, random), w(outputs * inputs, random), bias(outputs, random), dy(batch * outputs, random);
  Buffer y(batch * outputs, random), dx(batch * inputs, random), dw(outputs * inputs, random), db(outputs, random);
  Buffer y0 = y, dx0 = dx, dw0 = dw, db0 = db;
  const float* biases[] = {bias.data(), nullptr};
  const Clamp clamps[] = {Clamp{}, Clamp{0, kInfinity}, Clamp{0, 6}};
  for (const float* b : biases)
    for (const Clamp limits : clamps) {
      kernels.dense_forward(size, x.data(), w.data(), b, limits, y.data());
      scalar().dense_forward(size, x.data(), w.data(), b, limits, y0.data());
      expect_near(y, y0, 2e-5, "dense_forward");
    }
  kernels.dense_input_gradient(size, dy.data(), w.data(), dx.data());
  scalar().dense_input_gradient(size, dy.data(), w.data(), dx0.data());
  expect_near(dx, dx0, 2e-5, "dense_input_gradient");
  kernels.dense_weight_gradient(size, dy.data(), x.data(), dw.data());
  scalar().dense_weight_gradient(size, dy.data(), x.data(), dw0.data());
  expect_near(dw, dw0, 2e-5, "dense_weight_gradient");
  kernels.column_sums(batch, outputs, dy.data(), db.data());
  scalar().column_sums(batch, outputs, dy.data(), db0.data());
  expect_near(db, db0, 2e-5, "column_sums");
}

TEST(Simd, DenseKernelsMatchTheReferenceOnTinyAndOddSizes) {
  for_levels(11, [](const SimdKernels& kernels, Random& random) {
    for (int round = 0; round < 150; ++round)
      check_dense(kernels, random,
                  {int32_t(1 + random.below(9)), int32_t(1 + random.below(40)), int32_t(1 + random.below(9))});
    for (const int32_t inputs : {1, 2, 31, 32, 33, 95, 96, 97, 112, 113, 300})
      check_dense(kernels, random, {33, inputs, 19});
    check_dense(kernels, random, {70, 2600, 5});  // more than one block of rows
  });
}

TEST(Simd, DenseForwardShowsNanAndInfinity) {
  for_levels(1, [](const SimdKernels& kernels, Random&) {
    const float x[] = {1, 2, 3}, w[] = {1, kNan, 1, 1, 1, kInfinity}, bias[] = {0, 0};
    float y[2];
    kernels.dense_forward({1, 3, 2}, x, w, bias, Clamp{0, kInfinity}, y);
    EXPECT_TRUE(std::isnan(y[0]));
    EXPECT_EQ(y[1], kInfinity);
  });
}

TEST(Simd, ElementwiseKernelsMatchTheReference) {
  for_levels(12, [](const SimdKernels& kernels, Random& random) {
    for (int64_t n = 0; n <= 70; ++n) {
      Buffer x(n, random), dy(n, random), y(n, random), y0 = y, dx(n, random), dx0 = dx;
      const Clamp limits{0, 0.8f};
      kernels.clamp(n, x.data(), limits, y.data());
      scalar().clamp(n, x.data(), limits, y0.data());
      expect_near(y, y0, 0, "clamp");
      kernels.clamp_backward(n, y.data(), dy.data(), limits, dx.data());
      scalar().clamp_backward(n, y.data(), dy.data(), limits, dx0.data());
      expect_near(dx, dx0, 0, "clamp_backward");
      kernels.add(n, x.data(), dx.data());
      scalar().add(n, x.data(), dx0.data());
      expect_near(dx, dx0, 0, "add");
      EXPECT_NEAR(kernels.sum(n, x.data()), scalar().sum(n, x.data()), 1e-5);
      EXPECT_NEAR(kernels.dot(n, x.data(), dy.data()), scalar().dot(n, x.data(), dy.data()), 1e-5);
    }
  });
}

TEST(Simd, ClampKeepsNan) {
  for_levels(1, [](const SimdKernels& kernels, Random&) {
    std::vector<float> x(37, kNan), y(37, 0.0f);
    kernels.clamp(37, x.data(), Clamp{0, 6}, y.data());
    for (const float value : y) EXPECT_TRUE(std::isnan(value));
  });
}

TEST(Simd, SoftmaxMatchesTheReference) {
  for_levels(13, [](const SimdKernels& kernels, Random& random) {
    for (int64_t columns = 1; columns <= 50; ++columns) {
      const int64_t rows = 3;
      Buffer x(rows * columns, random), dy(rows * columns, random), y(rows * columns, random), y0 = y, dx = y, dx0 = y;
      for (int64_t i = 0; i < rows * columns; ++i)
        x.data()[i] = 10 * x.data()[i] - 20;  // all negative: a zero must not win
      for (const float beta : {1.0f, 0.5f}) {
        kernels.softmax(rows, columns, x.data(), beta, y.data());
        scalar().softmax(rows, columns, x.data(), beta, y0.data());
        expect_near(y, y0, 1e-6, "softmax");
        kernels.softmax_backward(rows, columns, y.data(), dy.data(), beta, dx.data());
        scalar().softmax_backward(rows, columns, y.data(), dy.data(), beta, dx0.data());
        expect_near(dx, dx0, 1e-6, "softmax_backward");
      }
    }
  });
}

TEST(Simd, ErrorLossesMatchTheReference) {
  for_levels(8, [](const SimdKernels& kernels, Random& random) {
    for (const ErrorLoss loss : {ErrorLoss{2, kInfinity}, ErrorLoss{1, 0.5f}, ErrorLoss{0x1p100f, 0x1p-100f}})
      for (const int64_t n : {1, 7, 8, 33, 1024, 5000}) {
        Buffer y(n, random), targets(n, random), gradient(n, random, false), gradient0 = gradient;
        y.data()[0] = targets.data()[0];  // no error at all
        const ErrorSums sums = kernels.error_loss(n, loss, y.data(), targets.data(), 0.1f, gradient.data());
        const ErrorSums sums0 = scalar().error_loss(n, loss, y.data(), targets.data(), 0.1f, gradient0.data());
        expect_near(gradient, gradient0, 1e-6, "error_loss");
        EXPECT_NEAR(sums.loss, sums0.loss, 1e-6 * sums0.loss);
        EXPECT_NEAR(sums.size, sums0.size, 1e-6 * sums0.size);
        EXPECT_EQ(kernels.error_loss(n, loss, y.data(), targets.data(), 0.1f, nullptr).loss, sums.loss);
      }
    const float nan[] = {kNan}, zero[] = {0};
    float slope = 0;
    EXPECT_TRUE(std::isnan(kernels.error_loss(1, {}, nan, zero, 1, &slope).loss));
    EXPECT_TRUE(std::isnan(slope));
  });
}

TEST(Simd, SoftmaxAtTheEdges) {
  for_levels(1, [](const SimdKernels& kernels, Random&) {
    const float large[] = {1000, 0, -3e38f};
    float y[3];
    kernels.softmax(1, 3, large, 1, y);
    EXPECT_EQ(y[0], 1.0f);
    EXPECT_EQ(y[1], 0.0f);
    EXPECT_EQ(y[2], 0.0f);
    const float poisoned[] = {1, kNan, 0};
    kernels.softmax(1, 3, poisoned, 1, y);
    for (const float value : y) EXPECT_TRUE(std::isnan(value));
  });
}

// e^x through a softmax of {0, x} for two columns: y1 / y0 = e^x.
TEST(Simd, ExpIsWithinTwoUnitsInTheLastPlace) {
  for_levels(1, [](const SimdKernels& kernels, Random&) {
    for (double x = 0; x > -87; x -= 0.0137) {
      const float scores[] = {0, static_cast<float>(x)};
      float y[2];
      kernels.softmax(1, 2, scores, 1, y);
      const double expected = std::exp(double{scores[1]}) / (1 + std::exp(double{scores[1]}));
      ASSERT_NEAR(double{y[1]} / expected, 1.0, 4.5 * 0x1p-24 * 2)
          << "x = " << scores[1];  // exp, sum and quotient round
    }
  });
}

TEST(Simd, OptimizersMatchTheReferenceOverManySteps) {
  for_levels(14, [](const SimdKernels& kernels, Random& random) {
    for (const int64_t n : {1, 3, 16, 53}) {
      Buffer w(n, random), m(n, random, false), v(n, random, false), velocity(n, random, false), w_sgd = w;
      Buffer w0 = w, m0 = m, v0 = v, velocity0 = velocity, w_sgd0 = w;
      for (int t = 1; t <= 20; ++t) {
        Buffer g(n, random);
        AdamStep step{0.01f, 0.9f, 0.999f, 1e-7f, 1, 1, t % 2 == 0 ? 0.1f : 0.0f};
        step.correction1 = static_cast<float>(1 / (1 - std::pow(0.9, t)));
        step.correction2 = static_cast<float>(1 / (1 - std::pow(0.999, t)));
        kernels.adam(n, step, g.data(), m.data(), v.data(), w.data());
        scalar().adam(n, step, g.data(), m0.data(), v0.data(), w0.data());
        const SgdStep plain{0.01f, 0.9f, 0.001f};
        kernels.sgd(n, plain, g.data(), velocity.data(), w_sgd.data());
        scalar().sgd(n, plain, g.data(), velocity0.data(), w_sgd0.data());
      }
      expect_near(m, m0, 1e-6, "adam m");
      expect_near(v, v0, 1e-6, "adam v");
      expect_near(w, w0, 1e-5, "adam weights");
      expect_near(velocity, velocity0, 1e-5, "sgd velocity");
      expect_near(w_sgd, w_sgd0, 1e-5, "sgd weights");
    }
  });
}

TEST(Simd, AdamWithAZeroGradientStandsStill) {
  for_levels(1, [](const SimdKernels& kernels, Random&) {
    std::vector<float> g(19, 0.0f), m(19, 0.0f), v(19, 0.0f), w(19, 0.25f);
    kernels.adam(19, AdamStep{.rate = 0.1f}, g.data(), m.data(), v.data(), w.data());
    for (const float value : w) EXPECT_EQ(value, 0.25f);
  });
}

TEST(Simd, TheBestLevelIsChosenAndCanBeOverridden) {
  EXPECT_EQ(&simd(), simd_levels().back());
  {
    const SimdOverride override_level(scalar());
    EXPECT_STREQ(simd().name, "scalar");
  }
  EXPECT_EQ(&simd(), simd_levels().back());
}

TEST(Simd, TransposeMatchesTheReference) {
  for_levels(31, [](const SimdKernels& kernels, Random& random) {
    for (int round = 0; round < 100; ++round) {
      const auto rows = int32_t(1 + random.below(50)), columns = int32_t(1 + random.below(50));
      const int64_t x_pitch = columns + int64_t(random.below(3)), y_pitch = rows + int64_t(random.below(3));
      SCOPED_TRACE(testing::Message() << rows << " x " << columns << ", pitches " << x_pitch << ", " << y_pitch);
      Buffer x(rows * x_pitch, random), y(columns * y_pitch, random), y0 = y;
      kernels.transpose(rows, columns, x.data(), x_pitch, y.data(), y_pitch);
      scalar().transpose(rows, columns, x.data(), x_pitch, y0.data(), y_pitch);
      expect_near(y, y0, 0, "transpose");
    }
  });
}

}  // namespace
}  // namespace mote
