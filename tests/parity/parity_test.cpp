// The same int8 bytes from mote's executor (which is the firmware's interpreter), LiteRT and TFLM. The windows of real
// data sets are compared in tests/pipeline; here: published models with stored outputs, and dense stacks drawn at
// random.
#include <gtest/gtest.h>

#include "tests/parity/peers.h"
#include "tests/parity/test_data.h"
#include "toolchain/base/files.h"
#include "toolchain/base/random.h"
#include "toolchain/graph/builder.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/quantize/int8_executor.h"
#include "toolchain/quantize/layer_error.h"
#include "toolchain/tflite/reader.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

fs::path scratch_folder(const std::string& name) {
  return binary_folder() / "parity" / name;
}

NpyArray int8_rows(std::vector<uint8_t> bytes, int64_t rows) {
  const int64_t columns = static_cast<int64_t>(bytes.size()) / rows;
  return {DType::int8, {rows, columns}, std::move(bytes)};
}

std::vector<uint8_t> run_mote(const std::vector<uint8_t>& model, const NpyArray& inputs, int threads) {
  Result<Int8Executor> executor = Int8Executor::create("model", model);
  EXPECT_TRUE(executor.ok()) << executor.error().message;
  if (!executor.ok()) return {};
  ThreadPool pool(threads);
  Result<std::vector<uint8_t>> outputs = run_batch(*executor, inputs.data, inputs.rows(), pool, Rows::sequence);
  EXPECT_TRUE(outputs.ok()) << outputs.error().message;
  return outputs.ok() ? *outputs : std::vector<uint8_t>();
}

int largest_distance(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  EXPECT_EQ(a.size(), b.size());
  int largest = 0;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<int8_t>(a[i]) - static_cast<int8_t>(b[i])));
  return largest;
}

// TFLM's bytes, and LiteRT's, or at most `litert_steps` from these, where the two runtimes differ.
void expect_parity(const std::string& name, const std::vector<uint8_t>& model, const NpyArray& inputs,
                   int litert_steps = 0) {
  const std::vector<uint8_t> ours = run_mote(model, inputs, 1);
  EXPECT_EQ(ours, run_mote(model, inputs, 2)) << "the number of threads changed the outputs";
  const fs::path folder = scratch_folder(name);
  const fs::path file = folder / "model.tflite";
  Result<void> written = write_file(file, model);
  ASSERT_TRUE(written.ok()) << written.error().message;
  Result<PeerOutputs> peers = run_peers(file, inputs, folder);
  ASSERT_TRUE(peers.ok()) << peers.error().message;
  if (litert_steps == 0) {
    EXPECT_EQ(first_difference("mote", ours, "LiteRT", peers->litert.data, inputs.rows()), "") << name;
  }
  EXPECT_LE(largest_distance(ours, peers->litert.data), litert_steps) << name;
  EXPECT_EQ(first_difference("mote", ours, "TFLM", peers->tflm.data, inputs.rows()), "") << name;
}

class Parity : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<fs::path> python = peer_python();
    if (!python.ok()) GTEST_SKIP() << "no TensorFlow runtimes to compare with: " << python.error().message;
  }
};

std::vector<uint8_t> bytes_of(const fs::path& path) {
  Result<std::vector<uint8_t>> bytes = read_file(path);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return bytes.ok() ? *bytes : std::vector<uint8_t>();
}

// The published models with stored answers of TensorFlow Lite for Microcontrollers.
class Published : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const Result<fs::path> folder = test_data("golden/mlperf_tiny");
    const Result<fs::path> file = test_data(std::string("models/mlperf_tiny/") + GetParam() + ".tflite");
    if (!folder.ok()) GTEST_SKIP() << folder.error().message;
    if (!file.ok()) GTEST_SKIP() << file.error().message;
    golden_ = *folder / GetParam();
    model_ = bytes_of(*file);
    inputs_ = int8_rows(golden(".in.bin"), 9);
  }
  std::vector<uint8_t> golden(const std::string& ending) const { return bytes_of(golden_.string() + ending); }

  // Every operator's output of one row, one behind the other.
  std::vector<uint8_t> activations(size_t row, const HostKernels& kernels) const {
    Result<Int8Executor> executor = Int8Executor::create(GetParam(), model_, kernels);
    Result<Graph> graph = read_tflite(GetParam(), model_);
    EXPECT_TRUE(executor.ok() && graph.ok());
    if (!executor.ok() || !graph.ok()) return {};
    const size_t bytes = static_cast<size_t>(inputs_.row_elements());
    std::copy_n(inputs_.data.begin() + static_cast<std::ptrdiff_t>(row * bytes), bytes,
                executor->input(0).bytes.begin());
    std::vector<uint8_t> all;
    const auto done = executor->invoke([&](int32_t index) {
      const std::span<uint8_t> output = executor->tensor(graph->nodes[static_cast<size_t>(index)].outputs[0]).bytes;
      all.insert(all.end(), output.begin(), output.end());
    });
    EXPECT_TRUE(done.ok());
    return all;
  }

  fs::path golden_;
  std::vector<uint8_t> model_;
  NpyArray inputs_;
};

