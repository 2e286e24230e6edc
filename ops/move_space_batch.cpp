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

Result<std::vector<Shape>> infer_space_batch(const Attributes& attributes, std::span<const TensorType> inputs,
                                             bool deals) {
  MOTE_CHECK(expect_inputs(inputs, 3, 3));
  MOTE_CHECK(expect_movable(inputs, 0));
  const auto a = attributes.as<SpaceBatchAttributes>();
  Shape output;
  if (!space_batch_shape(a, deals, inputs[0].shape, output))
    return input_error(fmt::format(
        "blocks of [{}] with [{}] before and [{}] after do not go with its input of shape {}; expected {}",
        fmt::join(a.block, ", "), fmt::join(a.before, ", "), fmt::join(a.after, ", "), to_string(inputs[0].shape),
        deals ? "sizes, with what goes around, that are multiples of the blocks"
              : "a batch that is a multiple of all blocks, and crops that leave something"));
  return std::vector{output};
}

void space_batch_forward(const FloatCall& call, bool deals) {
  (deals ? space_to_batch_run : batch_to_space_run)(float_space_batch(call, deals), call.inputs[0], call.outputs[0]);
}

// Each is the other's way back: every place of the image is dealt once, what is around it has no gradient.
void space_batch_backward(const FloatCall& call, bool deals) {
  if (call.input_gradients[0] == nullptr) return;
  (deals ? batch_to_space_run : space_to_batch_run)(float_space_batch(call, deals), call.output_gradients[0],
                                                    call.input_gradients[0]);
}

Result<std::string> space_batch_emit(const EmitCall& call, bool deals) {
  SpaceBatch p{};
  const Status status = space_batch_setup(call.attributes->as<SpaceBatchAttributes>(), deals,
                                          tensor_info(call.input_types[0]), tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format(
      "  static constexpr SpaceBatch p = {{{}, {{{}}}, {{{}}}, {{{}}}, {{{}}}, {}, {}}};\n  {}(p, {}, {});\n",
      p.batches, fmt::join(p.image, ", "), fmt::join(p.dealt, ", "), fmt::join(p.block, ", "),
      fmt::join(p.before, ", "), p.run, p.fill, deals ? "space_to_batch_run" : "batch_to_space_run", call.inputs[0],
      call.outputs[0]);
}

}  // namespace mote
