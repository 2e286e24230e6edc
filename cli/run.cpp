#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/model_input.h"
#include "cli/verb.h"
#include "toolchain/report/format.h"
#include "toolchain/tflite/metadata.h"

namespace mote {
namespace {

constexpr int64_t kShownRows = 10;

struct Options {
  std::string model, input, output;
  bool quantize_input = false, readings = false, dequantize_output = false;
};

Result<std::vector<std::string>> output_labels(const Graph& graph) {
  MOTE_TRY(const std::optional<ModelMetadata> metadata, model_metadata(graph));
  return metadata ? metadata->labels : std::vector<std::string>();
}

std::string row_text(const OutputMatrix& outputs, int64_t row, const std::vector<std::string>& labels) {
  std::string text;
  const std::span<const float> values = outputs.row(row);
  for (size_t c = 0; c < values.size(); ++c)
    text += fmt::format("  {}{}", labels.size() == values.size() ? labels[c] + " " : "", format_number(values[c]));
  return text;
}

OutputMatrix as_matrix(const NpyArray& floats) {
  OutputMatrix matrix{floats.rows(), floats.row_elements(), std::vector<float>(floats.data.size() / sizeof(float))};
  std::memcpy(matrix.values.data(), floats.data.data(), floats.data.size());
  return matrix;
}

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(const fs::path path, model_path(session, options.model));
  MOTE_TRY(const OpenModel opened, open_model(path));
  const Int8Executor& model = opened.executor;
  MOTE_TRY(const NpyArray array, read_npy(options.input));
  FeaturePtr features;
  if (options.readings) {
    MOTE_TRY(features, model_features(opened));
  }
  const InputKind kind = options.readings         ? InputKind::readings
                         : options.quantize_input ? InputKind::quantize
                                                  : InputKind::raw;
  MOTE_TRY(const ModelRows rows, model_rows(options.input, array, model, kind, features.get()));
  ThreadPool pool(session.threads > 0 ? session.threads : default_threads());
  MOTE_TRY(std::vector<uint8_t> result, run_batch(model, rows.bytes, rows.count, pool, Rows::sequence));
  const NpyArray raw = output_array(model, std::move(result), rows.count);
  const NpyArray floats = dequantized_array(model, raw);
  if (!options.output.empty()) MOTE_CHECK(write_npy(options.output, options.dequantize_output ? floats : raw));

  MOTE_TRY(const std::vector<std::string> labels, output_labels(opened.graph));
  const OutputMatrix matrix = floats.dtype == DType::float32 ? as_matrix(floats) : OutputMatrix{};
  std::string text =
      fmt::format("  {} inferences, output {}, arena {} B\n", rows.count, to_string(raw.dtype), model.arena_bytes());
  for (int64_t i = 0; i < std::min(matrix.rows, kShownRows); ++i)
    text += fmt::format("  {:>4}{}\n", i, row_text(matrix, i, labels));
  if (matrix.rows > kShownRows) text += fmt::format("   ... {} more\n", matrix.rows - kShownRows);
  session.console.text(text);
  session.console.object({{"model", path.string()},
                          {"rows", rows.count},
                          {"dtype", to_string(raw.dtype)},
                          {"shape", raw.shape},
                          {"arena_bytes", model.arena_bytes()},
                          {"labels", labels},
                          {"outputs", matrix.values}});
  return Outcome::done;
}

Run configure(CLI::App& command) {
  auto options = std::make_shared<Options>();
  command.add_option("model", options->model, "A .tflite file [that of the newest run]");
  command.add_option("--input", options->input, "Inputs as a .npy array, one inference for each row of the first axis")
      ->required()
      ->type_name("A.npy");
  command.add_option("--output", options->output, "Writes the outputs: the model's own bytes")->type_name("B.npy");
  CLI::Option* quantize =
      command.add_flag("--quantize-input", options->quantize_input, "The inputs are float32: apply the model's scale");
  command
      .add_flag("--readings", options->readings, "The inputs are int16 sensor counts: apply the model's feature block")
      ->excludes(quantize);
  command.add_flag("--dequantize-output", options->dequantize_output, "Write the outputs as float32");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace

extern const Verb run_verb;
const Verb run_verb{"run", "Inference on this computer with the kernels of the firmware",
                    "The bytes are those that the board computes.", configure};

}  // namespace mote
