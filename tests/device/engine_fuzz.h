// One hostile file against the engine with every kernel.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mote::testing {

// Initialises an engine with the bytes as a model, at several arena sizes, and runs what init accepts. Whatever the
// bytes are, nothing may be read or written out of bounds (run under ASan and UBSan). Always returns 0, as libFuzzer
// wants.
int engine_fuzz_one(const uint8_t* data, size_t size);

}  // namespace mote::testing
