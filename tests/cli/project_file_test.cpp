// mote.toml: what is read, and what is said about what cannot be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/project/keys.h"
#include "cli/project/project.h"
#include "toolchain/base/quantity.h"
#include "toolchain/base/text.h"

namespace mote {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kGood = R"toml([project]
name = "gestures"
task = "classification"
[goal]
accuracy = 0.92
[budget]
board = "nano33ble"
flash = "64 KiB"
ram = "16 KiB"
latency = "10 ms"
power = "1 mW"
[data]
source = "recordings/*/*.csv"
label = "folder"
channels = ["ax", "ay", "az"]
rate = "100 Hz"
window = "1 s"
stride = "250 ms"
split = { by = "filename:_(\\w+)_", validation = 0.15, test = ["p1", "p2"] }
augment = ["jitter 0.02"]
[features]
block = "raw"
[model]
layers = ["Dense(64, relu)", "Dense(3, softmax)"]
[train]
epochs = 60
learning_rate = 1e-3
class_weights = "balanced"
seed = 7
[quantize]
calibration = "percentile"
)toml";

std::string replaced(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string message_of(const std::string& text) {
  const Result<ProjectConfig> project = parse_project("mote.toml", text);
  if (project.ok()) return "accepted";
  EXPECT_EQ(project.error().kind, Error::Kind::input);
  return project.error().message;
}

TEST(ProjectFile, ReadsEveryStagesSettings) {
  Result<ProjectConfig> project = parse_project("mote.toml", kGood);
  ASSERT_TRUE(project.ok()) << project.error().message;
  EXPECT_EQ(project->name, "gestures");
  EXPECT_DOUBLE_EQ(*project->goal.accuracy, 0.92);
  EXPECT_DOUBLE_EQ(*project->budget.flash, 65536);
  EXPECT_DOUBLE_EQ(*project->budget.latency, 0.010);
  EXPECT_DOUBLE_EQ(*project->budget.power, 0.001);
  EXPECT_DOUBLE_EQ(*project->data.rate, 100);
  EXPECT_DOUBLE_EQ(project->data.stride->value, 0.25);
  EXPECT_EQ(project->data.split.test.names, (std::vector<std::string>{"p1", "p2"}));
  EXPECT_DOUBLE_EQ(project->data.split.validation.fraction, 0.15);
  EXPECT_EQ(project->layers.size(), 2u);
  EXPECT_EQ(project->seed, 7u);
  EXPECT_TRUE(project->class_weights.balanced);
  EXPECT_EQ(project->quantize.method, RangeMethod::percentile);
  EXPECT_EQ(project->where("goal.accuracy"), "mote.toml:5:12: goal.accuracy");
}

TEST(ProjectFile, UnknownKeyNamesTheNearestAndItsPlace) {
  const std::string message = message_of(replaced("epochs = 60", "epoch = 60"));
  EXPECT_THAT(message, StartsWith("mote.toml:26:1: unknown key 'epoch' in [train]; did you mean 'epochs'?"));
  EXPECT_THAT(message, HasSubstr("learning_rate"));
  EXPECT_THAT(message_of(replaced("[budget]", "[budgets]")),
              HasSubstr("unknown section 'budgets'; did you mean 'budget'?"));
  EXPECT_THAT(message_of(replaced("by = ", "bye = ")),
              HasSubstr("unknown key 'bye' in [data.split]; did you mean 'by'?"));
}

TEST(ProjectFile, WrongTypeSaysWhatWasExpectedAndFound) {
  EXPECT_EQ(message_of(replaced("epochs = 60", "epochs = \"many\"")),
            "mote.toml:26:10: train.epochs: expected a whole number, found the text \"many\"");
  EXPECT_THAT(message_of(replaced("epochs = 60", "epochs = 1.5")),
              HasSubstr("expected a whole number, found the number 1.5"));
  EXPECT_THAT(message_of(replaced("flash = \"64 KiB\"", "flash = 64")),
              HasSubstr("budget.flash: expected a text in quotes"));
  EXPECT_THAT(message_of(replaced("[train]", "[[train]]")), HasSubstr("train: expected a section"));
}

struct BadValue {
  const char* from;
  const char* to;
  const char* message;
};

TEST(ProjectFile, ImpossibleValues) {
  const BadValue cases[] = {
      {"accuracy = 0.92", "accuracy = 1.2", "mote.toml:5:12: goal.accuracy: impossible goal 1.2: expected a fraction"},
      {"accuracy = 0.92", "accuracy = nan", "impossible goal"},
      {"accuracy = 0.92", "mae = 2", "goal.mae: is no goal of task \"classification\"; expected accuracy"},
      {"accuracy = 0.92", "accuracy = 0.92\nfalse_accepts = 1", "expected a share from 0 to below 1"},
      {"accuracy = 0.92", "accuracy = 0.92\nfalse_alarms = 0.1", "is for task \"anomaly\""},
      {"accuracy = 0.92", "accuracy = 0.92\nrejected = \"idle\"", "only with goal.false_accepts"},
      {"accuracy = 0.92", "accuracy = 0.92\n[goal.condition]\nname = \"x\"", "expected [[goal.condition]] with name"},
      {"accuracy = 0.92", "accuracy = 0.92\n[[goal.condition]]\nname = \"x\"\nsnr_db = 5\n", "lacks noise"},
      {"accuracy = 0.92", "accuracy = 0.92\n[[goal.condition]]\nname = \"x\"\nnoise = \"white\"\nsnr_db = 5\n",
       "condition 'x' has no bar"},
      {"accuracy = 0.92", "accuracy = 0.92\n[[goal.condition]]\nname = \"x\"\nnoise = \"white\"\nsnr_db = 5\nmae = 1\n",
       "goal.condition[0].mae: is no goal of task \"classification\""},
      {"accuracy = 0.92", "accuracy = 0.92\n[[goal.condition]]\nsnr = 5\n", "did you mean 'snr_db'?"},
      {"accuracy = 0.92", "accuracy = 0.92\nfalse_accepts = 0.1\n[decision]\nfalse_per_hour = 1",
       "decision.false_per_hour: goal.false_accepts chooses thresholds, too"},
      {"accuracy = 0.92", "accuracy = 0.92\n[decision]\nfalse_per_hour = -1", "expected a number of at least 0"},
      {"label = \"folder\"", "", "data.label is missing"},
      {"label = \"folder\"", "label = \"folder\"\nnormal = \"idle\"", "is for task \"anomaly\""},
      {"accuracy = 0.92", "", "[goal] is missing"},
      {"\"64 KiB\"", "\"64 kilo\"", "expected a size such as \"64 KiB\""},
      {"\"10 ms\"", "\"10\"", "expected a time such as \"10 ms\""},
      {"\"10 ms\"", "\"-1 ms\"", "expected more than zero"},
      {"\"100 Hz\"", "\"fast\"", "expected a rate such as \"100 Hz\""},
      {"\"1 s\"", "\"one second\"", "data.window"},
      {"epochs = 60", "epochs = 0", "expected a whole number from 1"},
      {"learning_rate = 1e-3", "learning_rate = 0", "train.learning_rate: expected a number above 0"},
      {"\"classification\"", "\"clasification\"", "did you mean \"classification\"?"},
      {"\"classification\"", "\"anomaly\"", "goal.accuracy: is no goal of task \"anomaly\"; expected auc"},
      {"\"percentile\"", "\"max\"", "quantize.calibration"},
      {"calibration = \"percentile\"", "method = \"qad\"", "did you mean \"qat\"?"},
      {"calibration = \"percentile\"", "epochs = 0", "quantize.epochs: expected a whole number from 1"},
      {"calibration = \"percentile\"", "learning_rate = 0", "quantize.learning_rate: expected a number above 0"},
      {"calibration = \"percentile\"", "rounding = \"up\"", "expected one of nearest, adaptive"},
      {"calibration = \"percentile\"", "activations = \"int4\"", "expected one of int8, int16"},
      {"calibration = \"percentile\"", "method = \"qat\"\nactivations = \"int16\"", "expected method = \"ptq\""},
      {"layers = [\"Dense(64, relu)\", \"Dense(3, softmax)\"]", "", "model.layers is missing"},
      {"layers = [\"Dense(64, relu)\", \"Dense(3, softmax)\"]", "layers = []", "at least one layer"},
      {"task = \"classification\"", "task = ", "not a valid TOML file"},
      {"epochs = 60", "loss = \"mse\"", "expected cross_entropy for classification"},
  };
  for (const BadValue& bad : cases)
    EXPECT_THAT(message_of(replaced(bad.from, bad.to)), HasSubstr(bad.message)) << bad.to;
}

TEST(ProjectFile, NotUtf8) {
  EXPECT_THAT(message_of("[project]\nname = \"\xff\xfe\"\n"), HasSubstr("not a valid TOML file"));
}

TEST(ProjectFile, RegressionHasItsOwnDefaults) {
  std::string text = replaced("classification", "regression");
  text.replace(text.find("accuracy = 0.92"), 15, "mae = 1.5");
  text.replace(text.find("class_weights = \"balanced\""), 26, "");
  Result<ProjectConfig> project = parse_project("mote.toml", text);
  ASSERT_TRUE(project.ok()) << project.error().message;
  EXPECT_EQ(project->train.loss, Loss::mse);
  EXPECT_DOUBLE_EQ(project->quantize.margin, 0.1);
}

TEST(ProjectFile, AnomalyDetection) {
  std::string text = replaced("classification", "anomaly");
  text.replace(text.find("accuracy = 0.92"), 15, "auc = 0.95\nfalse_alarms = 0.02");
  text.replace(text.find("class_weights = \"balanced\""), 26, "");
  Result<ProjectConfig> project = parse_project("mote.toml", text);
  ASSERT_TRUE(project.ok()) << project.error().message;
  EXPECT_EQ(project->train.loss, Loss::mse);
  EXPECT_EQ(project->goal.auc, 0.95);
  EXPECT_EQ(project->goal.false_alarms, 0.02);
  // Nothing known to be anomalous: nothing to tell apart.
  std::string unlabelled = text;
  unlabelled.replace(unlabelled.find("label = \"folder\""), 16, "");
  EXPECT_THAT(message_of(unlabelled), HasSubstr("data.label is missing; label recordings, or state goal.false_alarms"));
  unlabelled.replace(unlabelled.find("auc = 0.95"), 10, "");
  EXPECT_EQ(message_of(unlabelled), "accepted");
}

TEST(ProjectFile, Conditions) {
  const std::string text = replaced("accuracy = 0.92", R"(accuracy = 0.92
[[goal.condition]]
name = "quiet"
noise = "noise/*.csv"
snr_db = 20
accuracy = 0.9
[[goal.condition]]
name = "loud"
noise = "white"
snr_db = -3
accuracy = 0.75)");
  Result<ProjectConfig> project = parse_project("mote.toml", text);
  ASSERT_TRUE(project.ok()) << project.error().message;
  ASSERT_EQ(project->goal.conditions.size(), 2u);
  EXPECT_EQ(project->goal.conditions[0].noise, "noise/*.csv");
  EXPECT_EQ(project->goal.conditions[1].snr_db, -3);
  EXPECT_EQ(project->goal.conditions[1].goals.accuracy, 0.75);
  EXPECT_EQ(project->given["goal.condition[0].snr_db"], 20);
  EXPECT_THAT(project->where("goal.condition[1].noise"), StartsWith("mote.toml:13:9"));
}

TEST(ProjectFile, KeysAsWritten) {
  const Result<Json> keys = written_keys("x", "[goal]\nold_key = 1\n[data]\nsplit = { by = \"file\" }\n");
  ASSERT_TRUE(keys.ok()) << keys.error().message;
  EXPECT_EQ(keys->dump(), R"({"data.split.by":"file","goal.old_key":1})");
  EXPECT_FALSE(written_keys("x", "[goal").ok());
}

TEST(ProjectFile, WaysOfQuantization) {
  const Result<ProjectConfig> project = parse_project(
      "mote.toml", replaced("calibration = \"percentile\"",
                            "calibration = \"entropy\"\nmethod = \"qat\"\nepochs = 9\nlearning_rate = 1e-4\n"
                            "rounding = \"nearest\"\nequalize = true\ncorrect_bias = true"));
  ASSERT_TRUE(project.ok()) << project.error().message;
  EXPECT_EQ(project->quantize.method, RangeMethod::entropy);
  EXPECT_TRUE(project->aware.enabled && project->equalize && project->quantize.correct_bias);
  EXPECT_EQ(project->aware.epochs, 9);
  EXPECT_DOUBLE_EQ(project->aware.learning_rate.value_or(0), 1e-4);
  EXPECT_EQ(project->quantize.rounding, WeightRounding::nearest);
  EXPECT_EQ(project->quantize.activations, DType::int8);
}

TEST(ProjectFile, ABaselineIsATimeOrANumberOfReadings) {
  const Result<ProjectConfig> project =
      parse_project("mote.toml", replaced("stride = \"250 ms\"", "baseline = \"1 min\"\nbaseline_scale = false"));
  ASSERT_TRUE(project.ok()) << project.error().message;
  EXPECT_DOUBLE_EQ(project->data.baseline->value, 60);
  EXPECT_FALSE(project->data.baseline->in_samples);
  EXPECT_FALSE(project->data.baseline_scale);
  EXPECT_FALSE(parse_project("mote.toml", kGood)->data.baseline);
  EXPECT_THAT(message_of(replaced("stride = \"250 ms\"", "baseline = \"60\"")),
              AllOf(HasSubstr("mote.toml:18"), HasSubstr("baseline = \"60\": expected a unit")));
  EXPECT_THAT(message_of(replaced("stride = \"250 ms\"", "base_line = \"60 s\"")), HasSubstr("did you mean"));
}

TEST(ProjectFile, EveryKeyStandsInTheReference) {
  const std::string page = project_reference();
  for (const Key& key : all_keys()) EXPECT_THAT(page, HasSubstr(key.doc));
}

TEST(Quantity, UnitsAreParsedAndWordsRefused) {
  EXPECT_DOUBLE_EQ(*parse_quantity("1.5 MiB", Dimension::bytes), 1.5 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(*parse_quantity("64KiB", Dimension::bytes), 65536);
  EXPECT_DOUBLE_EQ(*parse_quantity(" 250 us ", Dimension::seconds), 250e-6);
  EXPECT_DOUBLE_EQ(*parse_quantity("40 uW", Dimension::watts), 40e-6);
  for (const char* bad : {"", "KiB", "1 2 KiB", "nan B", "inf s", "1e999 B", "64 Kib"})
    EXPECT_FALSE(parse_quantity(bad, Dimension::bytes).ok()) << bad;
}

TEST(Spelling, DistanceAndNearest) {
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("flash", "falsh"), 1);
  EXPECT_EQ(edit_distance("epoch", "epochs"), 1);
  EXPECT_EQ(nearest_name("mesure", std::vector<std::string>{"train", "measure", "eval"}), "measure");
}

}  // namespace
}  // namespace mote
