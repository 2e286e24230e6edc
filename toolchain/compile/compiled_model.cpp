#include "toolchain/compile/compiled_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "toolchain/base/files.h"
#include "toolchain/compile/application.h"
#include "toolchain/compile/array_text.h"
#include "toolchain/compile/c_interface.h"
#include "toolchain/compile/lower.h"
#include "toolchain/compile/model_facts.h"
#include "toolchain/compile/program_memory.h"
#include "toolchain/compile/row_text.h"
#include "toolchain/plan/plan.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {

std::string types_text(const Graph& graph, const std::vector<int32_t>& tensors) {
  std::string text;
  for (int32_t tensor : tensors) {
    if (!text.empty()) text += ", ";
    text += tensor == kAbsent
                ? "absent"
                : to_string(graph.tensors[tensor].type.dtype) + " " + to_string(graph.tensors[tensor].type.shape);
  }
  return text;
}

// Builds the source step by step; members are the state shared by the steps.
class SourceWriter {
 public:
  SourceWriter(std::string file, std::string name, PackedFor core, const Graph& graph, const MemoryPlan& plan)
      : file_(std::move(file)), name_(std::move(name)), core_(core), graph_(graph), plan_(plan) {}

  Result<void> run() {
    for (size_t i = 0; i < graph_.nodes.size(); ++i) MOTE_CHECK(add_operator(i));
    MOTE_CHECK(check_outputs());
    input_cases_ = pointer_cases(graph_.inputs);
    output_cases_ = pointer_cases(graph_.outputs);
    const auto unused = [this](const Constant& constant) {
      return functions_.find(constant.name) == std::string::npos &&
             output_cases_.find(constant.name) == std::string::npos;
    };
    std::erase_if(constants_, unused);  // what only the interpreter reads: the shape operand of a reshape
    return {};
  }

  std::string text(const Board* board) const;
  int64_t constant_bytes() const {
    int64_t sum = 0;
    for (const Constant& constant : constants_) sum += constant.bytes;
    return sum;
  }
  std::set<std::string> headers;
  std::vector<CompiledOperator> operators;

 private:
  struct Constant {
    std::string name, text;
    int64_t bytes;
  };
  Result<void> add_operator(size_t index);
  void add_function(size_t index, const std::string& function, const std::string& code);
  Result<std::string> statements(size_t index, const std::string& function);

  // A constant by its value: equal ones are one array.
  std::string keep(const std::string& name, DType type, const std::vector<uint8_t>& bytes) {
    if (bytes.empty()) return "nullptr";
    const bool in_flash = core_ == PackedFor::avr;
    const std::string own = in_flash && is_large_for_avr(bytes.size()) ? name + "_of_" + name_ : name;
    const auto [known, fresh] = known_.try_emplace({type, bytes}, own);
    if (fresh)
      constants_.push_back({own, in_flash ? array_in_flash(own, type, bytes) : array_text(own, type, bytes),
                            static_cast<int64_t>(bytes.size())});
    return known->second;
  }

  const RowStream* stream_of(size_t index) const {
    for (const RowStream& stream : plan_.streams)
      if (stream.holds(static_cast<int32_t>(index))) return &stream;
    return nullptr;
  }

  // Where a tensor lies; constants are kept under `name`.
  std::string expression(int32_t tensor, const std::string& name) {
    if (tensor == kAbsent) return "nullptr";
    const Tensor& t = graph_.tensors[tensor];
    if (t.constant) return keep(name, t.type.dtype, t.data);
    return fmt::format("tensor<{}, {}, {}>()", c_type(t.type.dtype), plan_.offsets[tensor], plan_.tensor_bytes[tensor]);
  }
  Result<std::string> separate_statements(const Node& node, const std::string& function, EmitCall call,
                                          const std::vector<std::span<const uint8_t>>& constants);
  Result<void> check_outputs() const;
  std::string pointer_cases(const std::vector<int32_t>& tensors);
  std::string reset_statements() const;

  std::string file_, name_;
  PackedFor core_;
  const Graph& graph_;
  const MemoryPlan& plan_;
  std::vector<Constant> constants_;
  std::string functions_, calls_, input_cases_, output_cases_;
  std::map<std::pair<DType, std::vector<uint8_t>>, std::string> known_;
};

