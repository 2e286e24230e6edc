// Any bytes as a model in flash: init answers; what it accepts runs inside exactly the arena it asked for, twice with
// the same bytes, and refuses an arena that is one byte smaller.
#include "tests/fuzz/fuzz.h"

namespace mote {
namespace {

constexpr uint32_t kArenaBytes = 1 << 18;
constexpr int64_t kMostWork = 1 << 22;  // bytes of all operators' outputs; larger models only cost time

void fill_inputs(const Interpreter& interpreter) {
  uint32_t state = 1;
  for (int32_t i = 0; i < interpreter.input_count(); ++i) {
    const TensorView input = interpreter.input(i);
    for (int32_t k = 0; k < input.bytes; ++k)
      static_cast<uint8_t*>(input.data)[k] = static_cast<uint8_t>((state = state * 69069 + 5) >> 24);
  }
}

std::vector<uint8_t> outputs_of(const Interpreter& interpreter) {
  std::vector<uint8_t> bytes;
  for (int32_t i = 0; i < interpreter.output_count(); ++i) {
    const TensorView output = interpreter.output(i);
    if (output.bytes > 0)
      bytes.insert(bytes.end(), static_cast<uint8_t*>(output.data), static_cast<uint8_t*>(output.data) + output.bytes);
  }
  return bytes;
}

std::vector<uint8_t> run(Interpreter& interpreter) {
  fill_inputs(interpreter);
  FUZZ_CHECK(interpreter.invoke() == Status::ok);
  return outputs_of(interpreter);
}

}  // namespace
}  // namespace mote

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mote;
  if (size == 0) return 0;
  ExactBuffer model(size);
  std::memcpy(model.data(), data, size);
  ExactBuffer arena(kArenaBytes);
  Interpreter interpreter;
  const auto bytes = static_cast<uint32_t>(size);
  if (interpreter.init(model.data(), bytes, all_kernels(), arena.data(), kArenaBytes) != Status::ok) {
    FUZZ_CHECK(interpreter.invoke() == Status::not_initialized);
    return 0;
  }
  if (int64_t{interpreter.operator_count()} * interpreter.arena_used() > kMostWork) return 0;
  const std::vector<uint8_t> first = run(interpreter);
  FUZZ_CHECK(interpreter.reset() == Status::ok);
  FUZZ_CHECK(run(interpreter) == first);

  const uint32_t used = interpreter.arena_used();
  ExactBuffer exact(used);
  FUZZ_CHECK(interpreter.init(model.data(), bytes, all_kernels(), exact.data(), used) == Status::ok);
  FUZZ_CHECK(run(interpreter) == first);
  if (used > 0)
    FUZZ_CHECK(interpreter.init(model.data(), bytes, all_kernels(), exact.data(), used - 1) == Status::arena_too_small);
  return 0;
}
