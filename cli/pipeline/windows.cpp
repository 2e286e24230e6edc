#include "cli/pipeline/windows.h"

#include <algorithm>
#include <cstring>

#include "toolchain/base/random.h"

namespace mote {
namespace {

// Buffers of a thread, so that filling an example allocates nothing after the first.
std::span<float> scratch(size_t elements, int which) {
  thread_local std::vector<float> buffers[2];
  std::vector<float>& buffer = buffers[which];
  if (buffer.size() < elements) buffer.resize(elements);
  return {buffer.data(), elements};
}

}  // namespace

WindowExamples::WindowExamples(const Loaded& loaded, const DataPart& part, const Augmenter* augmenter, bool often)
    : loaded_(loaded), part_(part), augmenter_(augmenter), target_scale_(target_scale(loaded.dataset)) {
  constexpr size_t kMostKept = size_t{8} << 20;  // values
  const size_t elements = static_cast<size_t>(loaded.features->output_shape().elements());
  const size_t all = elements * part.windows.size();
  const bool change = augmenter != nullptr && !augmenter->empty();
  if (!often || change || all > kMostKept) return;
  kept_.resize(all);
  for (size_t i = 0; i < part.windows.size(); ++i)
    loaded.features->transform_counts(loaded.dataset.window(part.windows[i]),
                                      std::span(kept_).subspan(i * elements, elements));
}

void WindowExamples::fill(int64_t index, uint64_t epoch_seed, std::span<float> input, std::span<float> targets) const {
  const Dataset& dataset = loaded_.dataset;
  const DataWindow& window = part_.windows[static_cast<size_t>(index)];
  if (!kept_.empty()) {
    std::copy_n(kept_.begin() + index * static_cast<int64_t>(input.size()), input.size(), input.begin());
  } else if (epoch_seed == 0 || augmenter_ == nullptr || augmenter_->empty()) {
    loaded_.features->transform_counts(dataset.window(window), input);
  } else {
    const size_t elements = static_cast<size_t>(dataset.contract.elements());
    const std::span<float> values = scratch(elements, 0);
    dataset.values(window, values);
    Random random = Random(epoch_seed).stream(static_cast<uint64_t>(index));
    augmenter_->apply(values, scratch(elements, 1), random);
    loaded_.features->transform(values, input);
    augmenter_->apply_to_features(input, static_cast<int32_t>(loaded_.features->columns().size()), random);
  }
  if (dataset.task == DataTask::anomaly) {  // an auto-encoder is to give back what it was given
    std::copy_n(input.begin(), targets.size(), targets.begin());
    return;
  }
  for (size_t t = 0; t < targets.size(); ++t) {
    const float value = part_.targets[static_cast<size_t>(index) * targets.size() + t];
    targets[t] = (value - static_cast<float>(dataset.target_mean[t])) / target_scale_[t];
  }
}

void WindowInputs::fill(int64_t index, int32_t, std::span<float> values) const {
  loaded_.features->transform_counts(loaded_.dataset.window(part_.windows[static_cast<size_t>(index)]), values);
}

std::vector<float> target_scale(const Dataset& dataset) {
  std::vector<float> scale;
  for (const double deviation : dataset.target_deviation)
    scale.push_back(deviation > 0 ? static_cast<float>(deviation) : 1.0f);
  return scale;
}

Result<std::vector<uint8_t>> stored_inputs(const Loaded& loaded, const DataPart& part, const TensorType& input) {
  const bool integers = input.dtype == DType::int8 ||
                        (input.dtype == DType::int16 && input.quant.quantized() && input.quant.zero_points[0] == 0);
  if (!integers || !input.quant.quantized())
    return input_error("the model's input is " + to_string(input.dtype) +
                       "; expected int8 with a scale and zero point, or int16 with a scale");
  const size_t row = static_cast<size_t>(input.bytes());
  std::vector<uint8_t> bytes(row * part.windows.size());
  for (size_t i = 0; i < part.windows.size(); ++i)
    MOTE_CHECK(loaded.features->transform_stored(loaded.dataset.window(part.windows[i]), input,
                                                 std::span(bytes).subspan(i * row, row)));
  return bytes;
}

std::vector<uint8_t> readings(const Dataset& dataset, const DataPart& part) {
  std::vector<int16_t> row(static_cast<size_t>(dataset.contract.fed_elements()));
  std::vector<uint8_t> bytes(row.size() * sizeof(int16_t) * part.windows.size());
  for (size_t i = 0; i < part.windows.size(); ++i) {
    dataset.fed_window(part.windows[i], row);
    std::memcpy(bytes.data() + i * row.size() * sizeof(int16_t), row.data(), row.size() * sizeof(int16_t));
  }
  return bytes;
}

std::vector<int64_t> window_groups(const Dataset& dataset, const DataPart& part) {
  std::vector<int64_t> groups;
  const bool by_name = dataset.split_by.starts_with("filename:") || dataset.split_by.starts_with("column:");
  const bool table = dataset.contract.window == 1 && dataset.contract.rate_hz == 0;
  if (dataset.split_by == "random" || (table && !by_name)) return groups;
  const bool by_recording = dataset.split_by == "time";
  for (const DataWindow& window : part.windows) groups.push_back(by_recording ? window.recording : window.group);
  return groups;
}

std::vector<int32_t> window_labels(const DataPart& part) {
  std::vector<int32_t> labels;
  for (const DataWindow& window : part.windows) labels.push_back(window.label);
  return labels;
}

}  // namespace mote