Result<std::string> SourceWriter::statements(size_t index, const std::string& function) {
  const Node& node = graph_.nodes[index];
  const RowStream* const stream = stream_of(index);
  std::vector<TensorType> types = input_types(graph_, node), output_types;
  std::vector<std::string> inputs(node.inputs.size(), "nullptr"), outputs;
  std::vector<std::span<const uint8_t>> constants(node.inputs.size());
  for (int32_t output : node.outputs) {
    output_types.push_back(graph_.tensors[output].type);
    outputs.push_back(stream != nullptr ? kRowOutput : expression(output, ""));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int32_t tensor = node.inputs[i];
    if (tensor != kAbsent && graph_.tensors[tensor].constant)
      constants[i] = graph_.tensors[tensor].data;
    else
      inputs[i] = stream != nullptr ? row_input(i) : expression(tensor, "");
  }
  const std::string scratch =
      plan_.scratch_offsets[index] < 0
          ? "nullptr"
          : fmt::format("tensor<uint8_t, {}, {}>()", plan_.scratch_offsets[index], plan_.scratch_bytes[index]);
  EmitCall call{&node.attributes, types, output_types, inputs, outputs, scratch};
  if (stream != nullptr) call.rows = prepare_rows(graph_, *stream, index, types, output_types);
  if (node.op->emit_packed != nullptr) {
    const auto keep_packed = [&](const char* name, DType type, const std::vector<uint8_t>& bytes) {
      return keep(function + "_" + name, type, bytes);
    };
    MOTE_TRY(const auto packed, node.op->emit_packed({call, core_, constants, keep_packed}));
    if (packed) {
      headers.insert(packed_header(*node.op, core_));
      return core_ == PackedFor::avr ? parameters_in_flash(*packed, function) : *packed;
    }
  }
  if (core_ == PackedFor::avr) return separate_statements(node, function, call, constants);
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!constants[i].empty()) inputs[i] = expression(node.inputs[i], fmt::format("{}_input_{}", function, i));
  headers.insert(node.op->device_header);
  return node.op->emit(call);
}

// The interpreter's kernel on a core that cannot read constants as data: only the parameters may be some, and they are
// copied.
Result<std::string> SourceWriter::separate_statements(const Node& node, const std::string& function, EmitCall call,
                                                      const std::vector<std::span<const uint8_t>>& constants) {
  const std::string placeholder = function + "_constant_";
  std::vector<std::string> inputs(call.inputs.begin(), call.inputs.end());
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!constants[i].empty()) inputs[i] = placeholder;
  call.inputs = inputs;
  MOTE_TRY(const std::string code, node.op->emit(call));
  if (code.find(placeholder) != std::string::npos)
    return input_error(
        "with these types and options it takes its constants as data, which on an AVR would fill the RAM; mote has "
        "forms with constants in program memory for int8 FULLY_CONNECTED, CONV_2D of one group and DEPTHWISE_CONV_2D");
  headers.insert(node.op->device_header);
  headers.insert("device/program_memory.h");
  return parameters_in_flash(code, function);
}

Result<void> SourceWriter::check_outputs() const {
  if (core_ != PackedFor::avr) return {};
  for (size_t i = 0; i < graph_.outputs.size(); ++i)
    if (graph_.tensors[graph_.outputs[i]].constant)
      return input_error(fmt::format("{}: output {} is a constant, which an AVR cannot read as data", file_, i));
  return {};
}

Result<void> SourceWriter::add_operator(size_t index) {
  const Node& node = graph_.nodes[index];
  CompiledOperator op{operator_function(graph_, index), node.op->tflite_name, node.name, true,
                      plan_.alive_bytes[index]};
  auto code = statements(index, op.function);
  if (!code.ok())
    return Error{code.error().kind,
                 fmt::format("{}: operator {} ('{}', {}): {}", file_, index, node.name, op.op, code.error().message)};
  op.code = !code->empty();
  const std::string title = fmt::format("// {}: {} '{}', {} -> {}", index, op.op, comment_text(node.name),
                                        types_text(graph_, node.inputs), types_text(graph_, node.outputs));
  functions_ += title;
  if (op.code) {
    add_function(index, op.function, *code);
  } else {
    functions_ += ": the same bytes in the same place\n\n";
  }
  operators.push_back(std::move(op));
  return {};
}

void SourceWriter::add_function(size_t index, const std::string& function, const std::string& code) {
  const RowStream* const stream = stream_of(index);
  std::string called = function;
  if (stream == nullptr) {
    functions_ += fmt::format("\n__attribute__((noinline)) void {}() {{\n{}}}\n\n", function, code);
  } else {
    functions_ += row_stage_function(graph_, *stream, index, code);
    if (static_cast<int32_t>(index) != stream->last) return;
    headers.insert(kRowHeader);
    called = row_stream_name(*stream);
    functions_ += row_stream_function(graph_, *stream, [this](int32_t tensor) { return expression(tensor, ""); });
  }
  calls_ += fmt::format("  mote::{}_model::{}();\n", name_, called);
}

std::string SourceWriter::pointer_cases(const std::vector<int32_t>& tensors) {
  std::string text;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = graph_.tensors[tensors[i]];
    const std::string place = tensor.constant
                                  ? fmt::format("mote::{}_model::{}", name_,
                                                keep(fmt::format("output_{}", i), tensor.type.dtype, tensor.data))
                                  : fmt::format("{}_arena + {}", name_, plan_.offsets[tensors[i]]);
    text += fmt::format("    case {}:\n      return {};\n", i, place);
  }
  return text;
}

// Gives the variables their first value.
std::string SourceWriter::reset_statements() const {
  std::string text;
  for (size_t i = 0; i < graph_.tensors.size(); ++i) {
    const Tensor& tensor = graph_.tensors[i];
    if (!tensor.variable || plan_.offsets[i] < 0) continue;
    const TensorInfo info = tensor_info(tensor.type);
    text += fmt::format("  for (int i = 0; i < {}; ++i) {}_arena[{} + i] = {};\n", tensor.type.bytes(), name_,
                        plan_.offsets[i], first_byte(info));
  }
  return text;
}

