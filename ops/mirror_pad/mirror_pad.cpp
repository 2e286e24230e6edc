#include "ops/mirror_pad/mirror_pad.h"

#include "ops/mapped_family.h"

namespace mote {

static std::string text_of(const MirrorPad& p) {
  return fmt::format("MirrorPad p = {{{}, {{{}}}, {}}}", text_of(p.dims), fmt::join(p.before, ", "), p.skipped);
}

namespace {
namespace mirror_pad_op {

constexpr char kRule[] =
    "two numbers for each of its dimensions, what goes before and after, of what there is to mirror";

OpCase make_case(const char* name, Shape input, std::vector<int32_t> paddings, int8_t mode, uint32_t seed,
                 DType type = DType::int8) {
  OpCase result = move_case(name, input, {}, seed, type);
  result.inputs.push_back(make_shape({input.rank, 2}));
  result.constants = {{}, std::move(paddings)};
  MirrorPadAttributes attributes;
  attributes.mode = mode;
  result.attributes = Attributes::of(attributes);
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("reflect", make_shape({1, 4, 5, 2}), {0, 0, 1, 2, 3, 1, 0, 0}, 0, 1),
          make_case("symmetric", make_shape({1, 4, 5, 2}), {0, 0, 1, 4, 5, 1, 0, 1}, 1, 2),
          make_case("row", make_shape({6}), {5, 5}, 0, 3), make_case("nothing", make_shape({2, 3}), {0, 0, 0, 0}, 1, 4),
          make_case("int16", make_shape({3, 4}), {1, 2, 0, 3}, 0, 5, DType::int16)};
}

OpCase random_case(Random& random) {
  Shape input;
  input.rank = 1 + static_cast<int32_t>(random.below(4));
  const auto mode = static_cast<int8_t>(random.below(2));
  std::vector<int32_t> paddings;
  for (int32_t i = 0; i < input.rank; ++i) {
    input.dims[i] = 1 + static_cast<int32_t>(random.below(4));
    for (int k = 0; k < 2; ++k)
      paddings.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(input.dims[i] + mode))));
  }
  return make_case("random", input, std::move(paddings), mode, static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"mirror_pad_any", &mirror_pad_any}};

constexpr OpDef kDef = {
    .name = "mirror_pad",
    .tflite_name = "MIRROR_PAD",
    .tflite_code = 100,
    .tflite_options = 77,
    .tflite_version = version_1,
    .default_attributes = default_attributes<MirrorPadAttributes>,
    .visit = visit_attributes<MirrorPadAttributes>,
    .read_constants = read_operands<MirrorPadAttributes, kRule>,
    .infer = infer_mapped<MirrorPadAttributes, kRule>,
    .cost = no_cost,
    .forward = mapped_forward<MirrorPadAttributes, MirrorPad>,
    .backward = mapped_backward<MirrorPadAttributes, MirrorPad>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/mirror_pad/mirror_pad.h",
    .kernels = kKernels,
    .emit = mapped_emit<MirrorPadAttributes, MirrorPad>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace mirror_pad_op
}  // namespace

extern const OpDef mirror_pad_def;
const OpDef mirror_pad_def = mirror_pad_op::kDef;

}  // namespace mote
