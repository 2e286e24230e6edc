// Every case on emulated Cortex-M: the ISA variants against the host's portable kernels bit for bit, and the emitted
// calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "tests/conformance/device_program.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"

namespace mote::conformance {
namespace {

constexpr uint64_t kSeed = 20261123;
constexpr int32_t kRandomCases = 25;  // of each operator and form: the host runs many more

constexpr size_t kOpsPerProgram = 6;  // all in one would not fit into the board's flash

// A core, and the first operator of those that one program has.
class Device : public testing::TestWithParam<std::tuple<DeviceTarget, size_t>> {};

// Those of the operators that one program has.
std::vector<CaseModel> of_ops(std::vector<CaseModel> models, size_t first_op) {
  std::erase_if(models, [&](const CaseModel& model) {
    const auto ops = all_ops();
    const auto index = static_cast<size_t>(std::ranges::find(ops, model.op) - ops.begin());
    return index < first_op || index >= first_op + kOpsPerProgram;
  });
  return models;
}

std::vector<CaseModel> all_random_models() {
  std::vector<CaseModel> models = random_case_models(kSeed, kRandomCases, false);
  for (CaseModel& model : random_case_models(kSeed, kRandomCases, true)) models.push_back(std::move(model));
  return models;
}

TEST_P(Device, InterpreterAndEmittedCallsGiveTheHostsBytes) {
  for (const char* program : {"arm-none-eabi-g++", "qemu-system-arm"})
    if (!find_program(program)) GTEST_SKIP() << program << " is not installed";
  RecordProperty("seed", std::to_string(kSeed));
  const auto& [target, first_op] = GetParam();
  const std::vector<CaseModel> models = of_ops(all_case_models(), first_op);
  const std::vector<CaseModel> random_models =
      of_ops(target.portable ? std::vector<CaseModel>() : all_random_models(), first_op);
  const fs::path source = std::getenv("MOTE_SOURCE_DIR");
  const fs::path folder =
      fs::path(std::getenv("MOTE_BINARY_DIR")) / "conformance" / all_ops()[first_op]->name / target.name;
  const auto written = write_device_program(folder, models, random_models, target.packed);
  ASSERT_TRUE(written.ok()) << written.error().message;
  const auto printed = run_device_program(folder, source, target);
  ASSERT_TRUE(printed.ok()) << printed.error().message;
  EXPECT_THAT(*printed,
              testing::HasSubstr(" cases " + std::to_string(models.size() + random_models.size()) + " failures 0\n"))
      << "seed " << kSeed;
  const bool packs = std::ranges::any_of(models, [](const CaseModel& model) { return model.op->emit_packed; });
  EXPECT_EQ(printed->find("packed 0 ") == std::string::npos, packs) << "operators with a packed form must use it";
}

std::string core_name(const testing::TestParamInfo<Device::ParamType>& parameter) {
  const auto& [target, first_op] = parameter.param;
  std::string name = std::string(target.name) + "_" + all_ops()[first_op]->name;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
}

// The M0+ has no QEMU machine with enough memory; its instructions are a subset of the M3's.
INSTANTIATE_TEST_SUITE_P(
    Cores, Device,
    testing::Combine(
        testing::Values(
            DeviceTarget{"cortex-m4",
                         "mps2-an386",
                         "mps2.ld",
                         PackedFor::arm_dsp,
                         {"-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"}},
            DeviceTarget{"cortex-m3", "mps2-an385", "mps2.ld", PackedFor::plain, {"-mcpu=cortex-m3"}, true},
            DeviceTarget{"cortex-m0plus", "mps2-an385", "mps2.ld", PackedFor::plain, {"-mcpu=cortex-m0plus"}},
            DeviceTarget{
                "cortex-m55", "mps3-an547", "mps3.ld", PackedFor::arm_mve, {"-mcpu=cortex-m55", "-mfloat-abi=hard"}}),
        testing::Range(size_t{0}, all_ops().size(), kOpsPerProgram)),
    core_name);

}  // namespace
}  // namespace mote::conformance
