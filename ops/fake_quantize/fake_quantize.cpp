// Jacob et al. 2018 ("Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"),
// section 3; the straight-through gradient is Bengio et al. 2013. Ranges only widen: a clipped value costs more than a
// coarser step.
#include "ops/fake_quantize/fake_quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "device/requantize.h"
#include "ops/hard_swish/hard_swish.h"
#include "ops/op_families.h"
#include "toolchain/base/quant_params.h"

namespace mote {

namespace {
namespace fake_quantize_op {

// A unit has one number, or one for each index of the last dimension, or is a range. The partner is what else the
// kernel reads. Gain and offset map x to what is quantized, x gain + offset, and back: the units of regression targets,
// which training has standardised.
enum Input { kX, kRange, kUnit, kGain, kOffset, kPartner, kInputs };

bool has(const FloatCall& call, size_t input) {
  return call.inputs.size() > input && call.inputs[input] != nullptr;
}

FakeRounding rounding_of(const Attributes& attributes) {
  return static_cast<FakeRounding>(attributes.as<FakeQuantizeAttributes>().rounding);
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  constexpr const char* kNames[] = {"input", "range", "unit", "gain", "offset", "partner"};
  MOTE_CHECK(expect_inputs(inputs, 2, kInputs));
  const auto given = [&](size_t i) { return i < inputs.size() && inputs[i].shape.rank >= 0; };
  for (size_t i = 0; i < inputs.size(); ++i)
    if (given(i)) MOTE_CHECK(expect_type(inputs, i, kNames[i], {DType::float32}));
  if (inputs[kRange].shape != make_shape({2}))
    return input_error(
        fmt::format("the range has shape {}; expected two numbers, low and high", to_string(inputs[kRange].shape)));
  const FakeRounding rounding = rounding_of(attributes);
  const bool product = rounding == FakeRounding::product, mapped = rounding == FakeRounding::hard_swish;
  const bool ranged = product || mapped || rounding == FakeRounding::sum;
  const bool unit = ranged || rounding == FakeRounding::accumulator;
  if (unit != given(kUnit))
    return input_error(unit ? "its rounding needs a unit (input 2)" : "its rounding has no use for a unit (input 2)");
  if ((product || mapped) != given(kPartner))
    return input_error("a partner (input 5) belongs to the rounding of products and of hard_swish");
  if (mapped && inputs[kPartner].shape != inputs[kX].shape)
    return input_error(fmt::format("the partner has shape {}; expected that of the input, {}",
                                   to_string(inputs[kPartner].shape), to_string(inputs[kX].shape)));
  const int32_t last = inputs[kX].shape.last();
  for (size_t i = kUnit; i < kInputs; ++i) {
    if (!given(i) || (mapped && i == kPartner)) continue;
    const int32_t numbers = inputs[i].shape.elements();
    const int32_t expected = (i == kUnit && ranged) || i == kPartner ? 2 : last;
    if (numbers != expected && !(i == kUnit && rounding == FakeRounding::accumulator && numbers == 1))
      return input_error(fmt::format("the {} has {} numbers; expected {}", kNames[i], numbers, expected));
  }
  return std::vector{inputs[kX].shape};
}

// QuantizeMultiplier of TFLite (kernels/internal/quantization_util.cc).
Multiplier multiplier_of(double ratio) {
  int shift = 0;
  const double fraction = std::frexp(ratio, &shift);
  auto rounded = static_cast<int64_t>(std::round(fraction * 0x1p31));
  if (rounded == int64_t{1} << 31) rounded /= 2, ++shift;
  return shift < -31 ? Multiplier{0, 0} : Multiplier{static_cast<int32_t>(rounded), std::min(shift, 30)};
}

// The grid, and where values are in the deployed model.
struct Grid {
  explicit Grid(const FloatCall& call)
      : scale_zero(asymmetric_int8(call.inputs[kRange][0], call.inputs[kRange][1])),
        columns(call.input_shapes[kX].last()),
        rows(call.input_shapes[kX].elements() / std::max(columns, 1)),
        gain(has(call, kGain) ? call.inputs[kGain] : nullptr),
        offset(has(call, kOffset) ? call.inputs[kOffset] : nullptr) {}

  float deployed(float x, int32_t column) const { return gain ? x * gain[column] + offset[column] : x; }
  float back(int32_t stored, int32_t column) const {
    const float real = dequantize(std::clamp(stored, kInt8Min, kInt8Max), scale_zero.scale, scale_zero.zero_point);
    return gain ? (real - offset[column]) / gain[column] : real;
  }

