// One SIMD vector of sums, as long as the instruction set of the including file has registers. Everything is in an
// unnamed namespace and inlined: a file compiled for AVX-512 must not offer the linker a function that another uses.
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "toolchain/quantize/simd/primitives.h"

#define MOTE_INLINE [[gnu::always_inline]] inline

namespace mote {
namespace {

#if defined(__AVX512BW__)
constexpr int32_t kLanes = 16;
constexpr int32_t kMostVectors = 4;  // of one tile of a product
#elif defined(__AVX2__)
constexpr int32_t kLanes = 8;
#if defined(MOTE_INT8_BYTES)
constexpr int32_t kMostVectors = 4;
#else
constexpr int32_t kMostVectors = 2;
#endif
#elif defined(__aarch64__)
constexpr int32_t kLanes = 4;
constexpr int32_t kMostVectors = 4;
#endif

// How inputs are stored, and inputs of a group.
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
using Stored = uint8_t;
constexpr int32_t kOffset = 128;
#elif defined(__ARM_FEATURE_DOTPROD) || defined(MOTE_INT8_BYTES)
using Stored = int8_t;
constexpr int32_t kOffset = 0;
#else
using Stored = int16_t;
constexpr int32_t kOffset = 0;
#endif
constexpr int32_t kGroup = 4 / static_cast<int32_t>(sizeof(Stored));

typedef int32_t Ints __attribute__((vector_size(kLanes * 4)));
typedef int32_t UnalignedInts __attribute__((vector_size(kLanes * 4), aligned(1), may_alias));
typedef int32_t UnalignedInt __attribute__((aligned(1), may_alias));

MOTE_INLINE Ints load(const uint8_t* p) {
  return *reinterpret_cast<const UnalignedInts*>(p);
}
MOTE_INLINE Ints broadcast(int32_t value) {
  return value - Ints{};
}
MOTE_INLINE Ints clamp(Ints v, Ints low, Ints high) {
  v = v < low ? low : v;
  return v > high ? high : v;
}

// dot(): sum + products of groups, wrapping. high_mul(): round(a * b / 2^31), ties towards plus infinity, b >= 0.
// load_int8(), store_int8(): kLanes bytes, widened and cut.
#if defined(__AVX512BW__)
MOTE_INLINE Ints dot(Ints sum, Ints inputs, Ints weights) {
#if defined(__AVX512VNNI__)
  return reinterpret_cast<Ints>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(inputs),
                                                    reinterpret_cast<__m512i>(weights)));
#else
  return sum + reinterpret_cast<Ints>(
                   _mm512_madd_epi16(reinterpret_cast<__m512i>(inputs), reinterpret_cast<__m512i>(weights)));
#endif
}
MOTE_INLINE Ints high_mul(Ints a, Ints b) {
  const __m512i x = reinterpret_cast<__m512i>(a), y = reinterpret_cast<__m512i>(b);
  const __m512i half = _mm512_set1_epi64(int64_t{1} << 30);
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, y), half);
  const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(y, 32)), half);
  return reinterpret_cast<Ints>(
      _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_add_epi64(odd, odd)));
}
MOTE_INLINE Ints load_int8(const int8_t* p) {
  return reinterpret_cast<Ints>(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
MOTE_INLINE void store_int8(int8_t* p, Ints v) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(reinterpret_cast<__m512i>(v)));
}
#elif defined(__AVX2__)
MOTE_INLINE Ints dot(Ints sum, Ints inputs, Ints weights) {
#if defined(__AVXVNNI__)
  return reinterpret_cast<Ints>(_mm256_dpbusd_avx_epi32(
      reinterpret_cast<__m256i>(sum), reinterpret_cast<__m256i>(inputs), reinterpret_cast<__m256i>(weights)));
#elif defined(MOTE_INT8_BYTES)
  // |x| * (w with the sign of x). The sum of two products fits 16 bits: 2 * 128 * 127.
  const __m256i x = reinterpret_cast<__m256i>(inputs), w = reinterpret_cast<__m256i>(weights);
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(w, x));
  return sum + reinterpret_cast<Ints>(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#else
  return sum + reinterpret_cast<Ints>(
                   _mm256_madd_epi16(reinterpret_cast<__m256i>(inputs), reinterpret_cast<__m256i>(weights)));
#endif
}
MOTE_INLINE Ints high_mul(Ints a, Ints b) {
  const __m256i x = reinterpret_cast<__m256i>(a), y = reinterpret_cast<__m256i>(b);
  const __m256i half = _mm256_set1_epi64x(int64_t{1} << 30);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, y), half);
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(y, 32)), half);
  return reinterpret_cast<Ints>(_mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_add_epi64(odd, odd), 0xAA));
}
MOTE_INLINE Ints load_int8(const int8_t* p) {
  return reinterpret_cast<Ints>(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
// Adds 2^30 to what is not negative, -2^30 to what is.
MOTE_INLINE __m256i with_half(__m256i products) {
  const __m256d half = _mm256_castsi256_pd(_mm256_set1_epi64x(int64_t{1} << 30));
  const __m256d minus_half = _mm256_castsi256_pd(_mm256_set1_epi64x(-(int64_t{1} << 30)));
  return _mm256_add_epi64(products,
                          _mm256_castpd_si256(_mm256_blendv_pd(half, minus_half, _mm256_castsi256_pd(products))));
}
MOTE_INLINE void store_int8(int8_t* p, Ints v) {
  const __m256i x = reinterpret_cast<__m256i>(v);
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(words, words));
}

// Requantized sums to outputs, four vectors at once.
#define MOTE_PACKS_FOUR
struct FourFinish {
  __m256i zero_point, low, high;

  explicit FourFinish(const Int8Finish& f)
      : zero_point(_mm256_set1_epi16(static_cast<int16_t>(f.zero_point))),
        low(_mm256_set1_epi8(static_cast<int8_t>(f.low))),
        high(_mm256_set1_epi8(static_cast<int8_t>(f.high))) {}
  // kLanes bytes of each, in this order. REQUIRES: from requantize<true>(), which leaves room for the zero point; then
  // saturation gives what wrapping sums of 32 bits and the clamp would.
  MOTE_INLINE __m256i of(Ints a, Ints b, Ints c, Ints d) const {
    const __m256i ab = _mm256_packs_epi32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b));
    const __m256i cd = _mm256_packs_epi32(reinterpret_cast<__m256i>(c), reinterpret_cast<__m256i>(d));
    const __m256i bytes = _mm256_packs_epi16(_mm256_adds_epi16(ab, zero_point), _mm256_adds_epi16(cd, zero_point));
    const __m256i clamped = _mm256_min_epi8(_mm256_max_epi8(bytes, low), high);
    return _mm256_permutevar8x32_epi32(clamped, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  }
};
// Halves of FourFinish::of(): two vectors to each place; and its quarters.
MOTE_INLINE void store_two(int8_t* first, int8_t* second, __m256i bytes) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(first), _mm256_castsi256_si128(bytes));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(second), _mm256_extracti128_si256(bytes, 1));
}
MOTE_INLINE void store_halves(int8_t* first, int8_t* second, __m128i bytes) {
  const int64_t low = _mm_cvtsi128_si64(bytes), high = _mm_extract_epi64(bytes, 1);
  __builtin_memcpy(first, &low, sizeof low);
  __builtin_memcpy(second, &high, sizeof high);
}
MOTE_INLINE void store_four(int8_t* first, int64_t step, __m256i bytes) {
  store_halves(first, first + step, _mm256_castsi256_si128(bytes));
  store_halves(first + 2 * step, first + 3 * step, _mm256_extracti128_si256(bytes, 1));
}
#elif defined(__aarch64__)
MOTE_INLINE Ints dot(Ints sum, Ints inputs, Ints weights) {
#if defined(__ARM_FEATURE_DOTPROD)
  return vdotq_s32(sum, vreinterpretq_s8_s32(inputs), vreinterpretq_s8_s32(weights));
#else
  const int16x8_t x = vreinterpretq_s16_s32(inputs), w = vreinterpretq_s16_s32(weights);
  return sum + vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(w)), vmull_high_s16(x, w));
