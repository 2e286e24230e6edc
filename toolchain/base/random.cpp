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

}  // namespace mote
