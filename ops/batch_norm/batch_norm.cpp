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

struct Size {
  int64_t rows, channels;
};

Size size_of(const FloatCall& call) {
  const int64_t channels = call.input_shapes[kX].last();
  return {call.input_shapes[kX].elements() / channels, channels};
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  constexpr const char* kNames[] = {"input", "gamma", "beta", "mean", "variance"};
  MOTE_CHECK(expect_inputs(inputs, kInputs, kInputs));
  for (size_t i = 0; i < kInputs; ++i) MOTE_CHECK(expect_type(inputs, i, kNames[i], {DType::float32}));
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
  return 2 * size_of(call).channels;
}
int64_t workspace_floats(const FloatCall& call) {
  return 5 * size_of(call).channels;
}

// sums[c] = sum over rows of f(row, c): by blocks, so that the error does not grow with the number of rows.
template <class F>
void sum_rows(const Size& size, float* block, float* sums, const F& f) {
  constexpr int64_t kBlock = 64;
  std::fill_n(sums, size.channels, 0.0f);
  for (int64_t first = 0; first < size.rows; first += kBlock) {
    std::fill_n(block, size.channels, 0.0f);
    for (int64_t row = first; row < std::min(first + kBlock, size.rows); ++row)
      for (int64_t c = 0; c < size.channels; ++c) block[c] += f(row * size.channels, c);
    for (int64_t c = 0; c < size.channels; ++c) sums[c] += block[c];
  }
}

void measure(const FloatCall& call, const Size& size) {
  const float* const x = call.inputs[kX];
  float *const mean = call.saved, *const variance = call.saved + size.channels, *const block = call.workspace;
  const float share = 1.0f / static_cast<float>(size.rows);
  sum_rows(size, block, mean, [x](int64_t row, int64_t c) { return x[row + c]; });
  for (int64_t c = 0; c < size.channels; ++c) mean[c] *= share;
  sum_rows(size, block, variance, [x, mean](int64_t row, int64_t c) {
    const float centred = x[row + c] - mean[c];
    return centred * centred;
  });
  for (int64_t c = 0; c < size.channels; ++c) variance[c] *= share;
}

// The statistics that this call normalizes with.
struct Statistics {
  const float *mean, *variance;
};

Statistics statistics_of(const FloatCall& call, const Size& size) {
  if (call.training) return {call.saved, call.saved + size.channels};
  return {call.inputs[kMean], call.inputs[kVariance]};
}

void inverse_deviations(const FloatCall& call, const Size& size, const float* variance, float* inverse) {
  const float epsilon = call.attributes->as<BatchNormAttributes>().epsilon;
  for (int64_t c = 0; c < size.channels; ++c) inverse[c] = 1.0f / std::sqrt(variance[c] + epsilon);
}

void forward(const FloatCall& call) {
  const Size size = size_of(call);
  if (call.training) measure(call, size);
  const Statistics seen = statistics_of(call, size);
  float *const scale = call.workspace, *const offset = scale + size.channels;
  inverse_deviations(call, size, seen.variance, scale);
  for (int64_t c = 0; c < size.channels; ++c) {
    scale[c] *= call.inputs[kGamma][c];
    offset[c] = call.inputs[kBeta][c] - seen.mean[c] * scale[c];
  }
  const float* const x = call.inputs[kX];
  float* const y = call.outputs[0];
  for (int64_t row = 0; row < size.rows * size.channels; row += size.channels)
    for (int64_t c = 0; c < size.channels; ++c) y[row + c] = x[row + c] * scale[c] + offset[c];
}

// With u = (x - mean) / deviation:  dbeta = sum dy,  dgamma = sum dy u,  and
//   dx = gamma / deviation * (dy - (dbeta + u dgamma) / rows)   when mean and variance are those of x,
//   dx = gamma / deviation * dy                                 when they are constants.
void backward(const FloatCall& call) {
  const Size size = size_of(call);
  const Statistics seen = statistics_of(call, size);
  const float *const x = call.inputs[kX], *const dy = call.output_gradients[0], *const mean = seen.mean;
  float* part = call.workspace;
  const auto take = [&] { return std::exchange(part, part + size.channels); };
  float *const block = take(), *const inverse = take(), *const dbeta = take(), *const dgamma = take();
  inverse_deviations(call, size, seen.variance, inverse);
  sum_rows(size, block, dbeta, [dy](int64_t row, int64_t c) { return dy[row + c]; });
  sum_rows(size, block, dgamma,
           [=](int64_t row, int64_t c) { return dy[row + c] * ((x[row + c] - mean[c]) * inverse[c]); });
  if (call.input_gradients[kGamma] != nullptr) std::copy_n(dgamma, size.channels, call.input_gradients[kGamma]);
  if (call.input_gradients[kBeta] != nullptr) std::copy_n(dbeta, size.channels, call.input_gradients[kBeta]);
  float* const dx = call.input_gradients[kX];
  if (dx == nullptr) return;
  // As a dy + b x + c.
  float *const a = block, *const b = dgamma, *const offset = dbeta;
  const float share = call.training ? 1.0f / static_cast<float>(size.rows) : 0.0f;
  for (int64_t c = 0; c < size.channels; ++c) {
    a[c] = call.inputs[kGamma][c] * inverse[c];
    b[c] *= -share * a[c] * inverse[c];
    offset[c] = -share * a[c] * offset[c] - b[c] * mean[c];
  }
  for (int64_t row = 0; row < size.rows * size.channels; row += size.channels)
    for (int64_t c = 0; c < size.channels; ++c) dx[row + c] = a[c] * dy[row + c] + (b[c] * x[row + c] + offset[c]);
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

OpCase make_case(const char* name, Shape x, float epsilon = 1e-3f) {
  OpCase result;
  result.name = name;
  result.attributes = Attributes::of(BatchNormAttributes{0.9f, epsilon});
  const Shape channels = make_shape({x.last()});
  result.inputs = {x, channels, channels, channels, channels};
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("few_rows", make_shape({4, 5})), make_case("steps", make_shape({2, 1, 9, 4})),
          make_case("image", make_shape({3, 4, 5, 7})), make_case("large_epsilon", make_shape({6, 3}), 0.5f),
          make_case("more_rows_than_a_block", make_shape({5, 5, 7, 2}))};
}

OpCase random_case(Random& random) {
  const int32_t rows = 3 + random_dim(random), columns = random_dim(random), channels = random_dim(random);
  OpCase result = make_case("random", make_shape({rows, columns, channels}));
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
