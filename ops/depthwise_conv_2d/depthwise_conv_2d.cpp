#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"

#include <fmt/format.h>

#include <algorithm>

#include "ops/depthwise_conv_2d/depthwise_conv_2d_float.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d_nine.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d_packed.h"
#include "ops/pack.h"

namespace mote {

namespace {
namespace depthwise_conv_2d_op {

// TFLite's versioning: 1 float, 2 float with dilation, 3 int8, 5 int16.
int32_t tflite_version(const Attributes& attributes, std::span<const TensorType> inputs, std::span<const TensorType>) {
  if (inputs[0].dtype != DType::float32) return inputs[0].dtype == DType::int8 ? 3 : 5;
  const auto a = attributes.as<DepthwiseConv2DAttributes>();
  return a.dilation_h > 1 || a.dilation_w > 1 ? 2 : 1;
}

// x [B, H, W, I], weights [1, KH, KW, O] with O a multiple of I, optional bias [O] -> [B, OH, OW, O].
Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  const auto a = attributes.as<DepthwiseConv2DAttributes>();
  MOTE_CHECK(expect_weighted_or_int16(inputs));
  if (inputs[0].dtype == DType::int16 && inputs.size() == 3 && inputs[2].shape.rank >= 0)
    MOTE_CHECK(expect_type(inputs, 2, "bias of an int16 input", {DType::int64}));
  MOTE_CHECK(expect_clamping(a.activation));
  const Shape &x = inputs[0].shape, &weights = inputs[1].shape;
  if (x.rank != 4 || x[0] < 1 || x[3] < 1)
    return input_error(fmt::format("the input has shape {}, expected [batch, height, width, channels]", to_string(x)));
  if (weights.rank != 4 || weights[0] != 1 || weights[3] < 1 || weights[3] % x[3] != 0 ||
      (a.depth_multiplier != 0 && a.depth_multiplier != weights[3] / x[3]))
    return input_error(
        fmt::format("the weights have shape {} and the depth multiplier is {}; expected [1, height, width, outputs] "
                    "with the multiplier times the {} channels of the input",
                    to_string(weights), a.depth_multiplier, x[3]));
  MOTE_TRY(const WindowAxis height,
           infer_window("height", x[1], weights[1], a.stride_h, a.dilation_h, a.padding, a.border_h));
  MOTE_TRY(const WindowAxis width,
           infer_window("width", x[2], weights[2], a.stride_w, a.dilation_w, a.padding, a.border_w));
  DepthwiseConv2DGeometry g{};
  if (!depthwise_conv_2d_geometry(a, x, weights, g))
    return input_error(fmt::format("an image of {} is too large for windows of {}", to_string(x), to_string(weights)));
  if (inputs.size() == 3 && inputs[2].shape.rank >= 0 && inputs[2].shape.elements() != weights[3])
    return input_error(fmt::format("the bias has shape {}, expected one number for each of the {} outputs",
                                   to_string(inputs[2].shape), weights[3]));
  return std::vector{make_shape({x[0], height.output, width.output, weights[3]})};
}

DepthwiseConv2DGeometry geometry_of(const Attributes& attributes, const Shape& input, const Shape& weights) {
  DepthwiseConv2DGeometry g{};
  depthwise_conv_2d_geometry(attributes.as<DepthwiseConv2DAttributes>(), input, weights, g);
  return g;
}

// Of the form that takes most.
int64_t scratch_bytes(const DepthwiseConv2DGeometry& g) {
  const int32_t any = depthwise_conv_2d_scratch_bytes(g);
  return is_depthwise_nine(g) ? std::max(any, depthwise_nine_scratch_bytes(g)) : any;
}

OpCost cost(const Attributes& attributes, std::span<const Shape> inputs, std::span<const Shape>) {
  const DepthwiseConv2DGeometry g = geometry_of(attributes, inputs[0], inputs[1]);
  return {depthwise_conv_2d_macs(g), scratch_bytes(g)};
}

// What int8 kernels by planes promise: one strip of rows after the other, in it one channel after the other, or two,
// and of these all is read before any is written. So bytes may be written where those of the same channel were. Not so
// where a strip is one of columns, nor where a channel has several outputs.
std::optional<Overlap> overlap_of_strips(const DepthwiseConv2DGeometry& g, bool turned, int64_t strip) {
  if (g.multiplier > 1 || (turned && strip < g.x.output)) return std::nullopt;
  Overlap overlap{0, g.inputs};
  for (const int64_t image : {0, g.batches - 1})
    for (int64_t y = 0; y < g.y.output; y += turned ? g.y.output : strip) {
      const int64_t written = (image * g.y.output + y) * g.x.output;
      const int64_t row = image * g.y.input + std::max<int64_t>(y * g.y.stride - g.y.before, 0);
      overlap.lead = std::max(overlap.lead, (written - row * g.x.input) * g.inputs);
    }
  return overlap;
}

// Whether the form by pixels takes fewer cycles, by what both take on a Cortex-M4: for each output some 25, 3 a tap and
// 6 a row of taps, against 25, 1.5 a tap and some 900 for each plane.
bool is_for_pixels(const DepthwiseConv2DGeometry& g) {
  const int64_t outputs = int64_t{g.y.output} * g.x.output, taps = int64_t{g.y.filter} * g.x.filter;
  return outputs * (taps + 4 * g.y.filter) < 600;
}

// What the forms by pixels and by lanes promise: pixels in order, and what one sees of a channel is read before that is
// written.
Overlap overlap_of_pixels(const DepthwiseConv2DGeometry& g) {
  Overlap overlap{0, g.inputs};
  for (const int64_t image : {0, g.batches - 1})
    for (int64_t y = 0; y < g.y.output; ++y)
      for (int64_t x = 0; x < g.x.output; ++x) {
        const int64_t written = (image * g.y.output + y) * g.x.output + x;
        const int64_t row = image * g.y.input + std::max<int64_t>(y * g.y.stride - g.y.before, 0);
        const int64_t column = std::max<int64_t>(x * g.x.stride - g.x.before, 0);
        overlap.lead = std::max(overlap.lead, (written - row * g.x.input - column) * g.inputs);
      }
  return overlap;
}

// By planes everywhere, where the weights are no constants or have no other form.
std::optional<Overlap> overlap(const Attributes& attributes, std::span<const TensorType> inputs,
                               const TensorType& output, PackedFor core) {
  const DepthwiseConv2DGeometry g = geometry_of(attributes, inputs[0].shape, inputs[1].shape);
  if (output.dtype != DType::int8) return overlap_of_rows(g.y, inputs[0], output);
  std::optional<Overlap> result = overlap_of_strips(g, g.turned(), depthwise_strip_rows(g));
  if (!result) return result;
  if (core == PackedFor::arm_mve || (core == PackedFor::arm_dsp && is_for_pixels(g)))
    result->lead = std::max(result->lead, overlap_of_pixels(g).lead);
  if (core == PackedFor::arm_dsp && is_depthwise_nine(g)) {
    const auto nine = overlap_of_strips(g, DepthwiseNinePlan::is_turned(g), depthwise_nine_rows(g.x.stride));
    if (nine) result->lead = std::max(result->lead, nine->lead);
  }
  return result;
}

// Strips of an image are never turned, so that all have their filters in one order.
std::optional<RowRule> row_rule(const Attributes& attributes, std::span<const TensorType> inputs, const TensorType&,
                                int32_t rows) {
  DepthwiseConv2DGeometry g = geometry_of(attributes, inputs[0].shape, inputs[1].shape);
  const WindowAxis whole = g.y;
  g.y.output = rows;
  if (g.turned() || (is_depthwise_nine(g) && DepthwiseNinePlan::is_turned(g))) return std::nullopt;
  return RowRule{whole, scratch_bytes(g)};
}

// Of an integer call, by rows of so many as it makes at most.
Status int8_setup(const EmitCall& call, const ConvolutionTensors& tensors, DepthwiseConv2DInt8& p) {
  const Status status = depthwise_conv_2d_setup(call.attributes->as<DepthwiseConv2DAttributes>(), tensors, p);
  if (call.rows > 0) p.g.y.output = call.rows;
  return status;
}

std::string cpp_geometry(const EmitCall& call, const DepthwiseConv2DGeometry& g) {
  return fmt::format("{{{}, {}, {}, {}, {}}}", cpp_rows(call, g.y), cpp_axis(g.x), g.batches, g.inputs, g.multiplier);
}

// Statements that call `function` on the integer form; `scales` declares the constant of that name.
std::string emit_int8(const std::string& scales, const std::string& function, const DepthwiseConv2DInt8& p,
                      const EmitCall& call, const std::string& weights, const std::string& bias) {
  return fmt::format("{}  {} DepthwiseConv2DInt8 p = {{{}, {}, {}}};\n  {}(p, scales, {}, {}, {}, {}, {});\n", scales,
                     cpp_parameters(call), cpp_geometry(call, p.g), p.input_offset, cpp_output(p.output), function,
                     call.inputs[0], weights, bias, call.outputs[0], call.scratch);
}

Result<std::string> emit(const EmitCall& call) {
  const auto a = call.attributes->as<DepthwiseConv2DAttributes>();
  const ConvolutionTensors tensors = convolution_tensors(call);
  const std::string bias = tensors.has_bias ? call.inputs[2] : "nullptr";
  if (tensors.input.type == DType::float32) {
    DepthwiseConv2DFloat32 p{};
    if (const Status status = depthwise_conv_2d_setup(a, tensors, p); status != Status::ok) return refused(status);
    return fmt::format("  {} DepthwiseConv2DFloat32 p = {{{}, {}, {}}};\n  depthwise_conv_2d_run(p, {}, {}, {}, {});\n",
                       cpp_parameters(call), cpp_geometry(call, p.g), cpp_float(p.low), cpp_float(p.high),
                       call.inputs[0], call.inputs[1], bias, call.outputs[0]);
  }
  if (tensors.input.type == DType::int16) {
    DepthwiseConv2DInt16 p{};
    if (const Status status = depthwise_conv_2d_setup(a, tensors, p); status != Status::ok) return refused(status);
    return emit_int16_convolution(call, "DepthwiseConv2D", "depthwise_conv_2d", cpp_geometry(call, p.g), p.output,
                                  p.g.outputs());
  }
  DepthwiseConv2DInt8 p{};
  if (const Status status = int8_setup(call, tensors, p); status != Status::ok) return refused(status);
  return emit_int8(cpp_live_channels(call.input_types[0], call.input_types[1], call.output_types[0], p.g.outputs()),
                   "depthwise_conv_2d_run", p, call, call.inputs[1], bias);
}

template <class T>
std::vector<uint8_t> bytes_of(std::span<const T> list) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(list.data());
  return std::vector(bytes, bytes + list.size_bytes());
}

// What LiveChannels points to.
struct LiveTables {
  std::vector<int32_t> multipliers;
  std::vector<uint16_t> channels;
  std::vector<int8_t> shifts;