  ScaleZero scale_zero;
  int32_t columns;
  int64_t rows;
  const float *gain, *offset;
};

// Units, and a multiplier for each, both in the workspace. Sums have two units: above and below zero.
int64_t unit_count(const FloatCall& call) {
  if (rounding_of(*call.attributes) == FakeRounding::sum) return 2;
  if (rounding_of(*call.attributes) == FakeRounding::product) return 1;
  if (rounding_of(*call.attributes) == FakeRounding::hard_swish) return 0;
  return call.input_shapes.size() > kUnit && call.input_shapes[kUnit].rank >= 0 ? call.input_shapes[kUnit].elements()
                                                                                : 0;
}
int64_t workspace_floats(const FloatCall& call) {
  static_assert(sizeof(Multiplier) == 2 * sizeof(float) && alignof(Multiplier) <= alignof(float));
  return 3 * unit_count(call);
}

// Stored numbers of requantized accumulators.
class FromAccumulator {
 public:
  FromAccumulator(const FloatCall& call, const Grid& grid)
      : units_(call.workspace + 2 * unit_count(call)),
        multipliers_(reinterpret_cast<Multiplier*>(call.workspace)),
        sum_(rounding_of(*call.attributes) == FakeRounding::sum),
        step_(!sum_ && unit_count(call) > 1 ? 1 : 0),
        zero_point_(grid.scale_zero.zero_point) {
    const auto a = call.attributes->as<FakeQuantizeAttributes>();
    const float *const unit = call.inputs[kUnit], negative = std::fabs(a.negative);
    if (sum_) {
      units_[0] = asymmetric_int8(unit[0], unit[1]).scale / static_cast<float>(a.count);
      units_[1] = negative > 0 ? units_[0] * negative : units_[0];
    } else if (rounding_of(*call.attributes) == FakeRounding::product) {
      const float* const factor = call.inputs[kPartner];
      units_[0] = asymmetric_int8(unit[0], unit[1]).scale * asymmetric_int8(factor[0], factor[1]).scale;
    } else {
      std::copy_n(unit, unit_count(call), units_);
    }
    for (int64_t i = 0; i < unit_count(call); ++i)
      multipliers_[i] = multiplier_of(double{units_[i]} / double{grid.scale_zero.scale});
  }
  int32_t operator()(float value, int32_t column) const {
    const int32_t i = sum_ ? value < 0 : column * step_;
    const float sum = std::clamp(value / units_[i], -0x1p30f, 0x1p30f);
    const auto accumulator = static_cast<int32_t>(sum + (sum < 0 ? -0.5f : 0.5f));
    return requantize(accumulator, multipliers_[i].multiplier, multipliers_[i].shift) + zero_point_;
  }

 private:
  float* units_;
  Multiplier* multipliers_;
  bool sum_;
  int32_t step_, zero_point_;
};

// Stored numbers that the kernel of hard_swish makes of the partner's, one after the other.
class FromHardSwish {
 public:
  FromHardSwish(const FloatCall& call, const Grid& grid)
      : from_(asymmetric_int8(call.inputs[kUnit][0], call.inputs[kUnit][1])),
        to_(grid.scale_zero),
        next_(call.inputs[kPartner]) {
    known_ = unary_setup(HardSwishAttributes{}, info(from_), info(to_), kernel_) == Status::ok;
  }
  int32_t operator()(float value, int32_t) {
    const int8_t stored = quantize_int8(*next_++, from_.scale, from_.zero_point);
    return known_ ? kernel_(stored) : quantize_int8(value, to_.scale, to_.zero_point);
  }

 private:
  static TensorInfo info(const ScaleZero& grid) {
    TensorInfo tensor;
    tensor.type = DType::int8;
    tensor.quantization.scales = &grid.scale;
    tensor.quantization.zero_point = grid.zero_point;
    tensor.quantization.count = 1;
    return tensor;
  }

