// A layer's constants in the order in which one level's primitives read them, behind what a host kernel keeps in the
// arena.
#pragma once
#include <algorithm>
#include <vector>

#include "device/convolution.h"
#include "toolchain/quantize/simd/primitives.h"

namespace mote {

constexpr int64_t kVectorAlignment = 64;
constexpr int64_t kReadBehind = 64;                 // bytes behind the inputs of a product that may be read
constexpr int64_t kLargestPart = int64_t{1} << 28;  // bytes; what would be larger stays with the portable kernel

constexpr int64_t vector_align_up(int64_t bytes) {
  return (bytes + kVectorAlignment - 1) / kVectorAlignment * kVectorAlignment;
}
inline uint8_t* vector_align_up(void* p) {
  return reinterpret_cast<uint8_t*>(vector_align_up(static_cast<int64_t>(reinterpret_cast<intptr_t>(p))));
}

// Bytes of a stored input.
constexpr int32_t stored_bytes(const Int8Primitives& isa) {
  return 4 / isa.group;
}
// What stored inputs are larger by, for an input with this zero point.
constexpr int32_t stored_offset(const Int8Primitives& isa, int32_t zero_point) {
  return isa.group == 4 ? isa.offset : -zero_point;
}
// Every byte of a stored input that equals the zero point: of two bytes it is 0.
constexpr int stored_zero(const Int8Primitives& isa, int32_t zero_point) {
  return static_cast<uint8_t>(zero_point + stored_offset(isa, zero_point));
}

// Where the parts of a layer lie: offsets, constants, weights.
class PackedPlaces {
 public:
  PackedPlaces(const Int8Primitives& isa, int32_t outputs, int64_t groups)
      : lanes_(isa.lanes), outputs_(outputs), groups_(groups) {}

  int64_t groups() const { return groups_; }
  int64_t vector_bytes() const { return lanes_ * 4; }
  int64_t vectors() const { return (outputs_ + lanes_ - 1) / lanes_; }
  int64_t constants() const { return vector_align_up(groups_ * 4); }
  int64_t weights() const { return constants() + vectors() * 4 * vector_bytes(); }
  int64_t bytes() const { return vector_align_up(weights() + vectors() * groups_ * vector_bytes()); }
  bool fits() const { return groups_ < kLargestPart && bytes() < kLargestPart; }

  PackedLayer layer(const uint8_t* place, const Int8Finish& finish) const {
    return {place + constants(),           place + weights(), reinterpret_cast<const int32_t*>(place),
            static_cast<int32_t>(groups_), outputs_,          finish};
  }

 private:
  int32_t lanes_, outputs_;
  int64_t groups_;
};

class LayerPacker {
 public:
  // `place`: PackedPlaces::bytes(), aligned to kVectorAlignment. `zero_point`: of the input.
  LayerPacker(const Int8Primitives& isa, const PackedPlaces& places, int32_t zero_point, uint8_t* place)
      : lanes_(isa.lanes),
        group_(isa.group),
        excess_(static_cast<uint32_t>(zero_point + stored_offset(isa, zero_point))),
        vector_bytes_(places.vector_bytes()),
        place_(place),
        layer_(places.layer(place, {})) {
    __builtin_memset(place, 0, static_cast<size_t>(places.bytes()));
  }

  void offset(int64_t group, int64_t bytes) { reinterpret_cast<int32_t*>(place_)[group] = static_cast<int32_t>(bytes); }

  // Input `element` of a group.
  void weight(int32_t output, int64_t group, int32_t element, int8_t value) {
    uint8_t* const at = lane(layer_.weights, output, layer_.groups, group);
    if (group_ == 4)
      at[element] = static_cast<uint8_t>(value);
    else
      reinterpret_cast<int16_t*>(at)[element] = value;
    int32_t* const bias = constant(output, 0);
    *bias = static_cast<int32_t>(static_cast<uint32_t>(*bias) - excess_ * static_cast<uint32_t>(value));
  }

  void scale(int32_t output, int32_t bias, const Multiplier& multiplier) {
    // A multiplier of 0 gives 0 whatever the shift.
    const int32_t shift = multiplier.multiplier == 0 ? -2 : multiplier.shift;
    *constant(output, 0) = wrapping_add(*constant(output, 0), bias);
    *constant(output, 1) = multiplier.multiplier;
    *constant(output, 2) = shift < 0 ? -1 : shift;
    *constant(output, 3) = shift < 0 ? -shift - 1 : 0;
  }

 private:
  uint8_t* lane(const uint8_t* part, int32_t output, int64_t per_vector, int64_t index) const {
    return place_ + (part - place_) + (output / lanes_ * per_vector + index) * vector_bytes_ + output % lanes_ * 4;
  }
  int32_t* constant(int32_t output, int64_t index) const {
    return reinterpret_cast<int32_t*>(lane(layer_.constants, output, 4, index));
  }

  int32_t lanes_, group_;
  uint32_t excess_;
  int64_t vector_bytes_;
  uint8_t* place_;
  PackedLayer layer_;
};

// What a convolution of the host keeps.
template <class Portable>
struct HostConvolution {
  Portable portable;   // first: the portable kernel finds it too
  int32_t zero_point;  // of the input
  int32_t packed;      // 0: the portable kernel runs
  int32_t down;        // every shift is below -1
};

// True: every shift is below -1.
inline bool only_down(const std::vector<Multiplier>& multipliers) {
  return std::none_of(multipliers.begin(), multipliers.end(),
                      [](const Multiplier& m) { return m.multiplier != 0 && m.shift >= -1; });
}

inline bool has_constants(const ConvolutionTensors& tensors) {
  return tensors.weights.data != nullptr && (!tensors.has_bias || tensors.bias.data != nullptr);
}
// REQUIRES: has_constants().
inline int32_t bias_at(const ConvolutionTensors& tensors, int64_t output) {
  return tensors.has_bias ? static_cast<const int32_t*>(tensors.bias.data)[output] : 0;
}

// Memory behind what keep() stored, aligned to kVectorAlignment if the arena is. nullptr: the arena is too small.
inline uint8_t* keep_packed(PrepareContext& node, int64_t bytes) {
  struct alignas(kVectorAlignment) Line {
    uint8_t bytes[kVectorAlignment];
  };
  return reinterpret_cast<uint8_t*>(node.keep_array<Line>(static_cast<int32_t>(bytes / kVectorAlignment)));
}
template <class Kept>
const uint8_t* packed_behind(const Kept& kept) {
  return vector_align_up(const_cast<Kept*>(&kept + 1));
}

}  // namespace mote
