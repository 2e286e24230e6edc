#include "device/interpreter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "device/operator_names.h"
#include "tests/device/all_kernels.h"
#include "tests/device/shared_data.h"

namespace mote {
namespace {

using testing::AlignedBytes;
using testing::all_kernels;

TEST(Interpreter, RunsASmallClassifier) {
  const AlignedBytes model = testing::build(testing::small_classifier());
  AlignedBytes arena(1024);
  Interpreter interpreter;
  ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size()), Status::ok);
  ASSERT_EQ(interpreter.input_count(), 1);
  const TensorView input = interpreter.input(0), output = interpreter.output(0);
  EXPECT_EQ(input.bytes, 4);
  EXPECT_EQ(input.zero_point, -3);
  EXPECT_FLOAT_EQ(input.scale, 0.05f);
  const int8_t values[4] = {17, -50, 127, -128};
  std::memcpy(input.data, values, sizeof values);
  ASSERT_EQ(interpreter.invoke(), Status::ok);
  // In real numbers: dense = relu(0.02 W * 0.05 (x + 3) + 0.001 b), then softmax in steps of 1/256.
  const int8_t weights[3][4] = {{10, -20, 30, 5}, {7, 7, -90, 1}, {-127, 127, 3, 44}};
  const int bias[3] = {100, -200, 300};
  double dense[3], sum = 0;
  for (int o = 0; o < 3; ++o) {
    double acc = bias[o];
    for (int i = 0; i < 4; ++i) acc += weights[o][i] * (values[i] + 3);
    dense[o] = std::round(std::max(0.0, acc * 0.001) / 0.1) * 0.1;
    sum += std::exp(dense[o]);
  }
  for (int o = 0; o < 3; ++o)
    EXPECT_NEAR(static_cast<const int8_t*>(output.data)[o], std::exp(dense[o]) / sum * 256 - 128, 1.0) << o;
}

TEST(Interpreter, ArenaOneByteTooSmallIsRefusedAndTheFigureSuffices) {
  const AlignedBytes model = testing::build(testing::small_classifier());
  AlignedBytes arena(4096);
  Interpreter interpreter;
  ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size()), Status::ok);
  const uint32_t needed = interpreter.arena_used();
  EXPECT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), needed), Status::ok);
  for (uint32_t bytes = 0; bytes < needed; ++bytes) {
    ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), bytes),
              Status::arena_too_small);
    const uint32_t told = interpreter.arena_used();
    ASSERT_GE(told, needed);
    ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), told), Status::ok) << bytes;
  }
}

// As nearly always: what the activations need is more than what planning them does.
TEST(Interpreter, AnArenaThatHoldsTheBookkeepingIsToldTheLeastFigure) {
  testing::TestModel description;
  for (int32_t i = 0; i < 4; ++i) description.tensors.push_back({{1, 100}, DType::int8, {}, {0.5f}, {0}});
  for (int32_t i = 0; i < 3; ++i) description.nodes.push_back({19, {i}, {i + 1}});
  description.inputs = {0};
  description.outputs = {3};
  const AlignedBytes model = testing::build(description);
  AlignedBytes arena(4096);
  Interpreter interpreter;
  ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size()), Status::ok);
  const uint32_t needed = interpreter.arena_used();
  ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), needed), Status::ok);
  for (uint32_t bytes = needed - 1; bytes >= needed - 100; --bytes) {
    ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), bytes),
              Status::arena_too_small);
    ASSERT_EQ(interpreter.arena_used(), needed) << bytes;
  }
}

TEST(Interpreter, WritesNothingBeyondTheArena) {
  const AlignedBytes model = testing::build(testing::small_classifier());
  AlignedBytes arena(4096);
  Interpreter interpreter;
  interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size());
  const uint32_t needed = interpreter.arena_used();
  for (const uint32_t bytes : {needed / 3, needed - 1, needed}) {
    std::memset(arena.data(), 0xA5, arena.size());
    interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), bytes);
    interpreter.invoke();
    for (uint32_t i = bytes; i < arena.size(); ++i) ASSERT_EQ(arena.data()[i], 0xA5) << i << " of " << bytes;
  }
}

