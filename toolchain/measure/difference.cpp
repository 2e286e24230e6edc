#include "toolchain/measure/difference.h"

#include <fmt/format.h>

#include <algorithm>

namespace mote {
namespace {

constexpr struct {
  const char* name;
  const char* pointer;
} kFigures[] = {
    {"flash code, B", "/flash_bytes/code"},    {"flash model, B", "/flash_bytes/model"},
    {"RAM arena, B", "/ram_bytes/arena"},      {"RAM static, B", "/ram_bytes/static"},
    {"RAM stack, B", "/ram_bytes/stack"},      {"set-up instructions", "/setup/instructions"},
    {"instructions", "/latency/instructions"}, {"cycles", "/latency/cycles"},
    {"energy, uJ", "/power/energy_uj"},
};

// A number at a place of a file from somewhere.
Result<double> number_at(const std::string& file, const Json& json, const std::string& pointer) {
  const Json::json_pointer place(pointer);
  if (!json.is_object() || !json.contains(place) || !json.at(place).is_number())
    return input_error(fmt::format("{}: no number at {}; expected what `mote measure --json` printed", file, pointer));
  return json.at(place).get<double>();
}

Result<std::vector<FigurePair>> layer_cycles(const std::string& file, const Json& measurement) {
  const auto layers = measurement.find("layers");
  if (layers == measurement.end() || !layers->is_array())
    return input_error(fmt::format("{}: no list of layers; expected what `mote measure --json` printed", file));
  std::vector<FigurePair> cycles;
  for (size_t i = 0; i < layers->size(); ++i) {
    MOTE_TRY(const double value, number_at(file, measurement, fmt::format("/layers/{}/cycles", i)));
    const auto name = layers->at(i).find("name");
    if (name == layers->at(i).end() || !name->is_string())
      return input_error(fmt::format("{}: layer {} has no name", file, i));
    cycles.push_back({"cycles of " + name->get<std::string>(), value, 0});
  }
  return cycles;
}

}  // namespace

Result<std::vector<FigurePair>> compare_measurements(const std::string& file, const Json& before, const Json& now) {
  std::vector<FigurePair> pairs;
  for (const auto& figure : kFigures) {
    MOTE_TRY(const double from, number_at(file, before, figure.pointer));
    MOTE_TRY(const double to, number_at("this measurement", now, figure.pointer));
    pairs.push_back({figure.name, from, to});
  }
  MOTE_TRY(std::vector<FigurePair> layers, layer_cycles(file, before));
  MOTE_TRY(const std::vector<FigurePair> fresh, layer_cycles("this measurement", now));
  for (const FigurePair& layer : fresh) {
    const auto same = std::find_if(layers.begin(), layers.end(),
                                   [&](const FigurePair& l) { return l.name == layer.name && l.now == 0; });
    if (same != layers.end())
      same->now = layer.before;
    else
      layers.push_back({layer.name, 0, layer.before});
  }
  pairs.insert(pairs.end(), layers.begin(), layers.end());
  return pairs;
}

}  // namespace mote
