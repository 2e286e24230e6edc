// The table that device_program.cpp (host) writes and runner.cpp (board) walks. All bytes lie in one blob in flash.
#pragma once
#include <stdint.h>

namespace mote {

constexpr int32_t kMaxInputs = 4;

struct DeviceCase {
  const char* name;
  uint32_t model, model_bytes;  // offsets into the blob
  int32_t input_count;
  uint32_t inputs[kMaxInputs], input_bytes[kMaxInputs];
  uint32_t expected, expected_bytes;  // all outputs in a row
  uint32_t scratch_bytes;             // as the operator declares
  // The emitted call, and its packed form for each kind of core or nullptr. inputs[i]: kAlignment-aligned copies.
  using Call = void (*)(const uint8_t* const* inputs, uint8_t* output, uint8_t* scratch);
  Call call, packed_calls[4];
};

extern "C" const uint8_t mote_blob[];
extern const DeviceCase kCases[];
extern const int32_t kCaseCount;

}  // namespace mote
