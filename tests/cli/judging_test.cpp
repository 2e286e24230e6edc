// How projects are judged, through the command: thresholds, conditions, leakage, anomaly detection, the history of
// runs.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "tests/cli/command.h"
#include "toolchain/base/npy.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Readings of a machine with two sensors; a fault adds a second vibration to the first of them.
std::string machine_csv(int file, double fault) {
  std::string text = "timestamp,x,y\n";
  for (int i = 0; i < 400; ++i) {
    const double t = i * 0.01, phase = file * 1.7, wobble = 0.05 * std::sin(i * 12.9898 + file);
    text += fmt::format("{},{:.5f},{:.5f}\n", i * 10, std::sin(20 * t + phase) + fault * std::sin(55 * t) + wobble,
                        std::cos(20 * t + phase) + wobble);
  }
  return text;
}

class Judging : public BoardTest {
 protected:
  // Normal recordings and two faults, one of them faint.
  fs::path make_machine() {
    const fs::path project = folder_ / "machine";
    for (int file = 0; file < 10; ++file)
      spew(project / fmt::format("recordings/normal/r_{}.csv", file), machine_csv(file, 0));
    for (int file = 0; file < 2; ++file) {
      spew(project / fmt::format("recordings/faint/r_{}.csv", file), machine_csv(file, 0.15));
      spew(project / fmt::format("recordings/strong/r_{}.csv", file), machine_csv(file, 1));
    }
    spew(project / "mote.toml", R"toml([project]
task = "anomaly"
[goal]
auc = 0.9
false_alarms = 0.02
[budget]
board = "nano33ble"
[data]
source = "recordings/*/*.csv"
label = "folder"
rate = "100 Hz"
window = "16 samples"
stride = "8 samples"
split = { by = "file", validation = 0.2, test = 0.2 }
[model]
layers = ["Autoencoder(24, latent=4)"]
[train]
epochs = 60
learning_rate = 3e-3
)toml");
    ;
    return project;
  }
};

// What C code that was compiled from run 1 prints for each row of arrays/inputs.npy, by a statement on `copy`, the
// input, and `output`.
std::string compiled_answers(const fs::path& project, const std::string& name, const std::string& statement) {
  const ProcessOutput compiled = mote({"compile", ".mote/runs/1/model.tflite", "-o", "c", "--name", name}, project);
  EXPECT_EQ(compiled.exit_status, 0) << compiled.errors;
  std::string prefix = name;
  for (char& c : prefix) c = static_cast<char>(std::toupper(c));
  spew(project / "app.c", fmt::format(R"(#include <stdio.h>
#include <string.h>
#include "c/{0}.h"
int main(void) {{
  int8_t copy[{1}_INPUT_0_ELEMENTS];
  if ({0}_init() != {1}_OK) return 1;
  while (fread(copy, 1, sizeof copy, stdin) == sizeof copy) {{
    const int8_t* output;
    memcpy({0}_input(0), copy, sizeof copy);
    if ({0}_run() != {1}_OK) return 2;
    output = (const int8_t*){0}_output(0);
    {2};
  }}
  return 0;
}}
)",
                                      name, prefix, statement));
  const Result<NpyArray> inputs = read_npy(project / "arrays/inputs.npy");
  EXPECT_TRUE(inputs.ok());
  if (!inputs.ok()) return "";
  spew(project / "inputs.bin", std::string(inputs->data.begin(), inputs->data.end()));
  const ProcessOutput app =
      shell(fmt::format("gcc -std=c99 -Wall -Wextra -Werror -ffp-contract=off -c app.c && g++ -std=c++14 -O2 "
                        "-ffp-contract=off c/{}.cpp app.o -o app && ./app < inputs.bin",
                        name),
            project);
  EXPECT_EQ(app.exit_status, 0) << app.errors;
  return app.output;
}

