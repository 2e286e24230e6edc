// Every instruction set of the host's int8 executor gives the bytes of the portable kernels: on the conformance cases,
// and on larger layers whose numbers are drawn without regard to what a converter would choose. Those of AArch64 do so
// in an emulator.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "ops/add/add.h"
#include "ops/average_pool_2d/average_pool_2d.h"
#include "ops/conv_2d/conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "tests/conformance/case_model.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/base/random.h"
#include "toolchain/quantize/int8_executor.h"
#include "toolchain/tflite/writer.h"

namespace mote::conformance {
namespace {

constexpr uint64_t kSeed = 20261122;
constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::relu6, Activation::relu_n1_to_1};

struct Run {
  std::vector<std::vector<uint8_t>> outputs;  // none: the model was refused
  uint32_t board_arena = 0;
  std::string refused;
};

Run run(const std::vector<uint8_t>& file, const std::vector<std::vector<uint8_t>>& inputs, const HostKernels& kernels) {
  Run result;
  auto executor = Int8Executor::create("case", file, kernels);
  if (!executor.ok()) {
    result.refused = executor.error().message;
    return result;
  }
  for (int pass = 0; pass < 2; ++pass) {  // the second finds in scratch what the first has left
    for (size_t i = 0; i < inputs.size(); ++i)
      std::copy(inputs[i].begin(), inputs[i].end(), executor->input(static_cast<int32_t>(i)).bytes.begin());
    EXPECT_TRUE(executor->invoke().ok());
  }
  for (int32_t i = 0; i < executor->output_count(); ++i) {
    const std::span<uint8_t> bytes = executor->output(i).bytes;
    result.outputs.emplace_back(bytes.begin(), bytes.end());
  }
  result.board_arena = executor->arena_bytes();
  return result;
}

// False: the model is refused, by all levels alike.
bool expect_one_answer(const CaseModel& model) {
  SCOPED_TRACE(model.name + " " + attributes_text(*model.op, model.graph.nodes[0].attributes));
  const auto file = write_tflite(model.graph);
  EXPECT_TRUE(file.ok()) << file.error().message;
  if (!file.ok()) return false;
  const Run portable = run(*file, model.inputs, host_kernels().front());
  for (const HostKernels& level : host_kernels().subspan(1)) {
    const Run found = run(*file, model.inputs, level);
    EXPECT_EQ(found.outputs, portable.outputs) << level.name;
    EXPECT_EQ(found.board_arena, portable.board_arena) << level.name;
    EXPECT_EQ(found.refused, portable.refused) << level.name;
  }
  return portable.refused.empty();
}

TEST(HostKernels, PortableComesFirst) {
  ASSERT_GE(host_kernels().size(), 1u);
  EXPECT_STREQ(host_kernels().front().name, "portable");
  EXPECT_TRUE(host_kernels().front().kernels.empty());
#if defined(__x86_64__)
  EXPECT_EQ(host_kernels().size() > 1, __builtin_cpu_supports("avx2") != 0);
#endif
}

TEST(HostKernels, ConformanceCasesGiveThePortableBytes) {
  for (const CaseModel& model : all_case_models()) EXPECT_TRUE(expect_one_answer(model)) << model.name;
  for (const CaseModel& model : random_case_models(kSeed + 1, 20, true)) EXPECT_TRUE(expect_one_answer(model));
}

// Layers of many sizes.
class Draw {
 public:
  explicit Draw(Random& random) : random_(random) {}

  int32_t from(int32_t low, int32_t high) {
    return low + static_cast<int32_t>(random_.below(static_cast<uint32_t>(high - low + 1)));
  }
  bool one_in(uint32_t n) { return random_.below(n) == 0; }
  Activation activation() { return kActivations[random_.below(4)]; }
  // Often one that fills vectors, or divides them.
  int32_t channels(int32_t most) { return one_in(2) ? from(1, most) : std::min(most, 1 << from(0, 7)); }

