#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "tests/compile/program.h"
#include "tests/conformance/case_model.h"
#include "tests/conformance/model_folder.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/graph/builder.h"
#include "toolchain/graph/passes/constant_channels_model.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/measure/elf.h"
#include "toolchain/measure/measure.h"
#include "toolchain/quantize/quantize.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20270214;
constexpr int32_t kRandomCases = 10;

fs::path source_folder() {
  return std::getenv("MOTE_SOURCE_DIR");
}

// MOTE_DATA, or the folder `shared` beside the source tree.
fs::path data_folder() {
  const char* data = std::getenv("MOTE_DATA");
  return data != nullptr ? fs::path(data) : source_folder().parent_path() / "shared";
}

class Compiled : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(std::getenv("MOTE_BINARY_DIR")) / "compiled" / info->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  fs::path folder_;
};

#define NEEDS(...)                          \
  for (const char* program : {__VA_ARGS__}) \
    if (!find_program(program)) GTEST_SKIP() << program << " is not installed"

std::vector<uint8_t> file_of(const Graph& graph) {
  const auto bytes = write_tflite(graph);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return *bytes;
}

Graph dense_graph(const std::vector<std::string>& layers, int32_t inputs) {
  return *build_graph(layers, make_shape({inputs}), 3);
}

std::vector<uint8_t> dense_model(const std::vector<std::string>& layers, int32_t inputs,
                                 const std::vector<std::string>& labels = {}) {
  Graph graph = dense_graph(layers, inputs);
  ModelMetadata metadata;
  metadata.task = "classification";
  metadata.labels = labels;
  if (!labels.empty()) {
    EXPECT_TRUE(set_model_metadata(graph, metadata).ok());
  }
  return file_of(graph);
}

// Every conformance case and `random` drawn ones of each operator.
std::vector<conformance::CaseModel> all_cases(int32_t random) {
  std::vector<conformance::CaseModel> models = conformance::all_case_models();
  for (const bool integer : {false, true})
    for (auto& model : conformance::random_case_models(kSeed, random, integer)) models.push_back(std::move(model));
  return models;
}

SourceFiles sources(const std::vector<uint8_t>& model, PackedFor core) {
  const auto compiled = compile_model("m", model, {"m", core, nullptr});
  EXPECT_TRUE(compiled.ok()) << compiled.error().message;
  return compiled->files;
}

TEST_F(Compiled, EveryCaseGivesTheInterpretersBytesHere) {
  const std::vector<conformance::CaseModel> cases = all_cases(kRandomCases);
  for (const PackedFor core : kPackedForms) {
    if (core == PackedFor::avr) continue;  // refuses operators by name, and has less RAM: avr_test.cpp
    CompiledProgram program(core);
    for (const conformance::CaseModel& each : cases) {
      const std::vector<uint8_t> model = file_of(each.graph);
      if (core != PackedFor::plain && sources(model, core) == sources(model, PackedFor::plain)) continue;
      ASSERT_TRUE(program.add(conformance::stem_of(each), model, each.inputs).ok());
    }
    EXPECT_GT(program.models(), 40u);
    ASSERT_TRUE(program.write(folder_).ok());
    const auto printed = run_here(folder_, source_folder());
    ASSERT_TRUE(printed.ok()) << printed.error().message;
    EXPECT_THAT(*printed, HasSubstr("models " + std::to_string(program.models()) + " failures 0\n"));
  }
}

TEST_F(Compiled, EveryCaseGivesTheInterpretersBytesOnCortexM) {
  NEEDS("arm-none-eabi-g++", "qemu-system-arm");
  for (const PackedFor core : {PackedFor::arm_dsp, PackedFor::arm_mve}) {
    CompiledProgram program(core);
    for (const conformance::CaseModel& each : all_cases(0))
      ASSERT_TRUE(program.add(conformance::stem_of(each), file_of(each.graph), each.inputs).ok());
    ASSERT_TRUE(program.write(folder_).ok());
    const auto run = core == PackedFor::arm_mve ? run_on_cortex_m55 : run_on_cortex_m4;
    const auto printed = run(folder_, source_folder());
    ASSERT_TRUE(printed.ok()) << printed.error().message;
    EXPECT_THAT(*printed, HasSubstr("models " + std::to_string(program.models()) + " failures 0\n"));
  }
}

