// The integer arithmetic of device/requantize.h against the double formulas of TFLite that it stands for.
#include "device/requantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <vector>

namespace mote {
namespace {

// QuantizeMultiplier as TFLite states it, in double. False: a shift that requantize() does not take.
bool reference_multiplier(double real, Multiplier& out) {
  out = Multiplier{0, 0};
  if (real == 0) return true;
  int shift = 0;
  const double q = std::frexp(real, &shift);
  auto fixed = static_cast<int64_t>(std::round(q * static_cast<double>(int64_t{1} << 31)));
  if (fixed == int64_t{1} << 31) {
    fixed /= 2;
    ++shift;
  }
  if (shift < -31) {
    shift = 0;
    fixed = 0;
  }
  out = Multiplier{static_cast<int32_t>(fixed), shift};
  return shift <= 30;
}

// gemmlowp's two steps, literally.
int32_t reference_high_mul(int32_t a, int32_t b) {
  if (a == b && a == INT32_MIN) return INT32_MAX;
  const int64_t product = int64_t{a} * b;
  const int64_t nudge = product >= 0 ? (1 << 30) : (1 - (1 << 30));
  return static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
}
int32_t reference_divide(int32_t x, int exponent) {
  const int32_t mask = static_cast<int32_t>((int64_t{1} << exponent) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}
int32_t reference_requantize(int32_t x, int32_t multiplier, int32_t shift) {
  const int32_t left = std::max(shift, 0);
  const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << left);
  return reference_divide(reference_high_mul(shifted, multiplier), left - shift);
}

constexpr uint32_t kEdges[] = {1,          2,          3,          0x007FFFFF, 0x00800000, 0x00800001, 0x00FFFFFF,
                               0x01000000, 0x34000000, 0x3B800000, 0x3EFFFFFF, 0x3F000000, 0x3F7FFFFF, 0x3F800000,
                               0x3F800001, 0x3FFFFFFF, 0x40000000, 0x4E7FFFFF, 0x4E800000, 0x7E800000, 0x7F7FFFFF};

class Scales {
 public:
  explicit Scales(uint32_t seed) : random_(seed) {}
  // A third any positive float, a third of the usual size, a third close to a power of two, where rounding carries.
  uint32_t next() {
    const uint32_t kind = bits() % 3;
    if (kind == 0) return 1 + bits() % 0x7F7FFFFF;
    if (kind == 1) return (100 + bits() % 30) << 23 | (bits() & 0x7FFFFF);
    return (((90 + bits() % 60) << 23) + bits() % 5) - 2;
  }

