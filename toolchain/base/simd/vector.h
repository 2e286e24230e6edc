// One SIMD vector of floats in GCC's vector extensions, as long as the instruction set of the including file has
// registers. Everything is in an unnamed namespace and inlined: a file compiled for AVX-512 must not offer the linker a
// function that another uses.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define MOTE_INLINE [[gnu::always_inline]] inline

namespace mote {
namespace {

#if defined(__AVX512F__)
constexpr int32_t kLanes = 16;
constexpr int32_t kRegisters = 32;
#elif defined(__AVX2__)
constexpr int32_t kLanes = 8;
constexpr int32_t kRegisters = 16;
#else
constexpr int32_t kLanes = 4;
#if defined(__aarch64__)
constexpr int32_t kRegisters = 32;
#else
constexpr int32_t kRegisters = 16;
#endif
#endif

typedef float Vector __attribute__((vector_size(kLanes * 4)));
typedef int32_t IntVector __attribute__((vector_size(kLanes * 4)));
typedef float Quad __attribute__((vector_size(16)));
typedef float UnalignedVector __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
typedef float UnalignedQuad __attribute__((vector_size(16), aligned(4), may_alias));

MOTE_INLINE Vector load(const float* p) {
  return *reinterpret_cast<const UnalignedVector*>(p);
}
MOTE_INLINE void store(float* p, Vector v) {
  *reinterpret_cast<UnalignedVector*>(p) = v;
}
MOTE_INLINE Vector broadcast(float value) {
  return value - Vector{};
}

// The first n lanes, 0 < n <= kLanes; the rest reads as 0 and memory behind is not touched.
#if defined(__AVX512F__)
MOTE_INLINE Vector load_partial(const float* p, int32_t n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
}
MOTE_INLINE void store_partial(float* p, int32_t n, Vector v) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v);
}
MOTE_INLINE Vector square_root(Vector v) {
  return _mm512_maskz_sqrt_ps(0xffff, v);
}  // unlike _mm512_sqrt_ps without a GCC 12 warning
#elif defined(__AVX2__)
MOTE_INLINE __m256i lane_mask(int32_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
MOTE_INLINE Vector load_partial(const float* p, int32_t n) {
  return _mm256_maskload_ps(p, lane_mask(n));
}
MOTE_INLINE void store_partial(float* p, int32_t n, Vector v) {
  _mm256_maskstore_ps(p, lane_mask(n), v);
}
MOTE_INLINE Vector square_root(Vector v) {
  return _mm256_sqrt_ps(v);
}
#else
MOTE_INLINE Vector load_partial(const float* p, int32_t n) {
  return n == 1 ? Vector{p[0]} : n == 2 ? Vector{p[0], p[1]} : n == 3 ? Vector{p[0], p[1], p[2]} : load(p);
}
MOTE_INLINE void store_partial(float* p, int32_t n, Vector v) {
  for (int32_t i = 0; i < n; ++i) p[i] = v[i];
}
#if defined(__SSE2__)
MOTE_INLINE Vector square_root(Vector v) {
  return _mm_sqrt_ps(v);
}
#elif defined(__aarch64__)
MOTE_INLINE Vector square_root(Vector v) {
  return vsqrtq_f32(v);
}
#else
MOTE_INLINE Vector square_root(Vector v) {
  for (int32_t i = 0; i < kLanes; ++i) v[i] = __builtin_sqrtf(v[i]);
  return v;
}
#endif
#endif

MOTE_INLINE IntVector lane_numbers() {
  IntVector numbers;
  for (int32_t i = 0; i < kLanes; ++i) numbers[i] = i;
  return numbers;
}

// Lane sums of four vectors: {sum(a), sum(b), sum(c), sum(d)}.
#if defined(__AVX512F__)
#define MOTE_PER_QUAD(x, y, a, b, c, d)                                                                             \
  __builtin_shufflevector(x, y, a, b, c, d, a + 4, b + 4, c + 4, d + 4, a + 8, b + 8, c + 8, d + 8, a + 12, b + 12, \
                          c + 12, d + 12)
#elif defined(__AVX2__)
#define MOTE_PER_QUAD(x, y, a, b, c, d) __builtin_shufflevector(x, y, a, b, c, d, a + 4, b + 4, c + 4, d + 4)
#else
#define MOTE_PER_QUAD(x, y, a, b, c, d) __builtin_shufflevector(x, y, a, b, c, d)
#endif
MOTE_INLINE Quad lane_sums(Vector a, Vector b, Vector c, Vector d) {
  constexpr int kSecond = kLanes;  // lane numbers from here on mean the second operand
  const Vector ab =
      MOTE_PER_QUAD(a, b, 0, kSecond, 1, kSecond + 1) + MOTE_PER_QUAD(a, b, 2, kSecond + 2, 3, kSecond + 3);
  const Vector cd =
      MOTE_PER_QUAD(c, d, 0, kSecond, 1, kSecond + 1) + MOTE_PER_QUAD(c, d, 2, kSecond + 2, 3, kSecond + 3);
  const Vector sums =
      MOTE_PER_QUAD(ab, cd, 0, 1, kSecond, kSecond + 1) + MOTE_PER_QUAD(ab, cd, 2, 3, kSecond + 2, kSecond + 3);
#if defined(__AVX512F__)
  const auto half = __builtin_shufflevector(sums, sums, 0, 1, 2, 3, 4, 5, 6, 7) +
                    __builtin_shufflevector(sums, sums, 8, 9, 10, 11, 12, 13, 14, 15);
  return __builtin_shufflevector(half, half, 0, 1, 2, 3) + __builtin_shufflevector(half, half, 4, 5, 6, 7);
#elif defined(__AVX2__)
  return __builtin_shufflevector(sums, sums, 0, 1, 2, 3) + __builtin_shufflevector(sums, sums, 4, 5, 6, 7);
#else
  return sums;
#endif
}

MOTE_INLINE float lane_sum(Vector v) {
  return lane_sums(v, Vector{}, Vector{}, Vector{})[0];
}
// A NaN in either is the answer.
MOTE_INLINE Vector larger_or_nan(Vector a, Vector b) {
  return (b > a) | (b != b) ? b : a;
}
MOTE_INLINE float lane_maximum(Vector v) {
#if defined(__AVX512F__)
  v = larger_or_nan(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
#endif
#if defined(__AVX512F__)
  v = larger_or_nan(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7));
#elif defined(__AVX2__)
  v = larger_or_nan(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7));
#endif
  float largest = v[0];
  for (int32_t i = 1; i < 4; ++i) largest = v[i] > largest || v[i] != v[i] ? v[i] : largest;
  return largest;
}

