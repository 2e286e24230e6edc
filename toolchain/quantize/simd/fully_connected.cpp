// Fully connected: a product whose pixels are the batches.
#include <algorithm>

#include "ops/fully_connected/fully_connected.h"

#include "toolchain/quantize/simd/host_kernels.h"
#include "toolchain/quantize/simd/packed_layer.h"

namespace mote {
namespace {

// Behind what the portable kernel keeps.
struct HostFullyConnected {
  int32_t packed;  // 0: the portable kernel runs
  int32_t down;
  int32_t bytes;  // Int8Primitives::bytes
};

const HostFullyConnected& behind(const FullyConnectedInt8& p) {
  const int64_t tables = p.per_channel != 0 ? (int64_t{p.outputs} * 5 + 3) / 4 * 4 : 0;
  return *reinterpret_cast<const HostFullyConnected*>(reinterpret_cast<const uint8_t*>(&p + 1) + tables);
}

PackedPlaces places_of(const Int8Primitives& isa, const FullyConnectedInt8& p) {
  return {isa, p.outputs, (int64_t{p.inputs} + isa.group - 1) / isa.group};
}

int64_t copied_bytes(const Int8Primitives& isa, const FullyConnectedInt8& p) {
  return kVectorAlignment + vector_align_up(int64_t{p.batches} * p.inputs * stored_bytes(isa) + kReadBehind);
}

struct FullyConnectedTensors : ConvolutionTensors {
  explicit FullyConnectedTensors(const PrepareContext& node) { read_tensors(node); }
  bool are_constant() const { return weights.data != nullptr && (!has_bias || bias.data != nullptr); }
  int32_t bias_at(int32_t output_index) const {
    return has_bias ? static_cast<const int32_t*>(bias.data)[output_index] : 0;
  }
};

bool fits_bytes(const Int8Primitives& isa, const FullyConnectedTensors& tensors, const FullyConnectedInt8& p) {
  if (isa.bytes == nullptr || p.batches != 1 || tensors.weights.data == nullptr) return false;
  const auto* weights = static_cast<const int8_t*>(tensors.weights.data);
  return std::find(weights, weights + int64_t{p.inputs} * p.outputs, int8_t{-128}) ==
         weights + int64_t{p.inputs} * p.outputs;
}

void pack(const Int8Primitives& isa, const FullyConnectedTensors& tensors, const FullyConnectedInt8& p,
          const std::vector<Multiplier>& multipliers, uint8_t* place) {
  const PackedPlaces places = places_of(isa, p);
  LayerPacker packer(isa, places, -p.input_offset, place);
  const auto* weights = static_cast<const int8_t*>(tensors.weights.data);
  for (int32_t k = 0; k < places.groups(); ++k) packer.offset(k, int64_t{4} * k);
  for (int32_t o = 0; o < p.outputs; ++o) {
    for (int32_t i = 0; i < p.inputs; ++i) packer.weight(o, i / isa.group, i % isa.group, *weights++);
    packer.scale(o, tensors.bias_at(o), multipliers[multipliers.size() == 1 ? 0 : static_cast<size_t>(o)]);
  }
}

}  // namespace

Status prepare_host_fully_connected(PrepareContext& node, const Int8Primitives& level) {
  const Status status = prepare_fully_connected<FullyConnectedInt8>(node);
  if (status != Status::ok) return status;
  const FullyConnectedTensors tensors(node);
  FullyConnectedAttributes attributes;
  FullyConnectedInt8 p;
  node.read(attributes);
  fully_connected_setup(attributes, tensors, p);
  std::vector<Multiplier> multipliers(static_cast<size_t>(tensors.weights.quantization.count));
  for (size_t o = 0; o < multipliers.size(); ++o)
    fully_connected_multiplier(tensors.input, tensors.weights, tensors.output, static_cast<int32_t>(o), multipliers[o]);

  const bool bytes = fits_bytes(level, tensors, p);
  const Int8Primitives& isa = bytes ? *level.bytes : level;
  const PackedPlaces places = places_of(isa, p);
  const bool packed = tensors.are_constant() && places.fits() && copied_bytes(isa, p) < kLargestPart;
  auto* kept = node.keep_array<HostFullyConnected>(1);
  if (kept != nullptr) *kept = {packed, only_down(multipliers), bytes};
  if (!packed) return Status::ok;
  node.request_scratch(static_cast<int32_t>(copied_bytes(isa, p)));
  uint8_t* const place = keep_packed(node, places.bytes());
  if (place != nullptr) pack(isa, tensors, p, multipliers, place);
  return Status::ok;
}

void invoke_host_fully_connected(const InvokeContext& node, const Int8Primitives& level) {
  const FullyConnectedInt8& p = node.data<FullyConnectedInt8>();
  const HostFullyConnected& kept = behind(p);
  if (kept.packed == 0) return invoke_fully_connected_int8(node);
  const Int8Primitives& isa = kept.bytes != 0 ? *level.bytes : level;
  uint8_t* const copy = vector_align_up(node.scratch());
  const int64_t row = int64_t{p.inputs} * stored_bytes(isa);
  isa.widen(node.input<int8_t>(0), int64_t{p.batches} * p.inputs, stored_offset(isa, -p.input_offset), copy);
  const Int8Finish finish = {p.output_offset, p.low, p.high, kept.down != 0};
  isa.product(places_of(isa, p).layer(packed_behind(kept), finish),
              {1, p.batches, copy, 0, row, node.output<int8_t>(0), p.outputs});
}

}  // namespace mote
