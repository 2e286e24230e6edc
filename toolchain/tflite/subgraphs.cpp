#include "toolchain/tflite/subgraphs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "device/resource_variable.h"
#include "ops/call_once/call_once.h"
#include "ops/var_handle/var_handle.h"

namespace mote {
namespace {

using schema::BuiltinOperator;
using schema::Operator;

const flatbuffers::Table* options_of(const Operator& node) {
  return reinterpret_cast<const flatbuffers::Table*>(node.builtin_options());
}

flatbuffers::voffset_t slot(int field) {
  return flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(field));
}

// -1: no operator code of the file.
int32_t code_of(const schema::Model& model, const Operator& node) {
  if (node.opcode_index() >= static_cast<uint32_t>(count(model.operator_codes()))) return -1;
  return builtin_code(*model.operator_codes()->Get(node.opcode_index()));
}

const Operator& operator_at(const schema::SubGraph& subgraph, int32_t i) {
  return *subgraph.operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
}

// Element `i` of a list of tensors; -1 when that is no tensor of the subgraph.
int32_t tensor_at(const schema::SubGraph& subgraph, const flatbuffers::Vector<int32_t>* list, int32_t i) {
  if (i >= count(list)) return -1;
  const int32_t tensor = list->Get(static_cast<flatbuffers::uoffset_t>(i));
  return tensor < count(subgraph.tensors()) ? tensor : -1;
}

std::string text_option(const Operator& node, const flatbuffers::Verifier& verifier, int field) {
  const flatbuffers::Table* options = options_of(node);
  if (options == nullptr || !options->VerifyOffset(verifier, slot(field))) return "";
  const auto* text = options->GetPointer<const flatbuffers::String*>(slot(field));
  return verifier.VerifyString(text) && text != nullptr ? text->str() : "";
}

bool is_zero(const schema::Model& model, const schema::Tensor& tensor) {
  if (tensor.buffer() >= static_cast<uint32_t>(count(model.buffers()))) return false;
  const auto* data = model.buffers()->Get(tensor.buffer())->data();
  const auto* quantization = tensor.quantization();
  const bool int8 = static_cast<DType>(tensor.type()) == DType::int8;
  const uint8_t zero = int8 && quantization != nullptr && count(quantization->zero_point()) > 0
                           ? static_cast<uint8_t>(flatbuffers::ReadScalar<int64_t>(quantization->zero_point()->Data()))
                           : 0;
  return count(data) > 0 && std::all_of(data->begin(), data->end(), [&](uint8_t byte) { return byte == zero; });
}

Result<void> check_once(const schema::Model& model, const std::string& what, int32_t index) {
  if (index < 1 || index >= count(model.subgraphs()))
    return input_error(fmt::format("{} runs subgraph {}, but there are {}", what, index, count(model.subgraphs())));
  const schema::SubGraph& once = *model.subgraphs()->Get(static_cast<flatbuffers::uoffset_t>(index));
  for (int32_t i = 0; i < count(once.operators()); ++i) {
    const Operator& node = operator_at(once, i);
    const int32_t code = code_of(model, node);
    if (code == kVarHandleCode) continue;
    const int32_t value = tensor_at(once, node.inputs(), 1);
    if (code != kAssignVariableCode || value < 0)
      return input_error(
          fmt::format("{} runs subgraph {}, whose operator {} is {}; mote runs one that sets variables to zero", what,
                      index, i, code < 0 ? "unknown" : schema::EnumNameBuiltinOperator(BuiltinOperator{code})));
    if (!is_zero(model, *once.tensors()->Get(static_cast<flatbuffers::uoffset_t>(value))))
      return input_error(fmt::format(
          "{} runs subgraph {}, whose operator {} gives a variable a first value of its own; only variables that begin "
          "at zero are supported",
          what, index, i));
  }
  return {};
}

// The tensor that an operator reads a variable into, or assigns to it; -1 = it does not with this handle.
int32_t value_of(const schema::Model& model, const schema::SubGraph& subgraph, const Operator& node, int32_t handle) {
  const int32_t code = code_of(model, node);
  if (code != kReadVariableCode && code != kAssignVariableCode) return -1;
  if (tensor_at(subgraph, node.inputs(), 0) != handle) return -1;
  return code == kReadVariableCode ? tensor_at(subgraph, node.outputs(), 0) : tensor_at(subgraph, node.inputs(), 1);
}

}  // namespace

int32_t builtin_code(const schema::OperatorCode& code) {
  return std::max(static_cast<int32_t>(code.deprecated_builtin_code()), static_cast<int32_t>(code.builtin_code()));
}

Result<bool> check_calls(const schema::Model& model, const flatbuffers::Verifier& verifier) {
  bool once = false;
  const schema::SubGraph& subgraph = *model.subgraphs()->Get(0);
  for (int32_t i = 0; i < count(subgraph.operators()); ++i) {
    const Operator& node = operator_at(subgraph, i);
    const auto code = static_cast<BuiltinOperator>(code_of(model, node));
    const std::string what = fmt::format("operator {}, {},", i, schema::EnumNameBuiltinOperator(code));
    if (code == BuiltinOperator::CALL_ONCE) {
      once = true;
      const flatbuffers::Table* options = options_of(node);
      const bool sound = options != nullptr && options->VerifyField<int32_t>(verifier, slot(0), sizeof(int32_t));
      MOTE_CHECK(check_once(model, what, sound ? options->GetField<int32_t>(slot(0), 0) : 0));
    }
    if (code == BuiltinOperator::IF || code == BuiltinOperator::WHILE || code == BuiltinOperator::CALL)
      return input_error(
          fmt::format("{} runs another of its {} subgraphs; mote runs the first alone: convert with fixed control "
                      "flow, loops unrolled",
                      what, count(model.subgraphs())));
  }
  return once;
}

Result<void> name_variables(const schema::Model& model, const flatbuffers::Verifier& verifier, Graph& graph) {
  std::set<std::pair<std::string, std::string>> names;
  const schema::SubGraph& subgraph = *model.subgraphs()->Get(0);
  for (int32_t i = 0; i < count(subgraph.operators()); ++i) {
    const Operator& node = operator_at(subgraph, i);
    const int32_t handle = tensor_at(subgraph, node.outputs(), 0);
    if (code_of(model, node) != kVarHandleCode || handle < 0) continue;
    const std::pair name(text_option(node, verifier, kVariableContainer), text_option(node, verifier, kVariableName));
    if (!names.insert(name).second)
      return input_error(fmt::format("operator {}, VAR_HANDLE, is a second handle of one variable; expected one", i));
    Tensor& variable = graph.tensors[static_cast<size_t>(handle)];
    if (variable.constant || variable.type.dtype != DType::resource)
      return input_error(fmt::format("operator {}, VAR_HANDLE, writes tensor {} of type {}; expected a resource", i,
                                     handle, to_string(variable.type.dtype)));
    variable.type = {};  // one that nothing uses
    variable.variable = true;
    for (int32_t k = count(subgraph.operators()) - 1; k >= 0; --k)
      if (const int32_t value = value_of(model, subgraph, operator_at(subgraph, k), handle); value >= 0)
        variable.type = graph.tensors[static_cast<size_t>(value)].type;
  }
  return {};
}

}  // namespace mote
