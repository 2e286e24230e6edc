#include "toolchain/measure/measure.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <numeric>
#include <sstream>

#include "device/interpreter.h"
#include "features/feature.h"
#include "ops/fully_connected/fully_connected.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/graph/builder.h"
#include "toolchain/measure/build.h"
#include "toolchain/measure/elf.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

std::vector<uint8_t> float_model(const std::vector<std::string>& layers, int32_t inputs) {
  const auto graph = build_graph(layers, make_shape({inputs}), 1);
  EXPECT_TRUE(graph) << graph.error().message;
  const auto bytes = write_tflite(*graph);
  EXPECT_TRUE(bytes) << bytes.error().message;
  return *bytes;
}

// MOTE_DATA, or the folder `shared` beside the source tree.
fs::path data_folder() {
  if (const char* data = std::getenv("MOTE_DATA")) return data;
  const char* source = std::getenv("MOTE_SOURCE_DIR");
  return source == nullptr ? fs::path() : fs::path(source).parent_path() / "shared";
}

class MeasureTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "mote_measure_test" /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    options_.folder = folder_ / "firmware";
    options_.cache = fs::path(testing::TempDir()) / "mote_measure_test_cache";
  }
  void TearDown() override {
    std::error_code error;
    fs::remove_all(folder_, error);
  }
  static bool tools() { return find_program("arm-none-eabi-g++") && find_program("qemu-system-arm"); }

  Result<Measurement> run(const std::vector<uint8_t>& model, const std::string& board) const {
    return measure("model.tflite", model, **find_board(board), options_);
  }

  fs::path folder_;
  MeasureOptions options_;
};

#define NEEDS_TOOLS() \
  if (!tools()) GTEST_SKIP() << "needs gcc-arm-none-eabi and qemu-system-arm"

TEST_F(MeasureTest, AFloatModelOnEveryBoardGivesTheHostsBytes) {
  NEEDS_TOOLS();
  const std::vector<uint8_t> model = float_model({"Dense(8, relu)", "Dense(3)"}, 10);
  std::vector<float> rows(3 * 10);
  std::iota(rows.begin(), rows.end(), -15.0f);
  options_.rows = {reinterpret_cast<const uint8_t*>(rows.data()), rows.size() * sizeof(float)};

  alignas(kAlignment) static uint8_t arena[1 << 16];
  alignas(kAlignment) static uint8_t bytes[1 << 16];
  ASSERT_LE(model.size(), sizeof bytes);
  std::memcpy(bytes, model.data(), model.size());
  Interpreter interpreter;
  const Kernel* const kernels[] = {&fully_connected_float32};
  ASSERT_EQ(interpreter.init(bytes, static_cast<uint32_t>(model.size()), resolve(kernels), arena, sizeof arena),
            Status::ok);
  std::vector<uint8_t> expected;
  for (int row = 0; row < 3; ++row) {
    std::memcpy(interpreter.input(0).data, &rows[static_cast<size_t>(row) * 10], 40);
    ASSERT_EQ(interpreter.invoke(), Status::ok);
    const auto* output = static_cast<const uint8_t*>(interpreter.output(0).data);
    expected.insert(expected.end(), output, output + 12);
  }
  for (const Board* board : all_boards()) {
    if (board->compiler->separate_memories) continue;  // no interpreter: tests/compile/avr_test.cpp
    if (!find_program(board->compiler->program) || !find_program(board->emulator.program)) {
      std::printf("skipped %s: needs %s and %s\n", board->name.c_str(), board->compiler->package.c_str(),
                  board->emulator.package.c_str());
      continue;
    }
    const auto m = run(model, board->name);
    ASSERT_TRUE(m) << m.error().message;
    EXPECT_TRUE(m->fits) << board->name;
    EXPECT_EQ(m->outputs, expected) << board->name;
    EXPECT_EQ(m->ram.arena, interpreter.arena_used()) << board->name;
    EXPECT_EQ(m->flash.model, static_cast<int64_t>(model.size())) << board->name;
    EXPECT_GT(m->flash.engine, 1000) << board->name;
    EXPECT_GT(m->flash.kernels, 100) << board->name;
    EXPECT_GT(m->ram.stack, 100) << board->name;
    EXPECT_GT(m->ram.statics, 10) << board->name;
    EXPECT_GT(m->latency.instructions, 10u * 8 + 8 * 3) << board->name;
    EXPECT_GE(m->latency.cycles.high, static_cast<double>(m->latency.instructions)) << board->name;
  }
}

