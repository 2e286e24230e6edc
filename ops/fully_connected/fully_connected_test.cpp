// Packed rows: the sums of plain ones, at the ends of the value range and across blocks of columns.
#include <gtest/gtest.h>

#include "device/packed_dot.h"
#include "ops/op.h"

namespace mote {
namespace {

struct Rows {
  int32_t rows, columns;
  std::vector<int8_t> weights, input;
  std::span<const uint8_t> bytes() const {
    return {reinterpret_cast<const uint8_t*>(weights.data()), weights.size()};
  }
};

template <class Weight, class Input>
Rows make_rows(int32_t rows, int32_t columns, Weight weight, Input input) {
  Rows made{rows, columns, {}, {}};
  for (int32_t i = 0; i < rows * columns; ++i) made.weights.push_back(static_cast<int8_t>(weight()));
  for (int32_t i = 0; i < columns; ++i) made.input.push_back(static_cast<int8_t>(input()));
  return made;
}

void expect_same_sums(const Rows& r) {
  const auto packed = pack_rows(r.bytes(), r.rows, r.columns);
  ASSERT_TRUE(packed);
  ASSERT_EQ(packed->size(), r.weights.size());
  alignas(kAlignment) static int8_t aligned[1 << 14];
  ASSERT_LE(packed->size(), sizeof aligned);
  std::memcpy(aligned, packed->data(), packed->size());
  std::vector<int32_t> sums(static_cast<size_t>(r.rows), 1000), expected = sums;
  const int32_t grouped = r.rows / kPackedRows * kPackedRows;
  for (int32_t row = 0; row < grouped; row += kPackedRows)
    packed_dot(r.input.data(), aligned + row * r.columns, r.columns, &sums[static_cast<size_t>(row)]);
  for (int32_t row = grouped; row < r.rows; ++row)
    sums[static_cast<size_t>(row)] += PackedDot::row(r.input.data(), aligned + row * r.columns, r.columns);
  for (int32_t i = 0; i < r.rows * r.columns; ++i)
    expected[static_cast<size_t>(i / r.columns)] += r.weights[static_cast<size_t>(i)] * r.input[i % r.columns];
  EXPECT_EQ(sums, expected) << r.rows << " x " << r.columns;
}

TEST(PackedRows, GiveTheSumsOfPlainRows) {
  Random random(3);
  const auto any = [&] { return static_cast<int32_t>(random.below(255)) - 127; };
  for (int32_t rows : {1, 3, 4, 5, 8, 11})
    for (int32_t columns : {1, 2, 3, 4, 5, 7, 8, 16, 19, 512, 513, 640, 1031})
      expect_same_sums(make_rows(rows, columns, any, any));
}

TEST(PackedRows, HoldTheLargestSums) {
  for (int32_t weight : {-127, 127})
    for (int32_t input : {-128, 127})
      for (int32_t columns : {512, 1024, 1100})
        expect_same_sums(make_rows(8, columns, [&] { return weight; }, [&] { return input; }));
}

TEST(PackedRows, RefuseAPairBeyond16Bits) {
  EXPECT_FALSE(pack_rows(make_rows(4, 1, [] { return -128; }, [] { return 0; }).bytes(), 4, 1));
  std::vector<int8_t> weights = {0, -128, 5, -128};  // (b, a) = (-128, 0) and (-128, 5) still fit
  EXPECT_TRUE(pack_rows({reinterpret_cast<const uint8_t*>(weights.data()), 4}, 4, 1));
}

TEST(FoldOffset, IsTheBiasOfInputsWithoutOffset) {
  const Rows r = make_rows(2, 3, [n = 0]() mutable { return ++n * 20 - 60; }, [] { return 9; });
  const int32_t bias[] = {100, INT32_MAX};
  const auto folded =
      fold_offset({reinterpret_cast<const uint8_t*>(bias), sizeof bias}, r.bytes(), r.rows, r.columns, 5);
  int32_t value[2];
  ASSERT_EQ(folded.size(), sizeof value);
  std::memcpy(value, folded.data(), sizeof value);
  EXPECT_EQ(value[0], 100 + 5 * (-40 - 20 + 0));
  EXPECT_EQ(value[1], INT32_MIN + (5 * (20 + 40 + 60) - 1)) << "wraps";
  EXPECT_EQ(fold_offset({}, r.bytes(), r.rows, r.columns, 0), std::vector<uint8_t>(8, 0));
}

}  // namespace
}  // namespace mote