TEST_F(Judging, ThresholdsAreChosenOnValidationAndCarriedByTheModel) {
  const fs::path project = make_project("12");
  edit(project / "mote.toml", "accuracy = 0.92", "accuracy = 0.5\nfalse_accepts = 0.02");
  const ProcessOutput built = mote({"train", "--json"}, project);
  ASSERT_EQ(built.exit_status, 0) << built.errors;
  const Json metrics = json_of(built);
  const Json& validation = metrics["int8"]["validation"]["thresholds"];
  for (const Json& each : validation["classes"]) EXPECT_LE(each["false_accepts"]["rate"].get<double>(), 0.02) << each;
  const Json& test = metrics["int8"]["test"]["thresholds"];
  EXPECT_EQ(test["false_accepts"]["of"], metrics["int8"]["test"]["count"]);
  EXPECT_LT(test["false_accepts"]["ci95"][0], test["false_accepts"]["ci95"][1]);

  // The file has them, and eval takes these.
  const Json inspected = json_of(mote({"inspect", ".mote/runs/1/model.tflite", "--json"}, project));
  ASSERT_EQ(inspected["metadata"]["thresholds"].size(), 3u);
  for (size_t c = 0; c < 3; ++c) EXPECT_EQ(inspected["metadata"]["thresholds"][c], test["classes"][c]["threshold"]);
  const ProcessOutput judged = mote({"eval"}, project);
  EXPECT_THAT(judged.output,
              AllOf(HasSubstr("false accepts (95 % interval)"), HasSubstr("AUC"), HasSubstr("macro_f1")));
  EXPECT_EQ(json_of(mote({"eval", "--json"}, project))["int8"]["test"]["thresholds"], test);
  // Chosen anew for none at all: more is rejected.
  const Json strict = json_of(mote({"eval", "--false-accepts", "0", "--json"}, project))["int8"];
  EXPECT_EQ(strict["validation"]["thresholds"]["false_accepts"]["count"], 0);
  EXPECT_GE(strict["test"]["thresholds"]["false_rejects"]["rate"], test["false_rejects"]["rate"]);
  EXPECT_THAT(mote({"eval", "--false-accepts", "1.5"}, project).errors, HasSubstr("expected a share"));

  // `run` and compiled code answer by them.
  ASSERT_LE(mote({"eval", "--save", "arrays"}, project).exit_status, 1);
  const Json ran = json_of(mote({"run", "--input", "arrays/inputs.npy", "--json"}, project));
  ASSERT_EQ(ran["answers"].size(), metrics["int8"]["test"]["count"].get<size_t>());
  std::string wanted;
  for (const Json& each : ran["answers"])
    wanted += fmt::format(
        "{}\n",
        each.is_null() ? -1 : std::find(ran["labels"].begin(), ran["labels"].end(), each) - ran["labels"].begin());
  EXPECT_THAT(wanted, HasSubstr("-1"));
  EXPECT_EQ(compiled_answers(project, "gesture", "printf(\"%d\\n\", gesture_answer(output))"), wanted);
}