  LiveTables(const EmitCall& call, int32_t outputs) : channels(static_cast<size_t>(outputs)) {
    multipliers.resize(channels.size());
    shifts.resize(channels.size());
    const auto& scales = call.input_types[1].quant.scales;
    const int32_t live = derive_live_channels(
        float_bits(call.input_types[0].quant.scales[0]), scales.data(), static_cast<int32_t>(scales.size()),
        float_bits(call.output_types[0].quant.scales[0]), outputs, multipliers.data(), channels.data(), shifts.data());
    multipliers.resize(static_cast<size_t>(live));
    shifts.resize(static_cast<size_t>(live));
  }

  // Statement that declares `scales`.
  std::string keep(const PackedCall& packed) const {
    constexpr DType kUint16 = DType::float16;  // whose arrays are of uint16_t
    return fmt::format("  static constexpr LiveChannels scales = {{{}, {}, {}, {}}};\n",
                       packed.keep("multipliers", DType::int32, bytes_of<int32_t>(multipliers)),
                       packed.keep("channels", kUint16, bytes_of<uint16_t>(channels)),
                       packed.keep("shifts", DType::int8, bytes_of<int8_t>(shifts)), multipliers.size());
  }
};

// The filters of the live channels as PackedFilters has them.
std::vector<uint8_t> packed_filters(const DepthwiseConv2DGeometry& g, const LiveTables& tables,
                                    std::span<const uint8_t> weights) {
  const DepthwisePlan plan(g);
  std::vector<uint8_t> packed;
  std::vector<int16_t> taps(static_cast<size_t>(plan.rows.filter) * static_cast<size_t>(plan.taps_pitch));
  for (size_t i = 0; i < tables.multipliers.size(); ++i) {
    depthwise_taps(plan, reinterpret_cast<const int8_t*>(weights.data()) + tables.channels[i], taps.data());
    for (int16_t tap : taps) packed.push_back(static_cast<uint8_t>(tap));
  }
  return packed;
}

// Taps as DepthwiseNineBlock has them.
std::vector<uint8_t> nine_taps(const DepthwiseConv2DGeometry& g, std::span<const uint8_t> weights) {
  constexpr size_t kOrder[] = {0, 1, 1, 2};
  const auto n = static_cast<size_t>(g.inputs);
  const bool turned = DepthwiseNinePlan::is_turned(g);
  std::vector<uint8_t> packed;
  for (size_t c = 0; c < n; ++c)
    for (size_t row = 0; row < 3; ++row)
      for (size_t column : kOrder) packed.push_back(weights[(turned ? 3 * column + row : 3 * row + column) * n + c]);
  return packed;
}

// Of the forms with a table of device/packed_scale.h. nullopt: neither; by planes.
std::optional<std::string> emit_with_table(const PackedCall& packed, const DepthwiseConv2DInt8& p, bool has_bias) {
  const auto n = static_cast<size_t>(p.g.inputs);
  const bool pixels = n % kScaleOutputs == 0 && is_for_pixels(p.g), nine = !pixels && is_depthwise_nine(p.g);
  if (packed.core != PackedFor::arm_dsp || p.g.multiplier != 1 || (!pixels && !nine)) return std::nullopt;
  std::vector<uint8_t> weights(packed.constants[1].begin(), packed.constants[1].end());
  std::vector<bool> zeros(n, true);
  for (size_t i = 0; i < weights.size(); ++i) zeros[i % n] = zeros[i % n] && weights[i] == 0;
  const std::vector<uint8_t> no_bias(n * sizeof(int32_t));
  const auto bias = has_bias ? packed.constants[2] : no_bias;
  const auto scales = packed_scales(packed.call, p.output, bias, zeros);
  if (!scales) return std::nullopt;
  for (size_t i = 0; i < weights.size(); ++i)
    if ((*scales)[i % n].constant) weights[i] = 0;
  const EmitCall& call = packed.call;
  const std::string parameters =
      fmt::format("p = {{{}, {}, {}}}", cpp_geometry(call, p.g), p.input_offset, 2 * p.output.zero_point + 1);
  const std::string table = packed.keep("scales", DType::int32, packed_scale_table(*scales));
  if (pixels)
    return fmt::format("  {} DepthwisePixels {};\n  depthwise_conv_2d_pixels_run(p, {}, {}, {}, {});\n",
                       cpp_parameters(call), parameters, call.inputs[0], packed.keep("weights", DType::int8, weights),
                       table, call.outputs[0]);
  return fmt::format("  {} DepthwiseNine {};\n  depthwise_conv_2d_nine_run<{}>(p, {}, {}, {}, {}, {});\n",
                     cpp_parameters(call), parameters, p.g.x.stride, call.inputs[0],
                     packed.keep("weights", DType::int8, nine_taps(p.g, weights)), table, call.outputs[0],
                     call.scratch);
}

// For vector units; nullopt: a channel has several filters, or a weight is -128.
std::optional<std::string> emit_lanes(const PackedCall& packed, const DepthwiseConv2DInt8& p,
                                      std::span<const uint8_t> bias) {
  const std::span<const uint8_t> weights = packed.constants[1];
  const auto is_least = [](uint8_t weight) { return weight == 128; };  // -128
  if (p.g.multiplier != 1 || std::any_of(weights.begin(), weights.end(), is_least)) return std::nullopt;
  const int32_t n = p.g.inputs, taps = p.g.y.filter * p.g.x.filter;
  std::vector<uint8_t> by_channel(weights.size());
  std::vector<uint8_t> groups(static_cast<size_t>(depthwise_lanes_weights(n, taps)));
  for (int32_t i = 0; i < n * taps; ++i) {
    const int32_t channel = i % n, tap = i / n;
    const uint8_t weight = weights[static_cast<size_t>(i)];
    by_channel[static_cast<size_t>(channel * taps + tap)] = weight;
    groups[static_cast<size_t>(depthwise_lanes_place(channel, tap, taps))] = weight;
  }
  const LaneTable table =
      lane_table(fold_offset(bias, by_channel, n, taps, p.input_offset), channel_multipliers(packed.call, n));
  return fmt::format(
      "  {} DepthwiseLanes p = {{{}, {}, {}}};\n"
      "  depthwise_conv_2d_lanes_run<{}>(p, {}, {}, {}, {}, {});\n",
      cpp_parameters(packed.call), cpp_geometry(packed.call, p.g), -p.input_offset, cpp_output(p.output), table.usual,
      n, packed.call.inputs[0], packed.keep("weights", DType::int8, groups),
      packed.keep("lanes", DType::int32, table.bytes), packed.call.outputs[0]);
}

// Filters in program memory, their taps in the order of the plane.
std::optional<std::string> emit_flash(const PackedCall& packed, const DepthwiseConv2DInt8& p,
                                      std::span<const uint8_t> bias) {
  const EmitCall& call = packed.call;
  const WindowAxis &rows = p.g.rows(), &columns = p.g.columns();
  const int32_t outputs = p.g.outputs();
  const int64_t step = int64_t{rows.dilation} * depthwise_plane_pitch(p.g);
  if (rows.filter > UINT8_MAX || columns.filter > UINT8_MAX || step > INT16_MAX) return std::nullopt;
  const DepthwiseSteps steps = depthwise_steps(p.g, p.g.x.filter, outputs);
  std::vector<uint8_t> weights;
  for (int32_t o = 0; o < outputs; ++o)
    for (int32_t r = 0; r < rows.filter; ++r)
      for (int32_t c = 0; c < columns.filter; ++c)
        weights.push_back(packed.constants[1][static_cast<size_t>(r * steps.row + c * steps.column + o)]);
  const FlashLayer layer{weights, bias, outputs, rows.filter * columns.filter, p.input_offset, p.output};
  return fmt::format("  {} DepthwiseFlash p = {{{}, {}, {}}};\n  depthwise_conv_2d_flash_run(p, {}, {}, {}, {});\n",
                     cpp_parameters(call), cpp_geometry(call, p.g), -p.input_offset, cpp_output(p.output),
                     keep_flash_filters(packed, layer, channel_multipliers(call, outputs)), call.inputs[0],
                     call.outputs[0], call.scratch);
}

Result<std::optional<std::string>> emit_packed(const PackedCall& packed) {
  const EmitCall& call = packed.call;
  const ConvolutionTensors tensors = convolution_tensors(call);
  if (tensors.input.type != DType::int8 || packed.constants[1].empty() ||
      (tensors.has_bias && packed.constants[2].empty()))
    return std::optional<std::string>();
  DepthwiseConv2DInt8 p{};
  if (const Status status = int8_setup(call, tensors, p); status != Status::ok) return refused(status);
  const std::span<const uint8_t> bias_bytes = tensors.has_bias ? packed.constants[2] : std::span<const uint8_t>();
  if (packed.core == PackedFor::avr) return emit_flash(packed, p, bias_bytes);
  if (packed.core == PackedFor::arm_mve) {
    if (auto lanes = emit_lanes(packed, p, bias_bytes)) return lanes;
  }
  if (auto call_with_table = emit_with_table(packed, p, tensors.has_bias)) return call_with_table;
  const LiveTables tables(call, p.g.outputs());
  if (tables.multipliers.empty()) return std::optional<std::string>();
  const std::string weights = packed.keep("weights", DType::int8, packed_filters(p.g, tables, packed.constants[1]));
  const std::string bias =
      tensors.has_bias ? packed.keep("bias", DType::int32, bytes_of(packed.constants[2])) : "nullptr";
  return std::optional(emit_int8(tables.keep(packed), "depthwise_conv_2d_packed_run", p, call, weights, bias));
}

DepthwiseConv2DAttributes options(Padding padding, int32_t stride = 1, Activation activation = Activation::none,
                                  int32_t dilation = 1) {
  return {static_cast<int8_t>(padding), stride, stride, 1, activation, dilation, dilation};
}

OpCase make_case(const char* name, DepthwiseConv2DAttributes attributes, Shape input, int32_t height, int32_t width,
                 int32_t multiplier = 1) {
  OpCase result;
  result.name = name;
  attributes.depth_multiplier = multiplier;
  result.attributes = Attributes::of(attributes);
  const int32_t outputs = input[3] * multiplier;
  result.inputs = {input, make_shape({1, height, width, outputs}), make_shape({outputs})};
  return result;
}

std::vector<OpCase> cases() {
  constexpr Padding same = Padding::same, valid = Padding::valid;
  DepthwiseConv2DAttributes uneven = options(same);
  uneven.stride_w = 2, uneven.dilation_h = 2;
  std::vector<OpCase> all = {
      make_case("one_to_one", options(valid), make_shape({1, 1, 1, 1}), 1, 1),
      make_case("same", options(same), make_shape({2, 5, 4, 3}), 3, 3),
      make_case("valid", options(valid), make_shape({1, 6, 5, 4}), 3, 2),
      make_case("stride_2", options(same, 2, Activation::relu), make_shape({1, 8, 6, 3}), 3, 3),
      make_case("stride_2_odd", options(same, 2), make_shape({1, 7, 9, 2}), 3, 3),
      make_case("stride_3", options(valid, 3), make_shape({1, 9, 10, 2}), 3, 3),
      make_case("dilation", options(same, 1, Activation::none, 2), make_shape({1, 7, 6, 4}), 3, 3),
      make_case("uneven_steps", uneven, make_shape({1, 7, 8, 5}), 3, 3),
      make_case("relu6", options(same, 1, Activation::relu6), make_shape({1, 4, 4, 8}), 3, 3),
      make_case("multiplier", options(same, 1), make_shape({1, 5, 4, 3}), 3, 3, 4),
      make_case("no_bias", options(same), make_shape({1, 4, 4, 4}), 3, 3),
      make_case("window_larger_than_the_image", options(same), make_shape({1, 2, 2, 4}), 5, 4),
      make_case("tall", options(same, 1, Activation::relu), make_shape({1, 25, 5, 4}), 3, 3),
      make_case("column", options(valid, 1, Activation::relu), make_shape({1, 28, 1, 5}), 5, 1),
      make_case("wide_row", options(same), make_shape({1, 2, 130, 2}), 3, 3),
      make_case("several_strips", options(same), make_shape({1, 48, 40, 2}), 3, 3),
      make_case("from_one_channel", options(same, 2, Activation::relu), make_shape({1, 25, 20, 1}), 10, 8, 8)};
  all[8].low = -2, all[8].high = 2, all[10].inputs.pop_back();
  for (size_t i : {1, 3, 9, 12, 13, 16}) all[i].per_channel = true;
  for (size_t i : {1, 2, 3, 8, 10, 12, 16}) all.push_back(as_int16(all[i]));
  return all;
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const auto small = [&] { return 1 + static_cast<int32_t>(random.below(3)); };
  constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::relu6,
                                         Activation::relu_n1_to_1};
  const auto padding = static_cast<int8_t>(random.below(2));
  DepthwiseConv2DAttributes a{padding, small(), small(), 1, kActivations[random.below(4)], small(), small()};
  const int32_t height = dim(), width = dim(), channels = small();
  const auto filter = [&](int32_t image, int32_t dilation) {  // fits also without padding
    return 1 + static_cast<int32_t>(random.below(static_cast<uint32_t>((image - 1) / dilation + 1))) % 4;
  };
  const int32_t tall = filter(height, a.dilation_h), wide = filter(width, a.dilation_w);
  const Shape image = make_shape({small(), height, width, channels});
  OpCase result = make_case("random", a, image, tall, wide, random.below(3) == 0 ? small() : 1);
  if (random.below(4) == 0) result.inputs.pop_back();
  result.low = -2, result.high = 2, result.per_channel = random.below(2) == 1;
  result.seed = static_cast<uint32_t>(random.bits());
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr DeviceKernel kKernels[] = {{"depthwise_conv_2d_int8", &depthwise_conv_2d_int8},
                                     {"depthwise_conv_2d_int16", &depthwise_conv_2d_int16},
                                     {"depthwise_conv_2d_float32", &depthwise_conv_2d_float32}};

constexpr OpDef kDef = {
    .name = "depthwise_conv_2d",
    .tflite_name = "DEPTHWISE_CONV_2D",
    .tflite_code = 4,
    .tflite_options = 2,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<DepthwiseConv2DAttributes>,
    .visit = visit_attributes<DepthwiseConv2DAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = cost,
    .forward = depthwise_conv_2d_float::forward,
    .backward = depthwise_conv_2d_float::backward,
    .not_trainable = nullptr,
    .float_workspace = depthwise_conv_2d_float::workspace_floats,
    .quant = {{InputRole::activation, InputRole::weights, InputRole::bias}, 3, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = false,
    .device_header = "ops/depthwise_conv_2d/depthwise_conv_2d.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .packed_header = "ops/depthwise_conv_2d/depthwise_conv_2d_packed.h",
    .emit_packed = emit_packed,
    .float_saved = depthwise_conv_2d_float::saved_floats,
    .in_parts = true,
    .takes_line = true,
    .overlap = overlap,
    .row_rule = row_rule,
};

}  // namespace depthwise_conv_2d_op
}  // namespace

extern const OpDef depthwise_conv_2d_def;
const OpDef depthwise_conv_2d_def = depthwise_conv_2d_op::kDef;

}  // namespace mote