TEST(Interpreter, NamesAMissingOperator) {
  testing::TestModel description = testing::small_classifier();
  description.nodes[1].code = 3;  // CONV_2D
  const AlignedBytes model = testing::build(description);
  AlignedBytes arena(1024);
  Interpreter interpreter;
  EXPECT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size()),
            Status::missing_operator);
  EXPECT_EQ(interpreter.failed_operator(), 1);
  EXPECT_STREQ(operator_name(interpreter.operator_id(1).code), "CONV_2D");
  EXPECT_EQ(interpreter.operator_id(1).version, 1);
  EXPECT_EQ(interpreter.invoke(), Status::not_initialized);
}

TEST(Interpreter, RefusesWhatItCannotRun) {
  const auto status_of = [](const testing::TestModel& description) {
    const AlignedBytes model = testing::build(description);
    AlignedBytes arena(4096);
    Interpreter interpreter;
    return interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size());
  };
  testing::TestModel m = testing::small_classifier();
  EXPECT_EQ(status_of(m), Status::ok);
  m.version = 2;
  EXPECT_EQ(status_of(m), Status::bad_model);
  m = testing::small_classifier();
  m.tensors[0].type = DType::int16;
  EXPECT_EQ(status_of(m), Status::unsupported_type);
  m = testing::small_classifier();
  m.tensors[3].shape = {1, 5};
  EXPECT_EQ(status_of(m), Status::unsupported_shape);
  m = testing::small_classifier();
  m.nodes[0].options = [](auto& b) { b.template AddElement<int8_t>(testing::slot(0), 4, 0); };  // tanh
  EXPECT_EQ(status_of(m), Status::unsupported_option);
  for (const float scale : {0.0f, -1.0f, NAN, INFINITY}) {
    m = testing::small_classifier();
    m.tensors[0].scales = {scale};
    EXPECT_EQ(status_of(m), Status::bad_quantization) << scale;
  }
  m = testing::small_classifier();
  m.tensors[1].zero_points = {1};
  EXPECT_EQ(status_of(m), Status::bad_quantization);
  m = testing::small_classifier();
  m.tensors[4].scales = {1.0f / 128};
  EXPECT_EQ(status_of(m), Status::bad_quantization);
  m = testing::small_classifier();
  m.tensors[2].data.pop_back();
  EXPECT_EQ(status_of(m), Status::bad_model) << "constant shorter than its shape";
  m = testing::small_classifier();
  m.nodes[1] = {19, {3}, {3}};
  EXPECT_EQ(status_of(m), Status::bad_model) << "written twice";
  m = testing::small_classifier();
  m.nodes[0].outputs = {1};
  EXPECT_NE(status_of(m), Status::ok) << "a constant is written";
  m = testing::small_classifier();
  m.inputs = {};
  EXPECT_EQ(status_of(m), Status::bad_model) << "read before it is written";
  m = testing::small_classifier();
  m.tensors.push_back({{1, 2}, DType::int8, {}, {0.5f}, {0, 1}});
  m.inputs.push_back(static_cast<int32_t>(m.tensors.size()) - 1);
  EXPECT_EQ(status_of(m), Status::bad_quantization) << "an input that no node takes";
  m = testing::small_classifier();
  m.tensors[0].shape = {1 << 20, 1 << 20};
  EXPECT_EQ(status_of(m), Status::unsupported_shape);
}

// The outputs for these inputs in a row.
std::vector<int> outputs_of(Interpreter& interpreter, const std::vector<int8_t>& inputs) {
  std::vector<int> outputs;
  for (const int8_t value : inputs) {
    *static_cast<int8_t*>(interpreter.input(0).data) = value;
    EXPECT_EQ(interpreter.invoke(), Status::ok);
    outputs.push_back(*static_cast<const int8_t*>(interpreter.output(0).data));
  }
  return outputs;
}

TEST(Interpreter, VariablesLastUntilReset) {
  const AlignedBytes model = testing::build(testing::running_sum());
  AlignedBytes arena(1024);
  std::memset(arena.data(), 0xA5, arena.size());
  Interpreter interpreter;
  EXPECT_EQ(interpreter.reset(), Status::not_initialized);
  ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size()), Status::ok);
  EXPECT_EQ(outputs_of(interpreter, {1, 10, 20, 5, -7}), (std::vector<int>{1, 11, 31, 35, 18}));
  EXPECT_EQ(interpreter.reset(), Status::ok);
  EXPECT_EQ(outputs_of(interpreter, {3, 4}), (std::vector<int>{3, 7}));
  const uint32_t needed = interpreter.arena_used();
  EXPECT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), needed), Status::ok);
  EXPECT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), needed - 1),
            Status::arena_too_small);
}

