#include <gtest/gtest.h>

#include "device/operator_names.h"
#include "tests/device/all_kernels.h"

namespace mote::testing {
const Kernel& kernel_seen_by_a();

TEST(DeviceHeaders, CanBeIncludedInSeveralTranslationUnits) {
  EXPECT_EQ(kernel_seen_by_a().prepare, fully_connected_int8.prepare);
  EXPECT_EQ(kernel_seen_by_a().invoke, fully_connected_int8.invoke);
}

TEST(OperatorNames, MatchTheSchema) {
  EXPECT_STREQ(operator_name(0), "ADD");
  EXPECT_STREQ(operator_name(9), "FULLY_CONNECTED");
  EXPECT_STREQ(operator_name(114), "QUANTIZE");
  EXPECT_STREQ(operator_name(206), "STABLEHLO_COMPOSITE");
  EXPECT_STREQ(operator_name(-1), "UNKNOWN");
  EXPECT_STREQ(operator_name(100000), "UNKNOWN");
}

}  // namespace mote::testing
