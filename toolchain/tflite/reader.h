// Any .tflite file to a Graph. Every offset, index, size and type is checked; nothing in the file is trusted.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote {

struct TfliteFile {
  Graph graph;
  std::string description;
  std::vector<std::string>
      warnings;  // about the file itself: unaligned buffers, no signature, more than one subgraph entry
};

// Schema version 3, fixed shapes; the first subgraph, which may not run others. Tensors keep their indices. Operators
// that mote lacks, or whose tensor types its operator does not take, become nodes with op == nullptr and `foreign` set:
// "CONV_2D version 3". Node names are those of their first output tensor. Input and output names come from the
// signature of the subgraph, else from the tensors. Float32 weights and biases of trainable operators are marked
// trainable. The metadata entry "min_runtime_version" is left out of Graph::metadata, because the writer derives it.
// `name` is what messages call the file. Errors name the operator or tensor and the table in the file that is wrong.
Result<TfliteFile> read_tflite_file(const std::string& name, std::span<const uint8_t> bytes);

// The same, the graph alone.
Result<Graph> read_tflite(const std::string& name, std::span<const uint8_t> bytes);

}  // namespace mote
