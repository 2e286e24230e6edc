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
  std::string model;
  std::vector<std::string> inputs, outputs;
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

Result<void> write_outputs(const Int8Executor& model, std::span<const uint8_t> rows, int64_t count,
                           const Options& options) {
  if (options.outputs.size() > static_cast<size_t>(model.output_count()))
    return input_error(fmt::format("the model has {} outputs; --output was given {} times", model.output_count(),
                                   options.outputs.size()));
  for (size_t i = 0; i < options.outputs.size(); ++i) {
    const auto index = static_cast<int32_t>(i);
    const NpyArray raw = output_array(model, rows, count, index);
    MOTE_CHECK(write_npy(options.outputs[i],
                         options.dequantize_output ? dequantized_array(model, raw, index) : raw));
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
  MOTE_TRY(const std::vector<uint8_t> result, run_batch(model, rows.bytes, rows.count, pool, Rows::sequence));
  MOTE_CHECK(write_outputs(model, result, rows.count, options));
  const NpyArray raw = output_array(model, result, rows.count, 0);
  const NpyArray floats = dequantized_array(model, raw, 0);

  MOTE_TRY(const std::vector<std::string> labels, output_labels(opened.graph));
  const OutputMatrix matrix = floats.dtype == DType::float32 ? as_matrix(floats) : OutputMatrix{};
  std::string text =
      fmt::format("  {} inferences, output {}, arena {} B\n", rows.count, to_string(raw.dtype), model.arena_bytes());
  for (int64_t i = 0; i < std::min(matrix.rows, kShownRows); ++i)
    text += fmt::format("  {:>4}{}\n", i, row_text(matrix, i, labels));
  if (model.output_count() > 1)
    text += fmt::format("  output 0 of {} is shown; --output, given once for each, writes them\n",
                        model.output_count());
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
  add_input_option(command, options->inputs,
                   "Inputs as a .npy array, one inference for each row of the first axis; once for each input")
      ->required();
  command.add_option("--output", options->outputs, "Writes an output: the model's own bytes; once for each output")
      ->allow_extra_args(false)
      ->type_name("B.npy");
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
