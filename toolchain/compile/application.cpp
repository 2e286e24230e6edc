#include "toolchain/compile/application.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "device/self_test.h"
#include "ops/op.h"
#include "toolchain/compile/c_interface.h"
#include "toolchain/compile/decision.h"
#include "toolchain/compile/run_model.h"

namespace mote {
namespace {

// Hashes of what the host makes of the self-test's readings.
struct SelfTestAnswers {
  uint32_t features = kHashStart, outputs = kHashStart;
};

Result<SelfTestAnswers> self_test_answers(const std::string& file, const std::vector<uint8_t>& model,
                                          const ModelFacts& facts, const TensorType& input) {
  std::vector<const Kernel*> kernels;
  for (const KernelUse& use : facts.kernels) kernels.push_back(use.kernel);
  MOTE_TRY(RunningModel running, RunningModel::start(file, model, kernels));
  Interpreter& interpreter = running.interpreter();
  SelfTestAnswers answers;
  for (int32_t w = 0; w < kSelfTestWindows; ++w) {
    SelfTestReadings source(w);
    std::vector<int16_t> readings(static_cast<size_t>(facts.features->contract().fed_elements()));
    for (int16_t& reading : readings) reading = source.next();
    std::vector<uint8_t> features(static_cast<size_t>(input.bytes()));
    MOTE_CHECK(facts.features->transform_fed(readings, input, features));
    answers.features = hash_bytes(answers.features, features.data(), static_cast<int32_t>(features.size()));
    std::copy(features.begin(), features.end(), static_cast<uint8_t*>(interpreter.input(0).data));
    interpreter.reset();
    if (interpreter.invoke() != Status::ok) return defect(file + ": the self-test's inference failed");
    const TensorView output = interpreter.output(0);
    answers.outputs = hash_bytes(answers.outputs, output.data, output.bytes);
  }
  return answers;
}

class ApplicationWriter {
 public:
  ApplicationWriter(const std::string& name, const ModelFacts& facts, const Graph& graph, const ModelMetadata& metadata)
      : name_(name),
        prefix_(macro_prefix(name)),
        facts_(facts),
        graph_(graph),
        metadata_(metadata),
        input_(graph.tensors[static_cast<size_t>(graph.inputs[0])].type),
        output_(graph.tensors[static_cast<size_t>(graph.outputs[0])].type) {}

  std::string header() const;
  std::string source(const FeatureSource& features, const SelfTestAnswers& answers) const;
  static std::set<std::string> device_headers(const FeatureSource& features);

 private:
  std::string contract_text() const;
  std::string count_function() const;
  std::string result_text() const;
  std::string decide() const;
  std::string state_text(const std::string& stream) const;
  std::string self_test(const SelfTestAnswers& answers) const;
  bool has_baseline() const { return facts_.features->contract().baseline.readings > 0; }
  bool classifies() const { return metadata_.task == "classification"; }
  bool finds_anomalies() const { return metadata_.task == "anomaly" && !metadata_.thresholds.empty(); }

