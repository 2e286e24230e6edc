// Recordings through the command: checked, cleaned and uncleaned, shown.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/cli/command.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class DataCommand : public CommandTest {
 protected:
  // The gesture example with a spike in one recording.
  fs::path make_faulty() {
    const fs::path project = make_project();
    std::string text = slurp(project / kFile);
    size_t at = 0;
    for (int line = 0; line < 60; ++line) at = text.find('\n', at) + 1;
    const size_t comma = text.find(',', at);
    text.replace(comma + 1, text.find(',', comma + 1) - comma - 1, "25");
    spew(project / kFile, text);
    return project;
  }
  static std::vector<std::string> listing(const fs::path& folder) {
    std::vector<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.is_regular_file()) all.push_back(entry.path().string() + " " + fingerprint(slurp(entry.path())));
    std::sort(all.begin(), all.end());
    return all;
  }
  static constexpr const char* kFile = "recordings/idle/idle_p01_01.csv";
};

TEST_F(DataCommand, CleanChangesNothingUnlessAskedAndUndoes) {
  const fs::path project = make_faulty();
  const std::vector<std::string> before = listing(project);
  EXPECT_EQ(mote({"data", "check"}, project).exit_status, 1);
  const ProcessOutput dry = mote({"data", "clean"}, project);
  EXPECT_EQ(dry.exit_status, 0) << dry.errors;
  EXPECT_THAT(dry.output, AllOf(HasSubstr(std::string(kFile) + ": ax: reading 60 is interpolated"),
                                HasSubstr("Nothing was changed"), HasSubstr("--fix outlier")));
  EXPECT_EQ(listing(project), before);

  EXPECT_EQ(mote({"data", "clean", "--fix", "outlier"}, project).exit_status, 0);
  EXPECT_EQ(mote({"data", "check"}, project).exit_status, 0);
  EXPECT_TRUE(fs::exists(project / "cleaning.json"));
  const Json undone = json_of(mote({"data", "clean", "--undo", "--json"}, project));
  EXPECT_EQ(undone["undone"], 1);
  std::vector<std::string> after = listing(project);
  std::erase_if(after, [](const std::string& line) { return line.find("/.mote/") != std::string::npos; });  // the lock
  EXPECT_EQ(after, before);
  EXPECT_EQ(mote({"data", "check"}, project).exit_status, 1);
}

TEST_F(DataCommand, CleanRefusesWhatItCannotDo) {
  const fs::path project = make_faulty();
  const ProcessOutput unknown = mote({"data", "clean", "--fix", "spikes"}, project);
  EXPECT_EQ(unknown.exit_status, 2);
  EXPECT_THAT(unknown.errors, AllOf(HasSubstr("--fix spikes"), HasSubstr("outlier")));
  EXPECT_THAT(mote({"data", "clean", "--undo"}, project).errors, HasSubstr("nothing was cleaned"));
  EXPECT_EQ(mote({"data", "clean", "--undo", "--all"}, project).exit_status, 2);
  EXPECT_FALSE(fs::exists(project / "cleaning.json"));
}

// A kill leaves no half of anything: recordings as they were, changes all there or not at all.
TEST_F(DataCommand, CleanThatIsKilled) {
  const fs::path project = make_faulty();
  const std::string recording = slurp(project / kFile);
  for (const char* seconds : {"0.02", "0.1", "0.2", "0.3", "0.4"}) {
    fs::remove(project / "cleaning.json");
    shell(std::string("timeout -s KILL ") + seconds + " \"$MOTE\" data clean --all >/dev/null 2>&1; true", project);
    EXPECT_EQ(slurp(project / kFile), recording);
    EXPECT_NE(mote({"data", "check"}, project).exit_status, 2) << seconds;
  }
}

TEST_F(DataCommand, PageIsSelfContainedAndSmall) {
  const fs::path project = make_faulty();
  const ProcessOutput shown = mote({"data", "show", "--html", "page.html"}, project);
  EXPECT_EQ(shown.exit_status, 0) << shown.errors;
  const std::string page = slurp(project / "page.html");
  EXPECT_LT(page.size(), 1000000u);
  EXPECT_THAT(page, AllOf(HasSubstr("<h2>Waveforms by class</h2>"), HasSubstr("<h2>Spectrograms by class"),
                          HasSubstr("<h2>Class balance</h2>"), HasSubstr("<h2>Map of the windows</h2>"),
                          HasSubstr("[outlier]"), HasSubstr("swipe_left"), HasSubstr("prefers-color-scheme")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  const ProcessOutput nowhere = mote({"data", "show", "--html", "mote.toml/page.html"}, project);
  EXPECT_EQ(nowhere.exit_status, 2);
}

}  // namespace
}  // namespace mote
