#include "toolchain/compile/model_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "device/interpreter.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {

constexpr uint32_t kLargestArena = 64u << 20;  // beyond any board here

Result<KernelUse> choose_kernel(const std::string& name, const Graph& graph, size_t index) {
  const Node& node = graph.nodes[index];
  if (node.op == nullptr) {
    return input_error(
        fmt::format("{}: operator {} ('{}') is {}, which mote lacks; `mote boards` and the support table in "
                    "docs list what it runs",
                    name, index, node.name, node.foreign));
  }
  if (node.inputs.empty() || node.outputs.empty() || node.inputs[0] == kAbsent) {
    return input_error(fmt::format("{}: operator {} ('{}') has no input or no output", name, index, node.name));
  }
  const DType input = graph.tensors[node.inputs[0]].type.dtype;
  const DType output = graph.tensors[node.outputs[0]].type.dtype;
  for (const DeviceKernel& candidate : node.op->kernels) {
    if (candidate.kernel->takes(input, output))
      return KernelUse{candidate.symbol, node.op->device_header, candidate.kernel};
  }
  return input_error(
      fmt::format("{}: operator {} ('{}', {}) has no device kernel from {} to {}; quantize the model to int8", name,
                  index, node.name, node.op->tflite_name, to_string(input), to_string(output)));
}

int64_t bytes_of(const Graph& graph, const std::vector<int32_t>& tensors) {
  int64_t sum = 0;
  for (int32_t tensor : tensors) sum += graph.tensors[tensor].type.bytes();
  return sum;
}

std::string status_text(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::bad_model:
      return "the file is damaged";
    case Status::missing_operator:
      return "an operator has no kernel";
    case Status::unsupported_type:
      return "a tensor has a type that its operator does not take";
    case Status::unsupported_shape:
      return "a tensor has a shape that its operator does not take";
    case Status::unsupported_option:
      return "an operator has an option that its kernel does not implement";
    case Status::bad_quantization:
      return "a scale or zero point is missing or out of range";
    case Status::arena_too_small:
      return "it needs more than 64 MiB of arena";
    case Status::misaligned:
      return "model or arena is misaligned";
    case Status::not_initialized:
      return "not initialized";
  }
  return "unknown status";
}

// Bytes at an address that the engine accepts.
class AlignedBytes {
 public:
  explicit AlignedBytes(size_t bytes) : data_(new (std::align_val_t{kAlignment}) uint8_t[bytes]()) {}
  uint8_t* get() { return data_.get(); }

 private:
  struct Free {
    void operator()(uint8_t* data) const { ::operator delete[](data, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<uint8_t[], Free> data_;
};

Result<int64_t> exact_arena(const std::string& name, const std::vector<uint8_t>& model,
                            const std::vector<KernelUse>& uses) {
  std::vector<const Kernel*> kernels;
  for (const KernelUse& use : uses) kernels.push_back(use.kernel);
  const Resolver resolver{kernels.data(), static_cast<int32_t>(kernels.size())};
  AlignedBytes bytes(model.size());
  std::copy(model.begin(), model.end(), bytes.get());
  Interpreter interpreter;
  Status status = Status::arena_too_small;
  // Small first: most models need little, and clean pages are cheap only when they are never touched.
  for (uint32_t size = 1u << 20; status == Status::arena_too_small && size <= kLargestArena; size *= 4) {
    AlignedBytes arena(size);
    status = interpreter.init(bytes.get(), static_cast<uint32_t>(model.size()), resolver, arena.get(), size);
    if (status == Status::ok) return int64_t{interpreter.arena_used()};
  }
  return input_error(fmt::format("{}: the engine refuses this model at operator {}: {}", name,
                                 interpreter.failed_operator(), status_text(status)));
}

Result<void> find_features(const std::string& name, const Graph& graph, ModelFacts& facts) {
  MOTE_TRY(const auto metadata, model_metadata(graph));
  if (!metadata || metadata->features.empty()) return {};
  MOTE_TRY(facts.features, features_from_json(metadata->features));
  const TensorType& input = graph.tensors[graph.inputs.at(0)].type;
  const int32_t expected = facts.features->output_shape().elements();
  if (graph.inputs.size() != 1 || input.shape.elements() != expected) {
    return input_error(
        fmt::format("{}: its feature block '{}' gives {} values, but the model takes {} inputs with {} values in "
                    "the first",
                    name, facts.features->kind(), expected, graph.inputs.size(), input.shape.elements()));
  }
  if (input.dtype != DType::int8 || input.quant.scales.size() != 1) {
    facts.features.reset();  // a float model is fed by the application: feature blocks on the device give int8
    return {};
  }
  facts.input_scale = input.quant.scales[0];
  facts.input_zero_point = input.quant.zero_points.at(0);
  return {};
}

}  // namespace

Result<ModelFacts> model_facts(const std::string& name, const std::vector<uint8_t>& model) {
  MOTE_TRY(const Graph graph, read_tflite(name, model));
  ModelFacts facts;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    MOTE_TRY(const KernelUse use, choose_kernel(name, graph, i));
    const auto same = [&](const KernelUse& known) { return known.symbol == use.symbol; };
    if (std::none_of(facts.kernels.begin(), facts.kernels.end(), same)) facts.kernels.push_back(use);
  }
  if (graph.inputs.empty() || graph.outputs.empty()) return input_error(name + ": the model has no input or no output");
  facts.input_bytes = bytes_of(graph, graph.inputs);
  facts.output_bytes = bytes_of(graph, graph.outputs);
  MOTE_TRY(facts.arena_bytes, exact_arena(name, model, facts.kernels));
  MOTE_CHECK(find_features(name, graph, facts));
  return facts;
}

}  // namespace mote
