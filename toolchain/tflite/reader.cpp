#include "toolchain/tflite/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <memory>

#include "device/resource_variable.h"
#include "schema_generated.h"
#include "toolchain/base/plain_text.h"
#include "toolchain/graph/known_numbers.h"
#include "toolchain/tflite/damage.h"
#include "toolchain/tflite/options.h"
#include "toolchain/tflite/subgraphs.h"

namespace mote {
namespace {

template <class T>
using Tables = flatbuffers::Vector<flatbuffers::Offset<T>>;

// A file can refer to the same bytes any number of times. What is copied out of it is bounded by this many times its
// size.
constexpr int64_t kCopiesPerByte = 16;
constexpr int64_t kCopiesAtLeast = int64_t{1} << 24;

struct IntegerRange {
  int64_t low, high;
};
IntegerRange zero_point_range(DType type) {
  switch (type) {
    case DType::int8:
      return {-128, 127};
    case DType::uint8:
      return {0, 255};
    case DType::int16:
      return {-32768, 32767};
    default:
      return {INT32_MIN, INT32_MAX};
  }
}

class Reader {
 public:
  Reader(const schema::Model& model, std::span<const uint8_t> bytes)
      : model_(model),
        bytes_(bytes),
        verifier_(bytes.data(), bytes.size()),
        copies_left_(std::max(kCopiesAtLeast, kCopiesPerByte * static_cast<int64_t>(bytes.size()))) {}

  Result<TfliteFile> run() {
    MOTE_CHECK(check_model());
    MOTE_TRY(file_.description, text("the description", model_.description()));
    MOTE_TRY(graph().name, text("the name of the subgraph", subgraph().name()));
    for (int32_t i = 0; i < count(subgraph().tensors()); ++i) MOTE_CHECK(read_tensor(i));
    MOTE_CHECK(name_variables(model_, verifier_, graph()));
    MOTE_CHECK(read_ends("input", subgraph().inputs(), graph().inputs));
    MOTE_CHECK(read_ends("output", subgraph().outputs(), graph().outputs));
    for (int32_t i = 0; i < count(subgraph().operators()); ++i) MOTE_CHECK(read_operator(i));
    MOTE_CHECK(read_signature());
    MOTE_CHECK(read_metadata());
    MOTE_CHECK(validate(graph()));
    if (unaligned_ > 0)
      file_.warnings.push_back(
          fmt::format("{} constants do not lie at a multiple of {} bytes in the file; the first is {}", unaligned_,
                      kAlignment, first_unaligned_));
    return std::move(file_);
  }

 private:
  Graph& graph() { return file_.graph; }
  const schema::SubGraph& subgraph() const { return *model_.subgraphs()->Get(0); }
  const schema::Tensor& stored(int32_t tensor) const {
    return *subgraph().tensors()->Get(static_cast<flatbuffers::uoffset_t>(tensor));
  }

  Result<void> check_model() {
    if (model_.version() != 3)
      return input_error(fmt::format("TFLite schema version {} is not supported; expected 3", model_.version()));
    if (count(model_.subgraphs()) == 0) return input_error("it has no subgraph, so there is nothing to run");
    if (count(model_.subgraphs()) > 1) {
      MOTE_TRY(const bool initialized, check_calls(model_, verifier_));
      if (!initialized)
        file_.warnings.push_back(fmt::format("it has {} subgraphs; the first, which uses none of the others, is run",
                                             count(model_.subgraphs())));
    }
    if (count(model_.external_buffers()) > 0)
      return input_error("its weights lie in other files (external buffers); convert to a single file");
    return {};
  }

  Result<void> spend(const std::string& what, int64_t bytes) {
    copies_left_ -= bytes;
    if (copies_left_ >= 0) return {};
    return input_error(
        fmt::format("{}: the file refers to the same bytes so often that they would take more than {} times its "
                    "size; no converter writes that",
                    what, kCopiesPerByte));
  }

