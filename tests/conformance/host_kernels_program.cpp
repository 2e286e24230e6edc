// Runs each .tflite named on the command line with the portable kernels and with every level of host_kernels() that
// this machine has, on inputs of its own, and prints the levels and how many models were not refused. Exit status 1 and
// a line for every level whose outputs differ. It needs the C++ library only, so that it can be built for another
// architecture and run in an emulator.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <vector>

#include "device/interpreter.h"
#include "ops/add/add.h"
#include "ops/average_pool_2d/average_pool_2d.h"
#include "ops/conv_2d/conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "toolchain/quantize/simd/host_kernels.h"

namespace {

constexpr uint32_t kArena = 16u << 20;
using Bytes = std::vector<uint8_t>;

struct Free {
  void operator()(uint8_t* p) const { ::operator delete (p, std::align_val_t{64}); }
};
std::unique_ptr<uint8_t, Free> aligned(size_t size) {
  return std::unique_ptr<uint8_t, Free>(static_cast<uint8_t*>(::operator new (size, std::align_val_t{64})));
}

// Status as one byte, then all outputs.
Bytes run(const Bytes& file, const mote::HostKernels& host) {
  std::vector<const mote::Kernel*> kernels(host.kernels.begin(), host.kernels.end());
  for (const mote::Kernel* kernel : {&mote::conv_2d_int8, &mote::depthwise_conv_2d_int8, &mote::fully_connected_int8,
                                     &mote::add_int8, &mote::average_pool_2d_int8})
    kernels.push_back(kernel);
  const mote::Resolver resolver = {kernels.data(), static_cast<int32_t>(kernels.size())};
  const auto model = aligned(file.size());
  std::copy(file.begin(), file.end(), model.get());
  mote::Interpreter interpreter;
  auto arena = aligned(kArena);
  const auto init = [&](uint32_t bytes) {
    return interpreter.init(model.get(), static_cast<uint32_t>(file.size()), resolver, arena.get(), bytes);
  };
  mote::Status status = init(kArena);
  if (status == mote::Status::ok) {  // in exactly what it needs, so that a sanitizer sees more
    arena = aligned(interpreter.arena_used());
    status = init(interpreter.arena_used());
  }
  Bytes result = {static_cast<uint8_t>(status)};
  if (status != mote::Status::ok) return result;
  uint32_t state = 1;
  for (int32_t i = 0; i < interpreter.input_count(); ++i) {
    const mote::TensorView view = interpreter.input(i);
    for (int32_t b = 0; b < view.bytes; ++b) {
      state = state * 1664525u + 1013904223u;
      static_cast<uint8_t*>(view.data)[b] = static_cast<uint8_t>(state >> 24);
    }
  }
  interpreter.invoke();
  for (int32_t i = 0; i < interpreter.output_count(); ++i) {
    const auto* bytes = static_cast<const uint8_t*>(interpreter.output(i).data);
    result.insert(result.end(), bytes, bytes + interpreter.output(i).bytes);
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  int differ = 0, answered = 0;
  for (int i = 1; i < argc; ++i) {
    std::ifstream stream(argv[i], std::ios::binary);
    const Bytes file{std::istreambuf_iterator<char>(stream), {}};
    const Bytes portable = run(file, mote::host_kernels().front());
    answered += portable.size() > 1;
    for (const mote::HostKernels& level : mote::host_kernels().subspan(1)) {
      if (run(file, level) == portable) continue;
      std::printf("%s: %s differs\n", argv[i], level.name);
      differ = 1;
    }
  }
  for (const mote::HostKernels& level : mote::host_kernels()) std::printf("%s ", level.name);
  std::printf("%d\n", answered);
  return differ;
}
