// Depthwise convolution: for each row of the output, a strip in which the taps of a column lie side by side as groups,
// so that a vector of channels needs one product for each column of taps (and each group of rows of taps).
#include <algorithm>
#include <cstring>

#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "toolchain/quantize/simd/host_kernels.h"
#include "toolchain/quantize/simd/packed_layer.h"

namespace mote {
namespace {

constexpr int64_t kStripReadBehind =
    256;  // read behind the last group: the rest of a vector, and of a last part of a pixel

using HostDepthwise = HostConvolution<DepthwiseConv2DNode>;

// The strip: [groups of rows][columns][outputs] groups. Before it in scratch a row of zero points; behind it, with a
// multiplier above 1, the image with each channel repeated.
struct Strip {
  const DepthwiseConv2DGeometry& g;
  int32_t group, lanes;
  int64_t outputs, columns;
  int32_t row_groups;

  Strip(const Int8Primitives& isa, const DepthwiseConv2DGeometry& geometry)
      : g(geometry),
        group(isa.group),
        lanes(isa.lanes),
        outputs(g.outputs()),
        columns(window_span(g.x, g.x.output)),
        row_groups((g.y.filter + isa.group - 1) / isa.group) {}

  // Several pixels share a vector.
  bool shared() const { return g.x.stride == 1 && outputs < lanes && lanes % outputs == 0; }
  int32_t packed_outputs() const { return shared() ? lanes : static_cast<int32_t>(outputs); }
  int64_t groups() const { return int64_t{row_groups} * g.x.filter; }
  int64_t pitch() const { return columns * outputs * 4; }
  int64_t row_elements() const { return std::min<int64_t>(g.x.input, columns - g.x.before) * outputs; }
  int64_t border_bytes() const { return vector_align_up(row_elements()); }
  int64_t strip_bytes() const { return vector_align_up(row_groups * pitch() + kStripReadBehind); }
  int64_t image_bytes() const { return g.multiplier == 1 ? 0 : int64_t{g.y.input} * g.x.input * outputs; }
  int64_t scratch_bytes() const { return kVectorAlignment + border_bytes() + strip_bytes() + image_bytes(); }
};

void pack(const Strip& strip, const int8_t* weights, LayerPacker& packer) {
  const DepthwiseConv2DGeometry& g = strip.g;
  for (int32_t k = 0; k < strip.groups(); ++k)
    packer.offset(k, k / g.x.filter * strip.pitch() + k % g.x.filter * g.x.dilation * strip.outputs * 4);
  for (int32_t ky = 0; ky < g.y.filter; ++ky)
    for (int32_t kx = 0; kx < g.x.filter; ++kx, weights += strip.outputs)
      for (int32_t o = 0; o < strip.packed_outputs(); ++o)
        packer.weight(o, ky / strip.group * g.x.filter + kx, ky % strip.group, weights[o % strip.outputs]);
}

// [pixels, inputs] -> [pixels, outputs]
void repeat_channels(const DepthwiseConv2DGeometry& g, const int8_t* input, int8_t* out) {
  for (int64_t i = 0; i < int64_t{g.y.input} * g.x.input * g.inputs; ++i, out += g.multiplier)
    std::memset(out, input[i], static_cast<size_t>(g.multiplier));
}

// The groups that row `y` of the output sees. `border`: a row of zero points.
void fill_strip(const Int8Primitives& isa, const Strip& strip, const int8_t* input, const int8_t* border,
                int32_t offset, int32_t y, uint8_t* out) {
  const DepthwiseConv2DGeometry& g = strip.g;
  out += g.x.before * strip.outputs * 4;
  for (int32_t first = 0; first < g.y.filter; first += strip.group, out += strip.pitch()) {
    const int8_t* rows[4];
    for (int32_t k = 0; k < strip.group; ++k) {
      const int32_t row = y * g.y.stride - g.y.before + (first + k) * g.y.dilation;
      const bool inside = first + k < g.y.filter && row >= 0 && row < g.y.input;
      rows[k] = inside ? input + row * g.x.input * strip.outputs : border;
    }
    isa.interleave(rows, strip.row_elements(), offset, out);
  }
}

}  // namespace

Status prepare_host_depthwise_conv_2d(PrepareContext& node, const Int8Primitives& isa) {
  ConvolutionTensors tensors;
  DepthwiseConv2DAttributes attributes;
  HostDepthwise kept{};
  Status status = tensors.read(node, attributes);
  if (status == Status::ok) status = depthwise_conv_2d_setup(attributes, tensors, kept.portable.p);
  if (status != Status::ok) return status;
  const DepthwiseConv2DGeometry& g = kept.portable.p.g;
  const Strip strip(isa, g);
  const PackedPlaces places(isa, strip.packed_outputs(), strip.groups());
  kept.portable.scales = scale_source(node, tensors);
  kept.zero_point = tensors.input.quantization.zero_point;
  kept.packed = has_constants(tensors) && places.fits() && strip.columns * strip.outputs < kLargestPart &&
                strip.scratch_bytes() < kLargestPart;
  const std::vector<Multiplier> multipliers = channel_multipliers(tensors, g.outputs());
  kept.down = only_down(multipliers);
  node.keep(kept);
  if (kept.packed == 0) {
    node.request_scratch(live_channels_bytes(g.outputs()) + depthwise_conv_2d_scratch_bytes(g));
    return Status::ok;
  }
  node.request_scratch(static_cast<int32_t>(strip.scratch_bytes()));
  uint8_t* const place = keep_packed(node, places.bytes());
  if (place == nullptr) return Status::ok;
  LayerPacker packer(isa, places, kept.zero_point, place);
  pack(strip, static_cast<const int8_t*>(tensors.weights.data), packer);
  for (int32_t o = 0; o < strip.packed_outputs(); ++o) {
    const int64_t output = o % strip.outputs;
    packer.scale(o, bias_at(tensors, output), multipliers[static_cast<size_t>(output)]);
  }
  return Status::ok;
}

void invoke_host_depthwise_conv_2d(const InvokeContext& node, const Int8Primitives& isa) {
  const HostDepthwise& kept = node.data<HostDepthwise>();
  if (kept.packed == 0) return invoke_depthwise_conv_2d_int8(node);
  const DepthwiseConv2DGeometry& g = kept.portable.p.g;
  const Strip strip(isa, g);
  const PackedLayer layer = PackedPlaces(isa, strip.packed_outputs(), strip.groups())
                                .layer(packed_behind(kept), host_finish(kept.portable.p.output, kept.down != 0));
  int8_t* const border = reinterpret_cast<int8_t*>(vector_align_up(node.scratch()));
  uint8_t* const groups = reinterpret_cast<uint8_t*>(border) + strip.border_bytes();
  int8_t* const repeated = reinterpret_cast<int8_t*>(groups + strip.strip_bytes());
  std::memset(border, kept.zero_point, static_cast<size_t>(strip.row_elements()));
  if (strip.row_elements() < strip.columns * strip.outputs)
    std::memset(groups, stored_zero(isa, kept.zero_point), static_cast<size_t>(strip.strip_bytes()));

  const int64_t row = g.x.output * strip.outputs;  // elements
  const int64_t step = strip.shared() ? strip.lanes : strip.outputs;
  PixelGrid grid = {
      1, static_cast<int32_t>((row + step - 1) / step), groups, 0, g.x.stride * step * 4, node.output<int8_t>(0), step};
  const int8_t* input = node.input<int8_t>(0);
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * g.x.input * g.inputs) {
    if (g.multiplier != 1) repeat_channels(g, input, repeated);
    for (int32_t y = 0; y < g.y.output; ++y, grid.output += row) {
      fill_strip(isa, strip, g.multiplier == 1 ? input : repeated, border, stored_offset(isa, kept.zero_point), y,
                 groups);
      isa.depthwise(layer, grid, row);
    }
  }
}

}  // namespace mote
