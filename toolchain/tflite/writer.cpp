#include "toolchain/tflite/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "schema_generated.h"
#include "toolchain/base/plain_text.h"
#include "toolchain/tflite/options.h"

namespace mote {
namespace {

using flatbuffers::Offset;

constexpr const char* kDescription = "mote";
constexpr const char* kSignature = "serving_default";
constexpr const char* kRuntimeEntry = "min_runtime_version";
constexpr size_t kRuntimeBytes = 16;  // zero filled, as TensorFlow's converter writes it

// First TensorFlow releases, oldest first. The base has every operator version that ops/ writes, but for those listed.
// Source: tensorflow/compiler/mlir/lite/tools/versioning/runtime_version.cc.
constexpr const char* kBaseRuntime = "2.3.0";
struct NewerRuntime {
  int32_t code, version;  // of the operator; also of its later versions
  const char* release;
};
constexpr NewerRuntime kNewerRuntimes[] = {
    {0, 3, "2.4.0"},   {41, 4, "2.4.0"},  {34, 3, "2.4.0"},   // ADD, SUB, PAD
    {34, 4, "2.6.0"},                                         // PAD
    {3, 6, "2.9.0"},                                          // CONV_2D
    {126, 3, "2.4.0"}, {40, 3, "2.4.0"},                      // BATCH_MATMUL, MEAN
    {19, 3, "2.5.0"},  {21, 3, "2.5.0"},                      // RELU, RELU6
    {9, 10, "2.11.0"}, {9, 11, "2.15.0"}, {9, 12, "2.17.0"},  // FULLY_CONNECTED
};

constexpr int32_t kLargestOldCode = 127;  // "PLACEHOLDER_FOR_GREATER_OP_CODES"

bool is_used(const Graph& graph, int32_t tensor) {
  const auto lists = [tensor](const std::vector<int32_t>& list) {
    return std::find(list.begin(), list.end(), tensor) != list.end();
  };
  return lists(graph.inputs) || lists(graph.outputs) ||
         std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [&](const Node& node) { return lists(node.inputs) || lists(node.outputs); });
}

Result<void> check_tensors(const Graph& graph) {
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    const std::string what = fmt::format("tensor {} '{}'", i, tensor.name);
    if (!is_plain_text(tensor.name)) return input_error(fmt::format("the name of tensor {} is not printable UTF-8", i));
    if (element_bytes(tensor.type.dtype) == 0)
      return input_error(fmt::format("{}: type {} cannot be written", what, to_string(tensor.type.dtype)));
    for (int32_t d = 0; d < tensor.type.shape.rank; ++d)
      if (tensor.type.shape[d] < 1 && is_used(graph, static_cast<int32_t>(i)))
        return input_error(
            fmt::format("{} has shape {}; sizes must be at least 1", what, to_string(tensor.type.shape)));
    if (!tensor.constant && !tensor.data.empty()) return defect(what + " is not constant but holds data");
  }
  return {};
}

// What validate() leaves to this stage: no foreign operators, sizes of at least 1, names that a signature can hold.
Result<void> check_writable(const Graph& graph) {
  MOTE_CHECK(validate(graph));
  MOTE_CHECK(check_tensors(graph));
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.op == nullptr)
      return input_error(fmt::format("operator {} is {}, which mote cannot write", i, node.foreign));
    if (node.op->tflite_code == kTrainingOnly)
      return defect(fmt::format("operator {} '{}' ({}) exists in training only", i, node.name, node.op->name));
  }
  const auto check_names = [](const char* kind, const std::vector<std::string>& names, size_t ends) -> Result<void> {
    if (!names.empty() && names.size() != ends)
      return defect(fmt::format("{} {} names for {} {}s", names.size(), kind, ends, kind));
    if (std::set<std::string>(names.begin(), names.end()).size() != names.size())
      return input_error(fmt::format("two {}s have the same signature name", kind));
    return {};
  };
  MOTE_CHECK(check_names("input", graph.input_names, graph.inputs.size()));
  return check_names("output", graph.output_names, graph.outputs.size());
}

template <class T>
using SharedVectors = std::map<std::vector<T>, Offset<flatbuffers::Vector<T>>>;

class Writer {
 public:
  explicit Writer(const Graph& graph) : graph_(graph) {}

