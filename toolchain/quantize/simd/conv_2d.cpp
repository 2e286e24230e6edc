// Convolution: the image is copied into one with a border, in which every run of taps that lie side by side is whole
// groups of the product. What is beyond the end of a run has weights of 0.
#include <algorithm>
#include <cstring>

#include "ops/conv_2d/conv_2d.h"
#include "toolchain/quantize/simd/host_kernels.h"
#include "toolchain/quantize/simd/packed_layer.h"

namespace mote {
namespace {

using HostConv2D = HostConvolution<Conv2DNode>;

// The copy of the image, and the groups.
struct ConvImage {
  const Conv2DGeometry& g;
  int32_t element, group;
  int64_t rows, columns;
  bool contiguous;  // the taps of a row lie side by side
  int32_t runs, run;

  ConvImage(const Int8Primitives& isa, const Conv2DGeometry& geometry)
      : g(geometry),
        element(stored_bytes(isa)),
        group(isa.group),
        rows(span(g.y)),
        columns(span(g.x)),
        contiguous(g.x.dilation == 1 && g.depth == g.inputs),
        runs(contiguous ? g.y.filter : g.y.filter * g.x.filter),
        run(contiguous ? g.x.filter * g.depth : g.depth) {}

  static int64_t span(const WindowAxis& axis) {
    return (int64_t{axis.output} - 1) * axis.stride + (int64_t{axis.filter} - 1) * axis.dilation + 1;
  }
  int64_t pitch() const { return columns * g.inputs * element; }
  int64_t bytes() const { return vector_align_up(rows * pitch() + kReadBehind); }
  int32_t groups_of_run() const { return (run + group - 1) / group; }
  int64_t groups() const { return int64_t{runs} * groups_of_run(); }
  int64_t offset_of_run(int32_t index) const {
    const int64_t ky = contiguous ? index : index / g.x.filter, kx = contiguous ? 0 : index % g.x.filter;
    return ky * g.y.dilation * pitch() + kx * g.x.dilation * g.inputs * element;
  }
};

void pack_group(const ConvImage& image, const int8_t* weights, LayerPacker& packer, int32_t outputs) {
  for (int32_t r = 0; r < image.runs; ++r)
    for (int32_t i = 0; i < image.groups_of_run(); ++i)
      packer.offset(r * image.groups_of_run() + i, image.offset_of_run(r) + 4 * i);
  for (int32_t o = 0; o < outputs; ++o)
    for (int32_t r = 0; r < image.runs; ++r)
      for (int32_t i = 0; i < image.run; ++i)
        packer.weight(o, r * image.groups_of_run() + i / image.group, i % image.group, *weights++);
}

// The bordered copy of one image.
void copy_image(const Int8Primitives& isa, const ConvImage& image, int32_t zero_point, const int8_t* input,
                uint8_t* copy) {
  const Conv2DGeometry& g = image.g;
  const int64_t rows = std::min<int64_t>(g.y.input, image.rows - g.y.before);
  const int64_t columns = std::min<int64_t>(g.x.input, image.columns - g.x.before);
  if (rows < image.rows || columns < image.columns)
    std::memset(copy, stored_zero(isa, zero_point), static_cast<size_t>(image.bytes()));
  uint8_t* out = copy + g.y.before * image.pitch() + int64_t{g.x.before} * g.inputs * image.element;
  for (int64_t y = 0; y < rows; ++y, input += g.x.input * g.inputs, out += image.pitch())
    isa.widen(input, columns * g.inputs, stored_offset(isa, zero_point), out);
}

}  // namespace

Status prepare_host_conv_2d(PrepareContext& node, const Int8Primitives& isa) {
  ConvolutionTensors tensors;
  Conv2DAttributes attributes;
  HostConv2D kept{};
  Status status = tensors.read(node, attributes);
  if (status == Status::ok) status = conv_2d_setup(attributes, tensors, kept.portable.p);
  if (status != Status::ok) return status;
  const Conv2DGeometry& g = kept.portable.p.g;
  const ConvImage image(isa, g);
  const int32_t group_outputs = g.outputs / g.groups();
  const PackedPlaces places(isa, group_outputs, image.groups());
  kept.portable.scales = scale_source(node, tensors);
  kept.zero_point = tensors.input.quantization.zero_point;
  kept.packed = has_constants(tensors) && places.fits() && places.bytes() * g.groups() < kLargestPart &&
                image.rows * image.columns < kLargestPart && image.bytes() < kLargestPart;
  const std::vector<Multiplier> multipliers = channel_multipliers(tensors, g.outputs);
  kept.down = only_down(multipliers);
  node.keep(kept);
  if (kept.packed == 0) {
    node.request_scratch(live_channels_bytes(g.outputs) + conv_2d_scratch_bytes(g));
    return Status::ok;
  }
  node.request_scratch(static_cast<int32_t>(image.bytes() + kVectorAlignment));
  uint8_t* place = keep_packed(node, places.bytes() * g.groups());
  if (place == nullptr) return Status::ok;
  const auto* weights = static_cast<const int8_t*>(tensors.weights.data);
  for (int32_t first = 0; first < g.outputs; first += group_outputs, place += places.bytes()) {
    LayerPacker packer(isa, places, kept.zero_point, place);
    pack_group(image, weights + first * g.patch(), packer, group_outputs);
    for (int32_t o = 0; o < group_outputs; ++o)
      packer.scale(o, bias_at(tensors, first + o), multipliers[static_cast<size_t>(first + o)]);
  }
  return Status::ok;
}

void invoke_host_conv_2d(const InvokeContext& node, const Int8Primitives& isa) {
  const HostConv2D& kept = node.data<HostConv2D>();
  if (kept.packed == 0) return invoke_conv_2d_int8(node);
  const Conv2DGeometry& g = kept.portable.p.g;
  const ConvImage image(isa, g);
  const int32_t group_outputs = g.outputs / g.groups();
  const PackedPlaces places(isa, group_outputs, image.groups());
  const Int8Finish finish = host_finish(kept.portable.p.output, kept.down != 0);
  uint8_t* const copy = vector_align_up(node.scratch());
  const int8_t* input = node.input<int8_t>(0);
  int8_t* output = node.output<int8_t>(0);
  for (int32_t b = 0; b < g.batches; ++b) {
    copy_image(isa, image, kept.zero_point, input, copy);
    const uint8_t* place = packed_behind(kept);
    for (int32_t group = 0; group < g.groups(); ++group, place += places.bytes())
      isa.product(places.layer(place, finish),
                  {g.y.output, g.x.output, copy + group * g.depth * image.element, g.y.stride * image.pitch(),
                   int64_t{g.x.stride} * g.inputs * image.element, output + group * group_outputs, g.outputs});
    input += g.y.input * g.x.input * g.inputs;
    output += g.pixels() * g.outputs;
  }
}

}  // namespace mote
