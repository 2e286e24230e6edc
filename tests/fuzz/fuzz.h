// What the fuzz targets share.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <sanitizer/asan_interface.h>

#include "device/interpreter.h"
#include "ops/op.h"

// A broken promise ends the run, so that libFuzzer keeps the input.
#define FUZZ_CHECK(condition)                                                      \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)

namespace mote {

// `bytes` bytes at a multiple of kAlignment with nothing usable behind them, so that ASan sees the first byte too many.
class ExactBuffer {
 public:
  explicit ExactBuffer(size_t bytes)
      : data_(static_cast<uint8_t*>(std::aligned_alloc(kAlignment, rounded(bytes)))), bytes_(bytes) {
    std::memset(data_, 0, rounded(bytes));
    ASAN_POISON_MEMORY_REGION(data_ + bytes, rounded(bytes) - bytes);
  }
  ~ExactBuffer() {
    ASAN_UNPOISON_MEMORY_REGION(data_, rounded(bytes_));
    std::free(data_);
  }
  ExactBuffer(const ExactBuffer&) = delete;
  ExactBuffer& operator=(const ExactBuffer&) = delete;
  uint8_t* data() { return data_; }
  size_t size() const { return bytes_; }

 private:
  static size_t rounded(size_t bytes) { return (bytes + kAlignment) / kAlignment * kAlignment; }
  uint8_t* data_;
  size_t bytes_;
};

// Every kernel of every operator.
inline Resolver all_kernels() {
  static const std::vector<const Kernel*> kernels = [] {
    std::vector<const Kernel*> list;
    for (const OpDef* op : all_ops())
      for (const DeviceKernel& kernel : op->kernels) list.push_back(kernel.kernel);
    return list;
  }();
  return {kernels.data(), static_cast<int32_t>(kernels.size())};
}

}  // namespace mote
