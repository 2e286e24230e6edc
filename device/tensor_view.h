// What the engine tells about a tensor: to the user of a model (TensorView) and to an operator's prepare (TensorInfo).
#pragma once
#include "device/types.h"

namespace mote {

// A tensor of an initialised model. `data` points into the arena, or into the model's bytes when the tensor is constant
// (then it must not be written); nullptr when the index was out of range or nothing uses the tensor.
// real = scale * (stored - zero_point); scale 0 = not quantized. Per-channel tensors show their first channel.
struct TensorView {
  DType type = DType::float32;
  Shape shape;
  void* data = nullptr;
  int32_t bytes = 0;
  float scale = 0;
  int32_t zero_point = 0;
};

// Affine quantization as the file has it. `scales` points at `count` little-endian floats in the file (or anywhere on
// the host). count 0 = not quantized, 1 = per tensor, more = one scale for each index of dimension `axis`; all share
// one zero point.
struct Quantization {
  const float* scales = nullptr;
  int32_t count = 0;
  int32_t zero_point = 0;
  int32_t axis = 0;
};

// All that can be known of a tensor before the first invoke. `data` is nullptr unless the tensor is constant. A
// variable keeps its value from one invoke to the next. Type and shape have been validated (no negative dimension, the
// bytes fit in int32); quantization has not: see the helpers below.
struct TensorInfo {
  DType type = DType::float32;
  bool variable = false;
  Shape shape;
  const void* data = nullptr;
  Quantization quantization;
};

// What every byte of a variable is at first: zero as an int8 tensor stores it, otherwise plainly zero.
inline uint8_t first_byte(const TensorInfo& variable) {
  return variable.type == DType::int8 ? static_cast<uint8_t>(variable.quantization.zero_point) : 0;
}

// Bits of a float, without touching the floating-point unit or its emulation.
inline uint32_t float_bits(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}
inline uint32_t float_bits_at(const float* value) {
  uint32_t bits;
  __builtin_memcpy(&bits, value, sizeof bits);
  return bits;
}

// Finite and above zero (denormals count).
inline bool is_positive_finite(uint32_t bits) {
  return bits != 0 && bits < 0x7F800000u;
}

// One scale for the whole tensor, usable, and a zero point that the integer type can store.
inline bool is_per_tensor(const TensorInfo& tensor) {
  const Quantization& q = tensor.quantization;
  if (q.count != 1 || !is_positive_finite(float_bits_at(q.scales))) return false;
  switch (tensor.type) {
    case DType::int8:
      return q.zero_point >= -128 && q.zero_point <= 127;
    case DType::uint8:
      return q.zero_point >= 0 && q.zero_point <= 255;
    case DType::int16:
      return q.zero_point >= -32768 && q.zero_point <= 32767;
    case DType::int32:
      return q.zero_point == 0;
    default:
      return false;
  }
}

// Their stored integers mean the same, so that they can be compared and moved as they are. REQUIRES: the same type, and
// is_per_tensor() of both where it is not float32.
inline bool same_quantization(const TensorInfo& a, const TensorInfo& b) {
  return a.type == DType::float32 || (float_bits_at(a.quantization.scales) == float_bits_at(b.quantization.scales) &&
                                      a.quantization.zero_point == b.quantization.zero_point);
}

}  // namespace mote
