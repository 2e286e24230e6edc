// Constants in the program memory of an AVR, which is no part of its data addresses: they are fetched by instructions
// of their own (LPM, on larger devices ELPM). Elsewhere a FlashAddress is a pointer, and fetching is reading.
//
//   MOTE_IN_FLASH("weights") constexpr int8_t weights[] = {...};   // at namespace scope, or static in a plain function
//   const FlashAddress at = MOTE_FLASH_ADDRESS(weights);
//   const int8_t third = fetch<int8_t>(at + 2);
//   const int8_t same = MOTE_FLASH_ARRAY(weights)[2];
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mote {

#if !defined(__AVR__)
#define MOTE_IN_FLASH(name)
#define MOTE_FLASH_ADDRESS(array) reinterpret_cast<const uint8_t*>(array)
#define MOTE_FLASH_ARRAY(array) (array)
using FlashAddress = const uint8_t*;
inline uint8_t fetch_byte(FlashAddress at) {
  return *at;
}
#elif defined(__AVR_HAVE_ELPM__)
// More than 64 KiB: addresses have 24 bits, pointers 16.
#define MOTE_IN_FLASH(name) __attribute__((section(".progmem.mote." name)))
#define MOTE_FLASH_ADDRESS(array)                                                                                \
  ([]() __attribute__((always_inline)) {                                                                         \
    uint32_t address;                                                                                            \
    __asm__("ldi %A0, lo8(%1)\n\tldi %B0, hi8(%1)\n\tldi %C0, hh8(%1)\n\tclr %D0" : "=d"(address) : "i"(array)); \
    return address;                                                                                              \
  }())
using FlashAddress = uint32_t;
inline uint8_t fetch_byte(FlashAddress at) {
  uint8_t byte;
  __asm__("out %2, %C1\n\tmovw r30, %A1\n\telpm %0, Z" : "=r"(byte) : "r"(at), "I"(0x3b) : "r30", "r31");
  return byte;
}
#else
#define MOTE_IN_FLASH(name) __attribute__((section(".progmem.mote." name)))
#define MOTE_FLASH_ADDRESS(array) reinterpret_cast<uint16_t>(array)
using FlashAddress = uint16_t;
inline uint8_t fetch_byte(FlashAddress at) {
  uint8_t byte;
  __asm__("lpm %0, Z" : "=r"(byte) : "z"(at));
  return byte;
}
#endif

// Copies `bytes` bytes.
inline void fetch_bytes(FlashAddress at, void* to, size_t bytes) {
  uint8_t* out = static_cast<uint8_t*>(to);
  for (; bytes > 0; --bytes) *out++ = fetch_byte(at++);
}

template <class T>
T fetch(FlashAddress at) {
  T value;
  fetch_bytes(at, &value, sizeof value);
  return value;
}

#if defined(__AVR__)
// Element by element.
template <class T>
struct FlashArray {
  FlashAddress at;
  T operator[](int32_t i) const { return fetch<T>(at + static_cast<uint16_t>(static_cast<uint16_t>(i) * sizeof(T))); }
};
template <class T, size_t kCount>
FlashArray<T> flash_array(const T (&)[kCount], FlashAddress at) {
  return FlashArray<T>{at};
}
#define MOTE_FLASH_ARRAY(array) ::mote::flash_array(array, MOTE_FLASH_ADDRESS(array))
#endif

// A copy of constants in flash, for a call that takes them as memory: a few parameters, a short table.
template <class T>
struct FlashCopy {
  using Value = T;
  Value value;
  explicit FlashCopy(FlashAddress at) { fetch_bytes(at, &value, sizeof value); }
};
template <class T>
struct FlashCopy<const T> : FlashCopy<T> {
  using FlashCopy<T>::FlashCopy;
};
template <class T, size_t kCount>
struct FlashCopy<const T[kCount]> : FlashCopy<T[kCount]> {
  using FlashCopy<T[kCount]>::FlashCopy;
};

}  // namespace mote
