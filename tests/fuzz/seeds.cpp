// Writes one small model per operator and form, and the metadata that the models carry, into the folder given: valid
// starting points for the fuzz targets.
#include <cstdio>

#include "device/sensor_frame.h"
#include "features/feature.h"
#include "toolchain/base/files.h"
#include "toolchain/plan/plan.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/test_graphs.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

Result<ModelMetadata> metadata() {
  const RecordingContract contract{100, 2, 1, {{"ax", "g", 0, 8192}, {"temperature", "C", 21.5, 256}}};
  const std::vector<int16_t> counts = {100, -3, 7, 40};
  MOTE_TRY(const FeaturePtr features, fit_features("raw", contract, Json::object(), {counts}));
  return ModelMetadata{"classification", {"idle", "left"},   to_json(*features),
                       {0.5, 0.9},       "0123456789abcdef", {2, 3, 4, {0}}};
}

Result<void> write_model(const fs::path& folder, const OpDef& op, bool integer, const ModelMetadata& entry) {
  Random random(1);
  Graph graph = one_operator(op, op.random_case(random), integer, 1);
  if (const auto plan = plan_memory(graph); plan.ok() && integer) add_offline_plan(graph, *plan);
  MOTE_CHECK(set_model_metadata(graph, entry));
  MOTE_TRY(const std::vector<uint8_t> bytes, write_tflite(graph));
  return write_file(folder / (std::string(op.name) + (integer ? "_int8" : "_float") + ".tflite"), bytes);
}

// The first byte says how fuzz_stream cuts the rest.
Result<void> write_streams(const fs::path& folder) {
  const std::string_view lines =
      "\7time_us,ax [g],ay [g]\r\n10,1,-2\r\n20,1.5e-3,nan\r\nboot\r\n30,1,2\r\n40,1,2,3\r\nt:1,ax:2,ay:3\r\n";
  MOTE_CHECK(write_file(folder / "lines.stream", lines));
  std::string frames = "\11noise";
  SensorFrame frame;
  const float scales[] = {100, 200};
  const auto put = [&] { frames.append(reinterpret_cast<const char*>(frame.bytes()), frame.finish()); };
  frame.begin_description(0, 10000, 2, scales, "ax [g],ay [g]");
  put();
  for (uint16_t number = 0; number < 3; ++number) {
    frame.begin_readings(number, number * 20000u, 2);
    for (int16_t count = 0; count < 4; ++count) frame.put_count(count);
    put();
  }
  return write_file(folder / "frames.stream", std::string_view(frames));
}

// One entry for each feature block, with filters and slopes.
Result<void> write_blocks(const fs::path& folder, ModelMetadata entry) {
  const RecordingContract contract{8000, 640, 160, {{"a", "", 0, 32768}, {"b", "g", 1, 8192}}};
  std::vector<int16_t> counts(1280);
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = static_cast<int16_t>(i * i);
  for (const std::string& kind : feature_kinds()) {
    Json options = {{"filter", {"lowpass 1 kHz order 4"}}};
    if (kind == "mfe" || kind == "mfcc" || kind == "spectrogram")
      options.update({{"frame", "20 ms"}, {"hop", "20 ms"}, {"delta", 1}});
    MOTE_TRY(const FeaturePtr features, fit_features(kind, contract, options, {counts}));
    entry.features = to_json(*features);
    MOTE_CHECK(write_file(folder / (kind + ".json"), std::string_view(to_json(entry).dump())));
  }
  return {};
}

Result<void> write_seeds(const fs::path& folder) {
  MOTE_TRY(const ModelMetadata entry, metadata());
  MOTE_CHECK(write_blocks(folder, entry));
  for (const OpDef* op : ops_with_cases())
    for (bool integer : {false, true}) MOTE_CHECK(write_model(folder, *op, integer, entry));
  Graph graph;
  MOTE_CHECK(set_model_metadata(graph, entry));
  MOTE_CHECK(write_streams(folder));
  MOTE_CHECK(write_file(folder / "metadata.lzma", std::string_view(graph.metadata[kMoteMetadata])));
  return write_file(folder / "metadata.json", std::string_view(to_json(entry).dump()));
}

}  // namespace
}  // namespace mote

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  const mote::Result<void> written = mote::write_seeds(arguments[1]);
  if (written.ok()) return 0;
  std::fprintf(stderr, "%s\n", written.error().message.c_str());
  return 1;
}
