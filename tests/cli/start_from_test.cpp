// Training that begins where another run ended, as a user does it: one file is copied.
#include <gmock/gmock.h>

#include <cmath>

#include "tests/cli/command.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StartFrom : public BoardTest {
 protected:
  // `mote train`, and from then on the project starts from the float.mote of that run and all but stands still.
  Json train_and_start_from_it(const fs::path& project, const std::string& epochs, const std::string& freeze) {
    const Json metrics = json_of(mote({"train", "--json"}, project));
    fs::copy_file(project / ".mote/runs/1/float.mote", project / "base.mote");
    edit(project / "mote.toml", "epochs = " + epochs,
         "epochs = 1\nwarmup_epochs = 0\nstart_from = \"base.mote\"" + freeze);
    edit(project / "mote.toml", "optimizer = \"adam\"", "optimizer = \"sgd\"");
    edit(project / "mote.toml", "learning_rate = ", "learning_rate = 1e-9  # ");
    return metrics;
  }
};

double best_loss(const Json& metrics) {
  double best = INFINITY;
  for (const Json& epoch : metrics["training"]["history"])
    best = std::min(best, epoch["validation_loss"].get<double>());
  return best;
}

TEST_F(StartFrom, ANetworkWithBatchNormalizationGoesOnWhereItWas) {
  const fs::path project = make_project("4");
  edit(project / "mote.toml", "\"Dense(64, relu)\", \"Dense(32, relu)\"",
       "\"Conv1D(6, 5, relu)\", \"BatchNorm\", \"Conv1D(6, 3, use_bias=false)\", \"BatchNorm\", \"ReLU\", "
       "\"GlobalAvgPool\"");
  const Json first =
      train_and_start_from_it(project, "4", "\nfreeze = [\"conv1d_1\", \"batchnorm_2\", \"batchnorm_4\"]");
  const ProcessOutput done = mote({"train"}, project);
  EXPECT_THAT(done.output, HasSubstr("13 of 13 tensors taken from base.mote\n")) << done.errors;
  const Json second = json_of(mote({"train", "--json"}, project));
  EXPECT_NEAR(best_loss(second), best_loss(first), 1e-5 * best_loss(first));
  EXPECT_EQ(second["training"]["notes"][0], "13 of 13 tensors taken from base.mote");
  // Parameters that only training has are no part of the model's size, nor of the model.
  EXPECT_LT(second["quantization"]["float_bytes"].get<uint64_t>(), fs::file_size(project / "base.mote"));
  EXPECT_EQ(first["quantization"]["float_bytes"], second["quantization"]["float_bytes"]);
  EXPECT_THAT(slurp(project / "base.mote"), HasSubstr("mote_training"));
  EXPECT_THAT(slurp(project / ".mote/runs/1/model.tflite"), ::testing::Not(HasSubstr("mote_training")));

  fs::copy_file(project / ".mote/runs/1/model.tflite", project / "base.mote", fs::copy_options::overwrite_existing);
  const ProcessOutput refused = mote({"train"}, project);
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("train.start_from"), HasSubstr("int8 model"), HasSubstr("float.mote")));
}

// Its exported outputs are in physical units, those of training have deviation 1.
TEST_F(StartFrom, ARegressionGoesOnWhereItWas) {
  EXPECT_EQ(mote({"init", "s", "--like", "soil"}, folder_).exit_status, 0);
  const fs::path project = folder_ / "s";
  edit(project / "mote.toml", "epochs = 60", "epochs = 3");
  const Json first = train_and_start_from_it(project, "3", "");
  const Json second = json_of(mote({"train", "--json"}, project));
  EXPECT_NEAR(best_loss(second), best_loss(first), 1e-5 * best_loss(first));
}

}  // namespace
}  // namespace mote
