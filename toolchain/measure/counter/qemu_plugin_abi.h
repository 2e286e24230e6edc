/* The part of QEMU's TCG plugin interface that the counter calls, written down as facts: Debian ships QEMU with plugins
   switched on, but without its header. These functions have kept their form from interface version 1 (QEMU 6) on. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t qemu_plugin_id_t;

struct qemu_plugin_tb; /* a translation block: instructions that are entered at the first and run to the last */
struct qemu_plugin_insn;

enum { QEMU_PLUGIN_CB_NO_REGS_ABI = 0 }; /* the callback reads no registers */

/* Exported by a plugin. QEMU refuses a version below its own minimum: 1 loads in QEMU 6 to 8, 2 is the least for
 * QEMU 9. */
extern __attribute__((visibility("default"))) int qemu_plugin_version;

/* Exported by a plugin; not 0 = refuse to start. `info` describes the target and is not read here. */
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void* info, int argc,
                                                               char** argv);

/* Provided by QEMU. */
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb* block));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb* block, void (*entered)(unsigned int cpu, void* data),
                                          int flags, void* data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*ended)(qemu_plugin_id_t id, void* data), void* data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* block);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb* block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn* instruction);
