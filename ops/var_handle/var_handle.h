// Keeps a variable and writes its handle (device/resource_variable.h). Zero in a handle: the variable has no value yet.
#pragma once
#include "device/resource_variable.h"

namespace mote {

struct VarHandleAttributes {};

enum : int { kVariableContainer = 0, kVariableName = 1 };  // fields of the options

template <class V>
void visit(V& v, VarHandleAttributes&) {
  v.text(kVariableContainer, "container");
  v.text(kVariableName, "shared_name");
}

inline bool same_text(ModelView& model, Position a, Position b, uint32_t field) {
  a = model.vector_field(a, field, 0);
  b = model.vector_field(b, field, 0);
  if (model.length(a) != model.length(b)) return false;
  for (uint32_t i = 0; i < static_cast<uint32_t>(model.length(a)); ++i)
    if (model.data()[a + 4 + i] != model.data()[b + 4 + i]) return false;
  return true;
}

// Whether both options of VAR_HANDLE name one variable.
inline bool same_variable(ModelView& model, Position a, Position b) {
  return same_text(model, a, b, kVariableContainer) && same_text(model, a, b, kVariableName);
}

// Size and first value of the variable, on which all that read or assign it agree.
inline Status measure_variable(ModelView& model, int32_t handle, ResourceVariable& variable) {
  bool known = false;
  for (int32_t i = 0; i < model.operator_count(); ++i) {
    if (handle_of(model, i) != handle || is_handle_maker(model, i, handle)) continue;
    const int32_t tensor = value_of(model, i);
    if (tensor < 0) return Status::bad_model;
    const TensorInfo info = model.tensor(tensor);
    const ResourceVariable found = {info.shape.elements() * element_bytes(info.type), first_byte(info)};
    if (known && (found.bytes != variable.bytes || found.first != variable.first)) return Status::unsupported_shape;
    variable = found;
    known = true;
  }
  return model.status();
}

// The subgraph assigns nothing but `variable` as it is at first to what has this name.
inline Status check_first_value(ModelView once, Position name, const ResourceVariable& variable) {
  for (int32_t i = 0; i < once.operator_count(); ++i) {
    if (once.operator_id(i).code != kVarHandleCode || !same_variable(once, once.node(i).options, name)) continue;
    for (int32_t k = 0; k < once.operator_count(); ++k) {
      if (k == i || handle_of(once, k) != handle_of(once, i)) continue;
      const int32_t tensor = value_of(once, k);
      if (tensor < 0) return Status::bad_model;
      const TensorInfo info = once.tensor(tensor);
      const auto* bytes = static_cast<const uint8_t*>(info.data);
      if (once.failed()) return once.status();
      if (bytes == nullptr || info.shape.elements() * element_bytes(info.type) != variable.bytes)
        return Status::unsupported_option;
      for (int32_t b = 0; b < variable.bytes; ++b)
        if (bytes[b] != variable.first) return Status::unsupported_option;
    }
  }
  return once.status();
}

inline Status check_names(ModelView& model, const NodePosition& node, const ResourceVariable& variable) {
  for (int32_t i = 0; i < model.operator_count(); ++i) {
    const int32_t code = model.operator_id(i).code;
    const NodePosition other = model.node(i);
    if (code == kVarHandleCode && other.outputs != node.outputs && same_variable(model, other.options, node.options))
      return Status::unsupported_option;  // two handles of one variable
    if (code != kCallOnceCode) continue;
    const int32_t subgraph = model.i32_field(other.options, 0, 0);
    if (subgraph < 1 || subgraph >= model.subgraph_count()) return Status::bad_model;
    ModelView once = model;
    once.enter(subgraph);
    const Status status = check_first_value(once, node.options, variable);
    if (status != Status::ok) return status;
  }
  return model.status();
}

inline Status prepare_var_handle(PrepareContext& node) {
  if (node.input_count() != 0 || node.output_count() != 1) return Status::unsupported_shape;
  if (node.output(0).shape.elements() != 1) return Status::unsupported_shape;
  ModelView& model = node.model();
  ResourceVariable variable = {0, 0};
  Status status = measure_variable(model, model.index_at(node.position().outputs, 0), variable);
  if (status == Status::ok) status = check_names(model, node.position(), variable);
  if (status != Status::ok) return status;
  node.keep(variable);
  node.keep_array<uint8_t>(variable.bytes);
  return status;
}

inline void invoke_var_handle(const InvokeContext& node) {
  int32_t* const handle = node.output<int32_t>(0);
  if (*handle != 0) return;
  auto* const variable = node.kept<ResourceVariable>(node.data_offset());
  auto* const value = reinterpret_cast<uint8_t*>(variable + 1);
  for (int32_t i = 0; i < variable->bytes; ++i) value[i] = static_cast<uint8_t>(variable->first);
  *handle = node.data_offset();
}

constexpr Kernel var_handle_any = {kVarHandleCode, kAnyType,           DType::resource,
                                   false,          prepare_var_handle, invoke_var_handle};

}  // namespace mote
