// Together with odr_b.cpp: two translation units that include every device header link, and name the same code.
#include "device/operator_names.h"
#include "tests/device/all_kernels.h"

namespace mote::testing {
const Kernel& kernel_seen_by_a() {
  return fully_connected_int8;
}
}  // namespace mote::testing
