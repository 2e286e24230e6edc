// LSTM(units): a long short-term memory (Hochreiter and Schmidhuber 1997, with forget gates: Gers et al. 2000) along
// the steps. The cell is clipped, while training too, so that int8 models know its range.
#include <fmt/format.h>

#include "ops/slice/slice.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace lstm_form {

constexpr const char* kNames[] = {"LSTM"};
constexpr LayerParameter kParameters[] = {
    {"units", LayerParameter::Kind::count, nullptr},
    {"return_sequences", LayerParameter::Kind::flag, "false"},
};

constexpr float kCellClip = 8;  // of what a 16-bit cell of scale 2^-12 holds
// Remembers at first (Jozefowicz et al. 2015). With 1, as in Keras, a cell loses a quarter in each step, so that a
// window's early steps are gone before its end.
constexpr float kForgetBias = 2;
constexpr int32_t kMostUnits = 4096;

Result<void> take_last_step(GraphBuilder& builder) {
  const int32_t steps = builder.shape()[1], units = builder.shape()[2];
  SliceAttributes attributes;
  attributes.begin[1] = steps - 1;
  attributes.size[0] = attributes.size[2] = kWholeDimension;
  attributes.size[1] = 1;
  const int32_t begin = builder.add_integers("begin", make_shape({3}), {0, steps - 1, 0});
  const int32_t size = builder.add_integers("size", make_shape({3}), {kWholeDimension, 1, kWholeDimension});
  if (steps > 1) MOTE_CHECK(builder.add_node("slice", Attributes::of(attributes), {{begin, size}}));
  return builder.add_reshape({units});
}

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  MOTE_CHECK(builder.to_steps());
  const int32_t units = arguments.count(0), inputs = builder.shape().last();
  if (units > kMostUnits)
    return layer_error(arguments.value(0).column, fmt::format("at most {} units are possible", kMostUnits));
  std::vector<int32_t> tensors(kLstmInputs, kAbsent);
  constexpr const char* kGates[kLstmGates] = {"input", "forget", "cell", "output"};
  for (int32_t gate = 0; gate < kLstmGates; ++gate) {
    const auto place = [&](int32_t first) -> int32_t& { return tensors[static_cast<size_t>(first + gate)]; };
    const std::string name = std::string(kGates[gate]) + "_gate/";
    place(kLstmWeights) = builder.add_parameter(name + "weights", make_shape({units, inputs}), inputs, units);
    place(kLstmRecurrent) = builder.add_parameter(name + "recurrent", make_shape({units, units}), units, units);
    place(kLstmBiases) =
        builder.add_equal(name + "bias", make_shape({units}), gate == kForgetGate ? kForgetBias : 0, true);
  }
  tensors[kLstmHidden] = builder.add_state("hidden", make_shape({1, units}));
  tensors[kLstmCell] = builder.add_state("cell", make_shape({1, units}));
  UnidirectionalSequenceLstmAttributes attributes;
  attributes.activation = Activation::tanh;
  attributes.cell_clip = kCellClip;
  MOTE_CHECK(
      builder.add_node("unidirectional_sequence_lstm", Attributes::of(attributes), std::span(tensors).subspan(1)));
  return arguments.flag(1) ? Result<void>() : take_last_step(builder);
}

constexpr LayerForm kForm = {
    kNames,
    {},
    "a long short-term memory along [steps, channels]; its last step, or all with return_sequences",
    kParameters,
    FirstInput::as_is,
    add};

}  // namespace lstm_form
}  // namespace

extern const LayerForm lstm_layer;
const LayerForm lstm_layer = lstm_form::kForm;

}  // namespace mote
