// Whether the kernels keep to what their operators declare of overlapping outputs and inputs: every case, with its
// output over its input at every distance from the declared one on, gives the bytes that it gives when both are apart.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <numeric>
#include <sstream>

#include "ops/conv_2d/conv_2d.h"
#include "tests/compile/program.h"
#include "tests/conformance/case_model.h"
#include "tests/conformance/host_run.h"
#include "tests/conformance/model_folder.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/base/random.h"
#include "toolchain/compile/array_text.h"
#include "toolchain/compile/c_interface.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

using conformance::CaseModel;

constexpr uint64_t kSeed = 20261123;

// Kernel calls of one-operator models as functions of the places of input 0, output 0 and the scratch.
class OverlapProgram {
 public:
  // `granule`: distances are multiples of it, besides what the operator asks for.
  OverlapProgram(PackedFor core, int64_t granule) : core_(core), granule_(granule) {}

  Result<void> add(const std::string& name, const CaseModel& model);
  Result<void> write(const fs::path& folder) const;

 private:
  Result<std::string> statements(const CaseModel& model, const std::string& id);
  std::string array(const std::string& name, DType type, const std::vector<uint8_t>& bytes) {
    constants_ += array_text(name, type, bytes);
    return name;
  }
  std::string place(const std::vector<uint8_t>& bytes) {
    blob_.insert(blob_.end(), bytes.begin(), bytes.end());
    return fmt::format("{{{}, {}}}", blob_.size() - bytes.size(), bytes.size());
  }

  PackedFor core_;
  int64_t granule_;
  SourceFiles headers_;
  std::vector<uint8_t> blob_;
  std::map<std::string, int> includes_;
  std::string constants_, functions_, table_;
  int count_ = 0;
};

Result<std::string> OverlapProgram::statements(const CaseModel& model, const std::string& id) {
  const Graph& graph = model.graph;
  const Node& node = graph.nodes[0];
  const std::vector<TensorType> types = input_types(graph, node);
  const TensorType output = graph.tensors[node.outputs[0]].type;
  std::vector<std::string> inputs(node.inputs.size(), "nullptr");
  std::vector<std::span<const uint8_t>> constants(inputs.size());
  inputs[0] = fmt::format("reinterpret_cast<const {}*>(input)", c_type(types[0].dtype));
  const std::vector<std::string> outputs = {fmt::format("reinterpret_cast<{}*>(output)", c_type(output.dtype))};
  for (size_t i = 1; i < inputs.size(); ++i) {
    const int32_t tensor = node.inputs[i];
    if (tensor == kAbsent) continue;
    if (graph.tensors[tensor].constant) {
      constants[i] = graph.tensors[tensor].data;
    } else {
      const auto at = std::find(graph.inputs.begin(), graph.inputs.end(), tensor) - graph.inputs.begin();
      inputs[i] = array(fmt::format("{}_given_{}", id, i), types[i].dtype, model.inputs[static_cast<size_t>(at)]);
    }
  }
  const EmitCall call{&node.attributes, types, std::span(&output, 1), inputs, outputs, "scratch"};
  if (node.op->emit_packed != nullptr) {
    const auto keep = [&](const char* name, DType type, const std::vector<uint8_t>& bytes) {
      return bytes.empty() ? std::string("nullptr") : array(id + "_" + name, type, bytes);
    };
    MOTE_TRY(const auto packed, node.op->emit_packed({call, core_, constants, keep}));
    if (packed) {
      includes_[packed_header(*node.op, core_)];
      return *packed;
    }
  }
  for (size_t i = 1; i < inputs.size(); ++i)
    if (!constants[i].empty())
      inputs[i] = array(fmt::format("{}_input_{}", id, i), types[i].dtype, {constants[i].begin(), constants[i].end()});
  includes_[node.op->device_header];
  return node.op->emit(call);
}

Result<void> OverlapProgram::add(const std::string& name, const CaseModel& model) {
  const Node& node = model.graph.nodes[0];
  const TensorType& output = model.graph.tensors[node.outputs[0]].type;
  const auto overlap = node.op->overlap(node.attributes, input_types(model.graph, node), output, core_);
  if (!overlap) return {};
  const std::string id = fmt::format("t{}", count_++);
  MOTE_TRY(const std::vector<uint8_t> file, write_tflite(model.graph));
  const conformance::HostRun apart = conformance::run_on_host(file, model.inputs);
  if (apart.status != Status::ok) return defect(name + ": the interpreter refuses it");
  MOTE_TRY(const std::string code, statements(model, id));
  functions_ += fmt::format(
      "void {}([[maybe_unused]] const unsigned char* input, unsigned char* output, [[maybe_unused]] unsigned char* "
      "scratch) {{\n{}}}\n",
      id, code);
  const int64_t elements =
      std::max(element_bytes(output.dtype), element_bytes(input_types(model.graph, node)[0].dtype));
  const int64_t step = std::lcm(int64_t{overlap->step}, std::max<int64_t>(granule_, elements));
  table_ += fmt::format("    {{\"{}\", mote::{}, {}, {}, {}, {}}},\n", name, id, place(model.inputs[0]),
                        place(apart.outputs[0]), (overlap->lead + step - 1) / step * step, step);
  return {};
}

