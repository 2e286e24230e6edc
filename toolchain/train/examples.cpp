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

int32_t MemoryExamples::label(int64_t index) const {
  return labels[static_cast<size_t>(index)];
}

}  // namespace mote
