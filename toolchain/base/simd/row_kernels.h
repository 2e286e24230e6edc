// Element-wise kernels, softmax and sums.
#pragma once
#include "toolchain/base/simd/simd.h"
#include "toolchain/base/simd/vector.h"

namespace mote {
namespace {

void clamp(int64_t n, const float* x, Clamp limits, float* y) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high);
  for_each_vector(n, [&](int64_t i, int32_t lanes) {
    store_lanes(y + i, lanes, clamp_vector(load_lanes(x + i, lanes), low, high));
  });
}

void add_clamped(int64_t n, const float* a, const float* b, Clamp limits, float* y) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high);
  for_each_vector(n, [&](int64_t i, int32_t lanes) {
    fetch_ahead(a + i);
    fetch_ahead(b + i);
    store_lanes(y + i, lanes, clamp_vector(load_lanes(a + i, lanes) + load_lanes(b + i, lanes), low, high));
  });
}

void clamp_backward(int64_t n, const float* y, const float* dy, Clamp limits, float* dx) {
  const Vector low = broadcast(limits.low), high = broadcast(limits.high), zero{};
  for_each_vector(n, [&](int64_t i, int32_t lanes) {
    fetch_ahead(y + i);
    fetch_ahead(dy + i);
    const Vector value = load_lanes(y + i, lanes), gradient = load_lanes(dy + i, lanes);
    // As "not clamped" so that the gradient of a NaN stays visible.
    const IntVector clamped = (value <= low) | (value >= high);
    store_lanes(dx + i, lanes, clamped ? zero : gradient);
  });
}

// e^x for x <= 0: x = n ln 2 + r with |r| <= ln(2) / 2, and the polynomial of Cephes' expf for e^r. Below -87.3, where
// the result would be subnormal, 0.
MOTE_INLINE Vector exp_not_positive(Vector x) {
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  const Vector shifted = x * 1.44269504088896341f + kRound;
  const Vector n = shifted - kRound;
  const Vector r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts, the first exact in n * ln2
  Vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  IntVector bits;
  memcpy(&bits, &shifted, sizeof(bits));
  bits = (bits - 0x4b400000 + 127) << 23;  // 0x4b400000 = bits of kRound
  Vector power;
  memcpy(&power, &bits, sizeof(power));
  return x < -87.3f ? Vector{} : p * power;
}

// The greatest of n > 0 numbers, or NaN if one is.
MOTE_INLINE float maximum_of(int64_t n, const float* x) {
  if (n < kLanes) {  // lanes behind the end repeat x[0]: a 0 could be larger than every number
    const auto lanes = static_cast<int32_t>(n);
    return lane_maximum(lane_numbers() < lanes ? load_partial(x, lanes) : broadcast(x[0]));
  }
  Vector largest = load(x + n - kLanes);
  for (int64_t i = 0; i + kLanes <= n; i += kLanes) largest = larger_or_nan(largest, load(x + i));
  return lane_maximum(largest);
}

void softmax_row(int64_t columns, const float* x, float beta, float* y) {
  const float maximum = maximum_of(columns, x);
  Vector sums{};
  int64_t i = 0;
  for (; i + kLanes <= columns; i += kLanes) {
    const Vector e = exp_not_positive((load(x + i) - maximum) * beta);
    store(y + i, e);
    sums += e;
  }
  if (i < columns) {
    const int32_t lanes = static_cast<int32_t>(columns - i);
    const Vector e = exp_not_positive((load_partial(x + i, lanes) - maximum) * beta);
    store_partial(y + i, lanes, e);
    sums += lane_numbers() < lanes ? e : Vector{};
  }
  const Vector scale = broadcast(1.0f / lane_sum(sums));
  for_each_vector(columns,
                  [&](int64_t j, int32_t lanes) { store_lanes(y + j, lanes, load_lanes(y + j, lanes) * scale); });
}

void softmax(int64_t rows, int64_t columns, const float* x, float beta, float* y) {
  for (int64_t row = 0; row < rows; ++row) softmax_row(columns, x + row * columns, beta, y + row * columns);
}

MOTE_INLINE float dot_row(int64_t n, const float* x, const float* y) {
  Vector sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes)
#pragma GCC unroll 4
    for (int32_t j = 0; j < 4; ++j) sums[j] += load(x + i + j * kLanes) * load(y + i + j * kLanes);
  for_each_vector(
      n - i, [&](int64_t j, int32_t lanes) { sums[0] += load_lanes(x + i + j, lanes) * load_lanes(y + i + j, lanes); });
  return lane_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

float dot(int64_t n, const float* x, const float* y) {
  return dot_row(n, x, y);
}

void softmax_backward(int64_t rows, int64_t columns, const float* y, const float* dy, float beta, float* dx) {
  for (int64_t row = 0; row < rows; ++row, y += columns, dy += columns, dx += columns) {
    const float mean = dot_row(columns, y, dy);
    for_each_vector(columns, [&](int64_t i, int32_t lanes) {
      store_lanes(dx + i, lanes, load_lanes(y + i, lanes) * beta * (load_lanes(dy + i, lanes) - mean));
    });
  }
}

// Sums in float over a block, in double over the blocks.
ErrorSums error_loss(int64_t n, const ErrorLoss& loss, const float* y, const float* targets, float scale,
                     float* gradient) {
  constexpr int64_t kBlock = 64 * kLanes;
  const Vector bend = broadcast(loss.bend), steep = broadcast(loss.factor * scale), zero{};
  ErrorSums sums;
  for (int64_t block = 0; block < n; block += kBlock) {
    Vector losses{}, sizes{};
    for_each_vector(n - block < kBlock ? n - block : kBlock, [&](int64_t j, int32_t lanes) {
      const int64_t i = block + j;
      const Vector error = load_lanes(y + i, lanes) - load_lanes(targets + i, lanes);
      const Vector near = clamp_vector(error, -bend, bend), size = error < zero ? -error : error;
      losses += near * (error - near * 0.5f);
      sizes += size;
      if (gradient != nullptr) store_lanes(gradient + i, lanes, near * steep);
    });
    sums.loss += double{loss.factor} * double{lane_sum(losses)};
    sums.size += double{lane_sum(sizes)};
  }
  return sums;
}

void add(int64_t n, const float* x, float* y) {
  for_each_vector(n, [&](int64_t i, int32_t lanes) {
    fetch_ahead(x + i);
    fetch_ahead(y + i);
    store_lanes(y + i, lanes, load_lanes(y + i, lanes) + load_lanes(x + i, lanes));
  });
}

float sum(int64_t n, const float* x) {
  Vector sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes)
#pragma GCC unroll 4
    for (int32_t j = 0; j < 4; ++j) sums[j] += load(x + i + j * kLanes);
  for_each_vector(n - i, [&](int64_t j, int32_t lanes) { sums[0] += load_lanes(x + i + j, lanes); });
  return lane_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

}  // namespace
}  // namespace mote
