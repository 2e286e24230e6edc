// Two-dimensional convolution: output[b][y][x][o] = activation(bias[o] +
//   sum_{ky,kx,i} input[b][y * stride - before + ky * dilation][...][i] * weights[o][ky][kx][i]), outside the image 0.
//
// Layouts: input [B, H, W, I], weights [O, KH, KW, I / groups], bias [O] or absent, output [B, OH, OW, O]; output
// channels are divided evenly among the groups of input channels. int8: weights symmetric (zero point 0), per tensor or
// one scale per output; bias int32 in units of input scale x weights scale; accumulator int32, wrapping; then
// requantize() (device/requantize.h). Source: TFLite kernels/internal/reference/integer_ops/conv.h (ConvPerChannel),
// kernels/internal/reference/conv.h (float), scales as in kernels/kernel_util.cc
// (PopulateConvolutionQuantizationParams).
//
// int8 works on patches: what one output pixel sees, widened to int16 with the zero point subtracted, so that the
// border is zeros. Two patches at a time share the loads of the weights, rows of weights the loads of the patches.
#pragma once
#include "device/convolution.h"
#include "device/lanes.h"
#include "device/window.h"
#if defined(__ARM_FEATURE_DSP)
#include "ops/conv_2d/conv_2d_dsp.h"
#elif __ARM_ARCH_ISA_THUMB == 1
#include "ops/conv_2d/conv_2d_m0.h"
#endif

namespace mote {

constexpr int32_t kConv2DCode = 3;

struct Conv2DAttributes {
  int8_t padding = 0;
  int32_t stride_w = 0, stride_h = 0;
  Activation activation = Activation::none;
  int32_t dilation_w = 1, dilation_h = 1;
  WindowBorder border_h = {}, border_w = {};
};

template <class V>
void visit(V& v, Conv2DAttributes& a) {
  v.field(0, "padding", a.padding);
  v.field(1, "stride_w", a.stride_w);
  v.field(2, "stride_h", a.stride_h);
  v.field(3, "fused_activation_function", a.activation);
  v.field(4, "dilation_w_factor", a.dilation_w);
  v.field(5, "dilation_h_factor", a.dilation_h);
}

struct Conv2DGeometry {
  WindowAxis y, x;
  int32_t batches, inputs, outputs;  // channels
  int32_t depth;                     // input channels of a group

