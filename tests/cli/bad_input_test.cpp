// Wrong input gets exit status 2 and a message that names what is wrong, where, and what to do.
#include <gmock/gmock.h>

#include "tests/cli/command.h"
#include "toolchain/base/npy.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class BadInput : public CommandTest {
 protected:
  void expect_refused(const ProcessOutput& done, const ::testing::Matcher<const std::string&>& message) {
    EXPECT_EQ(done.exit_status, 2) << done.output << done.errors;
    EXPECT_THAT(done.errors, message);
    EXPECT_THAT(done.errors, Not(HasSubstr("terminate called")));
  }

  // A small project of two classes with two recordings of 2 s each; `mote.toml` as given but for the replaced text.
  fs::path small_project(const std::string& from = "", const std::string& to = "") {
    const fs::path project = folder_ / "p";
    std::string text = R"toml([project]
name = "small"
task = "classification"
[goal]
accuracy = 0.5
[budget]
board = "nano33ble"
[data]
source = "recordings/*/*.csv"
label = "folder"
channels = ["ax", "ay"]
rate = "50 Hz"
window = "1 s"
split = { by = "file", validation = 0.25, test = 0.25 }
[model]
layers = ["Dense(4, relu)", "Dense(2, softmax)"]
[train]
epochs = 2
)toml";
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    spew(project / "mote.toml", text);
    for (const char* label : {"left", "right"})
      for (int i = 0; i < 4; ++i)
        spew(project / "recordings" / label / (std::to_string(i) + ".csv"), recording(label[0] == 'l' ? 1 : -1, i));
    return project;
  }

  static std::string recording(int sign, int index, int milliseconds = 20) {
    std::string text = "timestamp,ax,ay\n";
    for (int i = 0; i < 100; ++i)
      text += std::to_string(i * milliseconds) + "," + std::to_string(sign * (i % 7 + index) * 0.1) + "," +
              std::to_string((i % 5) * 0.2) + "\n";
    return text;
  }
};

TEST_F(BadInput, UnknownVerbAndOptionNameTheNearest) {
  expect_refused(mote({"biuld"}, folder_), AllOf(HasSubstr("unknown verb 'biuld'"), HasSubstr("'build'")));
  expect_refused(mote({"data", "chek"}, folder_), AllOf(HasSubstr("'chek'"), HasSubstr("'check'")));
  expect_refused(mote({"build", "--jsno"}, folder_),
                 AllOf(HasSubstr("unknown option '--jsno'"), HasSubstr("'--json'")));
  expect_refused(mote({}, folder_), HasSubstr("mote --help"));
}

TEST_F(BadInput, JsonHasOneObjectForErrorsToo) {
  const ProcessOutput done = mote({"build", "--json"}, folder_);
  EXPECT_EQ(done.exit_status, 2);
  EXPECT_THAT(json_of(done)["error"]["message"].get<std::string>(), HasSubstr("mote.toml"));
}

TEST_F(BadInput, Threads) {
  for (const char* threads : {"0", "x", "5000"})
    expect_refused(mote({"boards", "--threads", threads}, folder_), HasSubstr("--threads"));
}

TEST_F(BadInput, Seed) {
  for (const char* seed : {"-1", "x"}) expect_refused(mote({"boards", "--seed", seed}, folder_), HasSubstr("--seed"));
}

TEST_F(BadInput, NoProject) {
  expect_refused(mote({"build"}, folder_), AllOf(HasSubstr("mote.toml"), HasSubstr("mote init")));
}

TEST_F(BadInput, UnknownExample) {
  expect_refused(mote({"init", "x", "--like", "gesture"}, folder_), HasSubstr("did you mean 'gestures'?"));
}

TEST_F(BadInput, InitRefusesAFolderWithFiles) {
  spew(folder_ / "x/mine.txt", "keep");
  expect_refused(mote({"init", "x"}, folder_), HasSubstr("x"));
  EXPECT_EQ(slurp(folder_ / "x/mine.txt"), "keep");
}

