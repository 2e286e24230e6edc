// The numbers of Keras, and what is refused. The gradient is the conformance harness's to check.
#include "ops/gru/gru.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ops/op.h"

namespace mote {
namespace {

constexpr int32_t kBatch = 2, kSteps = 4, kInputs = 3, kUnits = 2;

std::vector<Shape> shapes() {
  return {make_shape({kBatch, kSteps, kInputs}),
          make_shape({2 * kUnits, kInputs}),
          make_shape({2 * kUnits, kUnits}),
          make_shape({2 * kUnits}),
          make_shape({kUnits, kInputs}),
          make_shape({kUnits, kUnits}),
          make_shape({kUnits})};
}

// Outputs for inputs that follow a rule.
std::vector<float> outputs(bool sequences) {
  const OpDef& gru = *find_op("gru");
  const Attributes attributes = Attributes::of(GruAttributes{sequences});
  const std::vector<Shape> input_shapes = shapes();
  std::vector<std::vector<float>> values;
  std::vector<const float*> inputs;
  for (size_t k = 0; k < input_shapes.size(); ++k) {
    std::vector<float>& each = values.emplace_back();
    for (int32_t i = 0; i < input_shapes[k].elements(); ++i)
      each.push_back(static_cast<float>(std::sin(1 + 0.7 * i + static_cast<double>(k)) * (k == 0 ? 1.6 : 0.8)));
  }
  for (const std::vector<float>& each : values) inputs.push_back(each.data());
  const std::vector<Shape> output_shapes = {sequences ? make_shape({kBatch, kSteps, kUnits})
                                                      : make_shape({kBatch, kUnits})};
  std::vector<float> output(static_cast<size_t>(output_shapes[0].elements()));
  float* const outputs[] = {output.data()};
  FloatCall call;
  call.attributes = &attributes;
  call.input_shapes = input_shapes;
  call.output_shapes = output_shapes;
  call.inputs = inputs;
  call.outputs = outputs;
  std::vector<float> workspace(static_cast<size_t>(gru.float_workspace(call)));
  call.workspace = workspace.data();
  gru.forward(call);
  return output;
}

// tf.keras.layers.GRU(2, reset_after=False) of TensorFlow 2.21, whose kernels hold update, reset, candidate.
constexpr float kOfKeras[kBatch][kSteps][kUnits] = {
    {{-0.26706865f, 0.97057670f}, {0.47645828f, 0.36192924f}, {0.90213019f, 0.16238123f}, {0.34226376f, 0.98880416f}},
    {{0.42455292f, -0.22539386f}, {0.87614518f, -0.15491617f}, {0.36965209f, 0.98015606f}, {0.66669929f, 0.23511350f}}};

TEST(Gru, GivesTheNumbersOfKeras) {
  const std::vector<float> all = outputs(true), last = outputs(false);
  for (size_t b = 0; b < kBatch; ++b)
    for (size_t t = 0; t < kSteps; ++t)
      for (size_t u = 0; u < kUnits; ++u) {
        EXPECT_NEAR(all[(b * kSteps + t) * kUnits + u], kOfKeras[b][t][u], 2e-6) << b << ' ' << t << ' ' << u;
        if (t + 1 < kSteps) continue;
        EXPECT_EQ(last[b * kUnits + u], all[(b * kSteps + t) * kUnits + u]);
      }
}

TEST(Gru, SaysWhatIsWrong) {
  const auto answer = [](const auto& spoil) {
    std::vector<TensorType> inputs;
    for (const Shape& shape : shapes()) inputs.push_back({DType::float32, shape, {}});
    spoil(inputs);
    const auto found = find_op("gru")->infer(Attributes::of(GruAttributes{}), inputs);
    return found.ok() ? to_string((*found)[0]) : found.error().message;
  };
  using testing::HasSubstr;
  EXPECT_EQ(answer([](auto&) {}), "2x2");
  EXPECT_THAT(answer([](auto& in) { in[kGruX].shape = make_shape({2, 3}); }), HasSubstr("[batch, steps, inputs]"));
  EXPECT_THAT(answer([](auto& in) {
                in[kGruGateRecurrent].shape = make_shape({2, 2});
              }),
              HasSubstr("recurrent weights of the gates (input 2) have shape 2x2; expected 4x2"));
  EXPECT_THAT(answer([](auto& in) { in[kGruCandidateWeights].shape = make_shape({2}); }), HasSubstr("[units, inputs]"));
  EXPECT_THAT(answer([](auto& in) { in.resize(6); }), HasSubstr("6 inputs"));
}

}  // namespace
}  // namespace mote
