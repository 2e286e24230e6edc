#include "toolchain/compile/firmware.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "toolchain/base/files.h"
#include "toolchain/compile/c_interface.h"
#include "toolchain/compile/compiled_model.h"
#include "toolchain/compile/model_facts.h"
#include "toolchain/compile/sources.h"

namespace mote {
namespace {

constexpr std::string_view kTemplates = "toolchain/compile/template/";

std::string kernel_source(const KernelUse& use) {
  return fmt::format(
      "#include \"{0}\"\n\nnamespace mote {{\nextern const Kernel firmware_{1};\nconst Kernel firmware_{1} = {1};\n}}  "
      "// namespace mote\n",
      use.header, use.symbol);
}

// What the application knows of the feature block, and the buffer that it gathers readings in.
std::string readings_source(const ModelFacts& facts) {
  int32_t window = 0, slice = 0;
  size_t channels = 0;
  std::string buffer, start = "nullptr", block;
  if (facts.features) {
    window = facts.features->contract().baseline.readings + facts.features->contract().window;
    channels = facts.features->contract().channels.size();
    slice = facts.features->slice();
    buffer = fmt::format("namespace {{\nint16_t readings[{}];\n}}\n", static_cast<size_t>(slice) * channels);
    start = "readings";
  } else {
    block =
        "void firmware_reset() {}\nint32_t firmware_push(int32_t) {\n  return 0;\n}\nbool firmware_ready() {\n  "
        "return true;\n}\nvoid firmware_features(void*) {}\n";
  }
  return fmt::format(
      "{}uint32_t firmware_window() {{\n  return {};\n}}\nuint32_t firmware_channels() {{\n  return {};\n}}\n"
      "uint32_t firmware_slice() {{\n  return {};\n}}\nint16_t* firmware_readings() {{\n  return {};\n}}\n{}",
      buffer, window, channels, slice, start, block);
}

// The data of one interpreted model: resolver, arena, window.
std::string model_source(const ModelFacts& facts, size_t model_bytes) {
  std::string declarations, table;
  for (const KernelUse& use : facts.kernels) {
    declarations += fmt::format("extern const Kernel firmware_{};\n", use.symbol);
    table += fmt::format("    &firmware_{},\n", use.symbol);
  }
  return fmt::format(
      "#include \"firmware.h\"\n#include \"interpreted.h\"\n\nnamespace mote {{\n{}namespace {{\n"
      "const Kernel* const kernels[] = {{\n{}}};\n}}\n"
      "const Resolver firmware_resolver = {{kernels, {}}};\n"
      "const uint32_t firmware_model_bytes = {};\n"
      "alignas(kAlignment) unsigned char firmware_arena[{}];\n"
      "const uint32_t firmware_arena_bytes = sizeof firmware_arena;\n{}}}  // namespace mote\n",
      declarations, table, facts.kernels.size(), model_bytes, facts.arena_bytes, readings_source(facts));
}

// A function that gives a tensor of the compiled model; `what` is "input".
std::string tensor_function(const std::string& what, size_t count) {
  const std::string macro = macro_prefix(what);
  std::string bytes;  // no array: an AVR would keep it in RAM
  for (size_t i = 0; i + 1 < count; ++i) bytes += fmt::format("i == {1} ? MODEL_{0}_{1}_BYTES : ", macro, i);
  bytes += fmt::format("MODEL_{}_{}_BYTES", macro, count - 1);
  return fmt::format(
      "int32_t firmware_{0}_count() {{\n  return MODEL_{1}S;\n}}\n"
      "TensorView firmware_{0}(int32_t i) {{\n  TensorView view;\n"
      "  view.data = const_cast<void*>(static_cast<const void*>(model_{0}(static_cast<int>(i))));\n"
      "  view.bytes = {2};\n  return view;\n}}\n",
      what, macro, bytes);
}

// firmware.h in terms of a compiled model's C interface.
std::string interface_source(const ModelFacts& facts) {
  return "#include \"firmware.h\"\n#include \"model.h\"\n\nnamespace mote {\n\n" + readings_source(facts) +
         "Status firmware_init() {\n  return model_init() == MODEL_OK ? Status::ok : Status::misaligned;\n}\n"
         "Status firmware_invoke() {\n  return model_run() == MODEL_OK ? Status::ok : Status::not_initialized;\n}\n" +
         tensor_function("input", facts.input_count) + tensor_function("output", facts.output_count) +
         "uint32_t firmware_arena_used() {\n  return MODEL_ARENA_BYTES;\n}\n"
         "int32_t firmware_failed_operator() {\n  return -1;\n}\n\n}  // namespace mote\n";
}

std::string model_data_source(size_t model_bytes) {
  return fmt::format(
      "        .section .rodata.mote_model, \"a\"\n        .balign {}\n        .global mote_model\n"
      "        .type   mote_model, %object\nmote_model:\n        .incbin \"model.tflite\"\n        .size   mote_model, "
      "{}\n",
      kAlignment, model_bytes);
}

Result<std::string> features_source(const ModelFacts& facts) {
  MOTE_TRY(const FeatureSource source, facts.features->firmware("input", facts.input_scale, facts.input_zero_point));
  std::string includes, widen;
  for (const std::string& header : source.headers) includes += fmt::format("#include \"{}\"\n", header);
  if (facts.wide_inputs > 0)  // from the end: a number's place lies behind those to be read
    widen = fmt::format(
        "  for (int32_t i = {}; i-- > 0;) static_cast<int16_t*>(input)[i] = static_cast<const int8_t*>(input)[i];\n",
        facts.wide_inputs);
  return fmt::format(
      "{}#include \"firmware.h\"\n\nnamespace mote {{\nnamespace {{\n{}\n{} stream;\n}}\n"
      "void firmware_reset() {{\n  stream.reset();\n}}\n"
      "int32_t firmware_push(int32_t count) {{\n  return stream.push(firmware_readings(), count);\n}}\n"
      "bool firmware_ready() {{\n  return stream.ready();\n}}\n"
      "void firmware_features(void* input) {{\n  stream.finish(static_cast<int8_t*>(input));\n{}}}\n}}  // namespace "
      "mote\n",
      includes, source.definitions, source.stream, widen);
}

std::vector<std::string> compile_flags(const Board& board, const std::string& level) {
  std::vector<std::string> flags = board.cpu_flags;
  const char* const common[] = {"-std=c++14",
                                "-ffreestanding",
                                "-nostdinc++",
                                "-fno-exceptions",
                                "-fno-rtti",
                                "-fno-threadsafe-statics",
                                "-fno-unwind-tables",
                                "-fno-asynchronous-unwind-tables",
                                "-ffunction-sections",
                                "-fdata-sections",
                                "-ffp-contract=off",
                                "-Wall",
                                "-Wextra",
                                "-g",
                                "-I."};
  flags.insert(flags.end(), std::begin(common), std::end(common));
  // Tables that stand for a switch would be constants in RAM, or beyond the reach of 16-bit addresses.
  if (board.compiler->separate_memories) flags.insert(flags.end(), {"-fno-jump-tables", "-fno-tree-switch-conversion"});
  flags.push_back(level);
  return flags;
}

void list_sources(const Board& board, Optimization optimization, const SourceFiles& files, Firmware& firmware) {
  const std::string kernel_level = optimization == Optimization::speed ? "-O2" : "-Os";
  for (const auto& [path, text] : files) {
    const bool assembler = path.ends_with(".S");
    if (!assembler && !path.ends_with(".cpp")) continue;
    FirmwareSource source{path, "other", compile_flags(board, "-Os"), true};
    if (assembler) source.flags = board.cpu_flags;
    if (path == "main.cpp" || path == board.compiler->startup) source.category = "harness";
    if (path == "engine.cpp") source.category = "engine";
    if (path == "features.cpp") source = {path, "features", compile_flags(board, kernel_level), false};
    if (path.starts_with("kernel_")) source = {path, "kernels", compile_flags(board, kernel_level), true};
    if (path.starts_with("model") || path == "interface.cpp") source.shared = false;
    if (path == "model.cpp" && firmware.engine == Engine::compiled)
      source = {path, "compiled", compile_flags(board, kernel_level), false};
    if (path == "model_data.S") source.category = "model";
    firmware.sources.push_back(source);
  }
  firmware.link_flags = board.cpu_flags;
  const std::vector<std::string> link = {"-nostdlib", "-static", "-Wl,--gc-sections", "-T", board.compiler->script};
  firmware.link_flags.insert(firmware.link_flags.end(), link.begin(), link.end());
  const auto& libraries = board.compiler->libraries;
  firmware.link_flags.insert(firmware.link_flags.end(), libraries.begin(), libraries.end());
}

std::string makefile(const Firmware& firmware, const Board& board) {
  std::string objects, rules;
  for (const FirmwareSource& source : firmware.sources) {
    objects += " " + source.path + ".o";
    rules += fmt::format("{0}.o: {0}\n\t$(CXX) {1} -c -o $@ {0}\n", source.path, fmt::join(source.flags, " "));
  }
  return fmt::format("CXX = {}\nOBJECTS ={}\n\nfirmware.elf: $(OBJECTS)\n\t$(CXX) -o $@ $(OBJECTS) {}\n\n{}",
                     board.compiler->program, objects, fmt::join(firmware.link_flags, " "), rules);
}

// What runs the model: adds its sources, and to `firmware` what they are.
Result<void> add_interpreter(const ModelFacts& facts, const std::vector<uint8_t>& model, SourceFiles& files,
                             Firmware& firmware) {
  for (const char* file : {"interpreted.h", "engine.cpp"}) MOTE_CHECK(add_template(kTemplates, file, files));
  for (const KernelUse& use : facts.kernels) {
    files.emplace("kernel_" + use.symbol + ".cpp", kernel_source(use));
    firmware.kernels.push_back(use.symbol);
  }
  files.emplace("model.cpp", model_source(facts, model.size()));
  files.emplace("model_data.S", model_data_source(model.size()));
  firmware.operators = facts.operators;
  firmware.arena_section = ".bss.firmware_arena";
  firmware.arena_bytes = facts.arena_bytes;
  return {};
}

Result<void> add_compiled(const std::string& name, const ModelFacts& facts, const std::vector<uint8_t>& model,
                          const Board& board, SourceFiles& files, Firmware& firmware) {
  MOTE_TRY(CompiledModel compiled, compile_model(name, model, {"model", packed_for_board(board), &board, false}));
  files.merge(compiled.files);
  files.emplace("interface.cpp", interface_source(facts));
  for (const CompiledOperator& op : compiled.operators)
    firmware.operators.push_back({op.op, op.name, op.code ? op.function : "", 0, op.arena_bytes});
  firmware.arena_section = ".bss.model_arena";
  firmware.arena_bytes = compiled.arena_bytes;
  return {};
}

// What both engines need besides, and the device headers that all of it includes.
Result<void> add_surroundings(const ModelFacts& facts, const Board& board, SourceFiles& files) {
  for (const char* file : {"firmware.h", "main.cpp", "semihosting.h"})
    MOTE_CHECK(add_template(kTemplates, file, files));
  MOTE_CHECK(add_template(kStartup, board.compiler->startup, files));
  MOTE_CHECK(add_template(kStartup, board.compiler->script, files));
  if (facts.features) {
    MOTE_TRY(std::string text, features_source(facts));
    files.emplace("features.cpp", std::move(text));
  }
  if (!facts.decision.empty())  // for the application: main.cpp only runs and measures the model
    files.emplace("decision.h", "#pragma once\n#include <stdint.h>\n" + facts.decision);
  files.emplace("memory.ld", memory_script(board, static_cast<int64_t>(board.flash_bytes.value),
                                           static_cast<int64_t>(board.ram_bytes.value)));
  const SourceFiles sources = files;
  for (const auto& [path, text] : sources) {
    const bool compiled = path.starts_with("mote/") || text.find("\"mote/") != std::string::npos;  // complete
    if (!compiled && (path.ends_with(".cpp") || path.ends_with(".h"))) MOTE_CHECK(add_headers(path, text, files));
  }
  return {};
}

}  // namespace

std::string memory_script(const Board& board, int64_t flash_bytes, int64_t ram_bytes) {
  const Emulator& emulator = board.emulator;
  const auto ram_end = emulator.ram_address + static_cast<uint32_t>(board.ram_bytes.value);
  const std::string regions =
      fmt::format("  FLASH (rx) : ORIGIN = 0x{:08x}, LENGTH = {}\n  RAM (rwx) : ORIGIN = 0x{:08x}, LENGTH = {}\n",
                  emulator.flash_address, flash_bytes, emulator.ram_address, ram_bytes);
  const std::string vectors =
      emulator.vectors_address
          ? fmt::format("  VECTORS (rx) : ORIGIN = 0x{:08x}, LENGTH = 1K\n", *emulator.vectors_address)
          : "";
  const char* const alias = emulator.vectors_address ? "" : "REGION_ALIAS(\"VECTORS\", FLASH)\n";
  return fmt::format("MEMORY\n{{\n{}{}}}\n{}__stack_top = 0x{:08x};\n", vectors, regions, alias, ram_end);
}

std::string to_string(Engine engine) {
  return engine == Engine::interpreter ? "interpreter" : "compiled";
}

std::string to_string(Optimization optimization) {
  return optimization == Optimization::speed ? "speed" : "size";
}

Engine default_engine(const Board& board) {
  return board.compiler->separate_memories ? Engine::compiled : Engine::interpreter;
}

Result<Firmware> write_firmware(const std::string& name, const std::vector<uint8_t>& model, const Board& board,
                                const FirmwareOptions& options, const std::filesystem::path& folder) {
  if (options.engine == Engine::interpreter && board.compiler->separate_memories)
    return input_error(fmt::format(
        "{}: the interpreter reads the model in place, but the program memory of {} is not among its data addresses; "
        "take the compiled engine (--engine compiled)",
        name, board.title));
  MOTE_TRY(const ModelFacts facts, model_facts(name, model));
  const bool interpreted = options.engine == Engine::interpreter;
  SourceFiles files;
  Firmware firmware;
  firmware.engine = options.engine;
  MOTE_CHECK(interpreted ? add_interpreter(facts, model, files, firmware)
                         : add_compiled(name, facts, model, board, files, firmware));
  MOTE_CHECK(add_surroundings(facts, board, files));
  firmware.folder = folder;
  list_sources(board, options.optimization, files, firmware);
  files.emplace("Makefile", makefile(firmware, board));
  firmware.model_bytes = static_cast<int64_t>(model.size());
  firmware.input_bytes = facts.input_bytes;
  firmware.output_bytes = facts.output_bytes;
  if (facts.features) {
    const RecordingContract& contract = facts.features->contract();
    firmware.window_readings = contract.fed_elements();
    firmware.stream_bytes = facts.features->stream_bytes();
    if (contract.rate_hz > 0) firmware.period_seconds = contract.stride / contract.rate_hz;
  }
  MOTE_TRY(StagedFolder staged, StagedFolder::create(folder));
  for (const auto& [path, text] : files) MOTE_CHECK(write_file(staged.path() / path, std::string_view(text)));
  if (interpreted) MOTE_CHECK(write_file(staged.path() / "model.tflite", std::span<const uint8_t>(model)));
  MOTE_CHECK(staged.commit());
  return firmware;
}

}  // namespace mote
