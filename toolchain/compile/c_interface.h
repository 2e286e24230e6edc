// The C header of a compiled model, and what its source has to say of names and text.
#pragma once
#include <string>
#include <vector>

#include "toolchain/graph/graph.h"
#include "toolchain/tflite/metadata.h"

namespace mote {

// `wanted`, or a name made from the file's when it is empty. The error says what a name may be.
Result<std::string> interface_name(const std::string& wanted, const std::string& file);

// "GESTURES" for "gestures".
std::string macro_prefix(const std::string& name);

// Any text as part of a comment: printable ASCII that neither ends the comment nor continues its line.
std::string comment_text(const std::string& text);

// The head of both files: what it is, from what it was made, how to build it.
std::string file_comment(const std::string& name, const std::string& file, const Graph& graph);

// <name>.h for the model's inputs, outputs, labels, arena and thresholds.
std::string c_header(const std::string& name, const std::string& file, const Graph& graph, int64_t arena_bytes,
                     const ModelMetadata& metadata);

}  // namespace mote
