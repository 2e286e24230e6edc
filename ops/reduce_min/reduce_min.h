// The least element over a set of dimensions. int8: output scale and zero point are the input's. Source: TFLite
// micro/kernels/reduce_common.cc (EvalMinMaxHelper).
#pragma once
#include "device/reduce.h"

namespace mote {

constexpr int32_t kReduceMinCode = 89;

// Of stored elements, which compare as the numbers do.
template <class T>
struct ReduceMin {
  using Stored = T;
  Reduction reduction;

  T operator()(const T* first) const {
    return fold(reduction.reduced, first, *first, [](T least, T x) { return x < least ? x : least; });
  }
};
using ReduceMinInt8 = ReduceMin<int8_t>;
using ReduceMinFloat32 = ReduceMin<float>;

template <class T>
Status reduce_setup(const TensorInfo& input, const TensorInfo& output, ReduceMin<T>&) {
  return same_quantization(input, output) ? Status::ok : Status::bad_quantization;
}

constexpr Kernel reduce_min_int8 = reduce_kernel<ReduceMinInt8>(kReduceMinCode);
constexpr Kernel reduce_min_float32 = reduce_kernel<ReduceMinFloat32>(kReduceMinCode);

}  // namespace mote
