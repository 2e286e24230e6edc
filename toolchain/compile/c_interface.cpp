#include "toolchain/compile/c_interface.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "toolchain/compile/decision.h"

namespace mote {
namespace {

constexpr size_t kLongestName = 63;  // significant characters of an identifier in C

// <name>.h would hide these from everyone who searches its folder.
constexpr const char* kStandardHeaders[] = {
    "assert", "complex",   "ctype",   "errno",  "fenv",   "float",  "inttypes", "iso646",
    "limits", "locale",    "math",    "memory", "new",    "setjmp", "signal",   "stdalign",
    "stdarg", "stdatomic", "stdbool", "stddef", "stdint", "stdio",  "stdlib",   "stdnoreturn",
    "string", "tgmath",    "threads", "time",   "uchar",  "wchar",  "wctype"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

std::string name_of(const std::string& file) {
  std::string name = std::filesystem::path(file).stem().string().substr(0, kLongestName - 6);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_word(c); }, '_');
  const auto standard = std::find(std::begin(kStandardHeaders), std::end(kStandardHeaders), name);
  return name.empty() || !is_letter(name[0]) || standard != std::end(kStandardHeaders) ? "model_" + name : name;
}

// A C string literal of any bytes; octal escapes end after three digits, so what follows cannot join them.
std::string literal(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\' && c != '?';
    result += plain ? std::string(1, c) : fmt::format("\\{:03o}", byte);
  }
  return result + "\"";
}

// The macros of one input or output; `what` is "INPUT_0".
std::string tensor_macros(const std::string& prefix, const std::string& what, const Tensor& tensor) {
  const std::string stem = fmt::format("#define {}_{}_", prefix, what);
  const TensorType& type = tensor.type;
  std::string text =
      fmt::format("\n/* {}: {} {} */\n", comment_text(tensor.name), to_string(type.dtype), to_string(type.shape));
  text += fmt::format("{}TYPE {}\n{}ELEMENTS {}\n{}BYTES {}\n", stem, c_type(type.dtype), stem, type.shape.elements(),
                      stem, type.bytes());
  if (type.quant.scales.size() == 1)
    text += fmt::format("{}SCALE {}\n{}ZERO_POINT ({})\n", stem, cpp_float(type.quant.scales[0]), stem,
                        type.quant.zero_points[0]);
  return text;
}

std::string all_macros(const std::string& name, const Graph& graph, int64_t arena_bytes,
                       const std::vector<std::string>& labels) {
  const std::string prefix = macro_prefix(name);
  std::string text = fmt::format("#define {0}_ARENA_BYTES {1}\n#define {0}_INPUTS {2}\n#define {0}_OUTPUTS {3}\n",
                                 prefix, arena_bytes, graph.inputs.size(), graph.outputs.size());
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    text += tensor_macros(prefix, fmt::format("INPUT_{}", i), graph.tensors[graph.inputs[i]]);
  for (size_t i = 0; i < graph.outputs.size(); ++i)
    text += tensor_macros(prefix, fmt::format("OUTPUT_{}", i), graph.tensors[graph.outputs[i]]);
  if (!labels.empty()) text += fmt::format("\n#define {}_LABELS {}\n", prefix, labels.size());
  for (size_t i = 0; i < labels.size(); ++i)
    text += fmt::format("#define {}_LABEL_{} {}\n", prefix, i, literal(labels[i]));
  return text;
}

}  // namespace

Result<std::string> interface_name(const std::string& wanted, const std::string& file) {
  if (wanted.empty()) return name_of(file);
  if (wanted.size() > kLongestName || !is_letter(wanted[0]) || !std::all_of(wanted.begin(), wanted.end(), is_word))
    return input_error(
        fmt::format("the name '{}' does not begin C identifiers: expected a letter, then letters, digits and "
                    "underscores, at most {} "
                    "in all",
                    wanted, kLongestName));
  if (std::find(std::begin(kStandardHeaders), std::end(kStandardHeaders), wanted) != std::end(kStandardHeaders))
    return input_error(
        fmt::format("the name '{0}' would make a header {0}.h that hides the standard one; take another", wanted));
  return wanted;
}

std::string macro_prefix(const std::string& name) {
  std::string prefix = name;
  for (char& c : prefix)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return prefix;
}

std::string comment_text(const std::string& text) {
  std::string result = text.substr(0, text.find(';')).substr(0, 80);  // the converter joins names by ';'
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F || c == '\\' || c == '*' || c == '?') c = '_';
  }
  return result;
}

std::string file_comment(const std::string& name, const std::string& file, const Graph& graph) {
  const bool floats = std::any_of(graph.tensors.begin(), graph.tensors.end(),
                                  [](const Tensor& t) { return t.type.dtype == DType::float32; });
  return fmt::format(
      "/* {0}: the model {1} as code, {2} operators. Written by `mote compile`; to change it, compile again.\n"
      "\n"
      "   Add {0}.cpp to the project and keep the folder mote/ beside it. It is C++14 without library, heap or "
      "exceptions;\n"
      "   GCC and Clang build it for any core, with or without -ffreestanding, and take a core's own instructions "
      "from\n"
      "   -mcpu. Optimise for speed (-O2). {3}The weights carry the licence of the model\n"
      "   file; the headers below mote/ carry mote's. */\n",
      name, comment_text(std::filesystem::path(file).filename().string()), graph.nodes.size(),
      floats ? "Never -ffast-math. " : "");
}

std::string c_header(const std::string& name, const std::string& file, const Graph& graph, int64_t arena_bytes,
                     const ModelMetadata& metadata) {
  const std::string prefix = macro_prefix(name);
  const bool state = keeps_state(graph);
  const char* const sharing = state ? "for instance in another memory"
                                    : "for instance in another memory or shared with "
                                      "what runs at other times";
  const char* const init =
      state ? "Checks the arena's place and clears the state that the model keeps from run to run. Call it before the "
              "first\n   run, and wherever a new sequence begins."
            : "Checks the arena's place. There is nothing to set up.";
  return file_comment(name, file, graph) +
         fmt::format(
             "#ifndef {1}_H\n#define {1}_H\n\n#include <stdint.h>\n\n{2}\n"
             "#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n"
             "typedef enum {{\n  {1}_OK = 0,\n  {1}_MISALIGNED_ARENA = 1 /* {0}_arena is not on a multiple of 16 "
             "*/\n}} "
             "{0}_status;\n\n"
             "/* All memory that the model writes. {0}.cpp defines it; define {1}_ARENA_ELSEWHERE for that file and "
             "the\n"
             "   project does, aligned to 16, {3}. */\n"
             "extern unsigned char {0}_arena[{1}_ARENA_BYTES];\n\n"
             "/* {4} */\n{0}_status {0}_init(void);\n\n"
             "/* Where input `index` is to be written before every run: a run overwrites it. 0 when there is none. */\n"
             "void* {0}_input(int index);\n\n"
             "/* One inference. */\n{0}_status {0}_run(void);\n\n"
             "/* Output `index`, until an input is written or the model runs again. 0 when there is none. */\n"
             "const void* {0}_output(int index);\n"
             "{5}\n"
             "#ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
             name, prefix, all_macros(name, graph, arena_bytes, metadata.labels), sharing, init,
             decision_source(name, graph, metadata));
}

}  // namespace mote
