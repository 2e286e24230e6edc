// Real numbers as tensors of a file store them.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote::conformance {

struct IntegerRange {
  double low, high;
};
IntegerRange range_of(DType type);

// Which scale of a per-channel tensor element `i` has.
size_t channel_of(const TensorType& type, size_t i);

// Real numbers -> the stored form: to the nearest step, half away from zero as TFLite does, within what the type holds.
std::vector<uint8_t> to_stored(const TensorType& type, const std::vector<float>& values);

// Stored integer -> real number, for the tensor's type and parameters.
std::vector<float> to_real(const TensorType& type, std::span<const uint8_t> bytes);

}  // namespace mote::conformance