// Every byte of the loaded image is in the flash table or belongs to the start-up and measuring code.
TEST_F(MeasureTest, FlashPartsAddUpToTheImage) {
  NEEDS_TOOLS();
  const Board& board = **find_board("nano33ble");
  const auto firmware = write_firmware("model.tflite", float_model({"Dense(4)"}, 6), board, {}, options_.folder);
  ASSERT_TRUE(firmware) << firmware.error().message;
  const auto image = build_firmware(*firmware, board, options_.cache);
  ASSERT_TRUE(image) << image.error().message;
  int64_t mapped = 0;
  for (const LinkedPiece& piece : image->pieces) {
    if (piece.output == ".text" || piece.output == ".data") mapped += piece.bytes;
  }
  const auto size = run_process({"arm-none-eabi-size", "-A", image->elf.string()}, 60);
  ASSERT_TRUE(size);
  int64_t sections = 0;
  std::istringstream in(size->output);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    int64_t bytes = 0;
    if (words >> name >> bytes && (name == ".text" || name == ".data")) sections += bytes;
  }
  EXPECT_GT(sections, 1000);
  EXPECT_EQ(mapped, sections);
}

TEST_F(MeasureTest, TheFolderBuildsByItselfWithoutWarnings) {
  NEEDS_TOOLS();
  if (!find_program("make")) GTEST_SKIP() << "needs make";
  const Board& board = **find_board("nano33ble");
  ASSERT_TRUE(write_firmware("model.tflite", float_model({"Dense(4)"}, 6), board, {}, options_.folder));
  const auto made = run_process({"make", "-s"}, 120, options_.folder);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->exit_status, 0) << made->errors;
  EXPECT_EQ(made->errors, "");
  EXPECT_TRUE(fs::exists(options_.folder / "firmware.elf"));
}

TEST_F(MeasureTest, TheImageRunsAloneAndCountsTheSame) {
  NEEDS_TOOLS();
  const auto m = run(float_model({"Dense(4)"}, 6), "nano33ble");
  ASSERT_TRUE(m) << m.error().message;
  fs::create_directories(folder_ / "elsewhere");
  const auto alone = run_process(m->emulator_command, 60, folder_ / "elsewhere");
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->exit_status, 0) << alone->errors;
  EXPECT_NE((alone->output + alone->errors).find("status 0"), std::string::npos);
  const auto again = run(float_model({"Dense(4)"}, 6), "nano33ble");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->latency.instructions, m->latency.instructions);
}

TEST_F(MeasureTest, AModelTooBigForFlashDoesNotFitAndIsNoError) {
  const auto m = run(float_model({"Dense(64)"}, 1000), "stm32f103");
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_FALSE(m->fits);
  ASSERT_EQ(m->misfits.size(), 1u);
  EXPECT_NE(m->misfits[0].find("flash"), std::string::npos) << m->misfits[0];
  EXPECT_NE(m->misfits[0].find("64.0 KiB"), std::string::npos) << m->misfits[0];
  EXPECT_GT(m->flash.model, 256000);
}

TEST_F(MeasureTest, AnArenaTooBigForRamDoesNotFit) {
  const auto m = run(float_model({"Dense(1)"}, 6000), "stm32f103");
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_FALSE(m->fits);
  ASSERT_EQ(m->misfits.size(), 1u);
  EXPECT_NE(m->misfits[0].find("of RAM"), std::string::npos) << m->misfits[0];
}