Result<void> OverlapProgram::write(const fs::path& folder) const {
  std::string text = "#pragma GCC optimize(\"fp-contract=off\")\n";  // as compiled models have it
  SourceFiles headers;
  for (const auto& [header, unused] : includes_) {
    text += "#include \"mote/" + header + "\"\n";
    MOTE_CHECK(add_headers("models.cpp", "#include \"" + header + "\"", headers));
  }
  for (const auto& [path, header] : headers)
    MOTE_CHECK(write_file(folder / "mote" / path, with_relative_includes("mote/" + path, header, "mote/")));
  MOTE_CHECK(write_file(folder / "blob.bin", std::span<const uint8_t>(blob_)));
  text += fmt::format(
      "#include \"overlap_runner.h\"\n\n__asm(\n    \".section .rodata\\n.balign 16\\n.global blob\\nblob:\\n"
      ".incbin \\\"blob.bin\\\"\\n.text\\n\");\n\nnamespace mote {{\nnamespace {{\n{}{}}}  // namespace\n}}  // "
      "namespace mote\n\nstatic const Trial trials[] = {{\n{}}};\n\nint main() {{\n  return run_trials(trials);\n}}\n",
      constants_, functions_, table_);
  return write_file(folder / "models.cpp", text);
}

// Every second channel dead: its weights' scale is 0, so that its output is one number.
std::optional<CaseModel> with_dead_channels(CaseModel model) {
  const Node& node = model.graph.nodes[0];
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (input_role(*node.op, i) != InputRole::weights) continue;
    auto& scales = model.graph.tensors[node.inputs[i]].type.quant.scales;
    if (!model.integer || scales.size() < 2) return std::nullopt;
    for (size_t c = 1; c < scales.size(); c += 2) scales[c] = 0;
    return model;
  }
  return std::nullopt;
}

Result<OverlapProgram> every_case(PackedFor core, int32_t random, int64_t granule) {
  OverlapProgram program(core, granule);
  std::vector<CaseModel> models = conformance::all_case_models();
  for (const bool integer : {false, true})
    for (CaseModel& model : conformance::random_case_models(kSeed, random, integer)) models.push_back(std::move(model));
  for (const CaseModel& model : models) {
    if (model.op->overlap == nullptr) continue;
    MOTE_CHECK(program.add(conformance::stem_of(model), model));
    if (const auto dead = with_dead_channels(model))
      MOTE_CHECK(program.add(conformance::stem_of(model) + ".dead", *dead));
  }
  return program;
}

struct Finding {
  int trials = 0;
  int distant = 0;  // that declare a distance
  int bites = 0;    // of which a shorter one gave wrong bytes
  int exact = 0;    // of which the one just shorter did
};

std::map<std::string, Finding> findings(const std::string& printed) {
  std::map<std::string, Finding> found;
  std::istringstream lines(printed);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name, declared, least;
    int lead = 0, needed = 0;
    if (!(words >> name >> declared >> lead >> least >> needed) || declared != "declared") continue;
    Finding& finding = found[name.substr(0, name.find('.'))];
    ++finding.trials;
    finding.distant += lead > 0;
    finding.bites += needed > 0;
    finding.exact += needed > 0 && needed == lead;
  }
  return found;
}

void expect_safe_and_needed(const std::string& printed) {
  EXPECT_NE(printed.find(" failures 0\n"), std::string::npos)
      << printed.substr(std::min(printed.find("wrong at"), printed.size()), 2000);
  const auto found = findings(printed);
  for (const OpDef* op : ops_with_cases()) {
    if (op->overlap == nullptr) continue;
    SCOPED_TRACE(op->name);
    const auto at = found.find(op->name);
    ASSERT_TRUE(at != found.end()) << "no case lets the output overlap the input";
    const auto [trials, distant, bites, exact] = at->second;
    std::cout << fmt::format("{:<20} {} trials, {} declare a distance, {} need one, {} all of it\n", op->name, trials,
                             distant, bites, exact);
    EXPECT_TRUE(distant == 0 || bites > 0) << "no distance is too short: the trials see nothing";
  }
}

// The promise of overlap_of_rows() word for word, pixel by pixel.
int64_t lead_by_definition(const WindowAxis& y, const TensorType& input, const TensorType& output) {
  const int64_t width = output.shape[2], pixels = int64_t{output.shape[0]} * y.output * width;
  int64_t lead = 0;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    int64_t unread = INT64_MAX;  // first row of all images that is read after this pixel has been written
    for (int64_t row = std::max<int64_t>(pixel - 1, 0) / width; row < pixels / width; ++row)
      unread = std::min(unread, row / y.output * y.input + std::max<int64_t>(row % y.output * y.stride - y.before, 0));
    const int64_t written = (pixel + 1) * output.shape[3] * element_bytes(output.dtype);
    lead = std::max(lead, written - unread * input.shape[2] * input.shape[3] * element_bytes(input.dtype));
  }
  return lead;
}

