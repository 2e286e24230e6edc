// What resizing an image has in common: [batch, height, width, channels] to another height and width, given by the
// constant input 1.
#pragma once
#include "device/kernel.h"
#include "device/strided_copy.h"

namespace mote {

struct ResizeAttributes {
  static constexpr int32_t kOperands = 1;
  bool align_corners = false, half_pixel_centers = false;
  int32_t size[2] = {};  // height and width; taken from input 1
};

constexpr bool take_operands(ResizeAttributes& a, const Shape&, const Integers* operands) {
  if (operands[0].count != 2) return false;
  for (int32_t i = 0; i < 2; ++i) a.size[i] = operands[0].values[i];
  return true;
}

constexpr int32_t kLongestResize = 1 << 20;  // height and width: 1024 x it fits in int32, and it in a float

// False: no image, or a size below 1 or beyond kLongestResize or int32.
constexpr bool resize_shape(const ResizeAttributes& a, const Shape& input, Shape& output) {
  if (input.rank != 4 || input.elements() == 0) return false;
  output = input;
  int64_t elements = int64_t{input[0]} * input[3];
  for (int32_t i = 0; i < 2; ++i) {
    if (a.size[i] < 1 || a.size[i] > kLongestResize || input[1 + i] > kLongestResize) return false;
    output.dims[1 + i] = a.size[i];
    if ((elements *= a.size[i]) > INT32_MAX) return false;
  }
  return true;
}

// Step in the input for one in the output. Source: TFLite kernels/internal/reference/resize_nearest_neighbor.h,
// resize_bilinear.h.
inline float resize_scale(const ResizeAttributes& a, int32_t input, int32_t output) {
  return a.align_corners && output > 1 ? static_cast<float>(input - 1) / static_cast<float>(output - 1)
                                       : static_cast<float>(input) / static_cast<float>(output);
}

// Kernels from what each operator has:
//   struct MyAttributes : ResizeAttributes {};  // with a visit()
//   Status resize_setup(const MyAttributes&, const TensorInfo& input, const TensorInfo& output, MyParameters& p);
//   void resize_run(const MyParameters& p, const T* input, T* output);
template <class Attributes, class Parameters>
Status resize_checked_setup(const Attributes& a, const TensorInfo& input, const TensorInfo& output, Parameters& p) {
  Shape shape;
  if (input.type != output.type) return Status::unsupported_type;
  if (!resize_shape(a, input.shape, shape) || shape != output.shape) return Status::unsupported_shape;
  return resize_setup(a, input, output, p);
}

template <class Attributes, class Parameters>
Status prepare_resize(PrepareContext& node) {
  if (node.input_count() != 2 || node.output_count() != 1 || !node.has_input(0)) return Status::unsupported_shape;
  Attributes attributes;
  const TensorInfo input = node.input(0);
  Status status = read_attributes(node, 1, input.shape, attributes);
  Parameters p;
  if (status == Status::ok) status = resize_checked_setup(attributes, input, node.output(0), p);
  if (status == Status::ok) node.keep(p);
  return status;
}

template <class T, class Parameters>
void invoke_resize(const InvokeContext& node) {
  resize_run(node.data<Parameters>(), node.input<T>(0), node.output<T>(0));
}

}  // namespace mote
