#include "toolchain/quantize/weight_rounding.h"

#include <algorithm>
#include <cmath>

#include "toolchain/base/quant_params.h"
#include "toolchain/graph/float_executor.h"
#include "toolchain/graph/shared_ranges.h"

namespace mote {
namespace {

constexpr int64_t kMostColumns = 2048;
constexpr double kMostWork = 1e9;
constexpr double kDamping = 0.01;  // of the mean of the diagonal: keeps the inverse finite where inputs are dependent

using Matrix = std::vector<double>;  // square, row-major

// Lower triangle L with L L' = a, in place of a's lower triangle. REQUIRES: positive definite.
void cholesky(Matrix& a, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    double* row_j = &a[j * n];
    for (size_t k = 0; k < j; ++k) row_j[j] -= row_j[k] * row_j[k];
    row_j[j] = std::sqrt(row_j[j]);
    for (size_t i = j + 1; i < n; ++i) {
      double* row_i = &a[i * n];
      double sum = row_i[j];
      for (size_t k = 0; k < j; ++k) sum -= row_i[k] * row_j[k];
      row_i[j] = sum / row_j[j];
    }
  }
}

// Inverse of a positive definite matrix, through the inverse M of its Cholesky factor: M' M.
Matrix inverse(Matrix a, size_t n) {
  cholesky(a, n);
  Matrix m(n * n);
  for (size_t i = 0; i < n; ++i) {
    m[i * n + i] = 1 / a[i * n + i];
    for (size_t k = 0; k < i; ++k) {
      const double factor = -a[i * n + k] / a[i * n + i];
      for (size_t j = 0; j <= k; ++j) m[i * n + j] += factor * m[k * n + j];
    }
  }
  Matrix result(n * n);
  for (size_t k = 0; k < n; ++k)
    for (size_t i = 0; i <= k; ++i)
      for (size_t j = 0; j <= k; ++j) result[i * n + j] += m[k * n + i] * m[k * n + j];
  return result;
}

// L of inverse(H) = L L': its column j tells how later weights make up for an error of weight j.
Matrix compensation(const InputMoments& moments) {
  const size_t n = static_cast<size_t>(moments.columns);
  Matrix h = moments.sums;
  double trace = 0;
  for (size_t i = 0; i < n; ++i) trace += h[i * n + i];
  const double damping = trace > 0 ? kDamping * trace / static_cast<double>(n) : 1.0;
  for (size_t i = 0; i < n; ++i) h[i * n + i] += damping;
  Matrix l = inverse(std::move(h), n);
  cholesky(l, n);
  return l;
}

// Tensor that feeds a weight matrix [out][in] in `node`, or kAbsent.
int32_t matrix_input(const Graph& graph, const Node& node) {
  if (!node.op || node.inputs.size() < 2 || node.inputs[0] == kAbsent || node.inputs[1] == kAbsent) return kAbsent;
  const Tensor& input = graph.tensors[static_cast<size_t>(node.inputs[0])];
  const Tensor& weights = graph.tensors[static_cast<size_t>(node.inputs[1])];
  const bool matrix = node.op->quant.inputs[1] == InputRole::weights && node.op->quant.channel_axis == 0 &&
                      weights.type.shape.rank == 2 && weights.type.shape[1] == input.type.shape.elements();
  return matrix && weights.type.shape[1] <= kMostColumns ? node.inputs[0] : kAbsent;
}

// Inputs that share a range count together: weights that several of them reach are rounded once, for all.
void share(const Graph& graph, std::map<int32_t, InputMoments>& moments) {
  const std::vector<int32_t> first = shared_ranges(graph);
  std::map<int32_t, InputMoments> sums;
  for (const auto& [input, each] : moments) {
    InputMoments& sum =
        sums.try_emplace(first[static_cast<size_t>(input)], InputMoments{each.columns, {}}).first->second;
    if (sum.sums.empty()) sum.sums.resize(each.sums.size());
    for (size_t i = 0; i < each.sums.size() && sum.columns == each.columns; ++i) sum.sums[i] += each.sums[i];
  }
  for (auto& [input, each] : moments) {
    const InputMoments& sum = sums[first[static_cast<size_t>(input)]];
    if (sum.columns == each.columns) each = sum;
  }
}

}  // namespace

Result<std::map<int32_t, InputMoments>> input_moments(const Graph& graph, const CalibrationData& data) {
  std::map<int32_t, InputMoments> moments;
  double work = 0;  // of one example
  for (const Node& node : graph.nodes) {
    const int32_t input = matrix_input(graph, node);
    if (input == kAbsent || moments.count(input) != 0) continue;
    const int64_t columns = graph.tensors[static_cast<size_t>(input)].type.shape.elements();
    moments[input] = {columns, Matrix(static_cast<size_t>(columns * columns))};
    work += static_cast<double>(columns * columns);
  }
  if (moments.empty()) return moments;
  MOTE_TRY(FloatExecutor executor, FloatExecutor::create(graph, 1));
  const int64_t step = 1 + static_cast<int64_t>(work * static_cast<double>(data.count()) / kMostWork);
  for (int64_t example = 0; example < data.count(); example += step) {
    for (int32_t i = 0; i < static_cast<int32_t>(graph.inputs.size()); ++i) data.fill(example, i, executor.input(i));
    executor.run([&](int32_t tensor, std::span<const float> x) {
      const auto found = moments.find(tensor);
      if (found == moments.end()) return;
      for (size_t i = 0; i < x.size(); ++i)
        for (size_t j = 0; j < x.size() && x[i] != 0; ++j) found->second.sums[i * x.size() + j] += double{x[i]} * x[j];
    });
  }
  share(graph, moments);
  return moments;
}

std::vector<int8_t> round_weights(std::span<const float> weights, int64_t rows, std::span<const float> scales,
                                  const InputMoments& moments) {
  const size_t columns = rows > 0 ? weights.size() / static_cast<size_t>(rows) : 0;
  const bool compensate = moments.columns > 0 && static_cast<size_t>(moments.columns) == columns;
  const Matrix l = compensate ? compensation(moments) : Matrix();
  std::vector<int8_t> stored(weights.size());
  std::vector<double> row(columns);
  for (size_t r = 0; r < static_cast<size_t>(rows); ++r) {
    const double scale = scales[scales.size() == 1 ? 0 : r];
    std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(r * columns), columns, row.begin());
    for (size_t j = 0; j < columns; ++j) {
      const int8_t rounded = round_weight(row[j], scale);
      stored[r * columns + j] = rounded;
      if (!compensate) continue;
      const double error = (row[j] - rounded * scale) / l[j * columns + j];
      for (size_t k = j + 1; k < columns; ++k) row[k] -= error * l[k * columns + j];
    }
  }
  return stored;
}

}  // namespace mote
