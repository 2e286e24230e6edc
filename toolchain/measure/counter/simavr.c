/* Runs an AVR firmware image in simavr and counts instructions and cycles, exactly: what QEMU with counter.c is for
   other cores. A program of its own, because simavr's library is under the GPL.
     mote_simavr -m MCU IMAGE.elf [out=FILE window=FROM:TO ... [step=FROM:TO ...]] [stack=ADDRESS]
   Windows, steps and the file are those of parts.h. A block is as in counter.c, of one instruction, and has a seventh
   number: the cycles that it took, all executions together. `stack` is the lowest address that the stack may reach:
   beyond it the run ends with the line "stack_overrun 1". The firmware writes a semihosting operation to GPIOR0, after
   the address of its argument block to GPIOR1 (low byte) and GPIOR2, which then hold the result. A block's fields have
   16 bits. See template/semihosting.h. */
#include "parts.h"

#include <inttypes.h>
#include <stdarg.h>

#include <sim_avr.h>
#include <sim_core.h>
#include <sim_io.h>

enum { kGpior0 = 0x3e, kGpior1 = 0x4a }; /* data addresses; GPIOR2 follows GPIOR1 */
enum { kOpen = 1, kClose = 2, kWriteText = 4, kWrite = 5, kRead = 6, kExit = 0x18 };
enum { kFiles = 8, kSlots = 1 << 17 }; /* kSlots: words of the largest program memory, 256 KiB */

struct place {
  uint64_t entered, after_2, after_4, cycles;
};

static struct place places[kSlots]; /* by word address */
static FILE* files[kFiles];
static bool ended;

static uint16_t word(const avr_t* avr, uint16_t at) {
  return (uint16_t)(avr->data[at] | avr->data[at + 1] << 8);
}

static uint16_t open_file(const avr_t* avr, const uint16_t* field) {
  char path[256];
  if (field[2] >= sizeof path || field[0] + field[2] > avr->ramend) return 0xffff;
  memcpy(path, avr->data + field[0], field[2]);
  path[field[2]] = 0;
  for (uint16_t i = 0; i < kFiles; ++i) {
    if (files[i]) continue;
    files[i] = fopen(path, field[1] == 1 ? "rb" : "wb");
    return files[i] ? i : 0xffff;
  }
  return 0xffff;
}

/* Bytes that were not moved. */
static uint16_t transfer(const avr_t* avr, bool reads, const uint16_t* field) {
  FILE* const file = field[0] < kFiles ? files[field[0]] : NULL;
  if (!file || field[1] + field[2] > avr->ramend + 1) return field[2];
  uint8_t* const data = avr->data + field[1];
  return (uint16_t)(field[2] - (reads ? fread(data, 1, field[2], file) : fwrite(data, 1, field[2], file)));
}

static void on_operation(avr_t* avr, avr_io_addr_t address, uint8_t operation, void* unused) {
  (void)address;
  (void)unused;
  const uint16_t at = word(avr, kGpior1);
  uint16_t field[3] = {0, 0, 0}, result = 0;
  for (int i = 0; i < 3 && at + 2 * i + 1 <= avr->ramend; ++i) field[i] = word(avr, (uint16_t)(at + 2 * i));
  if (operation == kOpen) result = open_file(avr, field);
  if (operation == kRead || operation == kWrite) result = transfer(avr, operation == kRead, field);
  if (operation == kClose && field[0] < kFiles && files[field[0]]) {
    fclose(files[field[0]]);
    files[field[0]] = NULL;
  }
  if (operation == kWriteText) fwrite(avr->data + at, 1, strnlen((char*)avr->data + at, avr->ramend - at), stdout);
  if (operation == kExit) ended = true;
  avr->data[kGpior1] = (uint8_t)result;
  avr->data[kGpior1 + 1] = (uint8_t)(result >> 8);
}

static uint64_t write_blocks(void) {
  const char* separator = "";
  uint64_t instructions = 0;
  for (uint32_t i = 0; i < kSlots; ++i) {
    struct place* const p = &places[i];
    if (p->entered == 0) continue;
    fprintf(out, "%s[%u, 1, %u, %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 "]", separator, 2 * i, 2 * i,
            p->entered, p->after_2, p->after_4, p->cycles);
    separator = ",\n";
    instructions += p->entered;
    memset(p, 0, sizeof *p);
  }
  return instructions;
}

