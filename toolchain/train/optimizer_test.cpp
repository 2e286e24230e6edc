#include "toolchain/train/optimizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <vector>

#include "toolchain/base/random.h"
#include "toolchain/train/test_models.h"

namespace mote {
namespace {

TEST(Optimizer, WeightDecayLeavesBiasesAlone) {
  const Graph graph = dense_graph({"Dense(3)"}, 4);
  const ParameterLayout layout = ParameterLayout::of(graph);
  TrainConfig config;
  config.optimizer = Optimizer::adamw, config.weight_decay = 0.5f;
  OptimizerState state{FloatBuffer(layout.total), FloatBuffer(layout.total), 0};
  FloatBuffer weights(layout.total), gradients(layout.total);
  std::fill_n(weights.data(), layout.total, 1.0f);
  update_parameters(config, layout, next_update(config, 0.1, state), {0, layout.total}, gradients.data(), state,
                    weights.data());
  for (const Parameter& p : layout.parameters) EXPECT_FLOAT_EQ(weights.data()[p.offset], p.matrix ? 0.95f : 1.0f);
}

TEST(Optimizer, PiecesMoveEveryWeightAsTheWholeDoes) {
  const Graph graph = dense_graph({"Dense(131)", "Dense(97)", "Dense(3)"}, 303);
  const ParameterLayout layout = ParameterLayout::of(graph);
  ASSERT_GT(pieces_of(layout), 2);
  Random random(5);
  FloatBuffer gradients(layout.total);
  for (float& gradient : std::span(gradients.data(), static_cast<size_t>(layout.total)))
    gradient = static_cast<float>(random.normal());
  const TrainConfig config;
  const auto updated = [&](bool whole) {
    OptimizerState state{FloatBuffer(layout.total), FloatBuffer(layout.total), 0};
    FloatBuffer weights(layout.total);
    load_parameters(graph, layout, weights.data());
    const UpdateStep step = next_update(config, 0.1, state);
    for (int32_t i = 0; i < (whole ? 1 : pieces_of(layout)); ++i)
      update_parameters(config, layout, step, whole ? WeightPiece{0, layout.total} : piece_of(layout, i),
                        gradients.data(), state, weights.data());
    return std::vector<float>(weights.data(), weights.data() + layout.total);
  };
  EXPECT_EQ(updated(true), updated(false));
}

}  // namespace
}  // namespace mote
