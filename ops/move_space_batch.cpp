// The host half of SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND.
#include "device/space_batch.h"
#include "ops/move_families.h"

namespace mote {

namespace {

SpaceBatch float_space_batch(const FloatCall& call, bool deals) {
  SpaceBatch p{};
  space_batch_setup(call.attributes->as<SpaceBatchAttributes>(), deals, float_info(call.input_shapes[0]),
                    float_info(call.output_shapes[0]), p);
  return p;
}

}  // namespace

int32_t space_batch_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  if (inputs[0].shape.rank != 4) return 3;
  return inputs[0].dtype == DType::int8 ? 2 : 1;
}

Result<void> read_space_batch(Attributes& attributes, std::span<const TensorType> inputs,
                              std::span<const std::span<const uint8_t>> constants) {
  static constexpr char kRule[] =
      "[batch, height, channels] or [batch, height, width, channels], a block size for height and width each (input "
      "1), and two numbers for each, before and after (input 2)";
  return read_operands<SpaceBatchAttributes, kRule>(attributes, inputs, constants);
}

template <bool kDeals>
Result<std::vector<Shape>> infer_space_batch(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 3, 3));
  MOTE_CHECK(expect_movable(inputs, 0));
  const auto a = attributes.as<SpaceBatchAttributes>();
  Shape output;
  if (!space_batch_shape(a, kDeals, inputs[0].shape, output))
    return input_error(fmt::format(
        "blocks of [{}] with [{}] before and [{}] after do not go with its input of shape {}; expected {}",
        fmt::join(a.block, ", "), fmt::join(a.before, ", "), fmt::join(a.after, ", "), to_string(inputs[0].shape),
        kDeals ? "sizes, with what goes around, that are multiples of the blocks"
               : "a batch that is a multiple of all blocks, and crops that leave something"));
  return std::vector{output};
}

template <bool kDeals>
void space_batch_forward(const FloatCall& call) {
  (kDeals ? space_to_batch_run : batch_to_space_run)(float_space_batch(call, kDeals), call.inputs[0], call.outputs[0]);
}

// Each is the other's way back: every place of the image is dealt once, what is around it has no gradient.
template <bool kDeals>
void space_batch_backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  (kDeals ? batch_to_space_run : space_to_batch_run)(float_space_batch(call, kDeals), call.output_gradients[0],
                                                     call.input_gradients[0]);
}

template <bool kDeals>
Result<std::string> space_batch_emit(const EmitCall& call) {
  SpaceBatch p{};
  const Status status = space_batch_setup(call.attributes->as<SpaceBatchAttributes>(), kDeals,
                                          tensor_info(call.input_types[0]), tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format(
      "  static constexpr SpaceBatch p = {{{}, {{{}}}, {{{}}}, {{{}}}, {{{}}}, {}, {}}};\n  {}(p, {}, {});\n",
      p.batches, fmt::join(p.image, ", "), fmt::join(p.dealt, ", "), fmt::join(p.block, ", "),
      fmt::join(p.before, ", "), p.run, p.fill, kDeals ? "space_to_batch_run" : "batch_to_space_run", call.inputs[0],
      call.outputs[0]);
}

OpCase space_batch_case(const char* name, Shape input, std::vector<int32_t> block, std::vector<int32_t> around,
                        uint32_t seed) {
  OpCase result = move_case(name, input, {std::move(block), std::move(around)}, seed);
  result.inputs[2] = make_shape({input.rank - 2, 2});
  result.attributes = Attributes::of(SpaceBatchAttributes{});
  return result;
}

template Result<std::vector<Shape>> infer_space_batch<true>(const Attributes&, std::span<const TensorType>);
template void space_batch_forward<true>(const FloatCall&);
template void space_batch_backward<true>(const FloatCall&);
template Result<std::string> space_batch_emit<true>(const EmitCall&);
template Result<std::vector<Shape>> infer_space_batch<false>(const Attributes&, std::span<const TensorType>);
template void space_batch_forward<false>(const FloatCall&);
template void space_batch_backward<false>(const FloatCall&);
template Result<std::string> space_batch_emit<false>(const EmitCall&);

}  // namespace mote
