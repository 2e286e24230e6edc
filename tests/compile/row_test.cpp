// Models that run by rows give the interpreter's bytes, between guards, here and on an emulated board.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/compile/program.h"
#include "tests/compile/row_models.h"
#include "toolchain/base/process.h"
#include "toolchain/plan/plan.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20270311;

struct Drawn {
  CompiledProgram program;
  size_t streams = 0, branches = 0;  // of which some node is read twice or from outside
};

// Models of which the plan has some operators run by rows.
Result<Drawn> draw_models(PackedFor core, size_t count) {
  Drawn drawn{CompiledProgram(core)};
  for (uint64_t seed = kSeed; drawn.program.models() < count; ++seed) {
    RowModel model(seed);
    const Graph& graph = model.graph();
    MOTE_TRY(const MemoryPlan plan, plan_memory(graph, Sharing::rows, core));
    MOTE_TRY(const MemoryPlan whole, plan_memory(graph, Sharing::overlap, core));
    if (plan.streams.empty()) continue;
    EXPECT_LT(plan.arena_bytes, whole.arena_bytes) << "rows are for less memory";
    drawn.streams += plan.streams.size();
    for (const RowStream& stream : plan.streams)
      for (int32_t i = stream.first; i <= stream.last; ++i)
        drawn.branches += std::string(graph.nodes[i].op->name) == "add";
    MOTE_TRY(const std::vector<uint8_t> file, write_tflite(graph));
    MOTE_CHECK(drawn.program.add("rows_" + std::to_string(seed), file, {model.input()}));
  }
  return drawn;
}

class ByRows : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(std::getenv("MOTE_BINARY_DIR")) / "by_rows" /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void expect_right(const Result<std::string>& printed, const Drawn& drawn) {
    ASSERT_TRUE(printed.ok()) << printed.error().message;
    EXPECT_THAT(*printed, HasSubstr("models " + std::to_string(drawn.program.models()) + " failures 0\n"));
    EXPECT_GT(drawn.branches, drawn.streams / 20) << "hardly any branch is drawn";
  }
  fs::path folder_, source_ = std::getenv("MOTE_SOURCE_DIR");
};

TEST_F(ByRows, ModelsGiveTheInterpretersBytesHere) {
  for (const PackedFor core : {PackedFor::plain, PackedFor::arm_dsp, PackedFor::arm_mve}) {
    const auto drawn = draw_models(core, 100);
    ASSERT_TRUE(drawn.ok()) << drawn.error().message;
    ASSERT_TRUE(drawn->program.write(folder_).ok());
    expect_right(run_here(folder_, source_), *drawn);
  }
}

TEST_F(ByRows, ModelsGiveTheInterpretersBytesOnCortexM4) {
  for (const char* program : {"arm-none-eabi-g++", "qemu-system-arm"})
    if (!find_program(program)) GTEST_SKIP() << program << " is not installed";
  const auto drawn = draw_models(PackedFor::arm_dsp, 60);
  ASSERT_TRUE(drawn.ok()) << drawn.error().message;
  ASSERT_TRUE(drawn->program.write(folder_).ok());
  expect_right(run_on_cortex_m4(folder_, source_), *drawn);
}

}  // namespace
}  // namespace mote
