// The kernels of the host's int8 executor: those of the firmware, of which the ones that take most of the time have
// forms for the instruction sets of workstations, with the same bytes. They keep weights packed in the arena, which a
// host can afford.
#pragma once
#include <span>
#include <vector>

#include "device/convolution.h"
#include "device/kernel.h"
#include "toolchain/quantize/simd/primitives.h"

namespace mote {

struct HostKernels {
  const char* name;                        // of the instruction set
  std::span<const Kernel* const> kernels;  // come before the portable ones in a resolver
};

// Those that this machine runs, slowest first; the first is "portable", without any kernel of its own.
std::span<const HostKernels> host_kernels();

// What the files of the operators give to host_kernels.cpp. Prepare as the portable kernel's, with the weights packed;
// invoke with the primitives of one level.
Status prepare_host_conv_2d(PrepareContext& node, const Int8Primitives& isa);
void invoke_host_conv_2d(const InvokeContext& node, const Int8Primitives& isa);
Status prepare_host_depthwise_conv_2d(PrepareContext& node, const Int8Primitives& isa);
void invoke_host_depthwise_conv_2d(const InvokeContext& node, const Int8Primitives& isa);
Status prepare_host_fully_connected(PrepareContext& node, const Int8Primitives& isa);
void invoke_host_fully_connected(const InvokeContext& node, const Int8Primitives& isa);
void invoke_host_add(const InvokeContext& node, const Int8Primitives& isa);
void invoke_host_average_pool_2d(const InvokeContext& node, const Int8Primitives& isa);

// REQUIRES: ConvolutionTensors::check_int8() gave ok.
std::vector<Multiplier> channel_multipliers(const ConvolutionTensors& tensors, int32_t outputs);

inline Int8Finish host_finish(const Int8Output& output, bool down) {
  return {output.zero_point, output.low, output.high, down};
}

}  // namespace mote
