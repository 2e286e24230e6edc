// The text of operators that run by rows (device/row_buffer.h).
#pragma once
#include <functional>
#include <string>

#include "toolchain/plan/plan.h"

namespace mote {

inline constexpr const char* kRowHeader = "device/row_buffer.h";

// "op_3_conv_2d": the function of a node.
std::string operator_function(const Graph& graph, size_t node);

// In the statements of a node of a stream: where the rows that it sees begin, and those that it makes.
inline constexpr const char* kRowOutput = "output.row(output.end)";
std::string row_input(size_t input);

// What OpDef::emit is told of a node of a stream: EmitCall::rows, and types of one row when it makes them alone.
int32_t prepare_rows(const Graph& graph, const RowStream& stream, size_t node, std::vector<TensorType>& inputs,
                     std::vector<TensorType>& outputs);

// The function of a node of a stream, from the statements that OpDef::emit gave: it makes the rows up to `end`.
std::string row_stage_function(const Graph& graph, const RowStream& stream, size_t node, const std::string& statements);

// The function that goes through a whole stream, behind those of its nodes. `place`: the expression of a tensor.
std::string row_stream_name(const RowStream& stream);
std::string row_stream_function(const Graph& graph, const RowStream& stream,
                                const std::function<std::string(int32_t)>& place);

}  // namespace mote
