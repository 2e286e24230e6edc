// Runs every compiled model of one program between guard bytes, in memory that all of them share, and compares its
// outputs. Prints one line per failure and a last line "models N failures M"; exit status 0 when M is 0.
#pragma once
#include <stddef.h>
#include <stdint.h>
#if defined(__arm__)
#include "semihosting.h"
using mote::print;
using mote::print_number;
#else
#include <stdio.h>
inline void print(const char* text) {
  fputs(text, stdout);
}
inline void print_number(int32_t value) {
  printf("%d", value);
}
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

inline const char* check(const Model& m) {
  unsigned char* const before = m.arena - kGuard;
  for (uint32_t i = 0; i < m.arena_bytes + 2 * kGuard; ++i) before[i] = kPaint;
  if (m.init() != 0) return "init failed";
  for (int repeat = 0; repeat < 2; ++repeat) {
    for (int i = 0; i < m.inputs; ++i)
      __builtin_memcpy(m.input(i), blob + m.given[i].offset, m.given[i].bytes);
    if (m.run() != 0) return "run failed";
  }
  for (int i = 0; i < m.outputs; ++i)
    if (__builtin_memcmp(m.output(i), blob + m.expected[i].offset, m.expected[i].bytes) != 0) return "wrong bytes";
  for (uint32_t i = 0; i < kGuard; ++i)
    if (before[i] != kPaint || m.arena[m.arena_bytes + i] != kPaint) return "wrote outside its arena";
  if (m.input(m.inputs) != nullptr || m.output(-1) != nullptr) return "has a tensor too many";
  return nullptr;
}

template <size_t n>
int run_models(const Model (&models)[n]) {
  int failures = 0;
  for (const Model& model : models) {
    const char* const problem = check(model);
    if (problem == nullptr) continue;
    ++failures;
    print(model.name);
    print(": ");
    print(problem);
    print("\n");
  }
  print("models ");
  print_number(static_cast<int32_t>(n));
  print(" failures ");
  print_number(failures);
  print("\n");
  return failures == 0 ? 0 : 1;
}
