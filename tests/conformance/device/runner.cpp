// Runs every case on the board through the interpreter, the emitted call and, where there is one, its packed form.
// Prints one line per failure and a last line "packed P cases N failures M"; exit status 0 when M is 0.
#include "cases.h"
#include "device/interpreter.h"
#include "semihosting.h"

namespace mote {

extern const Resolver kResolver;

namespace {

constexpr uint32_t kGuard = 32, kArenaBytes = 128 * 1024, kBufferBytes = 16 * 1024;
constexpr uint8_t kPaint = 0xA5;

// kGuard painted bytes on both sides of what is handed out.
class Guarded {
 public:
  Guarded(uint8_t* memory, uint32_t bytes) : memory_(memory), bytes_(bytes) {}
  uint8_t* paint() {
    for (uint32_t i = 0; i < bytes_ + 2 * kGuard; ++i) memory_[i] = kPaint;
    return memory_ + kGuard;
  }
  bool intact(uint32_t used) const {
    for (uint32_t i = 0; i < kGuard; ++i)
      if (memory_[i] != kPaint || memory_[kGuard + used + i] != kPaint) return false;
    return true;
  }

 private:
  uint8_t* memory_;
  uint32_t bytes_;
};

alignas(16) uint8_t arena_memory[kArenaBytes + 2 * kGuard];
alignas(16) uint8_t buffer_memory[2 + kMaxInputs][kBufferBytes + 2 * kGuard];
int32_t failures = 0;

void fail(const DeviceCase& c, const char* what, int32_t number) {
  ++failures;
  print(c.name);
  print(": ");
  print(what);
  print(" ");
  print_number(number);
  print("\n");
}

void compare(const DeviceCase& c, const char* what, const void* found, uint32_t first, uint32_t bytes) {
  const uint8_t* expected = mote_blob + c.expected + first;
  for (uint32_t i = 0; i < bytes; ++i)
    if (static_cast<const uint8_t*>(found)[i] != expected[i]) return fail(c, what, static_cast<int32_t>(first + i));
}

void run_interpreter(const DeviceCase& c) {
  Guarded arena(arena_memory, kArenaBytes);
  uint8_t* memory = arena.paint();
  Interpreter interpreter;
  const Status status = interpreter.init(mote_blob + c.model, c.model_bytes, kResolver, memory, kArenaBytes);
  if (status != Status::ok) return fail(c, "init gives status", static_cast<int32_t>(status));
  for (int32_t i = 0; i < c.input_count; ++i)
    __builtin_memcpy(interpreter.input(i).data, mote_blob + c.inputs[i], c.input_bytes[i]);
  if (interpreter.invoke() != Status::ok) return fail(c, "invoke failed", 0);
  uint32_t first = 0;
  for (int32_t i = 0; i < interpreter.output_count(); ++i) {
    const TensorView output = interpreter.output(i);
    compare(c, "interpreter differs at byte", output.data, first, static_cast<uint32_t>(output.bytes));
    first += static_cast<uint32_t>(output.bytes);
  }
  if (first != c.expected_bytes) fail(c, "the outputs' bytes are", static_cast<int32_t>(first));
  if (!arena.intact(kArenaBytes)) fail(c, "interpreter wrote outside the arena of", static_cast<int32_t>(kArenaBytes));
}

// How many bytes of its scratch the call wrote, up to the last.
uint32_t run_call(const DeviceCase& c, DeviceCase::Call call, const char* difference) {
  Guarded output_buffer(buffer_memory[0], kBufferBytes), scratch_buffer(buffer_memory[1], kBufferBytes);
  uint8_t* output = output_buffer.paint();
  uint8_t* scratch = scratch_buffer.paint();
  const uint8_t* inputs[kMaxInputs] = {};
  for (int32_t i = 0; i < c.input_count; ++i) {
    uint8_t* copy = Guarded(buffer_memory[2 + i], kBufferBytes).paint();
    __builtin_memcpy(copy, mote_blob + c.inputs[i], c.input_bytes[i]);
    inputs[i] = copy;
  }
  call(inputs, output, scratch);
  compare(c, difference, output, 0, c.expected_bytes);
  if (!output_buffer.intact(c.expected_bytes))
    fail(c, "emitted call wrote outside its output of", static_cast<int32_t>(c.expected_bytes));
  if (!scratch_buffer.intact(c.scratch_bytes))
    fail(c, "emitted call wrote outside its scratch of", static_cast<int32_t>(c.scratch_bytes));
  for (int32_t i = 0; i < c.input_count; ++i)
    if (!Guarded(buffer_memory[2 + i], kBufferBytes).intact(c.input_bytes[i]))
      fail(c, "emitted call wrote around input", i);
  uint32_t used = c.scratch_bytes;
  while (used > 0 && scratch[used - 1] == kPaint) --used;
  return used;
}

}  // namespace

extern "C" int main() {
  int32_t packed = 0;
  for (int32_t i = 0; i < kCaseCount; ++i) {
    run_interpreter(kCases[i]);
    uint32_t used = run_call(kCases[i], kCases[i].call, "emitted call differs at byte");
    for (const DeviceCase::Call call : kCases[i].packed_calls) {
      if (call == nullptr) continue;
      ++packed;
      const uint32_t packed_used = run_call(kCases[i], call, "packed call differs at byte");
      if (used < packed_used) used = packed_used;
    }
    // What is declared is for the form that needs most, rounded up, and for images of more than one pixel.
    if (kCases[i].scratch_bytes > 3 * used + 32) fail(kCases[i], "bytes of scratch used", static_cast<int32_t>(used));
  }
  print("packed ");
  print_number(packed);
  print(" cases ");
  print_number(kCaseCount);
  print(" failures ");
  print_number(failures);
  print("\n");
  return failures == 0 ? 0 : 1;
}

}  // namespace mote
