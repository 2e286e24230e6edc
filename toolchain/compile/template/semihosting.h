// Semihosting (Arm document 100863, which RISC-V takes over): files and text on the emulator's or debugger's machine.
// An AVR has the same calls through its general-purpose I/O registers, for the emulator in toolchain/measure/counter.
#pragma once
#include <stdint.h>

namespace semihosting {

enum Operation : uint32_t { kOpen = 1, kClose = 2, kWriteText = 4, kWrite = 5, kRead = 6, kExit = 0x18 };
enum OpenMode : uint32_t { kReadBinary = 1, kWriteBinary = 5 };

#if defined(__riscv)
extern "C" int32_t mote_semihosting(uint32_t operation, uintptr_t argument);  // start-up
inline int32_t call(uint32_t operation, uintptr_t argument) {
  return mote_semihosting(operation, argument);
}
#elif defined(__AVR__)
inline int32_t call(uint32_t operation, uintptr_t argument) {
  volatile uint8_t* const gpior0 = reinterpret_cast<volatile uint8_t*>(0x3e);
  volatile uint8_t* const gpior1 = reinterpret_cast<volatile uint8_t*>(0x4a);
  volatile uint8_t* const gpior2 = reinterpret_cast<volatile uint8_t*>(0x4b);
  __asm__ volatile("" : : : "memory");
  *gpior1 = static_cast<uint8_t>(argument);
  *gpior2 = static_cast<uint8_t>(argument >> 8);
  *gpior0 = static_cast<uint8_t>(operation);
  __asm__ volatile("" : : : "memory");
  return static_cast<int16_t>(*gpior1 | *gpior2 << 8);
}
#else
inline int32_t call(uint32_t operation, uintptr_t argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register uintptr_t r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return static_cast<int32_t>(r0);
}
#endif

// A handle, or -1.
inline int32_t open(const char* path, uint32_t length, OpenMode mode) {
  const uintptr_t block[3] = {reinterpret_cast<uintptr_t>(path), static_cast<uintptr_t>(mode),
                              static_cast<uintptr_t>(length)};
  return call(kOpen, reinterpret_cast<uintptr_t>(block));
}
inline void close(int32_t handle) {
  const uintptr_t block[1] = {static_cast<uintptr_t>(handle)};
  call(kClose, reinterpret_cast<uintptr_t>(block));
}
// Bytes that were not read or written: 0 = all done.
inline uint32_t read(int32_t handle, void* to, uint32_t bytes) {
  const uintptr_t block[3] = {static_cast<uintptr_t>(handle), reinterpret_cast<uintptr_t>(to),
                              static_cast<uintptr_t>(bytes)};
  return static_cast<uint32_t>(call(kRead, reinterpret_cast<uintptr_t>(block)));
}
inline uint32_t write(int32_t handle, const void* from, uint32_t bytes) {
  const uintptr_t block[3] = {static_cast<uintptr_t>(handle), reinterpret_cast<uintptr_t>(from),
                              static_cast<uintptr_t>(bytes)};
  return static_cast<uint32_t>(call(kWrite, reinterpret_cast<uintptr_t>(block)));
}
inline void print(const char* text) {
  call(kWriteText, reinterpret_cast<uintptr_t>(text));
}
inline void exit() {
  call(kExit, static_cast<uintptr_t>(0x20026));
}  // ADP_Stopped_ApplicationExit

}  // namespace semihosting