  constexpr int32_t groups() const { return inputs / depth; }
  constexpr int32_t pixels() const { return y.output * x.output; }
  constexpr int32_t patch() const { return y.filter * x.filter * depth; }  // elements
};

// False: a shape of another rank, channels that do not come out even, or a window that does not fit (device/window.h).
constexpr bool conv_2d_geometry(const Conv2DAttributes& a, const Shape& input, const Shape& weights,
                                Conv2DGeometry& g) {
  if (input.rank != 4 || weights.rank != 4 || input[0] < 1 || input[3] < 1 || weights[0] < 1 || weights[3] < 1)
    return false;
  g.batches = input[0];
  g.inputs = input[3];
  g.outputs = weights[0];
  g.depth = weights[3];
  return g.inputs % g.depth == 0 && g.outputs % (g.inputs / g.depth) == 0 &&
         weights.elements() / g.outputs <= INT32_MAX / 8 && g.outputs <= int32_t{UINT16_MAX} &&
         window_axis(input[1], weights[1], a.stride_h, a.dilation_h, a.padding, a.border_h, g.y) &&
         window_axis(input[2], weights[2], a.stride_w, a.dilation_w, a.padding, a.border_w, g.x);
}

constexpr Shape conv_2d_output(const Conv2DGeometry& g) {
  Shape shape;
  shape.rank = 4;
  shape.dims[0] = g.batches;
  shape.dims[1] = g.y.output;
  shape.dims[2] = g.x.output;
  shape.dims[3] = g.outputs;
  return shape;
}

// Multiply-accumulates of one call, those with the padding included.
constexpr int64_t conv_2d_macs(const Conv2DGeometry& g) {
  return int64_t{g.batches} * g.pixels() * g.outputs * g.patch();
}

// Where the bytes of two patches stand that conv_2d_packed.h puts together before it widens them: behind two patches
// of whole groups of four.
constexpr int32_t conv_2d_bytes_place(int32_t elements) {
  return 4 * ((elements + 3) & ~3);
}

// The interpreter's table of scales comes on top.
constexpr int32_t conv_2d_scratch_bytes(const Conv2DGeometry& g) {
  const int32_t patches = conv_2d_bytes_place(g.patch());
  return g.depth % 4 == 0 ? patches : patches + patches / 2 + 8;  // up to three bytes are written behind each
}

struct Conv2DInt8 {
  Conv2DGeometry g;
  int32_t input_offset;  // minus the input's zero point: -127 .. 128
  Int8Output output;
};

struct Conv2DFloat32 {
  Conv2DGeometry g;
  float low, high;
};

// Makes one patch, from runs of input bytes and runs of zeros in the order of the weights. Its elements are `kStep`
// apart.
template <int32_t kStep>
class WidenedPatch {
 public:
  WidenedPatch(int16_t* out, int32_t /*elements*/, int32_t /*depth*/, int32_t offset) : out_(out), offset_(offset) {}
  void zeros(int32_t count) {
    for (; count > 0; --count, out_ += kStep) *out_ = 0;
  }
  void run(const int8_t* input, int32_t count) {
    for (; count > 0; --count, out_ += kStep) *out_ = static_cast<int16_t>(*input++ + offset_);
  }
  void finish() {}

 private:
  int16_t* out_;
  int32_t offset_;
};

// The inner primitives. This is the portable form; an ISA's form gives the same sums, bit for bit, and may order the
// elements of a patch as it likes.
struct PortableConv {
  // Where the second of two patches begins.
  static int16_t* second(int16_t* patches, int32_t n) { return patches + n; }
  // What is to be done with two patches before rows().
  static void pair(int16_t* /*patches*/, int32_t /*n*/) {}

  using Patch = WidenedPatch<1>;

  // Of the rows of weights of `count` channels, and two patches of n elements:
  // sums[2 * i + patch] = bias[channels[i]] + dot product, wrapping. `bias` may be nullptr.
  static void rows(const int16_t* patches, const int8_t* weights, int32_t n, const int32_t* bias,
                   const uint16_t* channels, int32_t count, int32_t* sums) {
    for (const uint16_t* const end = channels + count; channels != end; ++channels, sums += 2) {
      const int8_t* const row = weights + *channels * n;
      uint32_t sum0 = bias != nullptr ? static_cast<uint32_t>(bias[*channels]) : 0, sum1 = sum0;
      for (int32_t i = 0; i < n; ++i) {
        const int32_t w = row[i];
        sum0 += static_cast<uint32_t>(patches[i] * w);
        sum1 += static_cast<uint32_t>(patches[n + i] * w);
      }
      sums[0] = static_cast<int32_t>(sum0);
      sums[1] = static_cast<int32_t>(sum1);
    }
  }
};

// For cores with many registers (RISC-V, AArch64): four rows of weights at a time, and the elements of both patches
// alternate. After a relu many elements are 0 in both, which skips their products.
struct BlockedConv {
  static int16_t* second(int16_t* patches, int32_t /*n*/) { return patches + 1; }
  static void pair(int16_t* /*patches*/, int32_t /*n*/) {}

  using Patch = WidenedPatch<2>;