  ScaleZero from_, to_;
  const float* next_;
  HardSwishInt8 kernel_{};
  bool known_ = false;  // otherwise the kernel refuses these scales, and so does export
};

// Ties are found although float arithmetic misses them by a little.
int32_t round_stored(float value, ScaleZero grid) {
  constexpr double kNearTie = 1e-4;
  const double stored = double{value} / double{grid.scale} + grid.zero_point;
  const double away = std::copysign(std::floor(std::fabs(stored) + 0.5 + kNearTie), stored);
  return static_cast<int32_t>(std::clamp(away, -512.0, 512.0));
}

// saved: the least and the greatest of what was quantized.
int64_t saved_floats(const FloatCall&) {
  return 2;
}

// Calls `quantize(value, column)`, which gives the stored number, for every element.
template <class Quantize>
void quantize_all(const FloatCall& call, const Grid& grid, Quantize quantize) {
  const float* x = call.inputs[kX];
  float* y = call.outputs[0];
  float low = call.row > 0 ? call.saved[0] : 0, high = call.row > 0 ? call.saved[1] : 0;
  for (int64_t row = 0; row < grid.rows; ++row)
    for (int32_t column = 0; column < grid.columns; ++column) {
      const float value = grid.deployed(*x++, column);
      low = std::min(low, value);
      high = std::max(high, value);
      *y++ = grid.back(quantize(value, column), column);
    }
  call.saved[0] = low, call.saved[1] = high;
}

void forward(const FloatCall& call) {
  const Grid grid(call);
  const ScaleZero to = grid.scale_zero;
  switch (rounding_of(*call.attributes)) {
    case FakeRounding::accumulator:
    case FakeRounding::sum:
    case FakeRounding::product:
      return quantize_all(call, grid, FromAccumulator(call, grid));
    case FakeRounding::hard_swish:
      return quantize_all(call, grid, FromHardSwish(call, grid));
    case FakeRounding::stored:
      return quantize_all(call, grid, [&](float value, int32_t) { return round_stored(value, to); });
    case FakeRounding::real:
      return quantize_all(call, grid,
                          [&](float value, int32_t) { return int32_t{quantize_int8(value, to.scale, to.zero_point)}; });
  }
}

void backward(const FloatCall& call) {
  for (size_t i = kUnit; i < call.input_gradients.size(); ++i)  // what the grid follows from is taken for given
    if (call.input_gradients[i] != nullptr) std::fill_n(call.input_gradients[i], call.input_shapes[i].elements(), 0.0f);
  float* dx = call.input_gradients[kX];
  if (dx == nullptr) return;
  const Grid grid(call);
  const auto [scale, zero_point] = grid.scale_zero;
  // Half a step beyond the last number is still rounded to it, not clipped.
  const float low = (static_cast<float>(kInt8Min - zero_point) - 0.5f) * scale;
  const float high = (static_cast<float>(kInt8Max - zero_point) + 0.5f) * scale;
  const float *x = call.inputs[kX], *dy = call.output_gradients[0];
  for (int64_t row = 0; row < grid.rows; ++row)
    for (int32_t column = 0; column < grid.columns; ++column) {
      const float value = grid.deployed(*x++, column), gradient = *dy++;
      *dx++ = value >= low && value <= high ? gradient : 0.0f;
    }
}

void learn_statistics(std::span<const FloatCall> shards, std::span<float* const> statistics) {
  const auto a = shards[0].attributes->as<FakeQuantizeAttributes>();
  if (a.momentum >= 1) return;
  float low = 0, high = 0;
  for (const FloatCall& shard : shards) low = std::min(low, shard.saved[0]), high = std::max(high, shard.saved[1]);
  low = std::max(low * (1 + a.margin), a.least), high = std::min(high * (1 + a.margin), a.most);
  float* const range = statistics[kRange];
  if (std::isfinite(low) && low < range[0]) range[0] += (1 - a.momentum) * (low - range[0]);
  if (std::isfinite(high) && high > range[1]) range[1] += (1 - a.momentum) * (high - range[1]);
}

OpCase with_rounding(const char* name, Shape x, FakeRounding rounding, int32_t units) {
  OpCase result = case_of(name, {x, make_shape({2})}, 5, -1, 1);
  FakeQuantizeAttributes a;
  a.rounding = static_cast<int32_t>(rounding);
  a.count = 4;
  if (units > 0) result.inputs.push_back(make_shape({units}));
  if (rounding == FakeRounding::product || rounding == FakeRounding::hard_swish) {
    result.inputs.insert(result.inputs.end(), 2, Shape{-1, {}});
    result.inputs.push_back(rounding == FakeRounding::product ? make_shape({2}) : x);
  }
  result.attributes = Attributes::of(a);
  return result;
}

std::vector<OpCase> cases() {
  return {with_rounding("real", make_shape({3, 5}), FakeRounding::real, 0),
          with_rounding("stored", make_shape({2, 3, 4, 5}), FakeRounding::stored, 0),
          with_rounding("channels", make_shape({4, 6}), FakeRounding::accumulator, 6),
          with_rounding("sum", make_shape({4, 6}), FakeRounding::sum, 2),
          with_rounding("product", make_shape({4, 6}), FakeRounding::product, 2),
          with_rounding("hard_swish", make_shape({4, 6}), FakeRounding::hard_swish, 2)};
}

OpCase random_case(Random& random) {
  OpCase result = with_rounding("random", make_shape({random_dim(random), random_dim(random)}), FakeRounding::real, 0);
  result.seed = static_cast<uint32_t>(random.bits());
  return result;
}

constexpr OpDef kDef = {
    .name = "fake_quantize",
    .tflite_name = "FAKE_QUANTIZE",
    .tflite_code = kTrainingOnly,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<FakeQuantizeAttributes>,
    .visit = visit_attributes<FakeQuantizeAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = workspace_floats,
    .quant = {{InputRole::activation, InputRole::statistic, InputRole::number, InputRole::number, InputRole::number},
              0,
              OutputRule::free,
              0,
              0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = nullptr,
    .kernels = {},
    .emit = nullptr,
    .cases = cases,
    .random_case = random_case,
    .float_saved = saved_floats,
    .learn_statistics = learn_statistics,
    .straight_through = true,
    .in_parts = true,
};

}  // namespace fake_quantize_op
}  // namespace

extern const OpDef fake_quantize_def;
const OpDef fake_quantize_def = fake_quantize_op::kDef;

}  // namespace mote
