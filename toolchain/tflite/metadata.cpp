#include "toolchain/tflite/metadata.h"

#include <fmt/format.h>

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

}  // namespace

Result<std::optional<ModelMetadata>> model_metadata(const Graph& graph) {
  const auto entry = graph.metadata.find(kMoteMetadata);
  if (entry == graph.metadata.end()) return std::optional<ModelMetadata>();
  const std::string where = fmt::format("metadata '{}'", kMoteMetadata);
  MOTE_TRY(const Json json, parse_json(where, entry->second));
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
  metadata.goal = reader.object("goal");
  MOTE_CHECK(reader.status());
  return std::optional(std::move(metadata));
}

void set_model_metadata(Graph& graph, const ModelMetadata& metadata) {
  const Json json = {{"format", kFormat},
                     {"task", metadata.task},
                     {"labels", metadata.labels},
                     {"features", metadata.features},
                     {"thresholds", metadata.thresholds},
                     {"fingerprint", metadata.fingerprint},
                     {"goal", metadata.goal}};
  graph.metadata[kMoteMetadata] = json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace mote