TEST(Interpreter, AnInt8VariableBeginsAtItsZeroPoint) {
  testing::TestModel description = testing::running_sum();
  description.tensors[2].type = description.tensors[3].type = DType::int8;
  description.tensors[2].data = {1, 1, 1};
  description.tensors[3].zero_points = {-9};
  const AlignedBytes model = testing::build(description);
  AlignedBytes arena(1024);
  Interpreter interpreter;
  ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size()), Status::ok);
  EXPECT_EQ(outputs_of(interpreter, {5, 6, 7, 8}), (std::vector<int>{5, 11, 18, 21}));
}

TEST(Interpreter, RefusesVariablesThatAreSomethingElseToo) {
  const auto status_of = [](const testing::TestModel& description) {
    const AlignedBytes model = testing::build(description);
    AlignedBytes arena(4096);
    Interpreter interpreter;
    return interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size());
  };
  testing::TestModel m = testing::running_sum();
  m.tensors[3].variable = false;
  EXPECT_EQ(status_of(m), Status::bad_model) << "the state is no variable";
  m = testing::running_sum();
  m.tensors[3].data = testing::bytes_of(std::vector<int16_t>{1, 2, 3});
  EXPECT_EQ(status_of(m), Status::bad_model) << "with first values";
  m = testing::running_sum();
  m.inputs = {0, 3};
  EXPECT_EQ(status_of(m), Status::bad_model) << "an input of the model";
  m = testing::running_sum();
  m.tensors[4].variable = true;
  EXPECT_EQ(status_of(m), Status::bad_model) << "an output of an operator";
}

TEST(Interpreter, RunsWhatIsReadTwiceAndAModelWhoseOutputIsItsInput) {
  testing::TestModel squares;
  squares.tensors = {{{1, 2}, DType::float32}, {{1, 2}, DType::float32}};
  squares.nodes = {{kMulCode, {0, 0}, {1}}};
  squares.inputs = {0};
  squares.outputs = {1, 1, 0};
  const AlignedBytes model = testing::build(squares);
  AlignedBytes arena(1024);
  Interpreter interpreter;
  ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size()), Status::ok);
  const float given[2] = {1.5f, -2};
  std::memcpy(interpreter.input(0).data, given, sizeof given);
  ASSERT_EQ(interpreter.invoke(), Status::ok);
  EXPECT_EQ(static_cast<const float*>(interpreter.output(0).data)[0], 2.25f);
  EXPECT_EQ(interpreter.output(0).data, interpreter.output(1).data);
  EXPECT_EQ(interpreter.output(2).data, interpreter.input(0).data);
  EXPECT_EQ(static_cast<const float*>(interpreter.output(2).data)[1], -2.0f) << "it must not run in place";
}

TEST(Interpreter, RunsAModelWithoutInputs) {
  const std::vector<uint8_t> data = testing::bytes_of(std::vector<float>{1.5f, -2});
  testing::TestModel squares;
  squares.tensors = {{{1, 2}, DType::float32, data}, {{1, 2}, DType::float32}};
  squares.nodes = {{kMulCode, {0, 0}, {1}}};
  squares.outputs = {1};
  const AlignedBytes model = testing::build(squares);
  AlignedBytes arena(1024);
  Interpreter interpreter;
  ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size()), Status::ok);
  EXPECT_EQ(interpreter.input_count(), 0);
  ASSERT_EQ(interpreter.invoke(), Status::ok);
  EXPECT_EQ(static_cast<const float*>(interpreter.output(0).data)[1], 4.0f);
}

TEST(Interpreter, ScalesFarFromOneRunOrAreRefused) {
  for (const float scale : {1e-38f, 1e-9f, 1e9f, 1e38f}) {
    testing::TestModel m = testing::small_classifier();
    m.tensors[0].scales = {scale};
    const AlignedBytes model = testing::build(m);
    AlignedBytes arena(4096);
    Interpreter interpreter;
    const Status status = interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size());
    if (scale > 1e10f) {
      EXPECT_EQ(status, Status::bad_quantization) << "the multiplier has no shift";
      continue;
    }
    ASSERT_EQ(status, Status::ok) << scale;
    std::memset(interpreter.input(0).data, 100, 4);
    ASSERT_EQ(interpreter.invoke(), Status::ok);
    const auto* dense = static_cast<const int8_t*>(interpreter.tensor(3).data);
    if (scale < 1) {
      EXPECT_EQ(dense[0], -128) << "shifts below -31: everything rounds to zero";
    } else if (scale > 1) {
      EXPECT_EQ(dense[0], 127) << "saturated";
    }
  }
}