TEST_F(Judging, ConditionsHaveTheirOwnBar) {
  const fs::path project = make_project("12");
  edit(project / "mote.toml", "accuracy = 0.92", R"(accuracy = 0.5
[[goal.condition]]
name = "calm"
noise = "white"
snr_db = 40
accuracy = 0.5
[[goal.condition]]
name = "storm"
noise = "noise/*.csv"
snr_db = -25
accuracy = 0.99)");
  EXPECT_THAT(mote({"train"}, project).errors, HasSubstr("noise/*.csv"));  // nothing there
  std::string noise = "timestamp,ax,ay,az\n";
  for (int i = 0; i < 600; ++i)
    noise += fmt::format("{},{:.4f},{:.4f},{:.4f}\n", i * 10, std::sin(i * 1.3), std::sin(i * 2.1), std::sin(i * 0.7));
  spew(project / "noise/wind.csv", noise);
  const ProcessOutput built = mote({"train", "--json"}, project);
  EXPECT_EQ(built.exit_status, 1) << built.errors;
  const Json metrics = json_of(built);
  ASSERT_EQ(metrics["conditions"].size(), 2u);
  const double clean = metrics["int8"]["test"]["accuracy"], calm = metrics["conditions"][0]["int8"]["accuracy"],
               storm = metrics["conditions"][1]["int8"]["accuracy"];
  EXPECT_NEAR(calm, clean, 0.02);
  EXPECT_LT(storm, clean - 0.05);
  EXPECT_EQ(metrics["verdict"]["short_of"].size(), 1u);
  EXPECT_THAT(metrics["verdict"]["short_of"].dump(), HasSubstr("in condition 'storm', goal at least 0.99"));
  EXPECT_THAT(slurp(project / ".mote/runs/1/report.html"),
              AllOf(HasSubstr("In harder conditions"), HasSubstr("storm")));
  const Json judged = json_of(mote({"eval", "--json"}, project));
  for (size_t i = 0; i < 2; ++i)
    for (const char* form : {"float", "int8"})
      EXPECT_EQ(judged["conditions"][i][form], metrics["conditions"][i][form]) << i << form;
  // Other noise is another result.
  spew(project / "noise/wind.csv", noise + "6000,0,0,0\n");
  const Json again = json_of(mote({"train", "--json"}, project));
  EXPECT_NE(again["conditions"][1], metrics["conditions"][1]);
  EXPECT_EQ(again["conditions"][0], metrics["conditions"][0]);
}

TEST_F(Judging, LeakageIsTheGapToRandomWindows) {
  const fs::path project = make_project("12");
  const ProcessOutput built = mote({"train", "--leakage", "--json"}, project);
  ASSERT_LE(built.exit_status, 1) << built.errors;
  EXPECT_THAT(built.errors, HasSubstr("accuracy by group "));
  const Json metrics = json_of(built);
  EXPECT_EQ(metrics["leakage"]["by_split"], metrics["int8"]["test"]["accuracy"]);
  EXPECT_GT(metrics["leakage"]["random_windows"].get<double>(), 0.5);
  const ProcessOutput judged = mote({"eval", "--leakage", "--json"}, project);
  EXPECT_EQ(json_of(judged)["leakage"], metrics["leakage"]);

  edit(project / "mote.toml", R"(by = "filename:_(p\\d+)_")", R"(by = "random")");
  EXPECT_THAT(mote({"eval", "--leakage"}, project).errors, HasSubstr("is random"));
  EXPECT_THAT(mote({"eval"}, project).output,
              Not(HasSubstr("readings in common")));  // a random split keeps them apart
}

