// Many examples through an executor, on several threads. Examples are independent, so the result does not depend on how
// they are shared out.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "toolchain/graph/float_executor.h"
#include "toolchain/quantize/int8_executor.h"

namespace mote {
namespace {

// Splits [0, count) into one block per thread, each with an executor of its own; returns the first block's error.
using Block = std::function<Result<void>(Int8Executor& executor, int64_t first, int64_t last)>;
Result<void> in_blocks(const Int8Executor& model, int64_t count, ThreadPool& pool, const Block& block,
                       Rows rows = Rows::examples) {
  const bool in_order = rows == Rows::sequence && model.keeps_state();
  const int64_t blocks = in_order ? 1 : std::clamp<int64_t>(count, 1, std::max(pool.threads(), 1));
  std::vector<Result<void>> results(static_cast<size_t>(blocks));
  pool.run(static_cast<int>(blocks), [&](int index) {
    results[static_cast<size_t>(index)] = [&]() -> Result<void> {
      MOTE_TRY(Int8Executor executor, model.clone());
      return block(executor, count * index / blocks, count * (index + 1) / blocks);
    }();
  });
  for (const Result<void>& result : results) MOTE_CHECK(result);
  return {};
}

using PrepareExample = std::function<void(Int8Executor& executor, int64_t example)>;
Result<OutputMatrix> outputs(const Int8Executor& model, int64_t count, ThreadPool& pool,
                             const PrepareExample& prepare) {
  OutputMatrix matrix{count, model.output_type(0).shape.elements(), {}};
  matrix.values.resize(static_cast<size_t>(matrix.rows * matrix.columns));
  MOTE_CHECK(in_blocks(model, count, pool, [&](Int8Executor& executor, int64_t first, int64_t last) -> Result<void> {
    for (int64_t example = first; example < last; ++example) {
      executor.reset();
      prepare(executor, example);
      MOTE_CHECK(executor.invoke());
      const std::vector<float> row = executor.output(0).dequantized();
      std::copy(row.begin(), row.end(), matrix.values.begin() + example * matrix.columns);
    }
    return {};
  }));
  return matrix;
}

}  // namespace

int64_t input_row_bytes(const Int8Executor& model) {
  int64_t bytes = 0;
  for (int32_t i = 0; i < model.input_count(); ++i) bytes += model.input_type(i).bytes();
  return bytes;
}

int64_t output_row_bytes(const Int8Executor& model) {
  int64_t bytes = 0;
  for (int32_t i = 0; i < model.output_count(); ++i) bytes += model.output_type(i).bytes();
  return bytes;
}

Result<std::vector<uint8_t>> run_batch(const Int8Executor& model, std::span<const uint8_t> inputs, int64_t count,
                                       ThreadPool& pool, Rows rows) {
  const size_t input_bytes = static_cast<size_t>(input_row_bytes(model));
  const size_t output_bytes = static_cast<size_t>(output_row_bytes(model));
  if (inputs.size() != input_bytes * static_cast<size_t>(count))
    return input_error(fmt::format("inputs have {} bytes; {} examples of {} bytes each were expected", inputs.size(),
                                   count, input_bytes));
  std::vector<uint8_t> outputs(output_bytes * static_cast<size_t>(count));
  const Block block = [&](Int8Executor& executor, int64_t first, int64_t last) -> Result<void> {
    for (int64_t example = first; example < last; ++example) {
      if (rows == Rows::examples) executor.reset();
      const uint8_t* from = inputs.data() + static_cast<size_t>(example) * input_bytes;
      for (int32_t i = 0; i < executor.input_count(); ++i) {
        const std::span<uint8_t> bytes = executor.input(i).bytes;
        std::copy_n(from, bytes.size(), bytes.data());
        from += bytes.size();
      }
      MOTE_CHECK(executor.invoke());
      uint8_t* to = outputs.data() + static_cast<size_t>(example) * output_bytes;
      for (int32_t i = 0; i < executor.output_count(); ++i) {
        const std::span<const uint8_t> bytes = executor.output(i).bytes;
        to = std::copy(bytes.begin(), bytes.end(), to);
      }
    }
    return {};
  };
  MOTE_CHECK(in_blocks(model, count, pool, block, rows));
  return outputs;
}

Result<OutputMatrix> int8_outputs(const Int8Executor& model, int64_t count, const FillInput& fill, ThreadPool& pool) {
  return outputs(model, count, pool,
                 [&](Int8Executor& executor, int64_t example) { fill(example, executor.input(0).bytes); });
}

Result<OutputMatrix> int8_outputs(const Int8Executor& model, const CalibrationData& data, ThreadPool& pool) {
  return outputs(model, data.count(), pool, [&](Int8Executor& executor, int64_t example) {
    for (int32_t i = 0; i < executor.input_count(); ++i) {
      std::vector<float> values(static_cast<size_t>(executor.input_type(i).shape.elements()));
      data.fill(example, i, values);
      executor.set_input(i, values);
    }
  });
}

Result<OutputMatrix> float_outputs(const Graph& graph, const CalibrationData& data, ThreadPool& pool) {
  const int64_t count = data.count();
  const int64_t blocks = std::clamp<int64_t>(count, 1, std::max(pool.threads(), 1));
  OutputMatrix matrix{count, graph.tensors[static_cast<size_t>(graph.outputs[0])].type.shape.elements(), {}};
  matrix.values.resize(static_cast<size_t>(matrix.rows * matrix.columns));
  std::vector<Result<void>> results(static_cast<size_t>(blocks));
  pool.run(static_cast<int>(blocks), [&](int index) {
    results[static_cast<size_t>(index)] = [&]() -> Result<void> {
      MOTE_TRY(FloatExecutor executor, FloatExecutor::create(graph, 1));
      for (int64_t example = count * index / blocks; example < count * (index + 1) / blocks; ++example) {
        for (int32_t i = 0; i < static_cast<int32_t>(graph.inputs.size()); ++i)
          data.fill(example, i, executor.input(i));
        executor.run();
        const std::span<const float> row = executor.output(0);
        std::copy(row.begin(), row.end(), matrix.values.begin() + example * matrix.columns);
      }
      return {};
    }();
  });
  for (const Result<void>& result : results) MOTE_CHECK(result);
  return matrix;
}

}  // namespace mote
