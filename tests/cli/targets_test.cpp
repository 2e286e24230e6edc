// A regression with several targets.
#include <gmock/gmock.h>

#include "tests/cli/command.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// flow in thousands, temp in hundredths: one scale of the outputs cannot hold both.
TEST_F(BoardTest, ATargetBelowTheStepsOfTheOutputIsNamed) {
  std::string rows = "a,b,flow,temp\n";
  for (int i = 0; i < 400; ++i) {
    const int a = i * 37 % 101, b = i * 53 % 89;
    rows += std::to_string(a) + "," + std::to_string(b) + "," + std::to_string(30 * a + 10 * b) + "," +
            std::to_string(0.01 * (b - a)) + "\n";
  }
  spew(folder_ / "p/data.csv", rows);
  spew(folder_ / "p/mote.toml",
       "[project]\nname = \"p\"\ntask = \"regression\"\n[goal]\nr2 = 0.9\n[budget]\nboard = \"nano33ble\"\n"
       "[data]\nsource = \"data.csv\"\nlabel = [\"column:flow\", \"column:temp\"]\nsplit = { by = \"random\" }\n"
       "[features]\nblock = \"raw\"\n[model]\nlayers = [\"Dense(8, relu)\", \"Dense(2)\"]\n"
       "[train]\nepochs = 20\nlearning_rate = 0.01\n");
  const ProcessOutput done = mote({"train"}, folder_ / "p");
  EXPECT_EQ(done.exit_status, 1) << done.errors;  // R2 of temp pulls the mean down
  EXPECT_THAT(done.output, AllOf(HasSubstr("warning: target 'temp' has a deviation of"),
                                 HasSubstr("train a model for each"), Not(HasSubstr("target 'flow'"))));
  EXPECT_THAT(done.output, HasSubstr("\n  target"));
  const Json metrics = json_of(mote({"eval", "--json"}, folder_ / "p"));
  const Json& test = metrics["int8"]["test"];
  ASSERT_EQ(test["targets"].size(), 2u) << test;
  EXPECT_EQ(test["targets"][0]["name"], "flow");
  const double flow = test["targets"][0]["r2"].get<double>(), temp = test["targets"][1]["r2"].get<double>();
  EXPECT_GT(flow, 0.8);
  EXPECT_LT(temp, 0.5);
  EXPECT_NEAR(test["r2"].get<double>(), (flow + temp) / 2, 1e-12);
}

}  // namespace
}  // namespace mote
