// Depthwise convolution: the image is copied into one of groups, in which an element and those of the rows below it
// that belong to the same group of taps lie side by side, so that a vector of channels needs one product for each
// column of taps (and each group of rows of taps). Its rows are made just before the first row of the output that needs
// them.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "toolchain/quantize/simd/host_kernels.h"
#include "toolchain/quantize/simd/packed_layer.h"

namespace mote {
namespace {

constexpr int64_t kReadBehindGroups =
    256;  // read behind the last group: the rest of a vector, and of a last part of a pixel

using HostDepthwise = HostConvolution<DepthwiseConv2DNode>;

// The groups: [rows][columns][outputs]. Row i holds rows of the image from i * row_step - before on. Before the groups
// in scratch a row of zero points; behind them, with a multiplier above 1, the image with each channel repeated.
struct GroupImage {
  const DepthwiseConv2DGeometry& g;
  int32_t group, lanes;
  int64_t outputs, columns;
  int32_t row_groups, row_step;

  GroupImage(const Int8Primitives& isa, const DepthwiseConv2DGeometry& geometry)
      : g(geometry),
        group(isa.group),
        lanes(isa.lanes),
        outputs(g.outputs()),
        columns(window_span(g.x, g.x.output)),
        row_groups((g.y.filter + isa.group - 1) / isa.group),
        row_step(row_groups == 1 ? g.y.stride : std::gcd(g.y.stride, isa.group * g.y.dilation)) {}

  // Several pixels share a vector.
  bool shared() const { return g.x.stride == 1 && outputs < lanes && lanes % outputs == 0; }
  int32_t packed_outputs() const { return shared() ? lanes : static_cast<int32_t>(outputs); }
  int64_t groups() const { return int64_t{row_groups} * g.x.filter; }
  int64_t pitch() const { return columns * outputs * 4; }
  int64_t rows_between_groups() const { return int64_t{group} * g.y.dilation / row_step; }
  int64_t rows_between_outputs() const { return g.y.stride / row_step; }
  // Rows that the outputs down to row `y` need.
  int64_t rows_for(int32_t y) const {
    return y * rows_between_outputs() + (row_groups - 1) * rows_between_groups() + 1;
  }
  int64_t row_elements() const { return std::min<int64_t>(g.x.input, columns - g.x.before) * outputs; }
  int64_t border_bytes() const { return vector_align_up(row_elements()); }
  int64_t group_bytes() const { return vector_align_up(rows_for(g.y.output - 1) * pitch() + kReadBehindGroups); }
  int64_t image_bytes() const { return g.multiplier == 1 ? 0 : int64_t{g.y.input} * g.x.input * outputs; }
  int64_t scratch_bytes() const { return kVectorAlignment + border_bytes() + group_bytes() + image_bytes(); }
};

// What one call of the primitive goes through: the parts of a row of the output that fill the vectors, or, of an output
// one pixel wide, all rows.
struct PixelSteps {
  int32_t rows, count;
  int64_t input, output;  // from one to the next: bytes, elements
  int64_t elements;       // in all

