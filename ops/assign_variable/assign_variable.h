// Copies input 1 into a variable (device/resource_variable.h). No output.
#pragma once
#include "device/resource_variable.h"

namespace mote {

struct AssignVariableAttributes {};

template <class V>
void visit(V&, AssignVariableAttributes&) {}

inline Status prepare_assign_variable(PrepareContext& node) {
  return check_handle(node, 2);
}

inline void invoke_assign_variable(const InvokeContext& node) {
  auto* variable = node.kept<ResourceVariable>(*node.input<int32_t>(0));
  __builtin_memcpy(variable + 1, node.input<void>(1), static_cast<size_t>(variable->bytes));
}

constexpr Kernel assign_variable_any = {kAssignVariableCode,     DType::resource,       kAnyType, false,
                                        prepare_assign_variable, invoke_assign_variable};

}  // namespace mote
