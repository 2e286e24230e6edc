// Files of TensorFlow's own converter (models/, made by convert.py) and what its runtimes answer (made by answers.py):
// the interpreter gives their bytes, and the compiled engine the interpreter's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>

#include "tests/compile/program.h"
#include "tests/conformance/host_run.h"
#include "tests/parity/test_data.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/quantize/int8_executor.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {

using Tensors = std::vector<std::vector<uint8_t>>;

// Files that cannot run yet, and the operator that the refusal has to name.
const std::map<std::string, std::string> kRefused = {
    {"gelu.float32", "GELU"},
    {"gelu.int8", "GELU"},
};

fs::path models() {
  return source_folder() / "tests/converted/models";
}

std::vector<std::string> all_stems() {
  std::vector<std::string> stems;
  const auto files = glob(models(), "*.tflite");
  if (files.ok())
    for (const fs::path& path : *files) stems.push_back(path.stem().string());
  return stems;
}

std::vector<uint8_t> bytes_of(const fs::path& path) {
  const auto bytes = read_file(path);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return bytes.ok() ? *bytes : std::vector<uint8_t>();
}

// A model with its examples: one list of input tensors for each.
struct Converted {
  std::vector<uint8_t> file, expected;
  std::vector<Tensors> examples;
  bool exact = false;   // an integer output: every byte counts
  int32_t invokes = 1;  // of each example
};

Converted load(const std::string& stem) {
  const std::string path = (models() / stem).string();
  Converted model{bytes_of(path + ".tflite"), bytes_of(path + ".out"), {}, false};
  const auto graph = read_tflite(stem, model.file);
  EXPECT_TRUE(graph.ok()) << graph.error().message;
  const std::vector<uint8_t> inputs = bytes_of(path + ".in");
  for (auto from = inputs.begin(); from != inputs.end();) {
    Tensors& tensors = model.examples.emplace_back();
    for (const int32_t input : graph->inputs) {
      const auto to = from + graph->tensors[static_cast<size_t>(input)].type.bytes();
      tensors.emplace_back(from, to);
      from = to;
    }
  }
  model.invokes = keeps_state(*graph) ? 3 : 1;
  model.exact = graph->tensors[static_cast<size_t>(graph->outputs[0])].type.dtype != DType::float32;
  return model;
}

void expect_floats_near(const std::vector<uint8_t>& ours, const std::vector<uint8_t>& theirs) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i + sizeof(float) <= ours.size(); i += sizeof(float)) {
    float a, b;
    std::memcpy(&a, &ours[i], sizeof a);
    std::memcpy(&b, &theirs[i], sizeof b);
    EXPECT_NEAR(a, b, 1e-5 * (1 + std::fabs(b))) << "element " << i / sizeof(float);
  }
}

class ConvertedModel : public testing::TestWithParam<std::string> {};

TEST_P(ConvertedModel, GivesTheAnswersOfTensorFlow) {
  const auto refused = kRefused.find(GetParam());
  if (refused != kRefused.end()) {
    const std::vector<uint8_t> file = bytes_of(models() / (GetParam() + ".tflite"));
    ASSERT_FALSE(Int8Executor::create(GetParam(), file).ok()) << "it runs now: take it out of kRefused";
    const auto graph = read_tflite(GetParam(), file);
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    EXPECT_TRUE(std::any_of(graph->nodes.begin(), graph->nodes.end(),
                            [&](const Node& node) {
                              return node.op == nullptr && node.foreign.find(refused->second) != std::string::npos;
                            }))
        << "no operator that mote lacks is " << refused->second;
    return;
  }
  const Converted model = load(GetParam());
  ASSERT_FALSE(model.examples.empty());
  std::vector<uint8_t> answers;
  for (const Tensors& example : model.examples) {
    const conformance::HostRun run = conformance::run_on_host(model.file, example, model.invokes);
    ASSERT_EQ(run.status, Status::ok);
    EXPECT_TRUE(run.guards_intact && run.exact_arena);
    const std::vector<uint8_t> answer = conformance::in_a_row(run.outputs);
    answers.insert(answers.end(), answer.begin(), answer.end());
  }
  if (model.exact)
    EXPECT_EQ(answers, model.expected);
  else
    expect_floats_near(answers, model.expected);
}

INSTANTIATE_TEST_SUITE_P(Models, ConvertedModel, testing::ValuesIn(all_stems()), [](const auto& each) {
  std::string name = each.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(ConvertedModels, AreAllThere) {
  EXPECT_GE(all_stems().size(), 80u) << "models/ is made by convert.py and answers.py";
}

TEST(ConvertedModels, GiveTheInterpretersBytesWhenCompiled) {
  const fs::path folder = binary_folder() / "converted";
  for (const PackedFor core : {PackedFor::plain, PackedFor::arm_dsp}) {
    CompiledProgram program(core);
    for (const std::string& stem : all_stems()) {
      if (kRefused.count(stem) != 0) continue;
      const Converted model = load(stem);
      const Result<void> added = program.add(stem, model.file, model.examples.at(0));
      ASSERT_TRUE(added.ok()) << stem << ": " << added.error().message;
    }
    fs::remove_all(folder);
    ASSERT_TRUE(program.write(folder).ok());
    const auto here = run_here(folder, source_folder());
    ASSERT_TRUE(here.ok()) << here.error().message;
    const std::string none = "models " + std::to_string(program.models()) + " failures 0\n";
    EXPECT_THAT(*here, testing::HasSubstr(none));
    if (core != PackedFor::arm_dsp || !find_program("arm-none-eabi-g++") || !find_program("qemu-system-arm")) continue;
    const auto there = run_on_cortex_m4(folder, source_folder());
    ASSERT_TRUE(there.ok()) << there.error().message;
    EXPECT_THAT(*there, testing::HasSubstr(none));
  }
}

}  // namespace
}  // namespace mote
