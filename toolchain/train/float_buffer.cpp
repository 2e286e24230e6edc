#include "toolchain/train/float_buffer.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstdint>
#include <cstring>
#include <new>

namespace mote {
namespace {

constexpr std::align_val_t kLine{64};
constexpr size_t kHugePage = size_t{2} << 20;

struct Pages {
  void* all = nullptr;
  size_t bytes = 0;
  float* data = nullptr;  // the first huge page
};

// Pages that are zero until they are first written, by the thread that does; huge ones where the system has them. No
// data: there are none to be had, or `bytes` is too few to be worth it.
Pages map_pages([[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  if (bytes < kHugePage || kGuardEachBuffer) return {};
  const size_t taken = bytes + kHugePage;
  void* const all = mmap(nullptr, taken, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) return {};
  char* const start = static_cast<char*>(all) + -reinterpret_cast<uintptr_t>(all) % kHugePage;
  madvise(start, bytes, MADV_HUGEPAGE);  // a wish
  return {all, taken, reinterpret_cast<float*>(start)};
#else
  return {};
#endif
}

}  // namespace

void FreeFloats::operator()(float* p) const {
#if defined(__linux__)
  if (pages != nullptr) {
    munmap(pages, bytes);
    return;
  }
#endif
  ::operator delete(p, kLine);
}

FloatBuffer::FloatBuffer(int64_t size) : size_(size) {
  const size_t bytes = static_cast<size_t>(std::max(whole_lines(size), whole_lines(1))) * sizeof(float);
  if (const Pages pages = map_pages(bytes); pages.data != nullptr) {
    data_ = {pages.data, FreeFloats{pages.all, pages.bytes}};
    return;
  }
  data_ = {static_cast<float*>(::operator new(bytes, kLine)), FreeFloats{}};
  std::memset(data_.get(), 0, bytes);
}

}  // namespace mote