  Result<std::string> text(const std::string& what, const flatbuffers::String* stored_text) {
    if (stored_text == nullptr) return std::string();
    MOTE_CHECK(spend(what, stored_text->size()));
    std::string value = stored_text->str();
    if (!is_plain_text(value)) return input_error(what + " is not printable UTF-8 text");
    return value;
  }

  Result<std::vector<int32_t>> integers(const std::string& what, const flatbuffers::Vector<int32_t>* values) {
    if (values == nullptr) return std::vector<int32_t>();
    MOTE_CHECK(spend(what, int64_t{values->size()} * 4));
    return std::vector<int32_t>(values->begin(), values->end());
  }

  Result<void> read_tensor(int32_t index) {
    const schema::Tensor& source = stored(index);
    Tensor tensor;
    MOTE_TRY(tensor.name, text(fmt::format("the name of tensor {}", index), source.name()));
    const std::string what = fmt::format("tensor {} '{}'", index, tensor.name);
    MOTE_CHECK(check_storage(what, source));
    tensor.type.dtype = static_cast<DType>(source.type());
    MOTE_CHECK(read_shape(what, source, tensor.type));
    MOTE_CHECK(read_quantization(what, source.quantization(), tensor.type));
    MOTE_CHECK(read_data(what, source, tensor));
    MOTE_CHECK(spend(what, sizeof(Tensor)));
    graph().tensors.push_back(std::move(tensor));
    return {};
  }

  static Result<void> check_storage(const std::string& what, const schema::Tensor& source) {
    const auto type = static_cast<int>(source.type());
    if (type < 0 || element_bytes(static_cast<DType>(type)) == 0)
      return input_error(
          fmt::format("{} is of type {}, which mote lacks; use float32, float16, int8, uint8, int16, int32, int64 or "
                      "bool",
                      what, type_name(type)));
    if (source.sparsity() != nullptr)
      return input_error(what + " is stored sparsely, which is not supported; convert without sparsity");
    if (source.external_buffer() != 0) return input_error(what + " lies in another file; convert to a single file");
    return {};
  }

  static std::string type_name(int type) {
    if (type >= 0 && type <= static_cast<int>(schema::TensorType::MAX))
      return schema::EnumNameTensorType(static_cast<schema::TensorType>(type));
    return fmt::format("number {}", type);
  }

  static Result<void> read_shape(const std::string& what, const schema::Tensor& source, TensorType& type) {
    const int32_t rank = count(source.shape());
    if (rank > kMaxRank)
      return input_error(fmt::format("{} has {} dimensions; at most {} are supported", what, rank, kMaxRank));
    type.shape.rank = rank;
    int64_t bytes = element_bytes(type.dtype);
    for (int32_t i = 0; i < rank; ++i) {
      const int32_t size = source.shape()->Get(static_cast<flatbuffers::uoffset_t>(i));
      if (size < 0) return input_error(no_size(what, size, i));
      type.shape.dims[i] = size;
      bytes *= size;
      if (bytes > INT32_MAX)
        return input_error(
            fmt::format("{} of shape {} takes more than 2 GiB", what, to_string(make_prefix(source, i + 1))));
    }
    return check_fixed(what, source, rank);
  }

  static std::string no_size(const std::string& what, int32_t size, int32_t dimension) {
    return fmt::format("{} has size {} in dimension {}; expected at least 1 (convert with fixed shapes)", what, size,
                       dimension);
  }

  // What an operator or the model's ends refer to has elements. Converters leave empty tensors that nothing reads.
  Result<void> check_elements(int32_t tensor) const {
    const Tensor& found = file_.graph.tensors[tensor];
    for (int32_t i = 0; i < found.type.shape.rank; ++i)
      if (found.type.shape[i] < 1)
        return input_error(no_size(fmt::format("tensor {} '{}'", tensor, found.name), found.type.shape[i], i));
    return {};
  }