struct ProjectCase {
  const char* from;
  const char* to;
  const char* message;
};

TEST_F(BadInput, ProjectFile) {
  const ProjectCase cases[] = {
      {"epochs = 2", "epoch = 2", "mote.toml:18:1: unknown key 'epoch' in [train]; did you mean 'epochs'?"},
      {"accuracy = 0.5", "accuracy = 1.2", "mote.toml:5:12: goal.accuracy: impossible goal 1.2"},
      {"accuracy = 0.5", "accuracy = \"high\"", "goal.accuracy: expected a number, found the text \"high\""},
      {"nano33ble", "nano33", "budget.board: board 'nano33' is not known; expected one of: nano33ble"},
      {"Dense(4, relu)", "Dense(4 relu", "mote.toml:16:10: model.layers: layer 1 \"Dense(4 relu\": column 9: expected"},
      {"Dense(4, relu)", "Dens(4, relu)", "there is no layer 'Dens'; did you mean 'Dense'?"},
      {"Dense(2, softmax)", "Dense(5, softmax)",
       "the last layer Dense(5, softmax) has 5 outputs; the data have 2 classes (left, right); write "
       "\"Dense(2, softmax)\""},
      {"Dense(2, softmax)", "dense(activation=softmax, units=5)", "write \"dense(activation=softmax, units=2)\""},
      {"\"Dense(2, softmax)\"", "\"Autoencoder(8, latent=3)\"", "(left, right); end with \"Dense(2, softmax)\""},
      {"label = \"folder\"", "label = \"column:kind\"",
       "0.csv:1: no column 'kind' (label in mote.toml); the file has timestamp, ax, ay"},
      {"[\"ax\", \"ay\"]", "[\"ax\", \"az\"]", "0.csv:1: no column 'az' (channels in mote.toml)"},
      {"recordings/*/*.csv", "nothing/*.csv", "source = \"nothing/*.csv\" matches no file"},
      {"window = \"1 s\"", "window = \"5 s\"", "8 recordings are shorter than the window (250 readings, 5 s)"},
      {"window = \"1 s\"", "window = \"1 week\"", "mote.toml:13:10: data.window: window = \"1 week\": expected a unit"},
      {"window = \"1 s\"", "window = \"1 s\"\nunits = { az = \"g\" }",
       "units names 'az', which is no channel; channels: ax, ay. Did you mean 'ax'?"},
      {"epochs = 2", "epochs = \"2\"", "mote.toml:18:10: train.epochs: expected a whole number, found the text \"2\""},
      {"board = \"nano33ble\"", "board = \"nano33ble\"\nram = \"64 B\"", "budget.ram: no model can meet this budget"},
      {"board = \"nano33ble\"", "board = \"nano33ble\"\nflash = \"1 KiB\"",
       "budget.flash: no model can meet this budget"},
      {"board = \"nano33ble\"", "board = \"nano33ble\"\nlatency = \"1 ns\"",
       "budget.latency: no model can meet this budget"},
      {"board = \"nano33ble\"", "board = \"nano33ble\"\npower = \"1 nW\"",
       "budget.power: no model can meet this budget"},
  };
  for (const ProjectCase& each : cases) {
    SCOPED_TRACE(each.to);
    fs::remove_all(folder_ / "p");
    expect_refused(mote({"build"}, small_project(each.from, each.to)), HasSubstr(each.message));
  }
}

struct DataCase {
  const char* name;
  std::string text;  // of recordings/left/0.csv
  const char* message;
};

