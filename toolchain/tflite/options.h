// An operator's attributes to and from its TFLite options table. OpDef::visit names the fields; there are no generated
// tables.
#pragma once
#include <flatbuffers/flatbuffers.h>

#include <string>

#include "ops/op.h"

namespace mote {

// Fields that `options` lacks keep their value in `attributes`; nullptr = no table, nothing changes.
// `verifier` must have accepted the file, with `options` as a table of it. Errors name the field.
// On success *unknown is the field number of an option that is set but that the operator does not visit, or -1.
Result<void> read_options(const OpDef& op, const flatbuffers::Table* options, const flatbuffers::Verifier& verifier,
                          Attributes& attributes, int* unknown);

// Every field is written, also one at its default, so that no reader needs to know our defaults.
flatbuffers::uoffset_t write_options(const OpDef& op, const Attributes& attributes,
                                     flatbuffers::FlatBufferBuilder& builder);

}  // namespace mote
