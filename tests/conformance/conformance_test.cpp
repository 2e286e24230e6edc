// Every operator of ops.def, every case, on the host. The emulated boards are in device_test.cpp, the real TensorFlow
// Lite runtimes in peers_test.cpp. Nothing here names an operator.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "tests/conformance/costs.h"
#include "tests/conformance/gradient.h"
#include "tests/conformance/host_run.h"
#include "tests/conformance/model_folder.h"
#include "tests/conformance/parts.h"
#include "toolchain/base/files.h"
#include "toolchain/base/json.h"
#include "toolchain/tflite/reader.h"
#include "toolchain/tflite/writer.h"

namespace mote::conformance {
namespace {

constexpr uint64_t kSeed = 20261122;
constexpr int32_t kRandomCases = 40;

std::vector<CaseModel> every_model() {
  std::vector<CaseModel> models = all_case_models();
  for (bool integer : {false, true})
    for (CaseModel& model : random_case_models(kSeed, kRandomCases, integer)) models.push_back(std::move(model));
  return models;
}

class Case : public testing::TestWithParam<CaseModel> {
 protected:
  const CaseModel& model() const { return GetParam(); }
  const Node& node() const { return model().graph.nodes[0]; }
  TensorType output_type() const { return conformance::output_type(model().graph); }
  void SetUp() override {
    RecordProperty("seed", std::to_string(kSeed));
    ASSERT_FALSE(model().graph.nodes.empty()) << "the operator's own rule refuses the case: " << model().name;
  }
};

class FloatCase : public Case {};  // checks of the float form alone
class LineCase : public Case {};   // of operators that take a line

std::vector<CaseModel> float_models() {
  std::vector<CaseModel> models = every_model();
  std::erase_if(models, [](const CaseModel& model) { return model.integer; });
  return models;
}

std::vector<CaseModel> line_models() {
  std::vector<CaseModel> models = float_models();
  std::erase_if(models, [](const CaseModel& model) { return !model.graph.nodes[0].op->takes_line; });
  return models;
}

std::vector<uint8_t> file_of(const CaseModel& model) {
  auto bytes = write_tflite(model.graph);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return bytes.ok() ? std::move(*bytes) : std::vector<uint8_t>{};
}

// In steps of the output's quantization; plain difference for float outputs.
double step_of(const TensorType& type) {
  return type.quant.quantized() ? type.quant.scales[0] : 1;
}

// How many steps the kernel may be away from the float. Functions of int16 go by tables with interpolation.
int32_t tolerance_of(const OpDef& op, const TensorType& input) {
  constexpr int32_t kInterpolated = 32;  // a thousandth
  const bool table = input.dtype == DType::int16 && op.quant.output == OutputRule::fixed;
  return table ? kInterpolated : op.int8_tolerance;
}

int64_t elements(const std::vector<Shape>& shapes) {
  int64_t sum = 0;
  for (const Shape& shape : shapes) sum += shape.elements();
  return sum;
}

TEST_P(Case, ShapeRuleHoldsForMoreExamplesToo) {
  std::vector<TensorType> inputs = input_types(model().graph, node());
  if (inputs[data_input(*node().op)].shape.rank == 0) GTEST_SKIP() << "a scalar has no batch";
  const auto once = node().op->infer(node().attributes, inputs);
  ASSERT_TRUE(once.ok());
  EXPECT_EQ(*once, output_shapes(model().graph));
  const Shape data = inputs[data_input(*node().op)].shape;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Shape& shape = inputs[i].shape;
    const bool constant = shape.rank < 0 || model().graph.tensors[node().inputs[i]].constant;
    const bool per_example = !constant && input_role(*node().op, i) != InputRole::index;
    if (per_example && shape.rank == data.rank) shape.dims[0] *= 3;
  }
  const auto thrice = node().op->infer(node().attributes, inputs);
  // An operator that tells the shape itself has one number for each dimension, whatever it is.
  const bool tells_shape = inputs.size() == 1 && node().op->quant.output == OutputRule::number &&
                           *once == std::vector{make_shape({data.rank})};
  if (tells_shape && thrice.ok()) {
    EXPECT_EQ(*thrice, *once);
    return;
  }
  if (!thrice.ok()) return;  // an operator that fixes the batch (a reshape to stated sizes) says so
  // Where a second operand or an axis takes the first dimension, examples may be mixed, into as many numbers as before
  // or with others around them.
  const bool may_mix = inputs.size() > 1 && node().op->quant.inputs[1] != InputRole::weights;
  if (may_mix && elements(*thrice) >= elements(*once) && elements(*thrice) < 3 * elements(*once)) return;
  EXPECT_EQ(elements(*thrice), 3 * elements(*once));
}

TEST_P(FloatCase, GradientEqualsCentralDifferences) {
  if (node().op->backward == nullptr) {
    ASSERT_NE(node().op->not_trainable, nullptr) << "no backward, and no reason why";
    GTEST_SKIP() << node().op->name << " has no backward: " << node().op->not_trainable;
  }
  EXPECT_EQ(compare_gradients(model()), "");
}

TEST_P(FloatCase, PartsOfTheRowsGiveWhatAllRowsGive) {
  if (!node().op->in_parts) GTEST_SKIP() << node().op->name << " sees all rows at once, or has no memory of them";
  EXPECT_EQ(compare_parts(model(), false), "");
}

TEST_P(LineCase, ALineTakenGivesWhatItsNumbersGive) {
  EXPECT_EQ(compare_line(model()), "");
}

TEST_P(Case, DeviceKernelAgreesWithFloatForward) {
  const HostRun run = run_on_host(file_of(model()), model().inputs);
  ASSERT_EQ(run.status, Status::ok) << static_cast<int>(run.status);
  EXPECT_TRUE(run.guards_intact) << "a byte outside the arena changed";
  EXPECT_TRUE(run.exact_arena) << "arena_used() is not the least that init accepts";
  const std::vector<float> found = to_real(output_type(), in_a_row(run.outputs));
  const std::vector<float> nearest = to_real(output_type(), to_stored(output_type(), model().expected));
  ASSERT_EQ(found.size(), model().expected.size());
  const bool quantized = output_type().quant.quantized();
  for (size_t i = 0; i < found.size(); ++i) {
    const double expected = model().expected[i];
    // Half a step of rounding is not in int8_tolerance's count, so a tolerance of 1 allows 1.5 steps before rounding.
    const bool number = !quantized && output_type().dtype != DType::float32;
    const double step = step_of(output_type());
    // Both are floats, whose last bit is a part of an int16 step.
    const TensorType& input = model().graph.tensors[node().inputs[data_input(*node().op)]].type;
    const double steps = tolerance_of(*node().op, input) + 1e-4 + std::fabs(expected) / step * 0x1p-22;
    const double allowed = quantized ? steps : number ? 0 : 1e-5 * (1 + std::fabs(expected));
    EXPECT_LE(std::fabs(found[i] - nearest[i]) / step, allowed) << "element " << i << ": float " << expected;
  }
}

TEST_P(Case, FileReadsBackEqual) {
  const auto bytes = file_of(model());
  const auto read = read_tflite(model().name, bytes);
  ASSERT_TRUE(read.ok()) << read.error().message;
  ASSERT_EQ(read->nodes.size(), 1u);
  ASSERT_NE(read->nodes[0].op, nullptr) << read->nodes[0].foreign;
  EXPECT_EQ(read->nodes[0].op, node().op);
  EXPECT_EQ(attributes_text(*node().op, read->nodes[0].attributes), attributes_text(*node().op, node().attributes));
  EXPECT_EQ(read->nodes[0].inputs, node().inputs);
  for (size_t t = 0; t < model().graph.tensors.size(); ++t) {
    EXPECT_EQ(read->tensors[t].type, model().graph.tensors[t].type) << t;
    EXPECT_EQ(read->tensors[t].data, model().graph.tensors[t].data) << t;
  }
  const auto again = write_tflite(*read);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, bytes) << "writing what was read gives other bytes";
}

