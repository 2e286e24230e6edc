// Every case on emulated Cortex-M: the ISA variants against the host's portable kernels bit for bit, and the emitted
// calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/conformance/device_program.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"

namespace mote::conformance {
namespace {

constexpr uint64_t kSeed = 20261123;
constexpr int32_t kRandomCases = 60;

class Device : public testing::TestWithParam<DeviceTarget> {};

TEST_P(Device, InterpreterAndEmittedCallsGiveTheHostsBytes) {
  for (const char* program : {"arm-none-eabi-g++", "qemu-system-arm"})
    if (!find_program(program)) GTEST_SKIP() << program << " is not installed";
  RecordProperty("seed", std::to_string(kSeed));
  std::vector<CaseModel> models = all_case_models();
  for (bool integer : {false, true})
    for (CaseModel& model : random_case_models(kSeed, kRandomCases, integer)) models.push_back(std::move(model));
  const fs::path source = std::getenv("MOTE_SOURCE_DIR");
  const fs::path folder =
      fs::path(std::getenv("MOTE_BINARY_DIR")) / "conformance" / all_ops()[0]->name / GetParam().name;
  const auto written = write_device_program(folder, models);
  ASSERT_TRUE(written.ok()) << written.error().message;
  const auto printed = run_device_program(folder, source, GetParam());
  ASSERT_TRUE(printed.ok()) << printed.error().message;
  EXPECT_THAT(*printed, testing::HasSubstr(" cases " + std::to_string(models.size()) + " failures 0\n"))
      << "seed " << kSeed;
  const bool packs = std::any_of(all_ops().begin(), all_ops().end(), [](const OpDef* op) { return op->emit_packed; });
  EXPECT_EQ(printed->find("packed 0 ") == std::string::npos, packs) << "operators with a packed form must use it";
}

std::string core_name(const testing::TestParamInfo<DeviceTarget>& parameter) {
  std::string name = parameter.param.name;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
}

// The M0+ has no QEMU machine with enough memory; its instructions are a subset of the M3's.
INSTANTIATE_TEST_SUITE_P(Cores, Device,
                         testing::Values(DeviceTarget{"cortex-m4",
                                                      "mps2-an386",
                                                      {"-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"}},
                                         DeviceTarget{"cortex-m3", "mps2-an385", {"-mcpu=cortex-m3"}},
                                         DeviceTarget{"cortex-m0plus", "mps2-an385", {"-mcpu=cortex-m0plus"}}),
                         core_name);

}  // namespace
}  // namespace mote::conformance
