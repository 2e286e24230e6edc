// Ranges of activations over all calibration windows, streamed: nothing but extremes and histograms is kept.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "toolchain/graph/float_executor.h"
#include "toolchain/graph/fused_activation.h"
#include "toolchain/graph/shared_ranges.h"
#include "toolchain/quantize/observer.h"
#include "toolchain/quantize/quantize.h"

namespace mote {
namespace {

constexpr int64_t kBatch = 32;

// Called with an activation's values for `examples` examples, the first of which is number `first`.
using Visit = std::function<Result<void>(int32_t tensor, std::span<const float> values, int64_t first)>;

// One pass over all of the data.
Result<void> for_each_activation(FloatExecutor& executor, const Graph& graph, const CalibrationData& data,
                                 const std::string& stage, const Progress& progress, const Visit& visit) {
  const int64_t batch = executor.batch();
  for (int64_t first = 0; first < data.count(); first += batch) {
    const int64_t examples = std::min(batch, data.count() - first);
    for (int32_t i = 0; i < static_cast<int32_t>(graph.inputs.size()); ++i) {
      const std::span<float> rows = executor.input(i);
      const size_t elements = rows.size() / static_cast<size_t>(batch);
      for (int64_t row = 0; row < examples; ++row)
        data.fill(first + row, i, rows.subspan(static_cast<size_t>(row) * elements, elements));
      std::fill(rows.begin() + examples * static_cast<int64_t>(elements), rows.end(), 0.0f);
    }
    Result<void> result;
    executor.run([&](int32_t tensor, std::span<const float> values) {
      if (!result.ok()) return;
      const size_t used = values.size() / static_cast<size_t>(batch) * static_cast<size_t>(examples);
      result = visit(tensor, values.first(used), first);
    });
    MOTE_CHECK(result);
    if (progress) progress({stage, first + examples, data.count(), ""});
  }
  return {};
}

Error not_finite(const Graph& graph, int32_t tensor, int64_t first, int64_t examples) {
  return input_error(fmt::format(
      "calibration: tensor '{}' of model '{}' has a value that is not finite in examples {} to {}; check the data for "
      "NaN (mote data check) and that training did not diverge",
      graph.tensors[static_cast<size_t>(tensor)].name, graph.name, first, first + examples - 1));
}

// What a fused activation can give at all; a margin must not reach beyond it.
ValueRange activation_range(const Node& node, ValueRange range) {
  switch (fused_activation(node).value_or(Activation::none)) {
    case Activation::relu:
      return {0, range.high};
    case Activation::relu6:
      return {0, std::min(range.high, 6.0f)};
    case Activation::relu_n1_to_1:
      return {std::max(range.low, -1.0f), std::min(range.high, 1.0f)};
    default:
      return range;
  }
}

Result<void> check(const Graph& graph, const CalibrationData& data, const QuantizeConfig& config) {
  if (data.count() <= 0) return input_error("calibration: there are no examples; quantization needs the training part");
  if (!(config.percentile > 50 && config.percentile <= 100))
    return input_error(
        fmt::format("[quantize] percentile = {}: expected more than 50 and at most 100", config.percentile));
  if (!(config.margin >= 0 && config.margin <= 10))
    return input_error(
        fmt::format("[quantize] margin = {}: expected 0 to 10 (0.1 widens ranges by 10 %)", config.margin));
  for (const Node& node : graph.nodes)
    if (!node.op)
      return input_error(fmt::format("layer '{}' is {}, an operator that mote lacks, so it cannot be quantized",
                                     node.name, node.foreign));
  return {};
}

// Tensors of one group get a range that holds those of all.
void share(const std::vector<int32_t>& first, const std::vector<bool>& seen, std::vector<ValueRange>& ranges) {
  const auto widen = [](ValueRange& range, const ValueRange& by) {
    range = {std::min(range.low, by.low), std::max(range.high, by.high)};
  };
  for (size_t i = 0; i < ranges.size(); ++i)
    if (seen[i]) widen(ranges[static_cast<size_t>(first[i])], ranges[i]);
  for (size_t i = 0; i < ranges.size(); ++i)
    if (seen[i]) ranges[i] = ranges[static_cast<size_t>(first[i])];
}

ValueRange choose_range(const HistogramObserver& histogram, const QuantizeConfig& config) {
  switch (config.method) {
    case RangeMethod::percentile:
      return histogram.percentile(config.percentile);
    case RangeMethod::entropy:
      return histogram.least_divergence();
    case RangeMethod::mse:
    case RangeMethod::minmax:
      break;
  }
  return histogram.least_squares();
}

constexpr std::pair<RangeMethod, const char*> kMethods[] = {{RangeMethod::minmax, "minmax"},
                                                            {RangeMethod::percentile, "percentile"},
                                                            {RangeMethod::mse, "mse"},
                                                            {RangeMethod::entropy, "entropy"}};

}  // namespace

int64_t MatrixData::count() const {
  return row_elements_ > 0 ? static_cast<int64_t>(values_.size()) / row_elements_ : 0;
}

void MatrixData::fill(int64_t index, int32_t, std::span<float> values) const {
  const std::span<const float> row = values_.subspan(static_cast<size_t>(index * row_elements_), values.size());
  std::copy(row.begin(), row.end(), values.begin());
}

Result<RangeMethod> parse_range_method(const std::string& name) {
  for (const auto& [method, known] : kMethods)
    if (name == known) return method;
  return input_error(fmt::format("[quantize] calibration = \"{}\": expected minmax, percentile, mse or entropy", name));
}

std::string to_string(RangeMethod wanted) {
  for (const auto& [method, name] : kMethods)
    if (method == wanted) return name;
  return "";
}

Result<std::vector<TensorRange>> calibrate(const Graph& graph, const CalibrationData& data,
                                           const QuantizeConfig& config, const Progress& progress) {
  MOTE_CHECK(check(graph, data, config));
  MOTE_TRY(FloatExecutor executor, FloatExecutor::create(graph, static_cast<int32_t>(std::min(kBatch, data.count()))));
  std::vector<ExtremesObserver> extremes(graph.tensors.size());
  std::vector<bool> seen(graph.tensors.size());
  MOTE_CHECK(for_each_activation(executor, graph, data, "calibrate", progress,
                                 [&](int32_t tensor, std::span<const float> values, int64_t first) -> Result<void> {
                                   seen[static_cast<size_t>(tensor)] = true;
                                   if (extremes[static_cast<size_t>(tensor)].observe(values)) return {};
                                   return not_finite(graph, tensor, first,
                                                     std::min<int64_t>(executor.batch(), data.count() - first));
                                 }));
  std::vector<ValueRange> ranges;
  for (const ExtremesObserver& observer : extremes) ranges.push_back(observer.range());

  if (config.method != RangeMethod::minmax) {
    std::vector<HistogramObserver> histograms(ranges.begin(), ranges.end());
    MOTE_CHECK(for_each_activation(executor, graph, data, "calibrate, histograms", progress,
                                   [&](int32_t tensor, std::span<const float> values, int64_t) -> Result<void> {
                                     histograms[static_cast<size_t>(tensor)].observe(values);
                                     return {};
                                   }));
    for (size_t i = 0; i < ranges.size(); ++i)
      if (seen[i]) ranges[i] = choose_range(histograms[i], config);
  }
  const float widen = static_cast<float>(1 + config.margin);
  for (ValueRange& range : ranges) range = {range.low * widen, range.high * widen};
  for (const Node& node : graph.nodes)
    for (int32_t output : node.outputs)
      ranges[static_cast<size_t>(output)] = activation_range(node, ranges[static_cast<size_t>(output)]);
  share(shared_ranges(graph), seen, ranges);

  std::vector<TensorRange> result;
  for (size_t i = 0; i < ranges.size(); ++i)
    if (seen[i]) result.push_back({static_cast<int32_t>(i), ranges[i].low, ranges[i].high});
  return result;
}

}  // namespace mote
