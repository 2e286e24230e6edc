// On the core itself: the chosen variant of the inner product equals the portable one on all tiny sizes and alignments,
// and the reference model gives the reference bytes.
#include "device/interpreter.h"
#include "device/packed_dot.h"
#include "ops/fully_connected/fully_connected.h"
#include "tests/device/emulator/program.h"

namespace {

uint32_t state = 1;
uint32_t random() {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

// Every n, count and alignment of a few bytes, and sizes around the blocks of the loop; extremes of the values
// included.
int compare_variants() {
  static int8_t input[80], weights[80 * 11];
  int wrong = 0, compared = 0;
  for (int32_t n = 0; n <= 70; n += n < 40 ? 1 : 10)
    for (int32_t count = 1; count <= 9; ++count)
      for (uint32_t shift = 0; shift < 4; ++shift) {
        const bool extreme = (n + count) % 5 == 0;
        for (int8_t& v : input) v = extreme ? -128 : static_cast<int8_t>(random() >> 24);
        for (int8_t& v : weights) v = extreme ? -128 : static_cast<int8_t>(random() >> 24);
        const int32_t offset = extreme ? -127 : static_cast<int32_t>(random() % 256) - 127;
        int32_t want[10], got[10];
        for (int r = 0; r < 10; ++r) want[r] = got[r] = 0x5A5A5A5A;
        mote::PortableDot::rows(input + shift, offset, weights + (shift * 3) % 4, n, count, want);
        mote::FullyConnectedDot::rows(input + shift, offset, weights + (shift * 3) % 4, n, count, got);
        for (int r = 0; r < 10; ++r) wrong += want[r] != got[r];
        ++compared;
      }
  print("  inner products compared: ");
  print_number(compared);
  print(", wrong sums: ");
  print_number(wrong);
  print("\n");
  return wrong;
}

// The same for packed rows, whole blocks included.
int compare_packed_variants() {
  constexpr int kRows = mote::kPackedRows;
  static int8_t input[1200];
  alignas(16) static int8_t packed[1200 * kRows];
  int wrong = 0, compared = 0;
  for (int32_t n = 0; n <= 1100; n += n < 40 ? 1 : 53)
    for (uint32_t shift = 0; shift < 4; ++shift) {
      for (int8_t& v : input) v = n % 5 == 0 ? -128 : static_cast<int8_t>(random() >> 24);
      for (int8_t& v : packed) v = static_cast<int8_t>(random() >> 24);
      int32_t want[kRows + 1], got[kRows + 1];
      for (int r = 0; r <= kRows; ++r) want[r] = got[r] = 0x5A5A5A5A;
      mote::packed_dot<mote::PortablePackedDot>(input + shift, packed, n, want);
      mote::packed_dot<mote::PackedDot>(input + shift, packed, n, got);
      for (int r = 0; r <= kRows; ++r) wrong += want[r] != got[r];
      wrong += mote::PortablePackedDot::row(input + shift, packed, n) != mote::PackedDot::row(input + shift, packed, n);
      ++compared;
    }
  print("  packed products compared: ");
  print_number(compared);
  print(", wrong sums: ");
  print_number(wrong);
  print("\n");
  return wrong;
}

#if defined(MOTE_TEST_MODEL)
__asm__(
    ".section .rodata\n.balign 16\n"
    ".global test_model\ntest_model:\n.incbin \"" MOTE_TEST_MODEL
    "\"\n.global test_model_end\ntest_model_end:\n"
    ".balign 16\n.global test_inputs\ntest_inputs:\n.incbin \"" MOTE_TEST_GOLDEN
    ".in.bin\"\n"
    ".balign 16\n.global test_outputs\ntest_outputs:\n.incbin \"" MOTE_TEST_GOLDEN
    ".out.bin\"\n"
    ".balign 4\n.text\n");
extern "C" const uint8_t test_model[], test_model_end[], test_inputs[], test_outputs[];

int compare_model() {
  constexpr const mote::Kernel* kKernels[] = {&mote::fully_connected_int8};
  alignas(16) static uint8_t arena[1344];
  static mote::Interpreter interpreter;
  const auto status = interpreter.init(test_model, static_cast<uint32_t>(test_model_end - test_model),
                                       mote::resolve(kKernels), arena, sizeof arena);
  print("  model: arena ");
  print_number(static_cast<int32_t>(interpreter.arena_used()));
  print(" B, interpreter ");
  print_number(static_cast<int32_t>(sizeof interpreter));
  print(" B");
  if (status != mote::Status::ok) {
    print(", init failed\n");
    return 1;
  }
  int wrong = 0;
  for (int32_t v = 0; v < 9; ++v) {
    uint8_t* input = static_cast<uint8_t*>(interpreter.input(0).data);
    for (int32_t i = 0; i < 640; ++i) input[i] = test_inputs[640 * v + i];
    interpreter.invoke();
    const uint8_t* output = static_cast<const uint8_t*>(interpreter.output(0).data);
    for (int32_t i = 0; i < 640; ++i) wrong += output[i] != test_outputs[640 * v + i];
  }
  print(", wrong output bytes: ");
  print_number(wrong);
  print("\n");
  return wrong;
}
#else
int compare_model() {
  return 0;
}
#endif

}  // namespace

int run_program() {
  return compare_variants() + compare_packed_variants() + compare_model() != 0;
}
