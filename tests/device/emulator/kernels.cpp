// On the core itself: the chosen variants of the inner primitives equal the portable ones on tiny sizes, and the
// reference model gives the reference bytes.
#include "device/interpreter.h"
#include "device/lanes.h"
#include "device/packed_dot.h"
#include "ops/conv_2d/conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
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

// One in two is the least, which with the usual offset behind a relu is 0.
int8_t random_byte() {
  return random() % 2 != 0 ? -128 : static_cast<int8_t>(random() >> 24);
}
int32_t random_offset(bool extreme) {
  return extreme ? -127 : random() % 2 != 0 ? 128 : static_cast<int32_t>(random() % 256) - 127;
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
        for (int8_t& v : input) v = extreme ? -128 : random_byte();
        for (int8_t& v : weights) v = extreme ? -128 : static_cast<int8_t>(random() >> 24);
        const int32_t offset = random_offset(extreme);
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

int32_t between(uint32_t least, uint32_t most) {
  return static_cast<int32_t>(least + random() % (most - least + 1));
}

mote::Shape shape(int32_t a, int32_t b, int32_t c, int32_t d) {
  mote::Shape result;
  result.rank = 4;
  result.dims[0] = a, result.dims[1] = b, result.dims[2] = c, result.dims[3] = d;
  return result;
}

// What convolutions of both kinds read and write, and room around the output.
struct Tensors {
  int8_t input[1024], weights[2048], shifts[32];
  int32_t bias[32], multipliers[32];
  uint16_t channels[32];
  alignas(4) uint8_t scratch[4096];
  mote::LiveChannels scales;

  void fill(int32_t outputs) {
    for (int8_t& v : input) v = random_byte();
    for (int8_t& v : weights) v = random() % 8 == 0 ? -128 : static_cast<int8_t>(random() >> 24);
    for (int32_t c = 0; c < outputs; ++c) {
      bias[c] = between(0, 20000) - 10000;
      multipliers[c] = between(1u << 30, INT32_MAX);
      shifts[c] = static_cast<int8_t>(-between(0, 9));
      channels[c] = static_cast<uint16_t>(c);
    }
    scales = mote::LiveChannels{multipliers, channels, shifts, outputs};
  }
};

// Output bytes that differ between the portable primitives and the chosen ones.
template <class Portable, class Chosen>
int differences(Portable portable, Chosen chosen) {
  static int8_t want[2048], got[2048];
  for (int i = 0; i < 2048; ++i) want[i] = got[i] = 0x5A;
  portable(want);
  chosen(got);
  int wrong = 0;
  for (int i = 0; i < 2048; ++i) wrong += want[i] != got[i];
  return wrong;
}

int compare_conv_2d(Tensors& t) {
  mote::Conv2DAttributes a;
  a.padding = static_cast<int8_t>(between(0, 1));
  a.stride_h = a.stride_w = between(1, 2);
  a.dilation_w = between(1, 2);
  const int32_t depth = between(1, 9), groups = between(1, 2), outputs = groups * between(1, 8);
  mote::Conv2DInt8 p = {{}, random_offset(random() % 8 == 0), {3, -128, 127}};
  if (!mote::conv_2d_geometry(a, shape(1, between(1, 6), between(1, 6), depth * groups),
                              shape(outputs, between(1, 3), between(1, 3), depth), p.g))
    return 0;
  t.fill(outputs);
  const int32_t* const bias = random() % 4 != 0 ? t.bias : nullptr;
  return differences(
      [&](int8_t* out) {
        mote::conv_2d_run<mote::PortableConv>(p, t.scales, t.input, t.weights, bias, out, t.scratch);
      },
      [&](int8_t* out) { mote::conv_2d_run(p, t.scales, t.input, t.weights, bias, out, t.scratch); });
}

int compare_depthwise_conv_2d(Tensors& t) {
  mote::DepthwiseConv2DAttributes a;
  a.padding = static_cast<int8_t>(between(0, 1));
  a.stride_h = a.stride_w = between(1, 3);
  a.dilation_w = random() % 4 == 0 ? 2 : 1;
  const int32_t inputs = between(1, 4), outputs = inputs * between(1, 2);
  mote::DepthwiseConv2DInt8 p = {{}, random_offset(random() % 8 == 0), {3, -128, 127}};
  if (!mote::depthwise_conv_2d_geometry(a, shape(1, between(1, 12), between(1, 12), inputs),
                                        shape(1, between(1, 5), between(1, 5), outputs), p.g))
    return 0;
  t.fill(outputs);
  const int32_t* const bias = random() % 4 != 0 ? t.bias : nullptr;
  return differences(
      [&](int8_t* out) {
        mote::depthwise_conv_2d_run<mote::PortableDepthwise>(p, t.scales, t.input, t.weights, bias, out, t.scratch);
      },
      [&](int8_t* out) { mote::depthwise_conv_2d_run(p, t.scales, t.input, t.weights, bias, out, t.scratch); });
}

int compare_convolutions() {
  static Tensors tensors = {};
  int wrong = 0;
  for (int round = 0; round < 400; ++round) wrong += compare_conv_2d(tensors) + compare_depthwise_conv_2d(tensors);
  print("  convolutions: wrong bytes: ");
  print_number(wrong);
  print("\n");
  return wrong;
}

#if defined(__ARM_FEATURE_MVE)
// A float above 0 near a power of two or anywhere, sometimes denormal.
uint32_t random_scale(uint32_t least_exponent, uint32_t most_exponent) {
  const uint32_t kind = random() % 4, few = random() % 64;
  const uint32_t fraction = kind == 0 ? few : kind == 1 ? 0x7FFFFF - few : random() & 0x7FFFFF;
  const uint32_t exponent = static_cast<uint32_t>(between(least_exponent, most_exponent));
  return exponent == 0 && fraction == 0 ? 1 : exponent << 23 | fraction;
}

int compare_multipliers() {
  int wrong = 0;
  for (int32_t round = 0; round < 60000; ++round) {
    const uint32_t spread = round % 8 == 0 ? 127 : 6;
    const uint32_t input = random_scale(127 - spread, 127 + spread), output = random_scale(127 - spread, 127 + spread);
    uint32_t weights[4];
    for (uint32_t& w : weights) w = random() % 16 == 0 ? 0 : random_scale(round % 3 == 0 ? 0 : 110, 127);
    const mote::ChannelMultiplier one_by_one(input, output);
    const mote::MveMultipliers four(input, output);
    int32x4_t multipliers, shifts;
    four.of(vldrwq_u32(weights), multipliers, shifts);
    int32_t got_multipliers[4], got_shifts[4];
    vstrwq_s32(got_multipliers, multipliers);
    vstrwq_s32(got_shifts, shifts);
    for (int32_t i = 0; i < 4; ++i) {
      mote::Multiplier want = {0, 0};
      one_by_one.of(weights[i], want);
      if (want.multiplier == 0) want.shift = -1;
      wrong += want.multiplier != got_multipliers[i] || want.shift != got_shifts[i];
    }
  }
  print("  multipliers of scales: wrong: ");
  print_number(wrong);
  print("\n");
  return wrong;
}
#else
int compare_multipliers() {
  return 0;
}
#endif

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
  return compare_variants() + compare_packed_variants() + compare_convolutions() + compare_multipliers() +
             compare_model() !=
         0;
}