  OpCase conv_2d() {
    const int32_t groups = one_in(5) ? from(2, 4) : 1, depth = channels(70), outputs = groups * channels(150);
    const Conv2DAttributes a{
        static_cast<int8_t>(from(0, 1)), from(1, 3), from(1, 3), activation(), from(1, 2), from(1, 2)};
    const Shape weights = make_shape({outputs, from(1, 4), from(1, 4), depth});
    return weighted(Attributes::of(a), make_shape({from(1, 2), from(7, 12), from(7, 12), groups * depth}), weights,
                    outputs);
  }
  OpCase depthwise_conv_2d() {
    const int32_t inputs = channels(80), multiplier = one_in(3) ? from(2, 8) : 1;
    const DepthwiseConv2DAttributes a{
        static_cast<int8_t>(from(0, 1)), from(1, 3), from(1, 3), multiplier, activation(), from(1, 2), from(1, 2)};
    const bool column = one_in(4);  // an image one pixel wide, with a tall filter
    const Shape weights = make_shape({1, from(1, column ? 12 : 5), column ? 1 : from(1, 5), inputs * multiplier});
    const Shape image = make_shape({from(1, 2), column ? from(24, 30) : from(9, 14), column ? 1 : from(9, 14), inputs});
    return weighted(Attributes::of(a), image, weights, inputs * multiplier);
  }
  OpCase fully_connected() {
    const int32_t inputs = from(1, 300), outputs = channels(100);
    FullyConnectedAttributes a;
    a.activation = activation();
    return weighted(Attributes::of(a), make_shape({one_in(2) ? 1 : from(2, 9), inputs}), make_shape({outputs, inputs}),
                    outputs);
  }
  OpCase add() {
    const Shape shape = make_shape({1, from(1, 9), channels(90)});
    const Shape other = one_in(3) ? make_shape({1, 1, shape[2]}) : shape;
    OpCase result;
    result.attributes = Attributes::of(AddAttributes{activation()});
    result.inputs = {shape, other};
    return seeded(std::move(result));
  }
  OpCase average_pool_2d() {
    const PoolAttributes a{
        static_cast<int8_t>(from(0, 1)), from(1, 3), from(1, 3), from(1, 5), from(1, 5), activation()};
    OpCase result;
    result.attributes = Attributes::of(a);
    result.inputs = {make_shape({from(1, 2), from(5, 9), from(5, 9), channels(90)})};
    return seeded(std::move(result));
  }

  // Every stored number of a type becomes possible, and scales far from what the numbers need: shifts to the left,
  // saturated outputs, sums that wrap, dead channels.
  void disturb(CaseModel& model) {
    for (Tensor& tensor : model.graph.tensors) {
      for (uint8_t& byte : tensor.data) byte = static_cast<uint8_t>(random_.bits());
      for (float& scale : tensor.type.quant.scales)
        scale *= one_in(20) ? 1e-12f : one_in(3) ? static_cast<float>(1 << from(0, 12)) / 64 : 1.0f;
    }
    for (auto& input : model.inputs)
      for (uint8_t& byte : input) byte = static_cast<uint8_t>(one_in(8) ? 128 - from(0, 1) : random_.below(256));
  }

 private:
  OpCase weighted(const Attributes& attributes, const Shape& input, const Shape& weights, int32_t outputs) {
    OpCase result;
    result.attributes = attributes;
    result.inputs = {input, weights, one_in(4) ? absent() : make_shape({outputs})};
    result.per_channel = one_in(2);
    return seeded(std::move(result));
  }
  static Shape absent() {
    Shape shape;
    shape.rank = -1;
    return shape;
  }
  OpCase seeded(OpCase result) {
    result.name = "drawn";
    result.low = -2, result.high = 2;
    result.seed = static_cast<uint32_t>(random_.bits());
    return result;
  }

