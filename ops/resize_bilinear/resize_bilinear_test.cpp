// What the conformance harness cannot know of resize_bilinear: TFLite reads outside the image where a rounded scale
// leads behind it.
#include "ops/resize_bilinear/resize_bilinear.h"

#include <gtest/gtest.h>

namespace mote {
namespace {

TEST(ResizeBilinear, StaysInsideTheImage) {
  for (const bool centers : {false, true})
    for (const int32_t input : {1, 2, 3, 33, 1000})
      for (const int32_t output : {1, 2, 7, 513, 1001, 40000}) {
        BilinearAxisInt8 axis;
        ResizeAttributes options;
        options.half_pixel_centers = centers;
        set_axis(options, input, output, axis);
        for (int32_t i = 0; i < output; ++i) {
          const Between<int32_t> at = axis(i);
          ASSERT_TRUE(at.lower >= 0 && at.lower <= at.upper && at.upper < input) << input << " to " << output;
          ASSERT_TRUE(at.weight >= 0 && at.weight < 1024) << input << " to " << output;
        }
      }
  BilinearAxisInt8 axis;
  set_axis({}, 33, 513, axis);
  EXPECT_GE(512 * axis.scale, 33 * 1024) << "this scale no longer leads behind the image";
}

}  // namespace
}  // namespace mote
