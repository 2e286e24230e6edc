#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/model_input.h"
#include "cli/pipeline/anomaly.h"
#include "cli/verb.h"
#include "toolchain/report/format.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/train/thresholds.h"

namespace mote {
namespace {
namespace run_command {

constexpr int64_t kShownRows = 10;

struct Options {
  std::string model;
  std::vector<std::string> inputs, outputs;
  bool quantize_input = false, readings = false, dequantize_output = false, sequence = false;
};

// What the model's metadata make of its outputs, a text for each row; empty when they say nothing.
struct Decisions {
  std::vector<std::string> texts;
  Json json = Json::object();
};

Result<Decisions> decide_anomalies(const ModelMetadata& metadata, const Int8Executor& model, const ModelRows& rows,
                                   std::span<const uint8_t> outputs) {
  Decisions decisions;
  MOTE_TRY(const std::vector<float> scores, anomaly_scores(model, rows.bytes, outputs, rows.count));
  decisions.json["scores"] = scores;
  for (const float score : scores) {
    std::string text = "score " + format_number(double{score});
    if (!metadata.thresholds.empty()) {
      const bool above = double{score} > metadata.thresholds[0];
      text += above ? "  anomaly" : "  normal";
      decisions.json["anomalous"].push_back(above);
    }
    decisions.texts.push_back(std::move(text));
  }
  return decisions;
}

// Labels that reach their thresholds; null and "nothing" for rows in which none does.
Decisions decide_labels(const ModelMetadata& metadata, const OutputMatrix& outputs) {
  Decisions decisions;
  const auto classes = static_cast<size_t>(outputs.columns);
  if (metadata.thresholds.size() != classes || metadata.labels.size() != classes) return decisions;
  for (int64_t i = 0; i < outputs.rows; ++i) {
    const int32_t answer = accepted_class(outputs.row(i), metadata.thresholds);
    const bool any = answer != kNothing;
    decisions.texts.push_back(any ? metadata.labels[static_cast<size_t>(answer)] : "nothing");
    decisions.json["answers"].push_back(any ? Json(decisions.texts.back()) : Json());
  }
  return decisions;
}

Result<Decisions> decide(const std::optional<ModelMetadata>& metadata, const Int8Executor& model, const ModelRows& rows,
                         std::span<const uint8_t> outputs, const OutputMatrix& matrix) {
  if (!metadata) return Decisions{};
  if (metadata->task == "anomaly") return decide_anomalies(*metadata, model, rows, outputs);
  return decide_labels(*metadata, matrix);
}

std::string row_text(const OutputMatrix& outputs, int64_t row, const std::vector<std::string>& labels) {
  std::string text;
  const std::span<const float> values = outputs.row(row);
  for (size_t c = 0; c < values.size(); ++c)
    text += fmt::format("{}{}{}", c > 0 ? "  " : "", labels.size() == values.size() ? labels[c] + " " : "",
                        format_number(double{values[c]}));
  return text;
}

// An auto-encoder's outputs are of no interest beside its score; a class's are.
std::string answer_text(const Decisions& decisions, const OutputMatrix& outputs, int64_t row,
                        const std::vector<std::string>& labels) {
  if (decisions.texts.empty()) return row_text(outputs, row, labels);
  const std::string& decision = decisions.texts[static_cast<size_t>(row)];
  return decisions.json.contains("scores") ? decision : decision + ":  " + row_text(outputs, row, labels);
}

OutputMatrix as_matrix(const NpyArray& floats) {
  OutputMatrix matrix{floats.rows(), floats.row_elements(), std::vector<float>(floats.data.size() / sizeof(float))};
  std::memcpy(matrix.values.data(), floats.data.data(), floats.data.size());
  return matrix;
}

Result<void> write_outputs(const Int8Executor& model, std::span<const uint8_t> rows, int64_t count,
                           const Options& options) {
  if (options.outputs.size() > static_cast<size_t>(model.output_count()))
    return input_error(fmt::format("the model has {} outputs; --output was given {} times", model.output_count(),
                                   options.outputs.size()));
  for (size_t i = 0; i < options.outputs.size(); ++i) {
    const auto index = static_cast<int32_t>(i);
    const NpyArray raw = output_array(model, rows, count, index);
    MOTE_CHECK(write_npy(options.outputs[i], options.dequantize_output ? dequantized_array(model, raw, index) : raw));
  }
  return {};
}

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(const fs::path path, model_path(session, options.model));
  MOTE_TRY(const OpenModel opened, open_model(path));
  const Int8Executor& model = opened.executor;
  FeaturePtr features;
  if (options.readings) {
    MOTE_TRY(features, model_features(opened));
  }
  const InputKind kind = options.readings         ? InputKind::readings
                         : options.quantize_input ? InputKind::quantize
                                                  : InputKind::raw;
  MOTE_TRY(const ModelRows rows, model_rows(options.inputs, model, kind, features.get()));
  ThreadPool pool(session.threads > 0 ? session.threads : default_threads());
  MOTE_TRY(const std::optional<ModelMetadata> metadata, model_metadata(opened.graph));
  // A window of a model that mote made begins from nothing, as in training.
  const Rows order = metadata && !options.sequence ? Rows::examples : Rows::sequence;
  MOTE_TRY(const std::vector<uint8_t> result, run_batch(model, rows.bytes, rows.count, pool, order));
  MOTE_CHECK(write_outputs(model, result, rows.count, options));
  const NpyArray raw = output_array(model, result, rows.count, 0);
  const NpyArray floats = dequantized_array(model, raw, 0);

