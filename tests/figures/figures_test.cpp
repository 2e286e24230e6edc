// No figure of the engine may become worse than it is recorded, by more than 2 %. Counts are exact, so this is no timed
// test; a change that is meant to cost something records it: `bench/engines --record`.
#include "tests/figures/figures.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/parity/test_data.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/boards/boards.h"
#include "toolchain/measure/emulate.h"

namespace mote {
namespace {

constexpr double kTolerance = 1.02;

std::vector<FiguresRow> recorded_rows() {
  auto rows = read_figures(source_folder() / "tests/figures/figures.csv");
  EXPECT_TRUE(rows.ok()) << rows.error().message;
  return rows.ok() ? *rows : std::vector<FiguresRow>{};
}

TEST(Figures, NoneIsWorseThanRecorded) {
  const auto models = test_data("models");
  if (!models.ok()) GTEST_SKIP() << models.error().message;
  for (const FiguresRow& row : recorded_rows()) {
    const Board& board = **find_board(row.board);
    if (!find_program(board.compiler->program) || !find_emulator(board.emulator, binary_folder() / "libmote_count.so"))
      GTEST_SKIP() << fmt::format("{} needs {} and {}", row.board, board.compiler->package, board.emulator.package);
    const auto now = measure_row(row, *models, binary_folder() / "figures");
    ASSERT_TRUE(now.ok()) << now.error().message;
    const auto expect = [&](const char* what, int64_t figure, int64_t recorded) {
      EXPECT_LE(static_cast<double>(figure), static_cast<double>(recorded) * kTolerance)
          << fmt::format("{}, {}, {}, {}: {} {}, recorded {}", row.model, row.engine, row.board, row.optimization,
                         figure, what, recorded);
    };
    expect("instructions", now->instructions, row.recorded.instructions);
    expect("cycles", now->cycles, row.recorded.cycles);
    expect("instructions of set-up", now->setup, row.recorded.setup);
    expect("bytes of arena and static", now->ram(), row.recorded.ram());
    expect("bytes of stack", now->stack, row.recorded.stack);
    expect("bytes of flash", now->flash, row.recorded.flash);
  }
}

TEST(Figures, ABrokenLineIsNamed) {
  const fs::path path = binary_folder() / "figures-broken.csv";
  ASSERT_TRUE(write_figures(path, recorded_rows()).ok());
  std::string text = *read_text(path);
  text += "a,b,c,d,1,2,3,4,5,6,x,8,9,10,11,12\n";
  ASSERT_TRUE(write_file(path, std::string_view(text)).ok());
  const auto rows = read_figures(path);
  ASSERT_FALSE(rows.ok());
  EXPECT_NE(rows.error().message.find("'x' in column 11"), std::string::npos) << rows.error().message;
}

}  // namespace
}  // namespace mote
