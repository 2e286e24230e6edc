// Reset of the emulated boards: vector table, FPU on, .data copied, .bss cleared, constructors, main. And the four
// memory functions that the compiler may call.
#include <stddef.h>
#include <stdint.h>

#include "semihosting.h"

extern "C" {

extern uint32_t link_stack_top, link_data_load, link_data_start, link_data_end, link_bss_start, link_bss_end;
extern void (*const link_init_array_start[])();
extern void (*const link_init_array_end[])();
int main();

// volatile: so that the loops are not themselves turned into calls.
void* memcpy(void* to, const void* from, size_t count) {
  auto* t = static_cast<volatile uint8_t*>(to);
  auto* f = static_cast<const uint8_t*>(from);
  for (size_t i = 0; i < count; ++i) t[i] = f[i];
  return to;
}
void* memmove(void* to, const void* from, size_t count) {
  auto* t = static_cast<volatile uint8_t*>(to);
  auto* f = static_cast<const uint8_t*>(from);
  if (to < from) return memcpy(to, from, count);
  while (count-- > 0) t[count] = f[count];
  return to;
}
void* memset(void* to, int value, size_t count) {
  auto* t = static_cast<volatile uint8_t*>(to);
  for (size_t i = 0; i < count; ++i) t[i] = static_cast<uint8_t>(value);
  return to;
}
int memcmp(const void* a, const void* b, size_t count) {
  auto* x = static_cast<const volatile uint8_t*>(a);
  auto* y = static_cast<const volatile uint8_t*>(b);
  for (size_t i = 0; i < count; ++i)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}

[[noreturn]] void reset() {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  *reinterpret_cast<volatile uint32_t*>(0xE000ED88) |= 0xFu << 20;  // CPACR: full access to coprocessors 10 and 11
  __asm volatile("dsb\n isb");
#endif
  const uint32_t* from = &link_data_load;
  for (volatile uint32_t* to = &link_data_start; to != &link_data_end; ++to) *to = *from++;
  for (volatile uint32_t* to = &link_bss_start; to != &link_bss_end; ++to) *to = 0;
  for (auto constructor = link_init_array_start; constructor != link_init_array_end; ++constructor) (*constructor)();
  mote::exit_board(main());
}

[[noreturn]] void fault() {
  mote::print("the board took a fault\n");
  mote::exit_board(2);
}

__attribute__((section(".vectors"), used)) void (*const vectors[])() = {
    reinterpret_cast<void (*)()>(&link_stack_top), reset, fault, fault, fault, fault, fault};
}
