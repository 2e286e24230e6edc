#include "ops/conv_2d/conv_2d.h"

#include <fmt/format.h>

#include <algorithm>

#include "ops/conv_2d/conv_2d_float.h"
#include "ops/conv_2d/conv_2d_packed.h"
#include "ops/pack.h"

namespace mote {

namespace {
namespace conv_2d_op {

// TFLite's versioning: 1 float, 3 int8, 4 int16, 6 with groups.
int32_t tflite_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  if (inputs[0].shape.last() != inputs[1].shape.last()) return 6;
  return inputs[0].dtype == DType::int8 ? 3 : inputs[0].dtype == DType::int16 ? 4 : 1;
}

// x [B, H, W, I], weights [O, KH, KW, I / groups], optional bias [O] -> [B, OH, OW, O].
Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  const auto a = attributes.as<Conv2DAttributes>();
  MOTE_CHECK(expect_weighted_or_int16(inputs));
  MOTE_CHECK(expect_clamping(a.activation));
  const Shape &x = inputs[0].shape, &weights = inputs[1].shape;
  if (x.rank != 4 || x[0] < 1 || x[3] < 1)
    return input_error(fmt::format("the input has shape {}, expected [batch, height, width, channels]", to_string(x)));
  if (weights.rank != 4 || weights[0] < 1 || weights[3] < 1 || x[3] % weights[3] != 0 ||
      weights[0] % (x[3] / weights[3]) != 0)
    return input_error(
        fmt::format("the weights have shape {}, expected [outputs, height, width, channels] with the {} channels of "
                    "the input, or an even part of them and outputs that divide into as many groups",
                    to_string(weights), x[3]));
  MOTE_TRY(const WindowAxis height,
           infer_window("height", x[1], weights[1], a.stride_h, a.dilation_h, a.padding, a.border_h));
  MOTE_TRY(const WindowAxis width,
           infer_window("width", x[2], weights[2], a.stride_w, a.dilation_w, a.padding, a.border_w));
  if (inputs.size() == 3 && inputs[2].shape.rank >= 0 && inputs[2].shape.elements() != weights[0])
    return input_error(fmt::format("the bias has shape {}, expected one number for each of the {} outputs",
                                   to_string(inputs[2].shape), weights[0]));
  return std::vector{make_shape({x[0], height.output, width.output, weights[0]})};
}

Conv2DGeometry geometry_of(const Attributes& attributes, const Shape& input, const Shape& weights) {
  Conv2DGeometry g{};
  conv_2d_geometry(attributes.as<Conv2DAttributes>(), input, weights, g);
  return g;
}

OpCost cost(const Attributes& attributes, std::span<const Shape> inputs, std::span<const Shape>) {
  const Conv2DGeometry g = geometry_of(attributes, inputs[0], inputs[1]);
  return {conv_2d_macs(g), conv_2d_scratch_bytes(g)};
}

// What int8 kernels promise: pixels in order, and all that a pixel sees is read before it or a later one is written.
Overlap overlap_of_pixels(const Conv2DGeometry& g) {
  const int64_t input_row = int64_t{g.x.input} * g.inputs;
  const int64_t above = g.y.before / g.y.stride, left = g.x.before / g.x.stride;
  Overlap overlap{0};
  // What is written less what is no more read is linear in the image and, where the padding ends and behind, in the row
  // and in the column: the greatest is at an end.
  for (const int64_t image : {0, g.batches - 1})
    for (const int64_t y : {above, above + 1, int64_t{g.y.output} - 1})
      for (const int64_t x : {int64_t{0}, left, left + 1, int64_t{g.x.output} - 1}) {
        if (y >= g.y.output || x >= g.x.output) continue;
        const int64_t written = (image * g.pixels() + y * g.x.output + x) * g.outputs;
        const int64_t row = image * g.y.input + std::max<int64_t>(y * g.y.stride - g.y.before, 0);
        const int64_t column = std::max<int64_t>(x * g.x.stride - g.x.before, 0);
        overlap.lead = std::max(overlap.lead, written - row * input_row - column * g.inputs);
      }
  return overlap;
}

// The kernels go over the image once for each group.
std::optional<Overlap> overlap(const Attributes& attributes, std::span<const TensorType> inputs,
                               const TensorType& output, PackedFor) {
  const Conv2DGeometry g = geometry_of(attributes, inputs[0].shape, inputs[1].shape);
  if (g.groups() > 1) return std::nullopt;
  return output.dtype == DType::int8 ? overlap_of_pixels(g) : overlap_of_rows(g.y, inputs[0], output);
}

std::optional<RowRule> row_rule(const Attributes& attributes, std::span<const TensorType> inputs, const TensorType&,
                                int32_t) {
  const Conv2DGeometry g = geometry_of(attributes, inputs[0].shape, inputs[1].shape);
  return RowRule{g.y, conv_2d_scratch_bytes(g)};
}

std::string cpp_geometry(const EmitCall& call, const Conv2DGeometry& g) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}}}", cpp_rows(call, g.y), cpp_axis(g.x), g.batches, g.inputs, g.outputs,
                     g.depth);
}