TEST_F(MeasureTest, RowsMustBeWholeInputs) {
  NEEDS_TOOLS();
  const std::vector<uint8_t> rows(41);
  options_.rows = rows;
  const auto m = run(float_model({"Dense(4)"}, 10), "nano33ble");
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().kind, Error::Kind::input);
  EXPECT_NE(m.error().message.find("41 bytes"), std::string::npos) << m.error().message;
  options_.row_kind = RowKind::readings;
  const auto readings = run(float_model({"Dense(4)"}, 10), "nano33ble");
  ASSERT_FALSE(readings);
  EXPECT_NE(readings.error().message.find("no feature block"), std::string::npos) << readings.error().message;
}

TEST_F(MeasureTest, ASecondMeasurementIntoTheFolderIsRefusedUntilTheFirstEnds) {
  NEEDS_TOOLS();
  const std::vector<uint8_t> model = float_model({"Dense(2)"}, 3);
  const Board& board = **find_board("nano33ble");
  std::string second;
  const auto first = measure("model.tflite", model, board, options_, [&](const ProgressEvent& step) {
    if (step.done != 1) return;
    const auto meanwhile = run(model, "nano33ble");
    second = meanwhile.ok() ? "not refused" : meanwhile.error().message;
  });
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_NE(second.find("a measurement into " + options_.folder.string() + " is already being done"), std::string::npos)
      << second;
  EXPECT_TRUE(run(model, "nano33ble").ok());
}

TEST_F(MeasureTest, DamagedModelsAreInputErrors) {
  const std::vector<uint8_t> model = float_model({"Dense(4)"}, 6);
  for (const size_t size : {size_t{0}, size_t{7}, model.size() / 2}) {
    const auto m = run({model.begin(), model.begin() + static_cast<ptrdiff_t>(size)}, "nano33ble");
    ASSERT_FALSE(m) << size;
    EXPECT_EQ(m.error().kind, Error::Kind::input);
    EXPECT_NE(m.error().message.find("model.tflite"), std::string::npos) << m.error().message;
  }
}

TEST_F(MeasureTest, JsonHasTheKeysOfTheMetricsFile) {
  Measurement m;
  m.board = "nano33ble";
  m.flash = {100, 200, 30, 4, 5, 1000};
  m.ram = {10, 20, 30};
  m.latency.instructions = 1;  // it was run
  const Json json = to_json(m);
  EXPECT_EQ(json["flash_bytes"]["code"], 339);
  EXPECT_EQ(json["flash_bytes"]["total"], 1339);
  EXPECT_EQ(json["ram_bytes"]["total"], 60);
  for (const char* key : {"instructions", "cycles", "ms"}) EXPECT_TRUE(json["latency"].contains(key)) << key;
  for (const char* key : {"active_mw", "average_mw", "energy_uj"}) EXPECT_TRUE(json["power"].contains(key)) << key;
  EXPECT_TRUE(json.contains("firmware"));
}

// One int8 layer behind the feature block "raw": 4 readings of 2 channels to 3 outputs.
Result<std::vector<uint8_t>> int8_model_with_features(const FeatureBlock& block) {
  Graph graph;
  const auto constant = [](DType type, Shape shape, QuantParams quant, std::vector<uint8_t> data) {
    return Tensor{"", {type, shape, std::move(quant)}, true, false, std::move(data)};
  };
  std::vector<uint8_t> weights(24);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<uint8_t>(static_cast<int>(i * 53 % 255) - 127);
  graph.tensors = {{"input", {DType::int8, make_shape({1, 8}), {{0.02f}, {3}}}, false, false, {}},
                   constant(DType::int8, make_shape({3, 8}), {{0.01f}, {0}}, weights),
                   constant(DType::int32, make_shape({3}), {{0.02f * 0.01f}, {0}}, std::vector<uint8_t>(12, 1)),
                   {"output", {DType::int8, make_shape({1, 3}), {{0.03f}, {-4}}}, false, false, {}}};
  const OpDef* const op = find_op("fully_connected");
  graph.nodes = {{op, "dense", op->default_attributes(), {0, 1, 2}, {3}, ""}};
  graph.inputs = {0};
  graph.outputs = {3};
  graph.input_names = {"input"};
  graph.output_names = {"output"};
  ModelMetadata metadata;
  metadata.task = "classification";
  metadata.labels = {"a", "b", "c"};
  metadata.features = to_json(block);
  MOTE_CHECK(set_model_metadata(graph, metadata));
  return write_tflite(graph);
}

