#include "toolchain/boards/boards.h"

#include <gtest/gtest.h>

namespace mote {
namespace {

TEST(Boards, EveryFigureHasAValueAndASource) {
  ASSERT_GE(all_boards().size(), 4u);
  for (const Board* board : all_boards()) {
    for (const Figure* figure : {&board->clock_hz, &board->flash_bytes, &board->ram_bytes, &board->volts,
                                 &board->active_amperes, &board->sleep_amperes}) {
      EXPECT_GT(figure->value, 0) << board->name;
      EXPECT_GT(figure->source.size(), 10u) << board->name;
    }
    EXPECT_GT(board->active_amperes.value, board->sleep_amperes.value) << board->name;
    EXPECT_NE(board->cycle_model, nullptr) << board->name;
    EXPECT_FALSE(board->cpu_flags.empty()) << board->name;
  }
}

TEST(Boards, AnUnknownNameListsTheKnownOnes) {
  const auto board = find_board("nano33");
  ASSERT_FALSE(board);
  EXPECT_EQ(board.error().kind, Error::Kind::input);
  EXPECT_NE(board.error().message.find("nano33ble"), std::string::npos);
  ASSERT_TRUE(find_board("rp2040"));
}

TEST(Boards, ACoreStandsForItsFirstBoard) {
  const auto name = [](const char* core) {
    const auto board = find_board_of_core(core);
    return board ? (*board)->name : board.error().message;
  };
  EXPECT_EQ(name("cortex-m0plus"), "rp2040");
  EXPECT_EQ(name("cortex-m4"), "nano33ble");
  EXPECT_EQ(name("rv32imc"), "pico2_riscv");
  EXPECT_NE(name("cortex-m").find("expected one of: cortex-m4, cortex-m33"), std::string::npos) << name("cortex-m");
}

TEST(CycleModel, RangesAreOrdered) {
  for (const Board* board : all_boards()) {
    const CycleModel* model = board->cycle_model;
    for (size_t i = 0; i < kInstructionCounts; ++i) {
      EXPECT_LE(model->cycles[i].low, model->cycles[i].typical);
      EXPECT_LE(model->cycles[i].typical, model->cycles[i].high);
      // An emulator that counts cycles leaves nothing to the model.
      const bool modelled = i != static_cast<size_t>(InstructionCount::counted_cycles);
      EXPECT_EQ(model->cycles[i].low > 0, modelled == (model != &avr_cycles())) << i;
    }
  }
}

TEST(CycleModel, EveryRegisterOfATransferCostsOneCycle) {
  InstructionCounts pop;  // POP {r4, r5}
  pop[InstructionCount::transfer_multiple] = 1;
  pop[InstructionCount::transfer_registers] = 2;
  for (const CycleModel* model : {&cortex_m0plus_cycles(), &cortex_m3_cycles(), &cortex_m4_cycles()})
    EXPECT_EQ(modelled_cycles(*model, pop).typical, 3);
}

TEST(CycleModel, TakenBranches) {
  InstructionCounts counts;
  counts[InstructionCount::branch_taken] = 10;
  EXPECT_EQ(modelled_cycles(cortex_m4_cycles(), counts).low, 20);
  EXPECT_EQ(modelled_cycles(cortex_m4_cycles(), counts).typical, 30);
  EXPECT_EQ(modelled_cycles(cortex_m4_cycles(), counts).high, 40);
  EXPECT_EQ(modelled_cycles(cortex_m0plus_cycles(), counts).typical, 20);
}

TEST(Power, AverageLiesBetweenSleepAndActive) {
  const Board& board = **find_board("nano33ble");
  const PowerFigures rare = power_figures(board, 0.001, 1.0);
  EXPECT_NEAR(rare.active_milliwatts, 9.9, 1e-9);
  EXPECT_NEAR(rare.energy_microjoules, 9.9, 1e-9);
  EXPECT_NEAR(rare.average_milliwatts, 0.001 * 9.9 + 0.999 * 3 * 3.16e-3, 1e-9);
  EXPECT_EQ(power_figures(board, 0.001, 0).average_milliwatts, rare.active_milliwatts);  // back to back
  EXPECT_EQ(power_figures(board, 2.0, 1.0).average_milliwatts, rare.active_milliwatts);  // slower than its period
}

}  // namespace
}  // namespace mote