Result<std::string> emit(const EmitCall& call) {
  const auto a = call.attributes->as<Conv2DAttributes>();
  const ConvolutionTensors tensors = convolution_tensors(call);
  const std::string bias = tensors.has_bias ? call.inputs[2] : "nullptr";
  if (tensors.input.type == DType::float32) {
    Conv2DFloat32 p{};
    if (const Status status = conv_2d_setup(a, tensors, p); status != Status::ok) return refused(status);
    return fmt::format("  {} Conv2DFloat32 p = {{{}, {}, {}}};\n  conv_2d_run(p, {}, {}, {}, {});\n",
                       cpp_parameters(call), cpp_geometry(call, p.g), cpp_float(p.low), cpp_float(p.high),
                       call.inputs[0], call.inputs[1], bias, call.outputs[0]);
  }
  if (tensors.input.type == DType::int16) {
    Conv2DInt16 p{};
    if (const Status status = conv_2d_setup(a, tensors, p); status != Status::ok) return refused(status);
    return emit_int16_convolution(call, "Conv2D", "conv_2d", cpp_geometry(call, p.g), p.output, p.g.outputs);
  }
  Conv2DInt8 p{};
  if (const Status status = conv_2d_setup(a, tensors, p); status != Status::ok) return refused(status);
  return fmt::format(
      "{}  {} Conv2DInt8 p = {{{}, {}, {}}};\n"
      "  conv_2d_run(p, scales, {}, {}, {}, {}, {});\n",
      cpp_live_channels(call.input_types[0], call.input_types[1], call.output_types[0], p.g.outputs),
      cpp_parameters(call), cpp_geometry(call, p.g), p.input_offset, cpp_output(p.output), call.inputs[0],
      call.inputs[1], bias, call.outputs[0], call.scratch);
}

// Rows filled up with zeros to `columns`.
std::vector<uint8_t> widened_rows(std::span<const uint8_t> weights, int32_t rows, int32_t columns) {
  const auto width = weights.size() / static_cast<size_t>(rows);
  std::vector<uint8_t> result(static_cast<size_t>(int64_t{rows} * columns));
  for (size_t r = 0; r < static_cast<size_t>(rows); ++r)
    std::copy_n(weights.begin() + static_cast<int64_t>(r * width), width,
                result.begin() + static_cast<int64_t>(r) * columns);
  return result;
}

