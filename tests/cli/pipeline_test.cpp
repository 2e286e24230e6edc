// The gesture example through the command: artefacts, what is redone, interruption, determinism, types of arrays.
#include <gmock/gmock.h>

#include <chrono>
#include <map>

#include "tests/cli/command.h"
#include "toolchain/base/npy.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class Build : public BoardTest {};

// Exit 0 or 1: four epochs may or may not reach the goal.
void expect_done(const ProcessOutput& done) {
  EXPECT_LE(done.exit_status, 1) << done.output << done.errors;
}

TEST_F(Build, FromInitToVerdict) {
  const fs::path project = make_project("40");
  const ProcessOutput done = mote({"build", "--json"}, project);
  EXPECT_EQ(done.exit_status, 0) << done.output << done.errors;
  const Json metrics = json_of(done);
  for (const char* key : {"run", "seed", "task", "goal", "float", "int8", "board", "engine", "model_bytes",
                          "flash_bytes", "ram_bytes", "latency", "power", "verdict"})
    EXPECT_TRUE(metrics.contains(key)) << key;
  EXPECT_GT(metrics["float"]["test"]["accuracy"].get<double>(), 0.9);
  EXPECT_GE(metrics["int8"]["test"]["accuracy"].get<double>(),
            metrics["float"]["test"]["accuracy"].get<double>() - 0.01);
  EXPECT_TRUE(metrics["verdict"]["short_of"].empty());
  EXPECT_LT(metrics["quantization"]["int8_bytes"].get<double>(),
            0.30 * metrics["quantization"]["float_bytes"].get<double>());
  EXPECT_TRUE(fs::exists(metrics["firmware"].get<std::string>())) << metrics["firmware"];
  for (const char* file : {"build/model.tflite", "build/report.html", ".mote/runs.db", ".mote/runs/1/float.mote",
                           ".mote/runs/1/model.tflite", ".mote/runs/1/metrics.json", ".mote/runs/1/report.html"})
    EXPECT_TRUE(fs::exists(project / file)) << file;
  const Json runs = json_of(mote({"runs", "--json"}, project))["runs"];
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0]["budget"].dump(),
            R"({"board":"nano33ble","flash":"64 KiB","latency":"10 ms","power":"1 mW","ram":"16 KiB"})");
  EXPECT_FALSE(runs[0].contains("firmware"));  // build/firmware is that of the last good run only

  const std::string report = slurp(project / "build/report.html");
  EXPECT_THAT(report, AllOf(HasSubstr("<svg"), HasSubstr("Confusion"), Not(HasSubstr("http://")),
                            Not(HasSubstr("https://")), Not(HasSubstr("<script"))));

  const ProcessOutput verified = mote({"verify", "--json"}, project);
  EXPECT_EQ(verified.exit_status, 0) << verified.errors;
  EXPECT_EQ(json_of(verified)["different_inputs"], 0);
  EXPECT_EQ(json_of(mote({"eval", "--json"}, project))["int8"]["test"]["accuracy"],
            metrics["int8"]["test"]["accuracy"]);
  expect_done(mote({"inspect"}, project));
  expect_done(mote({"export", "-o", "x.tflite"}, project));
  EXPECT_EQ(slurp(project / "x.tflite"), slurp(project / "build/model.tflite"));
}

TEST_F(Build, SecondBuildDoesNothing) {
  const fs::path project = make_project();
  expect_done(mote({"build"}, project));
  const auto stamp = [&](const char* file) { return fs::last_write_time(project / file); };
  const auto model = stamp("build/model.tflite"), report = stamp("build/report.html"),
             firmware = stamp("build/firmware");
  expect_done(mote({"build"}, project));
  EXPECT_EQ(stamp("build/model.tflite"), model);
  EXPECT_EQ(stamp("build/report.html"), report);
  EXPECT_EQ(stamp("build/firmware"), firmware);
  EXPECT_EQ(json_of(mote({"runs", "--json"}, project))["runs"].size(), 1u);
}

TEST_F(Build, OnlyWhatChangedIsDoneAgain) {
  const fs::path project = make_project();
  const Json first = json_of(mote({"build", "--json"}, project));
  edit(project / "mote.toml", "calibration = \"minmax\"", "calibration = \"percentile\"");
  const Json second = json_of(mote({"build", "--json"}, project));
  EXPECT_EQ(second["training"], first["training"]);  // its seconds too: it was not done again
  EXPECT_EQ(second["run"].get<int>(), first["run"].get<int>() + 1);
}

