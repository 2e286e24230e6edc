// Matrix products: output[..., i, j] = sum_k a[..., i, k] * b[..., k, j]. The dimensions before the last two broadcast.
// With adj_x, a is stored [..., k, i]; with adj_y, b is stored [..., j, k].
//
// Integers: products of distances from the zero points; int8 sums wrap at 32 bits, int16 ones (zero points 0) have 64.
// Source: TFLite kernels/internal/reference/batch_matmul.h, micro/kernels/batch_matmul.cc.
#pragma once
#include "device/broadcast.h"
#include "device/requantize.h"

namespace mote {

constexpr int32_t kBatchMatmulCode = 126;

struct BatchMatmulAttributes {
  bool adj_x = false, adj_y = false;
  bool asymmetric_quantize_inputs = false;  // concerns hybrid models only
};

template <class V>
void visit(V& v, BatchMatmulAttributes& a) {
  v.field(0, "adj_x", a.adj_x);
  v.field(1, "adj_y", a.adj_y);
  v.field(2, "asymmetric_quantize_inputs", a.asymmetric_quantize_inputs);
}

// Steps are in elements.
struct BatchMatmulGeometry {
  int32_t rows, depth, columns;
  int32_t row_step_a, step_a;     // to the next row and the next element of a row
  int32_t step_b, column_step_b;  // to the next element of a column and the next column
  int32_t groups;                 // of matrices, behind the parameters, in steps of whole matrices
};

constexpr Shape without_matrix(Shape shape) {
  shape.rank -= 2;
  return shape;
}

// False: no matrices, depths that differ, or leading dimensions that do not broadcast.
constexpr bool batch_matmul_shape(const BatchMatmulAttributes& a, const Shape& x, const Shape& y, Shape& output) {
  if (x.rank < 2 || y.rank < 2) return false;
  const int32_t rows = x[x.rank - (a.adj_x ? 1 : 2)], depth = x[x.rank - (a.adj_x ? 2 : 1)];
  if (y[y.rank - (a.adj_y ? 1 : 2)] != depth || depth < 1) return false;
  if (!broadcast_shape(without_matrix(x), without_matrix(y), output)) return false;
  output.dims[output.rank++] = rows;
  output.dims[output.rank++] = y[y.rank - (a.adj_y ? 2 : 1)];
  return true;
}

struct BatchMatmulInt8 {
  using Stored = int8_t;
  using Sum = int32_t;
  BatchMatmulGeometry g;
  Multiplier scale;
  int16_t zero_a, zero_b, zero_output;

  int32_t product(int8_t a, int8_t b) const { return int32_t{a - zero_a} * (b - zero_b); }
  int8_t finished(int32_t sum) const {
    const int32_t scaled = requantize(sum, scale.multiplier, scale.shift);
    return static_cast<int8_t>(clamp(wrapping_add(scaled, zero_output), -128, 127));
  }
};

struct BatchMatmulInt16 {
  using Stored = int16_t;
  using Sum = int64_t;
  BatchMatmulGeometry g;
  Multiplier scale;

  int32_t product(int16_t a, int16_t b) const { return int32_t{a} * b; }
  int16_t finished(int64_t sum) const {
    return static_cast<int16_t>(clamp(requantize_wide(sum, scale.multiplier, scale.shift), -32768, 32767));
  }
};

struct BatchMatmulFloat32 {
  using Stored = float;
  using Sum = float;
  BatchMatmulGeometry g;

