// From readings to decisions, here and on an emulated board: the self-test passes on both, and the events are those
// that the outputs of the windows give by the rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include <fmt/format.h>

#include "device/decision.h"
#include "device/self_test.h"
#include "tests/compile/program.h"
#include "tests/conformance/host_run.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/measure/feature_cost.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/reader.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

namespace fs = std::filesystem;

constexpr float kScale = 0.031f;
constexpr int32_t kZeroPoint = 5;
constexpr int32_t kStreamReadings = 4000;

struct Application {
  const char* name;
  const char* kind;
  Json options;
  RecordingContract contract;
  const char* task;
  std::vector<double> thresholds;
  DecisionRule rule;
};

std::vector<Application> applications() {
  const std::vector<ChannelContract> xy = {{"x", "g", 0, 8192}, {"y", "C", 20, 256}};
  return {{"classes", "raw", Json::object(), {100, 4, 2, xy}, "classification", {}, {}},
          {"events",
           "statistics",
           {{"statistics", {"mean", "max"}}},
           {100, 20, 5, xy},
           "classification",
           {0.1, 0.2, 0.3, 0.4},
           {3, 2, 4, {0}}},
          {"relative",
           "statistics",
           {{"statistics", {"mean", "max"}}},
           {100, 20, 5, xy, 0, {45, {300, 0.25}}},
           "classification",
           {0.1, 0.2, 0.3, 0.4},
           {1, 2, 4, {}}},
          {"shifted", "raw", Json::object(), {100, 4, 2, xy, 0, {130, {}}}, "classification", {}, {}},
          {"values", "spectral", {{"bands", 2}, {"peaks", 0}}, {100, 64, 32, {xy[0]}}, "regression", {}, {}},
          {"anomalies",
           "mfcc",
           {{"frame", "32 ms"}, {"hop", "16 ms"}, {"coefficients", 6}},
           {8000, 512, 256, {xy[0]}},
           "anomaly",
           {0.4},
           {1, 2, 3, {}}}};
}

// The stream that host and device are fed: generated noise whose loudness changes.
int16_t stream_reading(SelfTestReadings& source, int32_t i) {
  return static_cast<int16_t>(source.next() >> (i / 700 % 5));
}

class ApplicationTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "mote_application_test";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  FeaturePtr block_of(const Application& one) const {
    std::vector<int16_t> readings(static_cast<size_t>(one.contract.elements()) * 8);
    SelfTestReadings source(1);
    for (int16_t& reading : readings) reading = source.next();
    FeatureWindows windows;
    for (size_t w = 0; w < 8; ++w)
      windows.push_back(std::span(readings).subspan(w * static_cast<size_t>(one.contract.elements()),
                                                    static_cast<size_t>(one.contract.elements())));
    const Result<FeaturePtr> block = fit_features(one.kind, one.contract, one.options, windows);
    EXPECT_TRUE(block.ok()) << block.error().message;
    return *block;
  }

  // A model that gives back the features, with the application's rule.
  std::vector<uint8_t> model_of(const Application& one, const FeatureBlock& block) const {
    const auto plain = passing_model(block, kScale, kZeroPoint);
    EXPECT_TRUE(plain.ok()) << plain.error().message;
    auto graph = read_tflite(one.name, *plain);
    EXPECT_TRUE(graph.ok());
    ModelMetadata metadata;
    metadata.task = one.task;
    metadata.features = to_json(block);
    metadata.thresholds = one.thresholds;
    metadata.decision = one.rule;
    EXPECT_TRUE(set_model_metadata(*graph, metadata).ok());
    return *write_tflite(*graph);
  }

  fs::path folder_, source_ = std::getenv("MOTE_SOURCE_DIR") != nullptr ? std::getenv("MOTE_SOURCE_DIR") : ".";
};

