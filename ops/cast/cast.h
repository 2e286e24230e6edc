// Cast: the number itself in another data type, not its quantization; any shape.
//
// Integers keep their low bits, floats lose their fraction, everything but 0 is true. Where TFLite's conversion is
// undefined (a float beyond int32), the number is limited to int32 first; NaN gives 0. Source: TFLite
// micro/kernels/cast.cc.
#pragma once
#include "device/float_math.h"
#include "device/kernel.h"

namespace mote {

constexpr int32_t kCastCode = 53;

struct CastAttributes {
  int8_t in_data_type = 0;  // TensorType
  int8_t out_data_type = 0;
};

template <class V>
void visit(V& v, CastAttributes& a) {
  v.field(0, "in_data_type", a.in_data_type);
  v.field(1, "out_data_type", a.out_data_type);
}

constexpr bool can_cast(DType type) {
  return type == DType::float32 || type == DType::int32 || type == DType::int16 || type == DType::int8 ||
         type == DType::uint8 || type == DType::boolean;
}

struct Cast {
  int32_t count;
  uint8_t from, to;  // DType
  uint8_t unused[2];
};

inline int32_t truncate_to_int32(float x) {
  if (x != x) return 0;
  return x >= 2147483648.0f ? INT32_MAX : x < -2147483648.0f ? INT32_MIN : static_cast<int32_t>(x);
}

template <class From>
int32_t as_integer(From x) {
  return static_cast<int32_t>(x);
}
inline int32_t as_integer(float x) {
  return truncate_to_int32(x);
}

template <class From, class To>
void cast_all(int32_t count, const From* input, To* output) {
  for (int32_t i = 0; i < count; ++i) output[i] = static_cast<To>(as_integer(input[i]));
}

template <class From>
void cast_to(const Cast& p, const From* input, void* output) {
  switch (static_cast<DType>(p.to)) {
    case DType::float32:
      for (int32_t i = 0; i < p.count; ++i) static_cast<float*>(output)[i] = static_cast<float>(input[i]);
      return;
    case DType::int32:
      return cast_all(p.count, input, static_cast<int32_t*>(output));
    case DType::int16:
      return cast_all(p.count, input, static_cast<int16_t*>(output));
    case DType::boolean:
      for (int32_t i = 0; i < p.count; ++i) static_cast<uint8_t*>(output)[i] = input[i] != From{0};
      return;
    default:  // the two of 8 bits
      return cast_all(p.count, input, static_cast<uint8_t*>(output));
  }
}

inline void cast_run(const Cast& p, const void* input, void* output) {
  switch (static_cast<DType>(p.from)) {
    case DType::float32:
      return cast_to(p, static_cast<const float*>(input), output);
    case DType::int32:
      return cast_to(p, static_cast<const int32_t*>(input), output);
    case DType::int16:
      return cast_to(p, static_cast<const int16_t*>(input), output);
    case DType::int8:
      return cast_to(p, static_cast<const int8_t*>(input), output);
    default:  // uint8, boolean
      return cast_to(p, static_cast<const uint8_t*>(input), output);
  }
}

inline Status cast_setup(const TensorInfo& input, const TensorInfo& output, Cast& p) {
  if (!can_cast(input.type) || !can_cast(output.type)) return Status::unsupported_type;
  if (input.shape != output.shape) return Status::unsupported_shape;
  p = Cast{input.shape.elements(), static_cast<uint8_t>(input.type), static_cast<uint8_t>(output.type), {}};
  return Status::ok;
}

inline Status prepare_cast(PrepareContext& node) {
  if (node.input_count() != 1 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  Cast p;
  const Status status = cast_setup(node.input(0), node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

inline void invoke_cast(const InvokeContext& node) {
  cast_run(node.data<Cast>(), node.input<void>(0), node.output<void>(0));
}

constexpr Kernel cast_any = {kCastCode, kAnyType, kAnyType, false, prepare_cast, invoke_cast};

}  // namespace mote
