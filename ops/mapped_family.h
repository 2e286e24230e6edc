// What the host code of TILE and MIRROR_PAD has in common (device/mapped_copy.h). Host only.
#pragma once
#include "device/mapped_copy.h"
#include "ops/move_families.h"

namespace mote {

template <class Values, const char* kRule>
Result<std::vector<Shape>> infer_mapped(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_movable(inputs, 0));
  Shape output;
  if (inputs[0].shape.rank < 1 || !mapped_shape(attributes.as<Values>(), inputs[0].shape, output))
    return broken_rule(inputs[0], kRule);
  return std::vector{output};
}

template <class Values, class P>
P float_mapped(const FloatCall& call) {
  P p{};
  mapped_checked_setup(call.attributes->as<Values>(), float_info(call.input_shapes[0]),
                       float_info(call.output_shapes[0]), p);
  return p;
}

template <class Values, class P>
void mapped_forward(const FloatCall& call) {
  mapped_run(float_mapped<Values, P>(call), call.inputs[0], call.outputs[0]);
}

// dx: the sum of dy where x went.
template <class Values, class P>
void mapped_backward(const FloatCall& call) {
  float* const dx = call.input_gradients[0];
  if (dx == nullptr) return;
  std::fill_n(dx, call.input_shapes[0].elements(), 0.0f);
  std::vector<int32_t> places(static_cast<size_t>(call.input_shapes[0].elements()));
  std::vector<int32_t> sources(static_cast<size_t>(call.output_shapes[0].elements()));
  for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<int32_t>(i);
  mapped_run(float_mapped<Values, P>(call), places.data(), sources.data());
  for (size_t i = 0; i < sources.size(); ++i) dx[sources[i]] += call.output_gradients[0][i];
}

std::string text_of(const MappedDims& dims);

template <class Values, class P>
Result<std::string> mapped_emit(const EmitCall& call) {
  P p{};
  const Status status = mapped_checked_setup(call.attributes->as<Values>(), tensor_info(call.input_types[0]),
                                             tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr {};\n  mapped_run(p, {}, {});\n", text_of(p), call.inputs[0], call.outputs[0]);
}

}  // namespace mote
