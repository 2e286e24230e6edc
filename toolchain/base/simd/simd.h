// Float micro-kernels of training and calibration, one source compiled for each instruction set, chosen once at run
// time.
//
// Letters: B = batch rows, I = inputs of a dense layer, O = outputs. All matrices are row-major and dense, of any
// alignment. Every kernel adds in an order that depends on the sizes and the level only, so one level gives the same
// bytes on every run, thread and machine; levels differ from each other by rounding (they have different vector
// lengths, and only some have a fused multiply-add). Buffers of one call must not overlap unless a comment says "may
// be". NaN in an input reaches the output.
#pragma once
#include <cstdint>
#include <span>

#include "device/pool.h"

namespace mote {

// Floats of memory that begin and end with a cache line.
constexpr int64_t whole_lines(int64_t floats) {
  constexpr int64_t kLine = 16;
  return (floats + kLine - 1) / kLine * kLine;
}

struct DenseSize {
  int32_t batch = 0;    // B
  int32_t inputs = 0;   // I
  int32_t outputs = 0;  // O
};

// Limits of a fused activation: relu = {0, infinity}, relu6 = {0, 6}, none = the default.
struct Clamp {
  float low = -__builtin_inff();
  float high = __builtin_inff();
};

// One step of Adam (Kingma and Ba 2015, algorithm 1) or, with decay > 0, of AdamW (Loshchilov and Hutter 2019,
// algorithm 2).
struct AdamStep {
  float rate = 0;  // learning rate of this step
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-7f;  // added to sqrt(v), after the bias correction
  float correction1 = 1;  // 1 / (1 - beta1^t), t = 1 in the first step
  float correction2 = 1;  // 1 / (1 - beta2^t)
  float decay = 0;        // weights shrink by rate * decay besides the step; 0 for biases
};

struct SgdStep {
  float rate = 0;
  float momentum = 0;  // velocity = momentum * velocity + gradient + decay * weight; weight -= rate * velocity
  float decay = 0;
};

// The loss of an output that is off by e: factor * e * e / 2 up to |e| = bend, a straight line from there on (Huber
// 1964).
struct ErrorLoss {
  float factor = 1;
  float bend = __builtin_inff();
};
struct ErrorSums {
  double loss = 0, size = 0;  // of all losses; of all |e|
};

// Where things in rows and columns lie, in floats.
struct Grid {
  int32_t first = 0, row = 0, column = 0;

  constexpr int64_t at(int64_t i, int64_t j) const { return first + i * row + j * column; }
};

// What the pixels of an image are made of, whatever filter, step, dilation and padding. Pixel (i, j) sees the runs
// (a, b), each of `length` neighbouring floats from x[from.at(i, j) + run.at(a, b)] on; its outputs begin at
// y[to.at(i, j)]. Zeros that padding adds are in x already. The K numbers of all runs, row by row, make a patch.
struct Patches {
  int32_t rows = 0, columns = 0;  // of pixels
  Grid from, to;
  int32_t run_rows = 0, run_columns = 0;
  Grid run;
  int32_t length = 0;

  constexpr int32_t pixels() const { return rows * columns; }
  constexpr int32_t runs() const { return run_rows * run_columns; }
  constexpr int32_t size() const { return runs() * length; }
};

// Rows of channels, C of them.
struct Channels {
  int64_t rows = 0;
  int32_t channels = 0;
};

// What becomes of a number x of channel c: clamp(scale[c] * x + shift[c]).
struct ChannelLine {
  const float *scale = nullptr, *shift = nullptr;
  Clamp limits;
};

// Windows of a pool beside one another, all of one shape.
struct PoolWindows {
  PoolWindow window;  // each of them, `first` apart
  int32_t count = 1;
  int32_t step = 0;       // elements from one to the next
  bool disjoint = false;  // no element lies in two, nor in another window
};

struct SimdKernels {
  const char* name;  // "sse2", "neon", "avx2", "avx512" or "scalar"
  int32_t lanes;     // floats in a vector
  int32_t block;     // most outputs of a block of packed weights, a multiple of `lanes`

  // y[B x O] = clamp(x[B x I] w[O x I]^T + bias[O]); bias may be nullptr.
  void (*dense_forward)(const DenseSize&, const float* x, const float* w, const float* bias, Clamp, float* y);
  // dx[B x I] = dy[B x O] w[O x I]
  void (*dense_input_gradient)(const DenseSize&, const float* dy, const float* w, float* dx);
  // dw[O x I] = dy[B x O]^T x[B x I]
  void (*dense_weight_gradient)(const DenseSize&, const float* dy, const float* x, float* dw);
  // sums[columns] = sum over rows of x[rows x columns]: the gradient of a bias.
  void (*column_sums)(int64_t rows, int64_t columns, const float* x, float* sums);

  // y[to(p) + o] = clamp(sum over k of patch[p, k] w[o, k] + bias[o]) for each pixel p, w packed (PackedWeights); bias
  // may be nullptr.
  void (*conv_forward)(const Patches&, int32_t outputs, const float* x, const float* packed, const float* bias, Clamp,
                       float* y);
  // dw[o, k] += sum over p of dy[to(p) + o] patch[p, k], dw packed.
  void (*conv_weight_gradient)(const Patches&, int32_t outputs, const float* x, const float* dy, float* packed);
  // A run is a tap of `length` channels: y[to(p) + c] = clamp(sum over r of run[p, r, c] w[r, c] + bias[c]).
  void (*depthwise_forward)(const Patches&, const float* x, const float* w, const float* bias, Clamp, float* y);
  // dw[r, c] += sum over p of dy[to(p) + c] run[p, r, c]
  void (*depthwise_weight_gradient)(const Patches&, const float* x, const float* dy, float* dw);

