// Start-up and semihosting for test programs on emulated Arm Cortex-M boards (QEMU, mps2): no libc, no files.
#include <stddef.h>
#include <stdint.h>

#include "tests/device/emulator/program.h"

extern "C" {
extern uint32_t data_load, data_start, data_end, bss_start, bss_end, stack_top;

// The compiler emits calls of these even when freestanding.
void* memcpy(void* to, const void* from, size_t n) {
  for (size_t i = 0; i < n; ++i) static_cast<uint8_t*>(to)[i] = static_cast<const uint8_t*>(from)[i];
  return to;
}
void* memset(void* to, int value, size_t n) {
  for (size_t i = 0; i < n; ++i) static_cast<uint8_t*>(to)[i] = static_cast<uint8_t>(value);
  return to;
}

void reset() {
  for (uint32_t *to = &data_start, *from = &data_load; to != &data_end;) *to++ = *from++;
  for (uint32_t* to = &bss_start; to != &bss_end;) *to++ = 0;
#if defined(__ARM_FP)
  *reinterpret_cast<volatile uint32_t*>(0xE000ED88) |= 0xFu << 20;  // CPACR: full access to the FPU
#endif
  leave(run_program());
}
void fault() {
  leave(99);
}

__attribute__((section(".vectors"), used)) const void* const vectors[16] = {&stack_top,
                                                                            reinterpret_cast<const void*>(reset),
                                                                            reinterpret_cast<const void*>(fault),
                                                                            reinterpret_cast<const void*>(fault),
                                                                            reinterpret_cast<const void*>(fault),
                                                                            reinterpret_cast<const void*>(fault),
                                                                            reinterpret_cast<const void*>(fault)};
}

static uint32_t semihost(uint32_t operation, const void* argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void print(const char* text) {
  semihost(0x04, text);
}  // SYS_WRITE0

void print_number(int32_t value) {
  char text[12];
  int at = 11;
  text[at] = 0;
  uint32_t rest = value < 0 ? 0u - static_cast<uint32_t>(value) : static_cast<uint32_t>(value);
  do text[--at] = static_cast<char>('0' + rest % 10);
  while ((rest /= 10) != 0);
  if (value < 0) text[--at] = '-';
  print(text + at);
}

void leave(int status) {
  const uint32_t block[2] = {0x20026, static_cast<uint32_t>(status)};  // ADP_Stopped_ApplicationExit
  semihost(0x20, block);                                               // SYS_EXIT_EXTENDED
  for (;;) {
  }
}