  const std::vector<std::string> labels = metadata ? metadata->labels : std::vector<std::string>();
  const OutputMatrix matrix = floats.dtype == DType::float32 ? as_matrix(floats) : OutputMatrix{};
  MOTE_TRY(const Decisions decisions, decide(metadata, model, rows, result, matrix));
  std::string text =
      fmt::format("  {} inferences, output {}, arena {} B\n", rows.count, to_string(raw.dtype), model.arena_bytes());
  if (model.keeps_state())
    text += order == Rows::examples ? "  the model's state is cleared before each row\n"
                                    : "  each row goes on from the state after the row before\n";
  for (int64_t i = 0; i < std::min(matrix.rows, kShownRows); ++i)
    text += fmt::format("  {:>4}  {}\n", i, answer_text(decisions, matrix, i, labels));
  if (model.output_count() > 1)
    text +=
        fmt::format("  output 0 of {} is shown; --output, given once for each, writes them\n", model.output_count());
  if (matrix.rows > kShownRows) text += fmt::format("   ... {} more\n", matrix.rows - kShownRows);
  session.console.text(text);
  Json json = {{"model", path.string()},
               {"rows", rows.count},
               {"dtype", to_string(raw.dtype)},
               {"shape", raw.shape},
               {"arena_bytes", model.arena_bytes()},
               {"labels", labels},
               {"outputs", matrix.values}};
  json.update(decisions.json);
  session.console.object(json);
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("model", options->model, "A .tflite file [that of the newest run]");
  add_input_option(command, options->inputs,
                   "Inputs as a .npy array, one inference for each row of the first axis; once for each input")
      ->required();
  command.add_option("--output", options->outputs, "Writes an output: the model's own bytes; once for each output")
      ->allow_extra_args(false)
      ->type_name("B.npy");
  CommandOption* quantize =
      command.add_flag("--quantize-input", options->quantize_input, "The inputs are float32: apply the model's scale");
  command
      .add_flag("--readings", options->readings, "The inputs are int16 sensor counts: apply the model's feature block")
      ->excludes(quantize);
  command.add_flag(
      "--sequence", options->sequence,
      "Rows of a model that keeps state (LSTM) go on from one another, as those of other makers' models do "
      "[each begins with cleared state, as windows do]");
  command.add_flag("--dequantize-output", options->dequantize_output, "Write the outputs as float32");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace run_command
}  // namespace

extern const Verb run_verb;
const Verb run_verb{"run", "Inference on this computer with the kernels of the firmware",
                    "The bytes are those that the board computes.", run_command::configure};

}  // namespace mote