TEST_F(Build, ShortOfTheGoalAndOverTheBudget) {
  const fs::path project = make_project("1");
  edit(project / "mote.toml", "accuracy = 0.92", "accuracy = 1.0");
  edit(project / "mote.toml", "latency = \"10 ms\"", "latency = \"200 us\"");
  const ProcessOutput done = mote({"build", "--json"}, project);
  EXPECT_EQ(done.exit_status, 1) << done.errors;
  const Json verdict = json_of(done)["verdict"];
  EXPECT_FALSE(verdict["goal_met"].get<bool>());
  EXPECT_FALSE(verdict["within_budget"].get<bool>());
  EXPECT_THAT(verdict["short_of"].dump(), AllOf(HasSubstr("accuracy"), HasSubstr("latency")));
  EXPECT_THAT(done.errors, HasSubstr("does not fit"));  // said before training
}

TEST_F(Build, SameBytesWithOneAndTwoThreads) {
  const fs::path project = make_project();
  expect_done(mote({"train", "--threads", "1"}, project));
  expect_done(mote({"train", "--threads", "2"}, project));
  EXPECT_EQ(slurp(project / ".mote/runs/1/model.tflite"), slurp(project / ".mote/runs/2/model.tflite"));
  EXPECT_EQ(slurp(project / ".mote/runs/1/float.mote"), slurp(project / ".mote/runs/2/float.mote"));
  expect_done(mote({"train", "--seed", "2"}, project));
  EXPECT_NE(slurp(project / ".mote/runs/1/model.tflite"), slurp(project / ".mote/runs/3/model.tflite"));
}

// Trained with fake quantization, and its state cleared before the first row on the board.
TEST_F(Build, AnLstmAnswersOnTheBoardAsHere) {
  const fs::path project = make_project("2");
  edit(project / "mote.toml", "\"Dense(64, relu)\", \"Dense(32, relu)\"", "\"LSTM(4)\"");
  expect_done(mote({"train", "--qat"}, project));
  const Json answer = json_of(mote({"verify", "--windows", "4", "--json"}, project));
  EXPECT_EQ(answer["engines"].size(), 2u);
  EXPECT_EQ(answer["different_inputs"], 0);
}

// A GRU is exported as some operators for each step; what int8 costs is asked of the layer.
TEST_F(Build, CostOfALayerThatWasWrittenOut) {
  const fs::path project = make_project("1");
  edit(project / "mote.toml", "\"Dense(64, relu)\", \"Dense(32, relu)\"", "\"AvgPool1D(20)\", \"GRU(4)\"");
  const Json metrics = json_of(mote({"train", "--json"}, project));
  std::map<std::string, int> layers;
  for (const Json& cost : metrics["quantization"]["layer_costs"]) ++layers[cost["layer"]];
  EXPECT_EQ(layers["gru_2/gru"], 1);
  EXPECT_EQ(layers["dense_3"], 1);
  for (const auto& [name, times] : layers) EXPECT_THAT(name, Not(ContainsRegex("/[0-9]")));
}

TEST_F(Build, AwareTrainingIsWhatIsExported) {
  const fs::path project = make_project("9");
  const Json metrics = json_of(mote({"train", "--qat", "--threads", "1", "--json"}, project));
  for (const char* form : {"float", "ptq", "qat", "int8"}) EXPECT_TRUE(metrics.contains(form)) << form;
  EXPECT_EQ(metrics["int8"], metrics["qat"]);
  EXPECT_EQ(metrics["quantization"]["training"]["epochs"], 3);
  EXPECT_EQ(metrics["comparisons"]["test"].size(), 3u);
  for (const Json& each : metrics["comparisons"]["test"]) {
    EXPECT_EQ(each["test"], "McNemar, exact");
    EXPECT_GE(each["p"].get<double>(), 0);
    EXPECT_LE(each["p"].get<double>(), 1);
  }
  expect_done(mote({"train", "--qat", "--threads", "2"}, project));
  const std::string aware = slurp(project / ".mote/runs/1/model.tflite");
  EXPECT_EQ(aware, slurp(project / ".mote/runs/2/model.tflite"));
  expect_done(mote({"train"}, project));
  EXPECT_NE(aware, slurp(project / ".mote/runs/3/model.tflite"));
  edit(project / "mote.toml", "method = \"ptq\"", "method = \"qat\"");
  expect_done(mote({"build"}, project));
  EXPECT_EQ(aware, slurp(project / "build/model.tflite"));
  EXPECT_THAT(slurp(project / "build/report.html"), AllOf(HasSubstr("qat against ptq"), HasSubstr("McNemar")));
  const ProcessOutput verified = mote({"verify", "--json"}, project);
  EXPECT_EQ(json_of(verified)["different_inputs"], 0);
}

