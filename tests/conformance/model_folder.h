// One-operator models as files, for runtimes that are no C++ of ours.
#pragma once
#include <filesystem>
#include <span>

#include "tests/conformance/case_model.h"

namespace mote::conformance {

// File name of a case without extension: "fully_connected.plain.float32" or "... .integer".
std::string stem_of(const CaseModel& model);

// <stem>.tflite, <stem>.in0 ... (raw bytes) for each model, and index.json, read by peers.py.
Result<void> write_models(const std::filesystem::path& folder, std::span<const CaseModel> models);

}  // namespace mote::conformance