// Models whose constant channels go: all ways for them to be constant, with and without a border behind them.
Result<CompiledProgram> constant_channels(PackedFor core) {
  CompiledProgram program(core);
  std::vector<uint8_t> input(90);
  for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<uint8_t>(i * 89 % 251);
  for (const int32_t constant : {3, 6, 12})
    for (const int32_t bias : {0, 1000, -90000})
      for (const bool dead_scale : {false, true})
        for (const int32_t filter : {1, 3}) {
          const Graph graph = ConstantChannelsModel{constant, bias, dead_scale, filter}.graph();
          MOTE_CHECK(program.add("channels", file_of(graph), {input}));
        }
  return program;
}

TEST_F(Compiled, ConstantChannelsGiveTheInterpretersBytes) {
  NEEDS("arm-none-eabi-g++", "qemu-system-arm");
  for (const PackedFor core : kPackedForms) {
    const auto program = constant_channels(core);
    ASSERT_TRUE(program.ok()) << program.error().message;
    ASSERT_TRUE(program->write(folder_).ok());
    const auto here = run_here(folder_, source_folder()), there = run_on_cortex_m4(folder_, source_folder());
    ASSERT_TRUE(here.ok()) << here.error().message;
    ASSERT_TRUE(there.ok()) << there.error().message;
    EXPECT_THAT(*here, HasSubstr("models 36 failures 0\n"));
    EXPECT_THAT(*there, HasSubstr("models 36 failures 0\n"));
  }
}

// GRUs, written out: in float, in int8 and with int16 activations.
Result<CompiledProgram> gated(PackedFor core) {
  CompiledProgram program(core);
  const std::vector<std::string> layers = {"GRU(5, return_sequences=true)", "GRU(4)", "Dense(3, softmax)"};
  MOTE_TRY(Graph graph, build_graph(layers, make_shape({3, 3}), 7));
  to_inference_form(graph);
  constexpr int32_t kNumbers = 3 * 3;
  std::vector<float> rows(50 * kNumbers);
  Random random(9);
  for (float& value : rows) value = static_cast<float>(random.normal());
  QuantizeConfig narrow, wide;
  wide.activations = DType::int16;
  MOTE_TRY(const Graph int8, quantize_post_training(graph, MatrixData(rows, kNumbers), narrow));
  MOTE_TRY(const Graph int16, quantize_post_training(graph, MatrixData(rows, kNumbers), wide));
  const auto bytes = [&](const Graph& of) {
    std::vector<uint8_t> input(static_cast<size_t>(of.tensors[static_cast<size_t>(of.inputs[0])].type.bytes()));
    if (&of == &graph) std::memcpy(input.data(), rows.data(), input.size());
    for (uint8_t& byte : input)
      if (&of != &graph) byte = static_cast<uint8_t>(random.below(256));
    return input;
  };
  for (const Graph* each : {&std::as_const(graph), &int8, &int16})
    MOTE_CHECK(program.add("gru", file_of(*each), {bytes(*each)}));
  return program;
}

TEST_F(Compiled, GrusGiveTheInterpretersBytes) {
  NEEDS("arm-none-eabi-g++", "qemu-system-arm");
  for (const PackedFor core : {PackedFor::arm_dsp, PackedFor::arm_mve}) {
    const auto program = gated(core);
    ASSERT_TRUE(program.ok()) << program.error().message;
    ASSERT_TRUE(program->write(folder_).ok());
    const auto run = core == PackedFor::arm_mve ? run_on_cortex_m55 : run_on_cortex_m4;
    const auto here = run_here(folder_, source_folder()), there = run(folder_, source_folder());
    ASSERT_TRUE(here.ok()) << here.error().message;
    ASSERT_TRUE(there.ok()) << there.error().message;
    EXPECT_THAT(*here, HasSubstr("models 3 failures 0\n"));
    EXPECT_THAT(*there, HasSubstr("models 3 failures 0\n"));
  }
}

