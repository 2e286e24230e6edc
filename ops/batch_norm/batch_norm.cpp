// Ioffe and Szegedy 2015. A training step uses mean and variance of the shard ("ghost" batch normalization, Hoffer et
// al. 2017), so that shards do not wait for each other; the running ones move by those of the whole batch.
#include "ops/batch_norm/batch_norm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ops/op_families.h"

namespace mote {

namespace {

enum Input { kX, kGamma, kBeta, kMean, kVariance, kInputs };

Channels size_of(const FloatCall& call) {
  const int32_t channels = call.input_shapes[kX].last();
  return {call.input_shapes[kX].elements() / channels, channels};
}

Clamp limits(const FloatCall& call) {
  const FloatRange range = float_activation_range(call.attributes->as<BatchNormAttributes>().activation);
  return {range.low, range.high};
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

// saved: mean and variance of the shard, `channels` floats each.
int64_t saved_floats(const FloatCall& call) {
  return int64_t{2} * size_of(call).channels;
}
int64_t workspace_floats(const FloatCall& call) {
  return int64_t{6} * size_of(call).channels;
}

// The statistics that this call normalizes with.
struct Statistics {
  const float *mean, *variance;
};

Statistics statistics_of(const FloatCall& call, const Channels& size) {
  if (call.training) return {call.saved, call.saved + size.channels};
  return {call.inputs[kMean], call.inputs[kVariance]};
}

void inverse_deviations(const FloatCall& call, const Channels& size, const float* variance, float* inverse) {
  const float epsilon = call.attributes->as<BatchNormAttributes>().epsilon;
  for (int64_t c = 0; c < size.channels; ++c) inverse[c] = 1.0f / std::sqrt(variance[c] + epsilon);
}

void forward(const FloatCall& call) {
  const Channels size = size_of(call);
  const float* const x = call.inputs[kX];
  if (call.training) simd().moments(size, x, call.saved, call.saved + size.channels);
  const Statistics seen = statistics_of(call, size);
  float *const scale = call.workspace, *const offset = scale + size.channels;
  inverse_deviations(call, size, seen.variance, scale);
  for (int64_t c = 0; c < size.channels; ++c) {
    scale[c] *= call.inputs[kGamma][c];
    offset[c] = call.inputs[kBeta][c] - seen.mean[c] * scale[c];
  }
  simd().scale_shift(size, x, scale, offset, limits(call), call.outputs[0]);
}

// With dz = dy where the activation is not clipped, else 0, and u = (x - mean) / deviation:  dbeta = sum dz,
// dgamma = sum dz u,  and
//   dx = gamma / deviation * (dz - (dbeta + u dgamma) / rows)   when mean and variance are those of x,
//   dx = gamma / deviation * dz                                 when they are constants.
void backward(const FloatCall& call) {
  const Channels size = size_of(call);
  const Statistics seen = statistics_of(call, size);
  const float *const x = call.inputs[kX], *const y = call.outputs[0], *const dy = call.output_gradients[0];
  float* part = call.workspace;
  const auto take = [&] { return std::exchange(part, part + size.channels); };
  float *const a = take(), *const b = take(), *const offset = take(), *const inverse = take();
  float *const dbeta = take(), *const dgamma = take();
  inverse_deviations(call, size, seen.variance, inverse);
  simd().normal_sums(size, x, y, dy, limits(call), seen.mean, dbeta, dgamma);
  for (int64_t c = 0; c < size.channels; ++c) dgamma[c] *= inverse[c];
  if (call.input_gradients[kGamma] != nullptr) std::copy_n(dgamma, size.channels, call.input_gradients[kGamma]);
  if (call.input_gradients[kBeta] != nullptr) std::copy_n(dbeta, size.channels, call.input_gradients[kBeta]);
  if (call.input_gradients[kX] == nullptr) return;
  // dx = a dz + b x + offset, the factors one after the other.
  const float share = call.training ? 1.0f / static_cast<float>(size.rows) : 0.0f;
  for (int64_t c = 0; c < size.channels; ++c) {
    a[c] = call.inputs[kGamma][c] * inverse[c];
    b[c] = -share * a[c] * inverse[c] * dgamma[c];
    offset[c] = -share * a[c] * dbeta[c] - b[c] * seen.mean[c];
  }
  simd().normal_backward(size, x, y, dy, limits(call), a, call.input_gradients[kX]);
}

// Mean of the whole batch, and its variance as an estimate of that of all data (rows - 1 in the denominator).
void learn_statistics(std::span<const FloatCall> shards, std::span<float* const> statistics) {
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
    for (const FloatCall& shard : shards) mean += static_cast<double>(size_of(shard).rows) / rows * shard.saved[c];
    for (const FloatCall& shard : shards) {
      const double distance = shard.saved[c] - mean;
      squares += static_cast<double>(size_of(shard).rows) * (shard.saved[channels + c] + distance * distance);
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

}  // namespace

extern const OpDef batch_norm_def;
const OpDef batch_norm_def = {
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
};

}  // namespace mote
