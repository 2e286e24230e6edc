// Host-side description of a tensor: type, shape, quantization.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "device/types.h"

namespace mote {

// Affine quantization: real = scale * (stored - zero_point). Empty scales = not quantized.
// One scale = per tensor. More = per channel along `axis`, one scale and one zero point (0) for each index of that
// dimension.
struct QuantParams {
  std::vector<float> scales;
  std::vector<int32_t> zero_points;
  int32_t axis = 0;

  bool quantized() const { return !scales.empty(); }
  bool per_channel() const { return scales.size() > 1; }
  bool operator==(const QuantParams&) const = default;
};

struct TensorType {
  DType dtype = DType::float32;
  Shape shape;
  QuantParams quant;

  int64_t bytes() const { return int64_t{shape.elements()} * element_bytes(dtype); }
  bool operator==(const TensorType&) const = default;
};

Shape make_shape(std::initializer_list<int32_t> dims);
Shape make_shape(const std::vector<int32_t>& dims);
std::string to_string(DType type);          // "int8"
std::string to_string(const Shape& shape);  // "1x300"; "scalar" for rank 0

}  // namespace mote