  static void rows(const int16_t* patches, const int8_t* weights, int32_t n, const int32_t* bias,
                   const uint16_t* channels, int32_t count, int32_t* sums) {
    for (; count >= 4; count -= 4, channels += 4, sums += 8) {
      for (int32_t i = 0; i < 8; ++i) sums[i] = bias != nullptr ? bias[channels[i >> 1]] : 0;
      four(patches, weights, n, channels, sums);
    }
    for (; count > 0; --count, ++channels, sums += 2) {
      uint32_t sum0 = bias != nullptr ? static_cast<uint32_t>(bias[*channels]) : 0, sum1 = sum0;
      const int16_t* x = patches;
      for (const int8_t *w = weights + *channels * n, *const end = w + n; w != end; ++w, x += 2) {
        sum0 += static_cast<uint32_t>(x[0] * *w);
        sum1 += static_cast<uint32_t>(x[1] * *w);
      }
      sums[0] = static_cast<int32_t>(sum0);
      sums[1] = static_cast<int32_t>(sum1);
    }
  }

 private:
  // Adds the products to the sums.
  __attribute__((noinline)) static void four(const int16_t* x, const int8_t* weights, int32_t n,
                                             const uint16_t* channels, int32_t* sums) {
    const int8_t *row0 = weights + channels[0] * n, *row1 = weights + channels[1] * n,
                 *row2 = weights + channels[2] * n, *row3 = weights + channels[3] * n;
    uint32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
    const auto step = [&](int32_t i) __attribute__((always_inline)) {
      const int32_t a = x[2 * i], b = x[2 * i + 1];
      if ((a | b) == 0) return;
      const int32_t w0 = row0[i], w1 = row1[i], w2 = row2[i], w3 = row3[i];
      a0 += static_cast<uint32_t>(a * w0), b0 += static_cast<uint32_t>(b * w0);
      a1 += static_cast<uint32_t>(a * w1), b1 += static_cast<uint32_t>(b * w1);
      a2 += static_cast<uint32_t>(a * w2), b2 += static_cast<uint32_t>(b * w2);
      a3 += static_cast<uint32_t>(a * w3), b3 += static_cast<uint32_t>(b * w3);
    };
    for (; n >= 4; n -= 4, x += 8, row0 += 4, row1 += 4, row2 += 4, row3 += 4) step(0), step(1), step(2), step(3);
    for (int32_t i = 0; i < n; ++i) step(i);
    const uint32_t totals[8] = {a0, b0, a1, b1, a2, b2, a3, b3};
    for (int32_t i = 0; i < 8; ++i) sums[i] = wrapping_add(sums[i], static_cast<int32_t>(totals[i]));
  }
};

#if defined(__ARM_FEATURE_DSP)
using ConvPrimitives = ConvDsp;
#elif __ARM_ARCH_ISA_THUMB == 1
using ConvPrimitives = ConvM0<BlockedConv>;
#elif defined(__riscv) || defined(__aarch64__)
using ConvPrimitives = BlockedConv;
#else
using ConvPrimitives = PortableConv;
#endif

// What the output pixel (y, x) sees of the channels that begin at `input`.
template <class Primitives>
__attribute__((noinline)) void conv_2d_patch(const Conv2DGeometry& g, const int8_t* input, int32_t offset, int32_t y,
                                             int32_t x, int16_t* patch) {
  const int32_t origin_y = y * g.y.stride - g.y.before, origin_x = x * g.x.stride - g.x.before, depth = g.depth;
  typename Primitives::Patch out(patch, g.patch(), depth, offset);
  if (origin_y >= 0 && origin_x >= 0 && origin_y + g.y.filter <= g.y.input && origin_x + g.x.filter <= g.x.input &&
      g.y.dilation == 1 && g.x.dilation == 1 && depth == g.inputs) {  // whole rows of the window lie in the image
    const int8_t* row = input + (origin_y * g.x.input + origin_x) * depth;
    for (int32_t ky = g.y.filter; ky > 0; --ky, row += g.x.input * depth) out.run(row, g.x.filter * depth);
    out.finish();
    return;
  }
  const TapRange inside = taps_inside(g.x, origin_x);
  const int32_t taps = inside.last > inside.first ? inside.last - inside.first : 0;
  const int32_t before = taps > 0 ? inside.first * depth : 0, after = (g.x.filter - taps) * depth - before;
  const bool contiguous = g.x.dilation == 1 && depth == g.inputs;
  const int32_t runs = contiguous ? taps > 0 : taps, run = contiguous ? taps * depth : depth;
  const int32_t step = g.x.dilation * g.inputs, row_step = g.y.dilation * g.x.input * g.inputs;
  const int8_t* row = input + (origin_y * g.x.input + origin_x + inside.first * g.x.dilation) * g.inputs;
  for (int32_t ky = 0, iy = origin_y; ky < g.y.filter; ++ky, iy += g.y.dilation, row += row_step) {
    if (iy < 0 || iy >= g.y.input) {
      out.zeros(g.x.filter * depth);
    } else {
      if (before > 0) out.zeros(before);
      for (int32_t k = 0; k < runs; ++k) out.run(row + k * step, run);
      if (after > 0) out.zeros(after);
    }
  }
  out.finish();
}

__attribute__((noinline)) inline void conv_2d_finish_any(const Int8Output& finish, int32_t multiplier, int32_t shift,
                                                         const int32_t* sums, int8_t* output, int32_t step) {
  for (int32_t i = 0; i < 2; ++i, output += step) *output = finish.any(sums[i], multiplier, shift);
}

// Requantizes sums[2 * i + pixel] of the first `count` live channels, of two pixels, which are `step` bytes apart: with
// 0 the second stays. Not inlined: on its own the loop keeps its constants in registers.
__attribute__((noinline)) inline void conv_2d_finish(const Int8Output& finish, const LiveChannels& scales,
                                                     const int32_t* sums, int32_t count, int8_t* output, int32_t step) {
  const int32_t zero = finish.zero_point, usual_from = finish.is_whole() ? -1 : INT32_MIN;
  const int32_t* multipliers = scales.multipliers;
  const uint16_t* channels = scales.channels;
  const int8_t* shifts = scales.shifts;
  for (const int32_t* const end = sums + 2 * count; sums != end; sums += 2) {
    const int32_t multiplier = *multipliers++, shift = *shifts++;
    int8_t* const place = output + *channels++;
    if (shift <= usual_from) {
      place[0] = static_cast<int8_t>(requantize_to_int8(sums[0], multiplier, shift, zero));
      place[step] = static_cast<int8_t>(requantize_to_int8(sums[1], multiplier, shift, zero));
    } else {
      conv_2d_finish_any(finish, multiplier, shift, sums, place, step);
    }
  }
}

// The live channels of one group, of two pixels, whose outputs are `step` bytes apart.
template <class Primitives>
void conv_2d_pixels(const Conv2DInt8& p, LiveChannels scales, const int16_t* patches, const int8_t* weights,
                    const int32_t* bias, int8_t* output, int32_t step) {
  constexpr int32_t kChunk = 32;  // channels whose sums are on the stack at a time
  int32_t sums[2 * kChunk];
  for (; scales.live > 0; scales = scales.from(kChunk)) {
    const int32_t count = scales.live < kChunk ? scales.live : kChunk;
    Primitives::rows(patches, weights, p.g.patch(), bias, scales.channels, count, sums);
    conv_2d_finish(p.output, scales, sums, count, output, step);
  }
}

// Live channels before `end`, at the start of the list.
inline int32_t live_before(const LiveChannels& scales, int32_t end) {
  int32_t count = 0;
  while (count < scales.live && scales.channels[count] < end) ++count;
  return count;
}

// `bias` may be nullptr; `scratch`: conv_2d_scratch_bytes(), aligned to 4 bytes.
template <class Primitives = ConvPrimitives>
void conv_2d_run(const Conv2DInt8& p, const LiveChannels& scales, const int8_t* input, const int8_t* weights,
                 const int32_t* bias, int8_t* output, void* scratch) {
  const Conv2DGeometry& g = p.g;
  const int32_t pixels = g.pixels(), group_outputs = g.outputs / g.groups();
  int16_t* const patches = static_cast<int16_t*>(scratch);
  int8_t* const first_output = output;
  for (int32_t b = 0; b < g.batches; ++b) {
    LiveChannels rest = scales;
    for (int32_t group = 0; group < g.groups(); ++group) {
      LiveChannels of_group = rest;
      of_group.live = live_before(rest, (group + 1) * group_outputs);
      rest = rest.from(of_group.live);
      int8_t* place = output;
      for (int32_t pixel = 0, y = 0, x = 0; pixel < pixels; pixel += 2, place += 2 * g.outputs) {
        for (int32_t i = 0; i < 2; ++i) {  // a pixel that is alone is both
          int16_t* const patch = i == 0 ? patches : Primitives::second(patches, g.patch());
          conv_2d_patch<Primitives>(g, input + group * g.depth, p.input_offset, y, x, patch);
          if (pixel + i + 1 < pixels && ++x == g.x.output) x = 0, ++y;
        }
        Primitives::pair(patches, g.patch());
        conv_2d_pixels<Primitives>(p, of_group, patches, weights, bias, place, pixel + 1 < pixels ? g.outputs : 0);
      }
    }
    input += g.y.input * g.x.input * g.inputs;
    output += pixels * g.outputs;
  }
  // Last, because the output may overlap the input.
  fill_dead_channels(p.output, scales, bias, g.batches * pixels, g.outputs, first_output);
}

inline float product_of(float input, float weight) {
  return input * weight;
}
inline int32_t product_of(int16_t input, int8_t weight) {
  return int32_t{input} * weight;
}

// The sum of one output, in the order of the reference.
template <class Sum, class Input, class Weights>
Sum conv_2d_sum(const Conv2DGeometry& g, const Input* input, const Weights* weights, int32_t y, int32_t x) {
  const int32_t origin_y = y * g.y.stride - g.y.before, origin_x = x * g.x.stride - g.x.before;
  const TapRange taps_y = taps_inside(g.y, origin_y), taps_x = taps_inside(g.x, origin_x);
  Sum sum = 0;
  for (int32_t ky = taps_y.first; ky < taps_y.last; ++ky) {
    for (int32_t kx = taps_x.first; kx < taps_x.last; ++kx) {
      const int32_t iy = origin_y + ky * g.y.dilation, ix = origin_x + kx * g.x.dilation;
      const Input* const pixel = input + (iy * g.x.input + ix) * g.inputs;
      const Weights* const row = weights + (ky * g.x.filter + kx) * g.depth;
      for (int32_t i = 0; i < g.depth; ++i) sum += product_of(pixel[i], row[i]);
    }
  }
  return sum;
}

inline void conv_2d_run(const Conv2DFloat32& p, const float* input, const float* weights, const float* bias,
                        float* output) {
  const Conv2DGeometry& g = p.g;
  const int32_t group_outputs = g.outputs / g.groups();
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * g.x.input * g.inputs) {
    for (int32_t y = 0; y < g.y.output; ++y) {
      for (int32_t x = 0; x < g.x.output; ++x) {
        for (int32_t o = 0; o < g.outputs; ++o) {
          float sum = conv_2d_sum<float>(g, input + o / group_outputs * g.depth, weights + o * g.patch(), y, x);
          if (bias != nullptr) sum += bias[o];
          *output++ = sum < p.low ? p.low : sum > p.high ? p.high : sum;
        }
      }
    }
  }
}

