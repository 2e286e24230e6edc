/* Counts what a one-core guest executes between two addresses, exactly, in QEMU's TCG interpreter.
   Arguments (-plugin libmote_count.so,window=0x...:0x...,...,out=FILE,step=0x...:0x...,...): a window is open from the
   execution of the instruction at its first address, itself included, until that at its second, itself not; each is the
   first instruction of a function. Windows do not overlap. A step is a function from its first address to behind its
   last: whenever it is entered from outside, a new part of the count begins. The file gets an array with, for each time
   that a window was open, in order of time,
   {"steps": [{"step": I, "blocks": [[address, instructions, address of the last, entered, went on 2 bytes after the
   last, went on 4 bytes after it], ...]}, ...], "instructions": N}, I being the number of the step in the arguments, or
   -1 in the first part, which ran before any.
   Whether the last instruction of a block was a taken branch follows from the last two once its size is known. Sizes
   and classes are decoded from the bytes of the ELF file by the reader: QEMU 7.2 misreports the size of the last
   instruction before a 1 KiB page end. */
#include "qemu_plugin_abi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef MOTE_PLUGIN_INTERFACE
#define MOTE_PLUGIN_INTERFACE 1
#endif
int qemu_plugin_version = MOTE_PLUGIN_INTERFACE;

struct range {
  uint64_t begin, end;
};

struct ranges {
  struct range* list;
  size_t count;
};

struct block {
  uint64_t address, last, instructions;
  uint64_t entered, after_2, after_4;
  const struct range *step, *window; /* that begin here */
  struct block* next;
};

static struct block* blocks;
static struct block* previous; /* counted and not yet left */
static uint64_t came_from;     /* address of the block before */
static const struct range* open_window;
static uint64_t sum; /* instructions in it */
static struct ranges steps, windows;
static FILE* out;

/* Ends a part of the count. */
static void write_part(void) {
  const char* separator = "";
  for (struct block* b = blocks; b; b = b->next) {
    if (b->entered == 0) continue;
    fprintf(out, "%s[%llu, %llu, %llu, %llu, %llu, %llu]", separator, (unsigned long long)b->address,
            (unsigned long long)b->instructions, (unsigned long long)b->last, (unsigned long long)b->entered,
            (unsigned long long)b->after_2, (unsigned long long)b->after_4);
    separator = ",\n";
    sum += b->entered * b->instructions;
    b->entered = b->after_2 = b->after_4 = 0;
  }
}

static void begin_window(const struct range* window) {
  static const char* separator = "";
  fprintf(out, "%s{\"steps\": [{\"step\": -1, \"blocks\": [", separator);
  separator = ",\n";
  sum = 0;
  open_window = window;
}

static void end_window(void) {
  write_part();
  fprintf(out, "]}],\n\"instructions\": %llu}", (unsigned long long)sum);
  open_window = NULL;
}

static void on_entry(unsigned int cpu, void* data) {
  struct block* block = data;
  (void)cpu;
  if (previous) {
    if (block->address == previous->last + 2) ++previous->after_2;
    if (block->address == previous->last + 4) ++previous->after_4;
    previous = NULL;
  }
  const uint64_t from = came_from;
  came_from = block->address;
  if (open_window && block->address == open_window->end) end_window();
  if (!open_window && block->window) begin_window(block->window);
  if (!open_window) return;
  if (block->step && (from < block->step->begin || from >= block->step->end)) {
    write_part();
    fprintf(out, "]},\n{\"step\": %d, \"blocks\": [", (int)(block->step - steps.list));
  }
  ++block->entered;
  previous = block;
}

static const struct range* beginning_at(const struct ranges* ranges, uint64_t address) {
  for (size_t i = 0; i < ranges->count; ++i)
    if (ranges->list[i].begin == address) return &ranges->list[i];
  return NULL;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb* translated) {
  (void)id;
  struct block* block = calloc(1, sizeof *block);
  if (!block) abort(); /* out of memory inside the emulator: the run cannot give a true count */
  block->instructions = qemu_plugin_tb_n_insns(translated);
  block->address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(translated, 0));
  block->last = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(translated, block->instructions - 1));
  block->step = beginning_at(&steps, block->address);
  block->window = beginning_at(&windows, block->address);
  block->next = blocks;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_cb(translated, on_entry, QEMU_PLUGIN_CB_NO_REGS_ABI, block);
}

static void on_exit(qemu_plugin_id_t id, void* data) {
  (void)id;
  (void)data;
  if (open_window) end_window();
  fputs("]\n", out);
  fclose(out);
}

static bool add_range(struct ranges* ranges, const char* text) {
  char* rest;
  ranges->list = realloc(ranges->list, (ranges->count + 1) * sizeof *ranges->list);
  if (!ranges->list) return false;
  struct range* range = &ranges->list[ranges->count++];
  range->begin = strtoull(text, &rest, 0);
  if (*rest != ':') return false;
  range->end = strtoull(rest + 1, &rest, 0);
  return *rest == 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const void* info, int argc, char** argv) {
  (void)info;
  const char* out_path = NULL;
  for (int i = 0; i < argc; ++i) {
    bool good = true;
    if (strncmp(argv[i], "window=", 7) == 0)
      good = add_range(&windows, argv[i] + 7);
    else if (strncmp(argv[i], "step=", 5) == 0)
      good = add_range(&steps, argv[i] + 5);
    else if (strncmp(argv[i], "out=", 4) == 0)
      out_path = argv[i] + 4;
    else
      good = false;
    if (!good) {
      fprintf(stderr, "mote_count: wrong argument '%s'; expected window=FROM:TO, step=FROM:TO and out=\n", argv[i]);
      return 1;
    }
  }
  if (windows.count == 0 || !out_path) {
    fprintf(stderr, "mote_count: expected window=FROM:TO,out=FILE\n");
    return 1;
  }
  out = fopen(out_path, "w");
  if (!out) {
    fprintf(stderr, "mote_count: cannot write '%s'\n", out_path);
    return 1;
  }
  fputs("[", out);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit, NULL);
  return 0;
}
