// The reference of every kernel: the formula of simd.h in plain loops, sums in double.
#include <algorithm>
#include <cmath>
#include <limits>

#include "toolchain/base/simd/simd.h"

namespace mote {
namespace {

float clamped(double value, Clamp limits) {
  if (std::isnan(value)) return static_cast<float>(value);
  return static_cast<float>(std::clamp(value, double{limits.low}, double{limits.high}));
}

void dense_forward(const DenseSize& size, const float* x, const float* w, const float* bias, Clamp limits, float* y) {
  const int64_t inputs = size.inputs, outputs = size.outputs;
  for (int64_t b = 0; b < size.batch; ++b)
    for (int64_t o = 0; o < outputs; ++o) {
      double sum = bias != nullptr ? double{bias[o]} : 0.0;
      for (int64_t i = 0; i < inputs; ++i) sum += double{x[b * inputs + i]} * double{w[o * inputs + i]};
      y[b * outputs + o] = clamped(sum, limits);
    }
}

void dense_input_gradient(const DenseSize& size, const float* dy, const float* w, float* dx) {
  const int64_t inputs = size.inputs, outputs = size.outputs;
  for (int64_t b = 0; b < size.batch; ++b)
    for (int64_t i = 0; i < inputs; ++i) {
      double sum = 0;
      for (int64_t o = 0; o < outputs; ++o) sum += double{dy[b * outputs + o]} * double{w[o * inputs + i]};
      dx[b * inputs + i] = static_cast<float>(sum);
    }
}

void dense_weight_gradient(const DenseSize& size, const float* dy, const float* x, float* dw) {
  const int64_t inputs = size.inputs, outputs = size.outputs;
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t i = 0; i < inputs; ++i) {
      double sum = 0;
      for (int64_t b = 0; b < size.batch; ++b) sum += double{dy[b * outputs + o]} * double{x[b * inputs + i]};
      dw[o * inputs + i] = static_cast<float>(sum);
    }
}

void column_sums(int64_t rows, int64_t columns, const float* x, float* sums) {
  for (int64_t column = 0; column < columns; ++column) {
    double sum = 0;
    for (int64_t row = 0; row < rows; ++row) sum += double{x[row * columns + column]};
    sums[column] = static_cast<float>(sum);
  }
}

// visit(place of the pixel in x, in y) for each pixel.
template <class Visit>
void for_each_pixel(const Patches& g, const Visit& visit) {
  for (int32_t i = 0; i < g.rows; ++i)
    for (int32_t j = 0; j < g.columns; ++j) visit(g.from.at(i, j), g.to.at(i, j));
}
int64_t place_of_run(const Patches& g, int32_t r) {
  return g.run.at(r / g.run_columns, r % g.run_columns);
}

// A block of packed weights is one output wide: packed[o][k].
void conv_forward(const Patches& g, int32_t outputs, const float* x, const float* packed, const float* bias,
                  Clamp limits, float* y) {
  for_each_pixel(g, [&](int64_t from, int64_t to) {
    for (int32_t o = 0; o < outputs; ++o) {
      const float* w = packed + int64_t{o} * g.size();
      double sum = bias != nullptr ? double{bias[o]} : 0.0;
      for (int32_t r = 0; r < g.runs(); ++r)
        for (int32_t k = 0; k < g.length; ++k) sum += double{x[from + place_of_run(g, r) + k]} * double{*w++};
      y[to + o] = clamped(sum, limits);
    }
  });
}

void conv_weight_gradient(const Patches& g, int32_t outputs, const float* x, const float* dy, float* packed) {
  for (int32_t o = 0; o < outputs; ++o)
    for (int32_t r = 0; r < g.runs(); ++r)
      for (int32_t k = 0; k < g.length; ++k) {
        double sum = double{*packed};
        for_each_pixel(
            g, [&](int64_t from, int64_t to) { sum += double{dy[to + o]} * double{x[from + place_of_run(g, r) + k]}; });
        *packed++ = static_cast<float>(sum);
      }
}

void depthwise_forward(const Patches& g, const float* x, const float* w, const float* bias, Clamp limits, float* y) {
  for_each_pixel(g, [&](int64_t from, int64_t to) {
    for (int32_t c = 0; c < g.length; ++c) {
      double sum = bias != nullptr ? double{bias[c]} : 0.0;
      for (int32_t r = 0; r < g.runs(); ++r)
        sum += double{x[from + place_of_run(g, r) + c]} * double{w[r * g.length + c]};
      y[to + c] = clamped(sum, limits);
    }
  });
}

void depthwise_weight_gradient(const Patches& g, const float* x, const float* dy, float* dw) {
  for (int32_t r = 0; r < g.runs(); ++r)
    for (int32_t c = 0; c < g.length; ++c) {
      double sum = double{dw[r * g.length + c]};
      for_each_pixel(
          g, [&](int64_t from, int64_t to) { sum += double{dy[to + c]} * double{x[from + place_of_run(g, r) + c]}; });
      dw[r * g.length + c] = static_cast<float>(sum);
    }
}

// What a pool sees of an element of channel c.
float seen(float x, const ChannelLine* line, int32_t c) {
  if (line == nullptr) return x;
  return clamped(double{line->scale[c]} * double{x} + double{line->shift[c]}, line->limits);
}

void max_pool(const PoolWindows& w, int32_t channels, const float* x, const ChannelLine* line, Clamp limits, float* y) {
  for (int32_t i = 0; i < w.count; ++i, x += w.step, y += channels)
    for (int32_t c = 0; c < channels; ++c)
      y[c] = clamped(double{fold(w.window, x + c, -std::numeric_limits<float>::infinity(),
                                 [&](float most, float x_at) {
                                   const float v = seen(x_at, line, c);
                                   return v > most || std::isnan(v) ? v : most;
                                 })},
                     limits);
}

void average_pool(const PoolWindows& w, int32_t channels, const float* x, const ChannelLine* line, Clamp limits,
                  float* y) {
  for (int32_t i = 0; i < w.count; ++i, x += w.step, y += channels)
    for (int32_t c = 0; c < channels; ++c)
      y[c] = clamped(fold(w.window, x + c, 0.0, [&](double sum, float v) { return sum + double{seen(v, line, c)}; }) /
                         w.window.count(),
                     limits);
}

bool passes(float y, Clamp limits) {
  return !(y <= limits.low || y >= limits.high);
}

void max_pool_backward(const PoolWindows& w, int32_t channels, const float* x, const ChannelLine* line, const float* y,
                       const float* dy, Clamp limits, float* dx) {
  for (int32_t i = 0; i < w.count; ++i, x += w.step, dx += w.step, y += channels, dy += channels)
    for (int32_t c = 0; c < channels; ++c)
      fold(w.window, x + c, passes(y[c], limits), [&](bool open, const float& v) {
        float& element = dx[&v - x];
        const bool greatest = seen(v, line, c) == y[c];
        element = (w.disjoint ? 0.0f : element) + (open && greatest ? dy[c] : 0.0f);
        return open && !greatest;
      });
}

void average_pool_backward(const PoolWindows& w, int32_t channels, const float* y, const float* dy, Clamp limits,
                           float* dx) {
  const auto count = static_cast<float>(w.window.count());
  for (int32_t i = 0; i < w.count; ++i, dx += w.step, y += channels, dy += channels)
    for (int32_t c = 0; c < channels; ++c)
      fold(w.window, dx + c, 0, [&](int, const float& v) {
        float& element = dx[&v - dx];
        element = (w.disjoint ? 0.0f : element) + (passes(y[c], limits) ? dy[c] / count : 0.0f);
        return 0;
      });
}

void moments(const Channels& size, const float* x, float* mean, float* variance) {
  const auto rows = static_cast<double>(size.rows);
  for (int64_t c = 0; c < size.channels; ++c) {
    double sum = 0, squares = 0;
    for (int64_t row = 0; row < size.rows; ++row) sum += double{x[row * size.channels + c]};
    for (int64_t row = 0; row < size.rows; ++row) {
      const double distance = double{x[row * size.channels + c]} - sum / rows;
      squares += distance * distance;
    }
    mean[c] = static_cast<float>(sum / rows);
    variance[c] = static_cast<float>(squares / rows);
  }
}

void scale_shift(const Channels& size, const float* x, const float* scale, const float* shift, Clamp limits, float* y) {
  for (int64_t i = 0; i < size.rows * size.channels; ++i) {
    const int64_t c = i % size.channels;
    y[i] = clamped(double{scale[c]} * double{x[i]} + double{shift[c]}, limits);
  }
}

// dy where scale_shift() let a change of x through.
double passed_gradient(const float* scale, const float* shift, float x, float dy, Clamp limits) {
  const auto z = static_cast<float>(double{*scale} * double{x} + double{*shift});
  return passes(z, limits) ? double{dy} : 0;
}

void normal_sums(const Channels& size, const float* x, const float* dy, Clamp limits, const float* line, float* sums,
                 float* products) {
  const float *const scale = line, *const shift = scale + size.channels, *const mean = shift + size.channels;
  for (int64_t c = 0; c < size.channels; ++c) {
    double sum = 0, product = 0;
    for (int64_t i = c; i < size.rows * size.channels; i += size.channels) {
      const double dz = passed_gradient(scale + c, shift + c, x[i], dy[i], limits);
      sum += dz;
      product += dz * (double{x[i]} - double{mean[c]});
    }
    sums[c] = static_cast<float>(sum);
    products[c] = static_cast<float>(product);
  }
}

void normal_backward(const Channels& size, const float* x, const float* dy, Clamp limits, const float* line,
                     const float* factors, float* dx) {
  for (int64_t i = 0; i < size.rows * size.channels; ++i) {
    const int64_t c = i % size.channels;
    const float* f = factors + c;
    const double dz = passed_gradient(line + c, line + size.channels + c, x[i], dy[i], limits);
    dx[i] =
        static_cast<float>(double{f[0]} * dz + double{f[size.channels]} * double{x[i]} + double{f[2 * size.channels]});
  }
}

void add_clamped(int64_t n, const float* a, const float* b, Clamp limits, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = clamped(double{a[i]} + double{b[i]}, limits);
}

void clamp(int64_t n, const float* x, Clamp limits, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = clamped(double{x[i]}, limits);
}

void clamp_backward(int64_t n, const float* y, const float* dy, Clamp limits, float* dx) {
  for (int64_t i = 0; i < n; ++i) dx[i] = y[i] <= limits.low || y[i] >= limits.high ? 0.0f : dy[i];
}

void softmax(int64_t rows, int64_t columns, const float* x, float beta, float* y) {
  for (int64_t row = 0; row < rows; ++row, x += columns, y += columns) {
    double largest = double{x[0]}, sum = 0;
    for (int64_t i = 1; i < columns; ++i)
      if (double{x[i]} > largest || std::isnan(x[i])) largest = double{x[i]};
    for (int64_t i = 0; i < columns; ++i) sum += std::exp((double{x[i]} - largest) * double{beta});
    for (int64_t i = 0; i < columns; ++i)
      y[i] = static_cast<float>(std::exp((double{x[i]} - largest) * double{beta}) / sum);
  }
}

float dot(int64_t n, const float* x, const float* y) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += double{x[i]} * double{y[i]};
  return static_cast<float>(sum);
}