TEST_F(Judging, DecisionsAreChosenOnValidationAndCarriedByTheModel) {
  const fs::path project = make_project("12");
  edit(project / "mote.toml", "accuracy = 0.92", "accuracy = 0.5");
  spew(project / "mote.toml", slurp(project / "mote.toml") +
                                  "\n[decision]\nfalse_per_hour = 30\ndebounce = 2\nrefractory = \"500 ms\"\nignore = "
                                  "\"idle\"\n");
  const ProcessOutput built = mote({"train", "--json"}, project);
  ASSERT_EQ(built.exit_status, 0) << built.errors;
  const Json metrics = json_of(built)["int8"];
  EXPECT_LE(metrics["validation"]["decision"]["all"]["false_per_hour"].get<double>(), 30);
  const Json& test = metrics["test"]["decision"];
  EXPECT_EQ(test["rule"]["debounce"], 2);  // stated; smoothing is chosen
  EXPECT_EQ(test["rule"]["refractory_s"], 0.5);
  EXPECT_EQ(test["labels"].size(), 2u);
  EXPECT_GT(test["all"]["detected"]["rate"].get<double>(), 0.5);
  EXPECT_EQ(test["all"]["events"], test["labels"][0]["events"].get<int>() + test["labels"][1]["events"].get<int>());

  // The file has what was chosen, and eval takes it.
  const Json inspected = json_of(mote({"inspect", ".mote/runs/1/model.tflite", "--json"}, project))["metadata"];
  EXPECT_EQ(inspected["thresholds"].size(), 3u);
  EXPECT_EQ(inspected["decision"]["debounce"], 2);
  EXPECT_EQ(inspected["decision"]["smoothing"], test["rule"]["smoothing"]);
  EXPECT_THAT(mote({"eval"}, project).output,
              AllOf(HasSubstr("debounce 2, 500 ms quiet after an event"), HasSubstr("times each")));
  EXPECT_EQ(json_of(mote({"eval", "--json"}, project))["int8"]["test"]["decision"], test);
  // Chosen anew for none at all.
  const Json strict = json_of(mote({"eval", "--false-per-hour", "0", "--json"}, project))["int8"]["validation"];
  EXPECT_EQ(strict["decision"]["all"]["false"], 0);
  EXPECT_LE(strict["decision"]["all"]["detected"]["count"],
            metrics["validation"]["decision"]["all"]["detected"]["count"]);
  EXPECT_THAT(mote({"eval", "--false-per-hour", "-1"}, project).errors, HasSubstr("expected a number of at least 0"));
}

TEST_F(Judging, AnomaliesAreFoundByAThresholdOnNormalWindows) {
  const fs::path project = make_machine();
  const ProcessOutput built = mote({"train", "--json"}, project);
  ASSERT_EQ(built.exit_status, 0) << built.output << built.errors;
  const Json metrics = json_of(built);
  EXPECT_EQ(metrics["data"]["normal"].dump(), R"(["normal"])");
  for (const char* form : {"float", "int8"}) {
    EXPECT_EQ(metrics[form]["validation"]["anomalous"], 0);
    EXPECT_LE(metrics[form]["validation"]["false_alarms"].get<double>(), 0.02);
    EXPECT_GE(metrics[form]["test"]["auc"].get<double>(), 0.9);
    EXPECT_GE(metrics[form]["test"]["pauc"].get<double>(), 0.5);
    EXPECT_GT(metrics[form]["test"]["classes"][2]["above_threshold"].get<double>(), 0.95) << "strong";
  }
  // int8 tells apart what float does.
  EXPECT_NEAR(metrics["int8"]["test"]["auc"].get<double>(), metrics["float"]["test"]["auc"].get<double>(), 0.02);
  const Json inspected = json_of(mote({"inspect", ".mote/runs/1/model.tflite", "--json"}, project));
  EXPECT_EQ(inspected["metadata"]["task"], "anomaly");
  EXPECT_EQ(inspected["metadata"]["thresholds"][0], metrics["int8"]["test"]["threshold"]);
  EXPECT_THAT(mote({"eval"}, project).output, AllOf(HasSubstr("above the threshold"), HasSubstr("faint")));

  // What `run` says of the test windows is what eval counted.
  ASSERT_LE(mote({"eval", "--save", "arrays"}, project).exit_status, 1);
  const Json ran = json_of(mote({"run", "--input", "arrays/inputs.npy", "--json"}, project));
  int64_t above = 0, expected = 0;
  for (const Json& each : ran["anomalous"]) above += each.get<bool>();
  for (const Json& each : metrics["int8"]["test"]["classes"])
    expected += std::llround(each["above_threshold"].get<double>() * each["count"].get<double>());
  EXPECT_EQ(above, expected);

  // And so does compiled code.
  const std::string answers =
      compiled_answers(project, "machine",
                       "printf(\"%d %.9g\\n\", machine_score(copy, output) > MACHINE_THRESHOLD, "
                       "(double)machine_score(copy, output))");
  std::string wanted;
  for (size_t i = 0; i < ran["scores"].size(); ++i)
    wanted += fmt::format("{:d} {:.9g}\n", ran["anomalous"][i].get<bool>(), ran["scores"][i].get<double>());
  EXPECT_EQ(answers, wanted);
}

