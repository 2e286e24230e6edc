// The subgraph that runs before the first inference. It may do no more than give variables the first value that they
// have anyway (device/resource_variable.h), so there is nothing to run; VAR_HANDLE checks the values.
#pragma once
#include "device/resource_variable.h"

namespace mote {

struct CallOnceAttributes {
  int32_t subgraph = 0;
};

template <class V>
void visit(V& v, CallOnceAttributes& a) {
  v.field(0, "init_subgraph_index", a.subgraph);
}

inline Status prepare_call_once(PrepareContext& node) {
  CallOnceAttributes attributes;
  if (!node.read(attributes) || node.input_count() != 0 || node.output_count() != 0) return Status::unsupported_shape;
  ModelView& model = node.model();
  if (attributes.subgraph < 1 || attributes.subgraph >= model.subgraph_count()) return Status::bad_model;
  bool used = false;  // a variable, before it has its first value
  for (int32_t i = 0; i < model.operator_count(); ++i) {
    const int32_t code = model.operator_id(i).code;
    if (code == kCallOnceCode && used) return Status::unsupported_option;
    used = used || code == kReadVariableCode || code == kAssignVariableCode;
  }
  ModelView once = model;
  once.enter(attributes.subgraph);
  for (int32_t i = 0; i < once.operator_count(); ++i) {
    const int32_t code = once.operator_id(i).code;
    if ((code != kVarHandleCode && code != kAssignVariableCode) || handle_of(once, i) < 0)
      return Status::unsupported_option;
  }
  return once.status();
}

inline void invoke_call_once(const InvokeContext&) {}

constexpr Kernel call_once_any = {kCallOnceCode, kAnyType, kAnyType, false, prepare_call_once, invoke_call_once};

}  // namespace mote