TEST_P(Published, GivesTheStoredBytes) {
  EXPECT_EQ(first_difference("mote", run_mote(model_, inputs_, 1), "stored", golden(".out.bin"), 9), "");
  // Operator by operator, so that a difference has a layer.
  for (const HostKernels& kernels : host_kernels()) {
    EXPECT_EQ(first_difference(kernels.name, activations(0, kernels), "stored", golden(".act0.bin"), 1), "");
    EXPECT_EQ(first_difference(kernels.name, activations(1, kernels), "stored", golden(".act1.bin"), 1), "");
  }
}

TEST_P(Published, GivesThePeersBytes) {
  const Result<fs::path> python = peer_python();
  if (!python.ok()) GTEST_SKIP() << "no TensorFlow runtimes to compare with: " << python.error().message;
  expect_parity(GetParam(), model_, inputs_);
}

INSTANTIATE_TEST_SUITE_P(Models, Published,
                         ::testing::Values("ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "str_ww_ref_model",
                                           "vww_96_int8"),
                         [](const auto& parameter) { return std::string(parameter.param); });

struct Stack {
  std::string name;
  std::vector<std::string> layers;
  Shape example;
  bool per_channel = false;
  int litert_steps = 0;
};

class StackParity : public Parity, public ::testing::WithParamInterface<Stack> {};

// Biases of a fresh network are zero: draw them too. Ranges come from normal inputs; the int8 inputs compared are
// uniform over all 256 values, so every layer saturates now and then.
TEST_P(StackParity, SameBytes) {
  const Stack& stack = GetParam();
  const int32_t inputs_of_row = stack.example.elements();
  Random random(static_cast<uint64_t>(inputs_of_row) * 7 + stack.layers.size());
  Result<Graph> graph = build_graph(stack.layers, stack.example, random.bits());
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  for (Tensor& tensor : graph->tensors)
    if (tensor.trainable && tensor.type.shape.rank == 1)
      for (float& value : tensor.floats()) value = static_cast<float>(random.normal());
  to_inference_form(*graph);
  std::vector<float> rows(200 * static_cast<size_t>(inputs_of_row));
  for (float& value : rows) value = static_cast<float>(random.normal());
  const MatrixData data(rows, inputs_of_row);
  QuantizeConfig config;
  config.per_channel_weights = stack.per_channel;
  Result<Graph> quantized = quantize_post_training(*graph, data, config);
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  Result<std::vector<uint8_t>> model = write_tflite(*quantized);
  ASSERT_TRUE(model.ok()) << model.error().message;
  std::vector<uint8_t> inputs(500 * static_cast<size_t>(inputs_of_row));
  for (uint8_t& value : inputs) value = static_cast<uint8_t>(random.below(256));
  expect_parity(stack.name, *model, int8_rows(inputs, 500), stack.litert_steps);
}

INSTANTIATE_TEST_SUITE_P(
    Stacks, StackParity,
    ::testing::Values(
        Stack{"gestures", {"Dense(64, relu)", "Dense(32, relu)", "Dense(3, softmax)"}, make_shape({300})},
        Stack{"gestures_per_channel",
              {"Dense(64, relu)", "Dense(32, relu)", "Dense(3, softmax)"},
              make_shape({300}),
              true},
        Stack{"regression", {"Dense(16, relu6)", "Dense(16, relu)", "Dense(1)"}, make_shape({2})},
        Stack{"odd_sizes", {"Dense(7, relu)", "Dense(5)", "Dense(11, relu6)", "Dense(3)"}, make_shape({13})},
        Stack{"one_input", {"Dense(1)", "Dense(9, relu)", "Dense(2, softmax)"}, make_shape({1})},
        Stack{"many_classes", {"Dense(33, relu)", "Dense(120, softmax)"}, make_shape({67}), true},
        // State goes on from row to row, in every runtime. LiteRT's LSTM rounds otherwise than TFLM's.
        Stack{"recurrent",
              {"LSTM(9, return_sequences=true)", "LSTM(6)", "Dense(3, softmax)"},
              make_shape({12, 5}),
              false,
              2},
        Stack{"one_step", {"LSTM(5)", "Dense(2)"}, make_shape({1, 3}), true, 2},
        Stack{"gated", {"GRU(9, return_sequences=true)", "GRU(6)", "Dense(3, softmax)"}, make_shape({12, 5})},
        Stack{"gated_per_channel", {"Conv1D(8, 3)", "GRU(7)", "Dense(2)"}, make_shape({14, 4}), true},
        Stack{"gated_sequences", {"GRU(5, return_sequences=true)"}, make_shape({6, 3})},
        Stack{"without_biases",
              {"SeparableConv1D(4, 3)", "DepthwiseConv1D(3, use_bias=false)", "Conv1D(4, 3, use_bias=false)",
               "GlobalAvgPool", "Dense(3, softmax, use_bias=false)"},
              make_shape({24, 2})},
        Stack{"joined",
              {"a = Conv1D(4, 3, padding=same, activation=relu)", "b = Conv1D(4, 3, padding=same, from=input)",
               "Concat(a, input)", "GlobalAvgPool", "Dense(3, softmax)"},
              make_shape({24, 2})},
        Stack{"gated_one_step", {"GRU(5)", "Dense(2)"}, make_shape({1, 3})}),
    [](const auto& parameter) { return parameter.param.name; });

