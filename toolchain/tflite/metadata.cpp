#include "toolchain/tflite/metadata.h"

#include <fmt/format.h>

#include "toolchain/base/lzma.h"

namespace mote {
namespace {

constexpr int kFormat = 1;

// Reads the keys of one object; the first problem is kept and names the key.
class ObjectReader {
 public:
  ObjectReader(std::string where, const Json& object) : where_(std::move(where)), object_(object) {
    if (!object.is_object()) fail("is not an object");
  }

  std::string text(const char* key) { return get<std::string>(key, "a text", &Json::is_string); }
  double number(const char* key) { return get<double>(key, "a number", &Json::is_number); }
  Json object(const char* key) { return get<Json>(key, "an object", &Json::is_object); }
  Json list(const char* key) { return get<Json>(key, "a list", &Json::is_array); }
  template <class T>
  std::vector<T> list_of(const char* key, const char* kind, bool (Json::*test)() const noexcept) {
    std::vector<T> values;
    const Json items = list(key);
    for (size_t i = 0; i < items.size(); ++i) {
      if (!(items[i].*test)()) {
        fail(fmt::format("'{}' entry {} is not {}", key, i, kind));
        return {};
      }
      values.push_back(items[i].template get<T>());
    }
    return values;
  }
  void fail(const std::string& problem) {
    if (error_.empty()) error_ = where_ + " " + problem;
  }
  Result<void> status() const {
    if (error_.empty()) return {};
    return input_error(error_);
  }

 private:
  template <class T>
  T get(const char* key, const char* kind, bool (Json::*test)() const noexcept) {
    if (!error_.empty()) return {};
    const auto found = object_.find(key);
    if (found != object_.end() && ((*found).*test)()) return found->template get<T>();
    fail(found == object_.end() ? fmt::format("lacks '{}'", key) : fmt::format("has a '{}' that is not {}", key, kind));
    return {};
  }

  std::string where_, error_;
  const Json& object_;
};

Result<DecisionRule> decision_from_json(const std::string& where, const Json& json) {
  ObjectReader reader(where + ": decision", json);
  const auto whole = [&](const char* key, double low, double high) {
    const double value = reader.number(key);
    if (value < low || value > high || value != static_cast<int32_t>(value))
      reader.fail(fmt::format("has a '{}' that is not a whole number from {} to {}", key, low, high));
    return static_cast<int32_t>(value);
  };
  DecisionRule rule{whole("smoothing", 1, 255), whole("debounce", 1, 255), whole("refractory", 0, 1e6), {}};
  rule.ignored = reader.list_of<int32_t>("ignored", "a whole number", &Json::is_number_integer);
  MOTE_CHECK(reader.status());
  return rule;
}

// In messages.
std::string entry_name() {
  return fmt::format("metadata '{}'", kMoteMetadata);
}

}  // namespace

Result<std::optional<ModelMetadata>> model_metadata(const Graph& graph) {
  const auto entry = graph.metadata.find(kMoteMetadata);
  if (entry == graph.metadata.end()) return std::optional<ModelMetadata>();
  const std::string where = entry_name();
  MOTE_TRY(const std::string text, decompress_lzma(where, entry->second, kMostMetadataText));
  MOTE_TRY(const Json json, parse_json(where, text));
  MOTE_TRY(ModelMetadata metadata, metadata_from_json(json));
  return std::optional(std::move(metadata));
}

Result<ModelMetadata> metadata_from_json(const Json& json) {
  const std::string where = entry_name();
  ObjectReader reader(where, json);
  const double format = reader.number("format");
  MOTE_CHECK(reader.status());
  if (format != kFormat)
    return input_error(fmt::format("{} has format {}; this mote reads {}", where, format, kFormat));
  ModelMetadata metadata;
  metadata.task = reader.text("task");
  metadata.labels = reader.list_of<std::string>("labels", "a text", &Json::is_string);
  metadata.features = reader.object("features");
  metadata.thresholds = reader.list_of<double>("thresholds", "a number", &Json::is_number);
  metadata.fingerprint = reader.text("fingerprint");
  MOTE_CHECK(reader.status());
  if (json.contains("decision")) {
    MOTE_TRY(metadata.decision, decision_from_json(where, json["decision"]));
  }
  return metadata;
}

Json to_json(const ModelMetadata& metadata) {
  Json json = {{"format", kFormat},
               {"task", metadata.task},
               {"labels", metadata.labels},
               {"features", metadata.features},
               {"thresholds", metadata.thresholds},
               {"fingerprint", metadata.fingerprint}};
  if (const DecisionRule& rule = metadata.decision; rule != DecisionRule())
    json["decision"] = {{"smoothing", rule.smoothing},
                        {"debounce", rule.debounce},
                        {"refractory", rule.refractory},
                        {"ignored", rule.ignored}};
  return json;
}

Result<void> set_model_metadata(Graph& graph, const ModelMetadata& metadata) {
  const std::string text = to_json(metadata).dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kMostMetadataText)
    return input_error(
        fmt::format("labels and feature block take {} bytes in the model's metadata, at most {} fit; "
                    "use fewer channels or shorter names",
                    text.size(), kMostMetadataText));
  MOTE_TRY(graph.metadata[kMoteMetadata], compress_lzma(text));
  return {};
}

}  // namespace mote