std::string SourceWriter::text(const Board* board) const {
  const std::string prefix = macro_prefix(name_);
  std::string includes;
  for (const std::string& header : headers) includes += fmt::format("#include \"mote/{}\"\n", header);
  std::string constants;
  for (const Constant& constant : constants_) constants += constant.text + "\n";
  const bool floats = std::any_of(graph_.tensors.begin(), graph_.tensors.end(),
                                  [](const Tensor& t) { return t.type.dtype == DType::float32; });
  std::string text = file_comment(name_, file_, graph_);
  if (floats)
    text +=
        "// A fused multiply-add would change results.\n#if defined(__clang__)\n#pragma clang fp contract(off)\n"
        "#elif defined(__GNUC__)\n#pragma GCC optimize(\"fp-contract=off\")\n#endif\n";
  text += fmt::format("#include \"{}.h\"\n\n{}\n", name_, includes);
  text += fmt::format(
      "#ifndef {0}_ARENA_ELSEWHERE\nextern \"C\" {{\nalignas({1}) unsigned char "
      "{2}_arena[{0}_ARENA_BYTES];\n}}\n#endif\n",
      prefix, kAlignment, name_);
  if (board != nullptr)
    text += fmt::format("static_assert({}_ARENA_BYTES <= {}, \"the arena is larger than the RAM of {}\");\n", prefix,
                        static_cast<int64_t>(board->ram_bytes.value), board->name);
  text += fmt::format(
      "\nnamespace mote {{\nnamespace {0}_model {{\nnamespace {{\n\n"
      "// A tensor by its place in the arena.\ntemplate <class T, int kOffset, int kBytes>\nT* tensor() {{\n"
      "  static_assert(kOffset + kBytes <= {1}_ARENA_BYTES && kOffset % {2} == 0, \"tensors lie in the arena\");\n"
      "  return reinterpret_cast<T*>({0}_arena + kOffset);\n}}\n\n{3}{4}"
      "}}  // namespace\n}}  // namespace {0}_model\n}}  // namespace mote\n\n",
      name_, prefix, kAlignment, constants, functions_);
  text += fmt::format(
      "extern \"C\" {{\n\n{0}_status {0}_init(void) {{\n{6}"
      "  return reinterpret_cast<uintptr_t>({0}_arena) % {2} == 0 ? {1}_OK : {1}_MISALIGNED_ARENA;\n}}\n\n"
      "void* {0}_input(int index) {{\n  switch (index) {{\n{3}    default:\n      return nullptr;\n  }}\n}}\n\n"
      "{0}_status {0}_run(void) {{\n{5}  return {1}_OK;\n}}\n\n"
      "const void* {0}_output(int index) {{\n  switch (index) {{\n{4}    default:\n      return nullptr;\n  "
      "}}\n}}\n\n}}\n",
      name_, prefix, kAlignment, input_cases_, output_cases_, calls_, reset_statements());
  return text;
}

}  // namespace

Result<CompiledModel> compile_model(const std::string& file, const std::vector<uint8_t>& model,
                                    const CompileOptions& options) {
  CompiledModel compiled;
  MOTE_TRY(compiled.name, interface_name(options.name, file));
  MOTE_TRY(const ModelFacts facts, model_facts(file, model));  // refuses what the engine refuses
  MOTE_TRY(Graph graph, read_tflite(file, model));
  MOTE_CHECK(lower(file, graph));
  // By rows, an operator's parameters are computed as it runs; an AVR's lie in program memory (parameters_in_flash).
  const Sharing sharing = options.core == PackedFor::avr ? Sharing::overlap : Sharing::rows;
  MOTE_TRY(const MemoryPlan plan, plan_memory(graph, sharing, options.core));
  MOTE_TRY(const auto metadata, model_metadata(graph));
  SourceWriter writer(file, compiled.name, options.core, graph, plan);
  MOTE_CHECK(writer.run());
  compiled.operators = writer.operators;
  compiled.constant_bytes = writer.constant_bytes();
  compiled.arena_bytes = std::max<int64_t>(plan.arena_bytes, kAlignment);  // an array has at least one element
  compiled.input_bytes = facts.input_bytes;
  compiled.output_bytes = facts.output_bytes;
  const std::string source = writer.text(options.board);
  MOTE_CHECK(stage_headers(compiled.name + ".cpp", writer.headers, compiled.files));
  compiled.files[compiled.name + ".cpp"] = source;
  compiled.files[compiled.name + ".h"] =
      c_header(compiled.name, file, graph, compiled.arena_bytes, metadata.value_or(ModelMetadata()));
  if (options.application && metadata)
    MOTE_CHECK(add_application(compiled.name, file, model, facts, graph, *metadata, compiled.files));
  return compiled;
}

Result<void> write_compiled_model(const CompiledModel& model, const std::filesystem::path& folder) {
  for (const auto& [path, text] : model.files) MOTE_CHECK(write_file(folder / path, std::string_view(text)));
  return {};
}

}  // namespace mote