// uint8 to int8 and back with one scale, of lengths that are no whole words; zero points 128 apart and not.
Result<CompiledProgram> turned_signs(PackedFor core) {
  CompiledProgram program(core);
  for (const int32_t count : {1, 3, 4, 257})
    for (const int32_t difference : {128, 127}) {
      const Shape shape = make_shape({1, count});
      const QuantParams low{{0.25f}, {3}, 0}, high{{0.25f}, {3 + difference}, 0};
      Graph g;
      g.tensors = {{"image", {DType::uint8, shape, high}, false, false, {}},
                   {"signed", {DType::int8, shape, low}, false, false, {}},
                   {"back", {DType::uint8, shape, high}, false, false, {}}};
      const OpDef* const quantize = find_op("quantize");
      g.nodes = {{quantize, "in", quantize->default_attributes(), {0}, {1}, ""},
                 {quantize, "out", quantize->default_attributes(), {1}, {2}, ""}};
      g.inputs = {0}, g.outputs = {1, 2};
      g.input_names = {"image"}, g.output_names = {"signed", "back"};
      std::vector<uint8_t> input(static_cast<size_t>(count));
      for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<uint8_t>(i * 3 + 1);
      MOTE_CHECK(program.add("turned", file_of(g), {input}));
    }
  return program;
}

TEST_F(Compiled, TurnedSignsGiveTheInterpretersBytes) {
  const auto program = turned_signs(PackedFor::arm_dsp);
  ASSERT_TRUE(program.ok()) << program.error().message;
  ASSERT_TRUE(program->write(folder_).ok());
  const auto printed = run_here(folder_, source_folder());
  ASSERT_TRUE(printed.ok()) << printed.error().message;
  EXPECT_THAT(*printed, HasSubstr("models 8 failures 0\n"));
}

// Bytes of arena and static memory that each model may take.
const std::map<std::string, int64_t> kMostRam = {{"ad01_int8", 900},
                                                 {"kws_ref_model", 9000},
                                                 {"vww_96_int8", 29000},
                                                 {"pretrainedResnet_quant", 21000},
                                                 {"str_ww_ref_model", 4000}};

// MLPerf Tiny on the emulated board: the bytes of TensorFlow Lite Micro.
class Golden : public Compiled, public testing::WithParamInterface<const char*> {};

TEST_P(Golden, CompiledModelGivesTheReferenceBytes) {
  NEEDS("arm-none-eabi-g++", "qemu-system-arm");
  const std::string name = GetParam();
  const fs::path golden = data_folder() / "golden/mlperf_tiny";
  if (!fs::exists(golden)) GTEST_SKIP() << "no reference bytes in " << golden << "; set MOTE_DATA";
  const auto model = read_file(data_folder() / "models/mlperf_tiny" / (name + ".tflite"));
  const auto rows = read_file(golden / (name + ".in.bin")), expected = read_file(golden / (name + ".out.bin"));
  ASSERT_TRUE(model.ok() && rows.ok() && expected.ok());
  MeasureOptions options;
  options.firmware.engine = Engine::compiled;
  options.folder = folder_ / "firmware";
  options.counter = fs::path(std::getenv("MOTE_BINARY_DIR")) / "libmote_count.so";
  options.rows = *rows;
  const auto m = measure(name, *model, **find_board("nano33ble"), options);
  ASSERT_TRUE(m.ok()) << m.error().message;
  EXPECT_TRUE(m->outputs == *expected);
  uint64_t sum = m->outside.engine.instructions + m->outside.features.instructions;
  for (const LayerCost& layer : m->layers) sum += layer.cost.instructions;
  EXPECT_EQ(sum, m->latency.instructions) << "operators and engine are the whole window";
  EXPECT_EQ(m->ram.statics, 0);
  EXPECT_LE(m->ram.arena + m->ram.statics, kMostRam.at(name));
  if (name != "ad01_int8") return;
  EXPECT_LE(m->latency.cycles.typical, 0.42e6);
  EXPECT_LE(m->flash.code(), 4096);
}

INSTANTIATE_TEST_SUITE_P(MlperfTiny, Golden,
                         testing::Values("ad01_int8", "kws_ref_model", "vww_96_int8", "pretrainedResnet_quant",
                                         "str_ww_ref_model"),
                         [](const auto& each) { return std::string(each.param); });

void compile_into(const fs::path& folder, const std::string& name, const std::vector<uint8_t>& model) {
  const auto compiled = compile_model(name + ".tflite", model, {name, PackedFor::arm_dsp, nullptr});
  ASSERT_TRUE(compiled.ok()) << compiled.error().message;
  ASSERT_TRUE(write_compiled_model(*compiled, folder).ok());
}