/* 0: the firmware ended by itself. */
static int run(avr_t* avr, uint16_t stack) {
  uint32_t before = 0;
  avr->state = cpu_Running;
  while (!ended && avr->state == cpu_Running) {
    const uint32_t at = avr->pc;
    if (out) begin_parts(before, at, beginning_at(&windows, at), beginning_at(&steps, at));
    const uint64_t cycle = avr->cycle;
    avr->run_cycle_count = 1; /* one instruction */
    avr->pc = avr_run_one(avr);
    if (open_window && at / 2 < kSlots) {
      struct place* const p = &places[at / 2];
      ++p->entered;
      p->after_2 += avr->pc == at + 2;
      p->after_4 += avr->pc == at + 4;
      p->cycles += avr->cycle - cycle;
    }
    before = at;
    if (_avr_sp_get(avr) < stack && _avr_sp_get(avr) != 0) {
      puts("stack_overrun 1");
      return 0;
    }
  }
  if (ended) return 0;
  fprintf(stderr, "mote_simavr: the program stopped at 0x%x, simavr's state %d\n", before, avr->state);
  return 1;
}

static uint32_t number(const uint8_t* at, int bytes) {
  uint32_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) value = value << 8 | at[i];
  return value;
}

/* Loads the segments of a 32-bit little-endian ELF file by their physical addresses. Source of the offsets: Tool
   Interface Standard, Executable and Linking Format 1.2, book I. */
static const char* load(avr_t* avr, const char* path) {
  static uint8_t image[1 << 23];
  FILE* const file = fopen(path, "rb");
  if (!file) return "cannot be read";
  const size_t size = fread(image, 1, sizeof image, file);
  fclose(file);
  if (size < 52 || size == sizeof image || memcmp(image, "\177ELF\1\1", 6) != 0) return "is no 32-bit ELF file";
  const uint32_t table = number(image + 28, 4), count = number(image + 44, 2);
  if (table > size || count > (size - table) / 32) return "is cut off";
  for (uint32_t i = 0; i < count; ++i) {
    const uint8_t* const segment = image + table + 32 * i;
    const uint32_t offset = number(segment + 4, 4), address = number(segment + 12, 4), bytes = number(segment + 16, 4);
    if (number(segment, 4) != 1 || bytes == 0) continue;
    if (offset > size || bytes > size - offset) return "is cut off";
    if (address > avr->flashend || bytes > avr->flashend + 1 - address) return "does not fit into program memory";
    avr_loadcode(avr, image + offset, bytes, address);
  }
  return NULL;
}

static bool parse(int argc, char** argv, uint16_t* stack) {
  for (int i = 4; i < argc; ++i) {
    if (strncmp(argv[i], "stack=", 6) == 0)
      *stack = (uint16_t)strtoul(argv[i] + 6, NULL, 0);
    else if (!take_argument(argv[i]))
      return false;
  }
  return argc >= 4 && strcmp(argv[1], "-m") == 0 && (windows.count > 0) == (out_path != NULL);
}

/* Only what went wrong: simavr tells of every section that it loads. */
static void log_errors(avr_t* avr, const int level, const char* format, va_list arguments) {
  (void)avr;
  if (level == LOG_ERROR) vfprintf(stderr, format, arguments);
}

/* A core with the image in its program memory; NULL when that fails, with a message. */
static avr_t* start(const char* mcu, const char* image) {
  avr_global_logger_set(log_errors);
  avr_t* const avr = avr_make_mcu_by_name(mcu);
  if (!avr || avr_init(avr) != 0) {
    fprintf(stderr, "mote_simavr: simavr does not know '%s'\n", mcu);
    return NULL;
  }
  avr->log = LOG_ERROR;
  const char* const problem = load(avr, image);
  if (problem) {
    fprintf(stderr, "mote_simavr: %s %s\n", image, problem);
    return NULL;
  }
  avr->codeend = avr->flashend;
  avr_register_io_write(avr, kGpior0, on_operation, NULL);
  return avr;
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    puts("AVR emulation by libsimavr");
    return 0;
  }
  uint16_t stack = 0;
  if (!parse(argc, argv, &stack)) {
    fputs("mote_simavr: expected -m MCU IMAGE.elf [out=FILE window=FROM:TO ... [step=FROM:TO ...]] [stack=ADDRESS]\n",
          stderr);
    return 1;
  }
  avr_t* const avr = start(argv[2], argv[3]);
  if (!avr) return 1;
  if (out_path && !begin_file()) {
    fprintf(stderr, "mote_simavr: cannot write '%s'\n", out_path);
    return 1;
  }
  const int status = run(avr, stack);
  if (out) end_file();
  return status;
}