// What both types check of shapes and options.
inline Status conv_2d_sizes(const Conv2DAttributes& a, const ConvolutionTensors& tensors, Conv2DGeometry& g) {
  if (!is_clamping(a.activation)) return Status::unsupported_option;
  if (!conv_2d_geometry(a, tensors.input.shape, tensors.weights.shape, g) ||
      !gives_image(tensors, g.batches, g.y.output, g.x.output, g.outputs))
    return Status::unsupported_shape;
  return Status::ok;
}

inline Status conv_2d_setup(const Conv2DAttributes& a, const ConvolutionTensors& tensors, Conv2DInt8& p) {
  const Status status = conv_2d_sizes(a, tensors, p.g);
  return status == Status::ok ? finish_int8_setup(a.activation, tensors, 0, p) : status;
}

inline Status conv_2d_setup(const Conv2DAttributes& a, const ConvolutionTensors& tensors, Conv2DFloat32& p) {
  const Status status = conv_2d_sizes(a, tensors, p.g);
  return status == Status::ok ? finish_float32_setup(a.activation, tensors, p) : status;
}

using Conv2DNode = ConvolutionNode<Conv2DInt8>;

inline Status prepare_conv_2d_int8(PrepareContext& node) {
  ConvolutionTensors tensors;
  Conv2DAttributes attributes;
  Conv2DNode kept;
  Status status = tensors.read(node, attributes);
  if (status == Status::ok) status = conv_2d_setup(attributes, tensors, kept.p);
  if (status == Status::ok) keep_convolution(node, tensors, kept, kept.p.g.outputs, conv_2d_scratch_bytes(kept.p.g));
  return status;
}

