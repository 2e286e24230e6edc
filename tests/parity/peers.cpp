#include "tests/parity/peers.h"

#include <fmt/format.h>

#include "tests/parity/test_data.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"

namespace mote {
namespace {

constexpr double kInstallSeconds = 300, kRunSeconds = 300;

fs::path parity_folder() {
  return source_folder() / "tests/parity";
}

}  // namespace

Result<fs::path> peer_python() {
  const fs::path venv = binary_folder() / "venv";
  MOTE_TRY(const ProcessOutput run,
           run_process({(parity_folder() / "environment").string(), venv.string()}, kInstallSeconds));
  if (run.timed_out) return input_error("pip did not finish within 5 minutes");
  if (run.exit_status != 0) return input_error(run.errors);
  return venv / "bin/python";
}

Result<PeerOutputs> run_peers(const fs::path& model, const NpyArray& inputs, const fs::path& folder) {
  MOTE_TRY(const fs::path python, peer_python());
  fs::create_directories(folder);
  MOTE_CHECK(write_npy(folder / "inputs.npy", inputs));
  MOTE_TRY(const ProcessOutput run, run_process({python.string(), (parity_folder() / "run_peers.py").string(),
                                                 model.string(), (folder / "inputs.npy").string(), folder.string()},
                                                kRunSeconds));
  if (run.exit_status != 0) return defect(fmt::format("run_peers.py on {}: {}", model.string(), run.errors));
  PeerOutputs outputs;
  MOTE_TRY(outputs.litert, read_npy(folder / "litert.npy"));
  MOTE_TRY(outputs.tflm, read_npy(folder / "tflm.npy"));
  return outputs;
}

std::string first_difference(const std::string& left_name, const std::vector<uint8_t>& left,
                             const std::string& right_name, const std::vector<uint8_t>& right, int64_t rows) {
  if (left.size() != right.size() || rows <= 0 || left.size() % static_cast<size_t>(rows) != 0)
    return fmt::format("{} gave {} bytes, {} {}, for {} rows", left_name, left.size(), right_name, right.size(), rows);
  const size_t columns = left.size() / static_cast<size_t>(rows);
  std::string first;
  int64_t differing_rows = 0;
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
    bool differs = false;
    for (size_t column = 0; column < columns && !differs; ++column) {
      const size_t i = row * columns + column;
      differs = left[i] != right[i];
      if (differs && first.empty())
        first = fmt::format("row {}, element {}: {} {}, {} {}", row, column, left_name, static_cast<int8_t>(left[i]),
                            right_name, static_cast<int8_t>(right[i]));
    }
    differing_rows += differs;
  }
  return first.empty() ? "" : fmt::format("{} of {} rows differ; {}", differing_rows, rows, first);
}

}  // namespace mote