TEST(Interpreter, RefusesMisalignedMemory) {
  const AlignedBytes model = testing::build(testing::small_classifier());
  AlignedBytes arena(1024), shifted(model.size() + 16);
  std::memcpy(shifted.data() + 4, model.data(), model.size());
  Interpreter interpreter;
  EXPECT_EQ(interpreter.init(shifted.data() + 4, model.size(), all_kernels(), arena.data(), 512), Status::misaligned);
  EXPECT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data() + 1, 512), Status::misaligned);
  EXPECT_EQ(interpreter.init(nullptr, 0, all_kernels(), arena.data(), 512), Status::misaligned);
}

TEST(Interpreter, IndicesOutOfRangeGiveEmptyViews) {
  const AlignedBytes model = testing::build(testing::small_classifier());
  AlignedBytes arena(1024);
  Interpreter interpreter;
  EXPECT_EQ(interpreter.input(0).data, nullptr);
  ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size()), Status::ok);
  for (const int32_t i : {-1, 1, 1000}) {
    EXPECT_EQ(interpreter.input(i).data, nullptr);
    EXPECT_EQ(interpreter.output(i).data, nullptr);
  }
  EXPECT_EQ(interpreter.tensor(5).data, nullptr);
  EXPECT_EQ(interpreter.tensor(-1).data, nullptr);
  EXPECT_NE(interpreter.tensor(1).data, nullptr);
  EXPECT_EQ(interpreter.invoke_operator(2), Status::not_initialized);
  EXPECT_EQ(interpreter.operator_id(9).code, -1);
}

TEST(Interpreter, AnomalyModelGivesTheReferenceBytes) {
  MOTE_NEEDS_SHARED("models/mlperf_tiny/ad01_int8.tflite");
  MOTE_NEEDS_SHARED("golden/mlperf_tiny/ad01_int8.out.bin");
  const AlignedBytes model = testing::read_bytes(testing::shared_file("models/mlperf_tiny/ad01_int8.tflite"));
  const AlignedBytes inputs = testing::read_bytes(testing::shared_file("golden/mlperf_tiny/ad01_int8.in.bin"));
  const AlignedBytes outputs = testing::read_bytes(testing::shared_file("golden/mlperf_tiny/ad01_int8.out.bin"));
  AlignedBytes arena(1400);
  Interpreter interpreter;
  ASSERT_EQ(interpreter.init(model.data(), model.size(), all_kernels(), arena.data(), arena.size()), Status::ok);
  EXPECT_LE(interpreter.arena_used() + sizeof(interpreter), 1400u);
  for (uint32_t v = 0; v < 9; ++v) {
    std::memcpy(interpreter.input(0).data, inputs.data() + 640 * v, 640);
    interpreter.invoke();
    ASSERT_EQ(std::memcmp(interpreter.output(0).data, outputs.data() + 640 * v, 640), 0) << "vector " << v;
  }
  for (uint32_t v = 0; v < 2; ++v) {
    const std::string name = testing::shared_file("golden/mlperf_tiny/ad01_int8.act" + std::to_string(v));
    const AlignedBytes activations = testing::read_bytes(name + ".bin");
    std::ifstream lines(name + ".txt");
    std::memcpy(interpreter.input(0).data, inputs.data() + 640 * v, 640);
    int32_t nodes = 0;
    for (std::string line, word; std::getline(lines, line); ++nodes) {
      std::istringstream text(line);
      int32_t node = 0, tensor = 0;
      uint32_t offset = 0, bytes = 0;
      text >> word >> node >> word >> word >> tensor >> word >> word >> word >> offset >> word >> bytes;
      ASSERT_EQ(interpreter.invoke_operator(node), Status::ok);
      ASSERT_EQ(static_cast<uint32_t>(interpreter.tensor(tensor).bytes), bytes);
      ASSERT_EQ(std::memcmp(interpreter.tensor(tensor).data, activations.data() + offset, bytes), 0) << line;
    }
    EXPECT_EQ(nodes, interpreter.operator_count());
  }
}

}  // namespace
}  // namespace mote