  explicit PixelSteps(const GroupImage& image) {
    const DepthwiseConv2DGeometry& g = image.g;
    const bool column = g.x.output == 1 && !image.shared();
    rows = column ? g.y.output : 1;
    output = image.shared() ? image.lanes : image.outputs;
    elements = int64_t{rows} * g.x.output * image.outputs;
    count = static_cast<int32_t>((elements + output - 1) / output);
    input = column ? image.rows_between_outputs() * image.pitch() : g.x.stride * output * 4;
  }
};

void pack(const GroupImage& image, const int8_t* weights, LayerPacker& packer) {
  const DepthwiseConv2DGeometry& g = image.g;
  for (int32_t k = 0; k < image.groups(); ++k)
    packer.offset(k, k / g.x.filter * image.rows_between_groups() * image.pitch() +
                         k % g.x.filter * g.x.dilation * image.outputs * 4);
  for (int32_t ky = 0; ky < g.y.filter; ++ky)
    for (int32_t kx = 0; kx < g.x.filter; ++kx, weights += image.outputs)
      for (int32_t o = 0; o < image.packed_outputs(); ++o)
        packer.weight(o, ky / image.group * g.x.filter + kx, ky % image.group, weights[o % image.outputs]);
}

// [pixels, inputs] -> [pixels, outputs]
void repeat_channels(const DepthwiseConv2DGeometry& g, const int8_t* input, int8_t* out) {
  for (int64_t i = 0; i < int64_t{g.y.input} * g.x.input * g.inputs; ++i, out += g.multiplier)
    std::memset(out, input[i], static_cast<size_t>(g.multiplier));
}

// Row `index` of the groups. `border`: a row of zero points.
void fill_row(const Int8Primitives& isa, const GroupImage& image, int32_t zero_point, const int8_t* input,
              const int8_t* border, int64_t index, uint8_t* groups) {
  const DepthwiseConv2DGeometry& g = image.g;
  const int8_t* rows[4];
  for (int32_t k = 0; k < image.group; ++k) {
    const int64_t row = index * image.row_step - g.y.before + int64_t{k} * g.y.dilation;
    rows[k] = row >= 0 && row < g.y.input ? input + row * g.x.input * image.outputs : border;
  }
  uint8_t* const row = groups + index * image.pitch();
  const int64_t before = g.x.before * image.outputs * 4, inside = image.row_elements() * 4;
  isa.interleave(rows, image.row_elements(), stored_offset(isa, zero_point), row + before);
  const int zero = stored_zero(isa, zero_point);
  std::memset(row, zero, static_cast<size_t>(before));
  std::memset(row + before + inside, zero, static_cast<size_t>(image.pitch() - before - inside));
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
  const GroupImage image(isa, g);
  const PackedPlaces places(isa, image.packed_outputs(), image.groups());
  kept.portable.scales = scale_source(node, tensors);
  kept.zero_point = tensors.input.quantization.zero_point;
  kept.packed = has_constants(tensors) && places.fits() && image.columns * image.outputs < kLargestPart &&
                image.scratch_bytes() < kLargestPart;
  const std::vector<Multiplier> multipliers = channel_multipliers(tensors, g.outputs());
  kept.down = only_down(multipliers);
  node.keep(kept);
  if (kept.packed == 0) {
    node.request_scratch(live_channels_bytes(g.outputs()) + depthwise_conv_2d_scratch_bytes(g));
    return Status::ok;
  }
  node.request_scratch(static_cast<int32_t>(image.scratch_bytes()));
  uint8_t* const place = keep_packed(node, places.bytes());
  if (place == nullptr) return Status::ok;
  LayerPacker packer(isa, places, kept.zero_point, place);
  pack(image, static_cast<const int8_t*>(tensors.weights.data), packer);
  for (int32_t o = 0; o < image.packed_outputs(); ++o) {
    const int64_t output = o % image.outputs;
    packer.scale(o, bias_at(tensors, output), multipliers[static_cast<size_t>(output)]);
  }
  return Status::ok;
}

void invoke_host_depthwise_conv_2d(const InvokeContext& node, const Int8Primitives& isa) {
  const HostDepthwise& kept = node.data<HostDepthwise>();
  if (kept.packed == 0) return invoke_depthwise_conv_2d_int8(node);
  const DepthwiseConv2DGeometry& g = kept.portable.p.g;
  const GroupImage image(isa, g);
  const PackedLayer layer = PackedPlaces(isa, image.packed_outputs(), image.groups())
                                .layer(packed_behind(kept), host_finish(kept.portable.p.output, kept.down != 0));
  int8_t* const border = reinterpret_cast<int8_t*>(vector_align_up(node.scratch()));
  uint8_t* const groups = reinterpret_cast<uint8_t*>(border) + image.border_bytes();
  int8_t* const repeated = reinterpret_cast<int8_t*>(groups + image.group_bytes());
  std::memset(border, kept.zero_point, static_cast<size_t>(image.row_elements()));

  const PixelSteps steps(image);
  PixelGrid grid = {1, steps.count, groups, 0, steps.input, node.output<int8_t>(0), steps.output};
  const int8_t* input = node.input<int8_t>(0);
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * g.x.input * g.inputs) {
    if (g.multiplier != 1) repeat_channels(g, input, repeated);
    int64_t filled = 0;
    for (int32_t y = 0; y < g.y.output; y += steps.rows, grid.output += steps.elements) {
      for (; filled < image.rows_for(y + steps.rows - 1); ++filled)
        fill_row(isa, image, kept.zero_point, g.multiplier == 1 ? input : repeated, border, filled, groups);
      grid.input = groups + y * image.rows_between_outputs() * image.pitch();
      isa.depthwise(layer, grid, steps.elements);
    }
  }
}

}  // namespace mote
