// Compiled models on emulated AVRs: the interpreter's bytes, constants in program memory, what is refused.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "tests/compile/program.h"
#include "tests/conformance/case_model.h"
#include "tests/conformance/host_run.h"
#include "tests/conformance/model_folder.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/measure/elf.h"
#include "toolchain/measure/measure.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

using conformance::CaseModel;
using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20261128;
constexpr int32_t kRandomCases = 6;  // of each operator and form
constexpr size_t kModelsPerProgram = 100;

fs::path binary_folder() {
  return std::getenv("MOTE_BINARY_DIR");
}

class Avr : public testing::Test {
 protected:
  void SetUp() override {
    if (!find_program("avr-g++")) GTEST_SKIP() << "gcc-avr is not installed";
    if (!find_program(emulator_.string())) GTEST_SKIP() << "libsimavr-dev was not there when this was built";
    folder_ = binary_folder() / "avr" / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  Result<Measurement> measured(const std::string& board, const CaseModel& model, Engine engine = Engine::compiled) {
    MOTE_TRY(const std::vector<uint8_t> file, write_tflite(model.graph));
    MeasureOptions options;
    options.firmware.engine = engine;
    options.folder = folder_ / board;
    options.counter = binary_folder() / "libmote_count.so";
    options.rows = model.inputs[0];
    return measure("model.tflite", file, **find_board(board), options);
  }

  fs::path folder_, emulator_ = binary_folder() / "mote_simavr";
};

CaseModel case_named(const std::string& name) {
  for (CaseModel& model : conformance::all_case_models())
    if (model.integer && model.name == name) return std::move(model);
  ADD_FAILURE() << "no case " << name;
  return {};
}

std::vector<CaseModel> every_model() {
  std::vector<CaseModel> models = conformance::all_case_models();
  for (const bool integer : {false, true})
    for (CaseModel& model : conformance::random_case_models(kSeed, kRandomCases, integer))
      models.push_back(std::move(model));
  return models;
}

// Operators of which an AVR has to run some integer cases.
const std::set<std::string> kNeeded = {"fully_connected",
                                       "softmax",
                                       "conv_2d",
                                       "depthwise_conv_2d",
                                       "average_pool_2d",
                                       "max_pool_2d",
                                       "reshape",
                                       "add",
                                       "relu",
                                       "relu6",
                                       "logistic",
                                       "tanh",
                                       "mean",
                                       "quantize",
                                       "dequantize",
                                       "sub",
                                       "mul",
                                       "maximum",
                                       "minimum",
                                       "concatenation",
                                       "pad",
                                       "transpose"};

TEST_F(Avr, EveryCaseGivesTheInterpretersBytesOrIsRefusedByName) {
  std::vector<CompiledProgram> programs;
  std::set<std::string> ran;
  int refused = 0, large = 0;
  for (const CaseModel& model : every_model()) {
    const auto file = write_tflite(model.graph);
    ASSERT_TRUE(file.ok());
    const std::string name = conformance::stem_of(model);
    const auto compiled = compile_model(name, *file, {"m", PackedFor::avr, nullptr});
    if (!compiled.ok()) {
      ++refused;
      EXPECT_EQ(compiled.error().kind, Error::Kind::input) << name;
      EXPECT_THAT(compiled.error().message, HasSubstr(std::string(", ") + model.op->tflite_name + ")")) << name;
      EXPECT_THAT(compiled.error().message, HasSubstr("program memory")) << name;
      continue;
    }
    if (compiled->arena_bytes > kAvrArena - 64) {
      ++large;
      continue;
    }
    if (model.integer) ran.insert(model.op->name);
    if (programs.empty() || programs.back().models() == kModelsPerProgram) programs.emplace_back(PackedFor::avr);
    const auto added = programs.back().add(name, *file, model.inputs);
    ASSERT_TRUE(added.ok()) << added.error().message;
  }
  std::cout << fmt::format("{} programs, {} refused, {} too large for the RAM\n", programs.size(), refused, large);
  for (const std::string& name : kNeeded) EXPECT_TRUE(ran.contains(name)) << name << " has no case that an AVR runs";
  for (size_t i = 0; i < programs.size(); ++i) {
    const fs::path folder = folder_ / std::to_string(i);
    ASSERT_TRUE(programs[i].write(folder).ok());
    const auto printed = run_on_mega2560(folder, std::getenv("MOTE_SOURCE_DIR"), emulator_);
    ASSERT_TRUE(printed.ok()) << printed.error().message;
    EXPECT_THAT(*printed, HasSubstr(fmt::format("models {} failures 0\n", programs[i].models()))) << folder;
  }
}

TEST_F(Avr, MeasuredOnBothBoards) {
  const CaseModel model = case_named("fully_connected.gesture_first_layer");
  const auto file = write_tflite(model.graph);
  ASSERT_TRUE(file.ok());
  const std::vector<uint8_t> expected = conformance::in_a_row(conformance::run_on_host(*file, model.inputs).outputs);
  for (const char* board : {"uno", "mega2560"}) {
    const auto m = measured(board, model);
    ASSERT_TRUE(m.ok()) << m.error().message;
    EXPECT_TRUE(m->fits) << board;
    EXPECT_EQ(m->outputs, expected) << board;
    EXPECT_EQ(m->engine, "compiled");
    EXPECT_LE(m->ram.statics, 6) << board << ": more in RAM than the application's window, which there is none of";
    EXPECT_GE(m->flash.model, 64 * 300) << board;
    EXPECT_GT(m->ram.stack, 20) << board;
    EXPECT_EQ(m->latency.cycles.low, m->latency.cycles.high) << board << ": exact";
    EXPECT_GT(m->latency.cycles.typical, static_cast<double>(m->latency.instructions)) << board;
    EXPECT_LT(m->latency.cycles.typical, 13.0 * 64 * 300) << board << ": cycles of a product and all around it";
    ASSERT_EQ(m->layers.size(), 1u);
    EXPECT_EQ(m->layers[0].cost.instructions + m->outside.engine.instructions, m->latency.instructions) << board;
    EXPECT_GT(m->layers[0].flash_bytes, 64 * 300) << board;
  }
}

TEST_F(Avr, WeightsBeyond64KiBAreReached) {
  // 256 rows of 300: 75 KiB of weights.
  std::vector<OpCase> cases = find_op("fully_connected")->cases();
  OpCase large = *std::ranges::find(cases, "gesture_first_layer", &OpCase::name);
  large.inputs = {make_shape({1, 300}), make_shape({256, 300}), make_shape({256})};
  const auto model = conformance::make_case_model(*find_op("fully_connected"), large, true);
  ASSERT_TRUE(model.ok()) << model.error().message;
  const auto file = write_tflite(model->graph);
  ASSERT_TRUE(file.ok());
  const auto m = measured("mega2560", *model);
  ASSERT_TRUE(m.ok()) << m.error().message;
  EXPECT_EQ(m->outputs, conformance::in_a_row(conformance::run_on_host(*file, model->inputs).outputs));
  const auto small = measured("uno", *model);
  ASSERT_TRUE(small.ok()) << small.error().message;
  EXPECT_FALSE(small->fits);
}

// A model of MLPerf Tiny on the Arduino Mega: the bytes of TensorFlow Lite Micro.
TEST_F(Avr, TheStreamingWakeWordModelGivesTheReferenceBytes) {
  const char* const data = std::getenv("MOTE_DATA");
  const fs::path shared = data != nullptr ? fs::path(data) : fs::path(std::getenv("MOTE_SOURCE_DIR")) / "../shared";
  const fs::path golden = shared / "golden/mlperf_tiny";
  if (!fs::exists(golden)) GTEST_SKIP() << "no reference bytes in " << golden << "; set MOTE_DATA";
  const auto model = read_file(shared / "models/mlperf_tiny/str_ww_ref_model.tflite");
  const auto rows = read_file(golden / "str_ww_ref_model.in.bin"), out = read_file(golden / "str_ww_ref_model.out.bin");
  ASSERT_TRUE(model.ok() && rows.ok() && out.ok());
  constexpr size_t kRows = 3, kInputBytes = 1200, kOutputBytes = 3;
  MeasureOptions options;
  options.firmware.engine = Engine::compiled;
  options.folder = folder_ / "firmware";
  options.counter = binary_folder() / "libmote_count.so";
  options.rows = std::span(*rows).first(kRows * kInputBytes);
  const auto m = measure("str_ww_ref_model", *model, **find_board("mega2560"), options);
  ASSERT_TRUE(m.ok()) << m.error().message;
  EXPECT_TRUE(m->fits);
  EXPECT_EQ(m->outputs, std::vector<uint8_t>(out->begin(), out->begin() + kRows * kOutputBytes));
  EXPECT_LE(m->ram.arena, 4096);
}

TEST_F(Avr, TheInterpreterIsRefused) {
  const auto m = measured("uno", case_named("fully_connected.plain"), Engine::interpreter);
  ASSERT_FALSE(m.ok());
  EXPECT_EQ(m.error().kind, Error::Kind::input);
  EXPECT_THAT(m.error().message, HasSubstr("--engine compiled"));
  EXPECT_EQ(default_engine(**find_board("uno")), Engine::compiled);
  EXPECT_EQ(default_engine(**find_board("rp2040")), Engine::interpreter);
}

}  // namespace
}  // namespace mote
