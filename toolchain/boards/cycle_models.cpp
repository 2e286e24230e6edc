#include "toolchain/boards/boards.h"

namespace mote {
namespace {

using enum InstructionCount;

// Entries that are not set cost one cycle per instruction.
class ModelBuilder {
 public:
  ModelBuilder(std::string core, std::string source) {
    model_.core = std::move(core);
    model_.source = std::move(source);
    for (size_t i = 0; i < kInstructionClasses; ++i) model_.cycles[i] = {1, 1, 1};
    set(transfer_registers, 1);
    set(fpu_registers, 1);
  }
  ModelBuilder& set(InstructionCount which, double cycles) { return set(which, cycles, cycles, cycles); }
  ModelBuilder& set(InstructionCount which, double low, double typical, double high) {
    model_.cycles[static_cast<size_t>(which)] = {low, typical, high};
    return *this;
  }
  CycleModel build() const { return model_; }

 private:
  CycleModel model_;
};

// The timings of `model`, each multiplied: for cores whose vendor publishes none.
CycleModel scaled(CycleModel model, std::string core, std::string source, Range<double> factor) {
  model.core = std::move(core);
  model.source = std::move(source);
  for (Range<double>& cycles : model.cycles)
    cycles = {cycles.low * factor.low, cycles.typical * factor.typical, cycles.high * factor.high};
  return model;
}

}  // namespace

Range<double> modelled_cycles(const CycleModel& model, const InstructionCounts& counts) {
  Range<double> sum;
  for (size_t i = 0; i < kInstructionCounts; ++i) {
    const double n = static_cast<double>(counts.count[i]);
    sum.low += n * model.cycles[i].low;
    sum.typical += n * model.cycles[i].typical;
    sum.high += n * model.cycles[i].high;
  }
  return sum;
}

// A taken branch costs 1 + P, P the refill of the pipeline: 1 to 3, 2 is quoted.
const CycleModel& cortex_m4_cycles() {
  static const CycleModel model =
      ModelBuilder("Cortex-M4",
                   "Arm DDI 0439, table 3-1, zero wait states; stores as one cycle (write buffer), divide as 7 of "
                   "2 to 12")
          .set(load, 2)
          .set(transfer_double, 3)
          .set(divide, 7)
          .set(fpu_divide, 14)
          .set(branch_taken, 2, 3, 4)
          .set(call, 2, 3, 4)
          .set(return_multiple, 2, 3, 4)
          .build();
  return model;
}

const CycleModel& cortex_m33_cycles() {
  static const CycleModel model =
      scaled(cortex_m4_cycles(), "Cortex-M33",
             "estimate: Arm publishes no instruction timings of the Cortex-M33; those of the Cortex-M4, of which "
             "published MLPerf Tiny cycles on an RA6M4 are 1.07 to 1.40 times",
             {1, 1, 1.4});
  return model;
}

const CycleModel& cortex_m7_cycles() {
  static const CycleModel model =
      scaled(cortex_m4_cycles(), "Cortex-M7",
             "estimate: Arm publishes no instruction timings of this dual-issue core; 0.61 of the Cortex-M4's, the "
             "ratio of published MLPerf Tiny cycles of one library on both (X-CUBE-AI, v1.2: 0.61 to 0.68)",
             {0.5, 0.61, 1});
  return model;
}

const CycleModel& cortex_m55_cycles() {
  static const CycleModel model =
      ModelBuilder("Cortex-M55",
                   "estimate: Arm publishes no instruction timings of the Cortex-M55. Of its description (two 32-bit "
                   "beats of a vector a cycle, the second half of one vector instruction beside the first half of "
                   "another kind) are taken: two cycles for vector arithmetic, one to two for a vector load or store; "
                   "the rest from the Cortex-M4 but for loads whose result is not used at once; zero wait states")
          .set(load, 1, 1.5, 2)
          .set(transfer_double, 1, 2, 3)
          .set(divide, 2, 7, 12)
          .set(fpu_divide, 14)
          .set(vector, 1, 2, 2)
          .set(vector_transfer, 1, 1, 2)
          .set(branch_taken, 2, 3, 4)
          .set(call, 2, 3, 4)
          .set(return_multiple, 2, 3, 4)
          .build();
  return model;
}

const CycleModel& cortex_m3_cycles() {
  static const CycleModel model =
      ModelBuilder("Cortex-M3", "Arm DDI 0337I, table 3-1, zero wait states; stores as one cycle (write buffer)")
          .set(load, 2)
          .set(transfer_double, 3)
          .set(multiply_accumulate, 2)
          .set(multiply_long, 3, 4, 5)
          .set(multiply_long_accumulate, 4, 5.5, 7)
          .set(divide, 2, 7, 12)
          .set(branch_taken, 2, 3, 4)
          .set(call, 2, 3, 4)
          .set(return_multiple, 2, 3, 4)
          .build();
  return model;
}

// Two pipeline stages: no range. The multiplier is the single-cycle option, which the RP2040 has.
const CycleModel& cortex_m0plus_cycles() {
  static const CycleModel model =
      ModelBuilder("Cortex-M0+", "Arm DDI 0484C, table 3-1, zero wait states, single-cycle multiplier")
          .set(load, 2)
          .set(load_paired, 2)
          .set(store, 2)
          .set(system, 3)
          .set(branch_taken, 2)
          .set(call, 3)
          .set(return_multiple, 3)
          .build();
  return model;
}

const CycleModel& hazard3_cycles() {
  static const CycleModel model =
      ModelBuilder("Hazard3",
                   "Hazard3 (Wren6991/Hazard3), documentation, chapter Instruction Cycle Counts, as in the RP2350: a "
                   "load or multiplication takes a second cycle when the next instruction needs it; a taken branch 2, "
                   "1 when predicted; zero wait states")
          .set(load, 1, 1.5, 2)
          .set(load_paired, 1, 1.5, 2)
          .set(multiply, 1, 1.5, 2)
          .set(divide, 18, 18.5, 19)
          .set(branch_taken, 1, 2, 3)
          .set(call, 2)
          .build();
  return model;
}

const CycleModel& esp32c3_cycles() {
  static const CycleModel model =
      ModelBuilder("ESP32-C3 RV32IMC",
                   "estimate: Espressif publishes no instruction timings; those usual for its four-stage in-order "
                   "pipeline (ESP32-C3 Technical Reference Manual, chapter ESP-RISC-V CPU), zero wait states")
          .set(load, 1, 2, 3)
          .set(load_paired, 1, 2, 3)
          .set(multiply, 1, 1, 2)
          .set(divide, 8, 20, 34)
          .set(branch_taken, 2, 3, 4)
          .set(call, 2, 2, 3)
          .build();
  return model;
}

const CycleModel& avr_cycles() {
  static const CycleModel model = [] {
    CycleModel counted;
    counted.core = "AVR";
    counted.source =
        "exact: counted by simavr from the cycles of each instruction in the AVR Instruction Set Manual (Atmel-0856)";
    counted.cycles[static_cast<size_t>(counted_cycles)] = {1, 1, 1};
    return counted;
  }();
  return model;
}

}  // namespace mote