TEST_F(Judging, AnomalyProjectsThatCannotWork) {
  const fs::path project = make_machine();
  edit(project / "mote.toml", "layers = [\"Autoencoder(24, latent=4)\"]",
       "layers = [\"Dense(8, relu)\", \"Dense(3)\"]");
  EXPECT_THAT(mote({"train"}, project).errors, HasSubstr("takes 32 numbers and gives 3"));
  edit(project / "mote.toml", "\"Dense(3)\"]", "\"Dense(32)\"]");
  edit(project / "mote.toml", "validation = 0.2, test = 0.2", "validation = 0, test = 0.2");
  EXPECT_THAT(mote({"train"}, project).errors,
              HasSubstr("goal.false_alarms: thresholds are chosen on the validation part"));
  edit(project / "mote.toml", "validation = 0, test = 0.2", "validation = 0.2, test = 0");
  EXPECT_THAT(mote({"train"}, project).errors, HasSubstr("0 normal and"));
  edit(project / "mote.toml", "label = \"folder\"", "label = \"folder\"\nnormal = \"good\"");
  EXPECT_THAT(mote({"train"}, project).errors, HasSubstr("labels: faint, normal, strong"));
}

TEST_F(Judging, RunsAreComparedAndTheBestIsFound) {
  const fs::path project = make_project("1");
  EXPECT_THAT(mote({"runs", "best"}, project).errors, HasSubstr("no runs yet"));
  ASSERT_LE(mote({"train"}, project).exit_status, 1);
  edit(project / "mote.toml", "epochs = 1", "epochs = 12");
  ASSERT_LE(mote({"train"}, project).exit_status, 1);
  edit(project / "mote.toml", "latency = \"10 ms\"", "latency = \"100 us\"");
  ASSERT_LE(mote({"train", "--seed", "2"}, project).exit_status, 1);

  const Json runs = json_of(mote({"runs", "--json"}, project))["runs"];
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0]["code"]["program"].get<std::string>().size(), 32u);
  const Json compared = json_of(mote({"runs", "compare", "1", "3", "--json"}, project));
  EXPECT_EQ(compared["configuration"]["train.epochs"].dump(), "[1,12]");
  EXPECT_EQ(compared["configuration"]["seed"].dump(), "[1,2]");
  EXPECT_FALSE(compared["configuration"].contains("data.window"));
  EXPECT_EQ(compared["figures"]["int8 accuracy"][0], runs[0]["int8"]["test"]["accuracy"]);
  EXPECT_THAT(mote({"runs", "compare", "1", "2"}, project).output,
              AllOf(HasSubstr("train.epochs"), HasSubstr("run 2")));
  EXPECT_THAT(mote({"runs", "compare", "1", "9"}, project).errors, HasSubstr("there is no run 9"));
  EXPECT_EQ(mote({"runs", "compare", "1"}, project).exit_status, 2);

  const Json best = json_of(mote({"runs", "best", "--by", "accuracy", "--within-budget", "--json"}, project));
  EXPECT_EQ(best["run"]["run"], 2);
  const Json balanced = json_of(mote({"runs", "best", "--by", "balanced_accuracy", "--json"}, project));
  for (const Json& run : runs)
    EXPECT_GE(balanced["value"].get<double>(), run["int8"]["test"]["balanced_accuracy"].get<double>());
  EXPECT_EQ(mote({"runs", "best", "--by", "rmse"}, project).exit_status, 1);  // no run has that
  EXPECT_THAT(mote({"runs", "best", "--by", "acuracy"}, project).errors, HasSubstr("did you mean 'accuracy'?"));
  EXPECT_THAT(mote({"runs", "bets"}, project).errors, HasSubstr("did you mean 'best'?"));
}

}  // namespace
}  // namespace mote