// A C program that knows nothing of mote but the two headers.
constexpr const char* kForeignMain = R"(#include <string.h>
#include "first.h"
#include "second.h"
int main(void) {
  const FIRST_OUTPUT_0_TYPE* answer;
  if (first_init() != FIRST_OK || second_init() != SECOND_OK) return 1;
  if (FIRST_LABELS != 2 || strcmp(FIRST_LABEL_1, "\"no\"\\\?\?/") != 0) return 2;
  memset(first_input(0), 0, FIRST_INPUT_0_BYTES);
  if (first_run() != FIRST_OK) return 3;
  answer = (const FIRST_OUTPUT_0_TYPE*)first_output(0);
  memset(second_input(0), 0, SECOND_INPUT_0_BYTES);
  if (second_run() != SECOND_OK) return 4;
  if (sizeof first_arena != FIRST_ARENA_BYTES || first_output(FIRST_OUTPUTS) != 0) return 5;
  return answer[0] + answer[1] > 0.999f && answer[0] + answer[1] < 1.001f ? 0 : 6;
}
)";

void write_foreign_project(const fs::path& folder) {
  compile_into(folder / "models", "first",
               dense_model({"Dense(6, relu)", "Dense(2, softmax)"}, 5, {"yes", "\"no\"\\?\?/"}));
  compile_into(folder / "models", "second", dense_model({"Dense(3)"}, 4));
  ASSERT_TRUE(write_file(folder / "main.c", std::string_view(kForeignMain)).ok());
}

TEST_F(Compiled, AForeignCMakeProjectTakesTwoModels) {
  NEEDS("cmake");
  write_foreign_project(folder_);
  const std::string_view project =
      "cmake_minimum_required(VERSION 3.16)\nproject(foreign C CXX)\nset(CMAKE_CXX_STANDARD 14)\n"
      "add_executable(foreign main.c models/first.cpp models/second.cpp)\n"
      "target_include_directories(foreign PRIVATE models)\n"
      "target_compile_options(foreign PRIVATE -Wall -Wextra -Wconversion -Wpedantic -Werror)\n";
  ASSERT_TRUE(write_file(folder_ / "CMakeLists.txt", project).ok());
  const auto built = run_process({"sh", "-c", "cmake -S . -B out && cmake --build out && out/foreign"}, 300, folder_);
  ASSERT_TRUE(built.ok());
  EXPECT_EQ(built->exit_status, 0) << built->output << built->errors;
}

TEST_F(Compiled, AForeignFirmwareLinksTwoModels) {
  NEEDS("arm-none-eabi-gcc", "qemu-system-arm");
  write_foreign_project(folder_);
  const std::string device = (source_folder() / "tests/conformance/device").string();
  const auto run = run_process(
      {"sh", "-c",
       "set -e; flags='-O2 -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -Wall -Wextra -Werror'\n"
       "arm-none-eabi-gcc $flags -c main.c -Imodels\n"
       "for model in first second; do arm-none-eabi-g++ $flags -ffp-contract=fast -c models/$model.cpp; done\n"
       "arm-none-eabi-gcc $flags -ffreestanding -fno-exceptions -fno-rtti -nostartfiles -L " +
           device + " -T " + device + "/mps2.ld " + device +
           "/startup.cpp main.o first.o second.o -o foreign.elf\n"
           "arm-none-eabi-objdump -d first.o | grep -q vmul\n"
           "if arm-none-eabi-objdump -d first.o second.o | grep vfma; then echo contracted; exit 9; fi\n"
           "qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none "
           "-semihosting-config enable=on,target=native -kernel foreign.elf"},
      120, folder_);
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->exit_status, 0) << run->output << run->errors;
}

TEST_F(Compiled, OtherFilesInTheFolderStay) {
  ASSERT_TRUE(write_file(folder_ / "own.txt", std::string_view("mine")).ok());
  compile_into(folder_, "model", dense_model({"Dense(2)"}, 3));
  EXPECT_TRUE(fs::exists(folder_ / "own.txt"));
  EXPECT_TRUE(fs::exists(folder_ / "model.h"));
  EXPECT_FALSE(fs::exists(folder_ / "mote/ops/softmax/softmax.h")) << "only what the model needs";
}

