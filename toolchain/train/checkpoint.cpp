#include "toolchain/train/checkpoint.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <string_view>

#include "toolchain/base/files.h"

namespace mote {
namespace {

constexpr std::string_view kMagic = "mote checkpoint 2\n";
constexpr size_t kDigits = 32;  // of a fingerprint

// Field by field, since structs have padding.
template <class Visitor>
void visit_report(Visitor&& visit, EpochReport& report) {
  visit(report.epoch), visit(report.loss), visit(report.metric), visit(report.validation_loss);
  visit(report.validation_metric), visit(report.learning_rate), visit(report.best);
}

template <class Visitor>
void visit_state(Visitor&& visit, TrainState& state, int32_t& epochs, auto&& resize_history) {
  visit(state.optimizer.steps), visit(state.best_epoch), visit(epochs), visit(state.best_loss);
  resize_history();
  for (EpochReport& report : state.history) visit_report(visit, report);
}

std::array<const FloatBuffer*, 5> vectors(const TrainState& state) {
  return {&state.weights, &state.best_weights, &state.optimizer.first, &state.optimizer.second, &state.average};
}

struct Writer {
  std::vector<uint8_t>& bytes;
  void raw(const void* data, size_t size) {
    const auto* from = static_cast<const uint8_t*>(data);
    bytes.insert(bytes.end(), from, from + size);
  }
  template <class T>
  void operator()(T& value) {
    raw(&value, sizeof(T));
  }
};

struct Reader {
  const std::vector<uint8_t>& bytes;
  size_t at = 0, end = 0;
  bool failed = false;
  void raw(void* data, size_t size) {
    failed = failed || size > end - at;
    if (failed) return;
    std::memcpy(data, bytes.data() + at, size);
    at += size;
  }
  template <class T>
  void operator()(T& value) {
    raw(&value, sizeof(T));
  }
};

}  // namespace

std::vector<uint8_t> encode_checkpoint(const TrainState& state, const std::string& train_fingerprint) {
  std::vector<uint8_t> bytes;
  Writer writer{bytes};
  writer.raw(kMagic.data(), kMagic.size());
  writer.raw(train_fingerprint.data(), kDigits);
  int64_t floats = state.weights.size();
  writer(floats);
  auto epochs = static_cast<int32_t>(state.history.size());
  visit_state(writer, const_cast<TrainState&>(state), epochs, [] {});
  for (const FloatBuffer* vector : vectors(state))
    writer.raw(vector->data(), static_cast<size_t>(vector->size()) * sizeof(float));
  const std::string digest = fingerprint(bytes);
  writer.raw(digest.data(), kDigits);
  return bytes;
}

Result<void> decode_checkpoint(const std::filesystem::path& path, const std::vector<uint8_t>& bytes,
                               const std::string& train_fingerprint, TrainState& state) {
  const Error damaged = input_error(
      fmt::format("{}: not a whole checkpoint of this version; delete it to train from the start", path.string()));
  const size_t head = kMagic.size() + kDigits;
  if (bytes.size() < head + kDigits || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) return damaged;
  Reader reader{bytes, kMagic.size(), bytes.size() - kDigits};
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (fingerprint(text.substr(0, reader.end)) != text.substr(reader.end)) return damaged;
  if (text.substr(kMagic.size(), kDigits) != train_fingerprint)
    return input_error(
        fmt::format("{}: this checkpoint was made with another model, data or [train] settings; delete it to train "
                    "from the start, or restore the settings to go on",
                    path.string()));
  reader.at = head;
  int64_t floats = 0;
  reader(floats);
  if (floats != state.weights.size()) return damaged;
  int32_t epochs = 0;
  visit_state(reader, state, epochs, [&] {
    // A report takes more than 40 bytes, which bounds what a wrong count could ask for.
    if (epochs >= 0 && static_cast<size_t>(epochs) < bytes.size() / 40)
      state.history.resize(static_cast<size_t>(epochs));
    else
      reader.failed = true;
  });
  for (const FloatBuffer* vector : vectors(state))
    reader.raw(vector->data(), static_cast<size_t>(vector->size()) * sizeof(float));
  if (reader.failed || reader.at != reader.end) return damaged;
  return {};
}

}  // namespace mote
