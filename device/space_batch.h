// Places of an image dealt out to several smaller images, and back: SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, between
// which a converter puts a convolution to dilate it. Of [batch, height, channels] or [batch, height, width, channels];
// any type: pixels are copied as bytes. Source: TFLite kernels/internal/reference/space_to_batch_nd.h,
// batch_to_space_nd.h.
//
// Place (y, x) of a framed image is place (y / block[0], x / block[1]) of the dealt image number
// (y % block[0]) * block[1] + x % block[1].
#pragma once
#include "device/kernel.h"
#include "device/strided_copy.h"

namespace mote {

// Taken from inputs 1 and 2, by height and width. What goes around the image on the way to the batch, and off it on the
// way back.
struct SpaceBatchAttributes {
  static constexpr int32_t kOperands = 2;
  int32_t block[2] = {1, 1}, before[2] = {}, after[2] = {};
};

template <class V>
void visit(V&, SpaceBatchAttributes&) {}

constexpr bool take_operands(SpaceBatchAttributes& a, const Shape& input, const Integers* operands) {
  const int32_t count = input.rank - 2;
  if ((count != 1 && count != 2) || operands[0].count != count || operands[1].count != 2 * count) return false;
  for (int32_t i = 0; i < count; ++i) {
    a.block[i] = operands[0].values[i];
    a.before[i] = operands[1].values[2 * i];
    a.after[i] = operands[1].values[2 * i + 1];
  }
  return true;
}

struct SpaceBatch {
  int32_t batches, image[2];  // whole images
  int32_t dealt[2];           // height and width of what each is dealt out to
  int32_t block[2], before[2];
  int32_t run, fill;  // bytes of a pixel; the byte around the image
};

// visit(place in the images or -1 around them, place in the dealt ones), in bytes, in the order of the latter.
template <class Visit>
void for_each_dealt_pixel(const SpaceBatch& p, const Visit& visit) {
  int32_t to = 0;
  for (int32_t shift_y = -p.before[0]; shift_y < p.block[0] - p.before[0]; ++shift_y)
    for (int32_t shift_x = -p.before[1]; shift_x < p.block[1] - p.before[1]; ++shift_x)
      for (int32_t b = 0; b < p.batches; ++b)
        for (int32_t i = 0, y = shift_y; i < p.dealt[0]; ++i, y += p.block[0])
          for (int32_t j = 0, x = shift_x; j < p.dealt[1]; ++j, x += p.block[1], to += p.run) {
            const bool inside = y >= 0 && y < p.image[0] && x >= 0 && x < p.image[1];
            visit(inside ? ((b * p.image[0] + y) * p.image[1] + x) * p.run : -1, to);
          }
}

inline void space_to_batch_run(const SpaceBatch& p, const void* images, void* dealt) {
  for_each_dealt_pixel(p, [&](int32_t from, int32_t to) {
    uint8_t* const pixel = static_cast<uint8_t*>(dealt) + to;
    if (from >= 0) {
      __builtin_memcpy(pixel, static_cast<const uint8_t*>(images) + from, static_cast<size_t>(p.run));
    } else {
      __builtin_memset(pixel, p.fill, static_cast<size_t>(p.run));
    }
  });
}

inline void batch_to_space_run(const SpaceBatch& p, const void* dealt, void* images) {
  for_each_dealt_pixel(p, [&](int32_t to, int32_t from) {
    if (to >= 0)
      __builtin_memcpy(static_cast<uint8_t*>(images) + to, static_cast<const uint8_t*>(dealt) + from,
                       static_cast<size_t>(p.run));
  });
}

// False: no such shape. `size` of one axis of the whole image and of the dealt one.
constexpr bool deal_axis(const SpaceBatchAttributes& a, int32_t axis, int32_t size, int32_t& dealt) {
  const int32_t block = a.block[axis], before = a.before[axis], after = a.after[axis];
  const int64_t framed = int64_t{before} + size + after;
  if (block < 1 || before < 0 || after < 0 || framed % block != 0 || framed > INT32_MAX) return false;
  dealt = static_cast<int32_t>(framed / block);
  return true;
}
constexpr bool collect_axis(const SpaceBatchAttributes& a, int32_t axis, int32_t dealt, int32_t& size) {
  const int32_t before = a.before[axis], after = a.after[axis];
  const int64_t whole = int64_t{dealt} * a.block[axis] - before - after;
  if (a.block[axis] < 1 || before < 0 || after < 0 || whole < 1 || whole > INT32_MAX) return false;
  size = static_cast<int32_t>(whole);
  return true;
}

// Shape of the output; `deals`: of SPACE_TO_BATCH_ND. False: sizes that do not come out even, or too large.
constexpr bool space_batch_shape(const SpaceBatchAttributes& a, bool deals, const Shape& input, Shape& output) {
  if ((input.rank != 3 && input.rank != 4) || input.elements() == 0) return false;
  output = input;
  int64_t images = 1;
  for (int32_t i = 0; i < input.rank - 2; ++i) {
    if (!(deals ? deal_axis : collect_axis)(a, i, input[1 + i], output.dims[1 + i])) return false;
    images *= a.block[i];
    if (images > INT32_MAX) return false;
  }
  if (!deals && input[0] % images != 0) return false;
  const int64_t batches = deals ? input[0] * images : input[0] / images;
  int64_t elements = batches;
  output.dims[0] = static_cast<int32_t>(batches);
  for (int32_t i = 1; i < input.rank && elements <= INT32_MAX; ++i) elements *= output[i];
  return elements <= INT32_MAX;
}

inline Status space_batch_setup(const SpaceBatchAttributes& a, bool deals, const TensorInfo& input,
                                const TensorInfo& output, SpaceBatch& p) {
  const int32_t size = element_bytes(input.type);
  if (input.type != output.type || size == 0) return Status::unsupported_type;
  Shape shape;
  if (!space_batch_shape(a, deals, input.shape, shape) || shape != output.shape ||
      int64_t{shape.elements()} * size > INT32_MAX)
    return Status::unsupported_shape;
  const Shape &images = deals ? input.shape : shape, &dealt = deals ? shape : input.shape;
  p = SpaceBatch{images[0], {images[1], 1}, {dealt[1], 1}, {a.block[0], 1}, {a.before[0], 0}, images.last() * size, 0};
  if (images.rank == 4) {
    p.image[1] = images[2];
    p.dealt[1] = dealt[2];
    p.block[1] = a.block[1];
    p.before[1] = a.before[1];
  }
  if (deals && size == 1 && output.quantization.count > 0) {
    if (!is_per_tensor(output)) return Status::bad_quantization;
    p.fill = output.quantization.zero_point & 0xFF;
  }
  return Status::ok;
}

template <bool kDeals>
Status prepare_space_batch(PrepareContext& node) {
  if (node.input_count() != 3 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  SpaceBatchAttributes attributes;
  const TensorInfo input = node.input(0);
  Status status = read_attributes(node, 1, input.shape, attributes);
  SpaceBatch p;
  if (status == Status::ok) status = space_batch_setup(attributes, kDeals, input, node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <bool kDeals>
void invoke_space_batch(const InvokeContext& node) {
  (kDeals ? space_to_batch_run : batch_to_space_run)(node.data<SpaceBatch>(), node.input<void>(0),
                                                     node.output<void>(0));
}

template <bool kDeals>
constexpr Kernel space_batch_kernel(int32_t code) {
  return Kernel{code, kAnyType, kAnyType, false, prepare_space_batch<kDeals>, invoke_space_batch<kDeals>};
}

}  // namespace mote