// Makes of the starts of whole groups those of conv_2d_packed.h. False: the sum of an odd row can go beyond its 24
// bits.
bool join_starts(std::span<const uint8_t> weights, std::vector<PackedScale>& scales) {
  const size_t columns = weights.size() / scales.size();
  for (size_t r = 1; r < scales.size() / kPackedRows * kPackedRows; r += 2) {
    const auto even = static_cast<uint32_t>(scales[r - 1].start), odd = static_cast<uint32_t>(scales[r].start);
    int64_t most = std::abs(int64_t{scales[r].start});
    for (uint8_t weight : weights.subspan(r * columns, columns)) most += 128 * std::abs(static_cast<int8_t>(weight));
    if (most >= 1 << 23) return false;
    scales[r - 1].start = static_cast<int32_t>(even + 256 * odd);
    scales[r].start = static_cast<int32_t>(even);
  }
  return true;
}

const char* packed_function(const Conv2DGeometry& g) {
  const auto all = [&g](auto condition) { return condition(g.y) && condition(g.x); };
  if (g.depth % 4 == 0 &&
      all([](const WindowAxis& a) { return a.filter == 1 && a.stride == 1 && a.output == a.input; }))
    return "conv_2d_packed_pointwise_run";
  return all([](const WindowAxis& a) { return a.dilation == 1 || a.filter == 1; }) ? "conv_2d_packed_run<false>"
                                                                                   : "conv_2d_packed_run<true>";
}

// For vector units.
std::string emit_lanes(const PackedCall& packed, const Conv2DInt8& p, std::span<const uint8_t> bias) {
  const EmitCall& call = packed.call;
  const std::span<const uint8_t> weights = packed.constants[1];
  const LaneTable table = lane_table(fold_offset(bias, weights, p.g.outputs, p.g.patch(), p.input_offset),
                                     channel_multipliers(call, p.g.outputs));
  return fmt::format("  {} Conv2DLanes p = {{{}, {}, {}}};\n  conv_2d_lanes_run<{}>(p, {}, {}, {}, {}, {}, {});\n",
                     cpp_parameters(call), cpp_geometry(call, p.g), -p.input_offset, cpp_output(p.output), table.usual,
                     p.g.outputs, call.inputs[0], packed.keep("weights", DType::int8, {weights.begin(), weights.end()}),
                     packed.keep("lanes", DType::int32, table.bytes), call.outputs[0], call.scratch);
}

// By rows in program memory.
std::optional<std::string> emit_flash(const PackedCall& packed, const Conv2DInt8& p, std::span<const uint8_t> bias) {
  const EmitCall& call = packed.call;
  const FlashLayer layer{packed.constants[1], bias, p.g.outputs, p.g.patch(), p.input_offset, p.output};
  if (p.g.groups() != 1 || !fits_flash_rows(layer)) return std::nullopt;
  return fmt::format("  {} Conv2DFlash p = {{{}, {}, {}}};\n  conv_2d_flash_run(p, {}, {}, {}, {});\n",
                     cpp_parameters(call), cpp_geometry(call, p.g), -p.input_offset, cpp_flash_rows(layer, p.g.outputs),
                     keep_flash_rows(packed, layer, channel_multipliers(call, p.g.outputs)), call.inputs[0],
                     call.outputs[0], call.scratch);
}

