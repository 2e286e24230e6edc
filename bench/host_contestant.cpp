// Runs a model as often as it is told to. Usage: host_contestant MODEL.tflite LEVEL < input bytes, then lines
//
// LEVEL: one of host_kernels(), or "best". Standard input: the bytes of input 0, then lines with a number of inferences
// each. Standard output: the output as hexadecimal digits, then for each line the seconds of processor time it took.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iostream>
#include <string>

#include "toolchain/base/files.h"
#include "toolchain/quantize/int8_executor.h"

namespace {

using mote::HostKernels;

const HostKernels* find_level(const std::string& name) {
  const std::span<const HostKernels> levels = mote::host_kernels();
  if (name == "best") return &levels.back();
  const auto found = std::find_if(levels.begin(), levels.end(), [&](const HostKernels& k) { return name == k.name; });
  return found == levels.end() ? nullptr : &*found;
}

int fail(const std::string& message) {
  std::cerr << "host_contestant: " << message << '\n';
  return 2;
}

int serve(mote::Int8Executor& executor) {
  const mote::RuntimeTensor input = executor.input(0);
  const std::vector<uint8_t> example = [&] {
    std::vector<uint8_t> bytes(input.bytes.size());
    std::cin.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return bytes;
  }();
  const auto infer = [&] {  // inputs may be overwritten by an inference
    std::copy(example.begin(), example.end(), input.bytes.begin());
    return executor.invoke().ok();
  };
  if (!std::cin || !infer()) return fail("no input, or the model does not run");
  for (const uint8_t byte : executor.output(0).bytes) fmt::print("{:02x}", byte);
  fmt::print("\n");
  std::fflush(stdout);
  for (int64_t count = 0; std::cin >> count;) {
    const std::clock_t start = std::clock();
    for (int64_t i = 0; i < count; ++i) infer();
    fmt::print("{}\n", static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fail("usage: host_contestant MODEL.tflite LEVEL");
  const HostKernels* level = find_level(argv[2]);
  if (level == nullptr) return fail(fmt::format("this machine has no level '{}'", argv[2]));
  auto bytes = mote::read_file(argv[1]);
  if (!bytes.ok()) return fail(bytes.error().message);
  auto executor = mote::Int8Executor::create(argv[1], *std::move(bytes), *level);
  if (!executor.ok()) return fail(executor.error().message);
  return serve(*executor);
}
