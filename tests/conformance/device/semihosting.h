// Output and exit through the debugger (Arm semihosting, document 100863), which QEMU serves.
#pragma once
#include <stdint.h>

namespace mote {

inline uint32_t semihosting(uint32_t operation, const void* argument) {
  register uint32_t r0 __asm("r0") = operation;
  register const void* r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

inline void print(const char* text) {
  semihosting(0x04, text);
}  // SYS_WRITE0

inline void print_number(int32_t value) {
  char text[12];
  char* at = text + sizeof text;
  uint32_t rest = value < 0 ? 0u - static_cast<uint32_t>(value) : static_cast<uint32_t>(value);
  *--at = '\0';
  do {
    *--at = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (value < 0) *--at = '-';
  print(at);
}

[[noreturn]] inline void exit_board(int32_t status) {
  const uint32_t arguments[2] = {0x20026, static_cast<uint32_t>(status)};  // ADP_Stopped_ApplicationExit
  semihosting(0x20, arguments);                                            // SYS_EXIT_EXTENDED
  for (;;) {
  }
}

}  // namespace mote