struct WideStack {
  std::string name;
  std::vector<std::string> layers;
  Shape input;
  bool int8_input = false;
};

class WideParity : public Parity, public ::testing::WithParamInterface<WideStack> {};

// int16 activations with int8 weights: random inputs over the whole range of the input's type.
TEST_P(WideParity, SameBytes) {
  const WideStack& stack = GetParam();
  const auto elements = static_cast<size_t>(stack.input.elements());
  Random random(elements * 7 + stack.layers.size());
  Result<Graph> graph = build_graph(stack.layers, stack.input, random.bits());
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  for (Tensor& tensor : graph->tensors)
    if (tensor.trainable && tensor.type.shape.rank == 1)
      for (float& value : tensor.floats()) value = static_cast<float>(random.normal());
  to_inference_form(*graph);
  std::vector<float> rows(200 * elements);
  for (float& value : rows) value = static_cast<float>(random.normal());
  QuantizeConfig config;
  config.activations = DType::int16;
  config.int8_input = stack.int8_input;
  const MatrixData data(rows, static_cast<int64_t>(elements));
  Result<Graph> quantized = quantize_post_training(*graph, data, config);
  ASSERT_TRUE(quantized.ok()) << quantized.error().message;
  Result<std::vector<uint8_t>> model = write_tflite(*quantized);
  ASSERT_TRUE(model.ok()) << model.error().message;
  std::vector<uint8_t> inputs(300 * elements * sizeof(int16_t));
  for (size_t i = 0; i < inputs.size(); i += 2) {
    inputs[i] = static_cast<uint8_t>(random.below(256));
    inputs[i + 1] = stack.int8_input ? (inputs[i] >= 128 ? 255 : 0) : static_cast<uint8_t>(random.below(256));
  }
  expect_parity(stack.name, *model, {DType::int16, {300, static_cast<int64_t>(elements)}, inputs});

  // Closer to float than 8 bits can be.
  Result<Int8Executor> executor = Int8Executor::create("model", *model);
  Result<Graph> read = read_tflite("model", *model);
  ASSERT_TRUE(executor.ok() && read.ok());
  Result<LayerErrors> errors = layer_errors(*graph, *read, *executor, data);
  ASSERT_TRUE(errors.ok()) << errors.error().message;
  EXPECT_EQ(errors->layers.size(), graph->nodes.size());
  if (stack.int8_input) return;
  QuantizeConfig narrow;
  Result<Graph> int8 = quantize_post_training(*graph, data, narrow);
  Result<std::vector<uint8_t>> int8_model = write_tflite(*int8);
  Result<Int8Executor> int8_executor = Int8Executor::create("model", *int8_model);
  Result<Graph> int8_read = read_tflite("model", *int8_model);
  ASSERT_TRUE(int8_executor.ok() && int8_read.ok());
  Result<LayerErrors> int8_errors = layer_errors(*graph, *int8_read, *int8_executor, data);
  ASSERT_TRUE(int8_errors.ok());
  EXPECT_GT(errors->layers.back().sqnr_db, int8_errors->layers.back().sqnr_db);
}