 private:
  uint32_t bits() { return static_cast<uint32_t>(random_()); }
  std::mt19937 random_;
};

float as_float(uint32_t bits) {
  return std::bit_cast<float>(bits);
}

void expect_same(bool ok, Multiplier got, double real, uint32_t a, uint32_t b, uint32_t c) {
  Multiplier want;
  const bool want_ok = std::isfinite(real) && reference_multiplier(real, want);
  ASSERT_EQ(ok, want_ok) << std::hex << a << ' ' << b << ' ' << c << std::defaultfloat << " = " << real;
  if (!ok) return;
  ASSERT_EQ(got.multiplier, want.multiplier) << std::hex << a << ' ' << b << ' ' << c;
  ASSERT_EQ(got.shift, want.shift) << std::hex << a << ' ' << b << ' ' << c;
}

void check_scales(uint32_t input, uint32_t weights, uint32_t output) {
  const float in = as_float(input), w = as_float(weights), out = as_float(output);
  Multiplier got;
  bool ok = multiplier_per_tensor(input, weights, output, got);
  expect_same(ok, got, static_cast<double>(in * w) / static_cast<double>(out), input, weights, output);
  ok = multiplier_per_channel(input, weights, output, got);
  expect_same(ok, got, static_cast<double>(in) * static_cast<double>(w) / static_cast<double>(out), input, weights,
              output);
  ok = multiplier_of_ratio(input, output, got);
  expect_same(ok, got, static_cast<double>(in) / static_cast<double>(out), input, 0, output);
  ASSERT_EQ(as_float(float_bits_of(square_root_of_float(real_from_float_bits(input)))), std::sqrt(in))
      << std::hex << input;
  const float steps = std::round(in / out);
  ASSERT_EQ(steps_of(input, output), steps >= 1073741824.0f ? 1 << 30 : static_cast<int32_t>(steps))
      << std::hex << input << ' ' << output;
}

TEST(Requantize, MultiplierEqualsDoubleArithmeticOnEdgeScales) {
  for (const uint32_t a : kEdges)
    for (const uint32_t b : kEdges)
      for (const uint32_t c : kEdges) {
        check_scales(a, b, c);
        if (HasFatalFailure()) return;
      }
}

TEST(Requantize, MultiplierEqualsDoubleArithmeticOnRandomScales) {
  Scales scales(20260101);
  for (int i = 0; i < 1000000; ++i) {
    check_scales(scales.next(), scales.next(), scales.next());
    if (HasFatalFailure()) return;
  }
}

TEST(Requantize, ScaleZeroGivesMultiplierZero) {
  Multiplier multiplier;
  ASSERT_TRUE(multiplier_per_channel(0x3F800000, 0, 0x3F800000, multiplier));
  EXPECT_EQ(multiplier.multiplier, 0);
  EXPECT_EQ(requantize(INT32_MAX, multiplier.multiplier, multiplier.shift), 0);
}

TEST(Requantize, RoundsAsGemmlowp) {
  std::vector<int32_t> values = {
      0, 1, -1, 2, -2, 3, -3, 1 << 30, -(1 << 30), INT32_MAX, INT32_MIN, INT32_MAX - 1, INT32_MIN + 1};
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) values.push_back(static_cast<int32_t>(random()) >> (random() % 31));
  const std::vector<int32_t> multipliers = {0, 1 << 30, (1 << 30) + 1, 1518500250, INT32_MAX - 1, INT32_MAX};
  for (const int32_t x : values) {
    for (const int32_t multiplier : multipliers)
      for (int32_t shift = -31; shift <= 30; ++shift)
        ASSERT_EQ(requantize(x, multiplier, shift), reference_requantize(x, multiplier, shift))
            << x << ' ' << multiplier << ' ' << shift;
    for (const int32_t y : values) ASSERT_EQ(saturating_rounding_doubling_high_mul(x, y), reference_high_mul(x, y));
  }
}

TEST(Requantize, HalvesGiveTheProductOfTheWhole) {
  std::vector<int32_t> edges;
  for (const int64_t middle : {int64_t{INT32_MIN}, int64_t{INT32_MAX}, int64_t{0}, int64_t{1} << 30, int64_t{1} << 15})
    for (int64_t near = -2; near <= 2; ++near)
      for (const int64_t half : {0, 0x7FFF, 0x8000, 0xFFFF, 0x10000})
        for (const int64_t value : {middle + near + half, middle + near - half})
          if (value == static_cast<int32_t>(value)) edges.push_back(static_cast<int32_t>(value));
  std::mt19937 random(31);
  for (int i = 0; i < 500; ++i) edges.push_back(static_cast<int32_t>(random()));
  for (const int32_t x : edges)
    for (const int32_t m : edges)
      if (m >= 0) {
        ASSERT_EQ(doubling_high_mul_of_halves(x, m), reference_high_mul(x, m)) << x << " " << m;
      }
}

TEST(Requantize, RandomProductsRoundAsGemmlowp) {
  std::mt19937 random(11);
  for (int i = 0; i < 3000000; ++i) {
    const auto x = static_cast<int32_t>(random()) >> (random() % 24);
    const auto multiplier = static_cast<int32_t>(1u << 30 | random() >> 2);
    const auto shift = static_cast<int32_t>(random() % 62) - 31;
    ASSERT_EQ(requantize(x, multiplier, shift), reference_requantize(x, multiplier, shift))
        << x << ' ' << multiplier << ' ' << shift;
  }
}

}  // namespace
}  // namespace mote