  static Shape make_prefix(const schema::Tensor& source, int32_t rank) {
    Shape shape;
    shape.rank = rank;
    for (int32_t i = 0; i < rank; ++i) shape.dims[i] = source.shape()->Get(static_cast<flatbuffers::uoffset_t>(i));
    return shape;
  }

  // The batch may be left open: `shape` then says 1, which is what a microcontroller runs.
  static Result<void> check_fixed(const std::string& what, const schema::Tensor& source, int32_t rank) {
    const auto* signature = source.shape_signature();
    if (count(signature) == 0) return {};
    if (count(signature) != rank)
      return input_error(
          fmt::format("{} has {} dimensions, but its shape signature has {}", what, rank, count(signature)));
    for (int32_t i = 0; i < rank; ++i) {
      const auto at = static_cast<flatbuffers::uoffset_t>(i);
      const bool open_batch = i == 0 && source.shape()->Get(at) == 1;
      if (signature->Get(at) < 0 && !open_batch)
        return input_error(fmt::format(
            "{} has a size in dimension {} that is known only at run time; convert with fixed shapes", what, i));
    }
    return {};
  }

  Result<void> read_quantization(const std::string& what, const schema::QuantizationParameters* source,
                                 TensorType& type) {
    if (source == nullptr || count(source->scale()) == 0) return {};
    if (source->details_type() != 0)
      return input_error(fmt::format("{} has quantization of kind {} (custom or blockwise); only affine is supported",
                                     what, source->details_type()));
    const int32_t scales = count(source->scale());
    if (count(source->zero_point()) != scales)
      return input_error(fmt::format("{} has {} scales but {} zero points", what, scales, count(source->zero_point())));
    QuantParams& quant = type.quant;
    quant.axis = type.shape.rank == 1 ? 0 : source->quantized_dimension();  // some biases have their weights' dimension
    const bool axis_exists = quant.axis >= 0 && quant.axis < type.shape.rank;
    if (scales > 1 && (!axis_exists || type.shape[quant.axis] != scales))
      return input_error(
          fmt::format("{} of shape {} has {} scales along dimension {}; expected one for each index of it", what,
                      to_string(type.shape), scales, quant.axis));
    if (scales == 1 && !axis_exists) quant.axis = 0;
    MOTE_CHECK(spend(what, int64_t{scales} * 12));
    const IntegerRange range = zero_point_range(type.dtype);
    for (int32_t i = 0; i < scales; ++i) {
      const float scale = source->scale()->Get(static_cast<flatbuffers::uoffset_t>(i));
      const int64_t zero_point = stored_zero_point(*source, i);
      if (!std::isfinite(scale) || scale < 0)
        return input_error(fmt::format("{} has the quantization scale {}; expected a finite number >= 0", what, scale));
      if (zero_point < range.low || zero_point > range.high)
        return input_error(fmt::format("{} has the zero point {}, outside {} to {} of type {}", what, zero_point,
                                       range.low, range.high, to_string(type.dtype)));
      quant.scales.push_back(scale);
      quant.zero_points.push_back(static_cast<int32_t>(zero_point));
    }
    return {};
  }

  // The verifier does not check the alignment of 8-byte vector elements, so they are copied bytewise.
  static int64_t stored_zero_point(const schema::QuantizationParameters& source, int32_t i) {
    int64_t value;
    std::memcpy(&value, source.zero_point()->Data() + sizeof(value) * static_cast<size_t>(i), sizeof(value));
    return flatbuffers::EndianScalar(value);
  }

  Result<const flatbuffers::Vector<uint8_t>*> buffer(const std::string& what, uint32_t index) const {
    if (index >= static_cast<uint32_t>(count(model_.buffers())))
      return input_error(fmt::format("{} uses buffer {}, but the file has {}", what, index, count(model_.buffers())));
    const schema::Buffer& source = *model_.buffers()->Get(index);
    if (source.offset() > 1 || source.size() > 1)
      return input_error(
          fmt::format("{}: its data lie behind the FlatBuffer, as in files over 2 GB; not supported", what));
    return source.data();
  }