// NaN stays NaN: both comparisons are false for it.
MOTE_INLINE Vector clamp_vector(Vector v, Vector low, Vector high) {
  v = v < low ? low : v;
  return v > high ? high : v;
}

// For passes over what lies in the third-level cache, which hardware alone fetches late: asks for the line that is this
// far ahead, once for the v-th vectors that share it. Nothing is read behind the end.
MOTE_INLINE void fetch_ahead(const float* p, int v = 0) {
  constexpr int64_t kAhead = 1024, kLine = 16;
  if (v * kLanes % kLine == 0) __builtin_prefetch(p + kAhead);
}

// The number of rows, numbers or vectors of the next tile when `left` are to be spread over tiles of at most `widest`:
// as equal as possible, since 32 rows go faster as 6 + 6 + 5 + 5 + 5 + 5 than as 6 + 6 + 6 + 6 + 6 + 2.
MOTE_INLINE int64_t balanced(int64_t left, int64_t widest) {
  const int64_t tiles = (left + widest - 1) / widest;
  return (left + tiles - 1) / tiles;
}

// Whole vectors of [0, n), then the rest: f(offset, lanes), lanes = kLanes as a constant in the main loop.
template <class F>
MOTE_INLINE void for_each_vector(int64_t n, F f) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) f(i, kLanes);
  if (i < n) f(i, static_cast<int32_t>(n - i));
}
MOTE_INLINE Vector load_lanes(const float* p, int32_t lanes) {
  return __builtin_constant_p(lanes) && lanes == kLanes ? load(p) : load_partial(p, lanes);
}
MOTE_INLINE void store_lanes(float* p, int32_t lanes, Vector v) {
  if (__builtin_constant_p(lanes) && lanes == kLanes)
    store(p, v);
  else
    store_partial(p, lanes, v);
}

}  // namespace
}  // namespace mote
