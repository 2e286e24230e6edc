#include "tests/conformance/device_program.h"

#include <fmt/format.h>

#include <algorithm>

#include "ops/op.h"
#include "tests/conformance/host_run.h"
#include "tests/conformance/model_folder.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/tflite/writer.h"

namespace mote::conformance {

namespace {

class ProgramWriter {
 public:
  // `forms`: the packed forms that the case runs in.
  Result<void> add(const CaseModel& model, std::span<const PackedFor> forms) {
    if (std::ranges::find(ops_, model.op) == ops_.end()) ops_.push_back(model.op);
    MOTE_TRY(const auto file, write_tflite(model.graph));
    const HostRun run = run_on_host(file, model.inputs);
    if (run.status != Status::ok)
      return defect(
          fmt::format("{}: the host's interpreter gives status {}", model.name, static_cast<int>(run.status)));
    std::string offsets, sizes;
    for (const auto& input : model.inputs) {
      offsets += fmt::format("{},", place(input));
      sizes += fmt::format("{},", input.size());
    }
    MOTE_TRY(const std::string calls, emit_functions(model, forms));
    const std::vector<uint8_t> expected = in_a_row(run.outputs);
    table_ += fmt::format("    {{\"{}\", {}, {}, {}, {{{}}}, {{{}}}, {}, {}, {}, {}}},\n", stem_of(model), place(file),
                          file.size(), model.inputs.size(), offsets, sizes, place(expected), expected.size(),
                          node_cost(model.graph, model.graph.nodes[0]).scratch_bytes, calls);
    ++count_;
    return {};
  }

  Result<void> finish(const fs::path& folder) const {
    std::string includes, kernels;
    for (const OpDef* op : ops_) {
      includes += fmt::format("#include \"{}\"\n", op->device_header);
      if (op->packed_header != nullptr)
        for (const PackedFor core : kPackedForms)
          includes += fmt::format("#include \"{}\"\n", packed_header(*op, core));
      for (const DeviceKernel& kernel : op->kernels) kernels += fmt::format("    &{},\n", kernel.symbol);
    }
    const std::string text = fmt::format(
        "{}#include \"cases.h\"\n#include \"device/resolver.h\"\n\n"
        "__asm(\".section .rodata.blob,\\\"a\\\"\\n.balign 16\\n.global mote_blob\\nmote_blob:\\n.incbin "
        "\\\"blob.bin\\\"\\n.text\\n\");\n\n"
        "namespace mote {{\n\nstatic constexpr const Kernel* kKernels[] = {{\n{}}};\n"
        "extern const Resolver kResolver;\nconst Resolver kResolver = resolve(kKernels);\n\n"
        "{}\nextern const DeviceCase kCases[] = {{\n{}}};\nextern const int32_t kCaseCount = {};\n\n}}  // namespace "
        "mote\n",
        includes, kernels, functions_, table_, count_);
    MOTE_CHECK(write_file(folder / "cases.cpp", text));
    return write_file(folder / "blob.bin", blob_);
  }

 private:
  size_t place(std::span<const uint8_t> bytes) {
    blob_.resize((blob_.size() + kAlignment - 1) / kAlignment * kAlignment);
    blob_.insert(blob_.end(), bytes.begin(), bytes.end());
    return blob_.size() - bytes.size();
  }

  std::string in_blob(DType type, std::span<const uint8_t> bytes) {
    return fmt::format("reinterpret_cast<const {}*>(mote_blob + {})", c_type(type), place(bytes));
  }

  // A symbol in the blob: unlike a cast of a place there, its address is a constant that a table can hold.
  std::string name_of(DType type, std::span<const uint8_t> bytes) {
    const std::string name = fmt::format("kept_{}", kept_++);
    functions_ += fmt::format("__asm(\".global {0}\\n.set {0}, mote_blob + {1}\\n\");\nextern \"C\" const {2} {0}[];\n",
                              name, place(bytes), c_type(type));
    return name;
  }

