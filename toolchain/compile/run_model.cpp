#include "toolchain/compile/run_model.h"

#include <fmt/format.h>

#include <algorithm>

namespace mote {
namespace {

constexpr uint32_t kLargestArena = 64u << 20;  // beyond any board here

std::string status_text(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::bad_model:
      return "the file is damaged";
    case Status::missing_operator:
      return "an operator has no kernel";
    case Status::unsupported_type:
      return "a tensor has a type that its operator does not take";
    case Status::unsupported_shape:
      return "a tensor has a shape that its operator does not take";
    case Status::unsupported_option:
      return "an operator has an option that its kernel does not implement";
    case Status::bad_quantization:
      return "a scale or zero point is missing or out of range";
    case Status::arena_too_small:
      return "it needs more than 64 MiB of arena";
    case Status::misaligned:
      return "model or arena is misaligned";
    case Status::not_initialized:
      return "not initialized";
  }
  return "unknown status";
}

}  // namespace

RunningModel::AlignedBytes RunningModel::aligned_bytes(size_t bytes) {
  return AlignedBytes(new (std::align_val_t{kAlignment}) uint8_t[bytes]());
}

Result<RunningModel> RunningModel::start(const std::string& name, const std::vector<uint8_t>& model,
                                         const std::vector<const Kernel*>& kernels) {
  RunningModel running;
  running.kernels_ = kernels;
  running.model_ = aligned_bytes(model.size());
  std::copy(model.begin(), model.end(), running.model_.get());
  running.interpreter_ = std::make_unique<Interpreter>();
  Interpreter& interpreter = *running.interpreter_;
  const Resolver resolver{running.kernels_.data(), static_cast<int32_t>(kernels.size())};
  Status status = Status::arena_too_small;
  // Small first: most models need little, and clean pages are cheap only when they are never touched.
  for (uint32_t size = 1u << 20; status == Status::arena_too_small && size <= kLargestArena; size *= 4) {
    running.arena_ = aligned_bytes(size);
    status = interpreter.init(running.model_.get(), static_cast<uint32_t>(model.size()), resolver, running.arena_.get(),
                              size);
    if (status == Status::ok) return running;
  }
  return input_error(fmt::format("{}: the engine refuses this model at operator {}: {}", name,
                                 interpreter.failed_operator(), status_text(status)));
}

}  // namespace mote
