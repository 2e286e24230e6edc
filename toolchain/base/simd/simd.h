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

namespace mote {

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

struct SimdKernels {
  const char* name;  // "sse2", "neon", "avx2", "avx512" or "scalar"
  int32_t lanes;     // floats in a vector

  // y[B x O] = clamp(x[B x I] w[O x I]^T + bias[O]); bias may be nullptr.
  void (*dense_forward)(const DenseSize&, const float* x, const float* w, const float* bias, Clamp, float* y);
  // dx[B x I] = dy[B x O] w[O x I]
  void (*dense_input_gradient)(const DenseSize&, const float* dy, const float* w, float* dx);
  // dw[O x I] = dy[B x O]^T x[B x I]
  void (*dense_weight_gradient)(const DenseSize&, const float* dy, const float* x, float* dw);
  // sums[columns] = sum over rows of x[rows x columns]: the gradient of a bias.
  void (*column_sums)(int64_t rows, int64_t columns, const float* x, float* sums);

  // y = clamp(x); y may be x.
  void (*clamp)(int64_t n, const float* x, Clamp, float* y);
  // dx = dy where low < y < high, else 0, with y the output of the clamp; dx may be dy. (The slope at the limits is 0.)
  void (*clamp_backward)(int64_t n, const float* y, const float* dy, Clamp, float* dx);

  // y = softmax(beta * x) of each row; y may be x. exp is within 2 units in the last place.
  void (*softmax)(int64_t rows, int64_t columns, const float* x, float beta, float* y);
  // dx = beta * y * (dy - sum(dy * y)) of each row, with y the output of softmax; dx may be dy.
  void (*softmax_backward)(int64_t rows, int64_t columns, const float* y, const float* dy, float beta, float* dx);

  void (*add)(int64_t n, const float* x, float* y);  // y += x
  float (*sum)(int64_t n, const float* x);
  float (*dot)(int64_t n, const float* x, const float* y);

  // m, v, velocity: the optimiser's state, zero before the first step.
  void (*adam)(int64_t n, const AdamStep&, const float* gradient, float* m, float* v, float* weight);
  void (*sgd)(int64_t n, const SgdStep&, const float* gradient, float* velocity, float* weight);
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
