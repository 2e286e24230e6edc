// Any bytes as a model's `mote` entry, and any text as the JSON in it: the reader answers, and what it accepts comes
// back when it is written again.
#include "features/feature.h"
#include "tests/fuzz/fuzz.h"
#include "toolchain/tflite/metadata.h"

namespace mote {
namespace {

template <class T>
bool accepted(const Result<T>& result) {
  FUZZ_CHECK(result.ok() || (!result.error().message.empty() && result.error().kind == Error::Kind::input));
  return result.ok();
}

// What the block makes of a window that has every kind of reading; the sanitizers look on.
void run_features(const FeatureBlock& block) {
  constexpr int32_t kMostElements = 1 << 14;
  const int32_t readings = block.contract().elements(), numbers = block.output_shape().elements();
  if (readings > kMostElements || numbers > kMostElements) return;
  std::vector<int16_t> window(static_cast<size_t>(readings));
  for (size_t i = 0; i < window.size(); ++i)
    window[i] = static_cast<int16_t>(i % 3 == 0 ? -32768 : i % 3 == 1 ? 32767 : i * 7919);
  std::vector<int8_t> features(static_cast<size_t>(numbers));
  accepted(block.transform_int8(window, 0.03f, -5, features));
  accepted(block.firmware("input", 0.03f, -5));
}

void check_json(const Json& json) {
  const auto metadata = metadata_from_json(json);
  if (!accepted(metadata)) return;
  Graph graph;
  if (accepted(set_model_metadata(graph, *metadata))) FUZZ_CHECK(model_metadata(graph)->value() == *metadata);
  const auto features = features_from_json(metadata->features);
  if (!accepted(features)) return;
  run_features(**features);
  const auto again = features_from_json(to_json(**features));
  FUZZ_CHECK(again.ok() && to_json(**again) == to_json(**features));
}

}  // namespace
}  // namespace mote

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mote;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (const auto json = parse_json("input", bytes); accepted(json)) check_json(*json);
  Graph graph;
  graph.metadata[kMoteMetadata] = bytes;
  if (const auto entry = model_metadata(graph); accepted(entry)) check_json(to_json(**entry));
  return 0;
}