TEST_F(Build, Int16ActivationsRunOnTheBoard) {
  const fs::path project = make_project();
  edit(project / "mote.toml", "calibration = \"minmax\"", "activations = \"int16\"");
  expect_done(mote({"build"}, project));
  EXPECT_EQ(json_of(mote({"verify", "--json"}, project))["different_inputs"], 0);
  // Windows of all parts, evenly spread.
  const Json spread = json_of(mote({"verify", "--windows", "7", "--json"}, project));
  EXPECT_EQ(spread["inputs"], 7);
  EXPECT_EQ(spread["different_inputs"], 0);
  EXPECT_THAT(spread["origin"].get<std::string>(), HasSubstr("all parts"));
  const ProcessOutput refused = mote({"train", "--qat"}, project);
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_THAT(refused.errors, HasSubstr("quantize.activations"));
}

// Whatever [quantize] asks for, layers have their errors and what they cost.
TEST_F(Build, WaysOfQuantization) {
  const fs::path project = make_project();
  expect_done(mote({"train"}, project));
  edit(project / "mote.toml", "calibration = \"minmax\"",
       "calibration = \"entropy\"\nequalize = true\ncorrect_bias = true\nrounding = \"nearest\"");
  const ProcessOutput done = mote({"quantize"}, project);
  expect_done(done);
  EXPECT_THAT(done.output + done.errors, AllOf(HasSubstr("costs most"), HasSubstr("accuracy, alone int8")));
}

TEST_F(Build, KilledInTrainingLeavesEarlierResults) {
  const fs::path project = make_project();
  expect_done(mote({"build"}, project));
  const std::string model = slurp(project / "build/model.tflite"), report = slurp(project / "build/report.html");
  edit(project / "mote.toml", "epochs = 4", "epochs = 1000000");
  EXPECT_EQ(shell("\"$MOTE\" train & sleep 2; kill -9 $!; wait $!", project).exit_status, 128 + 9);
  EXPECT_EQ(slurp(project / "build/model.tflite"), model);
  EXPECT_EQ(slurp(project / "build/report.html"), report);
  EXPECT_EQ(json_of(mote({"runs", "--json"}, project))["runs"].size(), 1u);
  edit(project / "mote.toml", "epochs = 1000000", "epochs = 4");
  expect_done(mote({"build"}, project));
}

// Ctrl-C is answered at the end of the epoch, and the next run goes on from there to the same bytes.
TEST_F(Build, InterruptedTrainingGoesOn) {
  const fs::path whole = make_project("500");  // longer than the two seconds between checkpoints
  expect_done(mote({"train"}, whole));
  const std::string model = slurp(whole / ".mote/runs/1/model.tflite");
  fs::remove_all(whole / ".mote/runs.db"), fs::remove_all(whole / ".mote/runs"), fs::remove_all(whole / ".mote/steps");
  const ProcessOutput done = shell(
      "\"$MOTE\" train & pid=$!; until ls .mote/checkpoints/* >/dev/null 2>&1 || ! kill -0 $pid; do sleep 0.02; done; "
      "kill -INT $pid; wait $pid",
      whole);
  EXPECT_EQ(done.exit_status, 130) << done.output << done.errors;
  EXPECT_THAT(done.errors, HasSubstr("the same command goes on from there"));
  EXPECT_TRUE(json_of(mote({"runs", "--json"}, whole))["runs"].empty());
  const Json metrics = json_of(mote({"train", "--json"}, whole));
  EXPECT_GT(metrics["training"]["resumed_from"].get<int>(), 0);
  EXPECT_EQ(slurp(whole / ".mote/runs/1/model.tflite"), model);
}