Result<std::optional<std::string>> emit_packed(const PackedCall& packed) {
  const EmitCall& call = packed.call;
  const ConvolutionTensors tensors = convolution_tensors(call);
  const std::span<const uint8_t> bias = tensors.has_bias ? packed.constants[2] : std::span<const uint8_t>();
  if (packed.core == PackedFor::plain || tensors.input.type != DType::int8 || packed.constants[1].empty() ||
      (tensors.has_bias && bias.empty()))
    return std::optional<std::string>();
  Conv2DInt8 p{};
  if (const Status status = conv_2d_setup(call.attributes->as<Conv2DAttributes>(), tensors, p); status != Status::ok)
    return refused(status);
  if (packed.core == PackedFor::avr) return emit_flash(packed, p, bias);
  if (p.g.groups() != 1) return std::optional<std::string>();
  if (packed.core == PackedFor::arm_mve) return std::optional(emit_lanes(packed, p, bias));
  std::vector<uint8_t> weights(packed.constants[1].begin(), packed.constants[1].end());
  const auto row = [&](size_t o) { return weights.begin() + static_cast<int64_t>(o) * p.g.patch(); };
  std::vector<bool> zeros(static_cast<size_t>(p.g.outputs));
  for (size_t o = 0; o < zeros.size(); ++o)
    zeros[o] = std::all_of(row(o), row(o) + p.g.patch(), [](uint8_t weight) { return weight == 0; });
  auto scales =
      packed_scales(call, p.output, fold_offset(bias, weights, p.g.outputs, p.g.patch(), p.input_offset), zeros);
  if (!scales) return std::optional<std::string>();
  for (size_t o = 0; o < zeros.size(); ++o)
    if ((*scales)[o].constant) std::fill(row(o), row(o) + p.g.patch(), uint8_t{0});
  const int32_t columns = conv_2d_packed_columns(p.g);
  const auto rows = pack_rows(widened_rows(weights, p.g.outputs, columns), p.g.outputs, columns);
  if (!rows || !join_starts(weights, *scales)) return std::optional<std::string>();
  return std::optional(
      fmt::format("  {} Conv2DPacked p = {{{}, {}, {}}};\n  {}(p, {}, {}, {}, {}, {});\n", cpp_parameters(call),
                  cpp_geometry(call, p.g), -p.input_offset, 2 * p.output.zero_point + 1, packed_function(p.g),
                  call.inputs[0], packed.keep("weights", DType::int8, *rows),
                  packed.keep("scales", DType::int32, packed_scale_table(*scales)), call.outputs[0], call.scratch));
}

Conv2DAttributes options(Padding padding, int32_t stride = 1, Activation activation = Activation::none,
                         int32_t dilation = 1) {
  return {static_cast<int8_t>(padding), stride, stride, activation, dilation, dilation};
}

// `weights`: outputs, height, width, channels.
OpCase make_case(const char* name, Conv2DAttributes attributes, Shape input, Shape weights) {
  OpCase result;
  result.name = name;
  result.attributes = Attributes::of(attributes);
  result.inputs = {input, weights, make_shape({weights[0]})};
  return result;
}

// int16 activations whose bias has 32 bits, and so the sum.
OpCase narrow_bias_case() {
  OpCase result = make_case("int16_bias_int32", options(Padding::same, 1, Activation::relu), make_shape({1, 5, 4, 6}),
                            make_shape({4, 3, 3, 6}));
  const float input = 1.0f / 32767, weights = 1.0f / 127;
  const auto scaled = [](DType type, float scale) { return TensorType{type, {}, {{scale}, {0}, 0}}; };
  result.integer_types = {scaled(DType::int16, input), scaled(DType::int8, weights),
                          scaled(DType::int32, input * weights), scaled(DType::int16, 8 * input)};
  return result;
}

