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

void check_json(const Json& json) {
  const auto metadata = metadata_from_json(json);
  if (!accepted(metadata)) return;
  Graph graph;
  if (accepted(set_model_metadata(graph, *metadata))) FUZZ_CHECK(model_metadata(graph)->value() == *metadata);
  const auto features = features_from_json(metadata->features);
  if (!accepted(features)) return;
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
