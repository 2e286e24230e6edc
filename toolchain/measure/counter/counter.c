/* Counts what a one-core guest executes between two addresses, exactly, in QEMU's TCG interpreter.
   Arguments: -plugin libmote_count.so,window=0x...:0x...,...,out=FILE,step=0x...:0x...,...; windows, steps and the file
   are those of parts.h. A block is [address, instructions, address of the last, entered, went on 2 bytes after the
   last, went on 4 bytes after it]. Whether the last instruction of a block was a taken branch follows from the last two
   once its size is known. Sizes and classes are decoded from the bytes of the ELF file by the reader: QEMU 7.2
   misreports the size of the last instruction before a 1 KiB page end. */
#include "parts.h"
#include "qemu_plugin_abi.h"

#ifndef MOTE_PLUGIN_INTERFACE
#define MOTE_PLUGIN_INTERFACE 1
#endif
int qemu_plugin_version = MOTE_PLUGIN_INTERFACE;

struct block {
  uint64_t address, last, instructions;
  uint64_t entered, after_2, after_4;
  const struct range *step, *window; /* that begin here */
  struct block* next;
};

static struct block* blocks;
static struct block* previous; /* counted and not yet left */
static uint64_t came_from;     /* address of the block before */

static uint64_t write_blocks(void) {
  const char* separator = "";
  uint64_t instructions = 0;
  for (struct block* b = blocks; b; b = b->next) {
    if (b->entered == 0) continue;
    fprintf(out, "%s[%llu, %llu, %llu, %llu, %llu, %llu]", separator, (unsigned long long)b->address,
            (unsigned long long)b->instructions, (unsigned long long)b->last, (unsigned long long)b->entered,
            (unsigned long long)b->after_2, (unsigned long long)b->after_4);
    separator = ",\n";
    instructions += b->entered * b->instructions;
    b->entered = b->after_2 = b->after_4 = 0;
  }
  return instructions;
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
  if (!begin_parts(from, block->address, block->window, block->step)) return;
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
  block->step = beginning_at(&steps, block->address);
  block->window = beginning_at(&windows, block->address);
  block->next = blocks;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_cb(translated, on_entry, QEMU_PLUGIN_CB_NO_REGS_ABI, block);
}

static void on_exit(qemu_plugin_id_t id, void* data) {
  (void)id;
  (void)data;
  end_file();
}

int qemu_plugin_install(qemu_plugin_id_t id, const void* info, int argc, char** argv) {
  (void)info;
  for (int i = 0; i < argc; ++i) {
    if (take_argument(argv[i])) continue;
    fprintf(stderr, "mote_count: wrong argument '%s'; expected window=FROM:TO, step=FROM:TO and out=\n", argv[i]);
    return 1;
  }
  if (windows.count == 0 || !out_path) {
    fprintf(stderr, "mote_count: expected window=FROM:TO,out=FILE\n");
    return 1;
  }
  if (!begin_file()) {
    fprintf(stderr, "mote_count: cannot write '%s'\n", out_path);
    return 1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit, NULL);
  return 0;
}