INSTANTIATE_TEST_SUITE_P(
    Stacks, WideParity,
    ::testing::Values(
        WideStack{"wide_dense", {"Dense(24, relu)", "Dense(16, relu6)", "Dense(5, softmax)"}, make_shape({30})},
        WideStack{"wide_from_int8", {"Dense(24, relu)", "Dense(1)"}, make_shape({2}), true},
        WideStack{"wide_gated", {"GRU(6, return_sequences=true)", "GRU(5)", "Dense(3, softmax)"}, make_shape({7, 4})},
        WideStack{"wide_sigmoids", {"Dense(9, sigmoid)", "Dense(7, tanh)", "Dense(3)"}, make_shape({12})},
        WideStack{"wide_convolutions",
                  {"Conv1D(8, 3, padding=same, activation=relu)", "x = MaxPool1D(2)", "Conv1D(8, 3, padding=same)",
                   "Add(x, activation=relu)", "DepthwiseConv1D(3, activation=relu)", "AvgPool1D(2)", "GlobalAvgPool",
                   "Dense(4, softmax)"},
                  make_shape({24, 3})},
        WideStack{
            "wide_images",
            {"Conv2D(6, 3, strides=2, activation=relu6)", "DepthwiseConv2D(3, padding=same)", "Flatten", "Dense(3)"},
            make_shape({9, 9, 2})}),
    [](const auto& parameter) { return parameter.param.name; });

// The layer errors of a sound model, read back from its file: small at every layer, and the worst one named.
TEST(LayerErrors, OfADenseStack) {
  const std::vector<std::string> layers = {"Dense(32, relu)", "Dense(16, relu)", "Dense(4, softmax)"};
  Result<Graph> graph = build_graph(layers, make_shape({24}), 5);
  ASSERT_TRUE(graph.ok());
  Random random(9);
  std::vector<float> rows(24 * 300);
  for (float& value : rows) value = static_cast<float>(random.normal());
  const MatrixData data(rows, 24);
  Result<Graph> quantized = quantize_post_training(*graph, data, {});
  ASSERT_TRUE(quantized.ok());
  // Damage one layer: halve the scale of its output, as too narrow a range would.
  for (const bool damaged : {false, true}) {
    if (damaged) quantized->tensors[static_cast<size_t>(quantized->nodes[1].outputs[0])].type.quant.scales[0] /= 2;
    Result<std::vector<uint8_t>> model = write_tflite(*quantized);
    ASSERT_TRUE(model.ok()) << model.error().message;
    Result<Graph> read = read_tflite("model", *model);
    Result<Int8Executor> executor = Int8Executor::create("model", *model);
    ASSERT_TRUE(read.ok() && executor.ok());
    Result<LayerErrors> errors = layer_errors(*graph, *read, *executor, data);
    ASSERT_TRUE(errors.ok()) << errors.error().message;
    EXPECT_EQ(errors->examples, 300);
    ASSERT_EQ(errors->layers.size(), graph->nodes.size());
    for (size_t i = 0; i < errors->layers.size(); ++i) {
      if (damaged && i >= 1) continue;
      EXPECT_GT(errors->layers[i].sqnr_db, 25) << errors->layers[i].layer;
      EXPECT_LT(errors->layers[i].max_abs_lsb, 12) << errors->layers[i].layer;
      EXPECT_LT(std::abs(errors->layers[i].mean_lsb), 1) << errors->layers[i].layer;
    }
    if (damaged) {
      EXPECT_EQ(errors->worst, 1);
      EXPECT_GT(errors->layers[1].saturated, 0.001);
      EXPECT_LT(errors->layers[1].sqnr_db, 25);
    }
  }
}

// A model whose arena guess is exact: one byte less is refused by the interpreter's own test (device/); here the
// executor must find the same number for every clone.
TEST(Int8Executor, ClonesUseTheSameArena) {
  Result<Graph> graph = build_graph(std::vector<std::string>{"Dense(8, relu)", "Dense(2)"}, make_shape({100}), 1);
  ASSERT_TRUE(graph.ok());
  const std::vector<float> rows(1000, 0.5f);
  Result<Graph> quantized = quantize_post_training(*graph, MatrixData(rows, 100), {});
  ASSERT_TRUE(quantized.ok());
  Result<std::vector<uint8_t>> model = write_tflite(*quantized);
  ASSERT_TRUE(model.ok());
  Result<Int8Executor> executor = Int8Executor::create("model", *model);
  ASSERT_TRUE(executor.ok()) << executor.error().message;
  Result<Int8Executor> clone = executor->clone();
  ASSERT_TRUE(clone.ok());
  EXPECT_EQ(clone->arena_bytes(), executor->arena_bytes());
  EXPECT_GE(executor->arena_bytes(), 108u);
  EXPECT_LT(executor->arena_bytes(), 1000u);
  // Truncations of the file are refused, never a crash.
  for (size_t size : {size_t{0}, size_t{4}, model->size() / 2, model->size() - 1})
    EXPECT_FALSE(Int8Executor::create("cut", {model->begin(), model->begin() + static_cast<std::ptrdiff_t>(size)}).ok())
        << size;
}

}  // namespace
}  // namespace mote
