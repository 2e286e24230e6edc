#include "firmware.h"
#include "interpreted.h"

namespace mote {
namespace {
Interpreter interpreter;
}

Status firmware_init() {
  return interpreter.init(mote_model, firmware_model_bytes, firmware_resolver, firmware_arena, firmware_arena_bytes);
}
Status firmware_invoke() {
  return interpreter.invoke();
}
int32_t firmware_input_count() {
  return interpreter.input_count();
}
int32_t firmware_output_count() {
  return interpreter.output_count();
}
TensorView firmware_input(int32_t i) {
  return interpreter.input(i);
}
TensorView firmware_output(int32_t i) {
  return interpreter.output(i);
}
uint32_t firmware_arena_used() {
  return interpreter.arena_used();
}
int32_t firmware_failed_operator() {
  return interpreter.failed_operator();
}

}  // namespace mote