  Result<void> read_data(const std::string& what, const schema::Tensor& source, Tensor& tensor) {
    MOTE_TRY(const auto* data, buffer(what, source.buffer()));
    tensor.variable = source.is_variable();
    if (count(data) == 0) return {};
    if (tensor.variable)
      return input_error(what +
                         " is a variable (state kept between inferences) with first values of its own; only "
                         "variables that begin at zero are supported");
    if (int64_t{data->size()} != tensor.type.bytes())
      return input_error(fmt::format("{} of type {} and shape {} takes {} bytes, but its buffer {} holds {}", what,
                                     to_string(tensor.type.dtype), to_string(tensor.type.shape), tensor.type.bytes(),
                                     source.buffer(), data->size()));
    MOTE_CHECK(spend(what, data->size()));
    if (const auto at = data->data() - bytes_.data(); at % kAlignment != 0 && unaligned_++ == 0)
      first_unaligned_ = fmt::format("{} at byte {}", what, at);
    tensor.constant = true;
    tensor.data.assign(data->begin(), data->end());
    return {};
  }

  Result<void> read_ends(const char* kind, const flatbuffers::Vector<int32_t>* source, std::vector<int32_t>& ends) {
    MOTE_TRY(ends, integers(fmt::format("the list of {}s", kind), source));
    for (int32_t tensor : ends)
      if (tensor < 0 || tensor >= count(subgraph().tensors()))
        return input_error(
            fmt::format("model {} is tensor {}, but there are {} tensors", kind, tensor, count(subgraph().tensors())));
    for (int32_t tensor : ends) MOTE_CHECK(check_elements(tensor));
    return {};
  }

  Result<void> read_operator(int32_t index) {
    const schema::Operator& source = *subgraph().operators()->Get(static_cast<flatbuffers::uoffset_t>(index));
    const std::string what = fmt::format("operator {}", index);
    if (source.opcode_index() >= static_cast<uint32_t>(count(model_.operator_codes())))
      return input_error(fmt::format("{} has operator code {}, but the file has {}", what, source.opcode_index(),
                                     count(model_.operator_codes())));
    Node node;
    MOTE_TRY(node.inputs, integers(what, source.inputs()));
    MOTE_TRY(node.outputs, integers(what, source.outputs()));
    MOTE_CHECK(check_indices(what, node));
    if (!node.outputs.empty()) node.name = graph().tensors[node.outputs[0]].name;
    MOTE_CHECK(spend(what, static_cast<int64_t>(sizeof(Node) + node.name.size())));
    const schema::OperatorCode& code = *model_.operator_codes()->Get(source.opcode_index());
    MOTE_TRY(node.foreign, operator_name(what, code));
    node.op = code.custom_code() == nullptr ? find_op_by_code(builtin_code(code)) : nullptr;
    if (builtin_code(code) == kVarHandleCode) std::swap(node.inputs, node.outputs);
    if (node.op != nullptr) MOTE_CHECK(read_known(fmt::format("{} ({})", what, node.op->tflite_name), source, node));
    if (node.op != nullptr) node.foreign.clear();
    known_.learn(graph(), node);
    graph().nodes.push_back(std::move(node));
    return {};
  }

  Result<void> check_indices(const std::string& what, const Node& node) const {
    const int32_t tensors = count(subgraph().tensors());
    for (int32_t input : node.inputs)
      if (input < kAbsent || input >= tensors)
        return input_error(fmt::format("{} reads tensor {}, but there are {} tensors", what, input, tensors));
    for (int32_t output : node.outputs)
      if (output < 0 || output >= tensors)
        return input_error(fmt::format("{} writes tensor {}, but there are {} tensors", what, output, tensors));
    for (int32_t input : node.inputs)
      if (input != kAbsent) MOTE_CHECK(check_elements(input));
    for (int32_t output : node.outputs) MOTE_CHECK(check_elements(output));
    return {};
  }