  // Writes functions with the code that the operator emits, and gives their names.
  Result<std::string> emit_functions(const CaseModel& model, std::span<const PackedFor> forms) {
    const Graph& graph = model.graph;
    const Node& node = graph.nodes[0];
    const std::vector<TensorType> types = input_types(graph, node);
    std::vector<std::string> inputs;
    std::vector<std::span<const uint8_t>> constants;
    size_t activation = 0;
    std::string states;
    for (int32_t t : node.inputs) {
      constants.push_back(t == kAbsent ? std::span<const uint8_t>() : graph.tensors[t].data);
      if (t == kAbsent)
        inputs.push_back("nullptr");
      else if (graph.tensors[t].constant)
        inputs.push_back(in_blob(graph.tensors[t].type.dtype, graph.tensors[t].data));
      else if (graph.tensors[t].variable)
        inputs.push_back(add_state(graph.tensors[t], inputs.size(), states));
      else
        inputs.push_back(
            fmt::format("reinterpret_cast<const {}*>(inputs[{}])", c_type(graph.tensors[t].type.dtype), activation++));
    }
    std::vector<TensorType> output_types;
    std::vector<std::string> outputs;
    int64_t offset = 0;
    for (int32_t t : node.outputs) {
      output_types.push_back(graph.tensors[t].type);
      outputs.push_back(fmt::format("reinterpret_cast<{}*>(output + {})", c_type(output_types.back().dtype), offset));
      offset += output_types.back().bytes();
    }
    const EmitCall call{&node.attributes, types, output_types, inputs, outputs, "scratch"};
    MOTE_TRY(const std::string code, node.op->emit(call));
    std::string names = add_function("call", states + code);
    if (node.op->emit_packed == nullptr) return names + ", {}";
    const auto keep = [this](const char*, DType type, const std::vector<uint8_t>& bytes) {
      return name_of(type, bytes);
    };
    names += ", {";
    for (const PackedFor core : forms) {
      MOTE_TRY(const auto packed, node.op->emit_packed({call, core, constants, keep}));
      names += packed ? add_function(fmt::format("packed_{}", static_cast<int>(core)), *packed) + "," : "nullptr,";
    }
    return names + "}";
  }

  // Declares and clears a state, and gives its name.
  static std::string add_state(const Tensor& state, size_t input, std::string& declarations) {
    const std::string name = fmt::format("state_{}", input);
    const int32_t zero = state.type.dtype == DType::int8 ? state.type.quant.zero_points.at(0) : 0;
    declarations += fmt::format("  static {} {}[{}];\n  for (auto& value : {}) value = {};\n", c_type(state.type.dtype),
                                name, state.type.shape.elements(), name, zero);
    return name;
  }

  std::string add_function(const std::string& stem, const std::string& code) {
    const std::string name = fmt::format("{}_{}", stem, count_);
    functions_ += fmt::format(
        "static void {}(const uint8_t* const* inputs, uint8_t* output, uint8_t* scratch) {{\n  (void)inputs, "
        "(void)scratch;\n{}}}\n",
        name, code);
    return name;
  }

  std::vector<const OpDef*> ops_;  // of the cases, each once
  std::vector<uint8_t> blob_;
  std::string functions_, table_;
  int32_t count_ = 0, kept_ = 0;
};

}  // namespace

Result<void> write_device_program(const fs::path& folder, std::span<const CaseModel> models,
                                  std::span<const CaseModel> random_models, PackedFor core) {
  ProgramWriter writer;
  for (const CaseModel& model : models) MOTE_CHECK(writer.add(model, kPackedForms));
  for (const CaseModel& model : random_models) MOTE_CHECK(writer.add(model, {&core, 1}));
  return writer.finish(folder);
}

Result<std::string> run_device_program(const fs::path& folder, const fs::path& source, const DeviceTarget& target) {
  const fs::path device = source / "tests/conformance/device";
  const fs::path elf = folder / (std::string(target.name) + ".elf");
  std::vector<std::string> compile = {"arm-none-eabi-g++",
                                      "-std=c++14",
                                      "-O2",
                                      "-ffreestanding",
                                      "-nostdinc++",
                                      "-nostdlib",
                                      "-fno-exceptions",
                                      "-fno-rtti",
                                      "-fno-threadsafe-statics",
                                      "-ffp-contract=off",
                                      "-Wall",
                                      "-Wextra",
                                      "-Werror",
                                      "-mthumb",
                                      "-I" + source.string(),
                                      "-I" + device.string(),
                                      "-L" + device.string(),
                                      "-T" + (device / target.script).string(),
                                      (device / "startup.cpp").string(),
                                      (device / "runner.cpp").string(),
                                      "cases.cpp",
                                      "-lgcc",
                                      "-o",
                                      elf.string()};
  compile.insert(compile.begin() + 1, target.flags.begin(), target.flags.end());
  MOTE_TRY(const ProcessOutput built, run_process(compile, 300, folder));
  if (built.exit_status != 0) return defect("compiling for " + std::string(target.name) + ":\n" + built.errors);
  MOTE_TRY(const ProcessOutput ran,
           run_process({"qemu-system-arm", "-M", target.machine, "-nographic", "-monitor", "none", "-serial", "none",
                        "-semihosting-config", "enable=on,target=native", "-kernel", elf.string()},
                       300, folder));
  if (ran.timed_out) return defect("the emulated board did not stop within 300 s");
  return ran.output + ran.errors;
}

}  // namespace mote::conformance