std::vector<OpCase> cases() {
  constexpr Padding same = Padding::same, valid = Padding::valid;
  Conv2DAttributes uneven = options(same);
  uneven.stride_h = 2, uneven.dilation_w = 2;
  std::vector<OpCase> all = {
      make_case("one_to_one", options(valid), make_shape({1, 1, 1, 1}), make_shape({1, 1, 1, 1})),
      make_case("same", options(same), make_shape({1, 5, 4, 3}), make_shape({4, 3, 3, 3})),
      make_case("valid", options(valid), make_shape({2, 6, 5, 4}), make_shape({3, 3, 2, 4})),
      make_case("stride_2_even", options(same, 2, Activation::relu), make_shape({1, 8, 8, 3}),
                make_shape({8, 3, 3, 3})),
      make_case("dilation", options(same, 1, Activation::none, 2), make_shape({1, 7, 6, 4}), make_shape({5, 3, 3, 4})),
      make_case("uneven_steps", uneven, make_shape({1, 7, 8, 5}), make_shape({2, 3, 3, 5})),
      make_case("relu6", options(same, 1, Activation::relu6), make_shape({1, 4, 4, 8}), make_shape({6, 3, 3, 8})),
      make_case("relu_n1_to_1", options(valid, 1, Activation::relu_n1_to_1), make_shape({1, 4, 4, 8}),
                make_shape({7, 1, 1, 8})),
      make_case("groups", options(same), make_shape({1, 4, 3, 6}), make_shape({4, 3, 3, 3})),
      make_case("window_larger_than_the_image", options(same), make_shape({1, 2, 2, 4}), make_shape({4, 5, 5, 4})),
      make_case("kws_first_layer", options(same, 2, Activation::relu), make_shape({1, 25, 10, 1}),
                make_shape({16, 10, 4, 1})),
      make_case("pointwise", options(same, 1, Activation::relu), make_shape({1, 5, 5, 64}), make_shape({64, 1, 1, 64})),
      make_case("shortcut", options(same, 2), make_shape({1, 8, 8, 16}), make_shape({32, 1, 1, 16})),
      make_case("along_one_axis", options(valid, 1, Activation::relu), make_shape({1, 1, 30, 6}),
                make_shape({9, 1, 5, 6})),
  };
  all[6].low = -2, all[6].high = 2;
  for (size_t i : {1, 4, 8, 10, 11}) all[i].per_channel = true;
  for (size_t i : {1, 2, 5, 6, 8}) all.push_back(as_int16(all[i]));
  all.push_back(narrow_bias_case());
  return all;
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const auto small = [&] { return 1 + static_cast<int32_t>(random.below(3)); };
  constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::relu6,
                                         Activation::relu_n1_to_1};
  const auto padding = static_cast<int8_t>(random.below(2));
  Conv2DAttributes a{padding, small(), small(), kActivations[random.below(4)], small(), small()};
  const int32_t groups = random.below(4) == 0 ? small() : 1, depth = small(), outputs = groups * small();
  const int32_t height = dim(), width = dim();
  const auto filter = [&](int32_t image, int32_t dilation) {  // fits also without padding
    return 1 + static_cast<int32_t>(random.below(static_cast<uint32_t>((image - 1) / dilation + 1))) % 4;
  };
  const Shape weights = make_shape({outputs, filter(height, a.dilation_h), filter(width, a.dilation_w), depth});
  OpCase result = make_case("random", a, make_shape({small(), height, width, groups * depth}), weights);
  result.low = -2, result.high = 2;
  result.per_channel = random.below(2) == 1;
  result.seed = static_cast<uint32_t>(random.bits());
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr DeviceKernel kKernels[] = {
    {"conv_2d_int8", &conv_2d_int8}, {"conv_2d_int16", &conv_2d_int16}, {"conv_2d_float32", &conv_2d_float32}};

constexpr OpDef kDef = {
    .name = "conv_2d",
    .tflite_name = "CONV_2D",
    .tflite_code = 3,
    .tflite_options = 1,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<Conv2DAttributes>,
    .visit = visit_attributes<Conv2DAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = cost,
    .forward = conv_2d_float::forward,
    .backward = conv_2d_float::backward,
    .not_trainable = nullptr,
    .float_workspace = conv_2d_float::workspace_floats,
    .quant = {{InputRole::activation, InputRole::weights, InputRole::bias}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = false,
    .device_header = "ops/conv_2d/conv_2d.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .packed_header = "ops/conv_2d/conv_2d_packed.h",
    .emit_packed = emit_packed,
    .float_saved = conv_2d_float::saved_floats,
    .in_parts = true,
    .takes_line = true,
    .overlap = overlap,
    .row_rule = row_rule,
};

}  // namespace conv_2d_op
}  // namespace

extern const OpDef conv_2d_def;
const OpDef conv_2d_def = conv_2d_op::kDef;

}  // namespace mote
