#include "toolchain/train/float_buffer.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstring>
#include <new>

namespace mote {
namespace {

constexpr std::align_val_t kLine{64};
constexpr size_t kHugePage = size_t{2} << 20;

constexpr size_t whole_pages(size_t bytes) {
  constexpr size_t kPage = 4096;
  return (bytes + kPage - 1) / kPage * kPage;
}

// Pages that are zero until they are first written, by the thread that does; huge ones where the system has them.
// nullptr: none to be had, or too few to be worth it.
void* map_pages([[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  if (bytes < kHugePage) return nullptr;
  const size_t taken = bytes + kHugePage;
  void* const memory = mmap(nullptr, taken, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* const start = static_cast<char*>(memory);
  const size_t before = -reinterpret_cast<uintptr_t>(start) % kHugePage, pages = whole_pages(bytes);
  if (before > 0) munmap(start, before);
  munmap(start + before + pages, taken - before - pages);
  madvise(start + before, pages, MADV_HUGEPAGE);  // a wish
  return start + before;
#else
  return nullptr;
#endif
}

}  // namespace

void FreeFloats::operator()(float* p) const {
#if defined(__linux__)
  if (mapped > 0) {
    munmap(p, mapped);
    return;
  }
#endif
  ::operator delete(p, kLine);
}

FloatBuffer::FloatBuffer(int64_t size) : size_(size) {
  const size_t bytes = static_cast<size_t>(std::max(round_to_line(size), kLineFloats)) * sizeof(float);
  if (void* const pages = map_pages(bytes); pages != nullptr) {
    data_ = {static_cast<float*>(pages), FreeFloats{whole_pages(bytes)}};
    return;
  }
  data_ = {static_cast<float*>(::operator new(bytes, kLine)), FreeFloats{}};
  std::memset(data_.get(), 0, bytes);
}

}  // namespace mote