TEST_F(Build, InterruptedAwareTrainingGoesOn) {
  const fs::path project = make_project();
  edit(project / "mote.toml", "method = \"ptq\"", "method = \"qat\"\nepochs = 300");
  const ProcessOutput stopped = shell(
      "\"$MOTE\" train & pid=$!; until ls .mote/checkpoints_aware/* >/dev/null 2>&1 || ! kill -0 $pid; do sleep 0.02; "
      "done; kill -INT $pid; wait $pid",
      project);
  EXPECT_EQ(stopped.exit_status, 130) << stopped.output << stopped.errors;
  EXPECT_THAT(stopped.errors, HasSubstr("the same command goes on from there"));
  const Json metrics = json_of(mote({"train", "--json"}, project));
  EXPECT_GT(metrics["quantization"]["training"]["resumed_from"].get<int>(), 0);
  expect_done(mote({"train"}, project));
  EXPECT_EQ(slurp(project / ".mote/runs/1/model.tflite"), slurp(project / ".mote/runs/2/model.tflite"));
}

// Killed at many moments of a build: what was published stays whole, and the next build works.
TEST_F(Build, KilledInAnyStepLeavesEarlierResults) {
  const fs::path project = make_project();
  expect_done(mote({"build"}, project));
  std::string published = slurp(project / "build/model.tflite");
  for (const int milliseconds : {20, 60, 150, 300, 500, 800, 1200}) {
    SCOPED_TRACE(milliseconds);
    edit(project / "mote.toml", "Dense(32, relu)", "Dense(32, relu)\", \"Dense(8, relu)");
    shell("\"$MOTE\" build & sleep " + std::to_string(milliseconds / 1e3) + "; kill -9 $!; wait $!", project);
    const std::string now = slurp(project / "build/model.tflite");
    EXPECT_TRUE(now == published || mote({"inspect", "build/model.tflite"}, project).exit_status == 0);
    EXPECT_EQ(json_of(mote({"runs", "--json"}, project))["runs"].back()["verdict"].size(), 3u);
    edit(project / "mote.toml", "Dense(32, relu)\", \"Dense(8, relu)", "Dense(32, relu)");
    expect_done(mote({"build"}, project));
    published = slurp(project / "build/model.tflite");
  }
}

TEST_F(Build, TwoTrainsAtOnce) {
  const fs::path project = make_project("1000000");
  const ProcessOutput done = shell(
      "\"$MOTE\" train >/dev/null 2>&1 & first=$!; sleep 2; \"$MOTE\" train; status=$?; kill -9 $first; exit $status",
      project);
  EXPECT_EQ(done.exit_status, 2) << done.output << done.errors;
  EXPECT_THAT(done.errors, HasSubstr("process"));
}

// No file may grow beyond 40 KiB: what a full disk looks like to the float model, which is larger.
TEST_F(Build, FullDisk) {
  const fs::path project = make_project();
  expect_done(mote({"build"}, project));
  const std::string model = slurp(project / "build/model.tflite");
  edit(project / "mote.toml", "learning_rate = 1e-3", "learning_rate = 2e-3");
  const ProcessOutput done = shell("ulimit -f 80; exec \"$MOTE\" build", project);
  EXPECT_EQ(done.exit_status, 2) << done.output << done.errors;
  EXPECT_THAT(done.errors, HasSubstr("float.mote"));
  EXPECT_EQ(slurp(project / "build/model.tflite"), model);
  EXPECT_EQ(json_of(mote({"runs", "--json"}, project))["runs"].size(), 1u);
  expect_done(mote({"build"}, project));
}

// The compiler meets the full disk: the words are those of the assembler.
TEST_F(Build, FullDiskForTheCompiler) {
  const fs::path project = make_project();
  spew(folder_ / "bin/arm-none-eabi-g++",
       "#!/bin/sh\ncase \" $* \" in\n*' -c '*)\n"
       "  echo \"Fatal error: can't write 5 bytes to main.o: 'No space left on device'\" >&2; exit 1;;\nesac\nexec '" +
           find_program("arm-none-eabi-g++")->string() + "' \"$@\"\n");
  fs::permissions(folder_ / "bin/arm-none-eabi-g++", fs::perms::owner_all);
  const ProcessOutput done = shell("PATH='" + (folder_ / "bin").string() + "':$PATH exec \"$MOTE\" build", project);
  EXPECT_EQ(done.exit_status, 2) << done.output << done.errors;
  EXPECT_THAT(done.errors, AllOf(HasSubstr("disk full"), HasSubstr("free some space")));
  expect_done(mote({"build"}, project));
}