  std::string name_, prefix_;
  const ModelFacts& facts_;
  const Graph& graph_;
  const ModelMetadata& metadata_;
  const TensorType &input_, &output_;
};

std::string ApplicationWriter::contract_text() const {
  const RecordingContract& contract = facts_.features->contract();
  std::string text = fmt::format("/* A reading is {0} int16 count{1}, one for each channel:\n",
                                 contract.channels.size(), contract.channels.size() == 1 ? "" : "s");
  for (const ChannelContract& channel : contract.channels)
    text += fmt::format("     {}{}: count = (value - {:g}) * {:g}\n", comment_text(channel.name),
                        channel.unit.empty() ? "" : " in " + comment_text(channel.unit), channel.origin,
                        channel.counts_per_unit);
  text += fmt::format(
      "   {0} readings make a window, a window begins every {1} readings{2}. */\n"
      "#define {3}_CHANNELS {4}\n#define {3}_WINDOW {0}\n#define {3}_STRIDE {1}\n#define {3}_SLICE {5}\n",
      contract.window, contract.stride,
      contract.rate_hz > 0 ? fmt::format(", readings come at {:g} Hz", contract.rate_hz) : "", prefix_,
      contract.channels.size(), facts_.features->slice());
  if (has_baseline())
    text += fmt::format(
        "/* The first {0} readings after {1}_start() are the baseline, which later ones are expressed by: let the\n"
        "   sensor see what is normal meanwhile. No window is ready before one more has come after it. */\n"
        "#define {2}_BASELINE {0}\n",
        contract.baseline.readings, name_, prefix_);
  if (contract.rate_hz > 0)
    text += fmt::format("#define {}_RATE_HZ {}\n", prefix_, cpp_float(static_cast<float>(contract.rate_hz)));
  return text;
}

std::string ApplicationWriter::count_function() const {
  const std::vector<ChannelContract>& channels = facts_.features->contract().channels;
  const ChannelContract& first = channels[0];
  const bool alike = std::all_of(channels.begin(), channels.end(), [&](const ChannelContract& channel) {
    return channel.origin == first.origin && channel.counts_per_unit == first.counts_per_unit;
  });
  std::string scaled, tables;
  if (alike) {
    scaled = fmt::format("(void)channel;\n  count = (value - {}) * {};", cpp_float(static_cast<float>(first.origin)),
                         cpp_float(static_cast<float>(first.counts_per_unit)));
  } else {
    std::string origins, factors;
    for (const ChannelContract& channel : channels) {
      origins += (origins.empty() ? "" : ", ") + cpp_float(static_cast<float>(channel.origin));
      factors += (factors.empty() ? "" : ", ") + cpp_float(static_cast<float>(channel.counts_per_unit));
    }
    tables = fmt::format("  static const float origins[] = {{{}}};\n  static const float factors[] = {{{}}};\n",
                         origins, factors);
    scaled = "count = (value - origins[channel]) * factors[channel];";
  }
  return fmt::format(
      "\n/* The count of a value in the channel's unit, for sensors that give no counts. */\n"
      "static inline int16_t {}_count(int channel, float value) {{\n{}  float count;\n  {}\n"
      "  if (count >= 32767.0f) return 32767;\n  if (!(count > -32768.0f)) return -32768;\n"
      "  return (int16_t)(count < 0.0f ? count - 0.5f : count + 0.5f);\n}}\n",
      name_, tables, scaled);
}

std::string ApplicationWriter::result_text() const {
  std::string fields = "  int ready;   /* 1: a window was complete, and the rest holds what came of it */\n";
  if (classifies())
    fields +=
        "  int event;   /* the label that has just happened; -1: none */\n"
        "  int label;   /* the likeliest label, whether it is an event or not */\n"
        "  float score; /* its output, the mean of the last ones */\n";
  else if (finds_anomalies())
    fields +=
        "  int event;   /* 0: an anomaly has just happened; -1: none */\n"
        "  float score; /* mean squared difference between the model's input and output */\n";
  else
    fields += fmt::format("  float values[{}]; /* the outputs, in their units */\n", output_.shape.elements());
  return fmt::format("\ntypedef struct {{\n{}}} {}_result;\n", fields, name_);
}

std::string ApplicationWriter::header() const {
  return fmt::format(
      "/* {0}: from readings to decisions. Written by `mote compile`; to change it, compile again. */\n"
      "#ifndef {1}_FEED_H\n#define {1}_FEED_H\n\n#include \"{0}.h\"\n\n{2}{3}{4}\n"
      "#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n"
      "/* Forgets all readings and answers; gives what {0}_init() gives. Call it first. */\n"
      "{0}_status {0}_start(void);\n\n"
      "/* Takes up to `count` readings and gives how many it took; the others are for the next call. When a window is\n"
      "   complete, the model runs and *result is filled in:\n"
      "     while (count > 0) {{\n"
      "       int taken = {0}_feed(readings, count, &result);\n"
      "       readings += taken * {1}_CHANNELS, count -= taken;\n"
      "       if (result.ready) ...\n     }}\n"
      "   One reading at a time is fine; {1}_SLICE of them cost less. */\n"
      "int {0}_feed(const int16_t* readings, int count, {0}_result* result);\n\n"
      "/* Whether this processor makes of {5} windows of generated readings what the computer that compiled it does:\n"
      "   0 yes, 1 the features differ, 2 the outputs differ. Forgets all readings; call {0}_start() after it. */\n"
      "int {0}_self_test(void);\n\n"
      "#ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
      name_, prefix_, contract_text(), count_function(), result_text(), kSelfTestWindows);
}

std::string ApplicationWriter::state_text(const std::string& stream) const {
  std::string text = stream + " stream;\n";
  if (classifies())
    text += fmt::format("SmoothedAnswer<{}, {}> smoothed;\nEventFilter events;\n", output_.shape.elements(),
                        metadata_.decision.smoothing);
  if (finds_anomalies())
    text += fmt::format("int8_t given[{}];  // the model's input, which a run overwrites\nEventFilter events;\n",
                        input_.shape.elements());
  return text;
}

// What is made of the outputs after a run.
std::string ApplicationWriter::decide() const {
  const DecisionRule& rule = metadata_.decision;
  const std::string output = fmt::format("static_cast<const int8_t*>({}_output(0))", name_);
  const std::string scale = cpp_float(output_.quant.scales[0]);
  const int32_t zero = output_.quant.zero_points[0];
  if (classifies()) {
    const auto labels = static_cast<size_t>(output_.shape.elements());
    const std::string list =
        fmt::format("{}", fmt::join(stored_thresholds(metadata_.thresholds, rule, output_.quant, labels), ", "));
    return fmt::format(
        "  static const int16_t thresholds[] = {{{}}};  // as output 0 is stored; 128: never an event\n"
        "  const int32_t answer = smoothed.push({}, thresholds);\n"
        "  result->label = smoothed.best();\n"
        "  result->score = {} * (static_cast<float>(smoothed.sum(smoothed.best())) / "
        "static_cast<float>(smoothed.held()) - ({}));\n"
        "  result->event = events.push(answer, {}, {});\n",
        list, output, scale, cpp_float(static_cast<float>(zero)), rule.debounce, rule.refractory);
  }
  if (finds_anomalies())
    return fmt::format(
        "  result->score = {0}_score(given, {1});\n"
        "  result->event = events.push(result->score > {2}_THRESHOLD ? 0 : -1, {3}, {4});\n",
        name_, output, prefix_, rule.debounce, rule.refractory);
  return fmt::format(
      "  const int8_t* const output = {};\n"
      "  for (int32_t i = 0; i < {}; ++i) result->values[i] = {} * static_cast<float>(output[i] - ({}));\n",
      output, output_.shape.elements(), scale, zero);
}

std::string ApplicationWriter::self_test(const SelfTestAnswers& answers) const {
  return fmt::format(
      "int {0}_self_test(void) {{\n  using namespace mote::{0}_feed_parts;\n"
      "  uint32_t features = mote::kHashStart, outputs = mote::kHashStart;\n"
      "  for (int32_t w = 0; w < mote::kSelfTestWindows; ++w) {{\n"
      "    mote::SelfTestReadings source(w);\n    {0}_start();\n"
      "    for (int32_t i = 0; i < {4}{1}_WINDOW && !stream.ready(); ++i) {{\n"
      "      int16_t reading[{1}_CHANNELS];\n"
      "      for (int16_t& count : reading) count = source.next();\n      stream.push(reading, 1);\n    }}\n"
      "    run_model(&features);\n"
      "    outputs = mote::hash_bytes(outputs, {0}_output(0), {1}_OUTPUT_0_BYTES);\n  }}\n"
      "  return features != {2}u ? 1 : outputs != {3}u ? 2 : 0;\n}}\n",
      name_, prefix_, answers.features, answers.outputs, has_baseline() ? prefix_ + "_BASELINE + " : "");
}

std::set<std::string> ApplicationWriter::device_headers(const FeatureSource& features) {
  std::set<std::string> headers(features.headers.begin(), features.headers.end());
  headers.insert({"device/decision.h", "device/self_test.h"});
  return headers;
}

std::string ApplicationWriter::source(const FeatureSource& features, const SelfTestAnswers& answers) const {
  std::string includes;
  for (const std::string& header : device_headers(features)) includes += fmt::format("#include \"mote/{}\"\n", header);
  const char* const keep =
      finds_anomalies() ? "  move_down(given, static_cast<const int8_t*>(input), sizeof given);\n" : "";
  return fmt::format(
             "/* {0}: from readings to decisions. Written by `mote compile`; to change it, compile again. */\n"
             "#include \"{0}_feed.h\"\n\n{1}\nnamespace mote {{\nnamespace {0}_feed_parts {{\nnamespace "
             "{{\n\n{2}\n{3}\n"
             "// The features of the window that is complete, hashed if that is asked for, through the model.\n"
             "void run_model(uint32_t* hash) {{\n{5}"
             "  void* const input = {0}_input(0);\n  stream.finish(static_cast<int8_t*>(input));\n{4}"
             "  if (hash != nullptr) *hash = hash_bytes(*hash, input, {8}_INPUT_0_BYTES);\n"
             "  {0}_run();\n}}\n\n}}  // namespace\n}}  // namespace {0}_feed_parts\n}}  // namespace mote\n\n"
             "extern \"C\" {{\n\n{0}_status {0}_start(void) {{\n  using namespace mote::{0}_feed_parts;\n  "
             "stream.reset();\n{6}"
             "  return {0}_init();\n}}\n\n"
             "int {0}_feed(const int16_t* readings, int count, {0}_result* result) {{\n"
             "  using namespace mote::{0}_feed_parts;\n"
             "  const int taken = static_cast<int>(stream.push(readings, count));\n"
             "  result->ready = stream.ready() ? 1 : 0;\n  if (result->ready == 0) return taken;\n  "
             "run_model(nullptr);\n{7}"
             "  return taken;\n}}\n\n",
             name_, includes, features.definitions, state_text(features.stream), keep,
             keeps_state(graph_) ? fmt::format("  {}_init();  // each window begins anew\n", name_) : "",
             classifies()        ? "  smoothed.reset();\n  events.reset();\n"
             : finds_anomalies() ? "  events.reset();\n"
                                 : "",
             decide(), prefix_) +
         self_test(answers) + "\n}\n";
}

}  // namespace

Result<void> add_application(const std::string& name, const std::string& file, const std::vector<uint8_t>& model,
                             const ModelFacts& facts, const Graph& graph, const ModelMetadata& metadata,
                             SourceFiles& files) {
  if (!facts.features || facts.wide_inputs > 0 || graph.outputs.size() != 1) return {};
  const TensorType& output = graph.tensors[static_cast<size_t>(graph.outputs[0])].type;
  if (output.dtype != DType::int8 || output.quant.scales.size() != 1) return {};
  const TensorType& input = graph.tensors[static_cast<size_t>(graph.inputs[0])].type;
  const auto outputs = static_cast<size_t>(output.shape.elements());
  const bool anomaly = metadata.task == "anomaly";
  if (anomaly && input.shape.elements() != output.shape.elements()) return {};
  if (!anomaly && !metadata.thresholds.empty() && metadata.thresholds.size() != outputs) return {};
  MOTE_TRY(const SelfTestAnswers answers, self_test_answers(file, model, facts, input));
  MOTE_TRY(const FeatureSource features, facts.features->firmware("input", facts.input_scale, facts.input_zero_point));
  const ApplicationWriter writer(name, facts, graph, metadata);
  files[name + "_feed.h"] = writer.header();
  files[name + "_feed.cpp"] = writer.source(features, answers);
  return stage_headers(name + "_feed.cpp", ApplicationWriter::device_headers(features), files);
}

}  // namespace mote
