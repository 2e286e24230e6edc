#include "tests/device/engine_fuzz.h"

#include <cstdlib>
#include <memory>

#include "tests/device/all_kernels.h"
#include "tests/device/model_builder.h"

namespace mote::testing {
namespace {

void touch(Interpreter& interpreter) {
  unsigned sum = 0;
  for (int32_t t = 0; t < interpreter.tensor_count(); ++t) {
    const TensorView view = interpreter.tensor(t);
    for (int32_t i = 0; view.data != nullptr && i < view.bytes; ++i) sum += static_cast<const uint8_t*>(view.data)[i];
  }
  for (int32_t i = 0; i < interpreter.input_count(); ++i) {
    const TensorView view = interpreter.input(i);
    for (int32_t k = 0; k < view.bytes; ++k)
      static_cast<uint8_t*>(view.data)[k] = static_cast<uint8_t>(sum + 31u * static_cast<unsigned>(k));
  }
}

// Exact sizes on the heap, so that the sanitizer sees one byte too many.
struct Free {
  void operator()(void* p) const { std::free(p); }
};
using Memory = std::unique_ptr<uint8_t, Free>;
Memory exact_memory(size_t bytes) {
  void* memory = nullptr;
  return Memory(posix_memalign(&memory, 16, bytes == 0 ? 1 : bytes) == 0 ? static_cast<uint8_t*>(memory) : nullptr);
}

}  // namespace

int engine_fuzz_one(const uint8_t* data, size_t size) {
  constexpr uint32_t kMost = 1 << 15;
  const Memory model = exact_memory(size);
  if (size != 0) std::memcpy(model.get(), data, size);
  uint32_t arena_bytes = kMost;
  for (int round = 0; round < 3; ++round) {
    const Memory arena = exact_memory(arena_bytes);
    Interpreter interpreter;
    const Status status =
        interpreter.init(model.get(), static_cast<uint32_t>(size), all_kernels(), arena.get(), arena_bytes);
    if (interpreter.failed_operator() >= 0) interpreter.operator_id(interpreter.failed_operator());
    if (status != Status::ok) {
      if (round == 0) return 0;
      continue;
    }
    // A valid but huge file is not what is being looked for.
    int64_t work = 0;
    for (int32_t t = 0; t < interpreter.tensor_count(); ++t) work += interpreter.tensor(t).bytes;
    if (work * interpreter.operator_count() > 4000000) return 0;
    touch(interpreter);
    interpreter.invoke();
    touch(interpreter);
    // Exactly enough, then one byte less.
    arena_bytes = round == 0 ? interpreter.arena_used() : interpreter.arena_used() - 1;
  }
  return 0;
}

}  // namespace mote::testing