  // Output pixels of a pool beside one another, x standing at the first window: y[c] = clamp(greatest or mean) of the
  // elements, or of what the line, unless it is nullptr, makes of them.
  void (*max_pool)(const PoolWindows&, int32_t channels, const float* x, const ChannelLine*, Clamp, float* y);
  void (*average_pool)(const PoolWindows&, int32_t channels, const float* x, const ChannelLine*, Clamp, float* y);
  // dx += dy where low < y < high, to the first of the greatest elements, or to all alike; of disjoint windows dx = dy.
  // With a line: to the first that it makes the greatest, and the gradient is that of what it makes.
  void (*max_pool_backward)(const PoolWindows&, int32_t channels, const float* x, const ChannelLine*, const float* y,
                            const float* dy, Clamp, float* dx);
  void (*average_pool_backward)(const PoolWindows&, int32_t channels, const float* y, const float* dy, Clamp,
                                float* dx);

  // Of each channel over all rows. The variance is that of the rows themselves (divided by their number).
  void (*moments)(const Channels&, const float* x, float* mean, float* variance);
  // y = clamp(scale[c] * x + shift[c]); y may be x.
  void (*scale_shift)(const Channels&, const float* x, const float* scale, const float* shift, Clamp, float* y);
  // With dz = dy where low < scale[c] * x + shift[c] < high, else 0: sums[c] = sum of dz, products[c] = sum of
  // dz * (x - mean[c]). line = scale[C], shift[C], mean[C].
  void (*normal_sums)(const Channels&, const float* x, const float* dy, Clamp, const float* line, float* sums,
                      float* products);
  // dx = factors[c] * dz + factors[C + c] * x + factors[2 C + c], line = scale[C], shift[C]; dx may be dy.
  void (*normal_backward)(const Channels&, const float* x, const float* dy, Clamp, const float* line,
                          const float* factors, float* dx);

  // y = clamp(a + b); y may be a or b.
  void (*add_clamped)(int64_t n, const float* a, const float* b, Clamp, float* y);
  // y = clamp(x); y may be x.
  void (*clamp)(int64_t n, const float* x, Clamp, float* y);
  // dx = dy where low < y < high, else 0, with y the output of the clamp; dx may be dy. (The slope at the limits is 0.)
  void (*clamp_backward)(int64_t n, const float* y, const float* dy, Clamp, float* dx);

  // y = softmax(beta * x) of each row; y may be x. exp is within 2 units in the last place.
  void (*softmax)(int64_t rows, int64_t columns, const float* x, float beta, float* y);
  // dx = beta * y * (dy - sum(dy * y)) of each row, with y the output of softmax; dx may be dy.
  void (*softmax_backward)(int64_t rows, int64_t columns, const float* y, const float* dy, float beta, float* dx);

  // Of n outputs y; gradient = scale * slope of the loss, unless it is nullptr.
  ErrorSums (*error_loss)(int64_t n, const ErrorLoss&, const float* y, const float* targets, float scale,
                          float* gradient);

  void (*add)(int64_t n, const float* x, float* y);  // y += x
  float (*sum)(int64_t n, const float* x);
  float (*dot)(int64_t n, const float* x, const float* y);
  // y[c * y_pitch + r] = x[r * x_pitch + c]
  void (*transpose)(int32_t rows, int32_t columns, const float* x, int64_t x_pitch, float* y, int64_t y_pitch);

  // m, v, velocity: the optimiser's state, zero before the first step.
  void (*adam)(int64_t n, const AdamStep&, const float* gradient, float* m, float* v, float* weight);
  void (*sgd)(int64_t n, const SgdStep&, const float* gradient, float* velocity, float* weight);
};

// Weights of a convolution as conv_forward reads them: blocks of up to SimdKernels::block outputs, all K numbers of a
// block together, [K][width]; the last block is as wide as whole vectors need, with zeros behind the last output.
class PackedWeights {
 public:
  PackedWeights(const SimdKernels& kernels, int32_t outputs, int32_t k)
      : outputs_(outputs), k_(k), block_(kernels.block), lanes_(kernels.lanes) {}

  int64_t size() const { return round_up(outputs_) * k_; }
  // Calls body(first output, outputs, packed, width) for each block.
  template <class Body>
  void for_each_block(float* packed, const Body& body) const {
    for (int32_t first = 0; first < outputs_; first += block_) {
      const int32_t count = outputs_ - first < block_ ? outputs_ - first : block_;
      body(first, count, packed + int64_t{first} * k_, static_cast<int32_t>(round_up(count)));
    }
  }

 private:
  int64_t round_up(int32_t n) const { return (int64_t{n} + lanes_ - 1) / lanes_ * lanes_; }
  int32_t outputs_, k_, block_, lanes_;
};

// The best level that this CPU has. The choice is made at the first call.
const SimdKernels& simd();

// Every level that this CPU has, slowest first. The first is "scalar": plain loops that add in double, the reference of
// the tests.
std::span<const SimdKernels* const> simd_levels();

// For tests: simd() answers `kernels` while this object lives. Not for use while other threads run kernels.
class SimdOverride {
 public:
  explicit SimdOverride(const SimdKernels& kernels);
  ~SimdOverride();
  SimdOverride(const SimdOverride&) = delete;
  SimdOverride& operator=(const SimdOverride&) = delete;

 private:
  const SimdKernels* previous_;
};

}  // namespace mote
