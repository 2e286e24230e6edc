// Ioffe and Szegedy 2015. A training step uses mean and variance of the shard ("ghost" batch normalization, Hoffer et
// al. 2017), so that shards do not wait for each other; the running ones move by those of the whole batch.
#include "ops/batch_norm/batch_norm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ops/op_families.h"

namespace mote {

namespace {
namespace batch_norm_op {

enum Input { kX, kGamma, kBeta, kMean, kVariance, kInputs };

Channels size_of(const FloatCall& call) {
  const int32_t channels = call.input_shapes[kX].last();
  return {call.input_shapes[kX].elements() / channels, channels};
}

Clamp limits(const FloatCall& call) {
  return limits_of(call.attributes->as<BatchNormAttributes>().activation);
}

// Mean and variance are those of the rows, not the running ones.
bool by_rows(const FloatCall& call) {
  return call.training && !call.attributes->as<BatchNormAttributes>().frozen;
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  constexpr const char* kNames[] = {"input", "gamma", "beta", "mean", "variance"};
  MOTE_CHECK(expect_inputs(inputs, kInputs, kInputs));
  for (size_t i = 0; i < kInputs; ++i) MOTE_CHECK(expect_type(inputs, i, kNames[i], {DType::float32}));
  MOTE_CHECK(expect_clamping(attributes.as<BatchNormAttributes>().activation));
  const Shape& x = inputs[kX].shape;
  if (x.rank < 2 || x.last() < 1)
    return input_error(fmt::format("its input has shape {}; expected a batch and channels", to_string(x)));
  for (size_t i = kGamma; i < kInputs; ++i)
    if (inputs[i].shape != make_shape({x.last()}))
      return input_error(fmt::format("the {} (input {}) has shape {}; expected one number for each of {} channels",
                                     kNames[i], i, to_string(inputs[i].shape), x.last()));
  const auto a = attributes.as<BatchNormAttributes>();
  if (!(a.momentum >= 0 && a.momentum < 1) || !(a.epsilon > 0))
    return input_error(fmt::format(
        "momentum {:g} and epsilon {:g}: expected a momentum of at least 0 and below 1, and an epsilon above 0",
        a.momentum, a.epsilon));
  return std::vector{x};
}

// What is saved, each of `channels` floats. The output is clamp(scale x + shift); mean and variance are those that the
// call normalizes with, the shard's in training unless it is frozen; sums and products are those of
// SimdKernels::normal_sums, the three factors those of normal_backward. Scale, shift and mean lie side by side, as
// those kernels take them.
enum Saved { kScale, kShift, kSeenMean, kSeenVariance, kSums, kProducts, kFactors, kSaved = kFactors + 3 };

float* saved(const FloatCall& call, Saved what) {
  return call.saved + int64_t{what} * size_of(call).channels;
}
int64_t saved_floats(const FloatCall& call) {
  return int64_t{kSaved} * size_of(call).channels;
}
// Two numbers of each channel, of one part.
int64_t workspace_floats(const FloatCall& call) {
  return int64_t{2} * size_of(call).channels;
}

// Rows of pixels that earlier parts had.
double rows_before(const FloatCall& call) {
  const Channels size = size_of(call);
  return static_cast<double>(call.row) * static_cast<double>(size.rows) / call.input_shapes[kX][0];
}

// Chan, Golub and LeVeque 1979: mean and variance of two parts together.
void join_moments(double rows, const float* mean, const float* variance, double more, int32_t channels, float* to_mean,
                  float* to_variance) {
  const double share = more / (rows + more), spread = share * (1 - share);
  for (int32_t c = 0; c < channels; ++c) {
    const double distance = double{mean[c]} - double{to_mean[c]};
    const double within = (1 - share) * double{to_variance[c]} + share * double{variance[c]};
    to_mean[c] = static_cast<float>(double{to_mean[c]} + share * distance);
    to_variance[c] = static_cast<float>(within + spread * distance * distance);
  }
}

void observe(const FloatCall& call) {
  const Channels size = size_of(call);
  float *const mean = saved(call, kSeenMean), *const variance = saved(call, kSeenVariance);
  if (!by_rows(call)) {
    std::copy_n(call.inputs[kMean], size.channels, mean);
    std::copy_n(call.inputs[kVariance], size.channels, variance);
  } else if (call.row == 0) {
    simd().moments(size, call.inputs[kX], mean, variance);
  } else {
    float *const more_mean = call.workspace, *const more_variance = more_mean + size.channels;
    simd().moments(size, call.inputs[kX], more_mean, more_variance);
    join_moments(rows_before(call), more_mean, more_variance, static_cast<double>(size.rows), size.channels, mean,
                 variance);
  }
}

float inverse_deviation(const FloatCall& call, int64_t c) {
  return 1.0f / std::sqrt(saved(call, kSeenVariance)[c] + call.attributes->as<BatchNormAttributes>().epsilon);
}

ChannelLine line(const FloatCall& call) {
  const Channels size = size_of(call);
  float *const scale = saved(call, kScale), *const shift = saved(call, kShift), *const mean = saved(call, kSeenMean);
  for (int64_t c = 0; call.row == 0 && c < size.channels; ++c) {
    scale[c] = call.inputs[kGamma][c] * inverse_deviation(call, c);
    shift[c] = call.inputs[kBeta][c] - mean[c] * scale[c];
  }
  return {scale, shift, limits(call)};
}

void forward(const FloatCall& call) {
  const ChannelLine made = line(call);
  simd().scale_shift(size_of(call), call.inputs[kX], made.scale, made.shift, made.limits, call.outputs[0]);
}

// With dz = dy where the activation is not clipped, else 0, and u = (x - mean) / deviation:  dbeta = sum dz,
// dgamma = sum dz u,  and
//   dx = gamma / deviation * (dz - (dbeta + u dgamma) / rows)   when mean and variance are those of x,
//   dx = gamma / deviation * dz                                 when they are constants.
// So dx = a dz + b x + c, the factors one after the other.
void find_gradients(const FloatCall& call, float* sums, float* products) {
  const Channels size = size_of(call);
  float *const a = saved(call, kFactors), *const b = a + size.channels, *const offset = b + size.channels;
  const auto rows = static_cast<float>(rows_before(call) + static_cast<double>(size.rows));
  const float share = by_rows(call) ? 1.0f / rows : 0.0f;
  for (int64_t c = 0; c < size.channels; ++c) {
    const float inverse = inverse_deviation(call, c), dbeta = sums[c], dgamma = products[c] * inverse;
    a[c] = saved(call, kScale)[c];
    b[c] = -share * a[c] * inverse * dgamma;
    offset[c] = -share * a[c] * dbeta - b[c] * saved(call, kSeenMean)[c];
    if (call.input_gradients[kGamma] != nullptr) call.input_gradients[kGamma][c] = dgamma;
    if (call.input_gradients[kBeta] != nullptr) call.input_gradients[kBeta][c] = dbeta;
  }
}

void observe_gradient(const FloatCall& call) {
  const Channels size = size_of(call);
  float *const sums = saved(call, kSums), *const products = saved(call, kProducts);
  float* const part_sums = call.row == 0 ? sums : call.workspace;
  float* const part_products = call.row == 0 ? products : call.workspace + size.channels;
  simd().normal_sums(size, call.inputs[kX], call.output_gradients[0], limits(call), saved(call, kScale), part_sums,
                     part_products);
  if (call.row > 0) {
    simd().add(size.channels, part_sums, sums);
    simd().add(size.channels, part_products, products);
  }
  if (call.last) find_gradients(call, sums, products);
}

void backward(const FloatCall& call) {
  if (call.input_gradients[kX] == nullptr) return;
  simd().normal_backward(size_of(call), call.inputs[kX], call.output_gradients[0], limits(call), saved(call, kScale),
                         saved(call, kFactors), call.input_gradients[kX]);
}

// Mean of the whole batch, and its variance as an estimate of that of all data (rows - 1 in the denominator).
void learn_statistics(std::span<const FloatCall> shards, std::span<float* const> statistics) {
  if (!by_rows(shards[0])) return;
  const float keep = shards[0].attributes->as<BatchNormAttributes>().momentum;
  const int64_t channels = size_of(shards[0]).channels;
  double rows = 0;
  for (const FloatCall& shard : shards) rows += static_cast<double>(size_of(shard).rows);
  if (rows < 2) return;
  const auto towards = [keep](float& running, double seen) {
    running = static_cast<float>(double{keep} * running + (1 - double{keep}) * seen);
  };
  for (int64_t c = 0; c < channels; ++c) {
    double mean = 0, squares = 0;
    for (const FloatCall& shard : shards)
      mean += static_cast<double>(size_of(shard).rows) / rows * saved(shard, kSeenMean)[c];
    for (const FloatCall& shard : shards) {
      const double distance = saved(shard, kSeenMean)[c] - mean;
      squares += static_cast<double>(size_of(shard).rows) * (saved(shard, kSeenVariance)[c] + distance * distance);
    }
    towards(statistics[kMean][c], mean);
    towards(statistics[kVariance][c], squares / (rows - 1));
  }
}

OpCase make_case(const char* name, Shape x, float epsilon = 1e-3f, Activation activation = Activation::none) {
  OpCase result;
  result.name = name;
  result.attributes = Attributes::of(BatchNormAttributes{0.9f, epsilon, activation});
  const Shape channels = make_shape({x.last()});
  result.inputs = {x, channels, channels, channels, channels};
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("few_rows", make_shape({4, 5})),
          make_case("steps", make_shape({2, 1, 9, 4})),
          make_case("image", make_shape({3, 4, 5, 7})),
          make_case("large_epsilon", make_shape({6, 3}), 0.5f),
          make_case("many_rows", make_shape({5, 5, 7, 2})),
          make_case("relu", make_shape({4, 3, 5, 9}), 1e-3f, Activation::relu),
          make_case("relu6", make_shape({7, 20}), 1e-3f, Activation::relu6)};
}

OpCase random_case(Random& random) {
  const int32_t rows = 3 + random_dim(random), columns = random_dim(random), channels = random_dim(random);
  OpCase result = make_case("random", make_shape({rows, columns, channels}), 1e-3f, random_activation(random));
  result.seed = static_cast<uint32_t>(random.bits());
  return result;
}

constexpr OpDef kDef = {
    .name = "batch_norm",
    .tflite_name = "BATCH_NORM",
    .tflite_code = kTrainingOnly,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<BatchNormAttributes>,
    .visit = visit_attributes<BatchNormAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = workspace_floats,
    .quant = {{InputRole::activation, InputRole::weights, InputRole::bias, InputRole::statistic, InputRole::statistic},
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
    .in_parts = true,
    .repeatable = true,
    .line = line,
    .observe = observe,
    .observe_gradient = observe_gradient,
};

}  // namespace batch_norm_op
}  // namespace

extern const OpDef batch_norm_def;
const OpDef batch_norm_def = batch_norm_op::kDef;

}  // namespace mote