TEST(OverlapOfRows, IsTheLeastThatThePromiseAllows) {
  Random random(kSeed);
  const auto draw = [&](uint32_t most) { return 1 + static_cast<int32_t>(random.below(most)); };
  for (int i = 0; i < 3000; ++i) {
    const int32_t height = draw(12);
    WindowAxis y{};
    if (!window_axis(height, draw(5), draw(4), draw(2), static_cast<int8_t>(random.below(2)), y)) continue;
    const TensorType input{
        random.below(2) == 0 ? DType::int8 : DType::float32, make_shape({draw(3), height, draw(6), draw(5)}), {}};
    const TensorType output{input.dtype, make_shape({input.shape[0], y.output, draw(6), draw(9)}), {}};
    EXPECT_EQ(overlap_of_rows(y, input, output).lead, lead_by_definition(y, input, output))
        << to_string(input.shape) << " to " << to_string(output.shape) << " stride " << y.stride;
  }
}

// Pixels in order, all that one sees read before it is written.
TEST(OverlapOfConvolutions, IsTheLeastThatTheirPromiseAllows) {
  const OpDef& conv = *find_op("conv_2d");
  Random random(kSeed);
  const auto draw = [&](uint32_t most) { return 1 + static_cast<int32_t>(random.below(most)); };
  int compared = 0;
  for (int i = 0; i < 3000; ++i) {
    const Conv2DAttributes a{
        static_cast<int8_t>(random.below(2)), draw(3), draw(3), Activation::none, draw(2), draw(2)};
    const TensorType input{DType::int8, make_shape({draw(3), draw(9), draw(9), draw(4)}), {}};
    const TensorType weights{DType::int8, make_shape({draw(9), draw(4), draw(4), input.shape[3]}), {}};
    Conv2DGeometry g{};
    if (!conv_2d_geometry(a, input.shape, weights.shape, g)) continue;
    const int64_t pixels = int64_t{g.batches} * g.pixels();
    int64_t lead = 0, unread = INT64_MAX;
    for (int64_t pixel = pixels - 1; pixel >= 0; --pixel) {
      const int64_t y = pixel % g.pixels() / g.x.output, x = pixel % g.x.output;
      const int64_t row = pixel / g.pixels() * g.y.input + std::max<int64_t>(y * g.y.stride - g.y.before, 0);
      const int64_t column = std::max<int64_t>(x * g.x.stride - g.x.before, 0);
      unread = std::min(unread, (row * g.x.input + column) * g.inputs);
      lead = std::max(lead, pixel * g.outputs - unread);
    }
    const TensorType output{DType::int8, conv_2d_output(g), {}};
    EXPECT_EQ(conv.overlap(Attributes::of(a), std::vector{input, weights}, output, PackedFor::arm_dsp)->lead, lead)
        << to_string(input.shape) << " with " << to_string(weights.shape) << " to " << to_string(output.shape);
    ++compared;
  }
  EXPECT_GT(compared, 1000);
}

class OverlappingKernels : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(std::getenv("MOTE_BINARY_DIR")) / "overlapping" /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  fs::path folder_, source_ = std::getenv("MOTE_SOURCE_DIR");
};

TEST_F(OverlappingKernels, GiveTheSameBytesHere) {
  for (const PackedFor core : kPackedForms) {
    const auto program = every_case(core, 40, 1);
    ASSERT_TRUE(program.ok()) << program.error().message;
    ASSERT_TRUE(program->write(folder_).ok());
    const auto printed = run_here(folder_, source_);
    ASSERT_TRUE(printed.ok()) << printed.error().message;
    expect_safe_and_needed(*printed);
  }
}

TEST_F(OverlappingKernels, GiveTheSameBytesOnCortexM) {
  for (const char* program : {"arm-none-eabi-g++", "qemu-system-arm"})
    if (!find_program(program)) GTEST_SKIP() << program << " is not installed";
  for (const PackedFor core : {PackedFor::arm_dsp, PackedFor::arm_mve}) {
    const auto program = every_case(core, 20, 4);
    ASSERT_TRUE(program.ok()) << program.error().message;
    ASSERT_TRUE(program->write(folder_).ok());
    const auto run = core == PackedFor::arm_mve ? run_on_cortex_m55 : run_on_cortex_m4;
    const auto printed = run(folder_, source_);
    ASSERT_TRUE(printed.ok()) << printed.error().message;
    expect_safe_and_needed(*printed);
  }
}

}  // namespace
}  // namespace mote
