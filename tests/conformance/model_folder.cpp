#include "tests/conformance/model_folder.h"

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/base/json.h"
#include "toolchain/tflite/writer.h"

namespace mote::conformance {

std::string stem_of(const CaseModel& model) {
  return fmt::format("{}.{}", model.name, model.integer ? "integer" : "float32");
}

Result<void> write_models(const fs::path& folder, std::span<const CaseModel> models) {
  Json index = Json::array();
  for (const CaseModel& model : models) {
    const std::string stem = stem_of(model), op = model.op->name;
    MOTE_TRY(const auto bytes, write_tflite(model.graph));
    MOTE_CHECK(write_file(folder / (stem + ".tflite"), bytes));
    for (size_t i = 0; i < model.inputs.size(); ++i)
      MOTE_CHECK(write_file(folder / fmt::format("{}.in{}", stem, i), model.inputs[i]));
    index.push_back({{"stem", stem},
                     {"operator", op},
                     {"case", model.name.substr(op.size() + 1)},
                     {"form", model.integer ? "integer" : "float32"},
                     {"inputs", model.inputs.size()},
                     {"outputs", model.graph.outputs.size()},
                     {"invokes", invokes_of(model)},
                     {"fingerprint", case_fingerprint(model)}});
  }
  return write_json(folder / "index.json", index);
}

}  // namespace mote::conformance
