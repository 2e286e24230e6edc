// NumPy's .npy files (format versions 1.0 to 3.0). As arrays: little-endian, C order, of float32, float64, int8, uint8,
// int16, int32, int64, bool. As numbers: any byte order and order of dimensions, float16 and unsigned integers too.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/base/tensor_type.h"

namespace mote {

struct NpyArray {
  DType dtype = DType::float32;  // float64 files are converted to float32 on reading
  std::vector<int64_t> shape;    // empty = scalar
  std::vector<uint8_t> data;     // C order

  int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
  int64_t row_elements() const;  // product of all dimensions but the first
};

// The numbers of a file as floats, taken from its bytes where they lie.
class NpyNumbers {
 public:
  using Gather = void (*)(const uint8_t* from, int64_t step, int64_t count, float* out, int64_t out_step);

  static Result<NpyNumbers> parse(const std::string& name, std::span<const uint8_t> bytes);  // which must stay
  const std::vector<int64_t>& shape() const { return shape_; }
  const std::vector<int64_t>& steps() const { return steps_; }  // per dimension: elements from one index to the next
  // `count` elements from number `first` on, `step` apart. REQUIRES: they lie within the array.
  void gather(int64_t first, int64_t step, int64_t count, float* out, int64_t out_step) const;

 private:
  NpyNumbers() = default;
  std::span<const uint8_t> data_;
  std::vector<int64_t> shape_, steps_;
  int64_t element_bytes_ = 0;
  Gather gather_ = nullptr;
};

Result<NpyArray> read_npy(const std::filesystem::path& path);
Result<NpyArray> parse_npy(const std::string& name, const std::vector<uint8_t>& bytes);
Result<void> write_npy(const std::filesystem::path& path, const NpyArray& array);

}  // namespace mote