TEST_P(FloatCase, DeclaredMacsAreTrue) {
  constexpr int64_t kMostPairs = 20000;
  if (model().real_values.size() > 1 && node_cost(model().graph, node()).macs > 0 &&
      static_cast<int64_t>(model().real_values[data_input(*node().op)].size() * model().real_values[1].size()) >
          kMostPairs)
    GTEST_SKIP() << "too large to count pair by pair; the smaller cases are";
  if (input_role(*node().op, 2) == InputRole::weights)
    GTEST_SKIP() << "products of products are not counted pair by pair; the operator's own test has the figure";
  const MacCount counted = count_macs(model());
  EXPECT_GE(node_cost(model().graph, node()).macs, counted.least);
  EXPECT_LE(node_cost(model().graph, node()).macs, counted.most);
}

class TrainingCase : public Case {};

TEST_P(TrainingCase, GradientEqualsCentralDifferences) {
  if (node().op->straight_through) GTEST_SKIP() << node().op->name << " is a staircase; its own test has the gradient";
  EXPECT_EQ(compare_gradients(model(), true), "");
  EXPECT_EQ(compare_gradients(model(), false), "") << "of the deployed form";
}

TEST_P(TrainingCase, PartsOfTheRowsGiveWhatAllRowsGive) {
  if (!node().op->in_parts) GTEST_SKIP() << node().op->name << " sees all rows at once, or has no memory of them";
  EXPECT_EQ(compare_parts(model(), true), "");
}

TEST_P(TrainingCase, ForwardKeepsItsShapeAtAnyBatch) {
  if (input_role(*node().op, 0) == InputRole::weights) GTEST_SKIP() << node().op->name << " sees no batch";
  std::vector<TensorType> inputs = input_types(model().graph, node());
  for (size_t i = inputs.size(); i-- > 0;)
    if (has_rows(*node().op, inputs, i)) inputs[i].shape.dims[0] *= 3;
  const auto thrice = node().op->infer(node().attributes, inputs);
  ASSERT_TRUE(thrice.ok()) << thrice.error().message;
  EXPECT_EQ(elements(*thrice), 3 * elements(output_shapes(model().graph)));
}

