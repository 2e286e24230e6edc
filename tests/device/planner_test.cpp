// Where tensors lie: the file's plan when it is valid, else a greedy one; never two living tensors in the same bytes.
#include "device/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/device/all_kernels.h"
#include "tests/device/model_builder.h"

namespace mote {
namespace {

using testing::AlignedBytes;
using testing::all_kernels;
using testing::TestModel;

// relu nodes in a row over int8 tensors of one shape.
TestModel chain(int32_t nodes, int32_t elements) {
  TestModel model;
  for (int32_t i = 0; i <= nodes; ++i) model.tensors.push_back({{1, elements}, DType::int8, {}, {0.5f}, {0}});
  for (int32_t i = 0; i < nodes; ++i) model.nodes.push_back({19, {i}, {i + 1}});
  model.inputs = {0};
  model.outputs = {nodes};
  return model;
}

class Planner : public ::testing::Test {
 protected:
  // Offsets of all tensors from the lowest one; empty when init fails.
  std::vector<int64_t> offsets(const TestModel& description) {
    model_ = testing::build(description);
    arena_ = AlignedBytes(1 << 16);
    if (interpreter_.init(model_.data(), model_.size(), all_kernels(), arena_.data(), arena_.size()) != Status::ok)
      return {};
    std::vector<int64_t> result;
    for (int32_t t = 0; t < interpreter_.tensor_count(); ++t)
      result.push_back(static_cast<const uint8_t*>(interpreter_.tensor(t).data) - arena_.data());
    const int64_t lowest = *std::min_element(result.begin(), result.end());
    for (int64_t& offset : result) offset -= lowest;
    return result;
  }

  AlignedBytes model_, arena_;
  Interpreter interpreter_;
};

TEST_F(Planner, TakesTheFilesPlan) {
  TestModel model = chain(3, 40);
  model.plan = {96, 0, 48, 0};
  EXPECT_EQ(offsets(model), (std::vector<int64_t>{96, 0, 48, 0}));
}

TEST_F(Planner, AllowsInPlaceWhereTheKernelDoes) {
  TestModel model = chain(3, 40);
  model.plan = {0, 0, 0, 0};
  EXPECT_EQ(offsets(model), (std::vector<int64_t>{0, 0, 0, 0}));
  model = testing::small_classifier();  // fully connected must not run in place
  model.plan = {0, -1, -1, 0, 16};
  ASSERT_FALSE(offsets(model).empty());
  EXPECT_NE(interpreter_.tensor(0).data, interpreter_.tensor(3).data);
}

TEST_F(Planner, PlacesWhatThePlanLeavesOut) {
  TestModel model = chain(3, 40);
  model.plan = {48, -1, -1, -1};
  EXPECT_EQ(offsets(model), (std::vector<int64_t>{48, 0, 48, 0}));
}

TEST_F(Planner, FallsBackWhenThePlanIsWrong) {
  const std::vector<int64_t> greedy = offsets(chain(3, 40));
  EXPECT_EQ(greedy, (std::vector<int64_t>{0, 48, 0, 48}));
  const std::vector<std::vector<int32_t>> wrong = {
      {0, 16, 96, 144},           // 0 and 1 overlap while both live
      {0, 8, 96, 144},            // not aligned
      {-16, 48, 0, 48},           // negative
      {0, 48, 1 << 20, 0},        // beyond any need
      {0, INT32_MAX - 15, 0, 0},  // overflows
      {0, 48, 0},                 // of another length
  };
  for (const auto& plan : wrong) {
    TestModel model = chain(3, 40);
    model.plan = plan;
    EXPECT_EQ(offsets(model), greedy) << plan[1];
  }
}

TEST_F(Planner, KeepsLivingTensorsApartInRandomGraphs) {
  std::mt19937 random(17);
  const auto birth = [](size_t tensor) { return tensor < 3 ? 0 : static_cast<int32_t>(tensor) - 2; };
  for (int round = 0; round < 200; ++round) {
    // Each node reads any earlier tensor, so that lives overlap in every way.
    TestModel model;
    std::vector<int32_t> last_use;
    const int32_t nodes = 1 + static_cast<int32_t>(random() % 12);
    for (int32_t i = 0; i < 3; ++i) {
      model.tensors.push_back({{1 + static_cast<int32_t>(random() % 90)}, DType::int8, {}, {0.5f}, {0}});
      model.inputs.push_back(i);
      last_use.push_back(0);
    }
    for (int32_t i = 0; i < nodes; ++i) {
      const auto from = static_cast<int32_t>(random() % model.tensors.size());
      model.tensors.push_back(model.tensors[static_cast<size_t>(from)]);
      model.nodes.push_back({19, {from}, {static_cast<int32_t>(model.tensors.size()) - 1}});
      last_use[static_cast<size_t>(from)] = i + 1;
      last_use.push_back(i + 1);
    }
    model.outputs = {static_cast<int32_t>(model.tensors.size()) - 1};
    last_use.back() = nodes + 1;
    const std::vector<int64_t> at = offsets(model);
    ASSERT_FALSE(at.empty()) << round;
    for (size_t a = 0; a < at.size(); ++a)
      for (size_t b = a + 1; b < at.size(); ++b) {
        // Times as in ArenaPlanner: inputs at 0, node i at i + 1. b is the later one.
        if (birth(b) > last_use[a]) continue;
        const bool apart = at[a] + model.tensors[a].shape[0] <= at[b] || at[b] + model.tensors[b].shape[0] <= at[a];
        ASSERT_TRUE(apart) << "round " << round << ": tensors " << a << " and " << b;
      }
  }
}

}  // namespace
}  // namespace mote
