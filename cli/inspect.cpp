#include "toolchain/plan/inspect.h"
#include "cli/latest_run.h"
#include "cli/verb.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {

Result<Outcome> run(Session& session, const std::string& model) {
  MOTE_TRY(const fs::path path, model_path(session, model));
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(path));
  MOTE_TRY(TfliteFile file, read_tflite_file(path.string(), bytes));
  MOTE_TRY(const MemoryPlan plan, plan_memory(file.graph));
  const InspectedFile facts{shown(path), static_cast<int64_t>(bytes.size()), file.description,
                            std::move(file.warnings)};
  session.console.text(inspect_text(facts, file.graph, plan));
  session.console.object(inspect_json(facts, file.graph, plan));
  return Outcome::done;
}

Run configure(CLI::App& command) {
  auto model = std::make_shared<std::string>();
  command.add_option("model", *model, "A .tflite file [that of the newest run]");
  return [model](Session& session) { return run(session, *model); };
}

}  // namespace

extern const Verb inspect_verb;
const Verb inspect_verb{"inspect", "Operators, tensors, the arena map, and which tensors make its peak", "", configure};

}  // namespace mote
