// Tries one kernel call after the other with its output over its input, at the distances that its operator declares and
// at shorter ones. Prints for each "NAME declared D least L", where L is the least distance from which on no trial went
// wrong, and a last line "trials N failures M" of those that went wrong where they must not; exit status 0 when M is 0.
#pragma once
#include "runner.h"

struct Trial {
  const char* name;
  void (*run)(const unsigned char* input, unsigned char* output, unsigned char* scratch);
  Bytes input, expected;  // in the blob
  uint32_t lead;          // from which on every multiple of `step` is declared safe
  uint32_t step;
};

constexpr uint32_t kMemory = 1 << 16, kScratch = 1 << 13, kLongerDistances = 40;
alignas(16) static unsigned char tensors[kMemory], work[kScratch];

inline bool goes_well(const Trial& t, uint32_t distance) {
  unsigned char* const output = tensors + kGuard;
  const uint32_t used = kGuard + distance + t.input.bytes + t.expected.bytes + kGuard;
  if (used > kMemory) return false;
  for (uint32_t i = 0; i < used; ++i) tensors[i] = kPaint;
  for (uint32_t i = 0; i < kScratch; ++i) work[i] = kPaint;
  __builtin_memcpy(output + distance, blob + t.input.offset, t.input.bytes);
  t.run(output + distance, output, work);
  return __builtin_memcmp(output, blob + t.expected.offset, t.expected.bytes) == 0;
}

inline uint32_t least_distance(const Trial& t) {
  uint32_t least = t.lead;
  while (least >= t.step && goes_well(t, least - t.step)) least -= t.step;
  return least;
}

template <size_t n>
int run_trials(const Trial (&trials)[n]) {
  int failures = 0;
  for (const Trial& t : trials) {
    for (uint32_t i = 0; i < kLongerDistances; ++i) {
      if (goes_well(t, t.lead + i * t.step)) continue;
      ++failures;
      print("wrong at ");
      print_number(static_cast<int32_t>(t.lead + i * t.step));
      print(": ");
    }
    print(t.name);
    print(" declared ");
    print_number(static_cast<int32_t>(t.lead));
    print(" least ");
    print_number(static_cast<int32_t>(least_distance(t)));
    print("\n");
  }
  print("trials ");
  print_number(static_cast<int32_t>(n));
  print(" failures ");
  print_number(failures);
  print("\n");
  return failures == 0 ? 0 : 1;
}