// What the program prints for one application.
std::string program_part(const Application& one) {
  const bool values = std::string(one.task) == "regression";
  return fmt::format(
      "  {{\n    print(\"{0} \");\n    print_number({0}_self_test());\n    {0}_start();\n"
      "    mote::SelfTestReadings source(0);\n    int32_t window = 0;\n"
      "    for (int32_t i = 0; i < {1}; i += 10) {{\n      int16_t readings[10 * {2}];\n"
      "      for (int32_t k = 0; k < 10 * {2}; ++k)\n"
      "        readings[k] = static_cast<int16_t>(source.next() >> ((i + k / {2}) / 700 % 5));\n"
      "      {0}_result result;\n"
      "      for (int32_t done = 0; done < 10;) {{\n"
      "        done += {0}_feed(readings + done * {2}, 10 - done, &result);\n"
      "        if (result.ready == 0) continue;\n        {3}\n        ++window;\n      }}\n    }}\n    "
      "print(\"\\n\");\n  }}\n",
      one.name, kStreamReadings, one.contract.channels.size(),
      values ? "print(\" \"), print_number(static_cast<int32_t>(result.values[0] * 1000.0f + 1000000.0f));"
             : "if (result.event >= 0) print(\" \"), print_number(window), print(\":\"), print_number(result.event);");
}

// The same from the batch form of the block and the rule, spelt out once more.
std::string expected_part(const Application& one, const FeatureBlock& block) {
  std::string text = fmt::format("{} 0", one.name);
  SelfTestReadings source(0);
  std::vector<int16_t> readings;
  const size_t channels = one.contract.channels.size(), elements = static_cast<size_t>(one.contract.elements());
  for (int32_t i = 0; i < kStreamReadings; ++i)
    for (size_t c = 0; c < channels; ++c) readings.push_back(stream_reading(source, i));
  const size_t baseline = static_cast<size_t>(one.contract.baseline.readings) * channels;
  const std::vector<int16_t> before(readings.begin(), readings.begin() + static_cast<std::ptrdiff_t>(baseline));
  readings.erase(readings.begin(), readings.begin() + static_cast<std::ptrdiff_t>(baseline));
  make_relative(one.contract, before, readings);
  std::vector<std::vector<double>> outputs;
  for (size_t start = 0; start * channels + elements <= readings.size();
       start += static_cast<size_t>(one.contract.stride)) {
    std::vector<int8_t> features(static_cast<size_t>(block.output_shape().elements()));
    EXPECT_TRUE(block.transform_int8({&readings[start * channels], elements}, kScale, kZeroPoint, features).ok());
    outputs.emplace_back();
    for (const int8_t feature : features) outputs.back().push_back(feature);
  }
  std::vector<int32_t> answers;
  for (size_t w = 0; w < outputs.size(); ++w) {
    const size_t first =
        w + 1 < static_cast<size_t>(one.rule.smoothing) ? 0 : w + 1 - static_cast<size_t>(one.rule.smoothing);
    std::vector<double> mean(outputs[w].size(), 0);
    for (size_t k = first; k <= w; ++k)
      for (size_t i = 0; i < mean.size(); ++i) mean[i] += outputs[k][i] / static_cast<double>(w - first + 1);
    const size_t best = static_cast<size_t>(
        std::max_element(mean.begin(), mean.end(), [](double a, double b) { return a < b - 1e-9; }) - mean.begin());
    const double value = static_cast<double>(kScale) * (mean[best] - kZeroPoint);
    const bool ignored = std::find(one.rule.ignored.begin(), one.rule.ignored.end(), best) != one.rule.ignored.end();
    if (std::string(one.task) == "regression")
      text += fmt::format(
          " {}", static_cast<int32_t>(kScale * static_cast<float>(outputs[w][0] - kZeroPoint) * 1000.0f + 1000000.0f));
    else if (std::string(one.task) == "anomaly")  // gives back its input: never an anomaly
      answers.push_back(-1);
    else
      answers.push_back(
          ignored || (!one.thresholds.empty() && value < one.thresholds[best]) ? -1 : static_cast<int32_t>(best));
  }
  int32_t quiet = 0, run = 0;
  for (size_t w = 0; w < answers.size(); ++w) {
    run = w > 0 && answers[w] == answers[w - 1] ? run + 1 : 1;
    const bool event = quiet == 0 && answers[w] >= 0 && run >= one.rule.debounce;
    quiet = event ? one.rule.refractory : std::max(0, quiet - 1);
    if (event) text += fmt::format(" {}:{}", w, answers[w]);
  }
  return text + "\n";
}

