#include "ops/op.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "device/kernel.h"

namespace mote {

InputRole input_role(const OpDef& op, size_t input) {
  return op.quant.inputs[std::min(input, std::size(op.quant.inputs) - 1)];
}

std::vector<const OpDef*> ops_with_cases() {
  std::vector<const OpDef*> ops(all_ops().begin(), all_ops().end());
  std::erase_if(ops, [](const OpDef* op) { return op->cases == nullptr; });
  return ops;
}

size_t data_input(const OpDef& op) {
  size_t i = 0;
  while (input_role(op, i) != InputRole::activation && input_role(op, i) != InputRole::number) ++i;
  return i;
}

std::string packed_header(const OpDef& op, PackedFor core) {
  return core == PackedFor::avr ? fmt::format("ops/{0}/{0}_flash.h", op.name) : op.packed_header;
}

bool runs_integers(const OpDef& op) {
  return std::any_of(op.kernels.begin(), op.kernels.end(),
                     [](const DeviceKernel& each) { return each.kernel->input_type != DType::float32; });
}

Result<void> expect_inputs(std::span<const TensorType> inputs, size_t least, size_t most) {
  if (inputs.size() < least || inputs.size() > most)
    return input_error(least == most ? fmt::format("it has {} inputs, expected {}", inputs.size(), least)
                                     : fmt::format("it has {} inputs, expected {} to {}", inputs.size(), least, most));
  for (size_t i = 0; i < least; ++i)
    if (inputs[i].shape.rank < 0) return input_error(fmt::format("input {} is absent, but it is not optional", i));
  return {};
}

namespace {

// What a converter was told, or was not, for a tensor to have a type that none of `allowed` is.
std::string conversion_hint(std::span<const TensorType> inputs, size_t index, std::initializer_list<DType> allowed) {
  const DType found = inputs[index].dtype;
  const bool int8 = std::find(allowed.begin(), allowed.end(), DType::int8) != allowed.end();
  if (found == DType::uint8 && int8)
    return "; uint8 is the quantization of TensorFlow 1: convert with TensorFlow 2, which quantizes to int8";
  if (found == DType::int8 && index > 0 && inputs[0].dtype == DType::float32)
    return "; int8 weights of a float model are dynamic-range quantization: give the converter a representative data "
           "set, for int8 throughout, or no optimization, for float32";
  if (found == DType::float16) return "; convert without float16 weights";
  return "";
}

}  // namespace

Result<void> expect_type(std::span<const TensorType> inputs, size_t index, const char* what,
                         std::initializer_list<DType> allowed) {
  const DType found = inputs[index].dtype;
  if (std::find(allowed.begin(), allowed.end(), found) != allowed.end()) return {};
  std::string expected;
  for (DType type : allowed) expected += (expected.empty() ? "" : " or ") + to_string(type);
  return input_error(fmt::format("the {} (input {}) is {}; mote runs {}{}", what, index, to_string(found), expected,
                                 conversion_hint(inputs, index, allowed)));
}

Result<void> expect_weighted(std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 3));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8}));
  MOTE_CHECK(expect_type(inputs, 1, "weights", {inputs[0].dtype}));
  if (inputs.size() == 3 && inputs[2].shape.rank >= 0)
    MOTE_CHECK(expect_type(inputs, 2, "bias", {inputs[0].dtype == DType::int8 ? DType::int32 : DType::float32}));
  return {};
}

Result<void> expect_weighted_or_int16(std::span<const TensorType> inputs) {
  if (inputs.size() < 2 || inputs[0].dtype != DType::int16) return expect_weighted(inputs);
  MOTE_CHECK(expect_inputs(inputs, 2, 3));
  MOTE_CHECK(expect_type(inputs, 1, "weights of an int16 input", {DType::int8}));
  if (inputs.size() == 3 && inputs[2].shape.rank >= 0)
    MOTE_CHECK(expect_type(inputs, 2, "bias", {DType::int64, DType::int32}));
  return {};
}

Result<WindowAxis> infer_window(const char* what, int32_t input, int32_t filter, int32_t stride, int32_t dilation,
                                int8_t padding, WindowBorder border) {
  WindowAxis axis{};
  if (window_axis(input, filter, stride, dilation, padding, border, axis)) return axis;
  return input_error(fmt::format(
      "a window of {} {} with dilation {}, stride {} and padding {} does not go over an image of {} {}; expected sizes "
      "and steps of at least 1, SAME (0) or VALID (1) padding, a window within 32767, and for VALID within the image",
      what, filter, dilation, stride, padding, what, input));
}

Result<void> expect_clamping(Activation activation) {
  if (is_clamping(activation)) return {};
  return input_error(
      fmt::format("fused activation number {} is not supported; mote runs none, relu, relu6 and relu_n1_to_1",
                  static_cast<int>(activation)));
}

TensorInfo tensor_info(const TensorType& type) {
  TensorInfo info;
  info.type = type.dtype;
  info.shape = type.shape;
  info.quantization.scales = type.quant.scales.data();
  info.quantization.count = static_cast<int32_t>(type.quant.scales.size());
  info.quantization.zero_point = type.quant.zero_points.empty() ? 0 : type.quant.zero_points[0];
  info.quantization.axis = type.quant.axis;
  return info;
}

