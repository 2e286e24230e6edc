// A pad merged into the windows behind it: the interpreter's bytes, here and on an emulated board.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/compile/program.h"
#include "toolchain/base/process.h"
#include "toolchain/base/random.h"
#include "toolchain/graph/passes/padding_model.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kPaddingSeed = 20270311;
constexpr int32_t kModels = 60;

PaddingModel random_model(Random& random) {
  const auto below = [&random](uint32_t n) { return static_cast<int32_t>(random.below(n)); };
  PaddingModel m;
  const std::vector<std::vector<std::string>> readers = {
      {"conv_2d"}, {"depthwise_conv_2d"}, {"max_pool_2d"}, {"conv_2d", "depthwise_conv_2d"}};
  m.readers = readers[random.below(4)];
  const bool pool = m.readers[0] == "max_pool_2d";
  m.zero_point = pool ? -128 : below(256) - 128;
  if (below(3) == 0) m.value = m.zero_point;
  m.height = 3 + below(8), m.width = 3 + below(8);
  m.channels = std::vector{1, 2, 3, 4, 6, 8}[random.below(6)];
  m.filter = 1 + below(4), m.stride = 1 + below(2), m.dilation = pool ? 1 : 1 + below(5) / 4;
  const auto span = static_cast<uint32_t>((m.filter - 1) * m.dilation + 1);
  m.top = below(span), m.bottom = below(span), m.left = below(span), m.right = below(span);
  m.padding = static_cast<uint32_t>(m.height) >= span && static_cast<uint32_t>(m.width) >= span && below(4) != 0
                  ? Padding::valid
                  : Padding::same;
  return m;
}

std::vector<uint8_t> random_image(const PaddingModel& m, Random& random) {
  std::vector<uint8_t> bytes(static_cast<size_t>(m.height) * m.width * m.channels);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.bits());
  return bytes;
}

// As a C identifier.
std::string name_of(const PaddingModel& m, int32_t number) {
  return fmt::format("p{}_{}_{}x{}x{}_by_{}_stride_{}_dilation_{}", number, m.integer ? "int8" : "float", m.readers[0],
                     m.height, m.width, m.channels, m.filter, m.stride, m.dilation);
}

// `without`: models in which no pad is left.
Result<CompiledProgram> padded_models(PackedFor core, int32_t& without) {
  CompiledProgram program(core);
  Random random(kPaddingSeed);
  without = 0;
  for (int32_t i = 0; i < kModels; ++i) {
    const PaddingModel model = random_model(random);
    MOTE_TRY(const std::vector<uint8_t> file, write_tflite(model.graph()));
    MOTE_CHECK(program.add(name_of(model, i), file, {random_image(model, random)}));
    MOTE_TRY(const CompiledModel compiled, compile_model("padded", file, {"padded", core, nullptr}));
    without += compiled.operators[0].op.starts_with("PAD") ? 0 : 1;
  }
  return program;
}

TEST(MergedPadding, GivesTheInterpretersBytes) {
  for (const char* program : {"arm-none-eabi-g++", "qemu-system-arm"})
    if (!find_program(program)) GTEST_SKIP() << program << " is not installed";
  const fs::path source = std::getenv("MOTE_SOURCE_DIR");
  const fs::path folder = fs::path(std::getenv("MOTE_BINARY_DIR")) / "compiled" / "merged_padding";
  RecordProperty("seed", std::to_string(kPaddingSeed));
  for (const PackedFor core : {PackedFor::plain, PackedFor::arm_dsp}) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    int32_t without = 0;
    const auto program = padded_models(core, without);
    ASSERT_TRUE(program.ok()) << program.error().message;
    EXPECT_GT(without, kModels / 2);
    ASSERT_TRUE(program->write(folder).ok());
    const auto here = run_here(folder, source), there = run_on_cortex_m4(folder, source);
    ASSERT_TRUE(here.ok()) << here.error().message;
    ASSERT_TRUE(there.ok()) << there.error().message;
    const std::string all = "models " + std::to_string(kModels) + " failures 0\n";
    EXPECT_THAT(*here, ::testing::HasSubstr(all));
    EXPECT_THAT(*there, ::testing::HasSubstr(all));
  }
}

}  // namespace
}  // namespace mote