TEST_P(TrainingCase, CannotBeWritten) {
  const auto bytes = write_tflite(model().graph);
  ASSERT_FALSE(bytes.ok());
  EXPECT_NE(bytes.error().message.find("exists in training only"), std::string::npos) << bytes.error().message;
}

std::string case_name(const testing::TestParamInfo<CaseModel>& parameter) {
  std::string name = stem_of(parameter.param);
  for (char& c : name)
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Ops, Case, testing::ValuesIn(every_model()), case_name);
INSTANTIATE_TEST_SUITE_P(Ops, FloatCase, testing::ValuesIn(float_models()), case_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LineCase);  // the template takes none
INSTANTIATE_TEST_SUITE_P(Ops, LineCase, testing::ValuesIn(line_models()), case_name);
INSTANTIATE_TEST_SUITE_P(Ops, TrainingCase, testing::ValuesIn(training_case_models(kSeed, kRandomCases)), case_name);

TEST(Golden, ForwardAndKernelEqualTheStoredReference) {
  const fs::path folder = fs::path(std::getenv("MOTE_SOURCE_DIR")) / "tests/conformance/golden";
  std::string operator_name;
  Json document;
  for (const CaseModel& model : all_case_models()) {
    SCOPED_TRACE(stem_of(model));
    if (operator_name != model.op->name) {
      operator_name = model.op->name;
      auto read = read_json(folder / (operator_name + ".json"));
      ASSERT_TRUE(read.ok()) << read.error().message << "; make it with tests/conformance/peers.py golden";
      document = std::move(*read);
    }
    const Json golden =
        document["cases"][model.name.substr(operator_name.size() + 1)][model.integer ? "integer" : "float32"];
    ASSERT_TRUE(golden.is_object())
        << "the golden file lacks the case; make it again with tests/conformance/peers.py golden";
    ASSERT_EQ(golden["fingerprint"], case_fingerprint(model)) << "the case has changed; make the golden file again";
    const HostRun run = run_on_host(file_of(model), model.inputs, invokes_of(model));
    ASSERT_EQ(run.status, Status::ok);
    TensorType raw = output_type(model.graph);
    if (raw.dtype != DType::float32) raw.quant = {{1.0f}, {0}, 0};  // compare the stored integers
    const std::vector<float> found = to_real(raw, in_a_row(run.outputs));
    ASSERT_EQ(golden["output"].size(), found.size());
    for (size_t i = 0; i < found.size(); ++i) {
      const float expected = golden["output"][i].get<float>();
      const double tolerance = raw.dtype == DType::float32 ? 1e-5 * (1 + std::fabs(expected)) : 0;
      EXPECT_NEAR(found[i], expected, tolerance) << "device kernel, element " << i;
      if (model.integer || i >= model.expected.size()) continue;  // forward is the first inference alone
      EXPECT_NEAR(model.expected[i], expected, tolerance) << "host forward, element " << i;
    }
  }
}

TEST(Registry, EveryDefinitionIsComplete) {
  for (const OpDef* op : all_ops()) {
    SCOPED_TRACE(op->name);
    EXPECT_EQ(find_op(op->name), op);
    EXPECT_EQ(find_op_by_code(op->tflite_code), op);
    EXPECT_NE((op->backward != nullptr), (op->not_trainable != nullptr))
        << "either a backward, or the reason why there is none";
    EXPECT_FALSE(op->kernels.empty());
    EXPECT_EQ(op->cases == nullptr, op->random_case == nullptr);
    EXPECT_TRUE(op->cases == nullptr || !op->cases().empty());
    EXPECT_TRUE(op->emit && op->infer && op->cost && op->forward && op->visit && op->tflite_version);
    EXPECT_TRUE(fs::exists(fs::path(std::getenv("MOTE_SOURCE_DIR")) / op->device_header));
    for (const DeviceKernel& kernel : op->kernels) EXPECT_EQ(kernel.kernel->code, op->tflite_code) << kernel.symbol;
  }
  for (const OpDef* op : training_ops()) {
    SCOPED_TRACE(op->name);
    EXPECT_EQ(find_op(op->name), op);
    EXPECT_EQ(op->tflite_code, kTrainingOnly);
    EXPECT_TRUE(op->infer && op->cost && op->forward && op->backward && op->visit && op->random_case);
    EXPECT_TRUE(op->kernels.empty() && op->emit == nullptr && !op->cases().empty());
    EXPECT_EQ(op->learn_statistics != nullptr,
              std::count(std::begin(op->quant.inputs), std::end(op->quant.inputs), InputRole::statistic) > 0);
  }
  EXPECT_EQ(find_op("no_such_operator"), nullptr);
  EXPECT_EQ(find_op_by_code(-1), nullptr);
}

}  // namespace
}  // namespace mote::conformance
