// Copies a variable (device/resource_variable.h) into the output.
#pragma once
#include "device/resource_variable.h"

namespace mote {

struct ReadVariableAttributes {};

template <class V>
void visit(V&, ReadVariableAttributes&) {}

inline Status prepare_read_variable(PrepareContext& node) {
  return check_handle(node, 1);
}

inline void invoke_read_variable(const InvokeContext& node) {
  const auto* variable = node.kept<ResourceVariable>(*node.input<int32_t>(0));
  __builtin_memcpy(node.output<void>(0), variable + 1, static_cast<size_t>(variable->bytes));
}

constexpr Kernel read_variable_any = {kReadVariableCode,     DType::resource,     kAnyType, false,
                                      prepare_read_variable, invoke_read_variable};

}  // namespace mote