  std::vector<uint8_t> run() {
    const auto subgraph = write_subgraph(write_constants());
    const auto metadata = write_metadata();
    const auto signature = write_signature();
    const auto buffers = builder_.CreateVector(buffers_);
    const auto codes = builder_.CreateVector(codes_);
    const auto description = builder_.CreateSharedString(kDescription);
    const auto model = schema::CreateModel(builder_, 3, codes, builder_.CreateVector(&subgraph, 1), description,
                                           buffers, 0, metadata, builder_.CreateVector(&signature, 1));
    schema::FinishModelBuffer(builder_, model);
    return {builder_.GetBufferPointer(), builder_.GetBufferPointer() + builder_.GetSize()};
  }

 private:
  uint32_t add_buffer(std::span<const uint8_t> data, size_t alignment) {
    Offset<flatbuffers::Vector<uint8_t>> stored;
    if (!data.empty()) {
      builder_.ForceVectorAlignment(data.size(), 1, alignment);
      stored = builder_.CreateVector(data.data(), data.size());
    }
    buffers_.push_back(schema::CreateBuffer(builder_, stored));
    return static_cast<uint32_t>(buffers_.size() - 1);
  }

  // The buffer of each tensor. Number 0 is empty by convention: for tensors computed at run time.
  // All constants come one after the other, because a buffer's table fills most of the gap before the next one's data.
  std::vector<uint32_t> write_constants() {
    add_buffer({}, 1);
    std::vector<uint32_t> buffers;
    for (const Tensor& tensor : graph_.tensors)
      buffers.push_back(tensor.constant ? add_buffer(tensor.data, kAlignment) : 0);
    return buffers;
  }

  // Equal vectors stand in the file once.
  template <class T>
  Offset<flatbuffers::Vector<T>> shared(const std::vector<T>& values) {
    auto& known = std::get<SharedVectors<T>>(shared_);
    const auto [entry, added] = known.try_emplace(values);
    if (added) entry->second = builder_.CreateVector(values);
    return entry->second;
  }

  Offset<schema::SubGraph> write_subgraph(const std::vector<uint32_t>& buffers) {
    std::vector<Offset<schema::Tensor>> tensors;
    for (size_t i = 0; i < buffers.size(); ++i) tensors.push_back(write_tensor(graph_.tensors[i], buffers[i]));
    std::vector<Offset<schema::Operator>> operators;
    for (const Node& node : graph_.nodes) operators.push_back(write_operator(node));
    const auto stored_tensors = builder_.CreateVector(tensors);
    const auto inputs = shared(graph_.inputs);
    const auto outputs = shared(graph_.outputs);
    const auto stored_operators = builder_.CreateVector(operators);
    const auto name = builder_.CreateSharedString(graph_.name);
    return schema::CreateSubGraph(builder_, stored_tensors, inputs, outputs, stored_operators, name);
  }

  Offset<schema::Tensor> write_tensor(const Tensor& tensor, uint32_t buffer) {
    Offset<schema::QuantizationParameters> quantization;
    if (const QuantParams& quant = tensor.type.quant; quant.quantized()) {
      const auto scales = shared(quant.scales);
      const auto zero_points = shared(std::vector<int64_t>(quant.zero_points.begin(), quant.zero_points.end()));
      quantization = schema::CreateQuantizationParameters(builder_, 0, 0, scales, zero_points, 0, 0, quant.axis);
    }
    const Shape& size = tensor.type.shape;
    const auto shape = shared(std::vector<int32_t>(size.dims, size.dims + size.rank));
    const auto name = builder_.CreateSharedString(tensor.name);
    return schema::CreateTensor(builder_, shape, static_cast<schema::TensorType>(tensor.type.dtype), buffer, name,
                                quantization, tensor.variable, 0, 0, true);
  }

  Offset<schema::Operator> write_operator(const Node& node) {
    const OpDef& op = *node.op;
    const uint32_t code = operator_code(node);
    Offset<schema::Opaque> options;
    if (op.tflite_options != 0) options = Offset<schema::Opaque>(write_options(op, node.attributes, builder_));
    const auto inputs = shared(node.inputs);
    const auto outputs = shared(node.outputs);
    return schema::CreateOperator(builder_, code, inputs, outputs, static_cast<uint8_t>(op.tflite_options), options, 0,
                                  0, 0, intermediates(node));
  }

