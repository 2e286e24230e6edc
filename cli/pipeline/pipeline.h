// The steps from recordings to measured firmware. Each is named by the fingerprint of what it depends on, its results
// are kept under that name, and it is done again only when there is no result of that name.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "cli/pipeline/model_file.h"
#include "cli/pipeline/windows.h"
#include "cli/pipeline/workspace.h"
#include "cli/project/project.h"
#include "cli/session.h"
#include "toolchain/boards/boards.h"

namespace mote {

// What a step left in its folder.
struct Step {
  fs::path folder;
  std::string fingerprint;
  Json result;          // result.json
  bool reused = false;  // was there already
};

inline constexpr const char* kFloatFile = "float.mote";
inline constexpr const char* kAwareFile = "aware.mote";
inline constexpr const char* kModelFile = "model.tflite";
inline constexpr const char* kFirmwareFolder = "firmware";

// Replaces the start of the paths in a measurement's JSON: the ELF, and where the emulator's command line names it.
// Measurements of steps hold paths relative to their folder ("firmware/firmware.elf").
void move_paths(Json& measurement, const std::string& from, const std::string& to);

// `mote train --qat`: method "qat", whatever the project says.
void use_aware_training(ProjectConfig& project);

class Pipeline {
 public:
  // Finds and reads the project of the session; `--seed` replaces the project's. `change` may change what is neither
  // written in mote.toml nor given on the command line: the seed of training, the fold of the split.
  static Result<Pipeline> open(Session& session, const std::function<void(ProjectConfig&)>& change = {});

  const ProjectConfig& project() const { return project_; }
  const Workspace& workspace() const { return workspace_; }
  const Board& board() const { return *board_; }
  int threads() const { return threads_; }

  // The windows and the feature block, read once and only when a step needs them.
  Result<const Loaded*> loaded();

  // {"parts", "contract", "classes", "targets", "fingerprint", "notes", "parameters", "macs"}
  Result<Step> data();
  // The untrained architecture, quantized with its first weights, measured on the board: {"measurement",
  // "model_bytes"}.
  Result<Step> untrained(const Step& data);
  // float.mote; {"history", "best_epoch", "seconds", ...}. `again`: even if there is a result.
  Result<Step> train(const Step& data, bool again);
  Result<bool> is_trained(const Step& data) const;
  // model.tflite; {"layer_errors", "notes", "arena", "float_bytes", "int8_bytes"}
  Result<Step> quantize(const Step& train);
  // Method "qat": training that goes on with fake quantization. aware.mote, and what quantize() gives, and "training"
  // as train() gives it.
  Result<Step> quantize_aware(const Step& train, bool again);
  // An interrupted quantize_aware() left its state; the float training before it is done.
  bool aware_interrupted() const;
  // {"float": {"test": ...}, "ptq": {...}, "qat": {...}, "int8": the last of these, "comparisons": {...}}; no "qat"
  // with method "ptq".
  Result<Step> evaluate(const Step& train, const Step& quantize, const Step* aware);
  // All of these in order; gives evaluate()'s.
  Result<Step> data_to_judgement();
  // firmware/; the JSON of toolchain/measure
  Result<Step> measure(const Step& quantize);

 private:
  using Work = std::function<Result<Json>(const fs::path& folder)>;
  Pipeline(ProjectConfig project, const Board* board, Session& session);
  Result<Json> train_inputs(const Step& data) const;
  fs::path aware_checkpoints() const { return workspace_.hidden() / "checkpoints_aware"; }
  // Weights of another model, and what stays as it is: [train] start_from and freeze. Gives notes of what was taken.
  Result<std::vector<std::string>> prepare_transfer(Graph& graph, const Dataset& dataset) const;
  Result<Step> step(const std::string& name, const Json& inputs, bool again, const Work& work);
  Result<Json> measure_model(const std::string& name, const std::vector<uint8_t>& model, const fs::path& folder);
  Json decision_keys() const;
  Result<Json> write_int8(const fs::path& folder, const Graph& float_graph, const Int8File& file);
  Result<Json> train_into(const fs::path& folder, const std::string& data_fingerprint);

  ProjectConfig project_;
  const Board* board_;
  Console& console_;
  int threads_;
  bool threads_given_;
  Workspace workspace_;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace mote
