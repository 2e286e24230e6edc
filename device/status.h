// What the engine can answer. The values are stable: firmware may print them as numbers.
#pragma once
#include <stdint.h>

namespace mote {

enum class Status : uint8_t {
  ok = 0,
  bad_model = 1,           // not a TFLite v3 file, or an offset, index or size in it points outside the file
  missing_operator = 2,    // the resolver has no kernel for an operator of the model (see Interpreter::failed_operator)
  unsupported_type = 3,    // an operator has a tensor of a data type that its kernel does not take
  unsupported_shape = 4,   // a shape breaks the operator's shape rule
  unsupported_option = 5,  // an option value that the kernel does not implement
  bad_quantization = 6,    // scale or zero point missing, not finite, or outside what the operator allows
  arena_too_small = 7,     // Interpreter::arena_used() tells how much is needed
  misaligned = 8,          // model or arena does not start at a multiple of kAlignment
  not_initialized = 9,     // invoke before a successful init
};

}  // namespace mote