  float product(float a, float b) const { return a * b; }
  float finished(float sum) const { return sum; }
};

template <class P>
void batch_matmul_run(const P& p, const StepGroup* groups, const typename P::Stored* a, const typename P::Stored* b,
                      typename P::Stored* output) {
  using Stored = typename P::Stored;
  const BatchMatmulGeometry& g = p.g;
  const int32_t matrix_a = g.rows * g.depth, matrix_b = g.depth * g.columns;
  // The steps are counted on addresses that are never read: one element for each matrix.
  for_each_step(groups, g.groups, a, b, [&](const Stored& at_a, const Stored& at_b) {
    const Stored *row = a + (&at_a - a) * matrix_a, *const columns = b + (&at_b - b) * matrix_b;
    for (int32_t i = 0; i < g.rows; ++i, row += g.row_step_a) {
      const Stored* column = columns;
      for (int32_t j = 0; j < g.columns; ++j, column += g.column_step_b) {
        typename P::Sum sum = 0;
        for (int32_t k = 0; k < g.depth; ++k) sum += p.product(row[k * g.step_a], column[k * g.step_b]);
        *output++ = p.finished(sum);
      }
    }
  });
}

inline Status batch_matmul_scales(const TensorInfo& a, const TensorInfo& b, const TensorInfo& output,
                                  BatchMatmulInt8& p) {
  if (p.g.depth > int32_t{1} << 15) return Status::unsupported_shape;  // beyond it the sum could wrap
  p.zero_a = static_cast<int16_t>(a.quantization.zero_point);
  p.zero_b = static_cast<int16_t>(b.quantization.zero_point);
  p.zero_output = static_cast<int16_t>(output.quantization.zero_point);
  return multiplier_per_tensor(float_bits_at(a.quantization.scales), float_bits_at(b.quantization.scales),
                               float_bits_at(output.quantization.scales), p.scale)
             ? Status::ok
             : Status::bad_quantization;
}

inline Status batch_matmul_scales(const TensorInfo& a, const TensorInfo& b, const TensorInfo& output,
                                  BatchMatmulInt16& p) {
  const bool good = (a.quantization.zero_point | b.quantization.zero_point | output.quantization.zero_point) == 0 &&
                    multiplier_per_tensor(float_bits_at(a.quantization.scales), float_bits_at(b.quantization.scales),
                                          float_bits_at(output.quantization.scales), p.scale) &&
                    p.scale.shift < kWideShiftEnd;
  return good ? Status::ok : Status::bad_quantization;
}

inline Status batch_matmul_scales(const TensorInfo&, const TensorInfo&, const TensorInfo&, BatchMatmulFloat32&) {
  return Status::ok;
}

template <class P>
Status batch_matmul_setup(const BatchMatmulAttributes& attributes, const TensorInfo& a, const TensorInfo& b,
                          const TensorInfo& output, P& p, StepGroups& batches) {
  constexpr DType kType = StoredAs<typename P::Stored>::kType;
  if (a.type != kType || b.type != kType || output.type != kType) return Status::unsupported_type;
  Shape shape;
  if (!batch_matmul_shape(attributes, a.shape, b.shape, shape) || shape != output.shape)
    return Status::unsupported_shape;
  if (kType != DType::float32 && (!is_per_tensor(a) || !is_per_tensor(b) || !is_per_tensor(output)))
    return Status::bad_quantization;
  batches = broadcast_groups(without_matrix(a.shape), without_matrix(b.shape), without_matrix(shape));
  BatchMatmulGeometry& g = p.g;
  g.rows = shape[shape.rank - 2];
  g.columns = shape[shape.rank - 1];
  g.depth = a.shape[a.shape.rank - (attributes.adj_x ? 2 : 1)];
  g.row_step_a = attributes.adj_x ? 1 : g.depth;
  g.step_a = attributes.adj_x ? g.rows : 1;
  g.step_b = attributes.adj_y ? 1 : g.columns;
  g.column_step_b = attributes.adj_y ? g.depth : 1;
  g.groups = batches.count;
  return batch_matmul_scales(a, b, output, p);
}

template <class P>
Status prepare_batch_matmul(PrepareContext& node) {
  if (node.input_count() != 2 || node.output_count() != 1 || !node.has_input(0) || !node.has_input(1))
    return Status::unsupported_shape;
  BatchMatmulAttributes attributes;
  if (!node.read(attributes)) return Status::bad_model;
  P p;
  StepGroups batches;
  const Status status = batch_matmul_setup(attributes, node.input(0), node.input(1), node.output(0), p, batches);
  if (status != Status::ok) return status;
  node.keep(p);
  StepGroup* groups = node.keep_array<StepGroup>(batches.count);
  for (int32_t i = 0; groups != nullptr && i < batches.count; ++i) groups[i] = batches.groups[i];
  return Status::ok;
}

template <class P>
void invoke_batch_matmul(const InvokeContext& node) {
  using Stored = typename P::Stored;
  const P& p = node.data<P>();
  batch_matmul_run(p, reinterpret_cast<const StepGroup*>(&p + 1), node.input<Stored>(0), node.input<Stored>(1),
                   node.output<Stored>(0));
}

template <class P>
constexpr Kernel batch_matmul_kernel() {
  constexpr DType kType = StoredAs<typename P::Stored>::kType;
  return Kernel{kBatchMatmulCode, kType, kType, false, prepare_batch_matmul<P>, invoke_batch_matmul<P>};
}

constexpr Kernel batch_matmul_int8 = batch_matmul_kernel<BatchMatmulInt8>();
constexpr Kernel batch_matmul_int16 = batch_matmul_kernel<BatchMatmulInt16>();
constexpr Kernel batch_matmul_float32 = batch_matmul_kernel<BatchMatmulFloat32>();

}  // namespace mote
