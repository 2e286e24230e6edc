// GRU(units): gated recurrent units (Cho et al. 2014) along the steps.
#include "ops/gru/gru.h"

#include <fmt/format.h>

#include <algorithm>

#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace gru_form {

constexpr const char* kNames[] = {"GRU"};
constexpr LayerParameter kParameters[] = {
    {"units", LayerParameter::Kind::count, nullptr},
    {"return_sequences", LayerParameter::Kind::flag, "false"},
};

// Of the update gate: keeps most of the state at first, as a forget gate's does in an LSTM (Jozefowicz et al. 2015).
// With zeros, as in Keras, a window's early steps are gone before its end.
constexpr float kUpdateBias = 2;
constexpr int32_t kMostUnits = 4096;
constexpr int32_t kMostSteps = 128;  // of eleven operators each: a file of some 200 KiB

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  MOTE_CHECK(builder.to_steps());
  const int32_t units = arguments.count(0), steps = builder.shape()[1], inputs = builder.shape().last();
  if (units > kMostUnits)
    return layer_error(arguments.value(0).column, fmt::format("at most {} units are possible", kMostUnits));
  if (steps > kMostSteps)
    return input_error(
        fmt::format("a GRU is exported step by step, and {} steps are more than the {} that are "
                    "possible; put a pool or a Conv1D with strides in front of it, or write \"LSTM({})\"",
                    steps, kMostSteps, units));
  const auto matrix = [&](const char* name, int32_t gates, int32_t columns) {
    return builder.add_parameter(name, make_shape({gates * units, columns}), columns, units);
  };
  const auto bias = [&](const char* name, int32_t gates) {
    return builder.add_equal(name, make_shape({gates * units}), 0, true);
  };
  // In the order of GruInput.
  const int32_t tensors[] = {
      matrix("gates/weights", 2, inputs),     matrix("gates/recurrent", 2, units),     bias("gates/bias", 2),
      matrix("candidate/weights", 1, inputs), matrix("candidate/recurrent", 1, units), bias("candidate/bias", 1)};
  std::ranges::fill(builder.values(tensors[kGruGateBias - 1]).first(static_cast<size_t>(units)), kUpdateBias);
  return builder.add_node("gru", Attributes::of(GruAttributes{arguments.flag(1)}), tensors);
}

constexpr LayerForm kForm = {kNames,
                             {},
                             "gated recurrent units along [steps, channels]; the last step, or all with "
                             "return_sequences; exported step by step",
                             kParameters,
                             FirstInput::as_is,
                             add};

}  // namespace gru_form
}  // namespace

extern const LayerForm gru_layer;
const LayerForm gru_layer = gru_form::kForm;

}  // namespace mote