#endif
}
MOTE_INLINE Ints high_mul(Ints a, Ints b) {
  return vqrdmulhq_s32(a, b);
}
MOTE_INLINE Ints load_int8(const int8_t* p) {
  int32_t bytes;
  __builtin_memcpy(&bytes, p, sizeof bytes);
  return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(bytes)))));
}
MOTE_INLINE void store_int8(int8_t* p, Ints v) {
  const int16x4_t words = vmovn_s32(v);
  const int32_t bytes = vget_lane_s32(vreinterpret_s32_s8(vmovn_s16(vcombine_s16(words, words))), 0);
  __builtin_memcpy(p, &bytes, sizeof bytes);
}
#endif

// The first `count` lanes.
MOTE_INLINE void store_int8(int8_t* p, Ints v, int64_t count) {
  if (count >= kLanes) {
    store_int8(p, v);
    return;
  }
#if defined(__AVX512BW__)
  _mm_mask_storeu_epi8(p, static_cast<__mmask16>((1u << count) - 1),
                       _mm512_cvtepi32_epi8(reinterpret_cast<__m512i>(v)));
#else
  int8_t all[kLanes];
  store_int8(all, v);
  __builtin_memcpy(p, all, static_cast<size_t>(count));
#endif
}

// requantize() (device/requantize.h) in every lane. To the right: `left` is -1 and `right` one less than the shift;
// else `left` is the shift and `right` 0.
struct Scale {
  Ints multiplier, left, right;
};

// kDown: every shift is below -1.
template <bool kDown>
MOTE_INLINE Ints requantize(Ints x, const Scale& scale);

template <>
MOTE_INLINE Ints requantize<true>(Ints x, const Scale& scale) {
#if defined(__AVX2__) && !defined(__AVX512BW__)
  // With h of high_mul(): floor((h - (h < 0)) / 2) is the upper half of x * multiplier + 2^30, less 2^31 below zero.
  const __m256i v = reinterpret_cast<__m256i>(x), m = reinterpret_cast<__m256i>(scale.multiplier);
  const __m256i even = with_half(_mm256_mul_epi32(v, m));
  const __m256i odd = with_half(_mm256_mul_epi32(_mm256_srli_epi64(v, 32), _mm256_srli_epi64(m, 32)));
  const Ints halved = reinterpret_cast<Ints>(_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA));
  return (halved + (broadcast(1) << scale.right >> 1)) >> scale.right;
#else
  const Ints high = high_mul(x, scale.multiplier);
  return (((high + (high >> 31)) >> scale.right) + 1) >> 1;
#endif
}

template <>
MOTE_INLINE Ints requantize<false>(Ints x, const Scale& scale) {
  const Ints high = high_mul(x << (scale.left < 0 ? Ints{} : scale.left), scale.multiplier);
  const Ints rounded = (((high + (high >> 31)) >> scale.right) + 1) >> 1;
  return scale.left < 0 ? rounded : high;
}

MOTE_INLINE Scale scale_of(int32_t multiplier, int32_t shift) {
  return {broadcast(multiplier), broadcast(shift < 0 ? -1 : shift), broadcast(shift < 0 ? -shift - 1 : 0)};
}

}  // namespace
}  // namespace mote
