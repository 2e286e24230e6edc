/* The file of counts that counter.c and simavr.c write: an array with, for each time that a window was open, in order
   of time, {"steps": [{"step": I, "blocks": [[...], ...]}, ...], "instructions": N}, I being the number of the step in
   the arguments, or -1 in the first part, which ran before any. Windows do not overlap: a window is open from the
   execution of the instruction at its first address, itself included, until that at its second, itself not. A step is a
   function from its first address to behind its last: whenever it is entered from outside, a new part begins.
   Each program includes this once. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range {
  uint64_t begin, end;
};

struct ranges {
  struct range* list;
  size_t count;
};

static struct ranges steps, windows;
static const char* out_path; /* the argument */
static FILE* out;
static const struct range* open_window;

/* By the program: writes the blocks counted since the last call, as "[...],\n[...]", forgets them, and gives the sum of
   their instructions. */
static uint64_t write_blocks(void);

static uint64_t sum; /* instructions in the window */

static void begin_window(const struct range* window) {
  static const char* separator = "";
  fprintf(out, "%s{\"steps\": [{\"step\": -1, \"blocks\": [", separator);
  separator = ",\n";
  sum = 0;
  open_window = window;
}

static void end_window(void) {
  sum += write_blocks();
  fprintf(out, "]}],\n\"instructions\": %llu}", (unsigned long long)sum);
  open_window = NULL;
}

/* NULL: none does. */
static const struct range* beginning_at(const struct ranges* ranges, uint64_t address) {
  for (size_t i = 0; i < ranges->count; ++i)
    if (ranges->list[i].begin == address) return &ranges->list[i];
  return NULL;
}

/* Before the instruction at `at`, which follows that at `from`: `window` and `step` are what begins there, or NULL.
   Whether a window is open for it. */
static bool begin_parts(uint64_t from, uint64_t at, const struct range* window, const struct range* step) {
  if (open_window && at == open_window->end) end_window();
  if (!open_window && window) begin_window(window);
  if (!open_window) return false;
  if (step && (from < step->begin || from >= step->end)) {
    sum += write_blocks();
    fprintf(out, "]},\n{\"step\": %d, \"blocks\": [", (int)(step - steps.list));
  }
  return true;
}

static bool add_range(struct ranges* ranges, const char* text) {
  char* rest;
  struct range* const list = realloc(ranges->list, (ranges->count + 1) * sizeof *list);
  if (!list) return false;
  ranges->list = list;
  struct range* const range = &list[ranges->count++];
  range->begin = strtoull(text, &rest, 0);
  if (*rest != ':') return false;
  range->end = strtoull(rest + 1, &rest, 0);
  return *rest == 0;
}

/* window=FROM:TO, step=FROM:TO or out=FILE; false: none of these, or not well formed. */
static bool take_argument(const char* text) {
  if (strncmp(text, "window=", 7) == 0) return add_range(&windows, text + 7);
  if (strncmp(text, "step=", 5) == 0) return add_range(&steps, text + 5);
  if (strncmp(text, "out=", 4) != 0) return false;
  out_path = text + 4;
  return true;
}

/* false: it cannot be written. */
static bool begin_file(void) {
  out = fopen(out_path, "w");
  if (out) fputs("[", out);
  return out != NULL;
}

static void end_file(void) {
  if (open_window) end_window();
  fputs("]\n", out);
  fclose(out);
}
