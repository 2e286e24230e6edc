// Puts around a tensor what lies inside, mirrored at its ends: at the last element (REFLECT), which is not repeated, or
// behind it (SYMMETRIC). Input 1, a constant int32 [rank, 2], says how much goes before and after along each dimension.
// Source: TFLite micro/kernels/mirror_pad.cc.
#pragma once
#include "device/mapped_copy.h"

namespace mote {

constexpr int32_t kMirrorPadCode = 100;

struct MirrorPadAttributes {
  static constexpr int32_t kOperands = 1;
  int8_t mode = 0;                                      // 0 = REFLECT, 1 = SYMMETRIC
  int32_t before[kMaxRank] = {}, after[kMaxRank] = {};  // taken from input 1
};

template <class V>
void visit(V& v, MirrorPadAttributes& a) {
  v.field(0, "mode", a.mode);
}

constexpr bool take_operands(MirrorPadAttributes& a, const Shape& input, const Integers* operands) {
  if (operands[0].count != 2 * input.rank) return false;
  for (int32_t i = 0; i < input.rank; ++i) {
    a.before[i] = operands[0].values[2 * i];
    a.after[i] = operands[0].values[2 * i + 1];
  }
  return true;
}

// False: another mode, a negative number, more than there is to mirror, or more elements than int32 counts.
constexpr bool mapped_shape(const MirrorPadAttributes& a, const Shape& input, Shape& output) {
  output = input;
  if (a.mode != 0 && a.mode != 1) return false;
  int64_t elements = 1;
  for (int32_t i = 0; i < input.rank; ++i) {
    const int32_t most = input[i] - 1 + a.mode;
    if (a.before[i] < 0 || a.after[i] < 0 || a.before[i] > most || a.after[i] > most) return false;
    const int64_t size = int64_t{a.before[i]} + input[i] + a.after[i];
    if (size > INT32_MAX || (elements *= size) > INT32_MAX) return false;
    output.dims[i] = static_cast<int32_t>(size);
  }
  return true;
}

struct MirrorPad {
  MappedDims dims;
  int32_t before[kMaxRank];
  int32_t skipped;  // elements at the mirror that are not repeated

  int32_t source(int32_t dimension, int32_t i) const {
    const int32_t inside = i - before[dimension], size = dims.input[dimension];
    if (inside < 0) return skipped - 1 - inside;
    return inside < size ? inside : 2 * size - 1 - skipped - inside;
  }
};

inline void mapped_setup(const MirrorPadAttributes& a, MirrorPad& p) {
  for (int32_t i = 0; i < p.dims.rank; ++i) p.before[i] = a.before[i];
  p.skipped = 1 - a.mode;
}

constexpr Kernel mirror_pad_any = mapped_kernel<MirrorPadAttributes, MirrorPad>(kMirrorPadCode);

}  // namespace mote
