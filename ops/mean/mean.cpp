#include "ops/mean/mean.h"

#include <algorithm>

#include "ops/op_families.h"

namespace mote {

template <class T>
std::string text_of(const MeanOf<T>& p) {
  return fmt::format("Mean{} p = {{{}, {}, {}, {}}}", sizeof(T) == 1 ? "Int8" : "Int16", text_of(p.reduction),
                     text_of(p.multiplier), p.zero_sum, p.output_zero_point);
}

static std::string text_of(const MeanFloat32& p) {
  return fmt::format("MeanFloat32 p = {{{}}}", text_of(p.reduction));
}

namespace {
namespace mean_op {

// Whether outputs are means over `rows` rows of neighbouring channels, image after image.
struct Rows {
  explicit Rows(const Reduction& r)
      : images(r.kept.size[0] * r.kept.size[1]),
        rows(r.reduced.elements()),
        channels(r.kept.size[2]),
        fits(r.kept.stride[2] == 1 && rows == r.reduced.size[2] && r.reduced.stride[2] == channels &&
             r.kept.size[0] == 1) {}
  int64_t elements() const { return int64_t{rows} * channels; }

  int32_t images, rows, channels;
  bool fits;
};

void forward(const FloatCall& call) {
  const Rows r(float_reduction<MeanFloat32>(call).reduction);
  if (!r.fits) return reduce_forward<MeanFloat32>(call);
  for (int32_t i = 0; i < r.images; ++i) {
    float* const y = call.outputs[0] + int64_t{i} * r.channels;
    simd().column_sums(r.rows, r.channels, call.inputs[0] + i * r.elements(), y);
    for (int32_t c = 0; c < r.channels; ++c) y[c] /= static_cast<float>(r.rows);
  }
}

// dx = dy / elements for everything that went into y.
void backward(const FloatCall& call) {
  float* const dx = call.input_gradients[0];
  if (dx == nullptr) return;
  const Reduction reduction = float_reduction<MeanFloat32>(call).reduction;
  const Rows rows(reduction);
  const ReduceGroups& kept = reduction.kept;
  const float* dy = call.output_gradients[0];
  for (int32_t i = 0; rows.fits && i < rows.images; ++i, dy += rows.channels) {
    float* const first = dx + i * rows.elements();
    for (int32_t c = 0; c < rows.channels; ++c) first[c] = dy[c] / static_cast<float>(rows.rows);
    for (int32_t row = 1; row < rows.rows; ++row) std::copy_n(first, rows.channels, first + row * rows.channels);
  }
  for (int32_t i = 0; !rows.fits && i < kept.size[0]; ++i)
    for (int32_t j = 0; j < kept.size[1]; ++j)
      for (int32_t k = 0; k < kept.size[2]; ++k) {
        const float share = *dy++ / static_cast<float>(reduction.reduced.elements());
        const float* const first = dx + i * kept.stride[0] + j * kept.stride[1] + k * kept.stride[2];
        fold(reduction.reduced, first, 0, [&](int, const float& x) { return dx[&x - dx] = share, 0; });
      }
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = reduce_cases();
  for (size_t i : {0, 1, 2}) all.push_back(as_int16(all[i]));
  return all;
}

OpCase random_case(Random& random) {
  const OpCase result = reduce_random_case(random);
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr DeviceKernel kKernels[] = {
    {"mean_int8", &mean_int8}, {"mean_int16", &mean_int16}, {"mean_float32", &mean_float32}};

constexpr OpDef kDef = {
    .name = "mean",
    .tflite_name = "MEAN",
    .tflite_code = 40,
    .tflite_options = 27,
    .tflite_version = version_3_for_int16,
    .default_attributes = default_attributes<ReduceAttributes>,
    .visit = visit_attributes<ReduceAttributes>,
    .read_constants = read_reduce_axes,
    .infer = infer_reduce_with_int16,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = false,
    .device_header = "ops/mean/mean.h",
    .kernels = kKernels,
    .emit = reduce_emit<MeanInt8, MeanFloat32, MeanInt16>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace mean_op
}  // namespace

extern const OpDef mean_def;
const OpDef mean_def = mean_op::kDef;

}  // namespace mote
