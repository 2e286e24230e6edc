// Concatenation along an axis. Source: TFLite kernels/internal/reference/concatenation.h.
//
// int8 inputs whose scale or zero point is not the output's are requantized as QUANTIZE does it; TFLite refuses them.
#pragma once
#include "device/axis_parts.h"
#include "ops/quantize/quantize.h"

namespace mote {

constexpr int32_t kConcatenationCode = 2;

struct ConcatenationAttributes {
  static constexpr bool kStacked = false;
  int32_t axis = 0;
  int8_t fused_activation = 0;  // none
};

template <class V>
void visit(V& v, ConcatenationAttributes& a) {
  v.field(0, "axis", a.axis);
  v.field(1, "fused_activation_function", a.fused_activation);
}

constexpr bool is_supported(const ConcatenationAttributes& a) {
  return a.fused_activation == 0;
}

// Requantizing gives the same number again.
constexpr bool is_identity(const QuantizeFromInteger& q) {
  return q.multiplier == int32_t{1} << 30 && q.shift == 1 && q.input_zero_point == q.output_zero_point;
}

// q[i]: of part i; q[i].count elements are a stretch.
template <class Part>
void concatenate_int8(const AxisParts& p, const int32_t* stretches, const QuantizeFromInteger* q, const Part& part,
                      int8_t* output) {
  for_each_stretch(p, stretches, [&](int32_t i, int32_t from, int32_t to, int32_t bytes) {
    const int8_t* const start = part(i) + from;
    if (is_identity(q[i])) {
      __builtin_memcpy(output + to, start, static_cast<size_t>(bytes));
    } else {
      quantize_run(q[i], start, output + to);
    }
  });
}

// How part `input` is requantized.
inline Status requantize_part(const TensorInfo& input, const TensorInfo& output, int32_t stretch,
                              QuantizeFromInteger& q) {
  TensorInfo target = output;
  target.shape = input.shape;
  const Status status = quantize_setup(input, target, q);
  q.count = stretch;
  return status;
}

inline Status prepare_concatenation_int8(PrepareContext& node) {
  AxisParts p;
  Status status = join_setup<ConcatenationAttributes>(node, p);
  QuantizeFromInteger q;
  for (int32_t i = 0; status == Status::ok && i < p.count; ++i)
    status = requantize_part(node.input(i), node.output(0), 0, q);
  if (status != Status::ok) return status;
  keep_parts(node, p, [&](int32_t i) { return node.input(i); });
  QuantizeFromInteger* const kept = node.keep_array<QuantizeFromInteger>(p.count);
  for (int32_t i = 0; kept != nullptr && i < p.count; ++i)
    requantize_part(node.input(i), node.output(0), stretch_of(p, node.input(i)), kept[i]);
  return Status::ok;
}

inline void invoke_concatenation_int8(const InvokeContext& node) {
  const AxisParts& p = node.data<AxisParts>();
  const int32_t* const stretches = stretches_of(p);
  concatenate_int8(
      p, stretches, reinterpret_cast<const QuantizeFromInteger*>(stretches + p.count),
      [&](int32_t i) { return node.input<int8_t>(i); }, node.output<int8_t>(0));
}

constexpr Kernel concatenation_int8 = {
    kConcatenationCode, DType::int8, DType::int8, false, prepare_concatenation_int8, invoke_concatenation_int8};
constexpr Kernel concatenation_any = join_kernel<ConcatenationAttributes>(kConcatenationCode);

}  // namespace mote
