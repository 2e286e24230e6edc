// What the cycle models tell apart. Shared by the counting plugin, which is loaded by the emulator, and the host
// program: so this header depends on nothing.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mote {

// X(identifier): executed instructions of one class, or registers moved by a class whose time depends on their number.
#define MOTE_INSTRUCTION_COUNTS(X)                                                                    \
  X(alu)                 /* everything that is in no other class, not-taken branches included */      \
  X(multiply)            /* MUL and the 16-bit and dual-16-bit multiplies */                          \
  X(multiply_accumulate) /* MLA, MLS */                                                               \
  X(multiply_long)       /* UMULL, SMULL */                                                           \
  X(multiply_long_accumulate)                                                                         \
  X(divide)                                                                                           \
  X(load)        /* one register, the instruction before is no load or store */                       \
  X(load_paired) /* one register, directly after a single load or store */                            \
  X(store)                                                                                            \
  X(transfer_multiple) /* LDM, STM, PUSH, POP */                                                      \
  X(transfer_double)   /* LDRD, STRD */                                                               \
  X(fpu)                                                                                              \
  X(fpu_divide)         /* VDIV, VSQRT */                                                             \
  X(fpu_transfer)       /* VLDR, VSTR, VLDM, VSTM, VPUSH, VPOP */                                     \
  X(vector)             /* Helium (MVE) but for loads and stores */                                   \
  X(vector_transfer)    /* Helium loads and stores, of up to 16 bytes */                              \
  X(system)             /* MSR, MRS, barriers */                                                      \
  X(loop_end)           /* LE, LETP that go back to the start of their loop */                        \
  X(branch_taken)       /* any change of flow but those around it */                                  \
  X(call)               /* BL */                                                                      \
  X(return_multiple)    /* LDM or POP that loads the program counter */                               \
  X(transfer_registers) /* not instructions: registers moved by transfer_multiple, return_multiple */ \
  X(fpu_registers)      /* not instructions: words moved by fpu_transfer */                           \
  X(counted_cycles)     /* not instructions: cycles of an emulator that counts them itself */

enum class InstructionCount : uint8_t {
#define MOTE_ENUMERATOR(name) name,
  MOTE_INSTRUCTION_COUNTS(MOTE_ENUMERATOR)
#undef MOTE_ENUMERATOR
};

#define MOTE_ONE(name) +1
inline constexpr size_t kInstructionCounts = 0 MOTE_INSTRUCTION_COUNTS(MOTE_ONE);
#undef MOTE_ONE
inline constexpr size_t kInstructionClasses = static_cast<size_t>(InstructionCount::transfer_registers);

struct InstructionCounts {
  uint64_t count[kInstructionCounts] = {};

  uint64_t& operator[](InstructionCount which) { return count[static_cast<size_t>(which)]; }
  uint64_t operator[](InstructionCount which) const { return count[static_cast<size_t>(which)]; }
  uint64_t instructions() const {
    uint64_t sum = 0;
    for (size_t i = 0; i < kInstructionClasses; ++i) sum += count[i];
    return sum;
  }
};

}  // namespace mote
