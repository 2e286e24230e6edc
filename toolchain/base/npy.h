// NumPy's .npy files (format versions 1.0 to 3.0): little-endian, C order, of float32, float64, int8, uint8, int16,
// int32, int64, bool.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/base/tensor_type.h"

namespace mote {

struct NpyArray {
  DType dtype = DType::float32;      // float64 files are converted to float32 on reading
  std::vector<int64_t> shape;        // empty = scalar
  std::vector<uint8_t> data;         // C order

  int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
  int64_t row_elements() const;      // product of all dimensions but the first
};

Result<NpyArray> read_npy(const std::filesystem::path& path);
Result<NpyArray> parse_npy(const std::string& name, const std::vector<uint8_t>& bytes);
Result<void> write_npy(const std::filesystem::path& path, const NpyArray& array);

}  // namespace mote
