#include "toolchain/base/tensor_type.h"

#include <algorithm>

namespace mote {

Shape make_shape(const std::vector<int32_t>& dims) {
  Shape shape;
  shape.rank = static_cast<int32_t>(std::min<size_t>(dims.size(), kMaxRank));
  std::copy_n(dims.begin(), shape.rank, shape.dims);
  return shape;
}

Shape make_shape(std::initializer_list<int32_t> dims) {
  return make_shape(std::vector<int32_t>(dims));
}

std::string to_string(DType type) {
  switch (type) {
    case DType::float32:
      return "float32";
    case DType::float16:
      return "float16";
    case DType::int32:
      return "int32";
    case DType::uint8:
      return "uint8";
    case DType::int64:
      return "int64";
    case DType::string:
      return "string";
    case DType::boolean:
      return "bool";
    case DType::int16:
      return "int16";
    case DType::int8:
      return "int8";
    case DType::resource:
      return "resource";
  }
  return "type " + std::to_string(static_cast<int>(type));
}

std::string to_string(const Shape& shape) {
  if (shape.rank == 0) return "scalar";
  std::string text;
  for (int32_t i = 0; i < shape.rank; ++i) text += (i ? "x" : "") + std::to_string(shape[i]);
  return text;
}

}  // namespace mote
