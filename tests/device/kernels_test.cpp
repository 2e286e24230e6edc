// Kernels against formulas in double, against TFLite's bytes, and the shape rules. More cases: tests/conformance.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <sstream>

#include "tests/device/all_kernels.h"
#include "tests/device/shared_data.h"

namespace mote {
namespace {

using testing::AlignedBytes;

Shape shape(std::initializer_list<int32_t> dims) {
  Shape result;
  for (const int32_t dim : dims) result.dims[result.rank++] = dim;
  return result;
}

TensorInfo int8_tensor(const Shape& dims, const float* scale, int32_t zero_point) {
  TensorInfo info;
  info.type = DType::int8;
  info.shape = dims;
  info.quantization = Quantization{scale, 1, zero_point, 0};
  return info;
}

// Shows that the run function takes every sum from the primitive it is given.
struct CountingDot {
  static inline int calls = 0;
  static void rows(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n, int32_t count,
                   int32_t* sums) {
    ++calls;
    PortableDot::rows(input, offset, weights, n, count, sums);
  }
};

TEST(FullyConnected, EqualsTheFormulaOnTinyRandomSizes) {
  std::mt19937 random(23);
  const auto byte = [&] { return static_cast<int8_t>(random() % 256 - 128); };
  for (int round = 0; round < 2000; ++round) {
    const auto batches = static_cast<int32_t>(1 + random() % 3), inputs = static_cast<int32_t>(1 + random() % 9),
               outputs = static_cast<int32_t>(1 + random() % 40);
    std::vector<int8_t> x(static_cast<size_t>(batches * inputs)), w(static_cast<size_t>(inputs * outputs)),
        y(static_cast<size_t>(batches * outputs) + 1, 77);
    std::vector<int32_t> bias(static_cast<size_t>(outputs)), multipliers(bias.size());
    std::vector<int8_t> shifts(bias.size());
    for (int8_t& v : x) v = byte();
    for (int8_t& v : w) v = byte();
    for (size_t o = 0; o < bias.size(); ++o) {
      bias[o] = static_cast<int32_t>(random() % 20000) - 10000;
      multipliers[o] = static_cast<int32_t>(1u << 30 | random() >> 2);
      shifts[o] = static_cast<int8_t>(-static_cast<int>(random() % 14));
    }
    const bool per_channel = random() % 2 != 0, has_bias = random() % 4 != 0;
    const FullyConnectedInt8 p = {batches,   inputs, outputs, multipliers[0], static_cast<int16_t>(-byte()), byte(),
                                  shifts[0], -100,   90,      per_channel};
    CountingDot::calls = 0;
    fully_connected_run<CountingDot>(p, {multipliers.data(), shifts.data()}, x.data(), w.data(),
                                     has_bias ? bias.data() : nullptr, y.data());
    EXPECT_GT(CountingDot::calls, 0);
    for (int32_t b = 0; b < batches; ++b)
      for (int32_t o = 0; o < outputs; ++o) {
        int64_t acc = has_bias ? bias[static_cast<size_t>(o)] : 0;
        for (int32_t i = 0; i < inputs; ++i)
          acc += (x[static_cast<size_t>(b * inputs + i)] + p.input_offset) * w[static_cast<size_t>(o * inputs + i)];
        const auto c = static_cast<size_t>(per_channel ? o : 0);
        const int32_t scaled = requantize(static_cast<int32_t>(acc), multipliers[c], shifts[c]);
        ASSERT_EQ(y[static_cast<size_t>(b * outputs + o)], clamp(scaled + p.output_offset, -100, 90))
            << "round " << round;
      }
    ASSERT_EQ(y.back(), 77);
  }
}

TEST(FullyConnected, BlocksGiveTheSumsOfThePlainForm) {
  std::mt19937 random(24);
  for (int32_t n = 0; n < 40; ++n)
    for (int32_t count = 1; count < 20; ++count) {
      std::vector<int8_t> x(static_cast<size_t>(n)), w(static_cast<size_t>(n * count));
      for (int8_t& v : x) v = random() % 2 != 0 ? -128 : static_cast<int8_t>(random());  // zeros, as behind a relu
      for (int8_t& v : w) v = random() % 8 == 0 ? -128 : static_cast<int8_t>(random());
      std::vector<int32_t> want(static_cast<size_t>(count) + 1, 77), got(want);
      PortableDot::rows(x.data(), 128, w.data(), n, count, want.data());
      BlockedDot::rows(x.data(), 128, w.data(), n, count, got.data());
      ASSERT_EQ(got, want) << n << " inputs, " << count << " rows";
    }
}

// Inputs of every node that we have a kernel for, taken from the reference's activations, must give its output bytes.
void check_node(ModelView& model, int32_t index, const std::vector<const uint8_t*>& known, const uint8_t* want) {
  const int32_t code = model.operator_id(index).code;
  const NodePosition node = model.node(index);
  const auto tensor = [&](int32_t k) { return model.tensor(model.index_at(node.inputs, k)); };
  const auto bytes = [&](int32_t k) {
    const int32_t t = model.index_at(node.inputs, k);
    return static_cast<const void*>(known[static_cast<size_t>(t)] ? known[static_cast<size_t>(t)]
                                                                  : model.tensor(t).data);
  };
  const TensorInfo output = model.tensor(model.index_at(node.outputs, 0));
  const auto count = static_cast<size_t>(output.shape.elements());
  std::vector<int8_t> got(count);
  AttributeReader reader(model, node.options);
  if (code == kFullyConnectedCode) {
    FullyConnectedAttributes attributes;
    visit(reader, attributes);
    ConvolutionTensors tensors;
    tensors.input = tensor(0);
    tensors.weights = tensor(1);
    tensors.bias = tensor(2);
    tensors.output = output;
    tensors.has_bias = true;
    FullyConnectedInt8 p = {};
    ASSERT_EQ(fully_connected_setup(attributes, tensors, p), Status::ok);
    ASSERT_FALSE(p.per_channel);
    fully_connected_run(p, {}, static_cast<const int8_t*>(bytes(0)), static_cast<const int8_t*>(bytes(1)),
                        static_cast<const int32_t*>(bytes(2)), got.data());
  } else if (code == kSoftmaxCode) {
    SoftmaxAttributes attributes;
    visit(reader, attributes);
    SoftmaxInt8 p = {};
    ASSERT_EQ(softmax_setup(attributes, tensor(0), output, p), Status::ok);
    softmax_run(p, static_cast<const int8_t*>(bytes(0)), got.data());
  } else if (code == kReshapeCode) {
    Reshape p = {};
    ASSERT_EQ(reshape_setup(tensor(0), output, p), Status::ok);
    reshape_run(p, bytes(0), got.data());
  } else {
    return;
  }
  ASSERT_EQ(std::memcmp(got.data(), want, count), 0) << "node " << index << " code " << code;
  ::testing::Test::RecordProperty("node" + std::to_string(index), code);
}

TEST(Kernels, NodesOfTheReferenceModelsGiveTheReferenceBytes) {
  MOTE_NEEDS_SHARED("golden/mlperf_tiny/kws_ref_model.act0.bin");
  for (const std::string name :
       {"ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "str_ww_ref_model", "vww_96_int8"}) {
    const AlignedBytes bytes = testing::read_bytes(testing::shared_file("models/mlperf_tiny/" + name + ".tflite"));
    const AlignedBytes inputs = testing::read_bytes(testing::shared_file("golden/mlperf_tiny/" + name + ".in.bin"));
    ModelView model(bytes.data(), bytes.size());
    const int32_t input = model.index_at(model.graph_inputs(), 0);
    for (uint32_t v = 0; v < 2; ++v) {
      const std::string base = testing::shared_file("golden/mlperf_tiny/" + name + ".act" + std::to_string(v));
      const AlignedBytes activations = testing::read_bytes(base + ".bin");
      std::ifstream lines(base + ".txt");
      std::vector<const uint8_t*> known(static_cast<size_t>(model.tensor_count()));
      known[static_cast<size_t>(input)] = inputs.data() + v * static_cast<uint32_t>(model.place(input).bytes);
      for (std::string line, word; std::getline(lines, line);) {
        std::istringstream text(line);
        int32_t node = 0;
        size_t tensor = 0, offset = 0;
        text >> word >> node >> word >> word >> tensor >> word >> word >> word >> offset;
        known[tensor] = activations.data() + offset;
        check_node(model, node, known, known[tensor]);
        ASSERT_FALSE(HasFatalFailure()) << name << " vector " << v;
      }
    }
    EXPECT_FALSE(model.failed());
  }
}

TEST(Softmax, Int8IsWithinOneStepOfTheFormula) {
  std::mt19937 random(29);
  const float unit = 1.0f / 256;
  for (int round = 0; round < 3000; ++round) {
    const auto depth = static_cast<int32_t>(1 + random() % 12);
    const float scale =
        std::ldexp(1.0f + static_cast<float>(random() % 100) / 100, static_cast<int>(random() % 12) - 9);
    SoftmaxAttributes attributes;
    attributes.beta = round % 3 == 0 ? 0.5f : 1.0f;
    const Shape dims = shape({1, depth});
    SoftmaxInt8 p = {};
    ASSERT_EQ(softmax_setup(attributes, int8_tensor(dims, &scale, 0), int8_tensor(dims, &unit, -128), p), Status::ok);
    std::vector<int8_t> x(static_cast<size_t>(depth)), y(x.size());
    for (int8_t& v : x) v = static_cast<int8_t>(random() % 256 - 128);
    softmax_run(p, x.data(), y.data());
    const int8_t most = *std::max_element(x.begin(), x.end());
    const auto weight = [&](int8_t v) { return std::exp(static_cast<double>(attributes.beta) * scale * (v - most)); };
    double sum = 0;
    for (const int8_t v : x) sum += weight(v);
    for (size_t i = 0; i < x.size(); ++i) {
      const double want = weight(x[i]) / sum * 256 - 128;
      ASSERT_NEAR(y[i], std::min(want, 127.0), 1.0) << "round " << round;
    }
  }
}

TEST(Softmax, ManyEqualEntriesDoNotOverflow) {
  const float scale = 0.1f, unit = 1.0f / 256;
  for (const int32_t depth : {1, 256, 511, 512, 4096}) {
    SoftmaxInt8 p = {};
    const Shape dims = shape({depth});
    ASSERT_EQ(softmax_setup({}, int8_tensor(dims, &scale, 0), int8_tensor(dims, &unit, -128), p), Status::ok);
    std::vector<int8_t> x(static_cast<size_t>(depth), 5), y(x.size());
    softmax_run(p, x.data(), y.data());
    EXPECT_NEAR(y[0], std::min(256.0 / depth - 128, 127.0), 1.0) << depth;
  }
}

TEST(Softmax, FloatSumsToOne) {
  const SoftmaxFloat32 p = {1, 4, 1.0f};
  const float x[4] = {1000.0f, 999.0f, -1000.0f, 998.5f};
  float y[4];
  softmax_run(p, x, y);
  EXPECT_NEAR(y[0] + y[1] + y[2] + y[3], 1.0f, 1e-6f);
  EXPECT_NEAR(y[0] / y[1], std::exp(1.0f), 1e-5f);
}

TEST(Relu, RequantizesAndClamps) {
  const float in = 0.1f, out = 0.05f;
  ReluInt8 p = {};
  const Shape dims = shape({256});
  for (const Activation activation : {Activation::relu, Activation::relu6}) {
    ASSERT_EQ(relu_setup(activation, int8_tensor(dims, &in, 10), int8_tensor(dims, &out, -100), p), Status::ok);
    int8_t x[256], y[256];
    for (int i = 0; i < 256; ++i) x[i] = static_cast<int8_t>(i - 128);
    relu_run(p, x, y);
    for (int i = 0; i < 256; ++i) {
      double real = std::max(0.0, (x[i] - 10) * 0.1);
      if (activation == Activation::relu6) real = std::min(real, 6.0);
      ASSERT_EQ(y[i], std::min(127.0, std::round(real / 0.05) - 100)) << i;
    }
  }
}

TEST(Quantize, RoundsAwayFromZeroAndSaturates) {
  const QuantizeFromFloat p = {9, 0.5f, 3};
  const float x[9] = {0.25f, -0.25f, 0.24f, 1e9f, -1e9f, INFINITY, -INFINITY, NAN, 10.0f};
  int8_t y[9];
  quantize_run(p, x, y);
  const int8_t want[9] = {4, 2, 3, 127, -128, 127, -128, 3, 23};
  for (int i = 0; i < 9; ++i) EXPECT_EQ(y[i], want[i]) << i;
}

TEST(Quantize, BetweenIntegersOfTheSameScaleIsExact) {
  const float scale = 0.013f;
  TensorInfo from = int8_tensor(shape({256}), &scale, -5), to = int8_tensor(shape({256}), &scale, 123);
  to.type = DType::uint8;
  QuantizeFromInteger p = {};
  ASSERT_EQ(quantize_setup(from, to, p), Status::ok);
  int8_t x[256];
  uint8_t y[256];
  for (int i = 0; i < 256; ++i) x[i] = static_cast<int8_t>(i - 128);
  quantize_run(p, x, y);
  for (int i = 0; i < 256; ++i) EXPECT_EQ(y[i], x[i] + 128);
}

TEST(Dequantize, EqualsDoubleArithmetic) {
  const Dequantize p = {1, 0.1f, -32768};
  for (int32_t stored = -32768; stored <= 32767; ++stored) {
    const auto x = static_cast<int16_t>(stored);
    float y;
    dequantize_run(p, &x, &y);
    ASSERT_EQ(y, static_cast<float>(static_cast<double>(0.1f) * (stored + 32768)));
  }
}

TEST(ShapeRules, FullyConnectedAndReshape) {
  Shape out;
  FullyConnectedAttributes attributes;
  EXPECT_TRUE(fully_connected_shape(attributes, shape({2, 3, 4}), shape({5, 12}), out));
  EXPECT_EQ(out, shape({2, 5}));
  EXPECT_FALSE(fully_connected_shape(attributes, shape({1, 7}), shape({5, 12}), out));
  attributes.keep_num_dims = true;
  EXPECT_TRUE(fully_connected_shape(attributes, shape({2, 3, 4}), shape({5, 4}), out));
  EXPECT_EQ(out, shape({2, 3, 5}));
  EXPECT_TRUE(reshape_shape(shape({2, 6}), shape({3, -1}), out));
  EXPECT_EQ(out, shape({3, 4}));
  EXPECT_TRUE(reshape_shape(shape({1}), shape({}), out));
  EXPECT_FALSE(reshape_shape(shape({2, 6}), shape({-1, -1}), out));
  EXPECT_FALSE(reshape_shape(shape({2, 6}), shape({5, -1}), out));
  EXPECT_FALSE(reshape_shape(shape({2, 6}), shape({7}), out));
  EXPECT_EQ(fully_connected_macs(shape({1, 640}), shape({128, 640})), 81920);
}

}  // namespace
}  // namespace mote
