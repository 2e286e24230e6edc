// `mote data get` without a network.
#include <gmock/gmock.h>

#include "tests/cli/command.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class DataGet : public CommandTest {};

TEST_F(DataGet, TheListNamesEverySet) {
  const ProcessOutput done = mote({"data", "get"}, folder_);
  EXPECT_EQ(done.exit_status, 0);
  for (const char* name : {"uci-har", "nano-gestures", "magic-wand", "free-spoken-digits", "speech-commands",
                           "cifar-10", "skab", "occupancy"})
    EXPECT_THAT(done.output, HasSubstr(name));
  EXPECT_EQ(json_of(mote({"data", "get", "--json"}, folder_))["data_sets"].size(), 8u);
}

TEST_F(DataGet, OfflineItSaysWhatToDo) {
  // Nobody listens at the port of this proxy.
  const ProcessOutput done = shell(
      "unset MOTE_DATA XDG_CACHE_HOME; export HOME=$PWD https_proxy=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9; "
      "\"$MOTE\" data get occupancy",
      folder_);
  EXPECT_EQ(done.exit_status, 2);
  EXPECT_THAT(done.errors, AllOf(HasSubstr("licence   CC BY 4.0"), HasSubstr("offline"), HasSubstr("MOTE_DATA"),
                                 HasSubstr("https://archive.ics.uci.edu/static/public/357/")));
  EXPECT_FALSE(fs::exists(folder_ / "occupancy"));
}

TEST_F(DataGet, MirrorIsCopiedAndSaidSo) {
  spew(folder_ / "m/data/uci_har/README.md", "a part");
  const ProcessOutput done = shell("MOTE_DATA=$PWD/m \"$MOTE\" data get uci-har -o har --json", folder_);
  EXPECT_EQ(done.exit_status, 0) << done.errors;
  EXPECT_EQ(json_of(done)["from"], "mirror");
  EXPECT_THAT(done.errors, HasSubstr("1 files copied from the mirror"));
  EXPECT_EQ(slurp(folder_ / "har/README.md"), "a part");
  const ProcessOutput again = shell("MOTE_DATA=$PWD/m \"$MOTE\" data get uci-har -o har", folder_);
  EXPECT_EQ(again.exit_status, 2);
  EXPECT_THAT(again.errors, HasSubstr("is there already"));
  EXPECT_EQ(mote({"data", "get", "uci-hat"}, folder_).exit_status, 2);
}

}  // namespace
}  // namespace mote
