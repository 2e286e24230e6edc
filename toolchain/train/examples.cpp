#include "toolchain/train/examples.h"

#include <algorithm>

namespace mote {

int64_t MemoryExamples::count() const {
  return input_elements > 0 ? static_cast<int64_t>(inputs.size()) / input_elements : 0;
}

void MemoryExamples::fill(int64_t index, uint64_t, std::span<float> input, std::span<float> target) const {
  std::copy_n(inputs.data() + index * input_elements, input.size(), input.data());
  const std::vector<float>& source = targets.empty() ? inputs : targets;
  std::copy_n(source.data() + index * static_cast<int64_t>(target.size()), target.size(), target.data());
}

// Into the cache, up to what hardware needs to notice that a long example is read in order.
void MemoryExamples::expect(int64_t index) const {
  constexpr int64_t kLine = 16, kMost = 64 * kLine;
  const float* const from = inputs.data() + index * input_elements;
  for (int64_t i = 0; i < std::min(input_elements, kMost); i += kLine) __builtin_prefetch(from + i);
}

int32_t MemoryExamples::label(int64_t index) const {
  return labels[static_cast<size_t>(index)];
}

}  // namespace mote
