#include "toolchain/base/random.h"

#include <bit>
#include <cmath>

namespace mote {

namespace {

uint64_t splitmix64(uint64_t& state) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// Natural logarithm of x in (0, 1] by the series of 2 atanh((m - 1) / (m + 1)) on m in [sqrt(1/2), sqrt(2)): the last
// bit of std::log differs between C libraries, and a draw must not. Error below 1e-13 relative to the deviation of a
// draw.
double portable_log(double x) {
  constexpr double kSeries[] = {1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11,
                                1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3,  1.0};
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0.70710678118654752) m *= 2, --exponent;
  const double z = (m - 1) / (m + 1), z2 = z * z;
  double sum = 0;
  for (const double term : kSeries) sum = sum * z2 + term;
  return 2 * z * sum + exponent * 0.69314718055994531;
}

// e^x for x <= 0, as portable as the logarithm: x = n ln 2 + r with |r| <= ln(2) / 2, and the series of e^r.
double portable_exp(double x) {
  const double n = std::floor(x * 1.4426950408889634 + 0.5), r = x - n * 0.69314718055994531;
  constexpr double kShares[] = {1.0 / 14, 1.0 / 13, 1.0 / 12, 1.0 / 11, 1.0 / 10, 1.0 / 9, 1.0 / 8,
                                1.0 / 7,  1.0 / 6,  1.0 / 5,  1.0 / 4,  1.0 / 3,  1.0 / 2, 1.0};
  double sum = 1;
  for (const double share : kShares) sum = 1 + sum * r * share;
  return std::ldexp(sum, static_cast<int>(n));
}

// Marsaglia and Tsang 2000, "The ziggurat method for generating random variables", with their constants for 256 layers:
// layers of one area cover the half bell e^(-x^2/2), the lowest with its tail. Layer i ends at x[i]; up to x[i + 1] it
// lies under the bell as a whole.
struct Ziggurat {
  static constexpr int kLayers = 256;
  static constexpr double kTail = 3.6541528853610088, kArea = 0.00492867323399;
  double x[kLayers + 1], bell[kLayers + 1];

  Ziggurat() {
    x[0] = kArea / portable_exp(-kTail * kTail / 2);
    x[1] = kTail;
    for (int i = 1; i + 1 < kLayers; ++i)
      x[i + 1] = std::sqrt(-2 * portable_log(kArea / x[i] + portable_exp(-x[i] * x[i] / 2)));
    x[kLayers] = 0;
    for (int i = 0; i <= kLayers; ++i) bell[i] = portable_exp(-x[i] * x[i] / 2);
  }
};

// Beyond the last layer's end (Marsaglia 1964).
double draw_tail(Random& random) {
  double beyond, height;
  do {
    beyond = -portable_log(1 - random.uniform()) / Ziggurat::kTail;
    height = -portable_log(1 - random.uniform());
  } while (2 * height <= beyond * beyond);
  return Ziggurat::kTail + beyond;
}

}  // namespace

Random::Random(uint64_t seed) : seed_(seed) {
  uint64_t mix = seed;
  for (uint64_t& word : state_) word = splitmix64(mix);
}

Random Random::stream(uint64_t name_index) const {
  uint64_t mix = seed_ ^ 0x5851F42D4C957F2Du;
  const uint64_t first = splitmix64(mix);
  mix ^= name_index * 0xD1342543DE82EF95u;
  return Random(first ^ splitmix64(mix));
}

uint64_t Random::bits() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

uint32_t Random::below(uint32_t n) {
  // Lemire 2019, "Fast random integer generation in an interval": multiply, reject the biased low part.
  uint64_t product = (bits() >> 32) * n;
  if (static_cast<uint32_t>(product) < n) {
    const uint32_t threshold = (0u - n) % n;
    while (static_cast<uint32_t>(product) < threshold) product = (bits() >> 32) * n;
  }
  return static_cast<uint32_t>(product >> 32);
}

double Random::uniform() {
  return static_cast<double>(bits() >> 11) * 0x1.0p-53;
}

double Random::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

double Random::normal() {
  for (;;) {
    const double u = 2 * uniform() - 1, v = 2 * uniform() - 1;
    const double s = u * u + v * v;
    if (s > 0 && s < 1) return u * std::sqrt(-2 * portable_log(s) / s);
  }
}

void Random::fill_normal(std::span<float> draws) {
  static const Ziggurat ziggurat;
  const auto draw = [&] {
    for (;;) {
      const uint64_t drawn = bits();
      const auto layer = static_cast<size_t>(drawn % Ziggurat::kLayers);  // the 53 bits of u are others
      const double u = static_cast<double>(static_cast<int64_t>(drawn) >> 11) * 0x1.0p-52;  // [-1, 1)
      const double x = u * ziggurat.x[layer];
      if (std::fabs(x) < ziggurat.x[layer + 1]) return x;
      if (layer == 0) return std::copysign(draw_tail(*this), u);
      const double height = uniform(ziggurat.bell[layer], ziggurat.bell[layer + 1]);
      if (height < portable_exp(-x * x / 2)) return x;
    }
  };
  for (float& value : draws) value = static_cast<float>(draw());
}

}  // namespace mote