TEST_F(MeasureTest, FedReadingsTheFeatureBlockRunsOnTheBoard) {
  NEEDS_TOOLS();
  RecordingContract contract;
  contract.rate_hz = 100;
  contract.window = 4;
  contract.stride = 2;
  contract.channels = {{"x", "g", 0, 1000}, {"y", "g", 0, 1000}};
  std::vector<int16_t> readings(5 * 8);
  for (size_t i = 0; i < readings.size(); ++i) readings[i] = static_cast<int16_t>((i * 7919) % 4001) - 2000;
  const auto block = fit_features("raw", contract, Json::object(), {std::span(readings).first(8)});
  ASSERT_TRUE(block) << block.error().message;
  const auto model = int8_model_with_features(**block);
  ASSERT_TRUE(model) << model.error().message;

  std::vector<uint8_t> inputs(readings.size());  // what the host computes from the same readings
  for (size_t row = 0; row < 5; ++row) {
    const std::span<int8_t> features(reinterpret_cast<int8_t*>(inputs.data()) + row * 8, 8);
    ASSERT_TRUE((*block)->transform_int8(std::span(readings).subspan(row * 8, 8), 0.02f, 3, features));
  }
  for (const char* board : {"nano33ble", "rp2040"}) {
    options_.rows = inputs;
    options_.row_kind = RowKind::model_input;
    const auto fed_inputs = run(*model, board);
    ASSERT_TRUE(fed_inputs) << fed_inputs.error().message;
    options_.rows = {reinterpret_cast<const uint8_t*>(readings.data()), readings.size() * 2};
    options_.row_kind = RowKind::readings;
    const auto fed_readings = run(*model, board);
    ASSERT_TRUE(fed_readings) << fed_readings.error().message;
    EXPECT_EQ(fed_readings->outputs.size(), 15u);
    EXPECT_EQ(fed_readings->outputs, fed_inputs->outputs) << board;
    EXPECT_GT(fed_readings->flash.features, 20) << board;
    EXPECT_EQ(fed_readings->period_seconds, 0.02) << board;
    EXPECT_LT(fed_readings->power.average_milliwatts, fed_readings->power.active_milliwatts) << board;
  }
}

// Their costs are recorded in tests/figures.
class PublishedModel : public MeasureTest, public testing::WithParamInterface<const char*> {};

TEST_P(PublishedModel, GivesTheStoredBytesOnTheBoard) {
  NEEDS_TOOLS();
  const fs::path data = data_folder();
  const std::string name = GetParam();
  const auto model = read_file(data / "models/mlperf_tiny" / (name + ".tflite"));
  const auto inputs = read_file(data / "golden/mlperf_tiny" / (name + ".in.bin"));
  const auto expected = read_file(data / "golden/mlperf_tiny" / (name + ".out.bin"));
  if (!model || !inputs || !expected)
    GTEST_SKIP() << "no models/mlperf_tiny and golden/mlperf_tiny in '" << data.string() << "'";
  options_.rows = *inputs;
  for (const Engine engine : {Engine::interpreter, Engine::compiled})
    for (const Optimization optimization : {Optimization::speed, Optimization::size}) {
      options_.firmware.engine = engine;
      options_.firmware.optimization = optimization;
      const auto measured = run(*model, "stm32l4r5");
      ASSERT_TRUE(measured) << measured.error().message;
      EXPECT_EQ(measured->outputs, *expected) << to_string(engine) << " " << to_string(optimization);
    }
}

INSTANTIATE_TEST_SUITE_P(MlperfTiny, PublishedModel,
                         testing::Values("ad01_int8", "kws_ref_model", "vww_96_int8", "pretrainedResnet_quant",
                                         "str_ww_ref_model"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace mote