// Whatever is cut off or flipped in a model: refused with exit 2, or still a valid model; never a crash, never a
// defect.
TEST_F(Build, DamagedModels) {
  const fs::path project = make_project();
  expect_done(mote({"train"}, project));
  const std::string model = slurp(project / ".mote/runs/1/model.tflite");
  const fs::path damaged = project / "damaged.tflite";
  for (size_t size = 0; size < model.size(); size += 1 + size / 3) {
    spew(damaged, model.substr(0, size));
    const ProcessOutput done = mote({"inspect", "damaged.tflite"}, project);
    EXPECT_EQ(done.exit_status, 2) << size << done.output;
    EXPECT_THAT(done.errors, HasSubstr("damaged.tflite")) << size;
  }
  for (size_t at = 0; at < 2000; at += 97) {
    std::string flipped = model;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
    spew(damaged, flipped);
    const ProcessOutput done = mote({"verify", "damaged.tflite"}, project);
    EXPECT_TRUE(done.exit_status == 0 || done.exit_status == 2) << at << done.output << done.errors;
  }
}

TEST_F(Build, ProgressIsForTerminalsAlone) {
  const fs::path project = make_project("400");  // long enough for the bar to be drawn, on any machine
  const ProcessOutput log = mote({"train"}, project);
  EXPECT_EQ(log.errors, "");
  const ProcessOutput terminal = shell("script -qec '\"'\"$MOTE\"'\" train' /dev/null", project);
  EXPECT_THAT(terminal.output, AllOf(HasSubstr("train"), HasSubstr("left")));
}

TEST_F(Build, ArrayTypesAreNotConfused) {
  const fs::path project = make_project();
  expect_done(mote({"build"}, project));
  const NpyArray floats{DType::float32, {2, 300}, std::vector<uint8_t>(2 * 300 * 4)};
  const NpyArray bytes{DType::uint8, {2, 300}, std::vector<uint8_t>(2 * 300)};
  const NpyArray short_rows{DType::int8, {2, 299}, std::vector<uint8_t>(2 * 299)};
  ASSERT_TRUE(write_npy(project / "floats.npy", floats).ok());
  ASSERT_TRUE(write_npy(project / "bytes.npy", bytes).ok());
  ASSERT_TRUE(write_npy(project / "short.npy", short_rows).ok());
  const auto refused = [&](const char* file, const char* message) {
    const ProcessOutput done = mote({"run", "build/model.tflite", "--input", file}, project);
    EXPECT_EQ(done.exit_status, 2);
    EXPECT_THAT(done.errors, HasSubstr(message));
  };
  refused("floats.npy", "--quantize-input");
  refused("bytes.npy", "uint8 and int8 differ by 128");
  refused("short.npy", "299");
  refused("missing.npy", "missing.npy");
  expect_done(
      mote({"run", "build/model.tflite", "--input", "floats.npy", "--quantize-input", "--output", "out.npy"}, project));
  const Result<NpyArray> out = read_npy(project / "out.npy");
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out.value().dtype, DType::int8);
  EXPECT_EQ(out.value().shape, (std::vector<int64_t>{2, 3}));
}

TEST_F(Build, RegressionExample) {
  EXPECT_EQ(mote({"init", "s", "--like", "soil"}, folder_).exit_status, 0);
  const Json metrics = json_of(mote({"build", "--json"}, folder_ / "s"));
  ASSERT_TRUE(metrics.is_object());
  for (const char* key : {"mae", "rmse", "r2"}) EXPECT_TRUE(metrics["int8"]["test"].contains(key)) << key;
  EXPECT_LE(metrics["int8"]["test"]["rmse"].get<double>(), 1.02 * metrics["float"]["test"]["rmse"].get<double>());
}

}  // namespace
}  // namespace mote
