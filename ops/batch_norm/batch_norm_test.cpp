// Statistics and their running means, against sums in double.
#include "ops/batch_norm/batch_norm.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "ops/op.h"

namespace mote {
namespace {

constexpr int32_t kChannels = 3;

// One training forward on rows of x, with gamma 1 and beta 0.
class Shard {
 public:
  Shard(const std::vector<float>& x, float momentum, bool frozen = false)
      : attributes_(Attributes::of(BatchNormAttributes{momentum, 1e-3f, Activation::none, frozen})),
        x_(x),
        y_(x.size()),
        shapes_{make_shape({static_cast<int32_t>(x.size()) / kChannels, kChannels}), make_shape({kChannels}),
                make_shape({kChannels}), make_shape({kChannels}), make_shape({kChannels})} {
    inputs_ = {x_.data(), ones_.data(), zeros_.data(), zeros_.data(), ones_.data()};
    outputs_ = {y_.data()};
    call.attributes = &attributes_;
    call.input_shapes = shapes_;
    call.output_shapes = std::span(shapes_).first(1);
    call.inputs = inputs_;
    call.outputs = outputs_;
    const OpDef& op = *find_op("batch_norm");
    workspace_.resize(static_cast<size_t>(op.float_workspace(call)));
    saved_.resize(static_cast<size_t>(op.float_saved(call)));
    call.workspace = workspace_.data();
    call.saved = saved_.data();
    call.training = true;
    run_forward(op, call);
  }
  const std::vector<float>& output() const { return y_; }
  FloatCall call;

 private:
  Attributes attributes_;
  std::vector<float> x_, y_, workspace_, saved_, ones_ = {1, 1, 1}, zeros_ = {0, 0, 0};
  std::vector<Shape> shapes_;
  std::vector<const float*> inputs_;
  std::vector<float*> outputs_;
};

std::vector<float> draw(int rows, uint64_t seed) {
  Random random(seed);
  std::vector<float> x;
  for (int i = 0; i < rows * kChannels; ++i)
    x.push_back(static_cast<float>((i % kChannels + 1) * random.normal() + 10 * (i % kChannels)));
  return x;
}

void moments(const std::vector<float>& x, int channel, double& mean, double& squares) {
  mean = squares = 0;
  const auto rows = static_cast<double>(x.size() / kChannels);
  for (size_t i = static_cast<size_t>(channel); i < x.size(); i += kChannels) mean += double{x[i]} / rows;
  for (size_t i = static_cast<size_t>(channel); i < x.size(); i += kChannels) squares += (x[i] - mean) * (x[i] - mean);
}

TEST(BatchNorm, OutputHasMeanZeroAndDeviationOne) {
  const Shard shard(draw(500, 1), 0.9f);
  for (int c = 0; c < kChannels; ++c) {
    double mean, squares;
    moments(shard.output(), c, mean, squares);
    EXPECT_NEAR(mean, 0, 1e-5) << c;
    EXPECT_NEAR(squares / 500, 1, 2e-3) << c;
  }
}

TEST(BatchNorm, RunningStatisticsAreThoseOfTheWholeBatch) {
  const std::vector<float> a = draw(20, 1), b = draw(35, 2);
  std::vector<float> both = a;
  both.insert(both.end(), b.begin(), b.end());
  const Shard first(a, 0.75f), second(b, 0.75f);
  const std::array calls = {first.call, second.call};
  std::vector<float> mean = {1, 2, 3}, variance = {4, 5, 6};
  const std::array<float*, 5> statistics = {nullptr, nullptr, nullptr, mean.data(), variance.data()};
  find_op("batch_norm")->learn_statistics(calls, statistics);
  for (int c = 0; c < kChannels; ++c) {
    double seen, squares;
    moments(both, c, seen, squares);
    EXPECT_NEAR(mean[static_cast<size_t>(c)], 0.75 * (1 + c) + 0.25 * seen, 1e-4) << c;
    EXPECT_NEAR(variance[static_cast<size_t>(c)], 0.75 * (4 + c) + 0.25 * squares / 54, 1e-4) << c;
  }
}

TEST(BatchNorm, FrozenItKeepsItsStatisticsAndNormalizesByThem) {
  const std::vector<float> x = draw(20, 1);
  const Shard shard(x, 0.75f, true);
  for (size_t i = 0; i < x.size(); ++i)  // mean 0, variance 1
    EXPECT_NEAR(shard.output()[i], x[i] / std::sqrt(1.001f), 1e-5 * (1 + std::fabs(x[i])));
  std::vector<float> mean = {1, 2, 3}, variance = {4, 5, 6};
  const std::array<float*, 5> statistics = {nullptr, nullptr, nullptr, mean.data(), variance.data()};
  find_op("batch_norm")->learn_statistics(std::span(&shard.call, 1), statistics);
  EXPECT_EQ(mean, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(variance, (std::vector<float>{4, 5, 6}));
}

TEST(BatchNorm, OneRowTeachesNothing) {
  const Shard shard({1, 2, 3}, 0.9f);
  std::vector<float> mean = {1, 2, 3}, variance = {4, 5, 6};
  const std::array<float*, 5> statistics = {nullptr, nullptr, nullptr, mean.data(), variance.data()};
  find_op("batch_norm")->learn_statistics(std::span(&shard.call, 1), statistics);
  EXPECT_EQ(mean, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(variance, (std::vector<float>{4, 5, 6}));
}

}  // namespace
}  // namespace mote