TEST_F(BadInput, Recordings) {
  const std::string good = recording(1, 0);
  const auto with_line = [&](const std::string& line) {
    return good.substr(0, good.find('\n') + 1) + line + "\n" + good.substr(good.find('\n') + 1);
  };
  const DataCase cases[] = {
      {"ragged row", with_line("0,1"), "0.csv:2: the row has 2 cells, the header has 3. Correct the row or delete it"},
      {"text in a number", with_line("0,one,2"), "0.csv:2: column 2 'ax': found 'one', expected a number"},
      {"NaN", with_line("0,nan,2"), "0.csv:2: column 'ax': the value is missing or not finite; expected a number"},
      {"missing column", "timestamp,ax\n0,1\n", "0.csv:1: no column 'ay' (channels in mote.toml)"},
      {"not UTF-8", "timestamp,ax,ay\n0,1,\xff\xfe\n", "0.csv:2: byte 0xFF is not UTF-8 text. Save the file as UTF-8"},
      {"empty file", "", "0.csv: the file is empty; expected a header line"},
      {"too short", good.substr(0, good.find("60,")),
       "1 recording is shorter than the window (50 readings, 1 s): recordings/left/0.csv"},
      {"two rates", recording(1, 0, 10), "0.csv: recorded at 100 Hz, but recordings/right/1.csv at 50 Hz"},
  };
  for (const DataCase& each : cases) {
    SCOPED_TRACE(each.name);
    const fs::path project = small_project();
    spew(project / "recordings/left/0.csv", each.text);
    expect_refused(mote({"build"}, project), AllOf(HasSubstr("recordings/left/0.csv"), HasSubstr(each.message)));
    const ProcessOutput checked = mote({"data", "check"}, project);
    expect_refused(checked, HasSubstr("the data cannot be used as they are"));
    EXPECT_THAT(checked.output, HasSubstr("recordings/left/0.csv"));
  }
}

TEST_F(BadInput, EmptyFolderAndOneRecordingLabel) {
  const fs::path project = small_project();
  fs::remove_all(project / "recordings");
  fs::create_directories(project / "recordings");
  expect_refused(mote({"build"}, project), HasSubstr("recordings/*/*.csv"));
  small_project();
  for (const char* extra : {"1.csv", "2.csv", "3.csv"}) fs::remove(project / "recordings/left" / extra);
  expect_refused(mote({"build"}, project), AllOf(HasSubstr("label 'left' has one recording (recordings/left/0.csv)"),
                                                 HasSubstr("Record it again")));
}

TEST_F(BadInput, ARelativeProjectMayNameFilesByAbsolutePaths) {
  const std::string held_out = (folder_ / "p/recordings/*/3.csv").string();
  small_project("test = 0.25", "test = [\"" + held_out + "\"]");
  for (const char* verb : {"check", "show"}) {
    const ProcessOutput done = mote({"--project", "p", "data", verb}, folder_);
    EXPECT_LE(done.exit_status, 1) << done.output << done.errors;  // 1: `check` has warnings
  }
}

TEST_F(BadInput, ModelFiles) {
  spew(folder_ / "empty.tflite", "");
  spew(folder_ / "text.tflite", "this is not a model, but long enough to be looked at");
  spew(folder_ / "folder.tflite/inside", "");
  for (const char* file : {"folder.tflite", "empty.tflite", "text.tflite", "missing.tflite"})
    for (const char* verb : {"inspect", "verify", "measure"})
      expect_refused(mote({verb, file, "--project", "."}, folder_), HasSubstr(file));
}

// foreign_operator.tflite: one operator, of a kind that mote lacks.
TEST_F(BadInput, MissingOperatorIsNamedWithItsPlace) {
  const fs::path source = std::getenv("MOTE_SOURCE_DIR") == nullptr ? "." : std::getenv("MOTE_SOURCE_DIR");
  spew(folder_ / "foreign.tflite", slurp(source / "tests/cli/foreign_operator.tflite"));
  const ProcessOutput done = mote({"measure", "foreign.tflite", "--board", "nano33ble"}, folder_);
  expect_refused(done, AllOf(HasSubstr("foreign.tflite"), HasSubstr("operator 0, LOCAL_RESPONSE_NORMALIZATION")));
}

}  // namespace
}  // namespace mote
