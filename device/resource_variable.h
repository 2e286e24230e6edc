// Variables that nodes share by name. A VAR_HANDLE keeps the value in its op data and writes its place there into a
// tensor of type resource, the handle, of which READ_VARIABLE and ASSIGN_VARIABLE copy. The subgraph of a CALL_ONCE
// gives variables their first value, which must be zero, as for other variables (first_byte()).
// Source: TFLite micro/micro_resource_variable.cc.
#pragma once
#include "device/kernel.h"

namespace mote {

constexpr int32_t kCallOnceCode = 129;
constexpr int32_t kVarHandleCode = 142;
constexpr int32_t kReadVariableCode = 143;
constexpr int32_t kAssignVariableCode = 144;

// The value follows it.
struct ResourceVariable {
  int32_t bytes;
  int32_t first;  // what every byte is at first
};

// The handle that operator `i` makes, reads or assigns by; -1 = none.
inline int32_t handle_of(ModelView& model, int32_t i) {
  const int32_t code = model.operator_id(i).code;
  const NodePosition node = model.node(i);
  if (code == kVarHandleCode) return model.length(node.outputs) == 1 ? model.index_at(node.outputs, 0) : -1;
  if (code != kReadVariableCode && code != kAssignVariableCode) return -1;
  const int32_t inputs = code == kReadVariableCode ? 1 : 2;
  const bool complete = model.length(node.inputs) == inputs && model.length(node.outputs) == 2 - inputs;
  return complete ? model.index_at(node.inputs, 0) : -1;
}

// The tensor that operator `i` reads a variable into, or assigns to it. REQUIRES: it has a handle and makes none.
inline int32_t value_of(ModelView& model, int32_t i) {
  const NodePosition node = model.node(i);
  return model.length(node.inputs) == 2 ? model.index_at(node.inputs, 1) : model.index_at(node.outputs, 0);
}

inline bool is_handle_maker(ModelView& model, int32_t i, int32_t handle) {
  return model.operator_id(i).code == kVarHandleCode && handle_of(model, i) == handle;
}

// REQUIRES of reading and assigning: input 0 is a handle that a VAR_HANDLE makes, which has checked the sizes.
inline Status check_handle(const PrepareContext& node, int32_t inputs) {
  if (node.input_count() != inputs || node.output_count() != 2 - inputs) return Status::unsupported_shape;
  for (int32_t i = 0; i < inputs; ++i)
    if (!node.has_input(i)) return Status::unsupported_shape;
  ModelView& model = node.model();
  const int32_t handle = model.index_at(node.position().inputs, 0);
  for (int32_t i = 0; i < model.operator_count(); ++i)
    if (is_handle_maker(model, i, handle)) return Status::ok;
  return Status::bad_model;
}

}  // namespace mote