  Result<std::string> operator_name(const std::string& what, const schema::OperatorCode& code) {
    const int32_t builtin = builtin_code(code);
    if (builtin == static_cast<int32_t>(schema::BuiltinOperator::CUSTOM) || code.custom_code() != nullptr) {
      MOTE_TRY(const std::string custom, text("the custom name of " + what, code.custom_code()));
      return fmt::format("custom operator '{}'", custom);
    }
    if (builtin < 0 || builtin > static_cast<int32_t>(schema::BuiltinOperator::MAX))
      return fmt::format("builtin operator {} version {}", builtin, code.version());
    return fmt::format("{} version {}", schema::EnumNameBuiltinOperator(static_cast<schema::BuiltinOperator>(builtin)),
                       code.version());
  }

  // Leaves node.op at nullptr, with the reason in node.foreign, when the file asks for a form that the operator does
  // not have.
  Result<void> read_known(const std::string& what, const schema::Operator& source, Node& node) {
    const OpDef& op = *node.op;
    const int32_t options_type = source.builtin_options_type();
    if (options_type != 0 && options_type != op.tflite_options)
      return input_error(
          fmt::format("{} has an options table of type {}; expected {}", what, options_type, op.tflite_options));
    node.attributes = op.default_attributes();
    int unknown = -1;
    const auto* options = reinterpret_cast<const flatbuffers::Table*>(source.builtin_options());
    if (auto read = read_options(op, options_type == 0 ? nullptr : options, verifier_, node.attributes, &unknown);
        !read.ok())
      return input_error(fmt::format("{}: {}", what, read.error().message));
    if (unknown >= 0) {
      node.foreign += fmt::format(" with option field {}, which mote does not know", unknown);
      node.op = nullptr;
      return {};
    }
    if (const auto taken = take_constants(graph(), node, known_); !taken.ok())
      return input_error(fmt::format("{}: {}", what, taken.error().message));
    const auto shapes = op.infer(node.attributes, input_types(graph(), node));
    if (!shapes.ok()) {
      node.foreign += ": " + shapes.error().message;
      node.op = nullptr;
      return {};
    }
    mark_trainable(node);
    return {};
  }

  void mark_trainable(const Node& node) {
    if (node.op->backward == nullptr) return;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const InputRole role = input_role(*node.op, i);
      const bool learned = i < 32 && (node.op->quant.learned >> i & 1) != 0;
      if (node.inputs[i] == kAbsent || (role != InputRole::weights && role != InputRole::bias && !learned)) continue;
      Tensor& tensor = graph().tensors[node.inputs[i]];
      tensor.trainable = tensor.constant && tensor.type.dtype == DType::float32;
    }
  }

  Result<void> read_signature() {
    for (int32_t end : graph().inputs) graph().input_names.push_back(graph().tensors[end].name);
    for (int32_t end : graph().outputs) graph().output_names.push_back(graph().tensors[end].name);
    int32_t named = 0;
    for (int32_t i = 0; i < count(model_.signature_defs()); ++i) {
      const schema::SignatureDef& signature = *model_.signature_defs()->Get(static_cast<flatbuffers::uoffset_t>(i));
      if (signature.subgraph_index() >= static_cast<uint32_t>(count(model_.subgraphs())))
        return input_error(fmt::format("signature {} names subgraph {}, but there are {}", i,
                                       signature.subgraph_index(), count(model_.subgraphs())));
      if (signature.subgraph_index() != 0) continue;
      if (named++ > 0) {
        file_.warnings.push_back(
            fmt::format("it has {} signatures; the names of the first are used", count(model_.signature_defs())));
        return {};
      }
      MOTE_CHECK(read_names("input", signature.inputs(), graph().inputs, graph().input_names));
      MOTE_CHECK(read_names("output", signature.outputs(), graph().outputs, graph().output_names));
    }
    if (named == 0)
      file_.warnings.push_back("it has no signature: inputs and outputs go by the names of their tensors");
    return {};
  }

