#include "toolchain/plan/inspect.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/latest_run.h"
#include "cli/verb.h"
#include "features/feature.h"
#include "toolchain/compile/lower.h"
#include "toolchain/report/table.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {
namespace inspect_command {

constexpr ptrdiff_t kMostNames = 6;  // of channels with the same unit and scale

// Neighbouring channels with the same unit and scale make one line.
std::string channel_table(const std::vector<ChannelContract>& channels) {
  Table table({"channels", "unit", "value at count 0", "counts for 1"},
              {Align::left, Align::left, Align::right, Align::right});
  for (auto first = channels.begin(); first != channels.end();) {
    const auto end = std::find_if(first, channels.end(), [&](const ChannelContract& channel) {
      return channel.unit != first->unit || channel.origin != first->origin ||
             channel.counts_per_unit != first->counts_per_unit;
    });
    std::vector<std::string> names;
    for (auto channel = first; channel != end; ++channel) names.push_back(channel->name);
    table.row({end - first <= kMostNames ? fmt::format("{}", fmt::join(names, ", "))
                                         : fmt::format("{} to {} ({})", names.front(), names.back(), names.size()),
               first->unit.empty() ? "-" : first->unit, fmt::format("{:g}", first->origin),
               fmt::format("{:g}", first->counts_per_unit)});
    first = end;
  }
  return table.text();
}

std::string purpose_text(const ModelMetadata& metadata, const FeatureBlock& features) {
  const RecordingContract& contract = features.contract();
  const std::string rows = contract.rate_hz > 0
                               ? fmt::format("windows of {} readings at {:g} Hz, one every {} readings",
                                             contract.window, contract.rate_hz, contract.stride)
                               : std::string("rows of a table");
  const BaselineContract& baseline = contract.baseline;
  const std::string before =
      baseline.readings > 0
          ? fmt::format("a baseline of {} readings, whose mean{} all later ones are expressed by, and ",
                        baseline.readings, baseline.least.empty() ? "" : " and deviation")
          : "";
  return fmt::format("\nMade for {}: {}\nFed with {}{}, int16 counts, by feature block {}\n{}", metadata.task,
                     fmt::join(metadata.labels, ", "), before, rows, features.kind(), channel_table(contract.channels));
}

struct Purpose {
  std::string text;
  Json json;
};

// Of a model that mote made; nothing of others.
Result<Purpose> purpose(const Graph& graph) {
  MOTE_TRY(const std::optional<ModelMetadata> metadata, model_metadata(graph));
  if (!metadata) return Purpose{};
  if (metadata->features.empty()) return Purpose{"", to_json(*metadata)};
  MOTE_TRY(const FeaturePtr features, features_from_json(metadata->features));
  return Purpose{purpose_text(*metadata, *features), to_json(*metadata)};
}

// What the compiler makes of a graph; the graph as it is when mote cannot run all of it, of which a warning tells.
Graph compiled_form(const std::string& name, const Graph& graph) {
  const bool foreign =
      std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) { return node.op == nullptr; });
  Graph lowered = graph;
  return !foreign && lower(name, lowered).ok() ? lowered : graph;
}

Result<Outcome> run(Session& session, const std::string& model) {
  MOTE_TRY(const fs::path path, model_path(session, model));
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(path));
  MOTE_TRY(TfliteFile file, read_tflite_file(path.string(), bytes));
  MOTE_TRY(const ArenaPlans plans, arena_plans(file.graph, compiled_form(path.string(), file.graph)));
  InspectedFile facts{shown(path), static_cast<int64_t>(bytes.size()), file.description, std::move(file.warnings)};
  Result<Purpose> made_for = purpose(file.graph);
  if (!made_for.ok()) facts.warnings.push_back(made_for.error().message);
  Json json = inspect_json(facts, file.graph, plans);
  json["metadata"] = made_for.ok() ? made_for->json : Json();
  session.console.text(inspect_text(facts, file.graph, plans) + (made_for.ok() ? made_for->text : ""));
  session.console.object(json);
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto model = std::make_shared<std::string>();
  command.add_option("model", *model, "A .tflite file [that of the newest run]");
  return [model](Session& session) { return run(session, *model); };
}

}  // namespace inspect_command
}  // namespace

extern const Verb inspect_verb;
const Verb inspect_verb{"inspect", "Operators, tensors, the arena map and its peak, and what the model is fed", "",
                        inspect_command::configure};

}  // namespace mote
