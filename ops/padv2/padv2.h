// Pad with a value that is input 2, one number in the quantization of the output. Source: TFLite
// micro/kernels/pad_common.cc.
#pragma once
#include "ops/pad/pad.h"

namespace mote {

constexpr int32_t kPadV2Code = 60;

// Checks what pad_setup() does not.
inline Status check_pad_value(const TensorInfo& value, const TensorInfo& output) {
  if (value.type != output.type) return Status::unsupported_type;
  if (value.shape.elements() != 1) return Status::unsupported_shape;
  if (value.type != DType::float32 && !is_per_tensor(value)) return Status::bad_quantization;
  return same_quantization(value, output) ? Status::ok : Status::bad_quantization;
}

template <class T>
void padv2_run(Pad<T> p, const T* input, const T* value, T* output) {
  p.value = *value;
  pad_run(p, input, output);
}

template <class T>
Status prepare_padv2(PrepareContext& node) {
  Pad<T> p = {};
  Status status = pad_node_setup(node, 3, p);
  if (status != Status::ok) return status;
  if (!node.has_input(2)) return Status::unsupported_shape;
  status = check_pad_value(node.input(2), node.output(0));
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class T>
void invoke_padv2(const InvokeContext& node) {
  padv2_run(node.data<Pad<T>>(), node.input<T>(0), node.input<T>(2), node.output<T>(0));
}

constexpr Kernel padv2_int8 = {kPadV2Code, DType::int8,           DType::int8,
                               false,      prepare_padv2<int8_t>, invoke_padv2<int8_t>};
constexpr Kernel padv2_float32 = {kPadV2Code, DType::float32,       DType::float32,
                                  false,      prepare_padv2<float>, invoke_padv2<float>};

}  // namespace mote