  // A tensor that is listed twice takes its names in the order of the signature.
  Result<void> read_names(const char* kind, const Tables<schema::TensorMap>* maps, const std::vector<int32_t>& ends,
                          std::vector<std::string>& names) {
    std::vector<bool> named(ends.size());
    for (int32_t i = 0; i < count(maps); ++i) {
      const schema::TensorMap& map = *maps->Get(static_cast<flatbuffers::uoffset_t>(i));
      MOTE_TRY(std::string name, text(fmt::format("the name of signature {} {}", kind, i), map.name()));
      const auto tensor = static_cast<int64_t>(map.tensor_index());
      if (std::find(ends.begin(), ends.end(), tensor) == ends.end()) {
        file_.warnings.push_back(fmt::format(
            "signature {} '{}' is tensor {}, which is no {} of the model; it is dropped", kind, name, tensor, kind));
        continue;
      }
      size_t end = 0;
      while (end < ends.size() && (named[end] || ends[end] != tensor)) ++end;
      if (end == ends.size()) {
        file_.warnings.push_back(fmt::format("signature {} '{}' is a second name and is dropped", kind, name));
        continue;
      }
      named[end] = true;
      names[end] = std::move(name);
    }
    return {};
  }

  Result<void> read_metadata() {
    for (int32_t i = 0; i < count(model_.metadata()); ++i) {
      const schema::Metadata& source = *model_.metadata()->Get(static_cast<flatbuffers::uoffset_t>(i));
      MOTE_TRY(std::string name, text(fmt::format("the name of metadata entry {}", i), source.name()));
      const std::string what = fmt::format("metadata entry '{}'", name);
      MOTE_TRY(const auto* data, buffer(what, source.buffer()));
      if (name == "min_runtime_version") continue;
      MOTE_CHECK(spend(what, count(data)));
      std::string bytes = data == nullptr ? std::string() : std::string(data->begin(), data->end());
      if (!graph().metadata.emplace(std::move(name), std::move(bytes)).second)
        return input_error(what + " is there twice");
    }
    return {};
  }

  const schema::Model& model_;
  std::span<const uint8_t> bytes_;
  flatbuffers::Verifier verifier_;
  int64_t copies_left_;
  int32_t unaligned_ = 0;  // constants
  std::string first_unaligned_;
  KnownNumbers known_;
  TfliteFile file_;
};

}  // namespace

Result<TfliteFile> read_tflite_file(const std::string& name, std::span<const uint8_t> bytes) {
  if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE)
    return input_error(name + ": larger than 2 GiB; a .tflite file is smaller");
  // FlatBuffers are read in place at their alignment, which a caller's buffer need not have.
  std::vector<uint64_t> aligned((bytes.size() + 7) / 8);
  if (!bytes.empty()) std::memcpy(aligned.data(), bytes.data(), bytes.size());
  const std::span<const uint8_t> copy(reinterpret_cast<const uint8_t*>(aligned.data()), bytes.size());
  if (auto sound = check_structure(copy); !sound.ok())
    return input_error(fmt::format("{}: {}", name, sound.error().message));
  auto file = Reader(*schema::GetModel(copy.data()), copy).run();
  if (!file.ok()) return Error{file.error().kind, fmt::format("{}: {}", name, file.error().message)};
  return file;
}

Result<Graph> read_tflite(const std::string& name, std::span<const uint8_t> bytes) {
  MOTE_TRY(TfliteFile file, read_tflite_file(name, bytes));
  return std::move(file.graph);
}

}  // namespace mote