TEST_F(ApplicationTest, EventsAreThoseOfTheRuleHereAndOnTheBoard) {
  std::string includes, parts, expected;
  for (const Application& one : applications()) {
    const FeaturePtr block = block_of(one);
    const auto compiled = compile_model(std::string(one.name) + ".tflite", model_of(one, *block),
                                        {one.name, PackedFor::arm_dsp, nullptr});
    ASSERT_TRUE(compiled.ok()) << compiled.error().message;
    ASSERT_TRUE(compiled->files.contains(std::string(one.name) + "_feed.cpp")) << one.name;
    ASSERT_TRUE(write_compiled_model(*compiled, folder_).ok());
    includes += fmt::format("#include \"{0}.cpp\"\n#include \"{0}_feed.cpp\"\n", one.name);
    parts += program_part(one);
    expected += expected_part(one, *block);
  }
  ASSERT_TRUE(write_file(folder_ / "models.cpp", "#include \"runner.h\"\n" + includes +
                                                     "extern \"C\" const unsigned char blob[1] = {0};\n"
                                                     "int main() {\n" +
                                                     parts + "  return 0;\n}\n")
                  .ok());
  const auto here = run_here(folder_, source_);
  ASSERT_TRUE(here.ok()) << here.error().message;
  EXPECT_EQ(*here, expected);
  EXPECT_THAT(expected, testing::HasSubstr(":"));
  if (!find_program("arm-none-eabi-g++") || !find_program("qemu-system-arm")) GTEST_SKIP() << "no cross compiler";
  const auto board = run_on_cortex_m4(folder_, source_);
  ASSERT_TRUE(board.ok()) << board.error().message;
  EXPECT_EQ(*board, expected);
}

TEST_F(ApplicationTest, TheHeaderIsC) {
  const Application one = applications()[1];
  const auto compiled = compile_model("e.tflite", model_of(one, *block_of(one)), {"e", PackedFor::plain, nullptr});
  ASSERT_TRUE(compiled.ok());
  ASSERT_TRUE(write_compiled_model(*compiled, folder_).ok());
  ASSERT_TRUE(write_file(folder_ / "use.c",
                         std::string("#include \"e_feed.h\"\nint16_t count(float g) { return e_count(0, g); }\n"))
                  .ok());
  const auto built =
      run_process({"gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "use.c"}, 60, folder_);
  ASSERT_TRUE(built.ok());
  EXPECT_EQ(built->exit_status, 0) << built->errors;
  EXPECT_THAT(compiled->files.at("e_feed.h"), testing::HasSubstr("x in g: count = (value - 0) * 8192"));
  EXPECT_THAT(compiled->files.at("e_feed.h"), testing::HasSubstr("y in C: count = (value - 20) * 256"));
}

TEST_F(ApplicationTest, WithoutFeaturesThereIsNone) {
  const Application one = applications()[0];
  auto graph = read_tflite("m", model_of(one, *block_of(one)));
  ASSERT_TRUE(graph.ok());
  graph->metadata.clear();
  const auto compiled = compile_model("m.tflite", *write_tflite(*graph), {"m", PackedFor::plain, nullptr});
  ASSERT_TRUE(compiled.ok()) << compiled.error().message;
  EXPECT_FALSE(compiled->files.contains("m_feed.h"));
}

// A foreign file may state thresholds that are not one for each output: there is no firmware to be made of them, but
// the model alone compiles.
TEST_F(ApplicationTest, ThresholdsThatDoNotFitTheOutputsMakeNone) {
  for (const std::vector<double>& thresholds :
       {std::vector<double>{0.5}, std::vector<double>{0.1, 0.2, 0.3}, std::vector<double>(5, 0.1)}) {
    Application one = applications()[1];  // of four outputs
    one.thresholds = thresholds;
    const auto compiled = compile_model("t.tflite", model_of(one, *block_of(one)), {"t", PackedFor::plain, nullptr});
    ASSERT_TRUE(compiled.ok()) << compiled.error().message;
    EXPECT_TRUE(compiled->files.contains("t.cpp"));
    EXPECT_FALSE(compiled->files.contains("t_feed.h")) << thresholds.size() << " thresholds";
    EXPECT_FALSE(compiled->files.contains("t_feed.cpp")) << thresholds.size() << " thresholds";
  }
  Application one = applications()[1];
  const auto compiled = compile_model("t.tflite", model_of(one, *block_of(one)), {"t", PackedFor::plain, nullptr});
  ASSERT_TRUE(compiled.ok());
  EXPECT_TRUE(compiled->files.contains("t_feed.cpp"));
}

}  // namespace
}  // namespace mote
