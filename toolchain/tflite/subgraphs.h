// Subgraphs that the first one calls, and the variables that they share by name.
#pragma once
#include "schema_generated.h"
#include "toolchain/base/result.h"
#include "toolchain/graph/graph.h"

namespace mote {

template <class V>
int32_t count(const V* vector) {
  return vector == nullptr ? 0 : static_cast<int32_t>(vector->size());
}

// Files older than schema 3a have only the deprecated byte; newer ones have both.
int32_t builtin_code(const schema::OperatorCode& code);

// Refuses operators that run other subgraphs, but for a CALL_ONCE whose subgraph sets variables to zero, before
// anything is read of the tensors, whose types and sizes go with them. Whether there is such a CALL_ONCE.
Result<bool> check_calls(const schema::Model& model, const flatbuffers::Verifier& verifier);

// Makes the tensor that a VAR_HANDLE writes in the file a variable, of the type that is read from it or assigned to it.
Result<void> name_variables(const schema::Model& model, const flatbuffers::Verifier& verifier, Graph& graph);

}  // namespace mote