  // Of integer forms, whose quantization added tensors without elements for them: each stands for an input, whose
  // parameters it has.
  Offset<flatbuffers::Vector<int32_t>> intermediates(const Node& node) {
    std::vector<int32_t> tensors;
    for (const uint8_t input : node.op->intermediates) {
      const TensorType& type = graph_.tensors[node.inputs[input]].type;
      const auto found = std::ranges::find_if(graph_.tensors, [&](const Tensor& tensor) {
        return tensor.type.shape == make_shape({0}) && tensor.type.dtype == type.dtype &&
               tensor.type.quant == type.quant;
      });
      if (type.quant.quantized() && found != graph_.tensors.end())
        tensors.push_back(static_cast<int32_t>(found - graph_.tensors.begin()));
    }
    return tensors.empty() ? 0 : shared(tensors);
  }

  // Index of the node's operator and version in the file's table, which lists each pair once, by first use.
  uint32_t operator_code(const Node& node) {
    std::vector<TensorType> outputs;
    for (int32_t output : node.outputs) outputs.push_back(graph_.tensors[output].type);
    const int32_t version = node.op->tflite_version(node.attributes, input_types(graph_, node), outputs);
    const std::pair key(node.op->tflite_code, version);
    const auto known = std::find(code_keys_.begin(), code_keys_.end(), key);
    if (known != code_keys_.end()) return static_cast<uint32_t>(known - code_keys_.begin());
    code_keys_.push_back(key);
    codes_.push_back(schema::CreateOperatorCode(builder_, static_cast<int8_t>(std::min(key.first, kLargestOldCode)), 0,
                                                version, static_cast<schema::BuiltinOperator>(key.first)));
    return static_cast<uint32_t>(codes_.size() - 1);
  }

  // Of the operators written so far.
  std::string runtime_version() const {
    std::string release = kBaseRuntime;
    for (const NewerRuntime& newer : kNewerRuntimes)
      for (const auto& [code, version] : code_keys_)
        if (code == newer.code && version >= newer.version) release = newer.release;
    release.resize(kRuntimeBytes, '\0');
    return release;
  }

  // The alignment of a vector's length word, 4, is enough for the runtimes: the memory plan is int32.
  Offset<flatbuffers::Vector<Offset<schema::Metadata>>> write_metadata() {
    std::map<std::string, std::string> entries = graph_.metadata;
    entries[kRuntimeEntry] = runtime_version();
    std::vector<Offset<schema::Metadata>> stored;
    for (const auto& [name, bytes] : entries) {
      const uint32_t buffer = add_buffer({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, 1);
      stored.push_back(schema::CreateMetadata(builder_, builder_.CreateSharedString(name), buffer));
    }
    return builder_.CreateVector(stored);
  }

  Offset<schema::SignatureDef> write_signature() {
    const auto inputs = write_names(graph_.inputs, graph_.input_names);
    const auto outputs = write_names(graph_.outputs, graph_.output_names);
    return schema::CreateSignatureDef(builder_, inputs, outputs, builder_.CreateSharedString(kSignature), 0);
  }

  Offset<flatbuffers::Vector<Offset<schema::TensorMap>>> write_names(const std::vector<int32_t>& ends,
                                                                     const std::vector<std::string>& names) {
    std::vector<Offset<schema::TensorMap>> maps;
    for (size_t i = 0; i < ends.size(); ++i) {
      const std::string& name = names.empty() ? graph_.tensors[ends[i]].name : names[i];
      maps.push_back(
          schema::CreateTensorMap(builder_, builder_.CreateSharedString(name), static_cast<uint32_t>(ends[i])));
    }
    return builder_.CreateVector(maps);
  }

  const Graph& graph_;
  flatbuffers::FlatBufferBuilder builder_;
  std::tuple<SharedVectors<int32_t>, SharedVectors<int64_t>, SharedVectors<float>> shared_;
  std::vector<Offset<schema::Buffer>> buffers_;
  std::vector<Offset<schema::OperatorCode>> codes_;
  std::vector<std::pair<int32_t, int32_t>> code_keys_;  // of codes_: builtin code, version
};

}  // namespace

Result<std::vector<uint8_t>> write_tflite(const Graph& graph) {
  MOTE_CHECK(check_writable(graph));
  return Writer(graph).run();
}

}  // namespace mote
