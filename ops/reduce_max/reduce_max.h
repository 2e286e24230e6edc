// The greatest element over a set of dimensions. int8: output scale and zero point are the input's. Source: TFLite
// micro/kernels/reduce_common.cc (EvalMinMaxHelper).
#pragma once
#include "device/reduce.h"

namespace mote {

constexpr int32_t kReduceMaxCode = 82;

// Of stored elements, which compare as the numbers do.
template <class T>
struct ReduceMax {
  using Stored = T;
  Reduction reduction;

  T operator()(const T* first) const {
    return fold(reduction.reduced, first, *first, [](T most, T x) { return x > most ? x : most; });
  }
};
using ReduceMaxInt8 = ReduceMax<int8_t>;
using ReduceMaxFloat32 = ReduceMax<float>;

template <class T>
Status reduce_setup(const TensorInfo& input, const TensorInfo& output, ReduceMax<T>&) {
  return same_quantization(input, output) ? Status::ok : Status::bad_quantization;
}

constexpr Kernel reduce_max_int8 = reduce_kernel<ReduceMaxInt8>(kReduceMaxCode);
constexpr Kernel reduce_max_float32 = reduce_kernel<ReduceMaxFloat32>(kReduceMaxCode);

}  // namespace mote
