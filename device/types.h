// Data types, shapes and quantization parameters shared by the microcontroller and the host.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mote {

// Numbers are those of TFLite's TensorType, so that a file's value can be cast after a range check.
enum class DType : uint8_t {
  float32 = 0,
  float16 = 1,
  int32 = 2,
  uint8 = 3,
  int64 = 4,
  string = 5,
  boolean = 6,
  int16 = 7,
  int8 = 9,
  resource = 13,  // a handle of a variable, as ops/var_handle writes it
};

// Fused activation of an operator. Numbers are those of TFLite's ActivationFunctionType.
enum class Activation : uint8_t { none = 0, relu = 1, relu_n1_to_1 = 2, relu6 = 3, tanh = 4, sign_bit = 5 };

// Bytes of one element; 0 for types without a fixed size.
constexpr int32_t element_bytes(DType type) {
  return type == DType::int64                                                          ? 8
         : (type == DType::float32 || type == DType::int32 || type == DType::resource) ? 4
         : (type == DType::int16 || type == DType::float16)                            ? 2
         : (type == DType::int8 || type == DType::uint8 || type == DType::boolean)     ? 1
                                                                                       : 0;
}

constexpr int32_t kMaxRank = 6;
constexpr int32_t kAlignment = 16;  // of the arena, of every tensor in it, and of model data

// Dimensions, outermost first. A scalar has rank 0 and one element.
struct Shape {
  int32_t rank = 0;
  int32_t dims[kMaxRank] = {};

  constexpr int32_t operator[](int32_t i) const { return dims[i]; }
  // REQUIRES: every dimension >= 0 and the product fits in int32 (the model view checks this).
  constexpr int32_t elements() const {
    int32_t n = 1;
    for (int32_t i = 0; i < rank; ++i) n *= dims[i];
    return n;
  }
  constexpr int32_t last() const { return rank == 0 ? 1 : dims[rank - 1]; }
};

constexpr bool operator==(const Shape& a, const Shape& b) {
  if (a.rank != b.rank) return false;
  for (int32_t i = 0; i < a.rank; ++i)
    if (a.dims[i] != b.dims[i]) return false;
  return true;
}
constexpr bool operator!=(const Shape& a, const Shape& b) {
  return !(a == b);
}

}  // namespace mote
