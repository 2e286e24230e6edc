// Any bytes: the reader answers; what it accepts is valid, can be planned, shown, and written and read again without
// loss.
#include "tests/fuzz/fuzz.h"
#include "toolchain/plan/inspect.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/reader.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

// A node writes `output` where it has it begin before `input`.
bool overlap_in(const Graph& graph, const MemoryPlan& plan, int32_t output, int32_t input) {
  const int32_t node = plan.lifetimes[output].first;
  if (node >= static_cast<int32_t>(graph.nodes.size()) || plan.leads[node] < 0) return false;
  return graph.nodes[node].outputs[0] == output && graph.nodes[node].inputs[0] == input &&
         plan.lifetimes[input].last == node && plan.offsets[input] - plan.offsets[output] == plan.leads[node];
}

void check_plan(const Graph& graph, const MemoryPlan& plan) {
  FUZZ_CHECK(plan.arena_bytes >= plan.lower_bound);
  const auto tensors = static_cast<int32_t>(graph.tensors.size());
  if (tensors > 300) return;  // pairs
  for (int32_t a = 0; a < tensors; ++a) {
    if (plan.offsets[a] < 0) continue;
    FUZZ_CHECK(plan.offsets[a] % kAlignment == 0);
    FUZZ_CHECK(plan.offsets[a] + graph.tensors[a].type.bytes() <= plan.arena_bytes);
    for (int32_t b = 0; b < a; ++b) {
      if (plan.offsets[b] < 0 || !plan.lifetimes[a].overlaps(plan.lifetimes[b])) continue;
      if (plan.shares_with[a] == b || plan.shares_with[b] == a) continue;
      if (overlap_in(graph, plan, a, b) || overlap_in(graph, plan, b, a)) continue;
      FUZZ_CHECK(plan.offsets[a] + graph.tensors[a].type.bytes() <= plan.offsets[b] ||
                 plan.offsets[b] + graph.tensors[b].type.bytes() <= plan.offsets[a]);
    }
  }
}

void check_round_trip(const Graph& graph) {
  const auto bytes = write_tflite(graph);
  if (!bytes.ok()) return;  // foreign operators, names used twice
  const auto again = read_tflite("again", *bytes);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(again->tensors.size() == graph.tensors.size() && again->nodes.size() == graph.nodes.size());
  FUZZ_CHECK(again->metadata == graph.metadata);
  const auto second = write_tflite(*again);
  FUZZ_CHECK(second.ok() && *second == *bytes);
}

}  // namespace
}  // namespace mote

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mote;
  const auto file = read_tflite_file("input", {data, size});
  if (!file.ok()) {
    FUZZ_CHECK(!file.error().message.empty() && file.error().kind == Error::Kind::input);
    return 0;
  }
  const Graph& graph = file->graph;
  FUZZ_CHECK(validate(graph).ok());
  FUZZ_CHECK(graph.input_names.size() == graph.inputs.size() && graph.output_names.size() == graph.outputs.size());
  (void)model_metadata(graph).ok();
  (void)offline_plan(graph).ok();
  if (const auto plan = plan_memory(graph); plan.ok()) {
    check_plan(graph, *plan);
    const auto plans = arena_plans(graph, graph);
    FUZZ_CHECK(plans.ok() && plans->whole.arena_bytes <= plan->arena_bytes);
    FUZZ_CHECK(plans->compiled.arena_bytes <= plans->whole.arena_bytes);
    check_plan(graph, plans->whole);
    const InspectedFile facts{"input", static_cast<int64_t>(size), file->description, file->warnings};
    (void)inspect_text(facts, graph, *plans).size();
    (void)inspect_json(facts, graph, *plans).dump().size();  // throws on text that is not UTF-8
  }
  check_round_trip(graph);
  return 0;
}