  Random& random_;
};

struct Drawn {
  const char* op;
  OpCase (Draw::*draw)();
  bool scales_may_differ;  // of input and output
};

constexpr Drawn kDrawn[] = {{"conv_2d", &Draw::conv_2d, true},
                            {"depthwise_conv_2d", &Draw::depthwise_conv_2d, true},
                            {"fully_connected", &Draw::fully_connected, true},
                            {"add", &Draw::add, true},
                            {"average_pool_2d", &Draw::average_pool_2d, false}};

// Each as drawn, and disturbed if that leaves it valid.
std::vector<CaseModel> drawn_models(const Drawn& drawn, int32_t count) {
  Random random(kSeed);
  Draw draw(random);
  std::vector<CaseModel> models;
  for (int32_t i = 0; i < count; ++i) {
    auto model = make_case_model(*find_op(drawn.op), (draw.*drawn.draw)(), true);
    EXPECT_TRUE(model.ok()) << model.error().message;
    if (!model.ok()) return {};
    models.push_back(*model);
    if (!drawn.scales_may_differ) continue;
    draw.disturb(*model);
    models.push_back(std::move(*model));
  }
  return models;
}

class LargeLayers : public testing::TestWithParam<Drawn> {};

TEST_P(LargeLayers, GiveThePortableBytes) {
  const std::vector<CaseModel> models = drawn_models(GetParam(), 60);
  size_t answered = 0;
  for (const CaseModel& model : models) answered += expect_one_answer(model);
  EXPECT_GT(answered, models.size() * 3 / 4) << "too many models were refused";
}

INSTANTIATE_TEST_SUITE_P(Ops, LargeLayers, testing::ValuesIn(kDrawn),
                         [](const auto& drawn) { return std::string(drawn.param.op); });

// One row by weights of the greatest size, where a sum of two products leaves no room in 16 bits; with a weight of -128
// there would be none.
TEST(HostKernels, GreatestWeightsGiveThePortableBytes) {
  Random random(kSeed);
  Draw draw(random);
  for (CaseModel& model : drawn_models(kDrawn[2], 40)) {
    Graph& graph = model.graph;
    std::vector<uint8_t>& weights = graph.tensors[static_cast<size_t>(graph.nodes[0].inputs[1])].data;
    for (uint8_t& weight : weights) weight = static_cast<uint8_t>(draw.one_in(2) ? 127 : -127);
    if (draw.one_in(3)) weights[random.below(static_cast<uint32_t>(weights.size()))] = 128;
    for (uint8_t& value : model.inputs[0]) value = static_cast<uint8_t>(draw.one_in(2) ? 127 : draw.from(-128, -126));
    expect_one_answer(model);
  }
}

// Weights that the model is given cannot be packed beforehand.
TEST(HostKernels, WeightsThatAreInputsGiveThePortableBytes) {
  for (const Drawn& drawn : {kDrawn[0], kDrawn[1], kDrawn[2]}) {
    for (CaseModel& model : drawn_models(drawn, 4)) {
      Graph& graph = model.graph;
      const int32_t index = graph.nodes[0].inputs[1];
      Tensor& weights = graph.tensors[static_cast<size_t>(index)];
      weights.constant = false;
      model.inputs.push_back(std::move(weights.data));
      weights.data.clear();
      graph.inputs.push_back(index);
      if (!graph.input_names.empty()) graph.input_names.push_back("weights");
      EXPECT_TRUE(expect_one_answer(model)) << model.name;
    }
  }
}

// Builds host_kernels_program.cpp and what it runs for AArch64. Empty: it did not build.
fs::path build_for_aarch64(const fs::path& folder) {
  const fs::path source = std::getenv("MOTE_SOURCE_DIR"), simd = source / "toolchain/quantize/simd";
  const std::vector<std::string> compiler = {
      "aarch64-linux-gnu-g++", "-std=c++20", "-O2", "-fwrapv", "-Wno-psabi", "-static", "-I" + source.string()};
  auto dot = compiler, all = compiler;
  const std::string object = (folder / "neon_dot.o").string();
  for (const std::string& argument : {std::string("-march=armv8.2-a+dotprod"), std::string("-c"),
                                      (simd / "neon_dot.cpp").string(), std::string("-o"), object})
    dot.push_back(argument);
  for (const char* file :
       {"neon.cpp", "conv_2d.cpp", "depthwise_conv_2d.cpp", "fully_connected.cpp", "host_kernels.cpp"})
    all.push_back((simd / file).string());
  const fs::path program = folder / "program";
  for (const std::string& argument :
       {(source / "tests/conformance/host_kernels_program.cpp").string(), object, std::string("-o"), program.string()})
    all.push_back(argument);
  for (const auto& command : {dot, all}) {
    const auto ran = run_process(command, 600);
    EXPECT_TRUE(ran.ok() && ran->exit_status == 0) << (ran.ok() ? ran->errors : ran.error().message);
    if (!ran.ok() || ran->exit_status != 0) return {};
  }
  return program;
}

TEST(HostKernels, NeonGivesThePortableBytes) {
  for (const char* program : {"aarch64-linux-gnu-g++", "qemu-aarch64"})
    if (!find_program(program)) GTEST_SKIP() << program << " is not installed";
  const fs::path folder = fs::path(std::getenv("MOTE_BINARY_DIR")) / "host_kernels";
  fs::create_directories(folder);
  const fs::path program = build_for_aarch64(folder);
  ASSERT_FALSE(program.empty());
  std::vector<std::string> command = {"qemu-aarch64", program.string()};
  for (const Drawn& drawn : kDrawn) {
    for (const CaseModel& model : drawn_models(drawn, 12)) {
      const auto file = write_tflite(model.graph);
      ASSERT_TRUE(file.ok()) << file.error().message;
      const fs::path path = folder / (std::to_string(command.size()) + ".tflite");
      ASSERT_TRUE(write_file(path, *file).ok());
      command.push_back(path.string());
    }
  }
  const auto ran = run_process(command, 600);
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  EXPECT_EQ(ran->exit_status, 0) << ran->errors;
  const std::string levels = "portable neon neon-dot ";
  ASSERT_EQ(ran->output.substr(0, levels.size()), levels) << ran->output;
  EXPECT_GT(std::stoul(ran->output.substr(levels.size())), (command.size() - 2) * 3 / 4) << "too many were refused";
}

}  // namespace
}  // namespace mote::conformance