inline Status prepare_conv_2d_float32(PrepareContext& node) {
  ConvolutionTensors tensors;
  Conv2DAttributes attributes;
  Conv2DFloat32 p;
  Status status = tensors.read(node, attributes);
  if (status == Status::ok) status = conv_2d_setup(attributes, tensors, p);
  if (status == Status::ok) node.keep(p);
  return status;
}

#if defined(__ARM_FEATURE_MVE)
// In conv_2d_lanes.h.
template <class Finish>
void conv_2d_lanes_interpreted(const Conv2DInt8& p, const LaneScales& scales, const int8_t* input,
                               const int8_t* weights, const int32_t* bias, int8_t* output, void* scratch);
#endif

inline void invoke_conv_2d_int8(const InvokeContext& node) {
  const Conv2DNode& kept = node.data<Conv2DNode>();
#if defined(__ARM_FEATURE_MVE)
  conv_2d_lanes_interpreted<Lanes>(kept.p, LaneScales(node, kept.scales), node.input<int8_t>(0), node.input<int8_t>(1),
                                   node.input<int32_t>(2), node.output<int8_t>(0), node.scratch());
#else
  uint8_t* const scratch = static_cast<uint8_t*>(node.scratch());
  const int8_t* const weights = node.input<int8_t>(1);
  const int32_t n = kept.p.g.patch();
  const LiveChannels scales = live_channels(node, kept.scales, kept.p.g.outputs, scratch, {weights, n, 1, n});
  conv_2d_run(kept.p, scales, node.input<int8_t>(0), weights, node.input<int32_t>(2), node.output<int8_t>(0),
              scratch + live_channels_bytes(kept.p.g.outputs));
#endif
}

inline void invoke_conv_2d_float32(const InvokeContext& node) {
  conv_2d_run(node.data<Conv2DFloat32>(), node.input<float>(0), node.input<float>(1), node.input<float>(2),
              node.output<float>(0));
}

constexpr Kernel conv_2d_int8 = {kConv2DCode, DType::int8,          DType::int8,
                                 false,       prepare_conv_2d_int8, invoke_conv_2d_int8};
constexpr Kernel conv_2d_float32 = {kConv2DCode, DType::float32,          DType::float32,
                                    false,       prepare_conv_2d_float32, invoke_conv_2d_float32};

}  // namespace mote

#if defined(__ARM_FEATURE_MVE)
#include "ops/conv_2d/conv_2d_lanes.h"
#endif
#include "ops/conv_2d/conv_2d_int16.h"