Error refused(Status status) {
  switch (status) {
    case Status::unsupported_type:
      return input_error("mote has no kernel for these data types");
    case Status::unsupported_shape:
      return input_error("the shapes break the operator's shape rule");
    case Status::unsupported_option:
      return input_error("an option has a value that the kernel does not implement");
    case Status::bad_quantization:
      return input_error("a scale or zero point is missing, not finite, or outside what the operator allows");
    default:
      return defect(fmt::format("the device's setup gives status {}", static_cast<int>(status)));
  }
}

ConvolutionTensors convolution_tensors(const EmitCall& call) {
  ConvolutionTensors tensors;
  tensors.input = tensor_info(call.input_types[0]);
  tensors.weights = tensor_info(call.input_types[1]);
  tensors.output = tensor_info(call.output_types[0]);
  tensors.has_bias = call.input_types.size() > 2 && call.input_types[2].shape.rank >= 0;
  if (tensors.has_bias) tensors.bias = tensor_info(call.input_types[2]);
  return tensors;
}

std::string cpp_output(const Int16Output& output) {
  return fmt::format("{{{}, {}, {}}}", output.low, output.high, output.wide);
}

std::string cpp_output(const Int8Output& output) {
  return fmt::format("{{{}, {}, {}}}", output.zero_point, output.low, output.high);
}

std::string cpp_axis(const WindowAxis& a) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}}}", a.input, a.output, a.filter, a.stride, a.dilation, a.before);
}

std::string cpp_rows(const EmitCall& call, const WindowAxis& y) {
  return call.rows > 0 ? "y" : cpp_axis(y);
}

const char* cpp_parameters(const EmitCall& call) {
  return call.rows > 0 ? "const" : "static constexpr";
}

std::string cpp_live_channels(const TensorType& input, const TensorType& weights, const TensorType& output,
                              int32_t outputs) {
  std::vector<int32_t> multipliers(static_cast<size_t>(outputs));
  std::vector<uint16_t> channels(multipliers.size());
  std::vector<int8_t> shifts(multipliers.size());
  const int32_t live = derive_live_channels(
      float_bits(input.quant.scales[0]), weights.quant.scales.data(), static_cast<int32_t>(weights.quant.scales.size()),
      float_bits(output.quant.scales[0]), outputs, multipliers.data(), channels.data(), shifts.data());
  return fmt::format(
      "  static constexpr int32_t multipliers[] = {{{}}};\n  static constexpr uint16_t channels[] = {{{}}};\n"
      "  static constexpr int8_t shifts[] = {{{}}};\n"
      "  static constexpr LiveChannels scales = {{multipliers, channels, shifts, {}}};\n",
      fmt::join(multipliers, ", "), fmt::join(channels, ", "), fmt::join(shifts, ", "), live);
}

const char* c_type(DType type) {
  switch (type) {
    case DType::float32:
      return "float";
    case DType::float16:
      return "uint16_t";
    case DType::int8:
      return "int8_t";
    case DType::int16:
      return "int16_t";
    case DType::int32:
      return "int32_t";
    case DType::int64:
      return "int64_t";
    case DType::uint8:
    case DType::boolean:
    case DType::string:
    case DType::resource:
      break;
  }
  return "uint8_t";
}

std::string cpp_float(float value) {
  if (std::isinf(value)) return value > 0 ? "__builtin_inff()" : "-__builtin_inff()";
  if (std::isnan(value)) return "__builtin_nanf(\"\")";
  std::string text = fmt::format("{:.9g}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

Result<std::vector<Shape>> infer_elementwise(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8}));
  return std::vector{inputs[0].shape};
}

Overlap overlap_of_rows(const WindowAxis& y, const TensorType& input, const TensorType& output) {
  const int64_t pixel = int64_t{output.shape[3]} * element_bytes(output.dtype), row = output.shape[2] * pixel;
  const int64_t input_row = int64_t{input.shape[2]} * input.shape[3] * element_bytes(input.dtype);
  Overlap overlap{0};
  // What is written less what is no more read is linear in the image and, where the padding ends and behind, in the
  // row: the greatest is at an end.
  const int64_t padded = y.before / y.stride;
  for (const int64_t image : {0, input.shape[0] - 2, input.shape[0] - 1}) {
    for (const int64_t o : {padded, padded + 1, int64_t{y.output} - 2, int64_t{y.output} - 1}) {
      if (image < 0 || o < 0 || o >= y.output) continue;
      const int64_t written = std::min((image * y.output + o + 1) * row + pixel, output.bytes());
      const int64_t first = image * y.input + std::max<int64_t>(o * y.stride - y.before, 0);
      overlap.lead = std::max(overlap.lead, written - first * input_row);
    }
  }
  return overlap;
}

std::optional<Overlap> overlap_of_elements(const Attributes&, std::span<const TensorType> inputs,
                                           const TensorType& output, PackedFor) {
  const int64_t from = element_bytes(inputs[0].dtype), to = element_bytes(output.dtype);
  if (inputs[0].shape.elements() != output.shape.elements()) return std::nullopt;
  if (from != 1 && to != 1 && inputs[0].dtype != output.dtype) return std::nullopt;
  return Overlap{std::max<int64_t>(0, (to - from) * (output.shape.elements() - 1))};
}

std::optional<RowRule> rows_of_elements(const Attributes&, std::span<const TensorType>, const TensorType& output,
                                        int32_t) {
  if (output.shape.rank != 4) return std::nullopt;
  return RowRule{{output.shape[1], output.shape[1], 1, 1, 1, 0}, 0, true};
}

}  // namespace mote