void softmax_backward(int64_t rows, int64_t columns, const float* y, const float* dy, float beta, float* dx) {
  for (int64_t row = 0; row < rows; ++row, y += columns, dy += columns, dx += columns) {
    double mean = 0;
    for (int64_t i = 0; i < columns; ++i) mean += double{y[i]} * double{dy[i]};
    for (int64_t i = 0; i < columns; ++i)
      dx[i] = static_cast<float>(double{beta} * double{y[i]} * (double{dy[i]} - mean));
  }
}

ErrorSums error_loss(int64_t n, const ErrorLoss& loss, const float* y, const float* targets, float scale,
                     float* gradient) {
  ErrorSums sums;
  const double bend = double{loss.bend}, factor = double{loss.factor};
  for (int64_t i = 0; i < n; ++i) {
    const double error = double{y[i]} - double{targets[i]}, size = std::abs(error);
    sums.loss += factor * (size > bend ? bend * (size - bend / 2) : size * size / 2);
    sums.size += size;
    if (gradient != nullptr)
      gradient[i] = static_cast<float>(factor * (size > bend ? std::copysign(bend, error) : error) * double{scale});
  }
  return sums;
}

void add(int64_t n, const float* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

float sum(int64_t n, const float* x) {
  double total = 0;
  for (int64_t i = 0; i < n; ++i) total += double{x[i]};
  return static_cast<float>(total);
}

void transpose(int32_t rows, int32_t columns, const float* x, int64_t x_pitch, float* y, int64_t y_pitch) {
  for (int32_t c = 0; c < columns; ++c)
    for (int32_t r = 0; r < rows; ++r) y[c * y_pitch + r] = x[r * x_pitch + c];
}

void adam(int64_t n, const AdamStep& step, const float* gradient, float* m, float* v, float* weight) {
  for (int64_t i = 0; i < n; ++i) {
    const double g = double{gradient[i]}, rate = double{step.rate};
    const double mean = double{step.beta1} * double{m[i]} + (1 - double{step.beta1}) * g;
    const double square = double{step.beta2} * double{v[i]} + (1 - double{step.beta2}) * g * g;
    const double change =
        rate * double{step.correction1} * mean / (std::sqrt(square * double{step.correction2}) + double{step.epsilon});
    m[i] = static_cast<float>(mean);
    v[i] = static_cast<float>(square);
    weight[i] = static_cast<float>((1 - rate * double{step.decay}) * double{weight[i]} - change);
  }
}

void sgd(int64_t n, const SgdStep& step, const float* gradient, float* velocity, float* weight) {
  for (int64_t i = 0; i < n; ++i) {
    const double moved =
        double{step.momentum} * double{velocity[i]} + double{gradient[i]} + double{step.decay} * double{weight[i]};
    velocity[i] = static_cast<float>(moved);
    weight[i] = static_cast<float>(double{weight[i]} - double{step.rate} * moved);
  }
}

}  // namespace

extern const SimdKernels kScalarKernels;
const SimdKernels kScalarKernels = {"scalar",
                                    1,
                                    1,
                                    dense_forward,
                                    dense_input_gradient,
                                    dense_weight_gradient,
                                    column_sums,
                                    conv_forward,
                                    conv_weight_gradient,
                                    depthwise_forward,
                                    depthwise_weight_gradient,
                                    max_pool,
                                    average_pool,
                                    max_pool_backward,
                                    average_pool_backward,
                                    moments,
                                    scale_shift,
                                    normal_sums,
                                    normal_backward,
                                    add_clamped,
                                    clamp,
                                    clamp_backward,
                                    softmax,
                                    softmax_backward,
                                    error_loss,
                                    add,
                                    sum,
                                    dot,
                                    transpose,
                                    adam,
                                    sgd};

}  // namespace mote
