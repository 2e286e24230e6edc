#include "tests/conformance/support_table.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "toolchain/graph/layers/layer.h"

namespace mote::conformance {

namespace {

std::string kernels_text(const OpDef& op) {
  std::string text;
  for (const DeviceKernel& kernel : op.kernels) text += fmt::format("{}`{}`", text.empty() ? "" : " ", kernel.symbol);
  return text;
}

std::string variants_text(const OpDef& op, const std::filesystem::path& source) {
  const std::filesystem::path header = op.device_header;
  std::string text = "portable";
  for (const auto& [suffix, name] : {std::pair("_dsp.h", ", Cortex-M DSP"), std::pair("_mve.h", ", Cortex-M Helium")})
    if (std::filesystem::exists(source / header.parent_path() / (header.stem().string() + suffix))) text += name;
  return text;
}

std::string quantization_text(const OpDef& op) {
  if (!runs_integers(op)) return "float32 only";
  const auto& roles = op.quant.inputs;
  const bool state = std::count(std::begin(roles), std::end(roles), InputRole::state) > 0;
  if (op.cases == nullptr || (state && op.state_type == nullptr))
    return "as the file has it; `mote quantize` refuses it";
  std::string text;
  for (const OpCase& op_case : op.cases())
    if (op_case.per_channel) text = "weights per tensor or per channel; ";
  switch (op.quant.output) {
    case OutputRule::free:
      return text + "output range from calibration";
    case OutputRule::same_as_input:
      return text + "output as input";
    case OutputRule::joined:
      return text + "output range from calibration; inputs of another scale are requantized";
    case OutputRule::fixed:
      return text +
             fmt::format("output scale 1/{:g}, zero point {}", 1 / op.quant.fixed_scale, op.quant.fixed_zero_point);
    case OutputRule::boundary:
      return text + "converts";
    case OutputRule::number:
      return text + "output without a scale";
  }
  return text;
}

std::string layer_text(const LayerForm& form) {
  std::string parameters;
  for (const LayerParameter& parameter : form.parameters) {
    parameters += parameters.empty() ? "" : ", ";
    parameters += parameter.fallback ? fmt::format("{}={}", parameter.name, parameter.fallback) : parameter.name;
  }
  std::string text;
  for (const char* name : form.names) text += fmt::format("{}`{}`", text.empty() ? "" : " ", name);
  return parameters.empty() ? text : fmt::format("{} `({})`", text, parameters);
}

}  // namespace

std::string support_markdown(const std::filesystem::path& source) {
  std::string text =
      "# What mote supports\n\n"
      "Generated from `ops/ops.def` and `toolchain/graph/layers/layers.def`; write it anew with "
      "`print_support_table > docs/support.md` ([adding an operator](adding-an-operator.md)).\n\n"
      "## Operators of a `.tflite` file\n\n"
      "\"int8 error\" is the largest distance of the integer kernel from the float result rounded to a step of the "
      "output's "
      "quantization.\n\n"
      "| operator | trainable | quantization | int8 error | device kernels | variants | in place |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const OpDef* op : all_ops())
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", op->tflite_name,
                        op->backward ? "yes" : fmt::format("no: {}", op->not_trainable), quantization_text(*op),
                        op->int8_tolerance, kernels_text(*op), variants_text(*op, source), op->in_place ? "yes" : "no");
  text +=
      "\n## Layers of `[model] layers`\n\nArguments by position or by name; letter case does not matter.\n\n| layer | "
      "what it is |\n|---|---|\n";
  for (const LayerForm* form : all_layer_forms())
    text += fmt::format("| {} | {} |\n", layer_text(*form), form->summary);
  text += fmt::format("\nActivations: `{}`.\n", fmt::join(activation_names(), "`, `"));
  return text;
}

}  // namespace mote::conformance
