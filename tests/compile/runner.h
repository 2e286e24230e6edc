// Runs every compiled model of one program between guard bytes, in memory that all of them share, and compares its
// outputs. Prints one line per failure and a last line "models N failures M"; exit status 0 when M is 0.
#pragma once
#include <stddef.h>
#include <stdint.h>
#if defined(__arm__)
#include "semihosting.h"
using mote::print;
using mote::print_number;
#elif defined(__AVR__)
// Models and blob lie in program memory; a model's name is not kept.
#include "mote/device/program_memory.h"
#include "semihosting.h"
#define MODEL_NAME(name) nullptr
#define MODELS_IN_FLASH MOTE_IN_FLASH("models")
#define MODELS_BY_INDEX(models) MOTE_FLASH_ARRAY(models)
inline void print(const char* text) {
  semihosting::print(text);
}
inline void print_number(int32_t value) {
  char digits[12];
  char* at = digits + sizeof digits;
  *--at = 0;
  for (*--at = static_cast<char>('0' + value % 10); (value /= 10) != 0;) *--at = static_cast<char>('0' + value % 10);
  print(at);
}
#else
#include <stdio.h>
inline void print(const char* text) {
  fputs(text, stdout);
}
inline void print_number(int32_t value) {
  printf("%d", value);
}
#endif

#if !defined(__AVR__)
#define MODEL_NAME(name) name
#define MODELS_IN_FLASH
#define MODELS_BY_INDEX(models) models
#endif

constexpr int kMaxTensors = 8;
constexpr uint32_t kGuard = 32;
constexpr unsigned char kPaint = 0xA5;

struct Bytes {
  uint32_t offset, bytes;  // in the blob
};

struct Model {
  const char* name;
  unsigned char* arena;
  uint32_t arena_bytes;
  int (*init)();
  int (*run)();
  void* (*input)(int);
  const void* (*output)(int);
  int inputs, outputs;
  Bytes given[kMaxTensors], expected[kMaxTensors];
};

extern "C" const unsigned char blob[];

#if defined(__AVR__)
inline void copy_given(void* to, const Bytes& from) {
  mote::fetch_bytes(MOTE_FLASH_ADDRESS(blob) + from.offset, to, static_cast<size_t>(from.bytes));
}
inline bool differs(const void* found, const Bytes& expected) {
  mote::FlashAddress at = MOTE_FLASH_ADDRESS(blob) + expected.offset;
  const uint8_t* const bytes = static_cast<const uint8_t*>(found);
  for (size_t i = 0; i < static_cast<size_t>(expected.bytes); ++i)
    if (bytes[i] != mote::fetch_byte(at++)) return true;
  return false;
}
#else
inline void copy_given(void* to, const Bytes& from) {
  __builtin_memcpy(to, blob + from.offset, from.bytes);
}
inline bool differs(const void* found, const Bytes& expected) {
  return __builtin_memcmp(found, blob + expected.offset, expected.bytes) != 0;
}
#endif

inline const char* check(const Model& m) {
  unsigned char* const before = m.arena - kGuard;
  for (uint32_t i = 0; i < m.arena_bytes + 2 * kGuard; ++i) before[i] = kPaint;
  if (m.init() != 0) return "init failed";
  for (int repeat = 0; repeat < 2; ++repeat) {
    for (int i = 0; i < m.inputs; ++i) copy_given(m.input(i), m.given[i]);
    if (m.run() != 0) return "run failed";
  }
  for (int i = 0; i < m.outputs; ++i)
    if (differs(m.output(i), m.expected[i])) return "wrong bytes";
  for (uint32_t i = 0; i < kGuard; ++i)
    if (before[i] != kPaint || m.arena[m.arena_bytes + i] != kPaint) return "wrote outside its arena";
  if (m.input(m.inputs) != nullptr || m.output(-1) != nullptr) return "has a tensor too many";
  return nullptr;
}

// `models`: by index.
template <class Models>
int run_models(const Models& models, int32_t n) {
  int failures = 0;
  for (int32_t i = 0; i < n; ++i) {
    const Model& model = models[i];
    const char* const problem = check(model);
    if (problem == nullptr) continue;
    ++failures;
    if (model.name != nullptr)
      print(model.name);
    else
      print_number(i);
    print(": ");
    print(problem);
    print("\n");
  }
  print("models ");
  print_number(n);
  print(" failures ");
  print_number(failures);
  print("\n");
#if defined(__AVR__)
  semihosting::exit();
#endif
  return failures == 0 ? 0 : 1;
}
