#include "tests/conformance/host_run.h"

#include <algorithm>
#include <cstring>

namespace mote::conformance {

namespace {

constexpr size_t kGuard = 64;
constexpr uint8_t kPaint = 0xA5;

std::vector<const Kernel*> all_kernels() {
  std::vector<const Kernel*> kernels;
  for (const OpDef* op : all_ops())
    for (const DeviceKernel& kernel : op->kernels) kernels.push_back(kernel.kernel);
  return kernels;
}

// kAlignment-aligned bytes with guards on both sides.
class GuardedArena {
 public:
  explicit GuardedArena(uint32_t bytes) : bytes_(bytes), memory_(bytes + 2 * kGuard + kAlignment, kPaint) {
    const auto address = reinterpret_cast<uintptr_t>(memory_.data() + kGuard);
    start_ = memory_.data() + kGuard + (kAlignment - address % kAlignment) % kAlignment;
  }
  uint8_t* data() { return start_; }
  uint32_t bytes() const { return bytes_; }
  bool guards_intact() const {
    const auto painted = [](uint8_t b) { return b == kPaint; };
    return std::all_of(memory_.data(), static_cast<const uint8_t*>(start_), painted) &&
           std::all_of(static_cast<const uint8_t*>(start_) + bytes_, memory_.data() + memory_.size(), painted);
  }

 private:
  uint32_t bytes_;
  std::vector<uint8_t> memory_;
  uint8_t* start_;
};

void fill_inputs(Interpreter& interpreter, const std::vector<std::vector<uint8_t>>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i)
    std::memcpy(interpreter.input(static_cast<int32_t>(i)).data, inputs[i].data(), inputs[i].size());
}

void add_outputs(const Interpreter& interpreter, std::vector<std::vector<uint8_t>>& outputs) {
  for (int32_t i = 0; i < interpreter.output_count(); ++i) {
    const TensorView view = interpreter.output(i);
    const auto* bytes = static_cast<const uint8_t*>(view.data);
    outputs.emplace_back(bytes, bytes + view.bytes);
  }
}

}  // namespace

std::vector<uint8_t> in_a_row(const std::vector<std::vector<uint8_t>>& outputs) {
  std::vector<uint8_t> all;
  for (const auto& output : outputs) all.insert(all.end(), output.begin(), output.end());
  return all;
}

HostRun run_on_host(const std::vector<uint8_t>& model, const std::vector<std::vector<uint8_t>>& inputs,
                    int32_t invokes) {
  const std::vector<const Kernel*> kernels = all_kernels();
  const Resolver resolver{kernels.data(), static_cast<int32_t>(kernels.size())};
  HostRun run;
  Interpreter probe;
  GuardedArena large(1 << 20);
  run.status = probe.init(model.data(), static_cast<uint32_t>(model.size()), resolver, large.data(), large.bytes());
  if (run.status != Status::ok) return run;
  run.arena_used = probe.arena_used();

  GuardedArena arena(run.arena_used), small(run.arena_used - 1);
  Interpreter interpreter, refused;
  run.status =
      interpreter.init(model.data(), static_cast<uint32_t>(model.size()), resolver, arena.data(), arena.bytes());
  run.exact_arena =
      run.status == Status::ok && refused.init(model.data(), static_cast<uint32_t>(model.size()), resolver,
                                               small.data(), small.bytes()) == Status::arena_too_small;
  for (int pass = 0; pass < 2 && run.status == Status::ok; ++pass) {
    run.outputs.clear();
    run.status = interpreter.reset();
    for (int32_t i = 0; i < invokes && run.status == Status::ok; ++i) {
      fill_inputs(interpreter, inputs);
      run.status = interpreter.invoke();
      add_outputs(interpreter, run.outputs);
    }
  }
  run.guards_intact = arena.guards_intact() && small.guards_intact() && large.guards_intact();
  return run;
}

}  // namespace mote::conformance
