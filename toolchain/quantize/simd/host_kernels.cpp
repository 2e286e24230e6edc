#include "toolchain/quantize/simd/host_kernels.h"

#include <algorithm>
#include <array>

#include "ops/add/add.h"
#include "ops/average_pool_2d/average_pool_2d.h"
#include "ops/conv_2d/conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "ops/fully_connected/fully_connected.h"

#if defined(__aarch64__)
#include <sys/auxv.h>  // Linux
#endif

namespace mote {

#if defined(__x86_64__)
extern const Int8Primitives kAvx2Int8, kAvxVnniInt8, kAvx512Int8, kAvx512VnniInt8;
#elif defined(__aarch64__)
extern const Int8Primitives kNeonInt8, kNeonDotInt8;
#endif

namespace {

using Prepare = Status (*)(PrepareContext&, const Int8Primitives&);
using Invoke = void (*)(const InvokeContext&, const Int8Primitives&);

template <const Int8Primitives& kIsa, Prepare kPrepare>
Status prepare_with(PrepareContext& node) {
  return kPrepare(node, kIsa);
}
template <const Int8Primitives& kIsa, Invoke kInvoke>
void invoke_with(const InvokeContext& node) {
  kInvoke(node, kIsa);
}

// `portable` with another invoke, and perhaps another prepare.
template <const Int8Primitives& kIsa, Invoke kInvoke>
constexpr Kernel hosted(Kernel portable) {
  portable.invoke = invoke_with<kIsa, kInvoke>;
  return portable;
}
template <const Int8Primitives& kIsa, Prepare kPrepare, Invoke kInvoke>
constexpr Kernel hosted(Kernel portable) {
  portable.prepare = prepare_with<kIsa, kPrepare>;
  return hosted<kIsa, kInvoke>(portable);
}

template <const Int8Primitives& kIsa>
struct KernelsOf {
  static constexpr Kernel kConv2D = hosted<kIsa, prepare_host_conv_2d, invoke_host_conv_2d>(conv_2d_int8);
  static constexpr Kernel kDepthwise =
      hosted<kIsa, prepare_host_depthwise_conv_2d, invoke_host_depthwise_conv_2d>(depthwise_conv_2d_int8);
  static constexpr Kernel kFullyConnected =
      hosted<kIsa, prepare_host_fully_connected, invoke_host_fully_connected>(fully_connected_int8);
  static constexpr Kernel kAdd = hosted<kIsa, invoke_host_add>(add_int8);
  static constexpr Kernel kAveragePool = hosted<kIsa, invoke_host_average_pool_2d>(average_pool_2d_int8);
  static constexpr const Kernel* kAll[] = {&kConv2D, &kDepthwise, &kFullyConnected, &kAdd, &kAveragePool};
};

struct Levels {
  std::array<HostKernels, 5> found{};
  size_t count = 0;

  template <const Int8Primitives& kIsa>
  void add(bool supported) {
    if (supported) found[count++] = {kIsa.name, KernelsOf<kIsa>::kAll};
  }

  Levels() {
    found[count++] = {"portable", {}};
#if defined(__x86_64__)
    const bool avx2 = __builtin_cpu_supports("avx2");
    const bool avx512 =
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    add<kAvx2Int8>(avx2);
    add<kAvxVnniInt8>(avx2 && __builtin_cpu_supports("avxvnni"));
    add<kAvx512Int8>(avx512);
    add<kAvx512VnniInt8>(avx512 && __builtin_cpu_supports("avx512vnni"));
#elif defined(__aarch64__)
    add<kNeonInt8>(true);
    add<kNeonDotInt8>((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0);
#endif
  }
};

}  // namespace

std::span<const HostKernels> host_kernels() {
  static const Levels levels;
  return {levels.found.data(), levels.count};
}

std::vector<Multiplier> channel_multipliers(const ConvolutionTensors& tensors, int32_t outputs) {
  const Quantization& weights = tensors.weights.quantization;
  const ChannelMultiplier multiplier_of(float_bits_at(tensors.input.quantization.scales),
                                        float_bits_at(tensors.output.quantization.scales));
  std::vector<Multiplier> result(static_cast<size_t>(outputs));
  for (int32_t o = 0; o < outputs; ++o)
    multiplier_of.of(float_bits_at(weights.scales + (weights.count == 1 ? 0 : o)), result[static_cast<size_t>(o)]);
  return result;
}

void invoke_host_add(const InvokeContext& node, const Int8Primitives& isa) {
  const AddInt8& p = node.data<AddInt8>();
  const ScaledSum& sum = p.sum;
  const auto* groups = reinterpret_cast<const StepGroup*>(&p + 1);
  const bool flat = p.groups == 1 && groups[0].step_a == 1 && groups[0].step_b == 1 && sum.output.shift < -1;
  const int8_t *a = node.input<int8_t>(0), *b = node.input<int8_t>(1);
  int8_t* const output = node.output<int8_t>(0);
  const Int8Finish finish = {sum.zero_output, sum.low, sum.high, true};
  const Multiplier& out = sum.output;
  // The larger scale is half of the common one, and it alone has the shift 0 (with both scales alike, both have).
  if (flat && sum.a.shift == 0 && sum.a.multiplier != 0)
    isa.sum({sum.zero_a, sum.zero_b, sum.b.multiplier, sum.b.shift, out.multiplier, out.shift, finish}, a, b,
            groups[0].size, output);
  else if (flat && sum.b.shift == 0 && sum.b.multiplier != 0)
    isa.sum({sum.zero_b, sum.zero_a, sum.a.multiplier, sum.a.shift, out.multiplier, out.shift, finish}, b, a,
            groups[0].size, output);
  else
    binary_run(p, groups, a, b, output);
}

void invoke_host_average_pool_2d(const InvokeContext& node, const Int8Primitives& isa) {
  const AveragePool2DInt8& p = node.data<AveragePool2DInt8>();
  const int8_t* const input = node.input<int8_t>(0);
  int8_t* const output = node.output<int8_t>(0);
  std::vector<int32_t> totals(static_cast<size_t>(p.g.channels));
  for_each_window(p.g, [&](const PoolWindow& w, int32_t at) {
    std::fill(totals.begin(), totals.end(), 0);
    const int8_t* pixel = input + w.first;
    for (int32_t row = 0; row < w.rows; ++row, pixel += w.row_step)
      for (int32_t column = 0; column < w.columns; ++column, pixel += w.column_step)
        isa.accumulate(pixel, p.g.channels, totals.data());
    for (size_t c = 0; c < totals.size(); ++c)
      output[at + static_cast<int32_t>(c)] =
          static_cast<int8_t>(clamp(AveragePool2DInt8::rounded(totals[c], w.count()), p.low, p.high));
  });
}

}  // namespace mote
