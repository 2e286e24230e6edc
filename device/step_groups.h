// Walking two arrays of up to kMaxRank dimensions at once. Neighbouring dimensions that step alike are one group, so
// that two contiguous arrays are a single loop.
#pragma once
#include "device/types.h"

namespace mote {

// Dimensions that run as one loop, with how many elements each array advances at every step.
struct StepGroup {
  int32_t size;
  int32_t step_a, step_b;
};

// groups[0] is the innermost. Without elements: one group of size 0.
struct StepGroups {
  int32_t count = 0;
  StepGroup groups[kMaxRank] = {};

  // The next dimension, from the innermost on.
  constexpr void add(const StepGroup& next) {
    if (next.size == 1) return;
    StepGroup* last = count > 0 ? &groups[count - 1] : nullptr;
    if (last != nullptr && next.step_a == last->step_a * last->size && next.step_b == last->step_b * last->size) {
      last->size *= next.size;
    } else {
      groups[count++] = next;
    }
  }

  // After the last dimension.
  constexpr void finish(bool empty) {
    if (empty) count = 0;
    if (count == 0) groups[count++] = StepGroup{empty ? 0 : 1, 0, 0};
  }
};

// visit(a's element, b's element) for every step, in order.
template <class A, class B, class Visit>
void for_each_step(const StepGroup* groups, int32_t count, A* a, B* b, const Visit& visit) {
  const StepGroup inner = groups[0];
  int32_t index[kMaxRank] = {};
  for (;;) {
    A* x = a;
    B* y = b;
    for (int32_t i = 0; i < inner.size; ++i, x += inner.step_a, y += inner.step_b) visit(*x, *y);
    int32_t g = 1;
    for (; g < count; ++g) {
      a += groups[g].step_a;
      b += groups[g].step_b;
      if (++index[g] < groups[g].size) break;
      index[g] = 0;
      a -= groups[g].step_a * groups[g].size;
      b -= groups[g].step_b * groups[g].size;
    }
    if (g >= count) return;
  }
}

}  // namespace mote
