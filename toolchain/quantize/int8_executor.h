// Runs a .tflite on the host with the interpreter that the firmware gets, and its kernels or forms of them that have
// the same bytes (simd/host_kernels.h), so host results are device results. Despite the name a float .tflite runs too,
// if every operator has a float kernel.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/base/tensor_type.h"
#include "toolchain/base/thread_pool.h"
#include "toolchain/quantize/quantize.h"
#include "toolchain/quantize/simd/host_kernels.h"

namespace mote {

// One row per example, one column per element of the model's first output.
struct OutputMatrix {
  int64_t rows = 0, columns = 0;
  std::vector<float> values;  // row-major
  std::span<const float> row(int64_t i) const { return {values.data() + i * columns, static_cast<size_t>(columns)}; }
};

// A tensor of the model during or after a run. Valid until the executor runs again.
struct RuntimeTensor {
  DType dtype = DType::int8;
  Shape shape;
  float scale = 0;  // 0 = not quantized
  int32_t zero_point = 0;
  std::span<uint8_t> bytes;
  std::vector<float> dequantized() const;  // also int32 and float tensors
};

class Int8Executor {
 public:
  // Takes the bytes of a .tflite; `name` is what messages call the file. The arena is made exactly as large as the
  // interpreter says it needs. Errors name the operator and what it lacks. `kernels`: one of host_kernels(), the
  // fastest unless said otherwise.
  static Result<Int8Executor> create(std::string name, std::vector<uint8_t> model);
  static Result<Int8Executor> create(std::string name, std::vector<uint8_t> model, const HostKernels& kernels);
  // Another executor over the same model bytes, with an arena of its own: one for each thread.
  Result<Int8Executor> clone() const;
  Int8Executor(Int8Executor&&) noexcept;
  Int8Executor& operator=(Int8Executor&&) noexcept;
  ~Int8Executor();

  int32_t input_count() const;
  int32_t output_count() const;
  int32_t operator_count() const;
  TensorType input_type(int32_t index) const;  // quant holds the one scale and zero point, if any
  TensorType output_type(int32_t index) const;
  uint32_t arena_bytes() const;  // as on the board

  // Inputs are written here before invoke(), outputs read here after it. REQUIRES: index in range.
  RuntimeTensor input(int32_t index);
  RuntimeTensor output(int32_t index);
  RuntimeTensor tensor(int32_t tensor_index);  // any activation, by its index in the file

  // Whether the model has variables, so that an inference depends on those before; and back to their first value.
  bool keeps_state() const;
  void reset();

  Result<void> invoke();
  // Runs operator by operator and calls `after(operator_index)` when each is done, while its outputs are still intact.
  Result<void> invoke(const std::function<void(int32_t)>& after);

  // Writes floats into an input, quantized with the model's own parameters (round half away from zero, saturated).
  void set_input(int32_t index, std::span<const float> values);

 private:
  struct State;
  explicit Int8Executor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What the rows of a batch are to a model that keeps state; to others it makes no difference.
enum class Rows : uint8_t {
  examples,  // each begins with cleared state
  sequence,  // each goes on from the row before
};

// One row of a raw batch: the bytes of every input, or output, in the model's order.
int64_t input_row_bytes(const Int8Executor& model);
int64_t output_row_bytes(const Int8Executor& model);

// Raw batch: `inputs` holds `count` rows of inputs, the result `count` rows of outputs.
Result<std::vector<uint8_t>> run_batch(const Int8Executor& model, std::span<const uint8_t> inputs, int64_t count,
                                       ThreadPool& pool, Rows rows);

// Writes the bytes of input 0 for one example, e.g. through a feature block's integer form. Called concurrently.
using FillInput = std::function<void(int64_t example, std::span<uint8_t> bytes)>;

// Dequantized outputs of the int8 model, each row an example: for inputs as the firmware computes them, or for floats
// quantized by set_input().
Result<OutputMatrix> int8_outputs(const Int8Executor& model, int64_t count, const FillInput& fill, ThreadPool& pool);
Result<OutputMatrix> int8_outputs(const Int8Executor& model, const CalibrationData& data, ThreadPool& pool);
// Outputs of the float graph for the same data.
Result<OutputMatrix> float_outputs(const Graph& graph, const CalibrationData& data, ThreadPool& pool);

}  // namespace mote