TEST(CompileModel, NamesAreIdentifiers) {
  const auto model = dense_model({"Dense(2)"}, 3);
  EXPECT_EQ(compile_model("some/9 lives-ä.tflite", model, {})->name, "model_9_lives___");
  EXPECT_EQ(compile_model("math.tflite", model, {})->name, "model_math");
  for (const char* name : {"9lives", "_x", "a-b", "a b", "\xC3\xA4"})
    EXPECT_THAT(compile_model("m.tflite", model, {name, PackedFor::plain, nullptr}).error().message,
                AllOf(HasSubstr(name), HasSubstr("expected a letter")));
  EXPECT_THAT(compile_model("m.tflite", model, {"stdint", PackedFor::plain, nullptr}).error().message,
              HasSubstr("hides the standard one"));
}

TEST(CompileModel, CoresAreNamed) {
  EXPECT_EQ(*packed_for_core("cortex-m0plus"), PackedFor::plain);
  EXPECT_EQ(*packed_for_core("cortex-m7"), PackedFor::arm_dsp);
  EXPECT_THAT(packed_for_core("m4").error().message, AllOf(HasSubstr("'m4'"), HasSubstr("cortex-m33")));
  EXPECT_EQ(packed_for_board(**find_board("nano33ble")), PackedFor::arm_dsp);
  EXPECT_EQ(packed_for_board(**find_board("ensemble_e1c")), PackedFor::arm_mve);
  EXPECT_EQ(packed_for_board(**find_board("rp2040")), PackedFor::plain);
  EXPECT_EQ(*packed_for_core("avr"), PackedFor::avr);
  EXPECT_EQ(packed_for_board(**find_board("uno")), PackedFor::avr);
}

// Equal weights are one array; a reshape in place has no code.
TEST(CompileModel, SharesConstantsAndDropsWhatIsFree) {
  Graph graph = dense_graph({"Dense(4)", "Reshape(2, 2)", "Flatten", "Dense(4)"}, 4);
  std::vector<Node*> dense;
  for (Node& node : graph.nodes)
    if (std::string(node.op->name) == "fully_connected") dense.push_back(&node);
  ASSERT_EQ(dense.size(), 2u);
  for (size_t i = 1; i < 3; ++i) graph.tensors[dense[1]->inputs[i]].data = graph.tensors[dense[0]->inputs[i]].data;
  const auto compiled = compile_model("m", file_of(graph), {});
  ASSERT_TRUE(compiled.ok()) << compiled.error().message;
  EXPECT_EQ(compiled->constant_bytes, 4 * 4 * 4 + 4 * 4);
  int64_t calls = 0;
  for (const CompiledOperator& op : compiled->operators) calls += op.code;
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(compiled->operators.size(), graph.nodes.size());
}

TEST(CompileModel, TextFromTheFileStaysInComments) {
  Graph graph = dense_graph({"Dense(2)"}, 3);
  for (Tensor& tensor : graph.tensors) tensor.name += " */ #error \\";
  const auto compiled = compile_model("a\n*/ #error.tflite", file_of(graph), {});
  ASSERT_TRUE(compiled.ok()) << compiled.error().message;
  for (const auto& [path, text] : compiled->files) {
    if (!path.ends_with(".h") || path.starts_with("mote/")) continue;
    EXPECT_EQ(text.find("\n#error"), std::string::npos);
    EXPECT_EQ(text.find("*/ #error"), std::string::npos);
  }
}

TEST(CompileModel, NamesTheOperatorThatIsLacking) {
  OpDef gelu = *find_op("softmax");  // the writer takes the code from here
  gelu.tflite_code = 150;
  Graph graph = dense_graph({"Dense(2, softmax)"}, 3);
  graph.nodes.back().op = &gelu;
  const auto compiled = compile_model("m.tflite", file_of(graph), {});
  ASSERT_FALSE(compiled.ok());
  EXPECT_EQ(compiled.error().kind, Error::Kind::input);
  EXPECT_THAT(compiled.error().message,
              AllOf(HasSubstr("m.tflite: operator 1"), HasSubstr("GELU"), HasSubstr(graph.nodes.back().name)));
}

}  // namespace
}  // namespace mote
