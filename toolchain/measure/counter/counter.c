/* Counts what a one-core guest executes between two addresses, exactly, in QEMU's TCG interpreter.
   Arguments (-plugin libmote_count.so,begin=0x...,end=0x...,out=FILE,step=0x...:0x...,...): counting runs from the
   execution of the instruction at `begin`, itself included, until that at `end`, itself not; each is the first
   instruction of a function. A step is a function from its first address to behind its last: whenever it is entered
   from outside, a new part of the count begins. The file gets
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

struct step {
  uint64_t begin, end;
};

struct block {
  uint64_t address, last, instructions;
  uint64_t entered, after_2, after_4;
  const struct step* step; /* that begins here */
  struct block* next;
};

static struct block* blocks;
static struct block* previous; /* counted and not yet left */
static uint64_t came_from;     /* address of the block before */
static bool counting;
static uint64_t begin_address, end_address, sum;
static struct step* steps;
static size_t step_count;
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
  if (block->address == begin_address) counting = true;
  if (block->address == end_address) counting = false;
  if (!counting) return;
  if (block->step && (from < block->step->begin || from >= block->step->end)) {
    write_part();
    fprintf(out, "]},\n{\"step\": %d, \"blocks\": [", (int)(block->step - steps));
  }
  ++block->entered;
  previous = block;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb* translated) {
  (void)id;
  struct block* block = calloc(1, sizeof *block);
  if (!block) abort(); /* out of memory inside the emulator: the run cannot give a true count */
  block->instructions = qemu_plugin_tb_n_insns(translated);
  block->address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(translated, 0));
  block->last = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(translated, block->instructions - 1));
  for (size_t i = 0; i < step_count; ++i)
    if (steps[i].begin == block->address) block->step = &steps[i];
  block->next = blocks;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_cb(translated, on_entry, QEMU_PLUGIN_CB_NO_REGS_ABI, block);
}

static void on_exit(qemu_plugin_id_t id, void* data) {
  (void)id;
  (void)data;
  write_part();
  fprintf(out, "]}],\n\"instructions\": %llu}\n", (unsigned long long)sum);
  fclose(out);
}

static bool add_step(const char* text) {
  char* rest;
  steps = realloc(steps, (step_count + 1) * sizeof *steps);
  if (!steps) return false;
  steps[step_count].begin = strtoull(text, &rest, 0);
  if (*rest != ':') return false;
  steps[step_count++].end = strtoull(rest + 1, &rest, 0);
  return *rest == 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const void* info, int argc, char** argv) {
  (void)info;
  const char* out_path = NULL;
  for (int i = 0; i < argc; ++i) {
    if (strncmp(argv[i], "begin=", 6) == 0)
      begin_address = strtoull(argv[i] + 6, NULL, 0);
    else if (strncmp(argv[i], "end=", 4) == 0)
      end_address = strtoull(argv[i] + 4, NULL, 0);
    else if (strncmp(argv[i], "out=", 4) == 0)
      out_path = argv[i] + 4;
    else if (strncmp(argv[i], "step=", 5) != 0 || !add_step(argv[i] + 5)) {
      fprintf(stderr, "mote_count: wrong argument '%s'; expected begin=, end=, out= and step=FROM:TO\n", argv[i]);
      return 1;
    }
  }
  if (!begin_address || !end_address || !out_path) {
    fprintf(stderr, "mote_count: expected begin=ADDRESS,end=ADDRESS,out=FILE\n");
    return 1;
  }
  out = fopen(out_path, "w");
  if (!out) {
    fprintf(stderr, "mote_count: cannot write '%s'\n", out_path);
    return 1;
  }
  fputs("{\"steps\": [{\"step\": -1, \"blocks\": [", out);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit, NULL);
  return 0;
}
